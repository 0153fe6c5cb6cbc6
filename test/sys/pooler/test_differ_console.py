# SPDX-License-Identifier: ISC
# The console: every SHOW, every command with good and bad
# arguments, the rights of stats users, what is refused and how.
import time

from rig import shows, wire
from rig.cluster import wait_for
from rig.differ import begins, one_of, scenario, plays_of

# ---- SHOW

for what, columns in shows.COLUMNS.items():
    @scenario("console.show.%s" % what.lower(), weir={
        "columns": columns, "end": [("C", "SHOW"), ("Z", "I")]})
    def show(s, what=what):
        s.login().query("select 1")
        said = s.console().query("SHOW " + what)
        s.note("columns", next((m[1] for m in said if m[0] == "T"), None))
        s.note("end", [m for m in said if m[0] not in "TD"])


def table(name, *fields, weir=None, order=False, **config):
    """Chosen columns of a SHOW with one client at work."""
    @scenario("console.rows." + name.lower(), weir=weir, **config)
    def play(s):
        c = s.login(application_name="worker")
        c.query("begin")
        rows = [[r.get(f) for f in fields] for r in s.p.show(name)]
        s.note("rows", sorted(rows) if order else rows)


@scenario("console.rows.state", weir={"answer": [
    ("T", [("key", "text"), ("value", "text")]), ("D", ["active", "yes"]),
    ("D", ["paused", "no"]), ("D", ["suspended", "no"]), ("C", "SHOW"),
    ("Z", "I")]})
def state(s):
    s.note("answer", s.console().query("SHOW STATE"))


table("DATABASES", "name", "host", "database", "force_user", "pool_size",
      "min_pool_size", "pool_mode", "max_connections", "current_connections",
      "paused", "disabled", databases={
          "app": "host=127.0.0.1 port=$PG dbname=app",
          "forced": "host=127.0.0.1 port=$PG user=other pool_size=7 "
                    "min_pool_size=0 pool_mode=session "
                    "max_db_connections=9"})
table("POOLS", "database", "user", "cl_active", "cl_waiting", "sv_active",
      "sv_idle", "sv_used", "sv_tested", "sv_login", "maxwait", "pool_mode")
ROW = ["127.0.0.1", "127.0.0.1", "0", ""]
table("CLIENTS", "type", "user", "database", "state", "addr", "local_addr",
      "close_needed", "tls", "application_name", weir={"rows": [
          ["C", "app", "app", "active", *ROW, "worker"],
          ["C", "admin", "pgbouncer", "idle", *ROW, ""]]})
table("SERVERS", "type", "user", "database", "state", "addr", "local_addr",
      "close_needed", "tls", "application_name")
table("SOCKETS", "type", "user", "database", "state", order=True)
table("LISTS", "list", weir={"rows": [[n] for n in shows.LISTS]})
table("MEM", "name", weir={"rows": [[n] for n in shows.MEM]})
table("TOTALS", "name", weir={"rows": [[n] for n in shows.TOTALS]})
table("STATS", "database")
table("STATS_TOTALS", "database")
table("STATS_AVERAGES", "database")
table("DNS_ZONES", "zonename")


@scenario("console.rows.users", users={
    "app": "pool_mode=session max_user_connections=5"},
    auth_file=[("app", ""), ("admin", "adminpw")],
    weir={"rows": [["admin", None], ["app", "session"]]})
def users(s):
    s.note("rows", sorted([r["name"], r["pool_mode"] or None]
                          for r in s.p.show("USERS")
                          if r["name"] in ("app", "admin")))


@scenario("console.rows.sorted", databases={
    n: "host=127.0.0.1 port=$PG dbname=app" for n in ("zeta", "beta",
                                                      "alpha")})
def pools_sorted(s):
    for db, user in (("zeta", "app"), ("beta", "other"), ("alpha", "other"),
                     ("beta", "app")):
        s.login(user, db)
    s.note("order", [[r["database"], r["user"]]
                     for r in s.p.show("POOLS")])


@scenario("console.rows.dns-hosts", databases={
    "app": "host=localhost port=$PG dbname=app"})
def dns_hosts(s):
    s.login()
    s.note("names", [r["hostname"] for r in s.p.show("DNS_HOSTS")])


@scenario("console.config.keys", weir={"keys": [k[0] for k in
                                                shows.SETTINGS]})
def config_keys(s):
    s.note("keys", [r["key"] for r in s.p.show("CONFIG")])


@scenario("console.config", weir={
    key: [default, {"y": "yes", "n": "no"}[changeable]]
    for key, default, changeable in shows.SETTINGS if key != "conffile"})
def config(s):
    """Default and changeable of every setting."""
    rows = {r["key"]: r for r in s.p.show("CONFIG")}
    for key in sorted({k[0] for k in shows.SETTINGS} | set(rows)):
        row = rows.get(key, {})
        s.note(key, [row.get("default"), row.get("changeable")])


@scenario("console.config.values", start=False,
          weir={"mode": one_of("511", "0777")})
def config_values(s):
    s.start(settings={"unix_socket_mode": "0777", "tcp_keepidle": "0x10",
                      "server_lifetime": "0.5", "query_timeout": "1000000",
                      "default_pool_size": "0020", "client_idle_timeout":
                      "2.50", "log_stats": "7"})
    rows = {r["key"]: r["value"] for r in s.p.show("CONFIG")}
    s.note("mode", rows["unix_socket_mode"])
    for key in ("tcp_keepidle", "server_lifetime", "query_timeout",
                "default_pool_size", "client_idle_timeout", "log_stats",
                "auth_type", "pool_mode", "server_tls_sslmode"):
        s.note(key, rows[key])


def said(name, *texts, user="admin", weir=None, **config):
    """What the console answers to these texts, one after the other."""
    @scenario("console." + name, weir=weir, **config)
    def play(s):
        c = s.console(user)
        for i, text in enumerate(texts):
            if c.sock.fileno() < 0:
                break
            s.note("%d %s" % (i, text), c.query(text))


def wrong(text):
    return [("E", {"S": "ERROR", "C": "08P01", "M": text}), ("Z", "I")]


said("version", "SHOW VERSION")
said("show.words", "SHOW CLIENT_ENCODING", "SHOW DATESTYLE", "SHOW TIMEZONE",
     "SHOW STANDARD_CONFORMING_STRINGS",
     "SHOW DEFAULT_TRANSACTION_ISOLATION")
said("show.case", "show version", "Show Version;", "SHOW version ;",
     "  SHOW   VERSION  ", "\nSHOW\tVERSION\n")
said("show.select", "SELECT VERSION", "select version;")
said("show.unknown", "SHOW NOTHING", "SHOW", "SHOW POOLS app",
     "SHOW \"version\"")
said("show.stats-user", "SHOW VERSION", "SHOW CONFIG nothing", "SHOW FDS",
     user="stats")


@scenario("console.help")
def help(s):
    got = s.console().query("SHOW HELP")
    s.note("kinds", wire.kinds(got))
    s.note("notice", {k: v for k, v in got[0][1].items() if k != "D"})
    s.note("tag", got[-2])


# ---- commands

COMMANDS = ("PAUSE", "RESUME", "DISABLE app", "ENABLE app", "KILL app",
            "RECONNECT", "WAIT_CLOSE", "SUSPEND", "RELOAD", "SHUTDOWN",
            "SET verbose=0", "KILL_CLIENT 1", "SHUTDOWN WAIT_FOR_SERVERS")
for text in COMMANDS:
    said("rights." + text.lower().replace(" ", "-"), text, "SHOW VERSION",
         user="stats", weir={
             "0 " + text: wrong("admin access needed")} if text[:9] in
         ("KILL_CLIE", "SHUTDOWN ") else None)

said("bad.empty", "")
said("bad.semicolon", ";")
said("bad.unknown", "FOO", "FOO BAR", "DROP TABLE x", "select 1")
said("bad.two", "SHOW VERSION; SHOW VERSION")
said("bad.long-word", "A" * 20, "PAUSE " + "x" * 70, "SHOW " + "y" * 70)
said("bad.quote", "PAUSE \"app", "PAUSE 'app'")
said("bad.arguments", "PAUSE app app2", "RELOAD now", "RESUME a b")
said("bad.signs", "PAUSE app-two", "!", "\\d")
said("bad.comment", "-- nothing", "/* nothing */")
said("bad.sql", "BEGIN", "select version()", "SET search_path to 'x'")

said("pause", "PAUSE", "PAUSE", "RESUME", "RESUME")
said("pause.db", "PAUSE app", "PAUSE app", "RESUME app", "RESUME app")
said("pause.unknown", "PAUSE nowhere", "RESUME nowhere", "PAUSE pgbouncer",
     "RESUME pgbouncer")
said("pause.lower", "pause app;", "resume app ;", "Pause \"app\"",
     "resume \"app\"")
said("pause.auto", "PAUSE newdb", "RESUME newdb", databases={
    "*": "host=127.0.0.1 port=$PG"})
said("disable", "DISABLE app", "DISABLE app", "ENABLE app", "ENABLE app")
said("disable.unknown", "DISABLE nowhere", "ENABLE nowhere")
said("disable.none", "DISABLE", "ENABLE")
said("disable.console", "DISABLE pgbouncer", "ENABLE pgbouncer")
said("disable.auto", "DISABLE newdb", "ENABLE otherdb", databases={
    "*": "host=127.0.0.1 port=$PG"})
said("kill.unknown", "KILL nowhere")
said("kill.console", "KILL pgbouncer")
said("kill.none", "KILL", "RESUME", weir={
    "0 KILL": [("C", "KILL"), ("Z", "I")]})
said("reconnect", "RECONNECT", "RECONNECT app", "RECONNECT nowhere",
     "RECONNECT pgbouncer")
said("wait-close", "WAIT_CLOSE", "WAIT_CLOSE app", "WAIT_CLOSE nowhere",
     "WAIT_CLOSE pgbouncer")
said("reload", "RELOAD")
said("suspend", "SUSPEND", "SUSPEND", "RESUME", "RESUME")
said("suspend.paused", "PAUSE app", "SUSPEND", "RESUME app")
said("kill-client.bad", "KILL_CLIENT", "KILL_CLIENT x", "KILL_CLIENT 999999",
     "KILL_CLIENT -1", weir={
         "1 KILL_CLIENT x": wrong("invalid client pointer supplied"),
         "2 KILL_CLIENT 999999": wrong("client not found"),
         "0 KILL_CLIENT": lambda got: got[0][1]["S"] == "ERROR",
         "3 KILL_CLIENT -1": lambda got: got[0][1]["S"] == "ERROR"})

said("set", "SET default_pool_size=7", "SET default_pool_size = 8",
     "SET default_pool_size TO 9", "SET default_pool_size to '10'",
     "set DEFAULT_POOL_SIZE=11;")
said("set.bad", "SET nonsense=1", "SET default_pool_size=x",
     "SET default_pool_size", "SET default_pool_size=", "SET",
     "SET query_timeout=1h", "SET pool_mode=sometimes")
said("set.read-only", "SET listen_port=1", "SET pidfile='x'",
     "SET unix_socket_dir='/'")
said("set.fake", "SET client_encoding='UTF8'", "SET datestyle='ISO'",
     "SET timezone='UTC'", "SET standard_conforming_strings=on",
     "SET default_transaction_isolation='serializable'",
     user="stats")
said("set.long", "SET server_reset_query='" + "x" * 250 + "'",
     "SET server_reset_query='" + "x" * 300 + "'")
said("set.quotes", "SET server_reset_query='it''s'",
     "SET server_reset_query=''", "SET server_reset_query='a b'",
     "SET server_reset_query=a b")


@scenario("console.set.takes-effect")
def set_effect(s):
    c = s.console()
    c.query("SET query_wait_timeout=77")
    s.note("shown", [r["value"] for r in s.p.show("CONFIG")
                     if r["key"] == "query_wait_timeout"])
    c.query("SET listen_port=1")
    s.note("unchanged", [r["value"] for r in s.p.show("CONFIG")
                         if r["key"] == "listen_port"])
    s.p.signal(1)
    s.p.wait_log("got SIGHUP")
    s.note("after reload", wait_for(lambda: [
        r["value"] for r in s.p.show("CONFIG")
        if r["key"] == "query_wait_timeout"]))


@scenario("console.reload.broken", weir={
    "answer": [("E", {"S": "ERROR", "C": "F0000", "M":
                      "RELOAD failed, see logs for additional details"}),
               ("Z", "I")],
    "goes on": ("Z", "I")})
def reload_broken(s):
    s.p.write("pooler.ini", "[pgbouncer]\nnonsense = 1\n")
    s.note("answer", s.console().query("RELOAD"))
    s.note("goes on", s.try_login()[-1])
    s.log("log", "config file loading failed")


@scenario("console.shutdown")
def shutdown(s):
    c = s.console()
    c.send(wire.query("SHUTDOWN"))
    s.note("answer", c.rest())
    s.note("code", s.p.ended())


for form in ("WAIT_FOR_SERVERS", "WAIT_FOR_CLIENTS"):
    @scenario("console.shutdown." + form.lower(), weir={
        "answer": [("C", "SHUTDOWN"), ("Z", "I")], "ended": True})
    def shutdown_form(s, form=form):
        c = s.console()
        c.send(wire.query("SHUTDOWN " + form))
        got = c.until("Z")
        s.note("answer", got)
        c.finish()
        if got[0][0] == "C":
            s.p.ended(5)
        s.note("ended", not s.p.running())


# ---- the protocol of the console

@scenario("console.extended", weir={"answer": begins(
    ["1"], ["2"], ["T", [["version", "text"]]])})
def extended(s):
    c = s.console()
    c.send(wire.once("SHOW VERSION"))
    s.note("answer", c.until("Z"))


@scenario("console.sync-only", weir={"answer": [("Z", "I")]})
def sync_only(s):
    c = s.console()
    c.send(wire.SYNC)
    s.note("answer", c.until("Z"))


for kind, body in (("F", b"\0\0\0\0\0\0\0\0"), ("d", b"data"), ("c", b""),
                   ("y", b"")):
    @scenario("console.packet-%d" % ord(kind), weir={
        "answer": lambda got: got[-1] == ["EOF"]})
    def packet(s, kind=kind, body=body):
        c = s.console()
        c.send(wire.frame(kind, body))
        s.note("answer", c.rest())


@scenario("console.terminate")
def terminate(s):
    c = s.console()
    c.send(wire.TERMINATE)
    s.note("answer", c.rest())
    s.log("log", "pgbouncer/admin@.*closing because: client close")


@scenario("console.big-query", weir={"answer": one_of(
    begins(["E", {"S": "ERROR", "C": "08P01", "M": "bad arguments"}]),
    lambda got: got[-1] == ["EOF"],
    lambda got: got[0][0] == "E")})
def big(s):
    c = s.console()
    c.send(wire.query("SHOW " + "x" * 20000))
    s.note("answer", c.until("Z"))


@scenario("console.unterminated", weir={"answer": lambda got: got[0][0] in
                                        "ET"})
def unterminated(s):
    c = s.console()
    c.send(wire.frame("Q", b"SHOW VERSION"))
    s.note("answer", c.until("Z"))


@scenario("console.pipeline")
def pipeline(s):
    c = s.console()
    c.send(wire.query("SHOW VERSION") + wire.query("NONSENSE")
           + wire.query("SHOW TIMEZONE"))
    s.note("answer", c.answers(3))


@scenario("console.bytewise", weir={"answer": begins(
    ["T", [["version", "text"]]])})
def bytewise(s):
    c = s.console()
    for b in wire.query("SHOW VERSION"):
        c.send(bytes([b]))
        time.sleep(0.005)       # so that each is read by itself
    s.note("answer", c.until("Z"))


@scenario("console.own-row")
def own_row(s):
    """The asking connection stands in SHOW CLIENTS."""
    s.note("rows", [[r["type"], r["user"], r["database"]]
                    for r in s.p.show("CLIENTS")])


@scenario("console.log-lines")
def log_lines(s):
    c = s.console()
    for text in ("PAUSE app", "RESUME app", "DISABLE app", "ENABLE app",
                 "RECONNECT app", "WAIT_CLOSE app", "PAUSE", "RESUME",
                 "RELOAD", "NONSENSE"):
        c.query(text)
    s.log("log", "command issued", "NONSENSE")


# ---- commands against clients

@scenario("console.kill.clients")
def kill_clients(s):
    one, two = s.login(), s.login()
    one.query("begin")
    s.note("answer", s.p.command("KILL app"))
    s.note("in transaction", one.rest())
    s.note("idle", two.rest())
    late = s.conn()
    late.send(wire.startup(user="app", database="app"))
    s.note("new one waits", late.quiet(0.3))
    s.note("resume", s.p.command("RESUME app"))
    s.note("then", late.until("Z")[-1])


@scenario("console.disable.clients")
def disable_clients(s):
    c = s.login()
    s.p.command("DISABLE app")
    s.note("old one", c.one("select 1"))
    s.note("new one", s.try_login())
    s.p.command("ENABLE app")
    s.note("later", s.try_login()[-1])


@scenario("console.pause.clients")
def pause_clients(s):
    c = s.login()
    c.query("select 1")
    s.note("pause", s.p.command("PAUSE"))
    s.note("servers", len(s.p.servers()))
    c.send(wire.query("select 2"))
    s.note("waits", c.quiet(0.2))
    s.note("new one", s.try_login()[-1])
    s.note("resume", s.p.command("RESUME"))
    s.note("answer", c.answers())


@scenario("console.pause.waits-for-transaction")
def pause_waits(s):
    c = s.login()
    c.query("begin")
    console = s.console()
    console.send(wire.query("PAUSE app"))
    s.note("console waits", console.quiet(0.2))
    s.note("inside", c.one("select 3"))
    c.query("commit")
    s.note("then", console.until("Z"))
    s.p.command("RESUME app")


@scenario("console.reconnect.servers")
def reconnect(s):
    busy, idle = s.login(), s.login()
    busy.query("begin")
    pid = busy.one("select pg_backend_pid()")
    first = idle.one("select pg_backend_pid()")
    s.p.command("RECONNECT")
    s.note("idle one is new", idle.one("select pg_backend_pid()") != first)
    s.note("busy one stays", busy.one("select pg_backend_pid()") == pid)
    console = s.console()
    console.send(wire.query("WAIT_CLOSE"))
    s.note("wait_close waits", console.quiet(0.5))
    busy.query("commit")
    s.note("wait_close", console.until("Z"))


@scenario("console.suspend.clients")
def suspend(s):
    c = s.login()
    console = s.console()
    s.note("suspend", console.query("SUSPEND"))
    c.send(wire.query("select 1"))
    s.note("waits", c.quiet(0.2))
    s.note("resume", console.query("RESUME"))
    s.note("answer", c.answers())


@scenario("console.suspend.admin-leaves")
def suspend_leaves(s):
    c = s.login()
    console = s.console()
    console.query("SUSPEND")
    c.send(wire.query("select 1"))
    console.drop()
    s.note("answer", c.answers())
    s.log("log", "admin disappeared when suspended")


test = plays_of(__name__, "console")
