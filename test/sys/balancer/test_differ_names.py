# SPDX-License-Identifier: ISC
# Names at run time against Debian's HAProxy: both ask the same scripted name
# server, and what they say of addresses and states is compared. Which of
# several free servers gets an address is the order of a hash there and that
# of the answer here: cases with a choice compare what is in use in the end
# and how often each thing was said. A case that differs must stand in
# doc/differences.md as `names: NAME`.
import collections
import os
import re
import signal
import socket
import threading
import time

import pytest

from rig.balancing import (Balancer, ORIGINAL, ask, free_port, head, ours,
                           plain, read_all, say, serve)
from rig.differ import listed
from rig.dns import (A, AAAA, GARBAGE, NXDOMAIN, REFUSED, SERVFAIL, SILENT,
                     SRV, Dns, a, aaaa, cname, srv)

original = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                              reason="no HAProxy to compare with")
HOLD = "100ms"
SECTION = """resolvers r
 nameserver n1 127.0.0.1:%d
 hold nx {0}
 hold refused {0}
 hold other {0}
 hold timeout {0}
 timeout resolve 200ms
 timeout retry 100ms
""".format(HOLD)
V4 = " resolvers r init-addr none resolve-prefer ipv4"
ONE = "server s NAME:80" + V4
MANY = "server-template s 3 NAME:80" + V4
SERVICE = "server-template s 3 _s._tcp.NAME" + V4


def then(kind, *steps):
    """What is said from each second on."""
    return {kind: steps}


def bad(code, kind=A):
    return {**then(A, (0, a("127.0.0.1")), (1, code),
                   (2.5, a("127.0.0.2"))), **then(AAAA, (0, code))}


X, Y = ("x.test", a("127.0.0.1")[0]), ("y.test", a("127.0.0.2")[0])
# name: server line, what the name server says, is there a choice
CASES = {
    "appears": (ONE, then(A, (0, NXDOMAIN), (1, a("127.0.0.1"))), False),
    "moves": (ONE, then(A, (0, a("127.0.0.1")), (1, a("127.0.0.2"))), False),
    "stays": (ONE, then(A, (0, a("127.0.0.1")),
                        (1, a("127.0.0.2", "127.0.0.1"))), False),
    "nx": (ONE, bad(NXDOMAIN), False),
    "refused": (ONE, bad(REFUSED), False),
    "servfail": (ONE, bad(SERVFAIL), False),
    "empty": (ONE, bad([]), False),
    "silent": (ONE, bad(SILENT), False),
    "garbage": (ONE, bad(GARBAGE), False),
    "alias": (ONE, then(A, (0, cname("b.test") + a("127.0.0.3"))), False),
    "other family": (
        "server s NAME:80 resolvers r init-addr none",
        then(A, (0, a("127.0.0.1"))), False),
    "preferred family": (
        "server s NAME:80 resolvers r init-addr none",
        {**then(A, (0, a("127.0.0.1"))), **then(
            AAAA, (0, NXDOMAIN), (1, aaaa("::1")))}, False),
    "network": (ONE + " resolve-net 10.0.0.0/8",
                then(A, (0, a("127.0.0.1", "10.1.1.1"))), False),
    "from libc": ("server s localhost:80 resolvers r resolve-prefer ipv4",
                  {}, False),
    "disabled": (ONE + " disabled", then(A, (0, a("127.0.0.1"))), False),
    "fills": (MANY, then(A, (0, a("127.0.0.1")),
                         (1, a("127.0.0.1", "127.0.0.2")),
                         (2, a("127.0.0.1", "127.0.0.2", "127.0.0.3",
                               "127.0.0.4"))), True),
    "empties": (MANY, then(A, (0, a("127.0.0.1", "127.0.0.2", "127.0.0.3")),
                           (1, a("127.0.0.2"))), True),
    "duplicates": (MANY + " resolve-opts allow-dup-ip",
                   then(A, (0, a("127.0.0.1"))), True),
    "service": (SERVICE, {SRV: (
        (0, srv((1, 256, 8001, "x.test")), [X]),
        (1, srv((1, 256, 8001, "x.test"), (1, 9, 8002, "y.test")), [X, Y]),
        (2, srv((1, 0, 8002, "y.test")), [Y]),
        (3, NXDOMAIN))}, True),
    "service by names": (SERVICE, {SRV: (
        (0, srv((1, 1, 8001, "x.test"))),
        (1, srv((1, 1, 8001, "x.test"), (1, 1, 8002, "y.test"))),
        (2, srv((1, 1, 8002, "y.test"))))}, True),
}


def name_of(case):
    return "c-" + case.replace(" ", "-")


def set_answers(dns, now):
    for case, (_, answers, _) in CASES.items():
        for kind, steps in answers.items():
            last = [s for s in steps if s[0] <= now][-1]
            name = name_of(case) + ".test"
            dns.say("_s._tcp." + name if kind == SRV else name, kind,
                    last[1], *last[2:])


def play(path):
    dns = Dns()
    dns.say("x.test", A, a("127.0.0.1"))
    dns.say("y.test", A, a("127.0.0.2"))
    dns.say("localhost", A, a("127.0.0.1"))
    set_answers(dns, 0)
    text = head().replace(" log global\n", "") + SECTION % dns.port
    for case, (line, _, _) in CASES.items():
        text += "listen %s\n bind 127.0.0.1:%d\n %s\n" % (
            name_of(case), free_port(),
            line.replace("NAME", name_of(case) + ".test"))
    ready = free_port()
    text += "listen ready\n bind 127.0.0.1:%d\n" % ready
    with Balancer(path, text) as b:
        begin = time.time()
        b.wait_for(ready)
        while time.time() - begin < 4.5:
            set_answers(dns, time.time() - begin)
            time.sleep(0.02)
        said = b.errors().splitlines()
    dns.close()
    return {case: [plain(line) for line in said
                   if re.search(r"\b%s(?![-\w])" % name_of(case), line)
                   and "log format" not in line] for case in CASES}


@pytest.fixture(scope="module")
def said():
    both = {}
    threads = [threading.Thread(target=lambda p=p: both.update({p: play(p)}))
               for p in (ORIGINAL, ours())]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return both[ORIGINAL], both[ours()]


def loosen(lines):
    """What is in use in the end, and how often each thing was said."""
    used, kinds = {}, collections.Counter()
    for line in lines:
        server = re.search(r"/(s\d*)\b", line)
        moved = re.search(r"to (\S+) by", line)
        if moved:
            used[server.group(1)] = moved.group(1)
        elif "maintenance (" in line:
            used.pop(server.group(1), None)
        if not moved:
            kinds[re.sub(r"/s\d|'[xy].test'|\d+ active", "", line)] += 1
    return sorted(used.values()), kinds


@original
@pytest.mark.parametrize("case", CASES)
def test_names(case, said):
    theirs, weirs = said[0][case], said[1][case]
    if CASES[case][2]:
        theirs, weirs = loosen(theirs), loosen(weirs)
    if "names: " + case in set(listed()):
        assert theirs != weirs, "no longer differs"
    else:
        assert theirs == weirs


def start(dns, line, more="", threads=1, section=None):
    port = free_port()
    b = Balancer(ours(), head(threads) + (section or SECTION % dns.port) +
                 more + "listen l\n bind 127.0.0.1:%d\n %s\n" % (port, line))
    b.wait_for(port)
    return b, port


def wait_until(probe, limit=4):
    end = time.time() + limit
    while time.time() < end:
        if probe():
            return
        time.sleep(0.02)
    assert probe()


@pytest.mark.parametrize("threads", [1, 3])
def test_sessions_follow_the_name(threads):
    dns = Dns()
    ports = {serve(say(b"one")): "one"}
    port, = ports
    dns.say("a.test", A, a("127.0.0.1"))
    b, front = start(dns, "server s a.test:%d" % port + V4, threads=threads)
    with b:
        wait_until(lambda: "changed its IP" in b.errors())
        assert ask(front) == "one"
        dns.say("a.test", A, NXDOMAIN)
        dns.say("a.test", AAAA, NXDOMAIN)
        wait_until(lambda: "DNS NX status" in b.errors())
        assert ask(front) == ""
        dns.say("a.test", A, a("127.0.0.1"))
        wait_until(lambda: b.errors().count("resolves again") == 2)
        assert ask(front) == "one"
    dns.close()


def test_a_service_names_ports_and_weights():
    dns = Dns()
    one, two = serve(say(b"1")), serve(say(b"2"))
    dns.say("_s._tcp.test", SRV, srv((1, 512, one, "x.test"),
                                     (1, 1, two, "x.test")),
            [X])
    b, front = start(dns, "balance roundrobin\n server-template s 3 "
                     "_s._tcp.test" + V4)
    with b:
        wait_until(lambda: b.errors().count("resolves again") == 2)
        got = "".join(ask(front) for _ in range(8))
        assert (got.count("1"), got.count("2")) == (6, 2)
    dns.close()


def test_truncated_answers_go_over_tcp():
    dns = Dns()
    dns.truncates = True
    dns.say("a.test", A, a("127.0.0.1"))
    b, _ = start(dns, "server s a.test:1" + V4)
    with b:
        wait_until(lambda: "changed its IP" in b.errors())
    assert [q[3] for q in dns.asked][:2] == ["udp", "tcp"]
    dns.close()


def test_a_server_may_be_asked_over_tcp_alone():
    dns = Dns()
    dns.say("a.test", A, a("127.0.0.1"))
    b, _ = start(dns, "server s a.test:1" + V4,
                 section=(SECTION % dns.port).replace(
                     "n1 127", "n1 tcp@127"))
    with b:
        wait_until(lambda: "changed its IP" in b.errors())
    assert {q[3] for q in dns.asked} == {"tcp"}
    dns.close()


def test_the_first_good_answer_counts():
    deaf, good = Dns(), Dns()
    deaf.say("a.test", A, SILENT)
    good.say("a.test", A, a("127.0.0.1"))
    section = (SECTION % deaf.port) + " nameserver n2 127.0.0.1:%d\n" % (
        good.port)
    b, _ = start(deaf, "server s a.test:1" + V4, section=section)
    with b:
        wait_until(lambda: "to 127.0.0.1 by r/n2." in b.errors(), 1)
    deaf.close()
    good.close()


def test_many_addresses():
    """More than fit into UDP, for more servers than there are addresses."""
    dns = Dns()
    dns.say("a.test", A, a(*["127.0.%d.%d" % (1 + i // 200, 1 + i % 200)
                             for i in range(400)]))
    b, _ = start(dns, "server-template s 1000 a.test:1" + V4,
                 section=SECTION % dns.port + " accepted_payload_size 8192\n")
    with b:
        wait_until(lambda: b.errors().count("resolves again") == 400)
        wait_until(lambda: dns.count() > 8)
        moved = re.findall(r"to (\S+) by", b.errors())
        assert len(moved) == len(set(moved)) == 400
    dns.close()


def test_only_ipv4():
    dns = Dns()
    dns.say("a.test", A, NXDOMAIN)
    port = free_port()
    with Balancer(ours(), head() + SECTION % dns.port + "listen l\n bind "
                  "127.0.0.1:%d\n server s a.test:1 resolvers r init-addr "
                  "none\n" % port, args=("-db", "-4")) as b:
        b.wait_for(port)
        wait_until(lambda: len(dns.asked) > 3)
    assert {q[2] for q in dns.asked} == {"A"}
    dns.close()


def test_a_name_is_set_at_run_time():
    dns = Dns()
    dns.say("a.test", A, a("127.0.0.1"))
    dns.say("b.test", A, a("127.0.0.2"))
    path = "/tmp/weir-names-%d.sock" % os.getpid()
    b, _ = start(dns, "server s a.test:1" + V4,
                 more="global\n stats socket %s level admin\n" % path)
    with b:
        wait_until(lambda: "to 127.0.0.1 by" in b.errors())
        assert say_to(path, "set server l/s fqdn b.test") == (
            "l/s changed its FQDN from a.test to b.test by 'stats socket "
            "command'\n\n")
        wait_until(lambda: "from 127.0.0.1 to 127.0.0.2 by" in b.errors())
        assert " 127.0.0.2 2 64 " in say_to(path, "show servers state")
        assert re.search(r"valid: +[1-9]", say_to(path, "show resolvers r"))
    dns.close()


def say_to(path, line):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(line.encode() + b"\n")
        return read_all(s).decode()


def test_hold_obsolete():
    dns = Dns()
    dns.say("a.test", A, a("127.0.0.1", "127.0.0.2"))
    b, _ = start(dns, "server-template s 2 a.test:1" + V4,
                 section=SECTION % dns.port + " hold obsolete 1s\n")
    with b:
        wait_until(lambda: b.errors().count("resolves again") == 2)
        dns.say("a.test", A, a("127.0.0.1"))
        gone = time.time()
        wait_until(lambda: "No IP for server" in b.errors())
        assert 0.7 < time.time() - gone < 1.8
    dns.close()


RESOLVE = """listen l
 bind 127.0.0.1:%d
 tcp-request inspect-delay %s
 tcp-request content do-resolve(txn.ip,%s,ipv4) str(db.test)
 tcp-request content set-dst var(txn.ip) if { var(txn.ip) -m found }
 tcp-request content reject unless { var(txn.ip) -m found }
 server s 0.0.0.0:%d
"""


@pytest.mark.parametrize("path", [
    "ours", "ours on 3 threads", pytest.param("original", marks=original)])
def test_a_rule_asks_for_a_name(path):
    """Of each session anew; without an answer the rules go on."""
    dns = Dns()
    port, front = serve(say(b"one")), free_port()
    threads = 3 if "3" in path else 1
    with Balancer(ORIGINAL if path == "original" else ours(), head(threads) +
                  SECTION % dns.port + RESOLVE % (front, "2s", "r",
                                                  port)) as b:
        b.wait_for(front)
        for answer, got in (a("127.0.0.1"), "one"), (NXDOMAIN, ""), (
                a("127.0.0.1"), "one"):
            dns.say("db.test", A, answer)
            dns.say("db.test", AAAA, NXDOMAIN)
            assert [ask(front) for _ in range(5)] == [got] * 5
    dns.close()


def test_who_waits_for_a_name_may_leave():
    dns = Dns()
    front = free_port()
    dns.say("db.test", A, SILENT)
    dns.say("db.test", AAAA, SILENT)
    with Balancer(ours(), head(3) + (SECTION % dns.port).replace(
            "timeout retry 100ms", "timeout retry 1s") + RESOLVE % (
            front, "500ms", "r", 1)) as b:
        b.wait_for(front)
        for _ in range(20):
            socket.create_connection(("127.0.0.1", front)).close()
        begin = time.time()
        assert ask(front) == ""         # no longer than inspect-delay
        assert 0.4 < time.time() - begin < 0.95
        # One is asked for still when it is told to end.
        with socket.create_connection(("127.0.0.1", front)):
            asked = len(dns.asked)
            wait_until(lambda: len(dns.asked) > asked)
            b.process.send_signal(signal.SIGUSR1)
            assert b.process.wait(5) == 0
    dns.close()


def test_a_section_that_is_not_there_is_told():
    with Balancer(ours(), head() + RESOLVE % (
            free_port(), "1s", "nodns", 1)) as b:
        assert b.process.wait(5) == 1
        assert "Proxy 'l': Can't find resolvers section 'nodns' for " \
            "do-resolve action." in b.errors()
