# SPDX-License-Identifier: ISC
# Stick tables: what they keep of sessions, and who goes where because of
# them. Each case is played on Debian's HAProxy and on ours: what the log
# says, line by line, must be the same.
import os
import threading
import time

import pytest

from rig.balancing import (Balancer, ORIGINAL, connect, echo, free_port,
                           head, ours, read_all, say, serve)

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")


def many(n):
    def play(port):
        for _ in range(n):
            read_all(connect(port))
            time.sleep(0.02)
    return play


def talk(port):
    for n in (1, 2):
        s = connect(port)
        s.sendall(b"x" * 3000 * n)
        got = 0
        while got < 3000 * n:
            got += len(s.recv(65536))
        s.close()
        time.sleep(0.1)


def held(port):
    first, second = connect(port), connect(port)
    for s in (first, second):
        s.sendall(b"x")
        s.recv(1)
    read_all_closed(port)
    first.close()
    second.close()
    time.sleep(0.1)  # both ends are counted
    read_all_closed(port)


def read_all_closed(port):
    s = connect(port)
    s.sendall(b"y")
    s.recv(1)
    s.close()
    time.sleep(0.1)  # its end is counted


def sources(port):
    for n in (1, 2, 1, 3, 2, 1):
        read_all(connect(port, "127.0.0.%d" % n))
        time.sleep(0.02)


def hello(port):
    for word in (b"one;", b"two;", b"one;", b"a much longer word than that;"):
        s = connect(port)
        s.sendall(word)
        read_all(s)
        time.sleep(0.02)


def answer(c, n):
    c.recv(1000)
    c.sendall(b"hello")
    c.close()


def refused(port):
    for _ in range(5):
        try:
            read_all(connect(port))
        except OSError:
            pass
        time.sleep(0.02)


TRACK = "tcp-request connection track-sc0 src"
TABLE = "stick-table type ip size 100 expire 1m store "
HELLO = "server s 127.0.0.1:%(hello)d"
ANSWER = "server s 127.0.0.1:%(answer)d"
ECHO = "server s 127.0.0.1:%(echo)d"
TWO = "server a 127.0.0.1:%(a)d\n server b 127.0.0.1:%(b)d"


def counters(*names):
    # %ts: the line is written when all is over.
    return "log-format %%ts|" + "|".join("%%%%[%s]" % n for n in names)


# name: (lines of the section, what a client does)
CASES = {
    "conn_cnt sess_cnt": ([
        TABLE + "conn_cnt,sess_cnt,conn_rate(10s),sess_rate(10s)", TRACK,
        counters("sc0_conn_cnt", "sc_sess_cnt(0)", "sc0_conn_rate",
                 "sc0_sess_rate", "src_conn_cnt", "src_sess_rate",
                 "src,table_conn_cnt(%(name)s)",
                 "src,in_table(%(name)s)"), HELLO], many(4)),
    "track in session rules": ([
        TABLE + "conn_cnt,sess_cnt", "tcp-request session track-sc1 src",
        counters("sc1_conn_cnt", "sc1_sess_cnt", "sc1_tracked",
                 "sc0_tracked", "sc1_trackers"), HELLO], many(3)),
    "track in content rules": ([
        TABLE + "conn_cnt,sess_cnt,conn_cur",
        "tcp-request content track-sc2 src",
        counters("sc2_conn_cnt", "sc2_sess_cnt", "sc2_conn_cur",
                 "sc_trackers(2)"), HELLO], many(3)),
    "conn_cur": ([
        TABLE + "conn_cur,conn_cnt", TRACK,
        counters("sc0_conn_cur", "sc0_conn_cnt", "sc0_trackers"), ECHO],
        held),
    "bytes": ([
        TABLE + "bytes_in_cnt,bytes_out_cnt,bytes_in_rate(1m),"
        "bytes_out_rate(1m)", TRACK,
        counters("sc0_kbytes_in", "sc0_kbytes_out", "src_kbytes_in",
                 "src,table_kbytes_out(%(name)s)"), ECHO], talk),
    "gpc0 gpc1": ([
        TABLE + "gpc0,gpc0_rate(10s),gpc1,gpc1_rate(10s)", TRACK,
        "tcp-request connection sc-inc-gpc0(0)",
        "tcp-request connection sc-inc-gpc1(0) if { sc0_get_gpc0 gt 2 }",
        counters("sc0_get_gpc0", "sc0_gpc0_rate", "sc0_get_gpc1",
                 "sc0_gpc1_rate", "src_get_gpc0",
                 "src,table_gpc0(%(name)s)", "src,table_gpc1_rate(%(name)s)"),
        HELLO], many(4)),
    "gpt0": ([
        TABLE + "gpt0,conn_cnt", TRACK,
        "tcp-request connection sc-set-gpt0(0) 7 if { sc0_conn_cnt 2 }",
        "tcp-request connection sc-set-gpt0(0) 9 if { sc0_conn_cnt 3 }",
        counters("sc0_get_gpt0", "src_get_gpt0", "src,table_gpt0(%(name)s)"),
        HELLO], many(4)),
    "gpc gpt arrays": ([
        TABLE + "gpc(3),gpc_rate(3,10s),gpt(2)", TRACK,
        "tcp-request connection sc-inc-gpc(2,0)",
        "tcp-request connection sc-inc-gpc(0,0)",
        "tcp-request connection sc-set-gpt(1,0) 5",
        counters("sc_get_gpc(2,0)", "sc_get_gpc(1,0)", "sc_gpc_rate(2,0)",
                 "sc_get_gpt(1,0)", "sc0_get_gpc0", "src_get_gpc(2,%(name)s)",
                 "src,table_gpc(2,%(name)s)",
                 "src,table_gpc_rate(2,%(name)s)",
                 "src,table_gpt(1,%(name)s)"), HELLO], many(3)),
    "inc and clr in fetches": ([
        TABLE + "gpc0", TRACK,
        "tcp-request connection reject if { src_inc_gpc0 gt 3 }",
        "tcp-request connection accept if { src_clr_gpc0 eq 3 }",
        counters("sc0_get_gpc0", "sc0_inc_gpc0", "src_inc_gpc0",
                 "sc0_clr_gpc0"), HELLO], refused),
    "updt_conn_cnt": ([
        TABLE + "conn_cnt", counters("src_updt_conn_cnt", "src_conn_cnt"),
        HELLO], many(3)),
    "what is not there": ([
        TABLE + "gpc0",
        counters("src_get_gpc0", "src,table_gpc0(%(name)s)",
                 "src,in_table(%(name)s)", "sc0_get_gpc0", "sc0_conn_cnt",
                 "src,table_conn_cnt(%(name)s)", "src_conn_cnt"), HELLO],
        many(1)),
    "what is not kept": ([
        TABLE + "gpc0", TRACK,
        counters("sc0_conn_cnt", "src_conn_cnt", "sc0_get_gpc1",
                 "src,table_conn_cnt(%(name)s)"), HELLO], many(1)),
    "limit by rate": ([
        TABLE + "conn_rate(10s)", TRACK,
        "tcp-request connection reject if { sc0_conn_rate gt 3 }",
        counters("sc0_conn_rate"), HELLO], refused),
    "table_cnt table_avl": ([
        TABLE + "conn_cnt", TRACK,
        counters("table_cnt", "table_avl", "table_cnt(%(name)s)"), HELLO],
        sources),
    "full and purged": ([
        "stick-table type ip size 1 expire 1m store conn_cnt", TRACK,
        counters("src", "sc0_conn_cnt", "table_cnt"), HELLO], sources),
    "full and nopurge": ([
        "stick-table type ip size 1 expire 1m nopurge store conn_cnt", TRACK,
        counters("src", "sc0_conn_cnt", "sc0_tracked", "table_cnt"), HELLO],
        sources),
    "type ipv6": ([
        "stick-table type ipv6 size 10 expire 1m store conn_cnt", TRACK,
        counters("sc0_conn_cnt", "src_conn_cnt"), HELLO], many(2)),
    "type integer": ([
        "stick-table type integer size 10 expire 1m store conn_cnt",
        "tcp-request connection track-sc0 dst_port",
        counters("sc0_conn_cnt", "dst_port,table_conn_cnt(%(name)s)"),
        HELLO], many(2)),
    "type string": ([
        "stick-table type string len 8 size 10 expire 1m store conn_cnt",
        "tcp-request inspect-delay 300ms",
        "tcp-request content track-sc0 req.payload(0,0),word(1,;) if "
        "{ req.payload(0,4) -m found }",
        counters("sc0_conn_cnt"), ANSWER], hello),
    "type binary": ([
        "stick-table type binary len 4 size 10 expire 1m store conn_cnt",
        "tcp-request inspect-delay 300ms",
        "tcp-request content track-sc0 req.payload(0,4)",
        counters("sc0_conn_cnt"), ANSWER], hello),
    "another table": ([
        TRACK + " table %(name)s-t",
        counters("sc0_conn_cnt", "src_conn_cnt(%(name)s-t)",
                 "table_cnt(%(name)s-t)"), HELLO], many(2)),
    "stick on src": ([
        "stick-table type ip size 10 expire 1m", "stick on src",
        "log-format %%[src]|%%s", TWO], sources),
    "stick on, server gone": ([
        "stick-table type ip size 10 expire 1m", "stick on src",
        "option redispatch\n retries 1", "log-format %%s|%%rc",
        "server dead 127.0.0.1:%(dead)d\n " + TWO], many(3)),
    "stick match and store-request": ([
        "stick-table type ip size 10 expire 1m",
        "stick match src if { src 127.0.0.1 }",
        "stick store-request src if !{ src 127.0.0.2 }",
        "log-format %%[src]|%%s", TWO], sources),
    "stick in another table": ([
        "stick on src table %(name)s-t", "log-format %%[src]|%%s", TWO],
        sources),
    "everybody to one server": ([
        "stick-table type ip size 1", "stick on dst",
        "log-format %%[src]|%%s", TWO], sources),
    "srvkey addr": ([
        "stick-table type ip size 10 expire 1m srvkey addr", "stick on src",
        "log-format %%[src]|%%s", TWO], sources),
    "use-server before stick": ([
        "stick-table type ip size 10 expire 1m", "stick on src",
        "use-server b if { src 127.0.0.2 }", "log-format %%[src]|%%s", TWO],
        sources),
    "table_server_id": ([
        "stick-table type ip size 10 expire 1m", "stick on src",
        "log-format %%ts|%%s|%%[src,table_server_id(%(name)s)]", TWO],
        sources),
    "stick store-response": ([
        "stick-table type string len 5 size 10 expire 1m",
        "tcp-request inspect-delay 300ms",
        "tcp-request content accept if { req.len gt 3 }",
        "stick match req.payload(0,4)",
        "stick store-response str(two;)", "log-format %%s", TWO], hello),
}
NAMES = {case: "t%d" % i for i, case in enumerate(CASES)}


def play(path, engine="", threads=1):
    ports = {"hello": serve(say(b"hello")), "echo": serve(echo),
             "answer": serve(answer),
             "a": serve(say(b"a")), "b": serve(say(b"b")),
             "dead": free_port()}
    binds = {case: free_port() for case in CASES}
    text = head(threads)
    for case, (lines, _) in CASES.items():
        names = dict(ports, name=NAMES[case])
        text += "listen %s\n bind 127.0.0.1:%d\n " % (
            names["name"], binds[case])
        text += "\n ".join((line % names).replace(
            "log-format ", "log-format " + names["name"] + ":")
            for line in lines) + "\n"
        text += ("backend %s-t\n stick-table type ip size 9 expire 1m store "
                 "conn_cnt\n" % names["name"])
    ready = free_port()
    text += "listen ready\n no log\n bind 127.0.0.1:%d\n" % ready
    with Balancer(path, text, env={"WEIR_ENGINE": engine}) as b:
        b.wait_for(ready)
        clients = [threading.Thread(target=go, args=(binds[case],),
                                    daemon=True)
                   for case, (_, go) in CASES.items()]
        for c in clients:
            c.start()
        for c in clients:
            c.join(9)
        time.sleep(0.4)  # the last lines are written
        assert b.process.poll() is None
        lines = b.lines().splitlines()
    return {case: [one.split(NAMES[case] + ":", 1)[1] for one in lines
                   if one.startswith(NAMES[case] + ":")]
            for case in CASES}


@pytest.fixture(scope="module")
def played():
    return (play(ORIGINAL), play(ours(), "event"), play(ours(), "", 4))


@pytest.mark.parametrize("which", ["event engine", "4 threads"])
@pytest.mark.parametrize("case", CASES)
def test_table(case, which, played):
    assert played[0][case] != []
    mine = played[1 if which == "event engine" else 2][case]
    assert mine == played[0][case]
