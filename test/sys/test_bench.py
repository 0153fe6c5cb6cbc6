# SPDX-License-Identifier: ISC
"""The bench and its helpers run, and print every cell: never their times,
which are worth nothing in a run this short. What is counted, not timed, is
the same on a busy machine: instructions and calls are held to their bounds."""

import json
import os
import platform
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

import pytest

TEST = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ORIGINAL = "/usr/sbin/pgbouncer"
PLACES = [os.environ.get("WEIR_BUILD", "."),
          os.path.dirname(os.environ.get("WEIR_POOLER", "./")), ".", "build",
          os.path.join(os.path.dirname(TEST), "build")]

# User-space instructions of a simple transaction, 16 clients, libevent. What
# a turn of the loop costs (180, libevent's own) is shared by those who are
# ready in it, and how many these are varies by one or two: hence the rest.
MOST_INSTRUCTIONS, TURNS = 2000, 40
MOST_CALLS = 4.5                # of the kernel, per transaction


def built(path):
    for place in PLACES:
        found = os.path.abspath(os.path.join(place, path))
        if os.access(found, os.X_OK):
            return found
    return None


def targets():
    """Ours and the original, as far as they are here."""
    here = [("weir", built("weir-pooler")), ("original", ORIGINAL)]
    return ["%s=%s" % row for row in here
            if row[1] and os.access(row[1], os.X_OK)]


@pytest.fixture(scope="module", autouse=True)
def room():
    """A directory of its own for all that is started."""
    where = tempfile.mkdtemp(prefix="weir-test-bench-")
    os.chmod(where, 0o755)
    os.environ["TMPDIR"], before = where, os.environ.get("TMPDIR")
    yield where
    os.environ.pop("TMPDIR")
    if before:
        os.environ["TMPDIR"] = before
    shutil.rmtree(where, ignore_errors=True)


def run(program, *args):
    load = built("test/bench/pg_load")
    if load is None:
        pytest.skip("the bench's programs are not built")
    build = os.path.dirname(os.path.dirname(os.path.dirname(load)))
    done = subprocess.run(
        [sys.executable, os.path.join(TEST, program), *args, "--build",
         build], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def poolers():
    found = targets()
    if not found:
        pytest.skip("no pooler on this machine")
    return found


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def answer_always_seven(listener):
    """A PostgreSQL whose every answer is 7, whatever was asked."""
    client, _ = listener.accept()
    client.recv(1000)
    client.sendall(message(b"R", b"\0\0\0\0") + message(b"Z", b"I"))
    while client.recv(1000):
        client.sendall(message(b"D", b"\0\1\0\0\0\1" b"7") +
                       message(b"C", b"SELECT 1\0") + message(b"Z", b"I"))


def test_load_sees_a_wrong_answer():
    load = built("test/bench/pg_load")
    if load is None:
        pytest.skip("the bench's programs are not built")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_always_seven, args=(listener,),
                         daemon=True).start()
        done = subprocess.run(
            [load, "-p", str(listener.getsockname()[1]), "-n", "10"],
            text=True, stdout=subprocess.PIPE, timeout=60)
    figures = json.loads(done.stdout)
    assert done.returncode == 1
    assert figures["wrong"] >= 10 and figures["errors"] == 0, figures


def test_prints_every_cell(poolers, tmp_path):
    told = tmp_path / "samples.json"
    out = run("bench/pooler", *poolers, "--secs", "0.3", "--rounds", "1",
              "--mb", "5", "--idle", "100,300", "--json", str(told),
              "--only", "tx,bulk,connect,idle")
    for cell in ("simple c1 ", "simple c16 ", "simple c64 ", "simple c1000 ",
                 "extended c64 ", "tx c64 ", "prepared c64 ",
                 "select 5 MB", "copy 5 MB", "connect trust", "connect md5",
                 "connect scram-sha-256", "connect tls", "idle 100-300"):
        assert "\n" + cell in out, out
    for row in json.loads(told.read_text()):
        for name, samples in row["samples"].items():
            if row["cell"].startswith("prepared"):
                continue        # not every version can
            assert all(n is not None for n in samples), (name, row)


def test_real_postgres(poolers):
    if not shutil.which("pgbench"):
        pytest.skip("no pgbench on this machine")
    out = run("bench/pooler", *poolers[:1], "--real", "--short", "--secs",
              "0.3", "--rounds", "1")
    assert "pgbench extended c64" in out


def test_counts_what_a_transaction_costs(poolers):
    out = run("bench/instr", poolers[0], "--modes", "simple",
              *([] if shutil.which("valgrind") else ["--no-instructions"]))
    rows = [json.loads(line) for line in out.splitlines()]
    assert rows
    for row in rows:
        assert row["calls"].get("all", 4) >= 4 or "weir" in row["name"]
        assert 100 < row.get("instructions", 1000) < 100000


# ---- what a transaction may cost


def made_for_speed():
    """A reason why not, or None."""
    pooler = built("weir-pooler")
    if pooler is None:
        return "no pooler is built"
    with open(os.path.join(os.path.dirname(pooler), "Makefile")) as f:
        flags = dict(re.findall(r"^(C|SAN_C)FLAGS = *(.*)$", f.read(), re.M))
    if flags.get("SAN_C") or not re.search(r"-O[23]", flags.get("C", "")):
        return "a build to find faults, not to be fast"
    return None


def cost(*args):
    why = made_for_speed()
    if why:
        pytest.skip(why)
    out = run("bench/instr", "weir=" + built("weir-pooler"), "--engine",
              "event", *args)
    rows = [json.loads(line) for line in out.splitlines()]
    assert rows
    return rows


def count_of(row):
    if "all" not in row["calls"]:
        pytest.skip(row["calls_by"])
    return row["calls"]["all"]


NEVER = ["malloc", "calloc", "realloc", "mem_get", "mem_zero", "mem_grow",
         "log_line"]


@pytest.fixture(scope="module", params=[16, 64])
def counted(request):
    """Fewer clients than servers, and more."""
    if not shutil.which("valgrind"):
        pytest.skip("needs valgrind")
    return cost("--modes", "simple,prepared", "--clients",
                str(request.param), "--no-calls", "--functions",
                ",".join(NEVER + ["clock_now", "epoll_wait"]))


def test_instructions_of_a_simple_transaction(counted):
    row = counted[0]
    if platform.machine() != "x86_64":
        pytest.skip("counted on x86-64")
    if row["clients"] == 16:
        assert row["instructions"] <= MOST_INSTRUCTIONS + TURNS, row


def test_no_memory_no_clock_no_log(counted):
    """Nothing is allocated or logged for a transaction, and the clock is read
    once in a turn of the loop, however many transactions are in it."""
    for row in counted:
        called = row["called"]
        assert all(called[name] < 0.02 for name in NEVER), row
        assert 0 < called["clock_now"] <= called["epoll_wait"] + 0.02, row


@pytest.mark.parametrize("clients", [16, 64])
def test_calls_of_the_kernel(clients):
    """Fewer clients than servers, and more. (A client that is alone has its
    loop sleep twice in each transaction: that is six.)"""
    for row in cost("--modes", "simple,extended,prepared", "--clients",
                    str(clients), "--no-instructions"):
        assert count_of(row) <= MOST_CALLS, row
        # One send each way, also of what was rewritten; one receive.
        for kinds in (("recvfrom", "recvmsg", "read", "readv"),
                      ("sendto", "sendmsg", "write", "writev")):
            assert sum(row["calls"].get(k, 0) for k in kinds) < 2.05, row


def test_leaves_nothing_behind(poolers, room):
    out = subprocess.run(["ps", "-eo", "args"], text=True,
                         stdout=subprocess.PIPE).stdout
    assert room not in out
    assert os.listdir(room) == []


def test_balancer_prints_every_cell():
    ours, theirs = built("weir-balancer"), "/usr/sbin/haproxy"
    here = ["%s=%s" % row for row in (("weir", ours), ("original", theirs))
            if row[1] and os.access(row[1], os.X_OK)]
    if not ours or len(here) < 2:
        pytest.skip("weir-balancer and haproxy are not both here")
    done = subprocess.run(
        [os.path.join(TEST, "bench/balancer"), "--rounds", "1", "--secs",
         "0.1", "--idle", "100,200", "--only", "ping,rate,bulk,idle,page",
         *here], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    for cell in ("ping c1 ", "ping c64 ", "ping c1000", "connect c16",
                 "connect c256", "bulk get c1", "bulk put c4",
                 "idle 100-200", "CSV of 1000"):
        assert "\n" + cell in done.stdout, cell
