# SPDX-License-Identifier: ISC
# Sessions through the pooler in its three modes: simple, extended and
# pipelined queries, COPY, errors, cancel, what leaks and what does not.
import struct
import time

from rig import wire
from rig.cluster import wait_for
from rig.differ import refused, scenario, plays_of
from rig.wire import SYNC, bind, describe, execute, fatal, parse, query

MODES = ("session", "transaction", "statement")


def modes(name, weir=None, **config):
    """The same session in each mode."""
    def register(play):
        for mode in MODES:
            scenario("pooling.%s.%s" % (name, mode), weir=weir,
                     pool_mode=mode, **config)(play)
        return play
    return register


# ---- simple queries

@modes("simple")
def simple(s):
    c = s.login()
    for sql in ("select 1", "select null::int, 'x'::text", "", ";", "-- x",
                "select 1; select 2", "selekt", "select 1/0",
                "select * from item where id < 4 order by id",
                "create temp table t(a int)", "drop table if exists t",
                "do $$ begin raise notice 'hello'; end $$",
                "do $$ begin raise warning 'careful'; end $$",
                "select 1 where false", "set work_mem = '1MB'",
                "select 'ü €'"):
        s.note(sql, c.query(sql))


@modes("transaction")
def transaction(s):
    c = s.login()
    for i, sql in enumerate(("begin", "select 1", "commit", "select 2")):
        said = c.query(sql)
        s.note("%d %s" % (i, sql), said)
        if said[-1] == wire.EOF:
            break


@modes("transaction-error")
def transaction_error(s):
    c = s.login()
    for i, sql in enumerate(("begin", "select 1/0", "select 1", "rollback",
                             "select 2")):
        said = c.query(sql)
        s.note("%d %s" % (i, sql), said)
        if said[-1] == wire.EOF:
            break


@modes("whole-transaction-in-one-query")
def one_string(s):
    c = s.login()
    s.note("good", c.query("begin; select 1; commit"))
    s.note("open", c.query("begin; select 1"))


@modes("savepoints")
def savepoints(s):
    c = s.login()
    s.note("all", c.query("begin; savepoint a; rollback to a; commit"))


# ---- extended protocol

@modes("extended")
def extended(s):
    c = s.login()
    s.note("once", c.run(wire.once("select $1::int + 1", ["41"])))
    s.note("null", c.run(wire.once("select $1::int", [None])))
    s.note("error in parse", c.run(wire.once("selekt")))
    s.note("error in bind", c.run(wire.once("select $1::int", ["x"])))
    s.note("error in execute", c.run(wire.once("select 1/$1::int", ["0"])))
    s.note("empty", c.run(wire.once("")))
    s.note("after", c.run(wire.once("select 2")))


@modes("sync-only")
def sync_only(s):
    c = s.login()
    s.note("answer", c.run(SYNC))
    s.note("three", c.send(SYNC * 3).answers(3))


@modes("flush")
def flush(s):
    c = s.login()
    c.send(parse("", "select 1"), wire.FLUSH)
    s.note("parse", c.take(1))
    c.send(bind(), wire.FLUSH)
    s.note("bind", c.take(1))
    c.send(execute(), wire.FLUSH)
    s.note("execute", c.take(2))
    c.send(SYNC)
    s.note("sync", c.answers())


@modes("portal-in-pieces")
def portal(s):
    c = s.login()
    s.note("all", c.run(parse("", "select generate_series(1, 5)"), bind(),
                        execute(rows=2), execute(rows=2), execute(), SYNC))


@modes("describe")
def describes(s):
    c = s.login()
    s.note("statement", c.run(parse("", "select $1::int, $2::text"),
                              describe(), SYNC))
    s.note("portal", c.run(parse("", "select 1 as a"), bind(),
                           describe("", "P"), execute(), SYNC))
    s.note("no data", c.run(parse("", "set work_mem = '1MB'"), describe(),
                            SYNC))


@modes("pipeline")
def pipeline(s):
    c = s.login()
    c.send(*(wire.once("select %d" % i) for i in range(5)))
    s.note("five", c.answers(5))
    c.send(wire.once("select 1"), wire.once("select 1/0"),
           wire.once("select 3"))
    s.note("error between", c.answers(3))
    c.send(parse("", "select 1"), bind(), execute(), parse("", "selekt"),
           bind(), execute(), parse("", "select 3"), bind(), execute(), SYNC)
    s.note("error inside", c.answers())
    c.send(query("select 1"), wire.once("select 2"), query("select 3"))
    s.note("mixed", c.answers(3))


@modes("pipelined-queries")
def pipelined_queries(s):
    c = s.login()
    c.send(*(query("select %d" % i) for i in range(8)))
    s.note("eight", c.answers(8))
    c.send(query("select 1"), query("selekt"), query("select 3"))
    s.note("error between", c.answers(3))


@modes("pipelined-transaction")
def pipelined_transaction(s):
    c = s.login()
    c.send(query("begin"), query("select 1"), query("commit"))
    out = []
    for _ in range(3):
        out += c.until("Z")
        if out[-1] == wire.EOF:
            break
    s.note("answer", out)


@modes("named-within-transaction")
def named_inside(s):
    c = s.login()
    out = c.send(query("begin")).until("Z")
    if out[-1] == ("Z", "T"):
        out = c.run(parse("one", "select $1::int"), bind("one", ["7"]),
                    execute(), SYNC)
        out += c.run(bind("one", ["8"]), execute(), SYNC)
        out += c.run(wire.close("one"), SYNC)
        out += c.query("commit")
    s.note("answer", out)


@modes("function-call")
def function_call(s):
    """The old FunctionCall message, with pi() that has no argument."""
    c = s.login()
    oid = int(s.cluster.sql("select 'pi()'::regprocedure::oid")[0][0])
    c.send(wire.frame("F", struct.pack("!IHHH", oid, 0, 0, 0)))
    s.note("answer", c.answers())


# ---- COPY

@modes("copy-out")
def copy_out(s):
    c = s.login()
    s.note("text", c.query("copy (select generate_series(1,4)) to stdout"))
    s.note("csv", c.query("copy (select 1, 'a,b') to stdout with csv header"))
    s.note("error", c.query("copy (select 1/0) to stdout"))
    s.note("after", c.query("select 1"))


@modes("copy-in")
def copy_in(s):
    c = s.login()
    t = "copied_%s" % s.p.port
    c.query("create table %s(a int)" % t)
    c.send(query("copy %s from stdin" % t))
    s.note("start", c.until("G"))
    c.send(wire.copy_data("1\n2\n"), wire.copy_data("3\n"), wire.COPY_DONE)
    s.note("done", c.answers())
    s.note("rows", c.query("select count(*) from " + t))
    c.query("drop table " + t)


@modes("copy-in-at-once")
def copy_in_at_once(s):
    """Query, data and end in one segment."""
    c = s.login()
    t = "at_once_%s" % s.p.port
    c.query("create table %s(a int)" % t)
    c.send(query("copy %s from stdin" % t), wire.copy_data("1\n2\n"),
           wire.COPY_DONE)
    s.note("answer", c.answers())
    c.query("drop table " + t)


@modes("copy-fail")
def copy_fail(s):
    c = s.login()
    c.send(query("copy inbox from stdin"))
    s.note("start", c.until("G"))
    c.send(wire.copy_data("1\tx\n"), wire.copy_fail("no more"))
    s.note("failed", c.answers())
    s.note("after", c.query("select count(*) from inbox"))


@modes("copy-bad-data")
def copy_bad(s):
    c = s.login()
    c.send(query("copy inbox from stdin"))
    c.until("G")
    c.send(wire.copy_data("nonsense\n"))
    c.send(wire.copy_data("2\ty\n"), wire.COPY_DONE)
    s.note("error", c.answers())
    s.note("after", c.query("select 1"))


@modes("copy-extended")
def copy_extended(s):
    c = s.login()
    c.send(parse("", "copy inbox from stdin"), bind(), execute(), SYNC)
    s.note("start", c.until("G", "E"))
    c.send(wire.copy_fail("never mind"), SYNC)
    s.note("end", c.answers(1))
    s.note("after", c.query("select 1"))


@modes("copy-out-extended")
def copy_out_extended(s):
    c = s.login()
    s.note("answer", c.run(wire.once("copy (select 1) to stdout")))


# ---- parameters and their traces

@modes("tracked")
def tracked(s):
    """Each client keeps its own application_name on a shared server."""
    one, two = s.login(application_name="one"), s.login(
        application_name="two")
    for i in range(2):
        for name, c in (("one", one), ("two", two)):
            s.note("%s %d" % (name, i), c.one("show application_name"))
    one.query("set application_name to 'three'")
    s.note("set one", one.one("show application_name"))
    s.note("set two", two.one("show application_name"))


@modes("tracked-all", default_pool_size=1)
def tracked_all(s):
    c = s.conn()
    said = c.login("app", "app", None, client_encoding="LATIN1",
                   DateStyle="ISO, DMY", TimeZone="Asia/Tokyo",
                   application_name="a'b\\c",
                   standard_conforming_strings="on")
    s.note("welcome", said)
    for name in ("client_encoding", "datestyle", "timezone",
                 "application_name", "standard_conforming_strings"):
        s.note(name, c.query("show " + name))


@modes("tracked-bad")
def tracked_bad(s):
    """A value that the server refuses."""
    c = s.conn()
    s.note("welcome", c.login("app", "app", None, TimeZone="Nowhere/Nix")[-1])
    c.send(query("select 1"))
    s.note("answer", c.until("Z"))
    s.log("log", "varcache_apply failed")


@modes("untracked-set", default_pool_size=1)
def untracked(s):
    one = s.login()
    one.query("set statement_timeout to '123s'")
    if s.p.show("POOLS")[0]["pool_mode"] == "session":
        one.finish()
    s.note("leak", s.login().one("show statement_timeout"))


@modes("reset-always", default_pool_size=1, server_reset_query_always=1)
def reset_always(s):
    one = s.login()
    one.query("set statement_timeout to '123s'")
    if s.p.show("POOLS")[0]["pool_mode"] == "session":
        one.finish()
    s.note("leak", s.login().one("show statement_timeout"))


@modes("reset-empty", default_pool_size=1, server_reset_query="")
def reset_empty(s):
    one = s.login()
    one.query("set statement_timeout to '123s'")
    one.finish()
    s.note("leak", s.login().one("show statement_timeout"))


# ---- linking and release

@modes("server-sharing", default_pool_size=5)
def sharing(s):
    one, two = s.login(), s.login()
    a = one.one("select pg_backend_pid()")
    b = two.one("select pg_backend_pid()")
    s.note("same server", a == b)


@scenario("pooling.last-used-first", default_pool_size=3)
def lifo(s):
    """The idle list is a stack."""
    s.note("order", idle_order(s))


@scenario("pooling.round-robin", default_pool_size=3, server_round_robin=1)
def fifo(s):
    s.note("order", idle_order(s))


def idle_order(s):
    """Which of three idle servers is used, by order of release."""
    cs = [s.login() for _ in range(3)]
    pids = []
    for c in cs:
        c.query("begin")
        pids.append(c.one("select pg_backend_pid()"))
    for c in cs:
        c.query("commit")
    return [pids.index(cs[0].one("select pg_backend_pid()"))
            for _ in range(4)]


@scenario("pooling.waiters-in-order", default_pool_size=1)
def waiters(s):
    holder = s.login()
    holder.query("begin")
    line = []
    for i in range(4):
        c = s.login()
        c.send(query("select %d" % i))
        s.p.wait_pool(cl_waiting=i + 1)
        line.append(c)
    holder.query("commit")
    s.note("answers", [c.answers()[1] for c in line])


@modes("client-leaves-in-transaction", default_pool_size=1)
def leaves_in_transaction(s):
    c = s.login()
    if c.query("begin")[-1] == wire.EOF:
        s.note("mode", "no transaction blocks")
        return
    pid = c.one("select pg_backend_pid()")
    c.drop()
    s.note("new server", s.login().one("select pg_backend_pid()") != pid)
    s.log("log", "S-0x.*closing because: client")


@modes("client-leaves-in-query", default_pool_size=1)
def leaves_in_query(s):
    c = s.login()
    pid = c.one("select pg_backend_pid()")
    c.send(query("select pg_sleep(1)"))
    s.p.wait_pool(sv_active=1)
    time.sleep(0.05)  # the query runs at the server
    c.reset()
    s.note("new server", s.login().one("select pg_backend_pid()") != pid)
    s.log("log", "S-0x.*closing because: client")


@modes("client-leaves-idle", default_pool_size=1)
def leaves_idle(s):
    c = s.login()
    pid = c.one("select pg_backend_pid()")
    c.drop()
    s.note("same server", s.login().one("select pg_backend_pid()") == pid)


@modes("terminate-behind-query")
def terminate_behind(s):
    c = s.login()
    c.send(query("select 1"), wire.TERMINATE)
    s.note("answer", c.rest()[-1])
    s.p.settle()
    s.note("lawful client", s.login().one("select 1"))


@scenario("pooling.mode-of-user", pool_mode="transaction",
          users={"app": "pool_mode=session"}, default_pool_size=5)
def user_mode(s):
    one, two = s.login(), s.login()
    s.note("own servers", one.one("select pg_backend_pid()") !=
           two.one("select pg_backend_pid()"))


@scenario("pooling.mode-of-database", pool_mode="session", databases={
    "app": "host=127.0.0.1 port=$PG pool_mode=transaction"})
def database_mode(s):
    one, two = s.login(), s.login()
    s.note("shared", one.one("select pg_backend_pid()") ==
           two.one("select pg_backend_pid()"))


@scenario("pooling.fresh-server-each-time", server_lifetime=0,
          weir={"changed": True})
def lifetime_zero(s):
    c = s.login()
    pids = [c.one("select pg_backend_pid()") for _ in range(3)]
    s.note("changed", len(set(pids)) == 3)


@scenario("pooling.disable-pqexec", disable_pqexec=1)
def pqexec(s):
    c = s.login()
    s.note("extended", c.run(wire.once("select 1")))
    c.send(query("select 1"))
    s.note("simple", c.rest())


# ---- what breaks the protocol

def broken(name, data, weir=None, **config):
    @scenario("pooling.broken." + name, weir=weir, **config)
    def play(s):
        c = s.login()
        c.query("select 1")
        c.send(data)
        c.limit = 1
        try:
            s.note("answer", c.rest())
        except TimeoutError:
            s.note("answer", "nothing")
        s.note("lawful client", s.login().one("select 1"))


broken("unknown-type", wire.frame("?"))
broken("lower-type", wire.frame("z", b"x"))
broken("zero-type", wire.frame("\0"), weir={"answer": refused()})
broken("length-0", b"Q\0\0\0\0")
broken("length-3", b"Q\0\0\0\3")
broken("length-negative", b"Q\xff\xff\xff\xff")
broken("server-message", wire.ready())
broken("too-big", b"Q\0\1\0\0" + b"x" * 1000, max_packet_size=10000)
broken("parse-empty", wire.frame("P"), weir={
    "answer": refused()})
broken("bind-unterminated", wire.frame("B", b"abc"), weir={
    "answer": refused()})
broken("close-empty", wire.frame("C"), weir={
    "answer": refused()})


@modes("password-after-login")
def late_password(s):
    c = s.login()
    c.send(wire.password("x"))
    s.note("answer", c.rest())


# ---- the server's side of trouble

@modes("server-killed-in-transaction")
def killed(s):
    c = s.login()
    if c.query("begin")[-1] == wire.EOF:
        s.note("mode", "no transaction blocks")
        return
    pid = c.one("select pg_backend_pid()")
    s.cluster.sql("select pg_terminate_backend(%s)" % pid)
    s.note("answer", c.rest())
    s.note("next client", s.login().one("select 1"))


@modes("server-killed-in-query")
def killed_in_query(s):
    c = s.login()
    pid = c.one("select pg_backend_pid()")
    c.send(query("select pg_sleep(20)"))
    wait_for(lambda: s.cluster.sql(
        "select 1 from pg_stat_activity where pid = %s and state = 'active'"
        % pid))
    s.cluster.sql("select pg_terminate_backend(%s)" % pid)
    s.note("answer", c.rest())


@modes("server-killed-idle")
def killed_idle(s):
    c = s.login()
    pid = c.one("select pg_backend_pid()")
    s.cluster.sql("select pg_terminate_backend(%s)" % pid)
    if s.p.show("POOLS")[0]["pool_mode"] == "session":
        s.note("answer", c.rest())
    else:
        s.p.wait_pool(sv_idle=0)
        s.note("answer", c.query("select 1"))


@scenario("pooling.server-not-there", databases={
    "app": "host=127.0.0.1 port=1 dbname=app"}, client_login_timeout=1)
def not_there(s):
    s.note("answer", s.try_login())
    s.log("log", "S-0x.*closing because: connect failed")


@scenario("pooling.fast-fail", start=False, weir={"second": fatal(
    "server login has been failing, cached error: connect failed "
    "(server_login_retry)")})
def fast_fail(s):
    """A pool that worked once fails its clients at once when the server
    has gone."""
    fake = s.fake()
    p = s.makes(databases={"app": "host=127.0.0.1 port=%d" % fake.port},
                server_login_retry=5)
    c = p.login()
    c.query("select 1")
    fake.close_door()
    fake.served[0].sock.shutdown(2)
    wait_for(lambda: not p.servers())
    c.send(query("select 2"))
    s.note("waits for the next try", c.quiet(0.3))
    c = p.login()
    c.send(query("select 3"))
    s.note("second", c.until("Z"))


# ---- cancel

@modes("cancel")
def cancel(s):
    c = s.login()
    c.send(query("select pg_sleep(20)"))
    s.p.wait_pool(sv_active=1)
    time.sleep(0.1)  # the query runs at the server
    k = s.conn()
    k.send(wire.cancel(c.pid, c.key))
    s.note("to the canceller", k.rest())
    s.note("answer", c.answers())
    s.note("after", c.query("select 1"))
    s.log("log", "successfully sent cancel request")


@scenario("pooling.cancel-idle")
def cancel_idle(s):
    c = s.login()
    c.query("select 1")
    k = s.conn()
    k.send(wire.cancel(c.pid, c.key))
    s.note("to the canceller", k.rest())
    s.note("after", c.query("select 1"))
    s.log("log", "cancel request")


@scenario("pooling.cancel-wrong-key")
def cancel_wrong(s):
    c = s.login()
    c.send(query("select pg_sleep(0.3)"))
    k = s.conn()
    k.send(wire.cancel(c.pid, b"\0\0\0\0"))
    s.note("to the canceller", k.rest())
    s.note("answer", c.answers())
    s.log("log", "failed cancel request")


@scenario("pooling.cancel-waiting", default_pool_size=1)
def cancel_waiting(s):
    """A client that waits for a server has nothing to cancel."""
    holder = s.login()
    holder.query("begin")
    c = s.login()
    c.send(query("select 5"))
    s.p.wait_pool(cl_waiting=1)
    k = s.conn()
    k.send(wire.cancel(c.pid, c.key))
    s.note("to the canceller", k.rest())
    holder.query("commit")
    s.note("answer", c.answers())


@scenario("pooling.cancel-console")
def cancel_console(s):
    """Of a console that waits in PAUSE: RESUME."""
    c = s.login()
    c.query("begin")
    console = s.console()
    console.send(query("PAUSE"))
    s.note("waits", console.quiet(0.2))
    k = s.conn()
    k.send(wire.cancel(console.pid, console.key))
    s.note("to the canceller", k.rest())
    s.note("inside", c.query("commit")[-1])
    s.note("goes on", c.one("select 1"))


# ---- rows that are large

@modes("wide-rows")
def wide(s):
    c = s.login()
    got = c.query("select repeat('x', 1000000), n from "
                  "generate_series(1, 5) n")
    s.note("sizes", [len(m[1][0]) for m in got if m[0] == "D"])
    s.note("kinds", wire.kinds(got))


@modes("long-query")
def long_query(s):
    c = s.login()
    got = c.query("select length('" + "y" * 3000000 + "')")
    s.note("answer", got)


@modes("notify")
def notify(s):
    c = s.login()
    s.note("answer", c.query("notify weir, 'hello'"))


@scenario("pooling.listen", pool_mode="session")
def listen(s):
    c = s.login()
    s.note("listen", c.query("listen weir_%d" % s.p.port))
    s.cluster.sql("notify weir_%d, 'news'" % s.p.port)
    got = c.message()
    s.note("news", [got[0], got[2]])


test = plays_of(__name__, "pooling")
