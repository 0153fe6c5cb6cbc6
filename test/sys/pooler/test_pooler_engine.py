# SPDX-License-Identifier: ISC
# Which engine a pooler runs on, how it says so, and what it does where
# io_uring is forbidden.
import ctypes
import errno
import os
import platform
import re
import resource
import signal
import time

import pytest

from rig import features, program, wire
from rig.cluster import free_port, wait_for

NR_SECCOMP = {"x86_64": 317, "aarch64": 277}.get(platform.machine())
NR_IO_URING_SETUP = 425
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
RET_ALLOW, RET_ERRNO = 0x7FFF0000, 0x00050000


class Step(ctypes.Structure):
    """One instruction of a seccomp filter."""
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte),
                ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class Filter(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("steps", ctypes.POINTER(Step))]


def without_uring(error=errno.EPERM):
    """For a child before its program: io_uring_setup ends so, as in a
    container whose runtime forbids it."""
    libc = ctypes.CDLL(None, use_errno=True)
    steps = (Step * 4)(
        Step(0x20, 0, 0, 0),                    # load the call's number
        Step(0x15, 0, 1, NR_IO_URING_SETUP),    # another: skip one
        Step(0x06, 0, 0, RET_ERRNO | error),
        Step(0x06, 0, 0, RET_ALLOW))
    rules = Filter(len(steps), steps)

    def forbid():
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
                PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(rules), 0, 0):
            raise OSError(ctypes.get_errno(), "seccomp")
    return forbid


def engine_of(p):
    return p.weir()["engine"]


def works(p):
    assert p.login().one("select 6 * 7") == "42"


# ---- words

def test_event_by_environment(pooler):
    p = pooler(start={"env": {"WEIR_ENGINE": "event"}})
    assert engine_of(p) == "event"
    works(p)


@pytest.mark.needs("uring")
def test_uring_by_environment(pooler):
    p = pooler(start={"env": {"WEIR_ENGINE": "uring"}})
    assert engine_of(p) == "uring"
    works(p)


@pytest.mark.needs("uring")
@pytest.mark.parametrize("word", ("auto", ""))
def test_uring_where_it_works(pooler, word):
    p = pooler(start={"env": {"WEIR_ENGINE": word}})
    assert engine_of(p) == "uring"
    works(p)


def test_auto_is_one_of_them(pooler):
    p = pooler(start={"env": {"WEIR_ENGINE": ""}})
    assert engine_of(p) in ("event", "uring")


@pytest.mark.parametrize("word", ("steam", "URING ", "event,uring", "0"))
def test_nonsense_in_the_environment(pooler, word):
    """An error that names the word, and no pooler."""
    p = pooler.make().configure()
    code, _, err = p.run(WEIR_ENGINE=word)
    assert code == 1
    assert re.search(r"FATAL.*engine.*%s" % re.escape(word), err), err


def test_event_by_setting(pooler):
    p = pooler(side={"engine": "event"}, start={"env": {"WEIR_ENGINE": ""}})
    assert engine_of(p) == "event"
    works(p)


@pytest.mark.needs("uring")
def test_uring_by_setting(pooler):
    p = pooler(side={"engine": "uring"}, start={"env": {"WEIR_ENGINE": ""}})
    assert engine_of(p) == "uring"


@pytest.mark.needs("uring")
@pytest.mark.parametrize("setting,word", (("event", "uring"),
                                          ("uring", "event")))
def test_the_environment_wins(pooler, setting, word):
    p = pooler(side={"engine": setting},
               start={"env": {"WEIR_ENGINE": word}})
    assert engine_of(p) == word


def test_nonsense_in_the_setting(pooler):
    p = pooler.make().configure(side={"engine": "steam"})
    code, _, err = p.run(WEIR_ENGINE="")
    assert code == 1 and "pooler.ini.weir:2" in err and "steam" in err, err


def test_reload_does_not_change_it(pooler):
    """Like all that is read at start alone."""
    p = pooler(side={"engine": "event"}, start={"env": {"WEIR_ENGINE": ""}})
    c = p.login()
    p.reload(side={"engine": "auto"})
    assert engine_of(p) == "event"
    assert c.one("select 1") == "1"


# ---- where it is forbidden

needs_seccomp = pytest.mark.skipif(NR_SECCOMP is None,
                                   reason="no seccomp numbers for this "
                                   "processor")


@needs_seccomp
@pytest.mark.parametrize("error", (errno.EPERM, errno.ENOSYS, errno.EACCES,
                                   errno.ENOMEM, errno.EINVAL))
def test_falls_back_where_it_is_forbidden(pooler, error):
    """Silently but for one line: serving matters more."""
    p = pooler(start={"env": {"WEIR_ENGINE": "auto"
                              if features.lacks("uring") is None else ""},
                      "preexec_fn": without_uring(error)})
    assert engine_of(p) == "event"
    works(p)
    assert not p.lines("FATAL|ERROR")
    if features.lacks("uring") is None:
        assert p.count("uring") == 1, p.log()


@needs_seccomp
@pytest.mark.needs("threads")
def test_falls_back_on_every_loop(pooler):
    p = pooler(side={"threads": 4}, start={
        "env": {"WEIR_ENGINE": ""}, "preexec_fn": without_uring()})
    assert engine_of(p) == "event"
    for c in [p.login() for _ in range(8)]:
        assert c.one("select 1") == "1"


@needs_seccomp
def test_forced_where_it_is_forbidden(pooler):
    """Somebody insisted: an error that says why, no silent other way."""
    p = pooler.make().configure()
    p.expect = 1
    p.start(wait=False, env={"WEIR_ENGINE": "uring"},
            preexec_fn=without_uring())
    assert p.ended() == 1
    assert p.lines("FATAL.*engine.*uring"), p.log()


@pytest.mark.needs("uring")
def test_no_memory_to_lock(pooler):
    """Kernels before 5.12 charge the rings to RLIMIT_MEMLOCK: on whichever
    engine, it serves."""
    p = pooler(start={
        "env": {"WEIR_ENGINE": ""}, "preexec_fn": lambda:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))})
    works(p)


@pytest.mark.needs("uring")
def test_few_descriptors(pooler):
    """The rings' descriptors are counted among the ones it may have."""
    p = pooler(max_client_conn=30, start={
        "env": {"WEIR_ENGINE": ""}, "preexec_fn": lambda:
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))})
    works(p)


# ---- killed and started again

def test_restart_after_a_kill(pooler, cluster):
    """kill -9 with work under way, and at once again on the same port, 20
    times. A ring's sockets outlive their process by milliseconds: the bind
    is tried again."""
    p = pooler.make().configure(default_pool_size=5)
    p.expect = None
    p.start()
    for number in range(20):
        held = [p.conn() for _ in range(20)]
        for c in held:
            c.send(wire.startup(user="app", database="app"),
                   wire.query("select %d, pg_sleep(0.2)" % number))
        held[0].until("R")
        p.process.kill()
        p.process.wait()
        os.truncate(p.path("stderr"), 0)
        before = time.monotonic()
        p.start()
        assert p.login().one("select %d" % number) == str(number)
        assert time.monotonic() - before < 5
        for c in held:
            c.drop()
    assert not p.lines("FATAL|ERROR"), p.log()


def test_a_port_in_use_is_still_an_error(pooler):
    """The retry at start ends: another process that has the port is told
    about, soon."""
    one = pooler()
    two = pooler.make()
    two.port = one.port
    two.configure(unix_socket_dir="")
    before = time.monotonic()
    code, _, err = two.run()
    assert code == 1 and str(one.port) in err, err
    assert time.monotonic() - before < 5
    works(one)


def test_orderly_end_frees_the_port(pooler):
    """A clean end under load, and at once the next one, several times."""
    port = free_port()
    for _ in range(5):
        p = pooler.make()
        p.port = port
        p.configure().start()
        held = [p.login() for _ in range(10)]
        for c in held:
            c.send(wire.query("select pg_sleep(5)"))
        p.wait_pool(sv_active=10)
        p.signal(signal.SIGTERM if program.ours().ours else signal.SIGINT)
        p.signal(signal.SIGQUIT)
        assert p.ended() == 0
        wait_for(lambda: all(c.closed() for c in held))
