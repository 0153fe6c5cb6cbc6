# SPDX-License-Identifier: ISC
# Several loops, one pooler: the same limits, pools, console and answers
# whatever loop a client or a server is on. The loops are dealt clients in
# turn, so that twice as many clients as loops are on all of them.
import collections
import glob
import itertools
import os
import re
import threading
import time

import pytest

from rig import wire
from rig.cluster import wait_for
from rig.same import backend, code
from rig.wire import SYNC, bind, execute, parse, query

DB = "host=127.0.0.1 port=$PG dbname=app"

loops = pytest.mark.parametrize("threads", (
    1, pytest.param(2, marks=pytest.mark.needs("threads")),
    pytest.param(4, marks=pytest.mark.needs("threads"))))


@pytest.fixture
def looped(pooler):
    """looped(threads, ...): a pooler with that many loops."""
    def make(threads, **config):
        return pooler(side={"threads": threads}, **config)
    return make


def everywhere(p, threads, user="app", database="app"):
    """Two clients on each loop."""
    return [p.login(user, database) for _ in range(2 * threads)]


def numbers(rows, key):
    return sum(int(r[key]) for r in rows)


# ---- the setting

@pytest.mark.needs("threads")
@pytest.mark.parametrize("threads", (1, 2, 4, 64))
def test_number_of_loops(pooler, threads):
    # So many rings may be more than RLIMIT_MEMLOCK allows: no engine is
    # insisted upon.
    p = pooler(side={"threads": threads}, start={
        "env": {"WEIR_ENGINE": ""}})
    assert p.weir()["threads"] == str(threads)
    assert len(glob.glob("/proc/%d/task/*" % p.pid)) >= threads
    for c in everywhere(p, min(threads, 8)):
        assert c.one("select 1") == "1"


@pytest.mark.needs("threads")
@pytest.mark.parametrize("value", ("0", "65", "-1", "many", "1.5", "",
                                   "99999999999999999999"))
def test_numbers_that_are_none(pooler, value):
    p = pooler.make().configure(side={"threads": value})
    exit_code, _, err = p.run()
    assert exit_code == 1
    assert "threads" in err and "pooler.ini.weir:2" in err, err


@pytest.mark.needs("threads")
def test_in_the_main_file(pooler):
    """Taken, with one notice that the original would refuse it."""
    p = pooler(threads=2)
    assert p.weir()["threads"] == "2"
    assert p.count(r"threads") == 1, p.log()


@pytest.mark.needs("threads")
def test_reload_does_not_change_it(looped):
    p = looped(2)
    cs = everywhere(p, 2)
    p.reload(side={"threads": 3})
    assert p.weir()["threads"] == "2"
    assert all(c.one("select 1") == "1" for c in cs)
    p.reload(side={"threads": 1})
    assert p.weir()["threads"] == "2"


@pytest.mark.needs("threads")
@pytest.mark.parametrize("threads", (2, 4))
def test_all_loops_work(looped, threads):
    """Each loop's thread is charged for its clients' work."""
    def ran():
        out = []
        for path in glob.glob("/proc/%d/task/*/schedstat" % p.pid):
            with open(path) as f:
                out.append(int(f.read().split()[0]))
        return sorted(out, reverse=True)

    p = looped(threads)
    cs = everywhere(p, threads)
    before = ran()
    for _ in range(200):
        for c in cs:
            c.send(query("select 1"))
        for c in cs:
            assert c.answers()[1] == ("D", ["1"])
    gained = [b - a for a, b in zip(before, ran())][:threads]
    assert all(g > 0 for g in gained), gained


# ---- what the console shows

@loops
def test_show_clients_and_servers(looped, threads):
    """Everybody once, each with the other end of his link."""
    p = looped(threads, default_pool_size=30)
    idle = everywhere(p, threads)
    busy = everywhere(p, threads)
    away = everywhere(p, threads, "other", "app2")
    for c in busy:
        assert c.query("begin")[-1] == ("Z", "T")
    console = p.console()
    clients = console.table("SHOW CLIENTS")
    servers = console.table("SHOW SERVERS")
    count = collections.Counter(
        (r["database"], r["user"]) for r in clients)
    assert count == {("app", "app"): len(idle) + len(busy),
                     ("app2", "other"): len(away),
                     ("pgbouncer", "admin"): 1}
    for rows in (clients, servers):
        assert len({r["ptr"] for r in rows}) == len(rows)
        assert len({r["id"] for r in rows}) == len(rows)
    ports = {int(r["port"]) for r in clients}
    assert {c.sock.getsockname()[1] for c in idle + busy + away} <= ports
    linked = {r["ptr"]: r["link"] for r in clients if r["link"]}
    assert len(linked) == len(busy)
    assert {r["link"]: r["ptr"] for r in servers if r["link"]} == linked
    assert collections.Counter(r["state"] for r in servers)["active"] == \
        len(busy)


@loops
def test_show_pools(looped, threads):
    p = looped(threads, default_pool_size=threads)
    held = [p.login() for _ in range(threads)]
    for c in held:
        assert c.query("begin")[-1] == ("Z", "T")
    line = everywhere(p, threads)
    for c in line:
        c.send(query("select 1"))
    idle = p.login()
    p.wait_pool(cl_active=threads + 1, cl_waiting=len(line),
                sv_active=threads, sv_idle=0)
    # Sums over the loops, and the oldest of all waiters.
    wait_for(lambda: int(p.pool()["maxwait_us"]) + p.pool()["maxwait"] > 0)
    for c in held:
        c.query("commit")
    for c in line:
        assert c.answers()[1] == ("D", ["1"])
    p.wait_pool(cl_active=threads + 1 + len(line), cl_waiting=0,
                sv_active=0)
    row = p.pool()
    assert 1 <= row["sv_idle"] + row["sv_used"] <= threads
    for c in held + line + [idle]:
        c.finish()
    p.wait_pool(cl_active=0, cl_waiting=0)


@loops
def test_show_stats(looped, threads):
    """Every transaction, query, bind and byte is counted once."""
    p = looped(threads, max_prepared_statements=10)
    cs = everywhere(p, threads)
    for c in cs:
        for _ in range(5):
            c.query("select 1")
        for sql in ("begin", "select 2", "commit"):
            c.query(sql)
        c.run(parse("one", "select $1::int"), SYNC)
        for number in range(3):
            assert c.run(bind("one", [number]), execute(), SYNC)[1] == (
                "D", [str(number)])
    n = len(cs)
    stats = {r["database"]: r for r in p.show("STATS")}["app"]
    assert int(stats["total_query_count"]) == n * (8 + 1 + 3)
    assert int(stats["total_xact_count"]) == n * (6 + 1 + 3)
    assert int(stats["total_bind_count"]) == 3 * n
    assert int(stats["total_client_parse_count"]) == n
    totals = {r["database"]: r for r in p.show("STATS_TOTALS")}["app"]
    assert int(totals["bind_count"]) == 3 * n
    assert int(totals["query_count"]) == n * 12


@loops
def test_stats_of_those_who_left(looped, threads):
    p = looped(threads)
    for c in everywhere(p, threads):
        c.query("select 1")
        c.finish()
    p.wait_pool(cl_active=0)
    stats = {r["database"]: r for r in p.show("STATS")}["app"]
    assert int(stats["total_query_count"]) == 2 * threads


@loops
def test_show_lists_databases_users(looped, threads):
    p = looped(threads, default_pool_size=30)
    cs = everywhere(p, threads) + everywhere(p, threads, "other", "app2")
    for c in cs:
        c.query("begin")
    lists = {r["list"]: int(r["items"]) for r in p.show("LISTS")}
    assert lists["used_clients"] == len(cs) + 1
    assert lists["used_servers"] == len(cs)
    assert lists["pools"] >= 2
    databases = {r["name"]: r for r in p.show("DATABASES")}
    users = {r["name"]: r for r in p.show("USERS")}
    for name, of in (("app", databases), ("app2", databases),
                     ("app", users), ("other", users)):
        assert int(of[name]["current_connections"]) == 2 * threads
        assert int(of[name]["current_client_connections"]) == 2 * threads
    for c in cs:
        c.finish()

    def all_gone():
        databases = {r["name"]: r for r in p.show("DATABASES")}
        return not numbers([databases["app"], databases["app2"]],
                           "current_client_connections")
    wait_for(all_gone)
    # Left in a transaction: their servers are closed.
    wait_for(lambda: not p.servers())


@loops
def test_show_sockets_while_all_change(looped, threads):
    """The pages are whole while clients come and go on every loop."""
    p = looped(threads, default_pool_size=5)
    stop, faults = [False], []

    def work():
        try:
            while not stop[0]:
                with wire.Conn(p.tcp) as c:
                    assert c.login("app", "app")[-1] == ("Z", "I")
                    assert c.one("select 5") == "5"
        except Exception as why:
            faults.append(why)
    crowd = [threading.Thread(target=work) for _ in range(2 * threads)]
    for t in crowd:
        t.start()
    stays = everywhere(p, threads)
    mine = {str(c.sock.getsockname()[1]) for c in stays}
    console = p.console()
    for _ in range(20):
        for page in ("CLIENTS", "SOCKETS"):
            rows = console.table("SHOW " + page)
            shown = [r["port"] for r in rows if r["type"] == "C"]
            assert mine <= set(shown)
        assert len(console.table("SHOW SERVERS")) <= 5
    stop[0] = True
    for t in crowd:
        t.join(10)
    assert not faults, faults[0]


# ---- servers that move

@loops
def test_one_server_for_all_loops(looped, threads):
    """Clients of all loops in turn: the server goes where it is wanted."""
    p = looped(threads, default_pool_size=1)
    cs = everywhere(p, threads)
    pids = {backend(c) for _ in range(10) for c in cs}
    assert len(pids) == 1 and len(p.servers()) == 1
    p.wait_pool(sv_active=0, cl_waiting=0)


@loops
def test_a_moved_server_follows_the_client(looped, threads):
    """Parameters and prepared statements are those of the client."""
    p = looped(threads, default_pool_size=1, max_prepared_statements=5)
    cs = everywhere(p, threads)
    for i, c in enumerate(cs):
        c.query("set application_name = 'client %d'" % i)
        c.run(parse("mine", "select %d + $1::int" % (1000 * i)), SYNC)
    for turn in range(5):
        for i, c in enumerate(cs):
            assert c.one("show application_name") == "client %d" % i
            assert c.run(bind("mine", [turn]), execute(), SYNC)[1] == (
                "D", [str(1000 * i + turn)])


@loops
def test_the_line_goes_over_all_loops(looped, threads):
    """First come, first served, where they came apart in time."""
    p = looped(threads, default_pool_size=1)
    holder = p.login()
    holder.query("begin")
    line = []
    for i, c in enumerate(everywhere(p, threads)):
        c.send(query("select nextval('line_%d')" % p.port))
        p.wait_pool(cl_waiting=i + 1)
        time.sleep(0.01)        # apart: longer than a loop's own go first
        line.append(c)
    holder.query("create sequence line_%d" % p.port)
    holder.query("commit")
    assert [c.answers()[1][1][0] for c in line] == [
        str(i + 1) for i in range(len(line))]
    holder.query("drop sequence line_%d" % p.port)


@loops
def test_waiters_that_leave(looped, threads):
    """On every loop, while the server is on another one."""
    p = looped(threads, default_pool_size=1)
    for turn in range(5):
        holder = p.login()
        holder.query("begin")
        line = everywhere(p, threads)
        for c in line:
            c.send(query("select 3"))
        p.wait_pool(cl_waiting=len(line))
        for c in line[::2]:
            c.reset()
        holder.send(query("commit"))
        for c in line[1::2]:
            assert c.answers()[1] == ("D", ["3"])
            c.finish()
        holder.answers()
        holder.finish()
        p.wait_pool(cl_waiting=0, cl_active=0, sv_active=0)
    assert len(p.servers()) == 1


@loops
def test_a_crowd_on_few_servers(looped, threads):
    """Answers are never mixed up, and nobody is forgotten."""
    p = looped(threads, default_pool_size=3, max_client_conn=500)
    cs = [p.login() for _ in range(60)]
    counter = itertools.count(1)
    for _ in range(10):
        asked = [next(counter) for _ in cs]
        for c, n in zip(cs, asked):
            c.send(query("select %d" % n))
        for c, n in zip(cs, asked):
            assert c.answers()[1] == ("D", [str(n)])
    assert len(p.servers()) <= 3


# ---- commands

@loops
def test_pause_and_resume(looped, threads):
    """PAUSE waits for the transactions of all loops; RESUME serves all."""
    p = looped(threads, default_pool_size=20)
    cs = everywhere(p, threads)
    for c in cs:
        c.query("begin")
    console = p.console()
    console.send(query("PAUSE"))
    for c in cs:
        assert console.quiet(0.02)
        assert c.query("commit")[-1] == ("Z", "I")
    assert console.answers()[-1] == ("Z", "I")
    assert p.servers() == []
    for c in cs:
        c.send(query("select 4"))
    p.wait_pool(cl_waiting=len(cs))
    assert console.query("RESUME")[-1] == ("Z", "I")
    for c in cs:
        assert c.answers()[1] == ("D", ["4"])


@loops
def test_kill_closes_on_every_loop(looped, threads):
    p = looped(threads)
    cs, others = everywhere(p, threads), everywhere(
        p, threads, database="app2")
    for c in cs[::2]:
        c.query("begin")
    assert p.command("KILL app") == "KILL"
    for c in cs:
        assert c.closed()
    for c in others:
        assert c.one("select 1") == "1"
    assert p.command("RESUME app") == "RESUME"
    assert p.login().one("select 1") == "1"


@loops
def test_kill_one_client(looped, threads):
    p = looped(threads)
    cs = everywhere(p, threads)
    for i in range(len(cs)):
        port = str(cs[i].sock.getsockname()[1])
        row = next(r for r in p.show("CLIENTS") if r["port"] == port)
        assert p.command("KILL_CLIENT " + row["id"]) == "KILL_CLIENT"
        assert cs[i].closed()
        assert all(c.one("select 1") == "1" for c in cs[i + 1:])


@loops
def test_reconnect(looped, threads):
    p = looped(threads, default_pool_size=20)
    cs = everywhere(p, threads)
    for c in cs:
        c.query("begin")
    old = {backend(c) for c in cs}
    assert p.command("RECONNECT") == "RECONNECT"
    for c in cs:
        assert backend(c) in old
        c.query("commit")
    assert p.command("WAIT_CLOSE") == "WAIT_CLOSE"
    assert not old & {backend(c) for c in cs}


@loops
def test_disable_and_enable(looped, threads):
    p = looped(threads)
    cs = everywhere(p, threads)
    assert p.command("DISABLE app") == "DISABLE"
    assert wire.error(p.try_login())
    assert all(c.one("select 1") == "1" for c in cs)
    assert p.command("ENABLE app") == "ENABLE"
    assert p.try_login()[-1] == ("Z", "I")


@loops
def test_suspend(looped, threads):
    p = looped(threads)
    cs = everywhere(p, threads)
    console = p.console()
    assert console.query("SUSPEND")[0] == ("C", "SUSPEND")
    for c in cs:
        c.send(query("select 9"))
    assert all(c.quiet(0.02) for c in cs)
    assert console.query("RESUME")[0] == ("C", "RESUME")
    for c in cs:
        assert c.answers()[1] == ("D", ["9"])


@loops
def test_reload_reaches_every_loop(looped, threads):
    """A new limit holds for clients that were there before."""
    p = looped(threads, default_pool_size=20)
    cs = everywhere(p, threads)
    p.reload(default_pool_size=20, query_timeout=1,
             side={"threads": threads})
    for c in cs:
        c.send(query("select pg_sleep(20)"))
    for c in cs:
        assert "query timeout" in wire.error(c.until("E"))[2] or c.closed()


@loops
@pytest.mark.parametrize("mode", ("", " WAIT_FOR_SERVERS",
                                  " WAIT_FOR_CLIENTS"))
def test_shutdown(looped, threads, mode):
    p = looped(threads, default_pool_size=20)
    cs = everywhere(p, threads)
    for c in cs:
        c.query("begin")
    console = p.console()
    console.send(query("SHUTDOWN" + mode))
    if mode:
        for c in cs:
            assert c.query("commit")[-1] == ("Z", "I")
        if mode.endswith("CLIENTS"):
            assert p.running()
        for c in cs + [console]:
            c.finish()
    assert p.ended() == 0


# ---- cancel

@loops
def test_cancel_from_anywhere(looped, threads, cluster):
    """Cancel requests come in at loop 0, whichever loop the query is on."""
    nap = "select pg_sleep(30), %d as nap_of_this_run" % os.getpid()

    def asleep():
        """Of these; what an earlier test left behind may sleep too."""
        return int(cluster.sql("select count(*) from pg_stat_activity where "
                               "wait_event = 'PgSleep' and query = '%s'"
                               % nap)[0][0])
    p = looped(threads, default_pool_size=20)
    cs = everywhere(p, threads)
    for c in cs:
        c.send(query(nap))
    # One that comes before PostgreSQL has begun is lost.
    wait_for(lambda: asleep() >= len(cs))
    for c in cs:
        with p.conn() as k:
            k.send(wire.cancel(c.pid, c.key))
            k.rest()
        assert code(c.answers()) == "57014"
        assert c.one("select 1") == "1"


@loops
def test_cancel_while_waiting(looped, threads):
    """A client in line has nothing to cancel: it stays there, and its
    answer is right."""
    p = looped(threads, default_pool_size=1)
    holder = p.login()
    holder.query("begin")
    cs = everywhere(p, threads)
    for c in cs:
        c.send(query("select 6"))
    p.wait_pool(cl_waiting=len(cs))
    for c in cs[::2]:
        with p.conn() as k:
            k.send(wire.cancel(c.pid, c.key))
            k.rest()
    holder.query("commit")
    for c in cs:
        assert c.answers()[1] == ("D", ["6"])


@loops
def test_cancels_under_way_while_servers_move(looped, threads):
    """A cancel hits its own query or none: never that of the next client
    on the same server."""
    p = looped(threads, default_pool_size=2)
    victims, others = everywhere(p, threads), everywhere(p, threads)
    for _ in range(5):
        for c in victims:
            c.send(query("select pg_sleep(0.01)"))
        for c in others:
            c.send(query("select 8"))
        for c in victims:
            k = p.conn()
            k.send(wire.cancel(c.pid, c.key))
        for c in others:
            assert c.answers()[1] == ("D", ["8"])
        for c in victims:
            assert code(c.answers()) in (None, "57014")


# ---- time-outs

@loops
def test_query_timeout(looped, threads):
    p = looped(threads, default_pool_size=20, query_timeout=1)
    cs = everywhere(p, threads)
    for c in cs:
        c.send(query("select pg_sleep(20)"))
    for c in cs:
        assert "query timeout" in wire.error(c.rest())[2]


@loops
def test_query_wait_timeout(looped, threads):
    p = looped(threads, default_pool_size=1, query_wait_timeout=1)
    holder = p.login()
    holder.query("begin")
    cs = everywhere(p, threads)
    for c in cs:
        c.send(query("select 1"))
    for c in cs:
        assert "query_wait_timeout" in wire.error(c.rest())[2]
    assert holder.query("commit")[-1] == ("Z", "I")


@loops
def test_idle_transaction_timeout(looped, threads):
    p = looped(threads, default_pool_size=20, idle_transaction_timeout=1)
    cs = everywhere(p, threads)
    for c in cs:
        c.query("begin")
    for c in cs:
        assert "idle transaction timeout" in wire.error(c.rest())[2]
    wait_for(lambda: not p.servers())


@loops
def test_client_idle_timeout(looped, threads):
    p = looped(threads, client_idle_timeout=1)
    for c in everywhere(p, threads):
        assert "client_idle_timeout" in wire.error(c.rest())[2]


@loops
def test_servers_that_idle(looped, threads):
    """Each loop looks after the servers that rest with it."""
    p = looped(threads, default_pool_size=20, server_idle_timeout=1)
    cs = everywhere(p, threads)
    for c in cs:
        c.query("begin")
    for c in cs:
        c.query("commit")
    assert len(p.servers()) == len(cs)
    wait_for(lambda: not p.servers(), 5)
    assert all(c.one("select 1") == "1" for c in cs)


@loops
def test_servers_that_age(looped, threads):
    p = looped(threads, default_pool_size=20, server_lifetime=1)
    cs = everywhere(p, threads)
    for c in cs:
        c.query("begin")
    old = {backend(c) for c in cs}
    for c in cs:
        c.query("commit")
    wait_for(lambda: not old & {int(r["remote_pid"]) for r in p.servers()},
             8)


@loops
def test_backends_that_die(looped, threads, cluster):
    """The servers of all loops are lost at once; the next query of each
    client gets a new one."""
    p = looped(threads, default_pool_size=20)
    cs = everywhere(p, threads)
    for c in cs:
        c.query("begin")
    pids = [backend(c) for c in cs]
    for c in cs:
        c.query("commit")
    for pid in pids:
        cluster.sql("select pg_terminate_backend(%d)" % pid)
    wait_for(lambda: not p.servers())
    assert all(c.one("select 1") == "1" for c in cs)


@loops
def test_service_returns_on_every_loop(looped, threads, own_cluster):
    """Clients that are told of the failure and end make the next try all
    the same, whatever loop they are on."""
    p = looped(threads, server_login_retry=1, default_pool_size=4, databases={
        "app": "host=127.0.0.1 port=%d dbname=app" % own_cluster.port})
    for turn in range(threads):
        cs = everywhere(p, threads)
        cs = cs[turn:] + cs[:turn]
        assert all(c.one("select 1") == "1" for c in cs)
        own_cluster.stop()
        wait_for(lambda: not p.servers())
        first = cs.pop(0)
        first.send(query("select 2"))
        p.wait_log(r"connect failed|has been failing", n=turn + 1)
        first.reset()
        p.wait_pool(cl_waiting=0)
        own_cluster.start()
        time.sleep(1.1)         # server_login_retry: a time, nothing to see
        said = cs.pop(0).send(query("select 3")).rest()
        assert "server login has been failing" in wire.error(said)[2]
        wait_for(lambda: p.servers(), 3, "the next try")
        assert all(c.one("select 4") == "4" for c in cs)
        for c in cs:
            c.finish()


# ---- the life of the process

@loops
def test_clients_come_and_go_on_all_loops(looped, threads):
    """The crowd's memory and descriptors come back, and the loops stay
    evenly filled."""
    p = looped(threads, max_client_conn=500)
    before = p.fds()
    for _ in range(3):
        for c in [p.login() for _ in range(50)]:
            assert c.one("select 1") == "1"
            c.finish()
        p.wait_pool(cl_active=0)
    p.command("RECONNECT")
    wait_for(lambda: not p.servers())
    wait_for(lambda: p.fds() <= before, 5, "the descriptors")


@loops
def test_idle_loops_sleep(looped, threads):
    """No loop turns without a reason."""
    p = looped(threads)
    everywhere(p, threads)
    p.settle()
    before, began = p.cpu(), time.monotonic()
    time.sleep(1)       # what is measured is a second without work
    took = time.monotonic() - began
    assert p.cpu() - before <= 0.05 * took, p.cpu() - before


@loops
@pytest.mark.parametrize("mode", ("session", "statement"))
def test_other_modes(looped, threads, mode):
    p = looped(threads, pool_mode=mode, default_pool_size=20)
    cs = everywhere(p, threads)
    for n in range(20):
        for i, c in enumerate(cs):
            c.send(query("select %d" % (100 * n + i)))
        for i, c in enumerate(cs):
            assert c.answers()[1] == ("D", [str(100 * n + i)])
    if mode == "session":
        assert len({backend(c) for c in cs}) == len(cs)


@loops
def test_names_of_threads_and_log(looped, threads):
    """Every line of the log is whole, whichever loop said it."""
    p = looped(threads, log_connections=1)
    for _ in range(10):
        for c in everywhere(p, threads):
            c.query("select 1")
            c.finish()
    p.wait_pool(cl_active=0)
    bad = [li for li in p.lines() if not re.match(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S+ \[\d+\] [A-Z]+ ", li)]
    assert not bad, bad[0]
