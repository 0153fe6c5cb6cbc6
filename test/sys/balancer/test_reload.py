# SPDX-License-Identifier: ISC
# Reloads and takeovers under new connections: none refused, reset or late.
# WEIR_RELOADS=100 is the long form, WEIR_RATE the connections a second.
import array
import contextlib
import os
import random
import signal
import socket
import struct
import threading
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


def settle(m, path):
    """The original's master begins anew when it serves; deaf meanwhile."""
    m.start()
    if path == THEIRS:
        with open("/proc/%d/environ" % m.pid) as f:
            until(lambda: f.seek(0) or "MWORKER_WAIT_ONLY" in f.read())
        time.sleep(0.2)  # it installs its handlers behind that


@original
@pytest.mark.parametrize("first,second", [(THEIRS, OURS), (OURS, THEIRS)])
def test_a_master_takes_over_from_a_master(tmp_path, server, first, second):
    """From its worker's socket; then the new one is reloaded as well."""
    port = free_port()
    with Overseen(first, str(tmp_path), port, server) as a:
        settle(a, first)
        with storm(port, RATE) as s:
            b = Overseen(second, str(tmp_path), port, server, "-x",
                         str(tmp_path / "s.sock"), "-sf", str(a.pid))
            with b:
                # HAProxy's master, told to end by another, may crash,
                # and what its worker had accepted is reset.
                left = a.process.wait(8)
                assert left in ((0,) if first == OURS else (0, 139, -11))
                settle(b, second)
                b.signal(signal.SIGUSR2)
                b.until_said("Former worker")
                s.stop()
                b.signal(signal.SIGTERM)
                assert b.process.wait(8) == 0
    assert not s.counts["refused"] and not s.counts["late"]
    assert left != 0 or not unharmed(s.counts)
    print(s.counts)


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

LEGACY = """ retries 0
 tcp-request connection track-sc0 src
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
            [e.split()[1:2] + [w for w in e.split() if "conn_" in w]
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
        assert before[2][0][1] == "conn_cnt=8"
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


# ---- a predecessor, or a successor, with bad manners

class Pretender(threading.Thread):
    """A runtime socket that says what it likes to each who asks."""

    def __init__(self, path, socks, state):
        super().__init__(daemon=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        self.socks, self.state = socks, state
        self.start()

    def run(self):
        while True:
            c, _ = self.listener.accept()
            threading.Thread(target=self.talk, args=(c,),
                             daemon=True).start()

    def talk(self, c):
        with c, contextlib.suppress(OSError):
            asked = c.recv(100)
            if asked.startswith(b"_getsocks"):
                self.socks(c)
            else:
                c.sendall(self.state)


def pass_on(count, body, fds):
    def play(c):
        c.sendall(struct.pack("i", count))
        c.sendmsg([body], fds and [(
            socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
        c.settimeout(2)
        c.recv(4)
    return play


def start_behind(tmp_path, server, socks, state=b""):
    port = free_port()
    Pretender(str(tmp_path / "old.sock"), socks, state)
    return Overseen(OURS, str(tmp_path), port, server, "-x",
                    str(tmp_path / "old.sock"), mode="-db")


@pytest.mark.parametrize("count,body", [
    (1, b""), (1, b"\0"), (1, b"\5abc"), (1, b"\0\0\0\0\0"),
    (1, b"\0\xff" + b"x" * 200), (5, b"\0" * 6), (1 << 30, b"\0" * 6)])
def test_bad_messages_of_sockets(tmp_path, server, count, body):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        with start_behind(tmp_path, server, pass_on(
                count, body or b"x", body and [s.fileno()])) as m:
            assert m.process.wait(8) == 1
            assert "Failed to get the sockets" in m.said()


def test_odd_descriptors(tmp_path, server):
    """What is no socket, or of no use, is closed; the rest is bound."""
    reader, writer = os.pipe()
    with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        fds = [reader, writer, udp.fileno(), s.fileno()]
        with start_behind(tmp_path, server, pass_on(
                4, b"\0\0\0\0\0\0" * 3 + b"\2ns\0\0\0\0\0", fds)) as m:
            until(lambda: accepts(m.port))
            assert not has_pipe(m.pid, reader)


def has_pipe(pid, fd):
    """Does the process still have our pipe?"""
    ours = os.readlink("/proc/self/fd/%d" % fd)
    where = "/proc/%d/fd" % pid
    found = []
    for name in os.listdir(where):
        with contextlib.suppress(OSError):
            found.append(os.readlink(os.path.join(where, name)))
    return ours in found


def no_sockets(c):
    c.sendall(struct.pack("i", 0))


def test_bad_legacies(tmp_path, server):
    """Lines cut, doubled, stretched: whatever it is, it serves."""
    more = LEGACY % dict(other=free_port())
    with Overseen(OURS, str(tmp_path), free_port(), server, more=more,
                  mode="-db") as m:
        until(lambda: accepts(m.port))
        balancing.ask(m.port)
        good = console(tmp_path, "_getstate")
    assert good.startswith("weir-legacy 1\n") and "\ntables\n" in good
    chance = random.Random(1)
    for n in range(int(os.environ.get("WEIR_BAD", "3"))):
        words = good.split(" ")
        for _ in range(30):
            at = chance.randrange(len(words))
            words[at] = chance.choice((
                "", "-1", "x", "18446744073709551616", words[at] * 40,
                "9" * 18, "l", "\0", "\n", words[at][:1]))
        where = tmp_path / str(n)
        where.mkdir()
        bad = " ".join(words)
        bad = bad if n % 3 else good[:chance.randrange(len(good))]
        Pretender(str(where / "old.sock"), no_sockets, bad.encode())
        with Overseen(OURS, str(where), free_port(), server, "-x",
                      str(where / "old.sock"), more=more, mode="-db") as m:
            until(lambda: m.process.poll() is not None or accepts(m.port))
            assert m.process.poll() is None, m.said()
            assert "\nProcess_num: 1\n" in console(where, "show info")
            assert console(where, "show stat")
            m.signal(signal.SIGUSR1)
            assert m.process.wait(8) == 0


def test_successors_that_say_nothing(tmp_path, server):
    """They are given up after a second, and in the meantime it serves."""
    with Overseen(OURS, str(tmp_path), free_port(), server, mode="-db") as m:
        until(lambda: accepts(m.port))
        idle = []
        for n in range(9):
            s = socket.socket(socket.AF_UNIX)
            s.connect(str(tmp_path / "s.sock"))
            s.sendall(b"_getsocks\n")
            idle.append(s)
        for s in idle:
            s.settimeout(5)
            data, fds, _, _ = s.recvmsg(100, socket.CMSG_SPACE(400))
            assert data[:4] == struct.pack("i", 2)
            assert balancing.ask(m.port)
        began = time.monotonic()
        for s in idle:
            while s.recv(100):
                pass
            s.close()
        assert 0.3 < time.monotonic() - began < 3
        assert "Pid: %d" % m.pid in console(tmp_path, "show info")
