# SPDX-License-Identifier: ISC
# What a message and a session cost the balancer: instructions of its own and
# calls of the kernel. Counted, not timed, so a busy machine says the same.
import json
import os
import platform
import re
import shutil
import subprocess
import sys

import pytest

TEST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
OURS = os.path.abspath(os.environ.get("WEIR_BALANCER", os.path.join(
    TEST, "../build/plain/weir-balancer")))
PLACES = [os.environ.get("WEIR_BUILD", "."), os.path.dirname(OURS)]

# A message and its echo, and connect, ping, close: x86-64, -O2. About a tenth
# more than it is: what a turn of the loop costs is shared by those who are
# ready in it, and how many these are varies.
INSTRUCTIONS = {("uring", "ping"): 1400, ("uring", "rate"): 9900,
                ("event", "ping"): 1300}
# On a ring of messages only the turns are calls, of a session: accept,
# socket, an option, connect, shutdown and close twice. HAProxy needs 4, 20.
CALLS = {("uring", "ping"): 1, ("uring", "rate"): 8.5, ("event", "ping"): 4.5}
NEVER = ["malloc", "calloc", "realloc", "mem_get", "mem_zero", "mem_grow",
         "log_line", "lb_record_write.part.0", "write_line"]


def place():
    """Where the bench's programs are, in a build that is made for speed."""
    for build in PLACES:
        path = os.path.join(build, "Makefile")
        if os.access(os.path.join(build, "test/bench/tcp_load"), os.X_OK) \
                and os.path.exists(path):
            break
    else:
        pytest.skip("the bench's programs are not built")
    with open(path) as f:
        flags = dict(re.findall(r"^(C|SAN_C)FLAGS = *(.*)$", f.read(), re.M))
    if flags.get("SAN_C") or not re.search(r"-O[23]", flags.get("C", "")):
        pytest.skip("a build to find faults, not to be fast")
    return build


@pytest.fixture(scope="module", params=[("uring", "ping,rate"),
                                        ("event", "ping")])
def costs(request):
    """{(engine, mode): what it cost} of one engine."""
    engine, modes = request.param
    done = subprocess.run(
        [sys.executable, os.path.join(TEST, "bench/instr"), "--balancer",
         "--build", place(), "--engine", engine, "--modes", modes,
         "--clients", "64", "--total",
         "--functions", ",".join(NEVER + ["clock_now", "epoll_wait"]),
         *([] if shutil.which("valgrind") else ["--no-instructions"]),
         "weir=" + OURS], capture_output=True, text=True, timeout=120)
    if "engine \"uring\" is not available" in done.stdout + done.stderr:
        pytest.skip("no io_uring here")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = map(json.loads, done.stdout.splitlines())
    return {(engine, row["mode"]): row for row in rows}


def test_instructions(costs):
    for which, row in costs.items():
        if "instructions" not in row or platform.machine() != "x86_64":
            pytest.skip("counted by valgrind, on x86-64")
        assert 500 < row["instructions"] <= INSTRUCTIONS[which], row


def test_calls_of_the_kernel(costs):
    for which, row in costs.items():
        if "all" not in row["calls"]:
            pytest.skip(row["calls_by"])
        assert 0 < row["calls"]["all"] <= CALLS[which], row


def test_no_memory_no_log_no_clock(costs):
    """Nothing is allocated or logged for a message or a session; the clock
    is read once in a turn of the loop, however many are in it."""
    for row in costs.values():
        if "instructions" not in row:
            pytest.skip("counted by valgrind")
        called = row["called"]
        assert all(called[name] < 0.02 for name in NEVER), row
        assert 0 < called["clock_now"] <= called["epoll_wait"] + 0.02, row
