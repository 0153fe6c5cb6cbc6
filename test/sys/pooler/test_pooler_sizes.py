# SPDX-License-Identifier: ISC
# How many servers, for whom, in which order: reserve, floor, evictions,
# fairness, parallel logins.
import threading
import time

from rig import fakepg, wire
from rig.cluster import wait_for
from rig.same import backend, busy_server
from rig.wire import query

DB = "host=127.0.0.1 port=$PG dbname=app"


def counted(delay=0.0):
    """A script whose logins take `delay`; how many ran at once at most."""
    lock, now, most = threading.Lock(), [0], [0]

    def script(served):
        served.hello()
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(delay)  # others may come in meanwhile
        with lock:
            now[0] -= 1
        served.welcome()
        served.serve()
    return script, most


def test_grows_to_pool_size(pooler):
    p = pooler(default_pool_size=5)
    held = [p.login() for _ in range(8)]
    for c in held:
        c.send(query("begin"))
    p.wait_pool(sv_active=5, cl_waiting=3)
    assert len(p.servers()) == 5
    for c in held[:3]:
        c.answers()
        c.query("commit")
    p.wait_pool(cl_waiting=0)


def test_parallel_logins(pooler, fake):
    """Ten slow logins do not wait for each other (issue: up to
    server_login_parallel at once)."""
    script, most = counted(0.3)
    server = fake(script)
    p = pooler(default_pool_size=10, databases={
        "app": "host=127.0.0.1 port=%d" % server.port})
    p.login()
    cs = [p.login() for _ in range(10)]
    start = time.monotonic()
    for c in cs:
        c.send(query("begin"))
    for c in cs:
        c.answers()
    took = time.monotonic() - start
    assert 2 <= most[0] <= 10
    assert took < 9 * 0.3 / 2, took


def test_parallel_logins_are_bounded(pooler, fake):
    """`server_login_parallel = 1` is the original's way."""
    script, most = counted(0.05)
    server = fake(script)
    p = pooler(default_pool_size=6, server_login_parallel=1, databases={
        "app": "host=127.0.0.1 port=%d" % server.port})
    p.login()
    cs = [p.login() for _ in range(6)]
    for c in cs:
        c.send(query("begin"))
    for c in cs:
        c.answers()
    assert most[0] == 1


def test_no_more_logins_than_wanted(pooler, fake):
    """One waiter opens one server, however many might log in at once."""
    script, _ = counted(0.2)
    server = fake(script)
    p = pooler(default_pool_size=10, databases={
        "app": "host=127.0.0.1 port=%d" % server.port})
    p.login().query("select 1")
    assert len(server.served) == 1


def test_reserve(pooler):
    p = pooler(default_pool_size=1, reserve_pool_size=2,
               reserve_pool_timeout=1)
    holder = busy_server(p)
    waiters = [p.login() for _ in range(4)]
    start = time.monotonic()
    for c in waiters:
        c.send(query("begin"))
    wait_for(lambda: len(p.servers()) == 3, 4)
    assert time.monotonic() - start > 0.8
    p.wait_pool(cl_waiting=2)
    assert p.count("taking connection from reserve_pool") >= 1
    time.sleep(0.5)  # no fourth one comes
    assert len(p.servers()) == 3
    holder.query("commit")


def test_reserve_of_database(pooler):
    p = pooler(default_pool_size=1, reserve_pool_timeout=1, databases={
        "app": DB + " reserve_pool=1"})
    busy_server(p)
    c = p.login()
    assert c.query("select 1")[-1] == ("Z", "I")


def test_floor(pooler):
    p = pooler(min_pool_size=3, server_idle_timeout=1)
    p.login().query("select 1")
    wait_for(lambda: len(p.servers()) == 3)
    time.sleep(2)  # longer than server_idle_timeout
    assert len(p.servers()) == 3


def test_floor_above_pool_size(pooler):
    p = pooler(min_pool_size=5, default_pool_size=2)
    p.login().query("select 1")
    time.sleep(1.5)  # the janitor was by: no more come
    assert len(p.servers()) == 2


def test_floor_without_clients(pooler):
    p = pooler(databases={"app": DB + " user=app min_pool_size=2"})
    wait_for(lambda: len(p.servers()) == 2)


def test_floor_and_user_limit(pooler):
    """min_pool_size above max_user_connections does not thrash (#647)."""
    p = pooler(min_pool_size=3, max_user_connections=2, databases={
        "app": DB, "app2": DB})
    a, b = p.login(), p.login(database="app2")
    for _ in range(3):
        a.query("select 1")
        b.query("select 1")
    time.sleep(1.5)  # the janitor was by, more than once
    assert len(p.servers()) <= 2
    assert p.count("new connection to server") <= 8


def test_shrinks_after_reload(pooler):
    p = pooler(default_pool_size=4)
    held = [busy_server(p) for _ in range(4)]
    for c in held:
        c.query("commit")
    p.reload(default_pool_size=1)
    wait_for(lambda: len(p.servers()) == 1)
    assert p.lines("too many servers in the pool")


def test_eviction_by_database_limit(pooler):
    p = pooler(max_db_connections=2)
    for user in ("app", "other", "stranger"):
        assert p.login(user).one("select current_user") == user
        assert len(p.servers()) <= 2
    assert p.lines("closing because: evicted")


def test_eviction_takes_the_longest_idle(pooler):
    p = pooler(max_db_connections=2)
    first, second = p.login("app"), p.login("other")
    old = backend(first)
    new = backend(second)
    p.login("stranger").query("select 1")
    pids = {int(r["remote_pid"]) for r in p.servers()}
    assert old not in pids and new in pids


def test_busy_servers_are_not_evicted(pooler):
    p = pooler(max_db_connections=1)
    c = busy_server(p, "app")
    late = p.conn()
    late.send(wire.startup(user="other", database="app"))
    assert late.quiet(0.4)
    assert c.one("select 1") == "1"
    c.query("commit")
    assert late.until("Z")[-1] == ("Z", "I")


def test_user_limit_over_databases(pooler):
    p = pooler(max_user_connections=1)
    c = busy_server(p, "app", "app")
    late = p.conn()
    late.send(wire.startup(user="app", database="app2"))
    assert late.quiet(0.4)
    c.query("commit")
    assert late.until("Z")[-1] == ("Z", "I")


def test_longest_waiter_first_over_pools(pooler):
    """Pools that share max_db_connections: the order of arrival decides,
    not the alphabet (24, 16)."""
    p = pooler(max_db_connections=1, databases={"app": DB},
               auth_file=[(u, "") for u in ("app", "other", "trusty",
                                            "stranger", "tlsuser")]
               + [("admin", "adminpw")])
    names = ("trusty", "stranger", "other", "tlsuser", "app")
    cs = {u: p.login(u) for u in names}
    holder = cs["trusty"]
    holder.query("begin")
    for user in names[1:]:
        cs[user].send(query("select extract(epoch from clock_timestamp())"))
        p.wait_pool("app", user, cl_waiting=1)
    holder.query("commit")
    served = {user: float(cs[user].answers()[1][1][0])
              for user in names[1:]}
    assert sorted(served, key=served.get) == list(names[1:])


def test_no_pool_starves(pooler):
    """One pool with endless work leaves room for another."""
    p = pooler(max_db_connections=1, databases={"app": DB})
    stop = time.monotonic() + 2.5
    counts = {"app": 0, "other": 0}

    def work(user):
        c = wire.Conn(p.tcp)
        c.login(user, "app")
        while time.monotonic() < stop:
            c.query("select 1")
            counts[user] += 1
        c.drop()
    threads = [threading.Thread(target=work, args=(u,))
               for u in ("app", "app", "app", "other")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert counts["other"] >= 5, counts


def test_waiters_keep_their_order(pooler):
    p = pooler(default_pool_size=1)
    holder = busy_server(p)
    line = []
    for i in range(10):
        c = p.login()
        c.send(query("select nextval('turn_%d')" % p.port))
        p.wait_pool(cl_waiting=i + 1)
        # Loops keep the order of those who come 2 ms apart or more.
        time.sleep(0.01)
        line.append(c)
    holder.query("create sequence turn_%d" % p.port)
    holder.query("commit")
    assert [c.answers()[1][1][0] for c in line] == [
        str(i) for i in range(1, 11)]
    holder.query("drop sequence turn_%d" % p.port)


def test_waiter_that_leaves(pooler):
    p = pooler(default_pool_size=1)
    holder = busy_server(p)
    gone, stays = p.login(), p.login()
    gone.send(query("select 1"))
    p.wait_pool(cl_waiting=1)
    stays.send(query("select 2"))
    p.wait_pool(cl_waiting=2)
    gone.drop()
    holder.query("commit")
    assert stays.answers()[1] == ("D", ["2"])


def test_new_server_for_new_waiter_only(pooler):
    """Servers idle below the limit are used before new ones are made."""
    p = pooler(default_pool_size=10)
    cs = [p.login() for _ in range(10)]
    for _ in range(5):
        for c in cs:
            c.query("select 1")
    assert len(p.servers()) == 1


def test_lifetime_closes_are_spread(pooler):
    p = pooler(server_lifetime=1, default_pool_size=3)
    held = [busy_server(p) for _ in range(3)]
    for c in held:
        c.query("commit")
    wait_for(lambda: p.count("server lifetime over") >= 3, 6)


def test_lifetime_waits_for_the_transaction(pooler):
    p = pooler(server_lifetime=1)
    c = busy_server(p)
    pid = backend(c)
    time.sleep(1.7)  # longer than server_lifetime
    assert backend(c) == pid
    c.query("commit")
    assert backend(c) != pid


def test_refused_connects_are_retried(pooler, fake):
    """A server that comes up late serves the waiting client."""
    turns = []

    def script(served):
        turns.append(1)
        if len(turns) > 2:
            fakepg.plain(served)
    server = fake(script)
    p = pooler(server_login_retry=0.3, databases={
        "app": "host=127.0.0.1 port=%d" % server.port})
    assert p.try_login()[-1] == ("Z", "I")


def test_thousand_clients_on_a_few_servers(pooler):
    p = pooler(default_pool_size=5, max_client_conn=2000)
    cs = [p.login() for _ in range(500)]
    for i, c in enumerate(cs):
        c.send(query("select %d" % i))
    for i, c in enumerate(cs):
        assert c.answers()[1] == ("D", [str(i)])
    assert len(p.servers()) <= 5
