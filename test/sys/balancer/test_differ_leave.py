# SPDX-License-Identifier: ISC
# Those who leave early, are sent away or are cut off, beside the original:
# what the client sees, what the log says, what is counted. A case that
# differs must stand in doc/differences.md as `leave: NAME`; one that stands
# there must differ.
import csv
import io
import os
import re
import ssl
import threading
import time

import pytest

from rig.balancing import (Balancer, ORIGINAL, black_hole, connect, echo,
                           free_port, ours, reset, say, serve)
from rig.certs import openssl
from rig.console import talk
from rig.differ import listed

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")


def seen_by(s, limit=4):
    s.settimeout(limit)
    got = b""
    try:
        while True:
            more = s.recv(65536)
            if not more:
                return got, "EOF"
            got += more
    except ConnectionResetError:
        return got, "RST"
    except OSError as e:
        return got, type(e).__name__


def says(data):
    def act(port, admin):
        s = connect(port)
        s.sendall(data)
        return seen_by(s)
    return act


def leaves(after, data=b"", how="close"):
    def act(port, admin):
        s = connect(port)
        s.sendall(data)
        time.sleep(after)
        if how == "half":
            s.shutdown(1)
            return seen_by(s)
        reset(s) if how == "reset" else s.close()
        return None
    return act


def told(command):
    """Said by the operator while the session lives."""
    def act(port, admin):
        s = connect(port)
        s.sendall(b"abc")
        s.recv(10)
        admin(command)
        return seen_by(s)
    return act


def second(command):
    """A second one waits in line behind a first."""
    def act(port, admin):
        a = connect(port)
        a.sendall(b"abc")
        a.recv(10)
        b = connect(port)
        b.sendall(b"def")
        time.sleep(0.2)
        admin(command)
        b.settimeout(3)
        got = b.recv(10)
        a.close()
        b.close()
        return got
    return act


def handshakes(port, admin):
    s = connect(port)
    t = ssl._create_unverified_context().wrap_socket(s)
    t.sendall(b"abc")
    got = t.recv(10)
    t.close()
    return got


def quiet(c, n):
    time.sleep(1.2)
    c.close()


ONE = "server s 127.0.0.1:%(echo)d"
DEAD = "server s 127.0.0.1:%(dead)d"
HOLE = "server s 127.0.0.1:%(hole)d"
QUIET = "server s 127.0.0.1:%(quiet)d"
LONG = "tcp-request content accept if { req.len gt 100 }\n "
CASES = {
    "refused, spoke": ("retries 0\n " + DEAD, says(b"hello")),
    "refused, left": ("retries 2\n " + DEAD, leaves(0.3)),
    "refused, reset": ("retries 2\n " + DEAD, leaves(0.3, how="reset")),
    "refused, spoke and reset": ("retries 2\n " + DEAD,
                                 leaves(0.3, b"x", "reset")),
    "connecting, reset": ("retries 1\n timeout connect 900ms\n " + HOLE,
                          leaves(0.3, how="reset")),
    "connect times out twice": ("retries 1\n timeout connect 400ms\n " + HOLE,
                                says(b"hello")),
    "next after a timeout": ("timeout connect 300ms\n option redispatch\n "
                             "server z 127.0.0.1:%(hole)d\n " + ONE,
                             leaves(0.8, b"abc")),
    "content reject, spoke": ("tcp-request content reject\n " + ONE,
                              says(b"hello")),
    "session reject": ("tcp-request session reject\n " + ONE, leaves(0.1)),
    "response reject": ("tcp-response inspect-delay 300ms\n tcp-response "
                        "content reject if TRUE\n "
                        "server s 127.0.0.1:%(hello)d", says(b"")),
    "inspected, left": ("tcp-request inspect-delay 2s\n " + LONG + ONE,
                        leaves(0.4, b"abc")),
    "inspected, silent": ("timeout client 400ms\n tcp-request inspect-delay "
                          "2s\n " + LONG + ONE, says(b"abc")),
    "inspected, late": ("tcp-request inspect-delay 400ms\n " + LONG + ONE,
                        leaves(0.8, b"abc")),
    "dontlognull, left": ("option dontlognull\n " + ONE, leaves(0.1)),
    "dontlognull, spoke": ("option dontlognull\n " + ONE, leaves(0.2, b"a")),
    "dontlognull, refused": ("retries 0\n option dontlognull\n " + DEAD,
                             leaves(0.2)),
    "dontlognull, spoke and refused": ("retries 0\n timeout connect 400ms\n "
                                       "option dontlognull\n " + HOLE,
                                       says(b"hello")),
    "shutdown": (ONE, told("shutdown sessions server @/s")),
    "shutdown, next in line": (ONE + " maxconn 1",
                               second("shutdown sessions server @/s")),
    "down": (ONE + " check inter 60s on-marked-down shutdown-sessions",
             told("set server @/s health down")),
    "maintenance": (ONE + " on-marked-down shutdown-sessions",
                    told("disable server @/s")),
    "up again": ("server z 127.0.0.1:%(hello)d disabled on-marked-up "
                 "shutdown-backup-sessions\n " + ONE + " backup",
                 told("enable server @/z")),
    "client times out": ("timeout client 400ms\n " + QUIET, says(b"abc")),
    "tls": ("ssl", handshakes),
    "tls, left": ("ssl", leaves(0.1)),
    "tls, silent": ("ssl", says(b"")),
    "tls, other": ("ssl", says(b"GET / HTTP/1.0\r\n\r\n")),
    "proxy, left": ("accept-proxy", leaves(0.1)),
    "proxy, in pieces": ("accept-proxy", leaves(0.1, b"PROXY TCP4 ")),
    "proxy, silent": ("accept-proxy", says(b"")),
    "proxy, other": ("accept-proxy", says(b"GET / HTTP/1.0\r\n\r\n")),
}
COUNTED = ("stot", "dreq", "dresp", "ereq", "econ", "wretr", "wredis",
           "lbtot", "dcon", "dses", "connect")
TCPLOG = re.compile(r"127\.0\.0\.1:\d+ \[[^]]*\] \S+ \S+/(\S+) (\S+) (\S+) "
                    r"(\S+) \S+/(\+?\d+) (\S+)$")


def name_of(case):
    return "x-" + re.sub("[ ,]+", "-", case)


def facts(line):
    """Times as nothing, at once, or later."""
    m = TCPLOG.search(line)
    if m is None:
        return re.sub(r":\d+ \[[^]]*\]", "", line)
    server, times, *rest = m.groups()
    return server, ["-" if t == "-1" else "0" if int(t) < 150 else "late"
                    for t in times.split("/")], rest


def play(path, pem):
    keep, seen = [], {}
    ports = {"echo": serve(echo), "hello": serve(say(b"hello")),
             "quiet": serve(quiet), "dead": free_port(),
             "hole": black_hole(keep)}
    binds = {case: free_port() for case in CASES}
    text = """global
 stats socket "$SOCKET" level admin
 log stdout format raw local0
defaults
 mode tcp
 log global
 option tcplog
 timeout client 3s
 timeout server 3s
 timeout connect 2s
"""
    for case, (lines, _) in CASES.items():
        extra = ""
        if lines in ("ssl", "accept-proxy"):
            extra = " ssl crt " + pem if lines == "ssl" else " " + lines
            lines = "timeout client 500ms\n " + ONE
        text += "listen %s\n bind 127.0.0.1:%d%s\n %s\n" % (
            name_of(case), binds[case], extra, lines % ports)
    where = os.path.join(os.path.dirname(pem), os.path.basename(path))
    with Balancer(path, text, env={"SOCKET": where}) as b:
        b.wait_for(binds["proxy, other"])

        def run(case, act):
            def admin(command):
                talk(where, command.replace("@", name_of(case)) + "\n")
            try:
                seen[case] = act(binds[case], admin)
            except OSError as e:
                seen[case] = type(e).__name__
        clients = [threading.Thread(target=run, args=(case, act))
                   for case, (_, act) in CASES.items()]
        for c in clients:
            c.start()
        for c in clients:
            c.join()
        time.sleep(0.3)		# the last lines are written
        rows = list(csv.DictReader(io.StringIO(
            talk(where, "show stat\n").strip())))
        lines = b.lines().splitlines()
    out = {}
    for case in CASES:
        name = name_of(case)
        log = sorted(repr(facts(one)) for one in lines
                     if re.search(r"\b%s(/| |~)" % name, one))
        out[case] = [seen[case], log if case != "proxy, other" else log[-1:]]
        out[case] += [(r["svname"], k, r[k]) for r in rows
                      if r["# pxname"] == name and case != "proxy, other"
                      for k in COUNTED]
    return out


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    pem = str(tmp_path_factory.mktemp("leave") / "x.pem")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-keyout", pem + ".key", "-out", pem)
    out = {}
    runs = [threading.Thread(target=lambda p=p: out.update({p: play(p, pem)}))
            for p in (ORIGINAL, ours())]
    for r in runs:
        r.start()
    for r in runs:
        r.join()
    return out[ORIGINAL], out[ours()]


@pytest.fixture(scope="module")
def differing():
    return {n for n in listed() if n.startswith("leave: ")}


@pytest.mark.parametrize("case", CASES)
def test_leave(case, played, differing):
    theirs, weirs = played[0][case], played[1][case]
    if "leave: " + case in differing:
        assert theirs != weirs, "no longer differs: %s" % (theirs,)
    else:
        assert theirs == weirs


def test_all_that_is_listed_is_there(differing):
    assert not differing - {"leave: " + c for c in CASES}
