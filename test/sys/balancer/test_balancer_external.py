# SPDX-License-Identifier: ISC
# Checks that are programs: what they are given, what their end means, who
# runs them. Both programs are asked; the helper and its end are ours alone.
import os
import re
import signal
import time

import pytest

from rig.balancing import Balancer, ORIGINAL, free_port, head, ours, plain

# A runtime socket counts as the first proxy: the others' numbers agree.
HEAD = ("global\n external-check%%s\n insecure-fork-wanted\n"
        " stats socket abns@weir-external-%d\n" % os.getpid()) + \
    head().replace("global\n", "", 1).replace(
        " log global\n", " option log-health-checks\n")
PATHS = [ours()]
if os.access(ORIGINAL, os.X_OK):
    PATHS.append(ORIGINAL)
both = pytest.mark.parametrize("path", PATHS)


def script(where, name, text):
    path = os.path.join(where, name)
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def backend(name, command, more="", server="127.0.0.1:%d" % free_port()):
    return ("backend %s\n option external-check\n external-check command %s\n"
            " %s\n server s1 %s check inter 400ms maxconn 7\n" % (
                name, command, more, server))


def play(path, text, wanted, keeps="", env=None, limit=5):
    """Runs it until 'wanted' was said; what was said."""
    ready = free_port()
    text = HEAD % keeps + "listen l\n bind 127.0.0.1:%d\n" % ready + text
    with Balancer(path, text, env=env) as b:
        b.wait_for(ready)
        end = time.time() + limit
        while not re.search(wanted, b.errors()) and time.time() < end:
            time.sleep(0.02)
        return b.errors()


def lines(said, backend):
    return [plain(line) for line in said.splitlines()
            if re.search(r"\b%s\b" % backend, line)]


@both
def test_values(path, tmp_path):
    out = tmp_path / "out"
    program = script(tmp_path, "p", "{ echo \"$*\"; /usr/bin/env; } > %s\n"
                     "exit 3\n" % out)
    said = play(path, backend("be", program, "external-check path /x:/y",
                              "127.0.0.1:4711"), "status: 0/2 DOWN",
                env={"SECRET": "1"})
    assert "External check error, code: 3, " in said
    got = out.read_text().splitlines()
    assert got[0] == "NOT_USED NOT_USED 127.0.0.1 4711"
    assert sorted(v for v in got[1:] if not v.startswith("PWD=")) == [
        "HAPROXY_PROXY_ADDR=", "HAPROXY_PROXY_ID=3", "HAPROXY_PROXY_NAME=be",
        "HAPROXY_PROXY_PORT=", "HAPROXY_SERVER_ADDR=127.0.0.1",
        "HAPROXY_SERVER_CURCONN=0", "HAPROXY_SERVER_ID=1",
        "HAPROXY_SERVER_MAXCONN=7", "HAPROXY_SERVER_NAME=s1",
        "HAPROXY_SERVER_PORT=4711", "HAPROXY_SERVER_PROTO=tcp",
        "HAPROXY_SERVER_SSL=0", "PATH=/x:/y"]


def test_environment_is_kept_when_asked(tmp_path):
    out = tmp_path / "out"
    program = script(tmp_path, "p", "/usr/bin/env > %s\nexit 1\n" % out)
    play(ours(), backend("be", program), "0/2 DOWN", " preserve-env",
         {"KEPT": "yes"})
    assert "KEPT=yes" in out.read_text().splitlines()


@both
def test_found_by_path(path, tmp_path):
    script(tmp_path, "myprogram", "exit 5\n")
    said = play(path, backend("be", "myprogram", "external-check path "
                              "/nowhere:%s" % tmp_path), "0/2 DOWN")
    assert "External check error, code: 5, " in said


def test_ends_are_told_alike(tmp_path):
    if len(PATHS) < 2:
        pytest.skip("no HAProxy to compare with")
    hung = script(tmp_path, "hung", "exec /bin/sleep 20\n")
    turns = script(tmp_path, "turns", "n=$(/bin/cat %s/n)\necho 1$n > %s/n\n"
                   "test ${#n} -gt 1\n" % (tmp_path, tmp_path))
    text = backend("good", "/bin/true") + backend("bad", "/bin/false") + \
        backend("hangs", hung) + backend("climbs", turns)
    said = []
    for path in PATHS:
        (tmp_path / "n").write_text("\n")
        said.append(play(path, text, "Server climbs/s1 is UP"))
    for name in "good", "bad", "hangs", "climbs":
        assert lines(said[0], name) == lines(said[1], name), name


def test_a_hung_program_is_ended(tmp_path):
    pid = tmp_path / "pid"
    hung = script(tmp_path, "hung", "trap '' TERM\necho $$ > %s\nwhile :; do "
                  "/bin/sleep 1; done\n" % pid)
    said = play(ours(), backend("be", hung), "External check timeout, "
                "code: 0, check duration: 4..ms")
    assert "timeout" in said
    end = time.time() + 5
    while time.time() < end and os.path.exists(
            "/proc/" + pid.read_text().strip()):
        time.sleep(0.05)
    assert not os.path.exists("/proc/" + pid.read_text().strip())


def test_what_failed_is_told(tmp_path):
    said = play(ours(), backend("none", "/nowhere/p") + backend(
        "speaks", script(tmp_path, "p", "echo disk full; exit 2\n")),
        r"(?s)Server none/s1.*Server speaks|Server speaks.*Server none/s1")
    assert 'info: "cannot run \'/nowhere/p\': No such file' in said
    assert 'code: 2, info: "disk full"' in said


def helper_of(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(p) for p in f.read().split()]


def test_the_helper_comes_back(tmp_path):
    ready = free_port()
    text = HEAD % "" + "listen l\n bind 127.0.0.1:%d\n" % ready + backend(
        "be", script(tmp_path, "p", "test -e %s/up\n" % tmp_path))
    (tmp_path / "up").touch()
    with Balancer(ours(), text) as b:
        b.wait_for(ready)
        first, = helper_of(b.process.pid)
        os.kill(first, signal.SIGKILL)
        end = time.time() + 5
        while "has ended; a new one" not in b.errors() and time.time() < end:
            time.sleep(0.02)
        assert "has ended; a new one" in b.errors()
        assert "is DOWN" not in b.errors()	# not the server's fault
        (tmp_path / "up").unlink()
        while "Server be/s1 is DOWN" not in b.errors() and time.time() < end:
            time.sleep(0.02)
        assert "External check error, code: 1" in b.errors()
        second, = helper_of(b.process.pid)
        assert second != first
        b.process.kill()
        b.process.wait()
        end = time.time() + 3
        while os.path.exists("/proc/%d" % second) and time.time() < end:
            time.sleep(0.02)
        assert not os.path.exists("/proc/%d" % second)


def test_no_helper_without_external_checks():
    ready = free_port()
    with Balancer(ours(), head() + "listen l\n bind 127.0.0.1:%d\n server s "
                  "127.0.0.1:1 check\n" % ready) as b:
        b.wait_for(ready)
        assert helper_of(b.process.pid) == []
