# SPDX-License-Identifier: ISC
# Health checks against Debian's HAProxy: the same scripted servers are looked
# at by both, and what is said of each result and change of state is compared,
# in order. A case that differs must stand in doc/differences.md as
# `check: NAME`; one that stands there must differ.
import os
import re
import time

import pytest

from rig.balancing import (Balancer, ORIGINAL, free_port, head, ours, plain,
                           reset, serve)
from rig.differ import listed

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")


def hear(c):
    c.settimeout(1)
    try:
        return c.recv(4096)
    except OSError:
        return b""


def answer(*texts, first=False):
    """Says each text when it has heard something, the first at once."""
    def play(c, n):
        for i, text in enumerate(texts):
            if i > 0 or not first:
                hear(c)
            c.sendall(text)
        c.close()
    return play


def http(status, body=b""):
    return answer(b"HTTP/1.0 %s\r\nContent-Length: %d\r\n\r\n%s" % (
        status, len(body), body))


def hang_up(c, n):
    c.recv(1000)
    reset(c)            # with a FIN it would be a race which comes first


def silent(c, n):
    time.sleep(1.2)  # longer than the check's time-out
    c.close()


def by_turns(*plays):
    """One answer after the other, the last for ever."""
    def play(c, n):
        plays[min(n, len(plays) - 1)](c, n)
    return play


GET = "option httpchk GET /\n "
TCP = "option tcp-check\n "
QUICK = "timeout check 300ms\n "
GREETING = b"\x2a\0\0\0\x0a5.5.5-test\0" + b"x" * 30
CASES = {
    "http 200": ("option httpchk", http(b"200 OK")),
    "http 503": ("option httpchk GET /x", http(b"503 Service Unavailable")),
    "http status": (GET + "http-check expect status 200",
                    http(b"302 Found")),
    "http range": (GET + "http-check expect status 200-399",
                   http(b"302 Found")),
    "http rstatus": (GET + "http-check expect rstatus ^2",
                     http(b"404 Not Found")),
    "http string": (GET + "http-check expect string master",
                    http(b"200 OK", b"i am master")),
    "http no string": (GET + "http-check expect string master",
                       http(b"200 OK", b"i am slave")),
    "http 404 disables": (GET + "http-check disable-on-404",
                          http(b"404 Not Found")),
    "http send": ("option httpchk\n http-check send meth GET uri /y ver "
                  "HTTP/1.1 hdr Host foo\n http-check expect status 200",
                  http(b"200 OK")),
    "http garbage": ("option httpchk", answer(b"SSH-2.0-foo\r\n")),
    "http hangs up": ("option httpchk", hang_up),
    "http recovers": ("option httpchk", by_turns(
        http(b"500 No"), http(b"500 No"), http(b"200 OK"))),
    "http flaps": ("option httpchk", by_turns(
        http(b"200 OK"), http(b"500 No"), http(b"200 OK"),
        http(b"500 No"), http(b"500 No"), http(b"200 OK"))),
    "tcp alone": ("option tcp-check", answer()),
    "tcp string": (TCP + "tcp-check send PING\\r\\n\n tcp-check expect "
                   "string +PONG", answer(b"+PONG\r\n")),
    "tcp no string": (TCP + "tcp-check send PING\\r\\n\n tcp-check expect "
                      "string +PONG", answer(b"-ERR\r\n")),
    "tcp timeout": (QUICK + TCP + "tcp-check connect\n tcp-check send "
                    "PING\\r\\n\n tcp-check expect string +PONG", silent),
    "tcp comment": (QUICK + TCP + "tcp-check connect\n tcp-check comment "
                    "hello\n tcp-check expect string +PONG", silent),
    "tcp not": (TCP + "tcp-check expect ! string bad",
                answer(b"bad\r\n", first=True)),
    "tcp rstring": (TCP + "tcp-check expect rstring ^[0-9]+",
                    answer(b"abc\r\n", first=True)),
    "tcp binary": (TCP + "tcp-check send-binary 0000000804d2162f\n tcp-check "
                   "expect min-recv 1 rstring S|N", answer(b"N")),
    "tcp empty": (TCP + "tcp-check expect string x", hang_up),
    "pgsql ok": ("option pgsql-check user u",
                 answer(b"R\0\0\0\x08\0\0\0\0")),
    "pgsql md5": ("option pgsql-check user u",
                  answer(b"R\0\0\0\x0c\0\0\0\x05abcd")),
    "pgsql error": ("option pgsql-check user u", answer(
        b"E\0\0\0\x20SFATAL\0C28000\0Mno such user\0\0")),
    "pgsql unknown": ("option pgsql-check user u", answer(b"Zxxxxxxxxxxx")),
    "redis ok": ("option redis-check", answer(b"+PONG\r\n")),
    "redis error": ("option redis-check",
                    answer(b"-NOAUTH Authentication required.\r\n")),
    "smtp ok": ("option smtpchk", answer(b"220 hi\r\n", b"250 ok\r\n",
                                         b"221 bye\r\n", first=True)),
    "smtp refuses": ("option smtpchk", answer(b"554 no\r\n", first=True)),
    "mysql greeting": ("option mysql-check", answer(GREETING, first=True)),
    "mysql error": ("option mysql-check", answer(
        b"\x17\0\0\0\xff\x69\x04Host is blocked now!", first=True)),
    "mysql user": ("option mysql-check user u", answer(
        GREETING, b"\x07\0\0\2\0\0\0\2\0\0\0", first=True)),
    "ldap ok": ("option ldap-check", answer(
        b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00")),
    "ldap refuses": ("option ldap-check", answer(
        b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x31\x04\x00\x04\x00")),
    "ssl hello": ("option ssl-hello-chk",
                  answer(b"\x15\x03\0\0\x02\x02\x28")),
    "ssl no hello": ("option ssl-hello-chk", answer(b"HTTP")),
    "refused": ("", None),
}


def name_of(case):
    return "c-" + case.replace(" ", "-")


def play(path):
    text = head().replace(" log global\n", " option log-health-checks\n")
    for case, (lines, server) in CASES.items():
        port = free_port() if server is None else serve(server)
        text += ("listen %s\n bind 127.0.0.1:%d\n %s\n server s 127.0.0.1:%d "
                 "check inter 400ms rise 2 fall 2\n" % (
                     name_of(case), free_port(), lines, port))
    ready = free_port()
    text += "listen ready\n bind 127.0.0.1:%d\n" % ready
    with Balancer(path, text) as b:
        b.wait_for(ready)
        time.sleep(4)  # every case has told all that it tells
        said = b.errors().splitlines()
    return {case: [plain(line) for line in said
                   if re.search(r"\b%s\b[^-]" % name_of(case), line)]
            for case in CASES}


@pytest.fixture(scope="module")
def said():
    return play(ORIGINAL), play(ours())


@pytest.mark.parametrize("case", CASES)
def test_check(case, said):
    theirs, weirs = said[0][case], said[1][case]
    # How many there were by then is a matter of milliseconds.
    n = min(len(theirs), len(weirs))
    assert theirs and n >= len(theirs) - 1
    if "check: " + case in set(listed()):
        assert theirs[:n] != weirs[:n], "no longer differs"
    else:
        assert theirs[:n] == weirs[:n]
