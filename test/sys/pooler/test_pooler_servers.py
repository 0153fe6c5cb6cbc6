# SPDX-License-Identifier: ISC
# Trouble behind and before the pooler: servers
# that die or restart, clients that vanish, COPY that fails, resets that
# fail, descriptors that run out. The pooler goes on.
import contextlib
import resource
import signal
import socket
import threading
import time

import pytest

from rig import fakepg, wire
from rig.cluster import wait_for
from rig.program import regime
from rig.same import backend, busy_server, code
from rig.wire import EOF, SYNC, bind, execute, parse, query

DB = "host=127.0.0.1 port=$PG dbname=app"

# An engine's buffers, of each loop.
MOST_BUFFERS = (4 << 20) * (regime["threads"] or 1)


def active(cluster, pid):
    """The backend's state, or None when it is gone."""
    rows = cluster.sql("select state from pg_stat_activity where pid = %d"
                       % int(pid))
    return rows and rows[0][0]


# ---- PostgreSQL dies

@pytest.mark.parametrize("how", (signal.SIGINT, signal.SIGQUIT))
def test_restart_of_postgres(pooler, own_cluster, how):
    """F2: fast and crash; clients in a transaction end, service returns
    within server_login_retry and a second."""
    p = pooler(server_login_retry=1, databases={
        "app": "host=127.0.0.1 port=%d dbname=app" % own_cluster.port})
    busy, idle = busy_server(p), p.login()
    idle.query("select 1")
    own_cluster.stop(how)
    said = busy.rest()
    assert said[-1] == EOF and wire.error(said)
    p.wait_pool(sv_idle=0, sv_active=0)
    own_cluster.start()
    start = time.monotonic()
    while True:
        said = idle.send(query("select 2")).until("Z")
        if said[-1] == ("Z", "I"):
            break
        idle = p.login(where=None)
        assert time.monotonic() - start < 3
    assert said[1] == ("D", ["2"])
    assert p.running()


def test_query_while_postgres_restarts(pooler, own_cluster):
    """A query sent while nothing listens waits and is answered."""
    p = pooler(server_login_retry=1, databases={
        "app": "host=127.0.0.1 port=%d dbname=app" % own_cluster.port})
    c = p.login()
    c.query("select 1")
    own_cluster.stop()
    p.wait_pool(sv_idle=0)
    c.send(query("select 2"))
    assert c.quiet(0.3)
    own_cluster.start()
    assert c.answers()[1] == ("D", ["2"])


@pytest.mark.parametrize("mode", ("transaction", "session"))
def test_backend_killed_in_transaction(pooler, own_cluster, mode):
    """F1, kill -9: one client ends, the transaction is not replayed.
    (PostgreSQL restarts all its backends after a kill -9.)"""
    p = pooler(pool_mode=mode, server_login_retry=1, databases={
        "app": "host=127.0.0.1 port=%d dbname=app" % own_cluster.port})
    c = busy_server(p)
    c.query("insert into inbox values (900, 'lost')")
    own_cluster.kill_backend(backend(c))
    said = c.rest()
    assert said[-1] == EOF
    assert wire.error(said)

    def back():
        with contextlib.suppress(AssertionError, wire.Refused):
            other = p.login()
            return other.rows("select count(*) from inbox where id = 900")
    assert wait_for(back) == [["0"]]


def test_backend_terminated_while_idle(pooler, cluster):
    """Clients notice nothing of the death of an idle server."""
    p = pooler()
    cs = [p.login() for _ in range(3)]
    for _ in range(5):
        pid = backend(cs[0])
        cluster.sql("select pg_terminate_backend(%d)" % pid)
        wait_for(lambda: not [s for s in p.servers()
                              if int(s["remote_pid"]) == pid])
        for c in cs:
            assert c.one("select 1") == "1"


def test_server_dies_between_two_of_a_pipeline(pooler, fake):
    """The client is told; nothing is sent twice."""
    heard = []

    def answer(served, sql):
        heard.append(sql)
        if len(heard) == 2:
            raise fakepg.Gone
        fakepg.echo(served, sql)

    def script(served):
        served.hello()
        served.welcome()
        served.serve(answer)
    server = fake(script)
    p = pooler(databases={"app": "host=127.0.0.1 port=%d" % server.port})
    c = p.login()
    c.send(query("one"), query("two"), query("three"))
    said = c.rest()
    assert ("D", ["one"]) in said and said[-1] == EOF
    assert heard.count("one") == 1 and heard.count("two") == 1


def test_fatal_of_server_then_eof(pooler, cluster):
    """Forwarded, then our own, then the end (11)."""
    p = pooler()
    c = busy_server(p)
    cluster.sql("select pg_terminate_backend(%d)" % backend(c))
    said = c.rest()
    assert [m[1]["C"] for m in said if m[0] == "E"] == ["57P01", "08P01"]
    assert said[-2][1]["M"] == "server conn crashed?"


# ---- clients vanish

@pytest.mark.parametrize("how", ("drop", "reset"))
@pytest.mark.parametrize("when", ("query", "transaction", "copy-in",
                                  "copy-out", "half-message", "pipeline",
                                  "prepared"))
def test_client_vanishes(pooler, cluster, when, how):
    """F3: nothing of its server is used again, and no backend stays in a
    transaction."""
    p = pooler(default_pool_size=1)
    c = p.login()
    pid = backend(c)
    if when == "query":
        c.send(query("select pg_sleep(1)"))
    elif when == "transaction":
        c.query("begin")
        c.query("insert into inbox values (901, 'x')")
    elif when == "copy-in":
        c.send(query("copy inbox from stdin"))
        c.until("G")
        c.send(wire.copy_data("902\tx\n"))
    elif when == "copy-out":
        c.send(query("copy (select repeat('x', 1000), n from "
                     "generate_series(1, 200000) n) to stdout"))
        c.until("d")
    elif when == "half-message":
        c.send(query("begin"))
        c.answers()
        c.send(query("select 12345")[:9])
    elif when == "pipeline":
        c.send(*(query("select pg_sleep(0.05)") for _ in range(20)))
    elif when == "prepared":
        c.send(query("begin"), parse("a", "select pg_sleep(0.1)"),
               bind("a"), execute())
    wait_for(lambda: p.pool()["sv_active"] == 1)
    getattr(c, how)()
    p.wait_pool(cl_active=0)
    other = p.login()
    assert backend(other) != pid
    assert other.rows("select count(*) from inbox where id > 900") == [
        ["0"]]
    assert other.query("select 1") == [
        ("T", [("?column?", "int4")]), ("D", ["1"]), ("C", "SELECT 1"),
        ("Z", "I")]
    wait_for(lambda: active(cluster, pid) not in ("idle in transaction",
                                                  "idle"), 3)


def test_client_vanishes_while_waiting(pooler):
    p = pooler(default_pool_size=1)
    holder = busy_server(p)
    for _ in range(20):
        c = p.login()
        c.send(query("select 1"))
        c.reset()
    holder.query("commit")
    assert p.login().one("select 2") == "2"
    p.wait_pool(cl_waiting=0, sv_active=0)


@pytest.mark.parametrize("what, pieces", [
    (query("select 1"), (1, 2, 3, 4)), (parse("a", "select 1"), (7, 9, 12))],
    ids=("a head", "a statement's text"))
def test_pieces_hold_no_server(pooler, what, pieces):
    """H1: as long as too little has come to be passed on, others go on."""
    p = pooler(default_pool_size=1)
    slow, other = p.login(), p.login()
    for start, end in zip((0,) + pieces, pieces + (None,)):
        slow.send(what[start:end])
        if end is not None:
            time.sleep(0.1)  # the piece has arrived alone
            assert other.one("select 2") == "2"
    slow.send(SYNC)
    assert not any(m[0] == "E" for m in slow.answers())


def test_half_close_of_client(pooler):
    """A client that has said all and still listens."""
    p = pooler()
    c = p.login()
    c.send(query("select 5"), wire.TERMINATE)
    c.sock.shutdown(socket.SHUT_WR)
    assert c.rest()[-1] == EOF
    assert p.login().one("select 1") == "1"


def test_deaf_client(pooler):
    """A client that does not read holds no memory of the pooler, but
    for what an engine's buffers take once."""
    p = pooler(default_pool_size=8)
    p.login().query("select 1")
    before = p.rss()
    deaf = []
    for _ in range(4):
        c = p.login()
        c.send(query("select repeat('x', 1000) from "
                     "generate_series(1, 100000)"))
        deaf.append(c)
    time.sleep(1)  # what fits on the way is sent
    assert p.rss() - before < MOST_BUFFERS
    assert p.login("other").one("select 1") == "1"
    got = deaf[0].answers()
    assert sum(m[0] == "D" for m in got) == 100000


def test_deaf_server(pooler, fake):
    """A server that does not read holds its client, and no memory, as
    above."""
    def script(served):
        served.hello()
        served.welcome()
        time.sleep(3)  # longer than anybody waits
    server = fake(script)
    p = pooler(databases={"bad": "host=127.0.0.1 port=%d" % server.port,
                          "app": DB})
    c = p.login(database="bad")
    before = p.rss()
    c.sock.settimeout(0.5)
    with contextlib.suppress(OSError):
        c.sock.sendall(query("x" * (60 << 20)))
    assert p.rss() - before < MOST_BUFFERS
    assert p.login().one("select 1") == "1"


# ---- COPY

@pytest.mark.parametrize("end", (wire.COPY_DONE, wire.copy_fail("late")))
def test_late_copy_packets(pooler, end):
    """10.3: data and end of a COPY that has failed never hold a server."""
    p = pooler(default_pool_size=1)
    c = p.login()
    c.send(query("copy inbox from stdin"))
    c.until("G")
    c.send(wire.copy_data("nonsense\n"))
    assert code(c.answers()) == "22P02"
    c.send(wire.copy_data("1\tlate\n") * 3, end)
    other = p.login()
    assert other.one("select 1") == "1"
    assert c.one("select 2") == "2"
    assert c.one("select count(*) from inbox") == "0"
    assert p.pool()["sv_active"] == 0


def test_late_copy_packets_in_one_piece(pooler):
    p = pooler(default_pool_size=1)
    for _ in range(5):
        c = p.login()
        c.send(query("copy inbox from stdin"),
               wire.copy_data("nonsense\n"), wire.copy_data("1\tx\n"),
               wire.COPY_DONE, query("select 3"))
        said = c.answers(2)
        assert code(said) == "22P02"
        assert said[-3] == ("D", ["3"])
        assert p.login().one("select 4") == "4"


def test_copy_of_unknown_table(pooler):
    """The COPY is refused before a byte of data, which comes anyhow."""
    p = pooler(default_pool_size=1)
    c = p.login()
    c.send(query("copy nowhere from stdin"), wire.copy_data("1\n" * 1000),
           wire.COPY_DONE)
    assert code(c.answers()) == "42P01"
    assert p.login().one("select 1") == "1"
    assert c.one("select 2") == "2"


def test_copy_extended_with_syncs(pooler):
    """Sync messages during COPY IN are not answered."""
    p = pooler(default_pool_size=1)
    c = p.login()
    c.query("begin")
    c.send(parse("", "copy inbox from stdin"), bind(), execute(), SYNC)
    c.until("G")
    c.send(wire.copy_data("903\tx\n"), SYNC, wire.COPY_DONE, SYNC)
    said = c.answers()
    assert ("C", "COPY 1") in said
    assert c.query("rollback")[-1] == ("Z", "I")
    assert p.login().one("select 1") == "1"


def test_copy_both_ways_at_length(pooler):
    """A hundred thousand rows in and out again."""
    p = pooler(default_pool_size=1)
    c = p.login()
    t = "copied_%d" % p.port
    c.query("create table %s(a int, b text)" % t)
    data = "".join("%d\tword %d\n" % (i, i) for i in range(100000))
    c.send(query("copy %s from stdin" % t))
    c.until("G")
    for at in range(0, len(data), 10000):
        c.send(wire.copy_data(data[at:at + 10000]))
    c.send(wire.COPY_DONE)
    assert ("C", "COPY 100000") in c.answers()
    got = c.query("copy %s to stdout" % t)
    assert "".join(m[1] for m in got if m[0] == "d") == data
    c.query("drop table " + t)


# ---- resets and checks

@pytest.mark.parametrize("failing", ("selekt", "select 1/0"))
def test_failing_reset_closes_the_server(pooler, failing):
    """The anchor uses it again, dirty."""
    p = pooler(pool_mode="session", default_pool_size=1,
               server_reset_query=failing)
    c = p.login()
    pid = backend(c)
    c.query("set statement_timeout to '77s'")
    c.finish()
    other = p.login()
    assert other.one("show statement_timeout") == "0"
    assert backend(other) != pid


def test_server_that_dies_of_its_check(pooler, fake):
    """The waiting client gets another one."""
    def answer(served, sql):
        if sql == "check" and served.number == 0:
            raise fakepg.Gone
        fakepg.echo(served, sql)

    def script(served):
        served.hello()
        served.welcome()
        served.serve(answer)
    server = fake(script)
    p = pooler(server_check_delay=0, server_check_query="check",
               databases={"app": "host=127.0.0.1 port=%d" % server.port})
    c = p.login()
    assert c.one("select 1") == "select 1"
    assert c.one("select 2") == "select 2"
    assert len(server.served) == 2


def test_session_state_is_reset(pooler):
    """What a session left behind is gone for the next client."""
    p = pooler(pool_mode="session", default_pool_size=1)
    c = p.login()
    pid = backend(c)
    for sql in ("set statement_timeout to '55s'", "set role other",
                "create temp table left_behind(a int)", "listen ears",
                "prepare mine as select 1", "select pg_advisory_lock(42)",
                "declare c cursor with hold for select 1",
                "set session characteristics as transaction read only"):
        assert not wire.error(c.query(sql)), sql
    c.finish()
    other = p.login()
    assert backend(other) == pid
    assert other.one("show statement_timeout") == "0"
    assert other.one("select current_user") == "app"
    assert other.one("select to_regclass('left_behind') is null") == "t"
    for view in ("pg_prepared_statements", "pg_cursors"):
        assert other.one("select count(*) from " + view) == "0"
    assert other.one("select count(*) from pg_listening_channels()") == "0"
    assert other.one("select count(*) from pg_locks where locktype = "
                     "'advisory'") == "0"
    assert other.one("show default_transaction_read_only") == "off"


# ---- descriptors

def test_full_descriptor_table(pooler):
    """No spinning while full; service again within two seconds."""
    p = pooler(max_client_conn=1000, start={"preexec_fn": lambda:
               resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))})
    c = p.login()
    c.query("select 1")
    crowd = []
    for _ in range(40):
        with contextlib.suppress(OSError):
            crowd.append(wire.Conn(p.tcp))
    time.sleep(0.3)  # the backlog fills
    used, start = p.cpu(), time.monotonic()
    assert c.one("select 1") == "1"
    time.sleep(1)  # how much time it takes in one
    assert p.cpu() - used < 0.4 * (time.monotonic() - start) + 0.1
    for one in crowd:
        one.drop()
    start = time.monotonic()

    def served():
        with contextlib.suppress(OSError, AssertionError, TimeoutError):
            with wire.Conn(p.tcp, limit=0.5) as one:
                return one.login("app", "app")[-1] == ("Z", "I")
    wait_for(served, 4)
    assert time.monotonic() - start <= 2.2
    assert c.one("select 2") == "2"


def test_descriptors_come_back(pooler):
    """Sessions of all kinds of ends leave no descriptor."""
    p = pooler(default_pool_size=2)
    c = p.login()
    c.query("select 1")
    before = p.fds()
    for i in range(200):
        one = wire.Conn(p.tcp)
        if i % 4:
            one.login("app", "app" if i % 4 == 1 else "nowhere")
        if i % 2:
            one.reset()
        else:
            one.drop()
    wait_for(lambda: p.fds() <= before + 1)


# ---- much at once

def test_isolation(pooler):
    """Small: many clients, the same statement
    names with different texts, tracked settings, errors, cancels."""
    p = pooler(default_pool_size=8, max_client_conn=1000,
               max_prepared_statements=5)
    faults, stop = [], time.monotonic() + 4

    def one(n):
        try:
            c = wire.Conn(p.tcp)
            c.login("app", "app", application_name="client %d" % n)
            c.run(parse("mine", "select $1::text || ' of %d'" % n), SYNC)
            i = 0
            while time.monotonic() < stop:
                i += 1
                nonce = "%d-%d" % (n, i)
                said = c.run(bind("mine", (nonce,)), execute(), SYNC)
                assert said[1] == ("D", ["%s of %d" % (nonce, n)]), said
                assert c.one("show application_name") == "client %d" % n
                if i % 5 == 0:
                    assert code(c.query("select 1/0 -- " + nonce)) == \
                        "22012"
                if i % 7 == 0:
                    c.query("begin")
                    assert c.one("select '%s'" % nonce) == nonce
                    c.query("commit")
            c.drop()
        except Exception as why:
            faults.append(repr(why))
    threads = [threading.Thread(target=one, args=(n,)) for n in range(24)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not faults, faults[0]


def test_idle_processor(pooler):
    """Nothing to do costs nothing."""
    p = pooler()
    c = p.login()
    c.query("select 1")
    time.sleep(0.2)  # the work of the login is over
    used = p.cpu()
    time.sleep(1.5)  # how much time idling takes in that
    assert p.cpu() - used <= 0.05
