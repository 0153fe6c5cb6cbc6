# SPDX-License-Identifier: ISC
# Who is chosen by hash, against Debian's HAProxy: each function with each
# way to find the server, by keys of several kinds. wt6 differs
# (doc/differences.md): of it is tested only that it spreads.
import os

import pytest

from rig.balancing import (Balancer, ORIGINAL, ask, connect, free_port, head,
                           ours, read_all, say, serve)

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")

SOURCES = ["127.%d.%d.%d" % (n % 3, n * 37 % 256, 1 + n * 11 % 250)
           for n in range(20)]
KEYS = {"source": "source", "address": "hash src", "text": "hash src,hex",
        "number": "hash src,ipmask(32),crc32"}
CASES = {"%s %s%s%s" % (key, kind, function, mix):
         (KEYS[key], "hash-type %s%s%s" % (kind, function, mix))
         for key in KEYS
         for kind in ("map-based", "consistent")
         for function in ("", " sdbm", " djb2", " crc32", " wt6")
         for mix in ("", " avalanche")
         if function or not mix}


def play(path):
    names = [serve(say(b"%c" % (97 + i))) for i in range(5)]
    ports = {case: free_port() for case in CASES}
    text = head()
    for i, (case, (balance, kind)) in enumerate(CASES.items()):
        text += ("listen l%d\n no log\n bind 127.0.0.1:%d\n balance %s\n"
                 " %s\n" % (i, ports[case], balance, kind))
        for k, weight in enumerate((2, 1, 3, 1, 1)):
            text += " server %c 127.0.0.1:%d weight %d\n" % (
                97 + k, names[k], weight)
    with Balancer(path, text) as b:
        b.wait_for(list(ports.values())[-1])
        return {case: "".join(ask(port, source) for source in SOURCES)
                for case, port in ports.items()}


@pytest.fixture(scope="module")
def chosen():
    return play(ORIGINAL), play(ours())


@pytest.mark.parametrize("case", CASES)
def test_hash(case, chosen):
    # Without avalanche, keys that are near each other stay together.
    if "consistent " not in case or "avalanche" in case:
        assert len(set(chosen[1][case])) > 1
    if " wt6" not in case or case.startswith("source"):
        assert chosen[1][case] == chosen[0][case]


RDP = """listen l
 bind 127.0.0.1:%d
 balance rdp-cookie%s
 tcp-request inspect-delay 2s
 tcp-request content accept if RDP_COOKIE
"""


def play_rdp(path, name):
    port = free_port()
    text = head() + RDP % (port, name)
    for i in range(4):
        text += " server %c 127.0.0.1:%d\n" % (97 + i, serve(greet(i)))
    cookie = name.strip("()") or "mstshash"
    with Balancer(path, text) as b:
        b.wait_for(port)
        return "".join(say_cookie(port, cookie, n) for n in range(24))


def greet(i):
    def play(c, n):
        c.recv(100)
        c.sendall(b"%c" % (97 + i))
        c.close()
    return play


def say_cookie(port, cookie, n):
    line = b"Cookie: %s=user%d\r\n" % (cookie.encode(), n)
    size = 11 + len(line)
    with connect(port) as s:
        s.sendall(bytes([3, 0, 0, size, size - 5, 0xe0, 0, 0, 0, 0, 0]) +
                  line)
        return read_all(s).decode()


@pytest.mark.parametrize("name", ["", "(mstshash)"])
def test_rdp_cookie(name):
    theirs = play_rdp(ORIGINAL, name)
    assert len(set(theirs)) > 1
    assert play_rdp(ours(), name) == theirs
