# SPDX-License-Identifier: ISC
# The runtime sockets themselves: levels of every command, kinds of sockets,
# limits, time-outs, long answers, clients without manners.
import os
import re
import socket
import time

import pytest

from rig.balancing import (Balancer, ask, connect, echo, free_port, ours, say,
                           serve)
from rig.console import Console, talk

TEXT = """
listen l
 bind 127.0.0.1:{P1}
 server a 127.0.0.1:%d check inter 200ms
 server b 127.0.0.1:%d
"""


@pytest.fixture(scope="module", params=[1, 3], ids=["one", "three"])
def console(request):
    port = serve(echo)
    with Console(ours(), TEXT % (port, port), threads=request.param) as c:
        yield c


# ---- every row of the table answers, and refuses who may not ask

def commands(c):
    """[(words, least level)], from what help says at each level."""
    seen, out = set(), []
    for level in ("user", "operator", "admin"):
        for line in c.say("help", level).splitlines()[1:]:
            words = re.split(r" +:", line.strip())[0]
            words = re.split(r" [\[<(]", words)[0].strip()
            if words and words not in seen:
                seen.add(words)
                out.append((words, level))
    return out


def test_help_has_them_all(console):
    rows = dict(commands(console))
    for words, level in (
            ("show info", "user"), ("show stat", "user"),
            ("show servers state", "user"), ("show servers conn", "user"),
            ("show backend", "user"), ("show sess", "operator"),
            ("show table", "operator"), ("show errors", "operator"),
            ("show cli sockets", "user"), ("show env", "operator"),
            ("show resolvers", "user"), ("set server", "admin"),
            ("disable server", "admin"), ("set weight", "admin"),
            ("get weight", "user"), ("set maxconn global", "admin"),
            ("set rate-limit", "admin"), ("set timeout", "user"),
            ("clear counters", "operator"), ("clear counters all", "admin"),
            ("add server", "admin"), ("del server", "admin"),
            ("shutdown session", "admin"), ("shutdown frontend", "admin"),
            ("wait", "user"), ("echo", "user"), ("quit", "user"),
            ("add map", "admin"), ("show acl", "user"),
            ("set severity-output", "user"), ("prompt", "user")):
        assert rows.get(words) == level, words


def test_every_command_answers_at_its_level(console):
    order = ["user", "operator", "admin"]
    for words, level in commands(console):
        if words in ("quit",):
            continue
        for other in order:
            answer = console.raw(words + "\n", other,
                                 limit=0.3 if words == "prompt" else 3)
            if words == "prompt":
                assert answer == "\n> <waits>"
            elif order.index(other) < order.index(level):
                assert answer == "Permission denied\n\n", (words, other)
            else:
                assert answer.endswith("\n"), words
                assert "Permission denied" not in answer, words
                assert "Unknown command" not in answer, words


def test_unknown_ones_are_helped(console):
    for typed, near in (("shwo info", "show info"),
                        ("show inf", "show info"),
                        ("set servr", "set server"),
                        ("disable", "disable server")):
        answer = console.say(typed)
        assert answer.startswith("Unknown command: '%s', but maybe one of "
                                 "the following" % typed.split()[0])
        assert "\n  %s " % near in answer, typed
    assert "set server" not in console.say("set servr", "user")


def test_for_this_process(console):
    assert console.say("@1 show version") == "3.4.0\n\n"
    assert "Unknown command" in console.say("@!1 show version")


# ---- lines

def test_payload(console):
    end = "\n\nuser\n\n"
    for text in ("echo a <<\nb\nc\n\nuser;show cli level\n",
                 "echo a <<EOF\nb\n\nc\nEOF\nuser;show cli level\n"):
        assert console.raw(text) == "a" + "\n\n" + end[1:], text


def test_in_pieces(console):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(3)
    s.connect(console.socket())
    for c in "show cli level; show version\n":
        s.sendall(c.encode())
    out = b""
    while True:
        d = s.recv(100)
        if not d:
            break
        out += d
    assert out == b"admin\n\n3.4.0\n\n"


def test_many_lines_at_once(console):
    n = 3000
    out = console.raw("prompt i\n" + "show version\n" * n + "quit\n")
    assert out == "\n" + "3.4.0\n\n" * n


@pytest.mark.parametrize("mess", [
    b"\0" * 1000 + b"\n", b"\xff\xfe;\xff <<\n\n", b";;;;;\n", b"\\\n",
    b"set server " + b"x" * 60000 + b"\n", b"help " + b"a " * 5000 + b"\n",
    b"show table " + b"%s%n" * 50 + b"\n"])
def test_garbage(console, mess):
    out = console.raw(mess.decode("latin1").encode("latin1"))
    assert out.endswith("\n\n")
    assert console.say("show version") == "3.4.0\n\n"


def test_endless_line_is_refused(console):
    out = console.raw("x" * 600000, limit=2)
    assert "too long" in out or "<reset>" in out
    assert console.say("show version") == "3.4.0\n\n"


# ---- who may come, and how long

def test_kinds_of_sockets(tmp_path):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(5)
    fd = os.dup(listener.fileno())
    os.set_inheritable(fd, True)
    port, tcp = free_port(), free_port()
    path = str(tmp_path / "s")
    text = """global
 stats socket %s mode 600 level operator
 stats socket ipv4@127.0.0.1:%d level admin
 stats socket abns@weir-%d level user
 stats socket "fd@%d" level admin
defaults
 mode tcp
 timeout client 1s
 timeout server 1s
 timeout connect 1s
listen l
 bind 127.0.0.1:%d
 server a 127.0.0.1:1
""" % (path, tcp, tcp, fd, port)

    def level(s):
        s.settimeout(3)
        s.sendall(b"show cli level\n")
        return s.makefile().read()

    import subprocess
    import rig.balancing as balancing
    popen = subprocess.Popen

    def inherit(*args, **more):
        return popen(*args, close_fds=False, **more)
    balancing.subprocess.Popen = inherit
    try:
        b = Balancer(ours(), text)
    finally:
        balancing.subprocess.Popen = popen
    with b:
        b.wait_for(port)
        assert os.stat(path).st_mode & 0o777 == 0o600
        assert talk(path, "show cli level\n") == "operator\n\n"
        assert level(socket.create_connection(("127.0.0.1", tcp))) == \
            "admin\n\n"
        assert level(socket.create_connection(listener.getsockname())) == \
            "admin\n\n"
        s = socket.socket(socket.AF_UNIX)
        s.connect(("\0weir-%d" % tcp).encode().ljust(108, b"\0"))
        assert level(s) == "user\n\n"
        shown = talk(path, "show cli sockets\n")
        assert shown == ("# socket lvl processes\nunix@%s operator all\n"
                         "ipv4@127.0.0.1:%d admin all\n"
                         "abns@weir-%d user all\nfd@%d admin all\n\n" % (
                             path, tcp, tcp, fd))
    os.close(fd)
    listener.close()


def test_maxconn_and_timeout():
    port = serve(echo)
    with Console(ours(), TEXT % (port, port),
                 glob=" stats maxconn 3\n stats timeout 700ms\n") as c:
        idle = []
        for _ in range(3):
            s = socket.socket(socket.AF_UNIX)
            s.connect(c.socket())
            s.sendall(b"prompt\n")
            s.settimeout(5)
            assert s.recv(10) == b"\n> "
            idle.append(s)
        began = time.time()
        assert c.say("show version") == "3.4.0\n\n"     # one had to go
        assert 0.2 < time.time() - began < 3
        for s in idle:
            assert s.recv(10) == b""
        s = socket.socket(socket.AF_UNIX)
        s.connect(c.socket())
        s.sendall(b"prompt i; set timeout cli 100ms\n")
        began = time.time()
        s.settimeout(5)
        while s.recv(100):
            pass
        assert time.time() - began < 0.6


# ---- long answers

MANY = "".join(" server s%d 127.0.0.1:1\n" % i for i in range(2000))


@pytest.fixture(scope="module")
def crowd():
    port = serve(echo)
    with Console(ours(), TEXT % (port, port) + "backend many\n" + MANY) as c:
        yield c


def test_long_answers_are_whole(crowd):
    assert len(crowd.rows("show servers state")) == 2002
    assert crowd.say("show stat").count("\nmany,s") == 2000
    assert crowd.say("show servers conn many").count("\nmany/") == 2000


def test_a_long_answer_holds_nobody_up(crowd):
    # One asks for long answers all the time; a session's bytes come back
    # meanwhile, each within a few of the slices that they are made in.
    stop = [False]

    def bother():
        while not stop[0]:
            crowd.say("show stat;show servers state")
    import threading
    bothers = [threading.Thread(target=bother) for _ in range(2)]
    [b.start() for b in bothers]
    try:
        with connect(crowd.ports["P1"]) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            late = []
            for _ in range(200):
                began = time.time()
                s.sendall(b"x")
                assert s.recv(1) == b"x"
                late.append(time.time() - began)
    finally:
        stop[0] = True
        [b.join() for b in bothers]
    # Half of them; the machine itself is busy with who asks.
    assert sorted(late)[100] < 0.02


def test_who_never_reads_costs_little(crowd):
    mute = []
    for _ in range(5):
        s = socket.socket(socket.AF_UNIX)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(crowd.socket())
        s.sendall(b"prompt i\n" + b"show stat\n" * 200)
        mute.append(s)
    time.sleep(0.3)  # as much as fits is written
    with open("/proc/%d/statm" % crowd.process.pid) as f:
        resident = int(f.read().split()[1]) * 4
    before = resident
    for _ in range(3):
        assert crowd.say("show version") == "3.4.0\n\n"
    with open("/proc/%d/statm" % crowd.process.pid) as f:
        assert int(f.read().split()[1]) * 4 - before < 2000
    assert resident < 120000
    for s in mute:
        s.close()
    assert ask is not None and crowd.say("show version") == "3.4.0\n\n"


def test_gone_in_the_middle(crowd):
    for _ in range(20):
        s = socket.socket(socket.AF_UNIX)
        s.connect(crowd.socket())
        s.sendall(b"show stat;show servers state;show sess\n")
        s.recv(10)
        s.close()
    assert crowd.say("show version") == "3.4.0\n\n"


def test_stopped_while_asked():
    port = serve(say(b"x"))
    with Console(ours(), TEXT % (port, port), threads=2) as c:
        s = socket.socket(socket.AF_UNIX)
        s.connect(c.socket())
        s.sendall(b"prompt i\nwait 10s\n")
        time.sleep(0.1)  # the command has begun
        assert c.stop() == -15
