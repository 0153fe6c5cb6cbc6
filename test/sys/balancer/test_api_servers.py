# SPDX-License-Identifier: ISC
# Servers that come, go and change over the runtime socket while clients are
# served; with one loop and with several.
import time

import pytest

from rig.balancing import ask, connect, echo, idle, ours, say, serve
from rig.console import Console

TEXT = """
listen l
 bind 127.0.0.1:{P1}
 balance roundrobin
 server a 127.0.0.1:%d check inter 200ms
 server b 127.0.0.1:%d
backend spare
 balance roundrobin
 server x 127.0.0.1:%d track l/a
backend fixed
 balance source
 server x 127.0.0.1:1
"""


@pytest.fixture(params=[1, 3], ids=["one", "three"])
def console(request):
    a, b = serve(say(b"a")), serve(say(b"b"))
    with Console(ours(), TEXT % (a, b, a), threads=request.param) as c:
        yield c


def asked(c, times=6):
    return "".join(sorted(ask(c.ports["P1"]) for _ in range(times)))


def settle(c, name, state, limit=3):
    end = time.time() + limit
    while c.states()[name]["srv_op_state"] != state:
        assert time.time() < end, c.states()[name]
        time.sleep(0.02)


def test_add_serve_delete(console):
    c = console
    port = serve(say(b"n"))
    assert c.say("add server l/n 127.0.0.1:%d check inter 100ms" % port) == \
        "New server registered.\n\n"
    assert c.states()["l/n"]["srv_admin_state"] == "1"
    assert c.states()["l/n"]["srv_check_state"] in ("10", "2")
    assert asked(c) == "aaabbb"
    assert c.say("enable server l/n") == "\n"
    assert asked(c) == "aabbnn"
    assert c.say("enable health l/n") == "\n"
    time.sleep(0.4)  # the checks of it have begun
    assert c.states()["l/n"]["srv_check_status"] == "6"
    assert "must" not in c.say("del server l/n")
    assert c.say("del server l/n") == \
        "Only servers in maintenance mode can be deleted.\n\n"
    c.say("disable server l/n")
    assert asked(c) == "aaabbb"
    assert c.say("wait 2s srv-removable l/n") == "Done.\n\n"
    assert c.say("del server l/n") == "Server deleted.\n\n"
    assert "l/n" not in c.states()
    assert asked(c) == "aaabbb"
    assert c.say("del server l/n") == "No such server.\n\n"


def test_deleted_from_the_middle_and_added_again(console):
    c = console
    for name in "nop":
        c.say("add server l/%s 127.0.0.1:%d" % (
            name, serve(say(name.encode()))))
        c.say("enable server l/" + name)
    assert asked(c, 10) == "aabbnnoopp"
    c.say("disable server l/b;disable server l/o")
    assert c.say("del server l/b") == c.say("del server l/o") == \
        "Server deleted.\n\n"
    asked(c, 10)                # turns that were due before
    assert asked(c) == "aannpp"
    assert "registered" in c.say("add server l/b 127.0.0.1:%d weight 2" %
                                 serve(say(b"B")))
    c.say("enable server l/b")
    assert asked(c, 10) == "BBBBaannpp"
    assert c.states()["l/b"]["srv_id"] == "2"


def test_not_deleted_while_in_use(console):
    c = console
    c.say("add server l/n 127.0.0.1:%d" % serve(echo))
    c.say("enable server l/n;disable server l/a;disable server l/b")
    s = connect(c.ports["P1"])
    s.sendall(b"x")
    assert s.recv(1) == b"x"
    c.say("disable server l/n")
    assert c.say("del server l/n") == \
        "Server still has connections attached to it, cannot remove it.\n\n"
    assert c.say("wait 100ms srv-removable l/n") == "Wait delay expired.\n\n"
    s.sendall(b"y")
    assert s.recv(1) == b"y"
    s.close()
    assert c.say("wait 2s srv-removable l/n") == "Done.\n\n"
    assert c.say("del server l/n") == "Server deleted.\n\n"


def test_refused(console):
    c = console
    for line, answer in (
            ("add server", "Require 'backend/server'."),
            ("add server l", "Require 'backend/server'."),
            ("add server l/n", "'server' expects <name> and <addr>[:<port>] "
             "as arguments."),
            ("add server zz/n 127.0.0.1:5", "No such backend."),
            ("add server fixed/n 127.0.0.1:5", "backend 'fixed' uses a non "
             "dynamic load balancing method"),
            ("add server l/a 127.0.0.1:5", "Already exists a server with the "
             "same name in backend."),
            ("add server l/n 127.0.0.1:5 foo",
             "unknown keyword 'foo'; did you mean 'tfo' maybe ?"),
            ("add server l/n 127.0.0.1:5 init-addr none",
             "'init-addr' option is not accepted for dynamic server"),
            ("add server l/n@2 127.0.0.1:5",
             "character '@' is not permitted in server name 'n@2'."),
            ("add server l/n 127.0.0.1:5 id 1",
             "'id' : custom id 1 already used in this backend."),
            ("add server l/n 127.0.0.1:5 ssl ca-file /nonexistent", None),
            ("add server l/n 127.0.0.1:5 weight 999", None),
            ("del server l/a", "This server cannot be removed at runtime due "
             "to other configuration elements pointing to it.")):
        got = c.say(line)
        assert got == answer + "\n\n" if answer else \
            got.endswith("\n\n") and "registered" not in got, line
    assert set(c.states()) == {"l/a", "l/b", "spare/x", "fixed/x"}
    assert asked(c) == "aaabbb"


def test_tracking_one_can_go(console):
    c = console
    assert "registered" in c.say("add server l/t 127.0.0.1:1 track l/a")
    c.say("enable server l/t;set server l/a state drain")
    assert c.states()["l/t"]["srv_admin_state"] == "16"
    c.say("disable server l/t;disable server spare/x")
    assert c.say("del server l/t") == c.say("del server spare/x") == \
        "Server deleted.\n\n"
    c.say("set server l/a state ready;disable server l/a")
    assert c.say("del server l/a") == "Server deleted.\n\n"
    assert asked(c) == "bbbbbb"


def test_many_come_and_go_under_traffic(console):
    c = console
    port = serve(say(b"n"))
    for turn in range(15):
        out = c.say("".join(
            "add server l/n%d 127.0.0.1:%d check;enable server l/n%d;" % (
                i, port, i) for i in range(10))[:-1])
        assert out.count("registered") == 10
        assert set(asked(c, 12)) == set("abn")
        out = c.say("".join("disable server l/n%d;" % i
                            for i in range(10))[:-1])
        for i in range(10):
            assert c.say("wait 3s srv-removable l/n%d;del server l/n%d" % (
                i, i)) == "Done.\n\nServer deleted.\n\n"
    asked(c, 20)
    assert asked(c) == "aaabbb"


def test_address_weight_maxconn(console):
    c = console
    port = serve(say(b"N"))
    assert c.say("set server l/b addr 127.0.0.1 port %d" % port).startswith(
        "port changed from ")
    assert asked(c) == "NNNaaa"
    c.say("set server l/b weight 0")
    assert asked(c) == "aaaaaa"
    assert c.states()["l/b"]["srv_uweight"] == "0"
    c.say("set server l/b weight 200%")
    assert asked(c) == "NNNNaa"
    c.say("set maxconn server l/b 7")
    assert "l,b,0,0,0," in c.say("show stat l 4 -1")
    row = [x for x in c.say("show stat l 4 -1").splitlines()
           if x.startswith("l,b,")][0]
    assert row.split(",")[6] == "7"


def test_health_and_agent_forced(console):
    c = console
    settle(c, "l/a", "2")
    c.say("disable health l/a;set server l/a health down")
    assert c.states()["l/a"]["srv_op_state"] == "0"
    assert c.states()["spare/x"]["srv_op_state"] == "0"
    assert asked(c) == "bbbbbb"
    c.say("set server l/a health stopping")
    assert asked(c) == "bbbbbb"
    c.say("set server l/a health up")
    assert asked(c) == "aaabbb"
    assert "changed from CLI" in c.errors()


def test_frontend_paused_limited_shut(console):
    c = console
    c.say("disable frontend l")
    s = connect(c.ports["P1"])          # waits in the kernel
    s.settimeout(0.3)
    with pytest.raises(OSError):
        s.recv(1)
    c.say("enable frontend l")
    s.settimeout(3)
    assert s.recv(1) in b"ab"
    s.close()
    c.say("set maxconn frontend l 1")
    assert asked(c) == "aaabbb"
    c.say("shutdown frontend l")
    with pytest.raises(OSError):
        connect(c.ports["P1"])


def test_sessions_shown_and_ended(console):
    c = console
    port = serve(idle)
    c.say("set server l/a addr 127.0.0.1 port %d" % port)
    c.say("disable server l/b")
    mine = [connect(c.ports["P1"]) for _ in range(5)]
    end = time.time() + 3
    while c.say("show sess").count("fe=l be=l srv=a") != 5:
        assert time.time() < end
    lines = c.say("show sess").strip().splitlines()
    ids = {x.split(":")[0] for x in lines}
    assert len(ids) == 5 and all(x.startswith("0x") for x in ids)
    src = {"src=127.0.0.1:%d" % s.getsockname()[1] for s in mine}
    assert {x.split(" ")[2] for x in lines} == src
    one = lines[0].split(":")[0]
    assert "frontend=l (id=" in c.say("show sess " + one)
    assert c.say("show sess all").count("server=a (id=1)") == 5
    assert c.say("show sess server l/b") == "\n"
    assert c.say("show sess backend l").count("\n") == 6
    assert c.say("show sess older 1h") == "\n"
    assert c.say("shutdown session " + one) == "\n"
    assert c.say("shutdown session " + one) == \
        "No such session (use 'show sess').\n\n"
    assert c.say("show sess").count("srv=a") == 4
    assert c.say("shutdown sessions server l/a") == "\n"
    end = time.time() + 3
    while "srv=a" in c.say("show sess"):
        assert time.time() < end
    for s in mine:
        assert s.recv(1) == b""


def test_counters_cleared(console):
    c = console
    asked(c)
    stot = [r.split(",")[7] for r in c.say("show stat").splitlines()
            if r.startswith("l,")]
    assert stot[0] == "6"
    c.say("clear counters all")
    stot = [r.split(",")[7] for r in c.say("show stat").splitlines()
            if r.startswith("l,")]
    assert set(stot) == {"0"}
