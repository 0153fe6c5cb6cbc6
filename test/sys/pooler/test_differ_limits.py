# SPDX-License-Identifier: ISC
# Limits and time-outs with their exact texts.
import time

from rig import fakepg, wire
from rig.cluster import wait_for
from rig.differ import refused, scenario, plays_of
from rig.wire import fatal, query

DB = "host=127.0.0.1 port=$PG dbname=app"


# ---- counts of clients

@scenario("limits.max-client-conn", max_client_conn=2)
def max_client_conn(s):
    one, two = s.login(), s.login()
    s.note("third", s.try_login())
    s.note("console", s.try_login("admin", "pgbouncer", "adminpw")[-1])
    two.finish()
    s.p.settle()
    s.note("later", s.try_login()[-1])
    s.note("first", one.one("select 1"))


@scenario("limits.max-client-conn-before-auth", max_client_conn=1,
          auth_type="md5")
def before_auth(s):
    """A client that is still proving who it is counts."""
    c = s.conn()
    c.send(wire.startup(user="md5user", database="app"))
    c.message()
    s.note("second", s.p.try_login("md5user", "app", "wrong"))


@scenario("limits.max-client-conn-cancel", max_client_conn=1)
def cancel_when_full(s):
    c = s.login()
    c.send(query("select pg_sleep(20)"))
    s.p.wait_pool(sv_active=1)
    time.sleep(0.1)  # the query runs at the server
    k = s.conn()
    k.send(wire.cancel(c.pid, c.key))
    s.note("to the canceller", k.rest())
    s.note("answer", wire.error(c.answers()))


def client_limit(name, text, **config):
    @scenario("limits." + name, start=False,
              weir={"start": "up", "second": fatal(text)})
    def play(s):
        if not s.try_start("start", **config):
            return
        one = s.login()
        s.note("second", s.try_login())
        assert s.try_login("other", "app2")[-1] == ("Z", "I")
        one.finish()
        s.p.settle()
        assert s.try_login()[-1] == ("Z", "I")


client_limit("max-db-client-connections",
             "client connections exceeded (max_db_client_connections)",
             databases={"app": DB + " max_db_client_connections=1",
                        "app2": DB})
client_limit("max-db-client-connections-global",
             "client connections exceeded (max_db_client_connections)",
             max_db_client_connections=1)
client_limit("max-user-client-connections",
             "client connections exceeded (max_user_client_connections)",
             users={"app": "max_user_client_connections=1"})
client_limit("max-user-client-connections-global",
             "client connections exceeded (max_user_client_connections)",
             max_user_client_connections=1)


# ---- counts of servers

def two_busy(s, *logins):
    """Clients that each want a server in a transaction; how many got it."""
    out = []
    for user, db in logins:
        c = s.conn()
        c.send(wire.startup(user=user, database=db), query("begin"))
        end = time.monotonic() + 0.25
        said = []
        while time.monotonic() < end and ("Z", "T") not in said:
            if not c.quiet(0.05):
                said.append(c.message())
        out.append("begun" if ("Z", "T") in said else "waits")
    return out


@scenario("limits.pool-size", default_pool_size=2)
def pool_size(s):
    s.note("clients", two_busy(s, *[("app", "app")] * 3))
    s.note("pool", [s.p.pool()[k] for k in ("cl_active", "cl_waiting",
                                            "sv_active")])


@scenario("limits.pool-size-of-database", databases={
    "app": DB + " pool_size=1"})
def pool_size_db(s):
    s.note("clients", two_busy(s, *[("app", "app")] * 2))


@scenario("limits.pool-size-zero", default_pool_size=0, weir={
    "clients": ["begun"] * 3})
def pool_size_zero(s):
    s.note("clients", two_busy(s, *[("app", "app")] * 3))


@scenario("limits.max-db-connections", max_db_connections=1)
def max_db(s):
    s.note("clients", two_busy(s, ("app", "app"), ("other", "app"),
                               ("other", "app2")))


@scenario("limits.max-user-connections", max_user_connections=1)
def max_user(s):
    s.note("clients", two_busy(s, ("app", "app"), ("app", "app2"),
                               ("other", "app2")))


@scenario("limits.max-user-connections-of-user",
          users={"app": "max_user_connections=1"})
def max_user_own(s):
    s.note("clients", two_busy(s, ("app", "app"), ("app", "app2"),
                               ("other", "app2"), ("other", "app")))


@scenario("limits.evict", max_db_connections=1)
def evict(s):
    """An idle server of another pool makes room."""
    s.login("app").query("select 1")
    s.note("other", s.login("other").one("select 1"))
    s.log("log", "closing because: evicted")


@scenario("limits.reserve", default_pool_size=1, reserve_pool_size=1,
          reserve_pool_timeout=1)
def reserve(s):
    one, two = s.login(), s.login()
    one.query("begin")
    two.send(query("begin"))
    s.note("at first", two.quiet(0.4))
    s.note("then", two.answers()[-1])
    s.log("log", "taking connection from reserve_pool")


@scenario("limits.reserve-off", default_pool_size=1, reserve_pool_size=1,
          reserve_pool_timeout=0)
def reserve_off(s):
    s.note("clients", two_busy(s, *[("app", "app")] * 2))
    time.sleep(0.7)  # the janitor was by twice
    s.note("servers", len(s.p.servers()))


@scenario("limits.min-pool-size", min_pool_size=3)
def min_pool(s):
    s.note("before", len(s.p.servers()))
    s.login().query("select 1")
    wait_for(lambda: len(s.p.servers()) >= 3)
    time.sleep(0.5)  # no fourth one comes
    s.note("with a client", len(s.p.servers()))


@scenario("limits.min-pool-size-forced", databases={
    "app": DB + " user=app min_pool_size=2"}, weir={"servers": 2})
def min_pool_forced(s):
    """With a forced user the pool fills without any client."""
    end = time.monotonic() + 2
    while time.monotonic() < end and len(s.p.servers()) < 2:
        time.sleep(0.05)
    s.note("servers", len(s.p.servers()))


# ---- time

@scenario("limits.client-login-timeout", auth_type="md5",
          client_login_timeout=1)
def login_timeout(s):
    c = s.conn()
    c.send(wire.startup(user="md5user", database="app"))
    c.message()
    s.note("answer", c.rest())


@scenario("limits.client-login-timeout-trickle", client_login_timeout=1,
          weir={"answer": refused("client_login_timeout")})
def trickle(s):
    """Bytes that trickle in do not prolong it (L4)."""
    c, start = s.conn(), time.monotonic()
    packet = wire.startup(user="app", database="app", application_name="x")
    c.send(packet[:10])
    for b in packet[10:20]:
        time.sleep(0.15)
        c.send(bytes([b]))
    s.note("answer", c.rest())
    s.note("in time", time.monotonic() - start < 3)


@scenario("limits.client-idle-timeout", client_idle_timeout=1)
def idle_timeout(s):
    c = s.login()
    c.query("select 1")
    s.note("answer", c.rest())
    c = s.login()
    c.query("begin")
    time.sleep(1.7)  # longer than the time-out
    s.note("with a server", c.query("commit"))


@scenario("limits.query-timeout", query_timeout=1)
def query_timeout(s):
    c = s.login()
    c.send(query("select pg_sleep(8)"))
    s.note("answer", c.until("E")[-1:] + c.rest())
    s.log("log", "S-0x.*closing because: query timeout")


@scenario("limits.query-timeout-waiting", query_timeout=1,
          default_pool_size=1)
def query_timeout_waiting(s):
    holder = s.login()
    holder.query("begin")
    c = s.login()
    c.send(query("select 1"))
    s.note("answer", c.rest())


@scenario("limits.query-wait-timeout", query_wait_timeout=1,
          default_pool_size=1)
def query_wait_timeout(s):
    holder = s.login()
    holder.query("begin")
    c = s.login()
    c.send(query("select 1"))
    s.note("answer", c.rest())
    s.note("holder", holder.query("commit"))


@scenario("limits.query-wait-timeout-paused", query_wait_timeout=1)
def query_wait_paused(s):
    c = s.login()
    s.p.command("PAUSE")
    c.send(query("select 1"))
    s.note("answer", c.rest())


NOTIFY = [("N", {"S": "NOTICE", "C": "00000", "M": "No server connection "
                 "available in postgres backend, client being queued"})]


@scenario("limits.query-wait-notify", start=False,
          weir={"start": "up", "first": NOTIFY, "once": True})
def query_wait_notify(s):
    if not s.try_start("start", default_pool_size=1, settings={
            "query_wait_notify": 1}):
        return
    holder = s.login()
    holder.query("begin")
    c = s.login()
    c.send(query("select 1"))
    s.note("first", c.take(1))
    s.note("once", c.quiet(1.5))
    holder.query("commit")
    assert ("D", ["1"]) in c.answers()


@scenario("limits.idle-transaction-timeout", idle_transaction_timeout=1)
def idle_transaction(s):
    c = s.login()
    c.query("begin")
    s.note("answer", c.rest())
    s.log("log", "S-0x.*closing because: idle transaction timeout")


@scenario("limits.transaction-timeout", start=False, weir={
    "start": "up", "answer": fatal("transaction timeout")})
def transaction_timeout(s):
    if not s.try_start("start", settings={"transaction_timeout": 1}):
        return
    c = s.login()
    c.query("begin")
    end, said = time.monotonic() + 5, []
    while time.monotonic() < end and said[-1:] != [wire.EOF]:
        time.sleep(0.1)
        said = c.query("select 1")
    s.note("answer", said)


@scenario("limits.server-connect-timeout", start=False)
def server_connect_timeout(s):
    """A server that accepts and says nothing."""
    fake = s.fake(lambda served: (served.hello(), served.hang()))
    s.start(server_connect_timeout=1, client_login_timeout=3, databases={
        "app": "host=127.0.0.1 port=%d" % fake.port})
    s.note("answer", s.try_login())
    s.log("log", "S-0x.*closing because: connect timeout")


@scenario("limits.server-idle-timeout", server_idle_timeout=1)
def server_idle(s):
    s.login().query("select 1")
    s.log("log", "S-0x.*closing because: server idle timeout")
    s.note("left", len(s.p.servers()))


@scenario("limits.server-lifetime", server_lifetime=1)
def server_lifetime(s):
    s.login().query("select 1")
    s.log("log", "S-0x.*closing because: server lifetime over")


@scenario("limits.server-login-retry", start=False)
def login_retry(s):
    """After a failed connect the next one waits."""
    fake = s.fake(lambda served: None)
    s.start(server_login_retry=1, client_login_timeout=2, databases={
        "app": "host=127.0.0.1 port=%d" % fake.port})
    s.note("answer", s.try_login())
    s.note("tries", 2 <= len(fake.served) <= 4)


@scenario("limits.server-check-query", start=False)
def check_query(s):
    heard = []

    def script(served):
        served.hello()
        served.welcome()
        served.serve(lambda one, sql: (heard.append(sql),
                                       fakepg.echo(one, sql)))
    fake = s.fake(script)
    s.start(server_check_delay=0, settings={
        "server_check_query": "select 'checked'"}, databases={
            "app": "host=127.0.0.1 port=%d" % fake.port})
    c = s.login()
    c.query("select 1")
    c.query("select 2")
    s.note("heard", heard)


@scenario("limits.server-check-delay", start=False)
def check_delay(s):
    heard = []

    def script(served):
        served.hello()
        served.welcome()
        served.serve(lambda one, sql: (heard.append(sql),
                                       fakepg.echo(one, sql)))
    fake = s.fake(script)
    s.start(server_check_delay=1, settings={
        "server_check_query": "select 'checked'"}, databases={
            "app": "host=127.0.0.1 port=%d" % fake.port})
    c = s.login()
    c.query("select 1")
    wait_for(lambda: s.p.pool()["sv_used"] == 1)
    c.query("select 2")
    s.note("heard", heard)


@scenario("limits.reset-query", start=False)
def reset_query(s):
    """Sent at release in session mode only."""
    for mode in ("session", "transaction"):
        heard = []

        def script(served, heard=heard):
            served.hello()
            served.welcome()
            served.serve(lambda one, sql: (heard.append(sql),
                                           fakepg.echo(one, sql)))
        fake = s.fake(script)
        p = s.makes(pool_mode=mode, databases={
            "app": "host=127.0.0.1 port=%d" % fake.port})
        c = p.login()
        c.query("select 1")
        c.finish()
        p.wait_pool(sv_idle=1, sv_tested=0)
        s.note(mode, heard)


# ---- what servers are told

@scenario("limits.server-startup", start=False)
def server_startup(s):
    """The startup packet that a server gets."""
    fake = s.fake()
    s.start(databases={"app": "host=127.0.0.1 port=%d dbname=real "
                       "client_encoding=LATIN1 application_name=named"
                       % fake.port})
    s.login(application_name="own", TimeZone="UTC").query("select 1")
    s.note("startup", list(fake.served[0].startup.items()))


@scenario("limits.server-startup-plain", start=False)
def server_startup_plain(s):
    fake = s.fake()
    s.start(databases={"app": "host=127.0.0.1 port=%d" % fake.port})
    s.login(application_name="own").query("select 1")
    s.note("startup", list(fake.served[0].startup.items()))
    s.note("heard", fake.served[0].heard)


@scenario("limits.server-terminate", start=False)
def server_terminate(s):
    """A server is told goodbye."""
    fake = s.fake()
    s.start(databases={"app": "host=127.0.0.1 port=%d" % fake.port},
            server_idle_timeout=1)
    s.login().query("select 1")
    s.p.wait_log("server idle timeout")
    wait_for(lambda: fake.served[0].heard[-1:] == [("X", b"")])
    s.note("goodbye", True)


@scenario("limits.server-error-at-login", start=False, weir={
    "answer": fatal("sorry, too many clients already", "53300"),
    "log": ["WARNING server login failed: FATAL sorry, too many clients "
            "already", "LOG S-0xPTR: app/app@127.0.0.1:N closing because: "
            "sorry, too many clients already (age=N)"]})
def server_error(s):
    def script(served):
        served.hello()
        served.send(wire.notice(S="FATAL", V="FATAL", C="53300",
                                M="sorry, too many clients already",
                                D="detail", H="hint"))
    fake = s.fake(script)
    s.start(databases={"app": "host=127.0.0.1 port=%d" % fake.port})
    s.note("answer", s.try_login())
    s.log("log", "server login failed", "S-0x.*closing because")


@scenario("limits.server-starting-up", start=False,
          weir={"answer": ("Z", "I")})
def starting_up(s):
    """57P03 does not cut the waiting clients."""
    answers = []

    def script(served):
        served.hello()
        if not answers:
            answers.append(1)
            served.send(wire.notice(S="FATAL", C="57P03",
                                    M="the database system is starting up"))
            return
        served.welcome()
        served.serve()
    fake = s.fake(script)
    s.start(databases={"app": "host=127.0.0.1 port=%d" % fake.port},
            server_login_retry=1)
    s.note("answer", s.try_login()[-1])


@scenario("limits.server-unknown-auth", start=False)
def unknown_auth(s):
    fake = s.fake(lambda served: (served.hello(),
                                  served.send(wire.auth(7)),
                                  served.hang()))
    s.start(client_login_timeout=1, databases={
        "app": "host=127.0.0.1 port=%d" % fake.port})
    s.note("answer", s.try_login())
    s.log("log", "unknown/unsupported auth", "failed to answer authreq")


@scenario("limits.notice-while-idle", start=False)
def notice_idle(s):
    """Words of an unlinked server: skipped, the server is dirty."""
    fake = s.fake()
    s.start(databases={"app": "host=127.0.0.1 port=%d" % fake.port})
    c = s.login()
    c.query("select 1")
    fake.served[0].send(wire.notice("N", S="NOTICE", C="00000", M="psst"))
    s.p.settle()
    time.sleep(0.1)  # the notice has come
    s.note("answer", c.query("select 2"))
    s.note("connections", len(fake.served))


@scenario("limits.parameter-while-idle", start=False)
def parameter_idle(s):
    fake = s.fake()
    s.start(databases={"app": "host=127.0.0.1 port=%d" % fake.port})
    c = s.login()
    c.query("select 1")
    fake.served[0].send(wire.status("TimeZone", "UTC"))
    s.p.settle()
    s.note("answer", c.query("select 2"))


@scenario("limits.unknown-packet-of-server", start=False)
def unknown_packet(s):
    fake = s.fake()
    s.start(databases={"app": "host=127.0.0.1 port=%d" % fake.port})
    c = s.login()
    c.query("begin")
    fake.served[0].send(wire.frame("?", b"what"))
    s.note("answer", c.rest())


test = plays_of(__name__, "limits")
