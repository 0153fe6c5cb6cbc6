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


def echoes(c, n):
    c.sendall(hear(c))
    c.close()


def http_echoes(c, n):
    text = b"|".join(hear(c).split(b"\r\n"))
    c.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (
        len(text), text))
    c.close()


def varies(c, n):
    hear(c)
    c.sendall(b"HTTP/1.0 200 OK\r\nVary: a, b\r\nVary: c\r\n\r\n")
    c.close()


XYZ = answer(b"xyz12", first=True)
VARIES = varies
SET = '''tcp-check set-var(check.a) str(abc),upper
 tcp-check set-var-fmt(check.f) "v-%[var(check.a)]-%s-%b-%f,%H"
 tcp-check set-var(check.n) int(5),add(2)
 tcp-check set-var(sess.s) int(8)
 tcp-check set-var(txn.t) int(9)
 tcp-check set-var(check.gone) int(1)
 tcp-check unset-var(check.gone)
 '''
TELL = 'tcp-check expect on-success "%[res.payload(0,0)]" rstring .'
TELL_6 = 'tcp-check expect on-success "%[res.payload(0,6)]" min-recv 6 ' \
    "rstring ."
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

    # ---- who says nothing, or half of it, and ends
    "silent http": ("option httpchk", answer(b"")),
    "half http": ("option httpchk", answer(b"HTTP/1.0 200 OK\r\n")),
    "silent redis": ("option redis-check", answer(b"")),
    "silent pgsql": ("option pgsql-check user u", answer(b"")),
    "half pgsql": ("option pgsql-check user u", answer(b"R\0")),
    "silent mysql": ("option mysql-check", answer(b"", first=True)),
    "half mysql": ("option mysql-check", answer(b"\x2a\0", first=True)),
    "silent smtp": ("option smtpchk", answer(b"", first=True)),
    "silent ldap": ("option ldap-check", answer(b"")),
    "silent ssl hello": ("option ssl-hello-chk", answer(b"")),

    # ---- variables: what was sent comes back, and is told
    "var send-lf": (TCP + SET + "tcp-check send-lf \"%[var(check.a)]|"
                    "%[var(check.f)]|%[var(check.n)]|%[var(sess.s)]|"
                    "%[var(txn.t)]|%[var(check.gone)]|%[srv_name]|%[be_"
                    "name]\"\n " + TELL, echoes),
    "var binary-lf": (TCP + "tcp-check set-var(check.h) str(4142)\n "
                      "tcp-check send-binary-lf \"%[var(check.h)]43\"\n "
                      "tcp-check expect binary-lf \"%[var(check.h)]\"\n " +
                      TELL, echoes),
    "var answer": (TCP + "tcp-check connect\n "
                   "tcp-check expect min-recv 5 rstring .\n "
                   "tcp-check set-var(check.p) res.payload(1,3)\n "
                   "tcp-check set-var(check.l) res.len\n tcp-check connect\n "
                   "tcp-check expect on-success \"%[var(check.p)] "
                   "%[var(check.l)]\" rstring .",
                   answer(b"hello", first=True)),
    "var expect": (TCP + SET + "tcp-check expect string-lf "
                   "\"%[var(check.a)]\"", answer(b"xABCx", first=True)),
    "var when": (TCP + "tcp-check set-var(check.a) int(1)\n tcp-check "
                 "set-var(check.b) int(2)\n tcp-check set-var-fmt(check.c) "
                 "\"%[var(check.a)]%[var(check.b)]\"\n tcp-check send-lf "
                 "\"%[var(check.c),add(1)]\"\n " + TELL, echoes),
    "var http": (GET + "http-check connect\n http-check set-var(check.a) "
                 "str(AbC)\n http-check send meth PUT uri-lf "
                 "\"/%[var(check.a)]\" hdr X-Y \"%[var(check.a),lower]\" "
                 "body-lf \"%[var(check.a)]\"\n http-check expect on-success "
                 "\"%[res.body] %[status]\" rstring .", http_echoes),
    "var http answer": (GET + "http-check connect\n http-check send meth GET"
                        "\n http-check expect status 200\n http-check "
                        "set-var(check.s) status\n http-check "
                        "set-var(check.h) res.hdr(content-length)\n "
                        "http-check connect\n http-check send meth GET uri-lf "
                        "\"/%[var(check.s)]/%[var(check.h)]\"\n http-check "
                        "expect on-success \"%[res.body]\" rstring .",
                        http_echoes),

    # ---- options of expect
    "ok-status": (TCP + "tcp-check expect ok-status L4OK string x", XYZ),
    "error-status": (TCP + "tcp-check expect error-status L7STS string y "
                     "status-code int(9)", answer(b"x", first=True)),
    "on-error": (TCP + "tcp-check expect error-status L4CON on-error "
                 "\"err %[res.len] %s\" string y", answer(b"x", first=True)),
    "on-error comment": (TCP + "tcp-check expect comment cmt on-error e "
                         "string no", XYZ),
    "tout-status": (QUICK + TCP + "tcp-check expect tout-status L6TOUT "
                    "string y", silent),
    "on-success": (TCP + "tcp-check expect on-success \"yes "
                   "%[res.payload(0,2)] %b\" status-code res.payload(3,2) "
                   "string x", XYZ),
    "on-success first": (TCP + "tcp-check expect on-success one string x\n "
                         "tcp-check expect string y", XYZ),
    "on-success aside": (TCP + "tcp-check expect on-success one string x\n "
                         "tcp-check set-var(check.x) int(1)", XYZ),
    "http ok-status": (GET + "http-check expect ok-status L7OKC status 200",
                       http(b"200 OK")),
    "http on-error": (GET + "http-check expect on-error \"oe %[status]\" "
                      "status-code int(44) status 300", http(b"200 OK")),
    "http hdr": (GET + "http-check expect hdr name CONTENT-length value 2",
                 http(b"200 OK", b"ab")),
    "http hdr list": (GET + "http-check expect hdr name Vary value b",
                      VARIES),
    "http no fhdr": (GET + "http-check expect fhdr name vary value b",
                     VARIES),
    "http fhdr": (GET + "http-check expect fhdr name -m beg va value -m reg "
                  "^a.*b$", VARIES),
    "http hdr-lf": (GET + "http-check expect ! hdr name-lf \"%[str(va)]%["
                    "str(ry)]\" value-lf \"%[str(b)]\"", VARIES),

    # ---- options of connect: the server says what it heard first
    "connect proxy": (TCP + "tcp-check connect send-proxy\n " + TELL_6,
                      echoes),
    "connect port": (TCP + "tcp-check set-var(check.p) int(PORT)\n tcp-check "
                     "connect port var(check.p)\n tcp-check send abc\n " +
                     TELL, echoes),
    "connect addr": (TCP + "tcp-check connect addr 127.0.0.1:PORT\n tcp-check "
                     "send abc\n " + TELL, echoes),
    "connect ssl": (TCP + "tcp-check connect ssl sni a.test alpn foo\n "
                    "tcp-check expect string x", answer(b"not TLS at all")),
}
# What stands behind the server; without its port it is not found.
OPTIONS = {
    "connect port": "port 1", "connect addr": "port 1",
    "connect ssl": "verify none",
}


def name_of(case):
    return "c-" + case.replace(" ", "-")


def play(path):
    text = head().replace(" log global\n", " option log-health-checks\n")
    for case, (lines, server) in CASES.items():
        port = free_port() if server is None else serve(server)
        text += ("listen %s\n bind 127.0.0.1:%d\n %s\n server s 127.0.0.1:%d "
                 "check inter 400ms rise 2 fall 2 %s\n" % (
                     name_of(case), free_port(),
                     lines.replace("PORT", str(port)), port,
                     OPTIONS.get(case, "")))
    ready = free_port()
    text += "listen ready\n bind 127.0.0.1:%d\n" % ready
    with Balancer(path, text) as b:
        b.wait_for(ready)
        time.sleep(4)  # every case has told all that it tells
        said = b.errors().splitlines()
    return {case: [plain(line) for line in said
                   if re.search(r"\b%s\b[^-]" % name_of(case), line) and
                   " config : " not in line]
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
