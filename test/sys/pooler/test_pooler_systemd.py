# SPDX-License-Identifier: ISC
# The service manager: readiness, reload, stopping, status
# by NOTIFY_SOCKET; listening sockets by LISTEN_FDS; the journal's stream.
import contextlib
import os
import signal
import socket
import sys
import time

import pytest

from rig import wire
from rig.cluster import wait_for

# Sets LISTEN_PID, which only the process itself can know, then becomes it.
START = ("import os,sys\n"
         "os.environ['LISTEN_PID']=str(os.getpid())\n"
         "os.execv(sys.argv[1],sys.argv[1:])\n")


class Notified:
    """A fake service manager's socket."""

    def __init__(self, where):
        self.path = os.path.join(where, "notify")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)
        os.chmod(self.path, 0o777)
        self.heard = []

    def hear(self, text, limit=5):
        """Wait for a message with this in it."""
        end = time.monotonic() + limit
        while True:
            for i, message in enumerate(self.heard):
                if text in message:
                    return self.heard.pop(i)
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            self.heard.append(self.sock.recv(4096).decode())


@pytest.fixture
def manager(pooler):
    """manager(settings): a pooler that tells a fake service manager."""
    made = []

    def make(**config):
        p = pooler.make().configure(**config)
        notified = Notified(p.where)
        made.append(notified)
        p.start(env={"NOTIFY_SOCKET": notified.path}, wait=False)
        return p, notified
    yield make
    for one in made:
        one.sock.close()


def test_ready(manager):
    p, notified = manager()
    notified.hear("READY=1")
    assert p.login().one("select 1") == "1"


def test_reload_is_told(manager):
    """RELOADING=1 with a time, then READY=1, as Type=notify-reload needs."""
    p, notified = manager()
    notified.hear("READY=1")
    before = time.monotonic_ns() // 1000
    p.signal(signal.SIGHUP)
    lines = notified.hear("RELOADING=1").split("\n")
    stamp = [li for li in lines if li.startswith("MONOTONIC_USEC=")][0]
    assert before <= int(stamp.split("=")[1]) <= time.monotonic_ns() // 1000
    notified.hear("READY=1")


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
def test_stopping_is_told(manager, number):
    p, notified = manager()
    notified.hear("READY=1")
    p.signal(number)
    notified.hear("STOPPING=1")
    assert p.ended() == 0


def test_status_is_told(manager):
    p, notified = manager(stats_period=1)
    notified.hear("READY=1")
    status = notified.hear("STATUS=stats: ")
    assert "xacts/s" in status and "\u03bcs" in status


def test_abstract_notify_socket(pooler):
    p = pooler.make().configure()
    name = "weir-notify-%d" % p.port
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind("\0" + name)
        s.settimeout(5)
        p.start(env={"NOTIFY_SOCKET": "@" + name}, wait=False)
        assert "READY=1" in s.recv(4096).decode()


def test_notify_socket_that_is_gone(pooler):
    """Nobody there: the work goes on."""
    p = pooler.make().configure()
    p.start(env={"NOTIFY_SOCKET": p.path("nowhere")})
    assert p.login().one("select 1") == "1"


@contextlib.contextmanager
def passed(p, *sockets):
    """Start it with these as descriptors 3 and up."""
    fds = [s.fileno() for s in sockets]

    def arrange():
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i, inheritable=True)
            os.close(fd)
    ini = p.ini
    path, program = p.program.path, p.program
    p.program = program._replace(path=sys.executable)
    try:
        p.start(["-S", "-c", START, path, ini], env={
            "LISTEN_FDS": str(len(fds))}, preexec_fn=arrange,
            pass_fds=tuple(range(3, 3 + len(fds))), close_fds=True)
    finally:
        p.program = program
    yield p


def test_passed_sockets(pooler):
    """TCP and unix; what the file says of listening is ignored."""
    p = pooler.make().configure()
    path = p.path("passed.sock")
    with socket.create_server(("127.0.0.1", 0)) as tcp, \
            socket.socket(socket.AF_UNIX) as unix:
        unix.bind(path)
        unix.listen(5)
        os.chmod(path, 0o777)
        with passed(p, tcp, unix):
            for where in (tcp.getsockname(), path):
                c = p.conn(where)
                assert c.login("app", "app")[-1] == ("Z", "I")
                assert c.one("select 1") == "1"
            with pytest.raises(ConnectionRefusedError):
                wire.Conn(p.tcp)
            assert p.lines("sockets passed from service manager, "
                           "cf_listen_addr ignored")
            assert p.lines("sockets passed from service manager, "
                           "cf_unix_socket_dir ignored")
            assert p.count("socket passed from service manager") >= 2
            p.signal(signal.SIGQUIT)
            assert p.ended() == 0
        os.unlink(path)


def test_passed_v6_socket(pooler):
    p = pooler.make().configure()
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as tcp:
        with passed(p, tcp):
            c = p.conn(tcp.getsockname()[:2])
            assert c.login("app", "app")[-1] == ("Z", "I")
            p.signal(signal.SIGQUIT)
            assert p.ended() == 0


def test_listen_pid_of_another(pooler):
    """LISTEN_FDS that are meant for somebody else are not taken."""
    p = pooler.make().configure()
    p.start(env={"LISTEN_FDS": "1", "LISTEN_PID": "1"})
    assert p.login().one("select 1") == "1"


def test_journal_stream(pooler):
    """Standard error that is not the journal's stream stays as it is."""
    p = pooler.make().configure()
    p.start(env={"JOURNAL_STREAM": "1:2"})
    wait_for(lambda: p.lines(r"^\d{4}-.* LOG process up"))
