# SPDX-License-Identifier: ISC
# Settings that the original does not know: a session's longest life, the
# engine by name, what is ignored with a warning.
import json
import re
import signal
import subprocess
import time

import pytest

from rig.balancing import (Balancer, connect, echo, free_port, head, idle,
                           ours, read_all, serve)
from rig.cluster import wait_for
from rig.dns import A, Dns, a

LISTEN = """listen l
 bind 127.0.0.1:%d
 %s
 server s 127.0.0.1:%d
"""


def test_timeout_session():
    """Traffic does not lengthen a life; it ends with the letter L."""
    port = free_port()
    text = head() + LISTEN % (port, "timeout session 1s", serve(echo))
    with Balancer(ours(), text) as b:
        b.wait_for(port)
        began, s = time.time(), connect(port)
        try:
            while time.time() - began < 6:
                s.sendall(b"more")
                if not s.recv(100):
                    break
                time.sleep(0.1)  # now and then something is said
        except OSError:
            pass
        assert 0.9 < time.time() - began < 4
        wait_for(lambda: re.search(r" l/s \S+ [1-9]\d* LD ", b.lines()))


def test_session_spread():
    """Lives that began together do not end together, and none lasts longer."""
    port = free_port()
    text = head() + LISTEN % (
        port, "timeout session 2s\n session-spread 90", serve(idle))
    with Balancer(ours(), text) as b:
        b.wait_for(port)
        all_ = [connect(port) for _ in range(12)]
        for s in all_:
            read_all(s)

        def lives():
            return [int(ms) for ms in
                    re.findall(r" l/s \d+/\d+/(\d+) \d+ LD ", b.lines())]
        wait_for(lambda: len(lives()) >= 12)
        ends = lives()
    assert max(ends) < 2900 and min(ends) >= 190
    assert max(ends) - min(ends) > 800


@pytest.mark.parametrize("asked, env, gets", [
    ("event", "", "event"), ("uring", "event", "event"),
    ("event", "uring", "uring")])
def test_engine(asked, env, gets, tmp_path):
    """The environment wins; the one that is named is the one that runs."""
    port, path = free_port(), str(tmp_path / "s")
    text = "global\n engine %s\n stats socket %s level admin\n" % (
        asked, path) + head() + LISTEN % (port, "", serve(idle))
    with Balancer(ours(), text, env={"WEIR_ENGINE": env}) as b:
        try:
            b.wait_for(port)
        except AssertionError:
            if gets == "uring" and "is not available" in b.errors():
                pytest.skip("no io_uring here")
            raise
        out = subprocess.run(
            ["socat", "-", path], input="show activity\n", timeout=5,
            stdout=subprocess.PIPE, universal_newlines=True).stdout
        assert "engine: %s\n" % gets in out


def test_hold_valid():
    """A good answer is not believed for longer than that."""
    port, dns = free_port(), Dns()
    dns.say("n.test", A, a("127.0.0.1"))
    text = head() + """resolvers r
 nameserver n 127.0.0.1:%d
 timeout resolve 1h
 hold valid 100ms
listen l
 bind 127.0.0.1:%d
 server s n.test:%d resolvers r init-addr none resolve-prefer ipv4
""" % (dns.port, port, serve(idle))
    with Balancer(ours(), text) as b:
        b.wait_for(port)
        wait_for(lambda: dns.count("A") >= 4)
    dns.close()


def test_log_format_json():
    """Each line of its own life is an object."""
    port = free_port()
    text = "global\n log_format json\n" + head() + LISTEN % (
        port, "", free_port()) + " server t 127.0.0.1:1 check inter 50ms\n"
    with Balancer(ours(), text) as b:
        b.wait_for(port)
        wait_for(lambda: '"text":"Server l/t is DOWN' in b.errors())
        b.stop(signal.SIGUSR1)
        wait_for(lambda: "Proxy l stopped" in b.errors())
        lines = [x for x in b.errors().split("\n") if x]
    first = next(n for n, x in enumerate(lines) if x[0] == "{")
    rows = [json.loads(x) for x in lines[first:]]
    assert {r["object"] for r in rows} == {"l"}
    for r in rows:
        assert list(r) == ["time", "level", "program", "object", "text",
                           "fields"]
        assert r["program"] == "weir-balancer" and r["level"] == "warning"
        assert r["fields"]["pid"] == b.process.pid
        assert re.fullmatch(r"[-0-9]{10}T[:0-9]{8}\.\d{6}Z", r["time"])


IGNORED = [
    ("global", "close-spread-time 5s"), ("global", "guid g"),
    ("global", "stats-file /x"), ("global", "sandbox on"),
    ("proxy", "guid g"), ("proxy", "hash-preserve-affinity maxconn"),
    ("proxy", "stick-table type ip size 1k recv-only"),
    ("proxy", "stick-table type ip size 1k write-to l"),
    ("bind", "nice 3"), ("bind", "npn h2"),
    ("server", "check-proto h2"), ("server", "npn h2"),
    ("server", "ssl-reuse"), ("server", "sni-auto"),
]


@pytest.mark.parametrize("where, words", IGNORED)
def test_ignored_is_told(where, words, tmp_path):
    lines = dict.fromkeys(("global", "proxy", "bind", "server"),
                          "")
    lines[where] = words
    path = tmp_path / "x.cfg"
    path.write_text("""global
 %(global)s
listen l
 timeout client 9s
 timeout server 9s
 timeout connect 9s
 bind 127.0.0.1:1 %(bind)s
 %(proxy)s
 server s 127.0.0.1:2 %(server)s
""" % lines)
    done = subprocess.run([ours(), "-c", "-f", str(path)], timeout=10,
                          stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          universal_newlines=True)
    number = path.read_text().split("\n").index(
        next(x for x in path.read_text().split("\n") if words in x)) + 1
    told = [x for x in done.stderr.split("\n") if "is ignored." in x]
    assert done.returncode == 0 and len(told) == 1, done.stderr
    assert "[%s:%d] : " % (path, number) in told[0]
