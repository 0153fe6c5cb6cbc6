# SPDX-License-Identifier: ISC
# What a session keeps while it wanders over servers,
# what it is told, and long sessions of every kind against a straight one.
import random
import threading

import pytest

from rig import fakepg, wire
from rig.same import backend, busy_server, same, tidy
from rig.wire import FLUSH, SYNC, bind, execute, parse, query

SETS = ("set application_name to 'it''s \\ mine'",
        "set timezone to 'Asia/Tokyo'", "set datestyle to 'German'",
        "set client_encoding to 'LATIN1'", "set intervalstyle to 'iso_8601'",
        "set standard_conforming_strings to off", "reset timezone",
        "begin", "set application_name to 'inside'", "rollback",
        "begin", "set local timezone to 'UTC'", "show timezone", "commit",
        "show timezone", "reset all", "discard all")
SHOWN = ("application_name", "timezone", "datestyle", "client_encoding",
         "intervalstyle", "standard_conforming_strings")


def test_told_of_changed_parameters(cluster, pooler):
    """ParameterStatus comes as from PostgreSQL itself, and the values hold
    while another client with other values uses the same server."""
    p = pooler(default_pool_size=1)
    straight, pooled = cluster.conn("app"), p.login()
    other = p.login(application_name="other", TimeZone="Europe/Berlin",
                    DateStyle="ISO, DMY", client_encoding="UTF8")
    within = False
    for sql in SETS:
        assert straight.query(sql) == pooled.query(sql), sql
        within = within or sql == "begin"
        if sql in ("commit", "rollback"):
            within = False
        if not within:
            assert other.one("show application_name") == "other"
            assert other.one("show timezone") == "Europe/Berlin"
        for name in SHOWN:
            assert straight.one("show " + name) == \
                pooled.one("show " + name), (sql, name)


def test_tracked_extra(pooler):
    """IntervalStyle is tracked by default."""
    p = pooler(default_pool_size=1)
    one, two = p.login(), p.login()
    one.query("set intervalstyle to 'sql_standard'")
    assert two.one("show intervalstyle") == "postgres"
    assert one.one("show intervalstyle") == "sql_standard"


def test_unreported_parameter_does_not_leak(pooler, fake):
    """A name in track_extra_parameters that the server never reports
    (#1576): no client gets another's value."""
    heard = []

    def script(served):
        served.hello()
        served.welcome()
        served.serve(lambda one, sql: (heard.append(sql),
                                       fakepg.echo(one, sql)))
    server = fake(script)
    p = pooler(track_extra_parameters="IntervalStyle, search_path",
               databases={"app": "host=127.0.0.1 port=%d" % server.port})
    one = p.login(search_path="mine")
    one.query("select 1")
    two = p.login()
    two.query("select 2")
    after = heard[heard.index("select 1") + 1:]
    assert "mine" not in repr(after)


def test_values_are_quoted(pooler):
    """Nothing of a value gets out of its quotes."""
    p = pooler(default_pool_size=1)
    evil = "x'; create table evil_%d(a int); --" % p.port
    c = p.login(application_name=evil)
    assert c.one("show application_name") == evil[:63]
    other = p.login(application_name="a\\'; select 1; \\")
    assert other.one("show application_name") == "a\\'; select 1; \\"
    assert not c.rows("select 1 from pg_class where relname = 'evil_%d'"
                      % p.port)


def test_no_set_without_need(pooler, fake):
    """Values that agree are not set again."""
    heard = []

    def script(served):
        served.hello()
        served.welcome()
        served.serve(lambda one, sql: (heard.append(sql),
                                       fakepg.echo(one, sql)))
    server = fake(script)
    p = pooler(databases={"app": "host=127.0.0.1 port=%d" % server.port})
    c = p.login(TimeZone="gmt", client_encoding="utf8")
    for i in range(3):
        c.query("select %d" % i)
    assert heard == ["select 0", "select 1", "select 2"]


def test_session_mode_keeps_the_server(pooler):
    p = pooler(pool_mode="session", default_pool_size=2)
    one, two = p.login(), p.login()
    pid = backend(one)
    assert backend(two) != pid
    for _ in range(5):
        assert backend(one) == pid
    three = p.login()
    three.send(query("select pg_backend_pid()"))
    p.wait_pool(cl_waiting=1)
    one.finish()
    assert three.answers()[1] == ("D", [str(pid)])


def test_advisory_lock_within_a_transaction(pooler):
    """What ends with the transaction is safe."""
    p = pooler(default_pool_size=2)
    one, two = busy_server(p), busy_server(p)
    assert one.one("select pg_try_advisory_xact_lock(7)") == "t"
    assert two.one("select pg_try_advisory_xact_lock(7)") == "f"
    one.query("commit")
    assert two.one("select pg_try_advisory_xact_lock(7)") == "t"


# ---- model based: random lawful sessions, straight and pooled

def lawful(rand):
    """One random program: a list of (bytes, answers to wait for)."""
    out, names, state = [], set(), "I"

    def simple(sql):
        out.append((query(sql), 1))
    for _ in range(rand.randrange(5, 25)):
        n = rand.randrange(1000)
        kind = rand.randrange(12)
        if kind == 0:
            simple("select %d" % n)
        elif kind == 1:
            simple(rand.choice(("selekt", "select 1/0", "select * from "
                                "nowhere", "", ";", "select 1; select 1/0")))
            state = "E" if state != "I" else "I"
        elif kind == 2 and state == "I":
            simple("begin")
            state = "T"
        elif kind == 3 and state != "I":
            simple(rand.choice(("commit", "rollback")))
            state = "I"
        elif kind == 4:
            out.append((wire.once("select $1::int + 1", [n]), 1))
        elif kind == 5:
            name = "s%d" % rand.randrange(4)
            batch = b""
            if name in names:
                batch += wire.close(name)
                names.discard(name)
            if state == "I":
                batch += parse(name, "select $1::int * %d" % n)
                names.add(name)
            out.append((batch + SYNC, 1))
        elif kind == 6 and names:
            name = rand.choice(sorted(names))
            out.append((bind(name, (n,)) + execute() + SYNC, 1))
        elif kind == 7:
            count = rand.randrange(1, 6)
            out.append((b"".join(wire.once("select %d" % (n + i))
                                 for i in range(count)), count))
        elif kind == 8:
            batch = wire.once("select 1")[:-5] + parse("", "selekt") + \
                bind() + execute() + SYNC
            out.append((batch, 1))
            state = "E" if state != "I" else "I"
        elif kind == 9 and state != "E":
            out.append((query("copy (select generate_series(1, %d)) to "
                              "stdout" % rand.randrange(50)), 1))
        elif kind == 10 and state != "E":
            out.append((query("copy inbox from stdin") + wire.copy_fail(
                "no"), 1))
            state = "E" if state != "I" else "I"
        elif kind == 11 and names:
            name = rand.choice(sorted(names))
            out.append((bind(name, (n,)) + FLUSH + execute() + SYNC
                        + query("select %d" % n), 2))
    if state != "I":
        simple("rollback")
    return out


@pytest.mark.parametrize("seed", range(12))
def test_random_sessions(cluster, pooler, seed):
    """Equal histories."""
    p = pooler(default_pool_size=2, max_prepared_statements=3)
    rand = random.Random(seed)
    for _ in range(8):
        program = lawful(rand)
        cut = rand.randrange(3)

        def script(c):
            for data, n in program:
                if cut:
                    for at in range(0, len(data), cut * 7):
                        c.send(data[at:at + cut * 7])
                else:
                    c.send(data)
                yield c.answers(n)
        same(cluster, p, script)


def test_random_sessions_side_by_side(cluster, pooler):
    """The same, twenty at a time on three servers."""
    p = pooler(default_pool_size=3, max_prepared_statements=4)
    rand = random.Random(99)
    programs = [lawful(rand) for _ in range(20)]
    faults = []

    def one(program):
        with cluster.conn("app") as c:
            want = [tidy(c.send(d).answers(n)) for d, n in program]
        for _ in range(3):
            c = wire.Conn(p.tcp)
            c.login("app", "app")
            for (data, n), answer in zip(program, want):
                got = tidy(c.send(data).answers(n))
                if got != answer:
                    faults.append((data, answer, got))
            c.finish()
    threads = [threading.Thread(target=one, args=(program,))
               for program in programs]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert not faults, faults[0]
