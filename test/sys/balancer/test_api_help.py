# SPDX-License-Identifier: ISC
# Every command that the original's help tells of is one of ours, but for
# those that stand here with the reason; and what ours has beyond it.
import os
import re

import pytest

from rig.balancing import ORIGINAL, ours
from rig.console import Console

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")

ONLY_THEIRS = {
    # Cookies are of HTTP, which is not forwarded.
    "disable dynamic-cookie backend", "enable dynamic-cookie backend",
    "set dynamic-cookie-key backend",
    # A misprint: it is called "new ssl crl-file" there too.
    "new ssl crlfile",
}
ONLY_OURS = {
    "new ssl crl-file",
    # Hidden there until they are of use.
    "experimental-mode", "set var",
    # Of later versions.
    "echo", "show anon", "wait",
    # Told with its word there: "clear counters [all]".
    "clear counters all",
}


def commands(path):
    with Console(path, "") as c:
        lines = c.say("help").splitlines()[1:]
    words = [re.split(r" *[<\[({:]|  ", line.strip())[0] for line in lines]
    return {w.strip() for w in words if w}


def test_each_is_there():
    theirs, mine = commands(ORIGINAL), commands(ours())
    assert len(theirs) > 90
    assert theirs - mine == ONLY_THEIRS
    assert mine - theirs == ONLY_OURS


# ---- variables of the process

VARIABLES = """
get var
get var foo
get var proc.x
set var proc.x int(5)
E experimental-mode
E set var
E set var proc.x
E set var txn.x int(5)
E set var proc.x int(5),add(3)
get var proc.x
E set var proc.x expr int(9)
get var proc.x
E set var proc.s str(abc)
get var proc.s
E set var proc.f fmt abc%[int(3)]d
get var proc.f
E set var proc.f fmt ab def
get var proc.f
E set var proc.f fmt %[var(proc.x)]/%ci/
get var proc.f
E set var proc.a ipv4(1.2.3.4)
get var proc.a
E set var proc.a ipv6(::1)
get var proc.a
E set var proc.b bool(true)
get var proc.b
E set var proc.h bin(414200)
get var proc.h
E set var proc.v var(proc.x),add(1)
get var proc.v
E set var proc.v var(proc.nosuch)
get var proc.v
E set var proc.v nosuch
E set var proc.v src
get var x y
show cache
set profiling
set profiling tasks
set profiling foo on
set profiling tasks off
trace 0
trace nosuch
show events nosuch
show peers
""".strip().splitlines()


def plain(answer):
    """An unknown or unfit fetch has a text of each program's own."""
    if re.match(r"\s*(unknown fetch method|fetch method )", answer):
        return "refused"
    return answer.strip("\n")


def test_variables():
    both = []
    for path in (ORIGINAL, ours()):
        with Console(path, "") as c:
            both.append([(line, plain(c.say(re.sub(
                "^E ", "experimental-mode on;", line))))
                for line in VARIABLES])
    for theirs, mine in zip(*both):
        assert mine == theirs


def test_what_cannot_be_asked_without_a_session():
    with Console(ours(), "backend b\n server s 127.0.0.1:9\n") as c:
        for expr in ("src", "nbsrv(b)", "req.len", "txn.x", "sc0_conn_cnt",
                     "fmt %[src]", "srv_is_up(b/s)", "table_cnt(b)"):
            c.say("experimental-mode on;set var proc.x " + expr)
            assert c.say("get var proc.x") == "Variable not found.\n\n", expr
        for fmt in ("fmt %[", "fmt %[int(3)", "fmt %{+Q}o", "fmt %nosuch",
                    "map(/etc/passwd)", "str(a),map(/nosuch)"):
            c.say("experimental-mode on;set var proc.x " + fmt)
        assert c.process.poll() is None
