# SPDX-License-Identifier: ISC
# metrics_listen: /metrics says what SHOW says, while clients work, with one
# loop and with several; /healthz tells a database that is gone, and back.
import collections
import http.client
import os
import re
import signal
import socket
import threading
import time

import pytest

from rig import watcher
from rig.cluster import free_port, wait_for
from rig.wire import query

loops = pytest.mark.parametrize("threads", (
    1, pytest.param(2, marks=pytest.mark.needs("threads"))))

SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? ([0-9.]+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)')


def ask(port, path, method="GET"):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        c.request(method, path)
        r = c.getresponse()
        return r.status, r.read().decode()
    finally:
        c.close()


class Metrics:
    """A page: numbers by series and labels; it is of the right form."""

    def __init__(self, text):
        self.of, kinds, name = collections.defaultdict(dict), {}, None
        for line in text.splitlines():
            if line.startswith("# "):
                _, what, name, rest = line.split(" ", 3)
                if what == "TYPE":
                    assert name not in kinds, "%s in two pieces" % name
                    kinds[name] = rest
                    assert (rest == "counter") == name.endswith("_total")
                continue
            m = SAMPLE.match(line)
            assert m and m[1] == name and name in kinds, line
            labels = LABEL.findall(m[2] or "")
            key = tuple(v for _, v in labels)
            assert key not in self.of[name], line
            self.of[name][key] = float(m[3])

    def __call__(self, name, *labels):
        return self.of[name][labels]


@pytest.fixture
def measured(pooler):
    """measured(threads, ...): a pooler with metrics; its port of them."""
    def make(threads=1, side=None, **config):
        port = free_port()
        p = pooler(side={"threads": threads,
                         "metrics_listen": "127.0.0.1:%d" % port,
                         **(side or {})}, **config)
        return p, port
    return make


def read(port):
    status, text = ask(port, "/metrics")
    assert status == 200, (status, text)
    return Metrics(text)


def pools_agree(p, m):
    return all(
        m("pgbouncer_pools_%s_connections" % name, row["database"],
          row["user"]) == int(row[column])
        for row in p.show("POOLS") if row["database"] != "pgbouncer"
        for name, column in (("client_active", "cl_active"),
                             ("server_active", "sv_active"),
                             ("server_idle", "sv_idle")))


@loops
def test_the_numbers_of_show(measured, threads):
    p, port = measured(threads, max_client_conn=77)
    cs = [p.login() for _ in range(2 * threads)]
    cs += [p.login("other", "app2", application_name='a"\\b')]
    for c in cs:
        assert c.one("select 1") == "1"
    busy = cs[0]
    busy.send(query("begin"))
    busy.answers()
    m = read(port)
    for row in p.show("STATS_TOTALS"):
        if row["database"] == "pgbouncer":
            continue
        for prefix in "pgbouncer_stats_", "pgbouncer_stats_totals_":
            for name, column, scale in (
                    ("queries_pooled", "query_count", 1),
                    ("sql_transactions_pooled", "xact_count", 1),
                    ("received_bytes", "bytes_received", 1),
                    ("sent_bytes", "bytes_sent", 1),
                    ("queries_duration_seconds", "query_time", 1e6),
                    ("server_assignments", "server_assignment_count", 1)):
                assert m(prefix + name + "_total", row["database"]) == \
                    pytest.approx(int(row[column]) / scale), name
    # What /healthz asks is under test for a moment: look again.
    wait_for(lambda: pools_agree(p, read(port)), 5, "SHOW POOLS")
    assert m("pgbouncer_pools_server_active_connections", "app", "app") == 1
    lists = {r["list"]: int(r["items"]) for r in p.show("LISTS")}
    assert m("pgbouncer_used_clients") == lists["used_clients"] - 1
    assert m("pgbouncer_used_servers") == lists["used_servers"]
    assert m("pgbouncer_config_max_client_connections") == 77
    assert m("pgbouncer_client_connections", "app", "app", "", "idle") == \
        2 * threads - 1
    assert m("pgbouncer_client_connections", "app2", "other", 'a\\"\\\\b',
             "idle") == 1
    assert m("pgbouncer_databases_pool_size", "app", "127.0.0.1",
             str(p.pg), "app", "", "") == 20
    assert m("weir_pooler_threads") == threads
    assert m("pgbouncer_up") == 1


@loops
def test_while_clients_work(measured, threads):
    """Many ask at once, while traffic runs: whole pages, counters that only
    grow, and no client hears of it."""
    p, port = measured(threads)
    over, done, faults = threading.Event(), [0] * 4, []

    def work(n):
        with p.login() as c:
            while not over.is_set():
                if c.one("select 1") != "1":
                    faults.append(n)
                done[n] += 1
    workers = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for w in workers:
        w.start()
    try:
        pages = []
        for _ in range(5):
            asked = [threading.Thread(
                target=lambda: pages.append(read(port))) for _ in range(6)]
            for a in asked:
                a.start()
            for a in asked:
                a.join()
        name = "pgbouncer_stats_totals_queries_pooled_total"
        assert len(pages) == 30
        assert pages[-1](name, "app") >= pages[0](name, "app")
    finally:
        over.set()
        for w in workers:
            w.join()
    assert not faults
    assert read(port)(name, "app") == sum(done)


def test_series_have_an_end(measured):
    """1000 sets of labels each; what is more is one sum, named other."""
    databases = {"app": "host=127.0.0.1 port=$PG dbname=app"}
    databases.update(("d%04d" % n, "host=127.0.0.1 port=1 pool_size=2")
                     for n in range(1100))
    p, port = measured(databases=databases, side={"healthz_interval": 0})
    with p.login() as c:
        c.one("select 1")
        m = read(port)
        sizes = m.of["pgbouncer_databases_pool_size"]
        assert len(sizes) == 1001
        shown = sum(int(r["pool_size"]) for r in p.show("DATABASES"))
        assert sum(sizes.values()) == shown
        assert sizes[("other",) * 6] > 2 * 90


def test_other_requests(measured):
    p, port = measured()
    assert ask(port, "/nothing")[0] == 404
    assert ask(port, "/healthz/nothing")[0] == 404
    assert ask(port, "/metrics", "POST")[0] == 405
    assert ask(port, "/metrics", "HEAD") == (200, "")
    for _ in range(20):         # they go before they are told
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        s.close()
    assert read(port)("pgbouncer_up") == 1


def test_unix_path_and_an_address_in_use(pooler):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        p = pooler(side={"metrics_listen": "127.0.0.1:%d" % port})
        p.wait_log("metrics_listen: ")
    wait_for(lambda: ask_or_none(port, "/metrics"), 5)
    p = pooler(side={"metrics_listen": "$DIR/m.sock"})
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(p.path("m.sock"))
        s.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert b" 200 OK\r\n" in s.recv(1000)
    p.signal(signal.SIGQUIT)
    p.ended()
    assert not os.path.exists(p.path("m.sock"))


def ask_or_none(port, path):
    try:
        return ask(port, path)[0] == 200
    except OSError:
        return None


@pytest.mark.parametrize("where", ("nonsense", "127.0.0.1", "host:1"))
def test_no_address(pooler, where):
    p = pooler.make().configure(side={"metrics_listen": where})
    assert p.run()[0] == 1


# ---- /healthz

@loops
def test_nobody_listens(measured, threads):
    """Known without any client where the user is forced; else by the first
    that comes. Each has a page of its own."""
    p, port = measured(
        threads, side={"healthz_interval": 0.2}, databases={
            "app": "host=127.0.0.1 port=$PG dbname=app",
            "gone": "host=127.0.0.1 port=1 user=app",
            "quiet": "host=127.0.0.1 port=1"})
    with p.login() as c:
        assert c.one("select 1") == "1"
        wait_for(lambda: ask(port, "/healthz")[0] == 503, 5)
        assert ask(port, "/healthz")[1].startswith("gone: ")
        assert ask(port, "/healthz/gone")[0] == 503
        assert ask(port, "/healthz/app") == (200, "ok\n")
        assert ask(port, "/healthz/quiet") == (200, "ok\n")
        p.reload(side={"threads": threads, "healthz_interval": 0.2,
                       "healthz_databases": "app, quiet"})
        assert ask(port, "/healthz") == (200, "ok\n")
        p.reload(side={"threads": threads, "healthz_interval": 0.2,
                       "healthz_databases": "app, none"})
        assert ask(port, "/healthz") == (503, "none: no such database\n")


@loops
def test_a_server_that_rests_is_asked(measured, threads):
    """By an empty query; nothing new is opened for it, and who comes in the
    middle is served. One that hangs is told, and well again after it."""
    p, port = measured(threads, side={"healthz_interval": 0.3})
    cs = [p.login() for _ in range(2 * threads)]
    assert cs[0].one("select 1") == "1"
    pid = p.servers()[0]["remote_pid"]
    os.kill(int(pid), signal.SIGSTOP)
    try:
        wait_for(lambda: ask(port, "/healthz/app")[0] == 503, 5)
        assert "gets no answer" in ask(port, "/healthz")[1]
        wait_for(lambda: p.pool()["sv_tested"] == 1)
    finally:
        os.kill(int(pid), signal.SIGCONT)
    wait_for(lambda: ask(port, "/healthz/app")[0] == 200, 5)
    end = time.monotonic() + 0.7
    while time.monotonic() < end:
        for c in cs:
            assert c.one("select 1") == "1"
    if threads == 1:    # with two a release and a request may cross
        assert [s["remote_pid"] for s in p.servers()] == [pid]


def test_gone_and_back(measured, own_cluster, base):
    """PostgreSQL crashes and comes back; a watcher tells both."""
    p, port = measured(side={"healthz_interval": 0.3}, databases={
        "app": "host=127.0.0.1 port=%d dbname=app" % own_cluster.port})
    with p.login() as c:
        assert c.one("select 1") == "1"
    assert ask(port, "/healthz") == (200, "ok\n")
    path = watcher.program()
    slack = watcher.Receiver() if path else None
    one = watcher.Watcher(path, watcher.temporary(base)) if path else None
    try:
        if one:
            one.start("-c", one.config(
                "http://127.0.0.1:%d/metrics" % port,
                {"ops": {"url": slack.url}}, "kind = pooler",
                group_wait="100ms", group_interval="0"))
            wait_for(lambda: os.path.exists(one.state))
        own_cluster.stop(signal.SIGQUIT)
        wait_for(lambda: ask(port, "/healthz")[0] == 503, 5)
        assert ask(port, "/healthz")[1].startswith("app: ")
        if one:
            wait_for(lambda: slack.count("app is DOWN"), 10)
        own_cluster.start()
        wait_for(lambda: ask(port, "/healthz")[0] == 200, 5)
        if one:
            wait_for(lambda: slack.count("app is back UP"), 10)
    finally:
        if one:
            one.stop()
            slack.stop()
    if not one:
        pytest.skip("weir-watch was not built")
