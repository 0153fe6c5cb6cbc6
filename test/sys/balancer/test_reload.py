# SPDX-License-Identifier: ISC
# Reloads and takeovers under new connections: none refused, reset or late.
# WEIR_RELOADS=100 is the long form, WEIR_RATE the connections a second.
import contextlib
import os
import signal
import socket
import time

import pytest
from rig import balancing
from rig.cluster import free_port
from rig.overseen import Overseen, accepts, config, until
from rig.storm import greeter, storm, unharmed

RELOADS = int(os.environ.get("WEIR_RELOADS", "10"))
RATE = int(os.environ.get("WEIR_RATE", "1000"))
OURS, THEIRS = balancing.ours(), balancing.ORIGINAL
original = pytest.mark.skipif(not os.path.exists(THEIRS),
                              reason="no original on this machine")


@pytest.fixture(scope="module")
def server():
    with greeter() as port:
        yield port


def settled(m, times):
    m.until_said("Loading success.", times)


@pytest.mark.parametrize("number", [signal.SIGUSR2, signal.SIGHUP])
def test_master(tmp_path, server, number):
    with Overseen(OURS, str(tmp_path), free_port(), server) as m:
        m.start()
        with storm(m.port, RATE) as s:
            for n in range(RELOADS):
                m.signal(number)
                settled(m, n + 2)
                time.sleep(0.03)
        assert not unharmed(s.counts)
        until(lambda: len(m.workers()) == 1)
    print(s.counts)


def test_master_without_waiting(tmp_path, server):
    with Overseen(OURS, str(tmp_path), free_port(), server) as m:
        m.start()
        with storm(m.port, RATE) as s:
            for n in range(RELOADS * 2):
                m.signal(signal.SIGUSR2)
                time.sleep(0.02)
            until(lambda: len(m.workers()) == 1)
        assert not unharmed(s.counts)
    print(s.counts)


def chain(tmp_path, server, programs, passed=True):
    """One takes over from the other, and so on; the counts."""
    port = free_port()
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(
            Overseen(programs[0], str(tmp_path), port, server, mode="-db"))
        until(lambda: accepts(port))
        with storm(port, RATE) as s:
            for path in programs[1:]:
                new = stack.enter_context(Overseen(
                    path, str(tmp_path), port, server, "-x",
                    str(tmp_path / "s.sock") if passed else "/dev/null",
                    "-sf", str(old.pid), mode="-db"))
                assert old.process.wait(20) == 0, new.said()
                assert new.process.poll() is None, new.said()
                old = new
        print(s.counts)
        return s.counts


def test_own_to_own(tmp_path, server):
    assert not unharmed(chain(tmp_path, server, [OURS] * (RELOADS + 1)))


def test_side_by_side(tmp_path, server):
    """Sockets of their own: what waits for the old one is served by it."""
    counts = chain(tmp_path, server, [OURS] * (RELOADS + 1), passed=False)
    assert not counts["late"] and not counts["refused"]
    assert counts["reset"] <= RELOADS // 10


@original
def test_from_and_to_the_original(tmp_path, server):
    programs = [THEIRS, OURS] * (RELOADS // 4) + [THEIRS]
    assert not unharmed(chain(tmp_path, server, programs))


def many(tmp_path, server, first, second):
    """More sockets than one message has, of all kinds; one is not wanted."""
    port, low = free_port(), free_port()
    kinds = "".join(" bind 127.0.2.%d:%d\n" % (i % 200 + 1, low + i // 200)
                    for i in range(300))
    kinds += " bind [::1]:%d\n bind 127.0.3.1:%d interface lo\n" % (low, low)
    kinds += " bind %s/one.sock\n bind abns@weir%d\n" % (tmp_path, low)
    extra = " bind 127.0.3.2:%d\n" % low
    text = config(str(tmp_path), port, server)
    with balancing.Balancer(first, text + kinds + extra) as a:
        a.wait_for(port)
        with balancing.Balancer(second, text + kinds, args=(
                "-db", "-x", str(tmp_path / "s.sock"),
                "-sf", str(a.process.pid))) as b:
            assert a.process.wait(15) == 0, b.errors()
            b.wait_for(port)
            for address in (("127.0.2.1", low), ("127.0.2.100", low + 1),
                            ("127.0.3.1", low)):
                with socket.create_connection(address, 2) as c:
                    assert c.recv(5) == b"hello"
            with socket.socket(socket.AF_UNIX) as c:
                c.connect(str(tmp_path / "one.sock"))
                assert c.recv(5) == b"hello"
            with socket.socket() as c:
                assert c.connect_ex(("127.0.3.2", low)) != 0
            return b.errors()


def test_many_sockets(tmp_path, server):
    assert "ALERT" not in many(tmp_path, server, OURS, OURS)


@original
def test_many_sockets_from_the_original(tmp_path, server):
    assert "ALERT" not in many(tmp_path, server, THEIRS, OURS)


@original
def test_many_sockets_to_the_original(tmp_path, server):
    assert "ALERT" not in many(tmp_path, server, OURS, THEIRS)


def test_nobody_to_take_over_from(tmp_path, server):
    with Overseen(OURS, str(tmp_path), free_port(), server, "-x",
                  str(tmp_path / "none"), mode="-db") as m:
        assert m.process.wait(8) == 1
        assert "Failed to get the sockets from the old process!" in m.said()


def test_not_everybody_may_take(tmp_path, server):
    """Without expose-fd, or below admin, there is nothing to be had."""
    for level in ("level admin", "level operator expose-fd listeners"):
        port = free_port()
        text = config(str(tmp_path), port, server).replace(
            "level admin expose-fd listeners", level)
        with balancing.Balancer(OURS, text) as a:
            a.wait_for(port)
            with balancing.Balancer(OURS, text, args=(
                    "-db", "-x", str(tmp_path / "s.sock"))) as b:
                assert b.process.wait(8) == 1
                assert "Failed to get the sockets" in b.errors()


def test_as_another_user(tmp_path, server):
    """The old one is root's still when the new one has no rights left."""
    os.chmod(str(tmp_path), 0o755)
    extra = " user nobody\n group nogroup"
    port = free_port()
    with Overseen(OURS, str(tmp_path), port, server, mode="-db") as a:
        until(lambda: accepts(port))
        with Overseen(OURS, str(tmp_path), port, server, "-x",
                      str(tmp_path / "s.sock"), "-sf", str(a.pid),
                      extra=extra, mode="-db") as b:
            assert a.process.wait(8) == 0
            assert b.process.poll() is None


# ---- what goes along with the sockets

LEGACY = """ tcp-request connection track-sc0 src
 stick-table type ip size 100 expire 1h store conn_cnt,conn_rate(1h)
 server gone 127.0.0.1:1 check inter 50ms downinter 100s fall 2
 server hand 127.0.0.1:2 weight 7
 server drain 127.0.0.1:3
listen other
 bind 127.0.0.1:%(other)d
 server t1 127.0.0.1:4 track l/gone
"""


def console(tmp_path, text):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(tmp_path / "s.sock"))
        s.settimeout(8)
        s.sendall(text.encode() + b"\n")
        return balancing.read_all(s).decode()


def known(tmp_path):
    """What a successor should know too."""
    states = [x.split() for x in
              console(tmp_path, "show servers state").split("\n")[2:-2]]
    rows = console(tmp_path, "show stat").split("\n")
    names = rows[0].lstrip("# ").split(",")
    stats = [dict(zip(names, r.split(","))) for r in rows[1:] if r]
    return ([(s[1], s[3], s[5], s[6], s[7], s[12]) for s in states],
            [(s["pxname"], s["svname"], s["stot"], s["bin"], s["bout"],
              s["smax"], s["conn_tot"], s["chkdown"]) for s in stats],
            [e.split()[1:3] + [w for w in e.split() if "conn_" in w]
             for e in console(tmp_path, "show table l").split("\n")[1:] if e])


@pytest.mark.parametrize("how", ["master", "alone"])
def test_state_and_counters_go_along(tmp_path, server, how):
    more = LEGACY % dict(other=free_port())
    port = free_port()
    mode = "-W" if how == "master" else "-db"
    with Overseen(OURS, str(tmp_path), port, server, more=more,
                  mode=mode) as m:
        until(lambda: accepts(port))
        console(tmp_path, "disable server l/hand;set server l/hand weight 3;"
                "set server l/drain state drain")
        until(lambda: " gone 127.0.0.1 0 " in
              console(tmp_path, "show servers state"))
        for _ in range(7):
            balancing.ask(port)
        before = known(tmp_path)
        assert before[2][0][2] == "conn_cnt=8"
        with contextlib.ExitStack() as stack:
            if how == "master":
                m.signal(signal.SIGUSR2)
                m.until_said("Former worker")
            else:
                stack.enter_context(Overseen(
                    OURS, str(tmp_path), port, server, "-x",
                    str(tmp_path / "s.sock"), "-sf", str(m.pid), more=more,
                    mode=mode))
                assert m.process.wait(8) == 0
            after = known(tmp_path)
    assert before[0] == after[0]
    assert before[1] == after[1]
    assert before[2] == after[2]


def test_another_server_begins_anew(tmp_path, server):
    """A name that stands for another address has no past."""
    more = LEGACY % dict(other=free_port())
    with Overseen(OURS, str(tmp_path), free_port(), server, more=more) as m:
        m.start()
        until(lambda: " gone 127.0.0.1 0 " in
              console(tmp_path, "show servers state"))
        m.write(m.text.replace("server gone 127.0.0.1:1 ",
                               "server gone 127.0.0.1:%d " % server))
        m.signal(signal.SIGUSR2)
        m.until_said("Former worker")
        assert " gone 127.0.0.1 2 " in console(tmp_path, "show servers state")
