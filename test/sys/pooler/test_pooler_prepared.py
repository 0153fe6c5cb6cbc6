# SPDX-License-Identifier: ISC
# Prepared statements across servers: a client's names
# work on whatever server it gets, in pipelines, after errors, beyond the
# limit of what a server keeps.
import pytest

from rig import wire
from rig.same import backend, busy_server, code, same
from rig.wire import (SYNC, bind, close, describe, execute, fatal, parse,
                      query)

NAMES = "select name from pg_prepared_statements order by prepare_time, name"


def run(name, *args):
    return bind(name, args) + execute()


# ---- equal to a straight connection

SCRIPTS = {
    "parse-bind": lambda c: [
        c.run(parse("a", "select $1::int + 1"), SYNC),
        c.run(run("a", 1), SYNC), c.run(run("a", 2), SYNC)],
    "describe": lambda c: [
        c.run(parse("a", "select $1::int as x, $2::text as y"), SYNC),
        c.run(describe("a"), SYNC),
        c.run(bind("a", (1, "z")), describe("", "P"), execute(), SYNC)],
    "close-and-again": lambda c: [
        c.run(parse("a", "select 1"), SYNC), c.run(close("a"), SYNC),
        c.run(parse("a", "select 'other'"), SYNC), c.run(run("a"), SYNC)],
    "close-unknown": lambda c: [c.run(close("never"), SYNC)],
    "two-names": lambda c: [
        c.run(parse("a", "select 1"), parse("b", "select 2"), SYNC),
        c.run(run("b"), run("a"), SYNC)],
    "same-text-two-names": lambda c: [
        c.run(parse("a", "select 5"), parse("b", "select 5"), SYNC),
        c.run(run("a"), run("b"), SYNC), c.run(close("a"), SYNC),
        c.run(run("b"), SYNC)],
    "pipeline": lambda c: [
        c.run(parse("a", "select $1::int"), run("a", 1), run("a", 2),
              close("a"), parse("a", "select $1::text"), run("a", "x"),
              SYNC)],
    "pipeline-of-syncs": lambda c: [
        c.send(parse("a", "select $1::int"), SYNC, run("a", 1), SYNC,
               run("a", 2), SYNC).answers(3)],
    "error-in-parse": lambda c: [
        c.run(parse("a", "selekt"), SYNC), c.run(parse("a", "select 1"),
                                                 SYNC), c.run(run("a"),
                                                              SYNC)],
    "error-behind-parse": lambda c: [
        c.run(parse("a", "select 1/$1::int"), run("a", 0),
              parse("b", "select 2"), SYNC),
        c.run(run("a", 1), SYNC), c.run(parse("b", "select 3"), SYNC),
        c.run(run("b"), SYNC)],
    "error-before-parse": lambda c: [
        c.run(parse("", "selekt"), parse("a", "select 1"), run("a"), SYNC),
        c.run(parse("a", "select 2"), SYNC), c.run(run("a"), SYNC)],
    "error-before-close": lambda c: [
        c.run(parse("a", "select 1"), SYNC),
        c.run(parse("", "selekt"), close("a"), SYNC),
        c.run(run("a"), SYNC)],
    "error-in-bind": lambda c: [
        c.run(parse("a", "select $1::int"), bind("a", ("x",)), execute(),
              SYNC), c.run(run("a", 7), SYNC)],
    "unnamed-between": lambda c: [
        c.run(parse("a", "select 1"), parse("", "select 2"), bind(),
              execute(), run("a"), SYNC)],
    "in-transaction": lambda c: [
        c.query("begin"), c.run(parse("a", "select 1"), SYNC),
        c.run(run("a"), SYNC), c.query("commit"), c.run(run("a"), SYNC)],
    "rolled-back": lambda c: [
        c.query("begin"), c.run(parse("a", "select 1"), SYNC),
        c.query("rollback"), c.run(run("a"), SYNC)],
    "in-failed-transaction": lambda c: [
        c.query("begin"), c.query("select 1/0"),
        c.run(parse("a", "select 1"), SYNC), c.query("rollback"),
        c.run(parse("a", "select 2"), SYNC), c.run(run("a"), SYNC)],
    "types-given": lambda c: [
        c.run(parse("a", "select $1", (23,)), describe("a"), SYNC),
        c.run(run("a", 3), SYNC)],
    "flush": lambda c: [
        c.send(parse("a", "select 1"), wire.FLUSH).take(1),
        c.send(run("a"), wire.FLUSH).take(3), c.run(SYNC)],
    "portal-in-pieces": lambda c: [
        c.run(parse("a", "select generate_series(1, 5)"), bind("a"),
              execute(rows=2), execute(rows=2), execute(), SYNC)],
    "named-portal": lambda c: [
        c.query("begin"), c.run(parse("a", "select generate_series(1, 3)"),
                                bind("a", portal="p"),
                                execute("p", 1), SYNC),
        c.run(execute("p", 1), close("p", "P"), SYNC), c.query("commit")],
    "empty-statement": lambda c: [
        c.run(parse("a", ""), SYNC), c.run(run("a"), SYNC)],
    "mixed-with-queries": lambda c: [
        c.send(query("select 1"), parse("a", "select 2"), run("a"), SYNC,
               query("select 3"), run("a"), SYNC).answers(4)],
    "copy-by-name": lambda c: [
        c.run(parse("a", "copy (select 1) to stdout"), run("a"), SYNC)],
    "deallocate-all": lambda c: [
        c.run(parse("a", "select 1"), SYNC), c.query("deallocate all"),
        c.run(parse("a", "select 2"), SYNC), c.run(run("a"), SYNC)],
    "deallocate-all-in-pipeline": lambda c: [
        c.run(parse("a", "select 1"), SYNC),
        c.run(parse("", "deallocate all"), bind(), execute(),
              parse("b", "select 2"), run("b"), SYNC),
        c.run(run("b"), SYNC), c.run(parse("a", "select 3"), SYNC),
        c.run(run("a"), SYNC)],
    "deallocate-all-between-syncs": lambda c: [
        c.run(parse("a", "select 1"), SYNC),
        c.send(query("deallocate all"), parse("b", "select 2"), SYNC,
               run("b"), SYNC).answers(3), c.run(run("b"), SYNC)],
    "discard-all": lambda c: [
        c.run(parse("a", "select 1"), SYNC), c.query("discard all"),
        c.run(parse("a", "select 2"), SYNC), c.run(run("a"), SYNC)],
    "long-text": lambda c: [
        c.run(parse("a", "select length('" + "x" * 100000 + "')"), SYNC),
        c.run(run("a"), SYNC)],
    "large-argument": lambda c: [
        c.run(parse("a", "select length($1)"), SYNC),
        c.run(run("a", "y" * 3000000), SYNC)],
    "long-name": lambda c: [
        c.run(parse("n" * 60, "select 1"), SYNC), c.run(run("n" * 60),
                                                        SYNC)],
}


@pytest.mark.parametrize("mode", ("transaction", "session"))
@pytest.mark.parametrize("name", SCRIPTS)
def test_as_straight(cluster, pooler, name, mode):
    p = pooler(pool_mode=mode)
    same(cluster, p, SCRIPTS[name])
    same(cluster, p, SCRIPTS[name])    # now the servers know the statements


@pytest.mark.parametrize("name", SCRIPTS)
def test_byte_by_byte(cluster, pooler, name):
    """Messages cut anywhere; long ones are cut into pieces."""
    p = pooler()

    def script(c):
        send = c.send

        def slowly(*messages):
            data = b"".join(messages)
            step = max(1, len(data) // 300)
            for at in range(0, len(data), step):
                send(data[at:at + step])
            return c
        if c.sock.getpeername()[1] == p.port:
            c.send = slowly
        return SCRIPTS[name](c)
    same(cluster, p, script)


# ---- moving between servers

def test_follows_the_client(pooler):
    """A name prepared on one server is used on another."""
    p = pooler(default_pool_size=3)
    c = p.login()
    c.run(parse("a", "select pg_backend_pid(), $1::int"), SYNC)
    seen, held = set(), []
    for i in range(3):
        said = c.run(run("a", i), SYNC)
        assert wire.kinds(said) == "2DCZ"
        pid, n = said[1][1]
        assert n == str(i)
        seen.add(pid)
        holder = p.login()
        holder.query("begin")
        assert holder.one("select pg_backend_pid()") == pid
        held.append(holder)
    assert len(seen) == 3


def test_same_name_other_text(pooler):
    """Each client has its own names, however equal."""
    p = pooler(default_pool_size=1)
    cs = [p.login() for _ in range(5)]
    for i, c in enumerate(cs):
        assert wire.kinds(c.run(parse("s", "select 'text %d'" % i),
                                SYNC)) == "1Z"
    for _ in range(3):
        for i, c in enumerate(cs):
            assert c.run(run("s"), SYNC)[1] == ("D", ["text %d" % i])


def test_server_names(pooler):
    """What stands on the server: PGBOUNCER_n, once for a text."""
    p = pooler(default_pool_size=1)
    for name in ("x", "y"):
        c = p.login()
        c.run(parse(name, "select 1"), SYNC)
        c.run(run(name), SYNC)
    c.run(parse("z", "select 2"), SYNC)
    names = [r[0] for r in c.rows(NAMES)]
    assert len(names) == 2
    assert all(n.startswith("PGBOUNCER_") and n[10:].isdigit()
               for n in names)


def test_types_make_a_difference(pooler):
    p = pooler(default_pool_size=1)
    c = p.login()
    c.run(parse("a", "select $1", (23,)), parse("b", "select $1", (25,)),
          SYNC)
    assert c.run(describe("a"), SYNC)[0] == ("t", ["int4"])
    assert c.run(describe("b"), SYNC)[0] == ("t", ["text"])
    assert len(c.rows(NAMES)) == 2


def test_parse_known_to_the_server_is_not_sent(pooler):
    p = pooler(default_pool_size=1)
    one, two = p.login(), p.login()
    one.run(parse("a", "select 1"), SYNC)
    before = p.show("STATS")[0]
    assert wire.kinds(two.run(parse("b", "select 1"), SYNC)) == "1Z"
    after = p.show("STATS")[0]
    assert int(after["total_client_parse_count"]) == \
        int(before["total_client_parse_count"]) + 1
    assert after["total_server_parse_count"] == \
        before["total_server_parse_count"]


def test_counters(pooler):
    p = pooler(default_pool_size=1)
    c = p.login()
    c.run(parse("a", "select 1"), SYNC)
    for _ in range(4):
        c.run(run("a"), SYNC)
    c.run(wire.once("select 1"))
    row = [r for r in p.show("STATS") if r["database"] == "app"][0]
    assert (row["total_client_parse_count"], row["total_server_parse_count"],
            row["total_bind_count"]) == ("1", "1", "4")


def test_client_column(pooler):
    p = pooler()
    c = p.login(application_name="me")
    c.run(parse("a", "select 1"), parse("b", "select 2"), SYNC)
    row = [r for r in p.show("CLIENTS") if r["application_name"] == "me"][0]
    assert row["prepared_statements"] == "2"
    assert p.show("SERVERS")[0]["prepared_statements"] == "2"


# ---- the limit of a server

def test_least_recently_used_goes(pooler):
    p = pooler(default_pool_size=1, max_prepared_statements=3)
    c = p.login()
    for i in range(3):
        c.run(parse("s%d" % i, "select 'old %d'" % i), SYNC)
    c.run(run("s0"), SYNC)
    c.run(parse("s3", "select 'new'"), SYNC)
    texts = {r[0] for r in c.rows("select statement from "
                                  "pg_prepared_statements")}
    assert texts == {"select 'old 0'", "select 'old 2'", "select 'new'"}
    for i in range(3):
        assert c.run(run("s%d" % i), SYNC)[1] == ("D", ["old %d" % i])
    assert len(c.rows(NAMES)) == 3


def test_limit_in_one_pipeline(cluster, pooler):
    """More statements in one pipeline than a server may hold."""
    p = pooler(default_pool_size=1, max_prepared_statements=2)

    def script(c):
        return [c.run(*(parse("s%d" % i, "select %d" % i)
                        for i in range(8)), SYNC),
                c.run(*(run("s%d" % i) for i in range(8)), SYNC),
                c.run(*(run("s%d" % (i % 4)) for i in range(16)), SYNC)]
    same(cluster, p, script)


def test_limit_one(cluster, pooler):
    p = pooler(default_pool_size=1, max_prepared_statements=1)

    def script(c):
        yield c.run(parse("a", "select 1"), parse("b", "select 2"), SYNC)
        for i in range(10):
            yield c.run(run("ab"[i % 2]), SYNC)
    same(cluster, p, script)


def test_many_clients_beyond_the_limit(pooler):
    p = pooler(default_pool_size=2, max_prepared_statements=5)
    cs = [p.login() for _ in range(20)]
    for i, c in enumerate(cs):
        c.run(parse("mine", "select %d" % i), SYNC)
    for _ in range(3):
        for c in cs:
            c.send(run("mine"), SYNC)
        for i, c in enumerate(cs):
            assert c.answers()[1] == ("D", [str(i)])


def test_switched_off(pooler):
    """max_prepared_statements=0: names go through as they are."""
    p = pooler(default_pool_size=1, max_prepared_statements=0)
    c = p.login()
    c.run(parse("mine", "select 1"), SYNC)
    assert c.rows(NAMES) == [["mine"]]


# ---- errors of names

def test_name_in_use(pooler):
    c = pooler().login()
    c.run(parse("a", "select 1"), SYNC)
    c.send(parse("a", "select 2"), SYNC)
    assert c.rest() == fatal("prepared statement name is already in use")


@pytest.mark.parametrize("message", (bind("no"), describe("no")))
def test_name_unknown(pooler, message):
    c = pooler().login()
    c.send(message, SYNC)
    assert c.rest() == fatal("prepared statement did not exist")


def test_failed_parse_frees_its_name(pooler):
    """The anchor keeps it; PostgreSQL and ours do not."""
    c = pooler().login()
    for _ in range(3):
        assert code(c.run(parse("a", "selekt"), SYNC)) == "42601"
    assert wire.kinds(c.run(parse("a", "select 1"), run("a"), SYNC)) == \
        "12DCZ"


def test_failed_parse_is_not_remembered_for_the_server(pooler):
    """A Parse that failed once is sent again by the next client."""
    p = pooler(default_pool_size=1)
    one, two = p.login(), p.login()
    assert code(one.run(parse("a", "select * from later_%d" % p.port),
                        SYNC)) == "42P01"
    one.query("create table later_%d(a int)" % p.port)
    assert wire.kinds(two.run(parse("b", "select * from later_%d" % p.port),
                              SYNC)) == "1Z"
    one.query("drop table later_%d" % p.port)


def test_close_needs_no_server(pooler):
    """Close of a statement is answered by the pooler; the server that came
    for it goes straight back."""
    p = pooler(default_pool_size=1)
    c = p.login()
    c.run(parse("a", "select 1"), SYNC)
    holder = busy_server(p)
    c.send(close("a"))
    holder.query("commit")
    assert c.message() == ("3",)
    assert backend(p.login())
    assert c.run(SYNC) == [("Z", "I")]


def test_names_die_with_the_client(pooler):
    p = pooler(default_pool_size=1)
    one = p.login()
    one.run(parse("a", "select 1"), SYNC)
    one.finish()
    two = p.login()
    assert wire.kinds(two.run(parse("a", "select 2"), SYNC)) == "1Z"
    assert two.run(run("a"), SYNC)[1] == ("D", ["2"])


def test_reconnected_server(cluster, pooler):
    """Names survive the death of the server they were prepared on."""
    p = pooler(default_pool_size=1)
    c = p.login()
    c.run(parse("a", "select pg_backend_pid()"), SYNC)
    pid = c.run(run("a"), SYNC)[1][1][0]
    p.command("RECONNECT")
    p.wait_pool(sv_idle=0)
    assert c.run(run("a"), SYNC)[1][1][0] != pid


def test_deallocate_all_of_another_client(pooler):
    """It empties the server; others prepare again without noticing."""
    p = pooler(default_pool_size=1)
    one, two = p.login(), p.login()
    one.run(parse("a", "select 1"), SYNC)
    two.query("deallocate all")
    assert one.run(run("a"), SYNC)[1] == ("D", ["1"])


def test_changed_result_type_is_passed_on(pooler):
    p = pooler(default_pool_size=1)
    c = p.login()
    t = "cached_%d" % p.port
    c.query("create table %s(a int)" % t)
    c.run(parse("a", "select * from " + t), SYNC)
    c.run(run("a"), SYNC)
    c.query("alter table %s add b int" % t)
    assert code(c.run(run("a"), SYNC)) == "0A000"
    c.query("drop table " + t)


def test_sql_level_passes_through(pooler):
    p = pooler(default_pool_size=1)
    c = p.login()
    c.query("prepare sqlname as select 42")
    assert c.one("execute sqlname") == "42"
    assert c.query("deallocate sqlname")[0] == ("C", "DEALLOCATE")


def test_session_mode_keeps_names(pooler):
    p = pooler(pool_mode="session")
    c = p.login()
    c.run(parse("mine", "select 1"), SYNC)
    assert c.rows(NAMES) == [["mine"]]


def test_statement_mode(pooler):
    p = pooler(pool_mode="statement", default_pool_size=2)
    c = p.login()
    c.run(parse("a", "select $1::int"), SYNC)
    for i in range(5):
        assert c.run(run("a", i), SYNC)[1] == ("D", [str(i)])


def test_many_names_of_one_client(pooler):
    p = pooler(default_pool_size=1, max_prepared_statements=50)
    c = p.login()
    c.send(*(parse("n%d" % i, "select %d" % i) for i in range(500)), SYNC)
    assert wire.kinds(c.answers()) == "1" * 500 + "Z"
    for i in (0, 499, 250):
        assert c.run(run("n%d" % i), SYNC)[1] == ("D", [str(i)])
    assert backend(c)
