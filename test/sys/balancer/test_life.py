# SPDX-License-Identifier: ISC
# The master and its worker: who ends with what, what is told to whom.
import os
import re
import signal
import socket
import subprocess
import time

import pytest
from rig import balancing
from rig.cluster import free_port
from rig.overseen import Notices, Overseen, accepts, alive, config, until

HELLO = b"hello"


@pytest.fixture(scope="module")
def server():
    return balancing.serve(balancing.say(HELLO))


@pytest.fixture
def make(tmp_path, server):
    made = []

    def start(*args, **kw):
        one = Overseen(balancing.ours(), str(tmp_path), free_port(), server,
                       *args, **kw)
        made.append(one)
        return one
    yield start
    for one in made:
        one.__exit__()


def greeted(port):
    return balancing.ask(port).encode() == HELLO


@pytest.mark.parametrize("number,code,word", [
    (signal.SIGTERM, 143, "Terminated"), (signal.SIGINT, 130, "Interrupt"),
    (signal.SIGUSR1, 0, "Exit")])
def test_master_is_stopped(make, number, code, word):
    m = make().start()
    worker, = m.workers()
    m.signal(number)
    assert m.process.wait(8) == 0
    said = m.said()
    assert "Exiting Master process..." in said
    assert "Current worker (%d) exited with code %d (%s)" % (
        worker, code, word) in said
    assert "All workers exited. Exiting... (0)" in said


@pytest.mark.parametrize("number,code", [
    (signal.SIGKILL, 137), (signal.SIGSEGV, 139), (signal.SIGTERM, 0)])
def test_worker_dies(make, number, code):
    m = make().start()
    os.kill(m.workers()[0], number)
    assert m.process.wait(8) == code
    said = m.said()
    assert ("exit-on-failure: killing every processes with SIGTERM"
            in said) == (code != 0)
    assert "All workers exited. Exiting... (%d)" % code in said


def test_worker_dies_and_is_replaced(make):
    m = make(extra=" master-worker no-exit-on-failure").start()
    os.kill(m.workers()[0], signal.SIGKILL)
    m.until_said("Loading success.", 2)
    assert m.process.poll() is None and greeted(m.port)


def test_no_orphan_holds_the_port(make, server):
    m = make().start()
    worker, = m.workers()
    with balancing.connect(m.port):
        m.process.kill()
        m.process.wait()
        until(lambda: not accepts(m.port), what="a closed port")
    until(lambda: not alive(worker), what="the end of the worker")


def test_sessions_outlive_the_reload(tmp_path):
    port = balancing.serve(balancing.echo)
    with Overseen(balancing.ours(), str(tmp_path), free_port(), port) as m:
        m.start()
        old, = m.workers()
        with balancing.connect(m.port) as s:
            s.sendall(b"one")
            assert s.recv(10) == b"one"
            m.signal(signal.SIGUSR2)
            m.until_said("Loading success.", 2)
            assert len(m.workers()) == 2
            s.sendall(b"two")
            assert s.recv(10) == b"two"
        m.until_said("Former worker (%d) exited with code 0 (Exit)" % old)


def test_old_workers_end_in_time(tmp_path):
    port = balancing.serve(balancing.echo)
    with Overseen(balancing.ours(), str(tmp_path), free_port(), port,
                  extra=" hard-stop-after 300ms") as m:
        m.start()
        with balancing.connect(m.port) as s:
            s.sendall(b"one")
            assert s.recv(10) == b"one"
            m.signal(signal.SIGUSR2)
            assert s.recv(10) == b""
        m.until_said("soft-stop running for too long")
        m.until_said("Former worker")


def test_no_more_reloads_than_allowed(tmp_path):
    port = balancing.serve(balancing.echo)
    with Overseen(balancing.ours(), str(tmp_path), free_port(), port,
                  extra=" mworker-max-reloads 1") as m:
        m.start()
        first, = m.workers()
        with balancing.connect(m.port) as s:
            s.sendall(b"one")
            assert s.recv(10) == b"one"
            m.signal(signal.SIGUSR2)
            m.until_said("Loading success.", 2)
            s.sendall(b"two")
            assert s.recv(10) == b"two"
            m.signal(signal.SIGUSR2)
            assert s.recv(10) == b""
        m.until_said("Former worker (%d) exited with code 143" % first)


def test_a_bad_file_changes_nothing(make):
    m = make().start()
    old = m.workers()
    m.write(m.text + " nonsense here\n")
    m.signal(signal.SIGUSR2)
    m.until_said("Loading failure!")
    assert m.workers() == old and greeted(m.port)
    m.write(m.text)
    m.signal(signal.SIGHUP)
    m.until_said("Loading success.", 2)
    m.until_said("Former worker (%d) exited with code 0 (Exit)" % old[0])
    assert greeted(m.port)


def test_a_worker_that_cannot_start_changes_nothing(make):
    m = make().start()
    old = m.workers()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        m.write(m.text + " bind 127.0.0.1:%d\n" % taken.getsockname()[1])
        m.signal(signal.SIGUSR2)
        m.until_said("Loading failure!")
    said = m.said()
    assert re.search(r"Failed to load worker \(\d+\) exited with code 1 "
                     r"\(Exit\)", said)
    assert m.workers() == old and greeted(m.port)


@pytest.mark.parametrize("more", [" nonsense here\n",
                                  " bind 127.0.0.1:%d\n"])
def test_first_start_fails(make, more):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        m = make(more=more % taken.getsockname()[1] if "%" in more else more)
        assert m.process.wait(8) == 1


def test_reloads_that_meet(make):
    m = make().start()
    for _ in range(5):
        m.signal(signal.SIGUSR2)
        time.sleep(0.01)
    m.until_said("Loading success.", 2)
    until(lambda: len(m.workers()) == 1, what="one worker")
    assert greeted(m.port)


def test_service_manager_hears(make, tmp_path):
    notices = Notices(str(tmp_path / "notify"))
    m = make(mode="-Ws", env={"NOTIFY_SOCKET": notices.path})
    assert notices.next() == \
        "READY=1\nMAINPID=%d\nSTATUS=Ready.\n" % m.pid
    m.signal(signal.SIGUSR2)
    assert re.fullmatch("RELOADING=1\nSTATUS=Reloading Configuration.\n"
                        "MONOTONIC_USEC=\\d+\n", notices.next())
    assert notices.next().startswith("READY=1\nMAINPID=%d\n" % m.pid)
    m.write(m.text + " nonsense here\n")
    m.signal(signal.SIGUSR2)
    assert notices.next().startswith("RELOADING=1\n")
    assert notices.next() == "READY=1\nSTATUS=Reload failed!\n"
    m.signal(signal.SIGTERM)
    assert notices.next() == "STOPPING=1"
    assert m.process.wait(8) == 0


def test_service_manager_in_an_abstract_place(make):
    notices = Notices("\0weir-life-%d" % os.getpid())
    m = make(mode="-Ws",
             env={"NOTIFY_SOCKET": "@weir-life-%d" % os.getpid()})
    assert notices.next().startswith("READY=1\nMAINPID=%d\n" % m.pid)


def test_number_and_directory_stay(make, tmp_path):
    """Relative paths, the pid file, the environment after a reload."""
    m = make("-p", str(tmp_path / "pid"), mode="-W", env={"MINE": "1"})
    m.start()
    m.signal(signal.SIGUSR2)
    m.until_said("Loading success.", 2)
    assert (tmp_path / "pid").read_text() == "%d\n" % m.pid
    worker = m.workers()[0]
    with open("/proc/%d/environ" % m.pid) as f:
        master = f.read().split("\0")
    assert "MINE=1" in master and os.path.exists("/proc/%d" % worker)
    with open("/proc/%d/cmdline" % m.pid) as f:
        assert f.read().split("\0")[1] == "-sf"


def test_relative_paths(tmp_path, server):
    (tmp_path / "h.cfg").write_text(config(str(tmp_path), free_port(),
                                           server))
    log = open(tmp_path / "log2", "w+")
    p = subprocess.Popen([balancing.ours(), "-W", "-f", "h.cfg"],
                         cwd=tmp_path, stdout=log, stderr=log)
    try:
        until(lambda: "Loading success." in (tmp_path / "log2").read_text())
        p.send_signal(signal.SIGUSR2)
        until(lambda: (tmp_path / "log2").read_text()
              .count("Loading success.") == 2)
    finally:
        p.terminate()
        assert p.wait(8) == 0


@pytest.mark.parametrize("mode", ["-W", None])
def test_daemon(tmp_path, server, mode):
    port = free_port()
    pidfile = tmp_path / "pid"
    m = Overseen(balancing.ours(), str(tmp_path), port, server, "-D", "-p",
                 str(pidfile), mode=mode)
    assert m.process.wait(8) == 0
    pid = int(pidfile.read_text())
    try:
        assert greeted(port) and alive(pid)
        assert os.getsid(pid) == pid
        assert os.readlink("/proc/%d/fd/2" % pid) == "/dev/null"
    finally:
        os.kill(pid, signal.SIGTERM)
    until(lambda: not alive(pid))


def test_daemon_that_cannot_start(tmp_path, server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for mode in ("-W", None):
            m = Overseen(balancing.ours(), str(tmp_path),
                         taken.getsockname()[1], server, "-D", mode=mode)
            assert m.process.wait(8) == 1
