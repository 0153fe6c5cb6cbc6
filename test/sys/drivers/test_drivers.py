# SPDX-License-Identifier: ISC
# The same steps by every driver, straight to PostgreSQL and through the
# pooler in transaction mode, 64 clients on 20 servers: equal transcripts.
# And pgbench in its three protocols.
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = int(os.environ.get("WEIR_DRIVER_CLIENTS", "64"))
SECONDS = int(os.environ.get("WEIR_PGBENCH_SECONDS", "3"))
LIMIT = 120


@pytest.fixture(scope="module")
def work(base):
    """Where things are compiled and installed, outside of the tree."""
    where = os.path.join(os.environ.get("WEIR_BUILD") or base, "drivers")
    os.makedirs(where, exist_ok=True)
    return where


@pytest.fixture
def p(pooler):
    return pooler(pool_mode="transaction", default_pool_size=20,
                  max_client_conn=200, query_wait_notify=0,
                  ignore_startup_parameters="extra_float_digits")


def run(command, clients, both=False, **env):
    """What it prints; `both`: errors among it."""
    done = subprocess.run(
        [str(c) for c in command] + ([str(clients)] if clients else []),
        stdout=subprocess.PIPE, timeout=LIMIT, cwd=HERE,
        stderr=subprocess.STDOUT if both else subprocess.PIPE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
             "PGSSLMODE": "disable", **env})
    text = done.stdout.decode()
    assert done.returncode == 0, text + (done.stderr or b"").decode()
    return text.strip()


def compare(straight, pooled):
    """Every client's transcript through the pooler is the straight one."""
    assert "FAULT" not in straight, straight
    for text in pooled.split("\n====\n"):
        a, b = straight.splitlines(), text.splitlines()
        unlike = [(x, y) for x, y in zip(a, b) if x != y]
        assert text == straight, "first unlike: %s\n%s" % (
            unlike[:1] or "one is shorter", text[-2000:])


def ports(cluster, p):
    return cluster.port, p.port


@pytest.mark.parametrize("driver", ("psycopg2", "psycopg3", "asyncpg"))
def test_python(cluster, p, driver):
    pytest.importorskip("psycopg" if driver == "psycopg3" else driver)

    def command(port):
        dsn = "host=127.0.0.1 port=%d user=app dbname=app" % port
        if driver == "asyncpg":
            dsn = "postgresql://app@127.0.0.1:%d/app" % port
        return [sys.executable, "steps_%s.py" % driver, dsn]
    compare(run(command(cluster.port), 1), run(command(p.port), CLIENTS))


def test_node(cluster, p, work):
    """node-postgres, from where Node finds it, else installed once."""
    node = shutil.which("node")
    if not node:
        pytest.skip("no node on this machine")
    paths = [os.path.join(work, "node_modules"), "/usr/share/nodejs"]
    if os.environ.get("NODE_PATH"):
        paths.append(os.environ["NODE_PATH"])
    env = {"NODE_PATH": ":".join(paths), "NODE_OPTIONS": "--no-deprecation"}
    there = subprocess.run([node, "-e", "require('pg')"],
                           stderr=subprocess.DEVNULL,
                           env={**os.environ, **env}).returncode == 0
    if not there and shutil.which("npm"):
        subprocess.run(["npm", "install", "--no-audit", "--no-fund",
                        "--prefix", work, "pg"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=LIMIT)
        there = os.path.isdir(os.path.join(work, "node_modules/pg"))
    if not there:
        pytest.skip("no node-postgres, and none to be had")

    def command(port):
        return [node, "steps_node.js", "127.0.0.1", port, "app", "app"]
    compare(run(command(cluster.port), 1, **env),
            run(command(p.port), CLIENTS, **env))


def test_jdbc(cluster, p, work):
    jar = "/usr/share/java/postgresql.jar"
    if not shutil.which("javac") or not os.path.exists(jar):
        pytest.skip("no Java compiler or no pgjdbc on this machine")
    subprocess.run(["javac", "-cp", jar, "-d", work, "Steps.java"],
                   check=True, cwd=HERE, timeout=LIMIT)

    def command(port):
        return ["java", "-Xmx700m", "-cp", work + ":" + jar, "Steps",
                "jdbc:postgresql://127.0.0.1:%d/app?user=app&"
                "prepareThreshold=1&sslmode=disable" % port]
    compare(run(command(cluster.port), 1), run(command(p.port), CLIENTS))


def psql(cluster, port, *more):
    return [cluster.bin + "/psql", "-X", "-a", "-h", "127.0.0.1", "-p", port,
            "-U", "app", "app", *more]


def test_psql(cluster, p):
    """Sixteen at a time: a process each."""
    straight = run(psql(cluster, cluster.port, "-f", "steps.sql"), 0, True)
    running = [subprocess.Popen(
        [str(w) for w in psql(cluster, p.port, "-f", "steps.sql")],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=HERE,
        env={**os.environ, "PGSSLMODE": "disable"}) for _ in range(16)]
    for one in running:
        text = one.communicate(timeout=LIMIT)[0].decode().strip()
        compare(straight, text)


def test_psql_cancel(cluster, p):
    """Ctrl-C at the terminal."""
    for port in ports(cluster, p):
        one = subprocess.Popen(
            [str(w) for w in psql(cluster, port, "-c",
                                  "select 'up', pg_sleep(20)")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "PGSSLMODE": "disable"})
        time.sleep(0.5)
        one.send_signal(signal.SIGINT)
        text = one.communicate(timeout=10)[0].decode()
        assert "canceling statement due to user request" in text


def test_psql_large_copy(cluster, p):
    """A hundred megabytes out, the same sum."""
    sums = set()
    for port in ports(cluster, p):
        command = " ".join(psql(cluster, str(port), "-qAtc", "'copy (select "
                                "repeat(n::text, 100) from generate_series"
                                "(1, 200000) n) to stdout'"))
        sums.add(subprocess.run(["sh", "-c", command + " | md5sum"],
                                stdout=subprocess.PIPE, timeout=LIMIT,
                                env={**os.environ, "PGSSLMODE": "disable"}
                                ).stdout)
    assert len(sums) == 1


@pytest.fixture(scope="module")
def bench_tables(cluster):
    cluster.run("pgbench", "-i", "-q", "-s", "2", "-h", "127.0.0.1", "-p",
                str(cluster.port), "-U", "app", "app2")


@pytest.mark.parametrize("script", ("select-only", "tpcb-like"))
@pytest.mark.parametrize("protocol", ("simple", "extended", "prepared"))
def test_pgbench(cluster, p, bench_tables, protocol, script):
    """64 clients over 20 servers, no error. pgbench prepares while it
    blocks: with transactions of several statements it would wait for itself
    when it has more clients than there are servers."""
    seconds = SECONDS if script == "select-only" else max(1, SECONDS // 3)
    clients = 20 if (protocol, script) == ("prepared", "tpcb-like") else 64
    text = run([cluster.bin + "/pgbench", "-n", "-h", "127.0.0.1", "-p",
                p.port, "-U", "app", "-M", protocol, "-b", script, "-c",
                clients,
                "-j", 2, "-T", seconds, "app2"], 0, True)
    assert "number of failed transactions: 0 (" in text, text
    assert int(re.search(r"processed: (\d+)", text)[1]) > 100, text
    assert "aborted" not in text and "error" not in text.lower(), text
    assert len([s for s in p.servers() if s["database"] == "app2"]) <= 20
    assert not p.lines("pooler error"), p.lines("pooler error")
