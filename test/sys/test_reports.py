# SPDX-License-Identifier: ISC
"""A crash or a sanitizer's word fails the test that it happens in."""
import os
import signal

import pytest

from rig import balancing, reports
from rig.cluster import free_port

IDLE = "listen l\n bind 127.0.0.1:%d\n"


@pytest.mark.parametrize("said", [
    "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602",
    "==7==ERROR: LeakSanitizer: detected memory leaks",
    "WARNING: ThreadSanitizer: data race (pid=7)",
    "src/net/conn.c:12:3: runtime error: shift exponent 64 is too large",
    "FATAL broken rule: c != NULL @src/net/conn.c:12"])
def test_report(said):
    with pytest.raises(AssertionError, match="a sanitizer spoke"):
        reports.judge("before\n%s\nafter\n" % said, 0)
    reports.judge("before\nafter\n", 0)


@pytest.mark.parametrize("number,crash", [
    (signal.SIGSEGV, True), (signal.SIGABRT, True), (signal.SIGKILL, False)])
def test_crash(number, crash):
    port = free_port()
    b = balancing.Balancer(balancing.ours(), balancing.head() + IDLE % port)
    b.wait_for(port)
    os.kill(b.process.pid, number)
    b.process.wait(5)
    if crash:
        with pytest.raises(AssertionError, match="it crashed|a sanitizer"):
            b.__exit__()
    else:
        b.__exit__()
