# SPDX-License-Identifier: ISC
# Plugins of the distribution, unchanged, say of ours what they say of
# HAProxy: Nagios (two), Munin.
import glob
import os
import re
import socket
import subprocess
import time

import pytest

from rig.cluster import free_port, wait_for

OURS = os.environ.get("WEIR_BALANCER", os.path.join(
    os.path.dirname(__file__), "../../../build/plain/weir-balancer"))
THEIRS = "/usr/sbin/haproxy"
NAGIOS = "/usr/lib/nagios/plugins/"
MUNIN = sorted(glob.glob("/usr/share/munin/plugins/haproxy_*"))

CONFIG = """\
global
    maxconn 2000
    stats socket %(dir)s/s.sock mode 600 level admin
defaults
    mode tcp
    timeout connect 1s
    timeout client 10s
    timeout server 10s
frontend fe
    bind 127.0.0.1:%(front)d
    default_backend be
backend be
    server up 127.0.0.1:%(stats)d check inter 200ms
    server down 127.0.0.1:%(none)d check inter 200ms fall 2
listen stats
    mode http
    bind 127.0.0.1:%(stats)d
    stats enable
    stats uri /stats
"""


def ask(command, **env):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=20,
                          capture_output=True, text=True,
                          env=dict(os.environ, **env))
    said = re.sub(r"t=[\d.]+s", "t=TIME", done.stdout + done.stderr)
    return done.returncode, sorted(said.splitlines())   # Perl's hash order


def answers(program, where):
    ports = {n: free_port() for n in ("front", "stats", "none")}
    path = where / "haproxy.cfg"
    path.write_text(CONFIG % dict(ports, dir=where))
    url = "http://127.0.0.1:%d/stats;csv" % ports["stats"]
    process = subprocess.Popen([program, "-f", str(path), "-db"],
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        def is_down():
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(2)
                try:
                    s.connect(str(where / "s.sock"))
                except OSError:
                    return False
                s.sendall(b"show stat\n")
                said = b""
                while part := s.recv(65536):
                    said += part
            return b"be,down," in said and b",DOWN," in said
        wait_for(is_down, 10, "a server that is down")
        for _ in range(3):
            socket.create_connection(("127.0.0.1", ports["front"])).close()
        time.sleep(0.1)         # for the counters
        out = {"check_haproxy": ask([NAGIOS + "check_haproxy", "-u", url]),
               "check_haproxy_stats": ask([NAGIOS + "check_haproxy_stats",
                                           "-s", str(where / "s.sock")])}
        for plugin in MUNIN:
            out[os.path.basename(plugin)] = ask([plugin], url=url,
                                                backend="be")
        return out
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.skipif(not os.access(NAGIOS + "check_haproxy", os.X_OK) or
                    not MUNIN, reason="the plugins are not installed")
@pytest.mark.skipif(not os.access(OURS, os.X_OK) or
                    not os.access(THEIRS, os.X_OK),
                    reason="weir-balancer and haproxy are not both here")
def test_plugins_say_the_same(tmp_path):
    said = {}
    for name, program in ("theirs", THEIRS), ("ours", OURS):
        where = tmp_path / name
        where.mkdir()
        said[name] = answers(program, where)
    assert said["ours"] == said["theirs"]
    assert "'down' is DOWN" in said["ours"]["check_haproxy"][1][0]
    assert said["ours"]["check_haproxy"][0] == 2
