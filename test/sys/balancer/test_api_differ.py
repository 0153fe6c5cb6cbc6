# SPDX-License-Identifier: ISC
# The runtime API against Debian's HAProxy: the same commands, one after the
# other, to both; what they answer is compared. What differs must stand in
# doc/differences.md as `api: COMMAND`; one that stands there must differ.
import os
import re
import time

import pytest

from rig.balancing import ORIGINAL, idle, ours, serve
from rig.console import Console
from rig.differ import listed

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")

TEXT = """
listen l1
 bind 127.0.0.1:{P1}
 balance leastconn
 server s1 127.0.0.1:%(up)d check inter 300ms weight 10
 server s2 127.0.0.1:%(up)d disabled
 server s3 127.0.0.1:%(up)d backup maxconn 5
frontend fe
 bind 127.0.0.1:{P2} name foo
 default_backend be
backend be
 balance roundrobin
 server b1 127.0.0.1:%(up)d check inter 300ms agent-check agent-port 1
 server b2 127.0.0.1:%(up)d track l1/s1
backend fixed
 balance static-rr
 server f1 127.0.0.1:%(up)d weight 4
"""

# In this order; what they change is seen by those that follow.
COMMANDS = """
set server
set server l1
set server l1/
set server l1/zz weight 1
set server zz/s1 weight 1
set server l1/s1
set server l1/s1 foo
set server l1/s1 weight
set server l1/s1 weight 300
set server l1/s1 weight -1
set server l1/s1 weight 50%
get weight l1/s1
set server l1/s1 weight 200%
get weight l1/s1
set server l1/s1 weight 3000%
get weight l1/s1
set server l1/s1 weight foo
set server l1/s1 weight 100%
set weight l1/s1 5
get weight l1/s1
get weight l1
get weight l1/zz
get weight #2/#1
set server fixed/f1 weight 2
set server fixed/f1 weight 0
set server fixed/f1 weight 100%
set server l1/s1 state
set server l1/s1 state foo
set server l1/s1 state drain
show servers state
set server l1/s1 state maint
show servers state
set server l1/s1 state ready
set server l1/s2 state ready
show servers state l1
set server l1/s2 state maint
show servers state l1
disable server l1/s3
show servers state l1
enable server l1/s3
disable server l1
set server l1/s1 health
set server l1/s1 health foo
set server be/b2 health up
set server be/b1 health stopping
show servers state be
set server be/b1 health up
set server be/b1 health down
show servers state be
set server be/b1 health up
set server l1/s1 agent up
set server be/b1 agent foo
set server be/b1 agent down
show servers state be
set server be/b1 agent up
show servers state be
set server l1/s1 agent-addr 1.2.3.4
set server be/b1 agent-addr 127.0.0.1
set server be/b1 agent-addr foo.bar
set server be/b1 agent-port 1
set server be/b1 agent-port foo
set server be/b1 agent-send hello
set server l1/s1 agent-send hello
set server l1/s1 agent-port 3
set server l1/s1 check-port foo
set server l1/s1 check-port 99999
set server l1/s3 check-port 22
set server l1/s1 check-addr 127.0.0.1
set server l1/s1 check-addr 127.0.0.1 port 1
set server l1/s3 check-addr 127.0.0.1
set server l1/s1 check-addr
set server l1/s1 addr
set server l1/s1 addr foo
set server l1/s1 addr /tmp/x
set server l1/s1 addr 127.0.0.2
set server l1/s1 addr 127.0.0.2 again
set server l1/s1 addr 127.0.0.1 port 7
set server l1/s1 addr 127.0.0.2 port 8
set server l1/s1 addr ::1 port 8
set server l1/s1 addr ::1 port foo
set server l1/s1 fqdn foo.bar
set server l1/s1 fqdn
set server l1/s1 ssl on
disable health l1/s1
show servers state l1
enable health l1/s1
enable health l1/s3
disable health l1/s3
enable agent l1/s1
disable agent l1/s1
disable agent be/b1
show servers state be
enable agent be/b1
disable frontend fe
disable frontend fe
enable frontend fe
enable frontend fe
disable frontend zz
disable frontend be
disable frontend
shutdown frontend
shutdown frontend zz
shutdown frontend fe
shutdown frontend fe
disable frontend fe
enable frontend fe
shutdown session
shutdown session 0x12
shutdown session foo
shutdown sessions server
shutdown sessions server l1
shutdown sessions server l1/s1
set maxconn server l1/s1
set maxconn server l1/s1 foo
set maxconn server l1/s1 50
set maxconn frontend l1
set maxconn frontend l1 -3
set maxconn frontend l1 100
set maxconn frontend zz 100
set maxconn global
set maxconn global 99999999
set maxconn global 100
set rate-limit
set rate-limit connections
set rate-limit connections global
set rate-limit connections global 5
set rate-limit sessions global 0
set rate-limit sessions foo 0
set rate-limit ssl-sessions global 10
set rate-limit http-compression global 10
set rate-limit connections global -5
clear counters
clear counters all
show servers state zz
show servers conn zz
show env HOME
show env NOSUCH
show backend
show cli level
show errors zz
show sess 0x3
set timeout
set timeout foo 3
set timeout cli foo
set timeout cli 5s
set severity-output
set severity-output foo
user;show cli level
operator;show cli level
user;show env HOME
user;operator;show cli level
show peers
show table nosuch
show resolvers nosuch
show startup-logs
""".strip().splitlines()


def plain(answer, console):
    """Without what depends on the run: ports, the time that has passed."""
    out = []
    for line in answer.split("\n"):
        words = line.split(" ")
        if len(words) == 25 and words[0].isdigit():
            words[9] = "age"
            # A check that has just run, or not yet.
            words[10:13] = ["status", "result", words[12]]
            if words[13] == "0" or words[13] == "8":
                words[12] = "health"
            line = " ".join(words)
        out.append(line)
    return "\n".join(out)


@pytest.fixture(scope="module")
def answers():
    up = serve(idle)
    both = []
    for path in (ORIGINAL, ours()):
        with Console(path, TEXT % {"up": up}) as c:
            time.sleep(0.8)  # the first checks are done, of both
            both.append([plain(c.say(command), c) for command in COMMANDS])
    return both


@pytest.mark.parametrize("n", range(len(COMMANDS)), ids=[
    "%d %s" % (n, c) for n, c in enumerate(COMMANDS)])
def test_answer(n, answers):
    theirs, weirs = answers[0][n], answers[1][n]
    # 2.6 forgets the empty line behind some of its errors.
    if theirs != "\n" and not theirs.endswith("\n\n"):
        theirs += "\n"
    if "api: " + COMMANDS[n] in set(listed()):
        assert theirs != weirs, "no longer differs"
    else:
        assert theirs == weirs


# ---- how lines are read

LINES = [
    "show version", "\n", "show cli level\n", "show cli level;show cli level\n",
    "show cli level; show cli level;\n", "prompt\n",
    "prompt\nshow cli level\n", "prompt\nshow cli level;show cli level\n",
    "prompt\nprompt\n", "prompt\nquit\n", "quit\n", "show cli level;quit\n",
    "show cli level\nshow cli level\n", "show cli level\r\n",
    "  show   cli  level  \n", "show\\ cli level\n", "show cli level <<\na\n\n",
    "prompt\nset severity-output number\nset server l1/s1 weight 999\n",
    "prompt\nset severity-output string\nset server l1/s1 weight 999\n",
    "prompt\nuser\nshow env HOME\nshow cli level\n", "prompt\nshow env HO\\;ME\n",
]


def form(answer):
    """Lists of commands, told to who knows none, are each program's own."""
    return re.sub(r"(Unknown command)[^\n]*(\n  [^\n]*)*", r"\1", answer)


@pytest.fixture(scope="module")
def said():
    both = []
    for path in (ORIGINAL, ours()):
        with Console(path, TEXT % {"up": 1}) as c:
            both.append([form(c.raw(line, limit=0.25)) for line in LINES])
            both[-1] += [form(c.raw(line, half_close=True, limit=0.25))
                         for line in LINES]
    return both


@pytest.mark.parametrize("n", range(2 * len(LINES)))
def test_line(n, said):
    line = LINES[n % len(LINES)]
    if "api: " + line.strip() in set(listed()):
        assert said[0][n] != said[1][n], "no longer differs"
    else:
        assert said[0][n] == said[1][n], line


# ---- show info: the same names in the same order, and the same kinds

def test_info_names():
    with Console(ORIGINAL, "") as a, Console(ours(), "") as b:
        theirs = [x.split(":")[0] for x in
                  a.say("show info").replace("Spliced", "Splicd").splitlines()]
        weirs = [x.split(":")[0] for x in b.say("show info").splitlines()]
        theirs = [x.replace("SplicdedBytes", "SplicedBytes") for x in theirs]
        assert [x for x in weirs if x in theirs] == theirs
        known = {x.split(":")[0].split(".", 1)[1]: x.split(":")[1:3]
                 for x in a.say("show info typed").split("\n") if x}
        ours_known = {x.split(":")[0].split(".", 1)[1]: x.split(":")[1:3]
                      for x in b.say("show info typed").split("\n") if x}
        wider = set()       # counters that are wider, or named otherwise, now
        for name, (tags, kind) in known.items():
            name = name.replace("SplicdedBytes", "SplicedBytes")
            if ours_known[name] != [tags + "V", kind]:
                wider.add(name.split(".")[0])
        assert wider <= {"CumConns", "CumReq", "CumSslConns", "MaxSslConns",
                         "SslFrontendKeyRate", "DroppedLogs",
                         "FailedResolutions", "TotalBytesOut",
                         "TotalSplicedBytesOut", "DebugCommandsIssued",
                         "MaxSessRate"}
