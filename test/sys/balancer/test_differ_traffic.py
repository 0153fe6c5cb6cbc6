# SPDX-License-Identifier: ISC
# Sessions against Debian's HAProxy: in which order servers are chosen, and
# what the log says of how a session ended. A case that differs must stand in
# doc/differences.md as `balance: NAME` or `end: NAME`; one that stands there
# must differ.
import os
import re
import threading
import time

import pytest

from rig.balancing import (Balancer, ORIGINAL, ask, black_hole, connect, echo,
                           free_port, head, idle, ours, read_all, reset,
                           reset_after_data, say, serve)
from rig.differ import listed

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")

# ---- in which order servers are chosen

WEIGHTS = [(1, 1, 1), (3, 2, 1), (1, 2, 3), (5, 1, 1), (1, 1), (2, 1), (1, 3),
           (4, 3, 2, 1), (7, 5, 3), (10, 1), (2, 2, 1), (1, 1, 2, 2),
           (6, 3, 1), (100, 50, 30), (0, 1, 2), (3, 3, 3, 1)]
ORDERS = {"%s %s" % (algorithm, " ".join(map(str, w))): (algorithm, w)
          for algorithm in ("roundrobin", "static-rr", "leastconn", "first",
                            "source")
          for w in WEIGHTS}


def play_orders(path):
    names = [serve(say(b"%c" % (97 + i))) for i in range(8)]
    ports = {case: free_port() for case in ORDERS}
    text = head()
    for i, (case, (algorithm, weights)) in enumerate(ORDERS.items()):
        text += "listen l%d\n no log\n bind 127.0.0.1:%d\n balance %s\n" % (
            i, ports[case], algorithm)
        for k, weight in enumerate(weights):
            text += " server %c 127.0.0.1:%d weight %d\n" % (
                97 + k, names[k], weight)
    last = list(ports.values())[-1]
    with Balancer(path, text) as b:
        b.wait_for(last)
        return {case: "".join(
            ask(ports[case], "127.0.0.%d" % (1 + n % 9)
                if case.startswith("source") else None)
            for n in range(32)) for case in list(ORDERS)[:-1]}


@pytest.fixture(scope="module")
def orders():
    return play_orders(ORIGINAL), play_orders(ours())


@pytest.fixture(scope="module")
def differing():
    return {n for n in listed() if n.split(":")[0] in ("balance", "end")}


def compare(name, theirs, weirs, differing):
    if name in differing:
        assert theirs != weirs, "no longer differs: %s" % (theirs,)
    else:
        assert theirs == weirs


# The last one is asked once more, by the test that waits for its port.
@pytest.mark.parametrize("case", list(ORDERS)[:-1])
def test_order(case, orders, differing):
    compare("balance: " + case, orders[0][case], orders[1][case], differing)


# ---- how sessions end


def c_read(port):
    read_all(connect(port))


def c_send(port):
    s = connect(port)
    s.sendall(b"x")
    read_all(s)


def c_echo(port):
    s = connect(port)
    s.sendall(b"abc")
    s.recv(100)
    s.shutdown(1)
    read_all(s)


def c_reset(port):
    s = connect(port)
    s.sendall(b"abc")
    s.recv(100)
    reset(s)


def c_quick(port):
    s = connect(port)
    time.sleep(0.1)  # it has met its server
    s.close()


def c_two(port):
    first = connect(port)
    first.sendall(b"abc")
    first.recv(10)
    read_all(connect(port))
    first.close()


def c_two_leave(port):
    first = connect(port)
    first.sendall(b"abc")
    first.recv(10)
    second = connect(port)
    time.sleep(0.3)  # it is in the queue
    second.close()
    time.sleep(0.3)  # its end was seen before the next
    first.close()


S = "server %s 127.0.0.1:%%(%s)d"
ONE = S % ("s", "echo")
ENDS = {
    "normal by server": (S % ("s", "hello"), c_read),
    "normal by client": (ONE, c_echo),
    "client resets": (ONE, c_reset),
    "server resets": (S % ("s", "resets"), c_send),
    "server timeout": ("timeout server 300ms\n " + S % ("s", "idle"), c_read),
    "client timeout": ("timeout client 300ms\n " + S % ("s", "idle"), c_read),
    "same timeouts": ("timeout client 300ms\n timeout server 300ms\n " +
                      S % ("s", "idle"), c_read),
    "tunnel timeout": ("timeout tunnel 300ms\n " + ONE, c_send),
    "refused": ("retries 1\n " + S % ("s", "dead"), c_read),
    "refused by all": ("retries 2\n option redispatch\n " + "\n ".join(
        S % (n, "dead") for n in "stu"), c_read),
    "redispatched": ("retries 2\n option redispatch\n " + S % ("s", "dead") +
                     "\n " + ONE.replace(" s ", " t "), c_echo),
    "connect timeout": ("retries 0\n timeout connect 300ms\n " +
                        S % ("s", "black"), c_read),
    "no server": (ONE + " disabled", c_read),
    "no server line": ("", c_read),
    "queue timeout": ("timeout queue 300ms\n " + ONE + " maxconn 1", c_two),
    "left the queue": ("timeout queue 2s\n " + ONE + " maxconn 1",
                       c_two_leave),
    "content reject": ("tcp-request content reject\n " + ONE, c_read),
    "connection reject": ("tcp-request connection reject\n " + ONE, c_quick),
    "inspection ends": ("tcp-request inspect-delay 300ms\n tcp-request "
                        "content reject if !{ req.ssl_hello_type 1 }\n " +
                        ONE, c_read),
    "inspection accepts": ("tcp-request inspect-delay 3s\n tcp-request "
                           "content accept if { req.len gt 2 }\n " + ONE,
                           c_echo),
    "quick client": (ONE, c_quick),
    "backup": (ONE + " backup", c_echo),
    "use-server": ("use-server t if { src 127.0.0.0/8 }\n " + ONE + "\n " +
                   ONE.replace(" s ", " t "), c_echo),
    "log-format": ("log-format %%ci|%%ft|%%b|%%s|%%ts|%%B|%%U|%%rc|%%sq|%%bq|"
                   "%%[src]|%%{+Q}s|%%[be_name,upper]\n " + ONE, c_echo),
    "logasap": ("option logasap\n " + ONE, c_echo),
    "dontlog-normal": ("option dontlog-normal\n " + ONE, c_echo),
}
TCPLOG = re.compile(r"127\.0\.0\.1:\d+ \[[^]]*\] (\S+) (\S+) (\S+) (\S+) "
                    r"(\S+) (\S+) (\S+)$")


def facts(line):
    """A line without what is of this run; times in tenths of a second, by
    what they say: reached at all, at once, or later."""
    m = TCPLOG.match(line)
    if not m:
        return line
    front, server, times, size, end, counts, queues = m.groups()
    sign = "+" if "+" in times else ""
    times = [-1 if t == "-1" else 0 if int(t) < 150 else 1
             for t in times.replace("+", "").split("/")]
    return (server, sign, times, size, end, counts.split("/")[4], queues)


def name_of(case):
    return "e-" + case.replace(" ", "-")


def may_fail(client, port):
    try:
        client(port)
    except OSError:
        pass


def play_ends(path, engine="", threads=1):
    keep = []
    ports = {"hello": serve(say(b"hello")), "echo": serve(echo),
             "idle": serve(idle), "resets": serve(reset_after_data),
             "dead": free_port(), "black": black_hole(keep)}
    binds = {case: free_port() for case in ENDS}
    text = head(threads)
    for case, (lines, _) in ENDS.items():
        text += "listen %s\n bind 127.0.0.1:%d\n %s\n" % (
            name_of(case), binds[case], lines % ports)
    ready = free_port()
    text += "listen ready\n no log\n bind 127.0.0.1:%d\n" % ready
    with Balancer(path, text, env={"WEIR_ENGINE": engine}) as b:
        b.wait_for(ready)
        clients = [threading.Thread(target=may_fail, daemon=True,
                                    args=(play, binds[case]))
                   for case, (_, play) in ENDS.items()]
        for c in clients:
            c.start()
        for c in clients:
            c.join(9)
        time.sleep(0.5)  # the last lines are written
        lines = b.lines().splitlines()
    return {case: sorted(repr(facts(one)) for one in lines
                         if re.search(r"\b%s\b[^-]" % name_of(case), one))
            for case in ENDS}


@pytest.fixture(scope="module")
def ends():
    return (play_ends(ORIGINAL), play_ends(ours(), "event"),
            play_ends(ours(), "", 4))


@pytest.mark.parametrize("case", ENDS)
@pytest.mark.parametrize("which", ["event engine", "4 threads"])
def test_end(case, which, ends, differing):
    mine = ends[1 if which == "event engine" else 2][case]
    compare("end: " + case, ends[0][case], mine, differing)


def test_all_that_is_listed_is_there(differing):
    assert not differing - {"balance: " + c for c in ORDERS} - {
        "end: " + c for c in ENDS}
