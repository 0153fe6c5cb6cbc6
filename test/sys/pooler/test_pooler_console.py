# SPDX-License-Identifier: ISC
# The console under traffic: what a switchover
# script leans on. And the console over the extended protocol.
import re
import threading
import time

import pytest

from rig import shows, wire
from rig.cluster import wait_for
from rig.same import backend, busy_server
from rig.wire import EOF, SYNC, bind, describe, execute, fatal, parse, query

DB = "host=127.0.0.1 port=$PG dbname=app"


class Traffic:
    """Clients that work until told to stop; their faults are kept."""

    def __init__(self, p, clients=8, pause=0.0):
        self.p, self.faults, self.done, self.stop = p, [], 0, False
        self.pause = pause
        self.threads = [threading.Thread(target=self.work, args=(n,))
                        for n in range(clients)]
        for t in self.threads:
            t.start()

    def work(self, n):
        try:
            c = wire.Conn(self.p.tcp)
            c.login("app", "app")
            c.run(parse("mine", "select $1::int + %d" % n), SYNC)
            while not self.stop:
                assert c.one("select %d" % n) == str(n)
                assert c.query("begin")[-1] == ("Z", "T")
                assert c.one("select 1") == "1"
                assert c.query("commit")[-1] == ("Z", "I")
                said = c.run(bind("mine", (1,)), execute(), SYNC)
                assert said[1] == ("D", [str(n + 1)]), said
                self.done += 1
                time.sleep(self.pause)
            c.finish()
        except Exception as why:
            self.faults.append(repr(why))

    def __enter__(self):
        wait_for(lambda: self.done > 20 or self.faults)
        return self

    def __exit__(self, *why):
        self.stop = True
        for t in self.threads:
            t.join(20)
        assert not self.faults, self.faults[0]

    def goes_on(self):
        now = self.done
        wait_for(lambda: self.done > now + 10 or self.faults)


def test_pause_and_resume_under_traffic(pooler):
    p = pooler(default_pool_size=4)
    with Traffic(p) as t:
        for _ in range(5):
            assert p.command("PAUSE") == "PAUSE"
            assert p.servers() == []
            now = t.done
            time.sleep(0.1)
            assert t.done - now <= len(t.threads)
            assert p.command("RESUME") == "RESUME"
            t.goes_on()


def test_pause_of_one_database(pooler):
    p = pooler(default_pool_size=2)
    other = p.login(database="app2")
    with Traffic(p) as t:
        assert p.command("PAUSE app") == "PAUSE"
        assert other.one("select 1") == "1"
        assert [r["paused"] for r in p.show("DATABASES")
                if r["name"] in ("app", "app2")] == ["1", "0"]
        assert p.command("RESUME app") == "RESUME"
        t.goes_on()


def test_reconnect_under_traffic(pooler):
    p = pooler(default_pool_size=4)
    with Traffic(p) as t:
        for _ in range(5):
            old = {r["ptr"] for r in p.servers()}
            assert p.command("RECONNECT") == "RECONNECT"
            assert p.command("WAIT_CLOSE") == "WAIT_CLOSE"
            assert not old & {r["ptr"] for r in p.servers()
                              if r["close_needed"] == "1"}
            t.goes_on()


def test_suspend_under_traffic(pooler):
    p = pooler(default_pool_size=4)
    with Traffic(p) as t:
        console = p.console()
        for _ in range(3):
            assert console.query("SUSPEND")[0] == ("C", "SUSPEND")
            now = t.done
            time.sleep(0.1)
            assert t.done - now <= len(t.threads)
            assert console.query("RESUME")[0] == ("C", "RESUME")
            t.goes_on()


def test_reload_under_traffic(pooler):
    """No error of any client, settings taken over."""
    p = pooler(default_pool_size=4)
    with Traffic(p) as t:
        for size in (5, 3, 7, 2, 4):
            p.reload(default_pool_size=size)
            t.goes_on()
        p.reload(databases={"app": DB + " pool_size=3"})
        t.goes_on()


def test_show_under_traffic(pooler):
    p = pooler(default_pool_size=4)
    with Traffic(p, 4):
        console = p.console()
        for _ in range(10):
            for what, columns in shows.COLUMNS.items():
                if what == "FDS":
                    continue
                said = console.query("SHOW " + what)
                assert said[0][0] == "T", (what, said)
                assert [list(c) for c in said[0][1]] == columns, what


def test_kill_under_traffic(pooler):
    p = pooler(default_pool_size=4)
    traffic = Traffic(p)
    wait_for(lambda: traffic.done > 20)
    assert p.command("KILL app") == "KILL"
    for t in traffic.threads:
        t.join(10)
    assert len(traffic.faults) == 8
    assert p.servers() == []
    late = p.conn()
    late.send(wire.startup(user="app", database="app"))
    assert p.command("RESUME app") == "RESUME"
    assert late.until("Z")[-1] == ("Z", "I")


def test_plain_kill_pauses_each(pooler):
    p = pooler()
    one, two = p.login(), p.login(database="app2")
    one.query("select 1")
    assert p.command("KILL") == "KILL"
    assert one.rest() == fatal("database removed")
    assert two.rest() == fatal("database removed")
    for db in ("app", "app2"):
        assert p.command("RESUME " + db) == "RESUME"
        assert p.login(database=db).one("select 1") == "1"


def test_kill_client(pooler):
    p = pooler()
    mine, other = p.login(application_name="mine"), p.login()
    mine.query("begin")
    ids = {r["application_name"]: r["id"] for r in p.show("CLIENTS")}
    assert p.command("KILL_CLIENT " + ids["mine"]) == "KILL_CLIENT"
    assert mine.rest() == fatal("admin forced disconnect")
    assert other.one("select 1") == "1"
    assert p.command("KILL_CLIENT " + ids["mine"]) == "client not found"


def test_kill_client_that_waits(pooler):
    p = pooler(default_pool_size=1)
    holder = busy_server(p)
    c = p.login(application_name="mine")
    c.send(query("select 1"))
    p.wait_pool(cl_waiting=1)
    ids = {r["application_name"]: r["id"] for r in p.show("CLIENTS")}
    p.command("KILL_CLIENT " + ids["mine"])
    assert c.rest() == fatal("admin forced disconnect")
    assert holder.query("commit")[-1] == ("Z", "I")


def test_ids_are_never_used_again(pooler):
    p = pooler()
    seen = set()
    for _ in range(5):
        c = p.login(application_name="mine")
        row = [r for r in p.show("CLIENTS")
               if r["application_name"] == "mine"][0]
        assert row["id"] not in seen
        seen.add(row["id"])
        c.finish()
        p.settle()


def test_disable_and_enable(pooler):
    p = pooler()
    c = p.login()
    assert p.command("DISABLE app") == "DISABLE"
    assert c.one("select 1") == "1"
    assert p.try_login() == fatal('database "app" is disabled')
    assert p.login(database="app2")
    assert p.command("ENABLE app") == "ENABLE"
    assert p.login().one("select 1") == "1"


def test_wait_close_of_one_database(pooler):
    p = pooler()
    busy, other = busy_server(p), busy_server(p, database="app2")
    p.command("RECONNECT")
    console = p.console()
    console.send(query("WAIT_CLOSE app2"))
    assert console.quiet(0.4)
    other.query("commit")
    assert console.answers()[0] == ("C", "WAIT_CLOSE")
    assert busy.query("commit")[-1] == ("Z", "I")


def test_pause_console_that_leaves(pooler):
    """The PAUSE goes on when the console that asked for it is gone."""
    p = pooler()
    c = busy_server(p)
    console = p.console()
    console.send(query("PAUSE"))
    assert console.quiet(0.2)
    console.drop()
    assert c.query("commit")[-1] == ("Z", "I")
    p.wait_pool(sv_idle=0, sv_active=0)
    assert p.command("RESUME") in ("RESUME",
                                   "pooler is not paused/suspended")
    assert c.one("select 1") == "1"


def test_several_consoles_wait(pooler):
    p = pooler()
    c = busy_server(p)
    one, two = p.console(), p.console()
    one.send(query("PAUSE app"))
    assert one.quiet(0.2)
    two.send(query("SHOW VERSION"))
    assert two.answers()[-1] == ("Z", "I")
    c.query("commit")
    assert one.answers()[0] == ("C", "PAUSE")
    assert two.query("RESUME app")[0] == ("C", "RESUME")


# ---- the forms of SHUTDOWN

def test_shutdown_at_once(pooler):
    p = pooler()
    c = busy_server(p)
    console = p.console()
    console.send(query("SHUTDOWN"))
    assert console.rest() == [EOF]
    assert c.closed()
    assert p.ended() == 0


def test_shutdown_wait_for_servers(pooler):
    p = pooler()
    c, idle = busy_server(p), p.login()
    assert p.command("SHUTDOWN WAIT_FOR_SERVERS") == "SHUTDOWN"
    assert c.one("select 1") == "1"
    idle.send(query("select 1"))
    assert idle.rest() == fatal("server shutting down")
    assert p.running()
    assert c.query("commit")[-1] == ("Z", "I")
    assert p.ended() == 0


def test_shutdown_wait_for_clients(pooler):
    p = pooler()
    c = p.login()
    assert p.command("SHUTDOWN WAIT_FOR_CLIENTS") == "SHUTDOWN"
    for _ in range(3):
        assert c.one("select 1") == "1"
    with pytest.raises(ConnectionRefusedError):
        p.conn()
    assert p.try_login(where=p.unix) == fatal("pooler is shutting down")
    assert p.console(where=p.unix).query("SHOW VERSION")[-1] == ("Z", "I")
    p.conns[-1].finish()
    c.finish()
    assert p.ended() == 0
    assert p.lines("client connections dropped, exiting")


# ---- the extended protocol

def test_extended_show(pooler):
    c = pooler().console()
    for what, columns in shows.COLUMNS.items():
        if what == "FDS":
            continue
        said = c.run(wire.once("SHOW " + what))
        assert wire.kinds(said)[:3] == "12T", (what, said)
        assert [list(x) for x in said[2][1]] == columns
        assert said[-2:] == [("C", "SHOW"), ("Z", "I")]


def test_extended_same_rows(pooler):
    c = pooler().console()
    for what in ("VERSION", "CONFIG", "DATABASES", "STATE"):
        plain = [m for m in c.query("SHOW " + what) if m[0] == "D"]
        assert [m for m in c.run(wire.once("SHOW " + what))
                if m[0] == "D"] == plain


def test_extended_command(pooler):
    p = pooler()
    c = p.console()
    assert ("C", "PAUSE") in c.run(wire.once("PAUSE app"))
    assert ("C", "RESUME") in c.run(wire.once("RESUME app"))
    assert wire.error(c.run(wire.once("RESUME app")))[2] == \
        "database app is not paused"
    assert wire.error(c.run(wire.once("NONSENSE")))[1] == "08P01"
    assert c.run(wire.once("SHOW VERSION"))[-1] == ("Z", "I")


def test_extended_parameter(pooler):
    """A parameter in place of a word."""
    c = pooler().console()
    assert ("C", "PAUSE") in c.run(wire.once("PAUSE $1", ["app"]))
    assert ("C", "RESUME") in c.run(wire.once("RESUME $1", ["app"]))


def test_extended_named_and_described(pooler):
    c = pooler().console()
    said = c.run(parse("v", "SHOW VERSION"), describe("v"), SYNC)
    assert wire.kinds(said) == "1tTZ"
    for _ in range(2):
        assert wire.kinds(c.run(bind("v"), execute(), SYNC)) == "2DCZ"
    assert wire.kinds(c.run(wire.close("v"), SYNC)) == "3Z"


def test_extended_error_skips_to_sync(pooler):
    c = pooler().console()
    said = c.run(parse("", "NONSENSE"), bind(), execute(),
                 parse("", "SHOW VERSION"), bind(), execute(), SYNC)
    assert [m[0] for m in said if m[0] in "EDZ"] == ["E", "Z"]


def test_psycopg_on_the_console(pooler):
    psycopg = pytest.importorskip("psycopg")
    p = pooler()
    with psycopg.connect(host="127.0.0.1", port=p.port, user="admin",
                         dbname="pgbouncer", autocommit=True) as c:
        rows = c.execute("SHOW DATABASES").fetchall()
        assert {r[0] for r in rows} == {"app", "app2", "pgbouncer"}
        assert c.execute("SHOW VERSION").fetchone()[0].startswith(
            "PgBouncer 1.25.2")


# ---- what SHOW says

def test_pools_count_right(pooler):
    p = pooler(default_pool_size=2)
    busy = [busy_server(p) for _ in range(2)]
    waiting = p.login()
    waiting.send(query("select 1"))
    p.wait_pool(cl_waiting=1)
    time.sleep(1.1)  # it has waited for a whole second
    row = p.pool()
    assert (row["cl_active"], row["cl_waiting"], row["sv_active"],
            row["sv_idle"]) == (2, 1, 2, 0)
    assert row["maxwait"] >= 1 and 0 <= row["maxwait_us"] < 1000000
    for c in busy:
        c.query("commit")
    waiting.answers()
    p.wait_pool(cl_active=3, cl_waiting=0, sv_active=0, sv_idle=2, maxwait=0)


def test_clients_and_servers_are_linked(pooler):
    p = pooler()
    c = busy_server(p)
    pid = backend(c)
    server = [r for r in p.servers() if r["state"] == "active"][0]
    client = [r for r in p.show("CLIENTS") if r["state"] == "active"][0]
    assert client["link"] == server["ptr"]
    assert server["link"] == client["ptr"]
    assert int(server["remote_pid"]) == pid
    assert int(client["port"]) == c.sock.getsockname()[1]
    c.query("commit")
    client = [r for r in p.show("CLIENTS") if r["database"] == "app"][0]
    assert (client["state"], client["link"]) == ("idle", "")


def test_stats_count(pooler):
    p = pooler()
    c = p.login()
    for _ in range(10):
        c.query("select 1")
    c.query("begin")
    c.query("select 2")
    c.query("commit")
    row = [r for r in p.show("STATS") if r["database"] == "app"][0]
    assert row["total_xact_count"] == "11"
    assert row["total_query_count"] == "13"
    assert row["total_server_assignment_count"] == "11"
    assert int(row["total_received"]) > 100
    assert int(row["total_sent"]) > 100
    totals = {r["name"]: r["value"] for r in p.show("TOTALS")}
    assert int(totals["total_query_count"]) >= 13


def test_stats_of_time(pooler):
    p = pooler(default_pool_size=1)
    holder = busy_server(p)
    c = p.login()
    c.send(query("select pg_sleep(0.3)"))
    p.wait_pool(cl_waiting=1)
    time.sleep(0.3)  # that much is counted as waiting
    holder.query("commit")
    c.answers()
    row = [r for r in p.show("STATS") if r["database"] == "app"][0]
    assert int(row["total_wait_time"]) >= 250000
    assert int(row["total_query_time"]) >= 300000
    assert int(row["total_xact_time"]) >= 600000


def test_dates_look_as_they_must(pooler):
    p = pooler()
    p.login().query("select 1")
    for row in p.show("CLIENTS") + p.servers():
        for key in ("connect_time", "request_time"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
                                row[key]), row[key]


def test_lists(pooler):
    p = pooler()
    p.login()
    rows = {r["list"]: int(r["items"]) for r in p.show("LISTS")}
    assert rows["databases"] == 3
    assert rows["pools"] >= 2
    assert rows["used_clients"] == 2
    assert rows["used_servers"] == 1


def test_help_names_every_command(pooler):
    text = pooler().console().query("SHOW HELP")[0][1]["D"]
    for word in list(shows.COLUMNS) + [
            "PAUSE", "RESUME", "DISABLE", "ENABLE", "KILL", "KILL_CLIENT",
            "RECONNECT", "WAIT_CLOSE", "SUSPEND", "RELOAD", "SHUTDOWN",
            "SET key = arg"]:
        assert word in text, word
