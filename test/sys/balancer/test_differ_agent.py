# SPDX-License-Identifier: ISC
# Agent checks against Debian's HAProxy: the same agents answer the same lines
# in turn, and what is said of each change is compared, in order. A case that
# differs must stand in doc/differences.md as `agent: NAME`.
import os
import re
import time

import pytest

from rig.balancing import (Balancer, ORIGINAL, echo, free_port, head, ours,
                           plain, serve)
from rig.differ import listed

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")


def turns(*lines):
    """One line after the other, the last for ever; None hangs up."""
    def play(c, n):
        line = lines[min(n, len(lines) - 1)]
        if line is not None:
            c.sendall(line)
        c.close()
    return play


def echoes_word(c, n):
    """What the balancer sends decides: it must say 'be down'."""
    c.settimeout(1)
    c.sendall(b"down\n" if c.recv(100) == b"be down\n" else b"up\n")
    c.close()


def slow(c, n):
    time.sleep(5)  # longer than any agent's time-out
    c.close()


CASES = {
    "up": ("", turns(b"up\n")),
    "down": ("", turns(b"down\n")),
    "down and up": ("", turns(b"down\n", b"down\n", b"up\n")),
    "fail": ("", turns(b"fail\n", b"up\n")),
    "stopped": ("", turns(b"stopped\n", b"up\n")),
    "capitals": ("", turns(b"DOWN\n", b"Up\n")),
    "with a reason": ("", turns(b"down #disk full\n", b"up #disk ok\n")),
    "reason without blank": ("", turns(b"down#disk full\n")),
    "drain": ("", turns(b"drain\n", b"ready\n")),
    "drain again": ("", turns(b"drain\n", b"drain\n", b"up\n")),
    "maint": ("", turns(b"maint\n", b"ready\n")),
    "maint with check": ("check", turns(b"maint\n", b"ready\n")),
    "ready up": ("", turns(b"drain\n", b"ready up\n")),
    "maint to drain": ("", turns(b"maint\n", b"drain\n", b"ready\n")),
    "down and drain": ("", turns(b"down drain\n", b"up ready\n")),
    "words by commas": ("", turns(b"up,50%,ready\n", b"down,10%\n")),
    "weight 0": ("weight 10", turns(b"0%\n", b"50%\n")),
    "weight word": ("weight 10", turns(b"weight:5\n")),
    "weight and up": ("weight 10", turns(b"down\n", b"up 75%\n")),
    "maxconn": ("maxconn 10", turns(b"up maxconn:5\n", b"down\n")),
    "nonsense": ("", turns(b"hello\n", b"down\n")),
    "empty": ("", turns(b"\n", b"down\n")),
    "nothing": ("", turns(None, b"down\n")),
    "no newline": ("", turns(b"down")),
    "CRLF": ("", turns(b"down\r\n", b"up\r\n")),
    "several lines": ("", turns(b"down\nup\n")),
    "blanks in front": ("", turns(b"  down\n")),
    "sends": ('agent-send "be down\\n"', echoes_word),
    "down with check": ("check", turns(b"down\n", b"up\n")),
    "slow": ("", slow),
    "refused": ("", None),
}


def name_of(case):
    return "c-" + case.replace(" ", "-").replace(",", "")


def play(path):
    text = head().replace(" log global\n", " option log-health-checks\n")
    server = serve(echo)
    for case, (options, agent) in CASES.items():
        port = free_port() if agent is None else serve(agent)
        text += ("listen %s\n bind 127.0.0.1:%d\n server s 127.0.0.1:%d "
                 "inter 400ms rise 2 fall 2 agent-check agent-port %d "
                 "agent-inter 500ms %s\n" % (
                     name_of(case), free_port(), server, port, options))
    ready = free_port()
    text += "listen ready\n bind 127.0.0.1:%d\n" % ready
    with Balancer(path, text) as b:
        b.wait_for(ready)
        time.sleep(3)  # every case has told all that it tells
        said = b.errors().splitlines()
    return {case: [plain(line) for line in said
                   if re.search(r"\b%s\b[^-]" % name_of(case), line)]
            for case in CASES}


@pytest.fixture(scope="module")
def said():
    return play(ORIGINAL), play(ours())


@pytest.mark.parametrize("case", CASES)
def test_agent(case, said):
    theirs, weirs = said[0][case], said[1][case]
    if "agent: " + case in set(listed()):
        assert theirs != weirs, "no longer differs"
    else:
        assert theirs == weirs
