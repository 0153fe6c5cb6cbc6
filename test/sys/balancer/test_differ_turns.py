# SPDX-License-Identifier: ISC
# Whose turn it is while servers leave, come back and change their weights:
# made-up schedules, played through the runtime API of Debian's HAProxy and of
# ours; the seeds are fixed. A schedule that differs must stand in
# doc/differences.md as `turns: NAME`; one that stands there must differ.
import os
import random
import socket
import threading
import time

import pytest

from rig.balancing import Balancer, ORIGINAL, head, ours, read_all, serve
from rig.console import talk
from rig.differ import listed

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")

SERVERS = 5
WEIGHTS = (1, 1, 1, 2, 3, 5, 7, 10, 33, 50, 100)


def change(r, count):
    to = r.choice(("state maint", "state maint", "state drain", "state ready",
                   "state ready", "weight %d" % r.choice((0,) + WEIGHTS)))
    return "set", "%c" % (97 + r.randrange(count)), to


def make(algorithm, seed):
    """Weights; and what happens: set, ask so often, open, close one."""
    r = random.Random(seed)
    weights = [r.choice(WEIGHTS) for _ in range(r.randint(2, SERVERS))]
    acts = []
    for _ in range(r.randint(1, 3) if algorithm == "roundrobin" else 8):
        asked = r.randint(1, 12)
        if algorithm == "roundrobin":
            acts += [("ask", asked)]
        else:
            acts += [("open",) if r.random() < .55 else ("close", r.random())
                     for _ in range(asked)]
        acts += [change(r, len(weights)) for _ in range(r.choice((1, 1, 2)))]
    return weights, acts + [("ask", 20)]


CASES = {"%s %d" % (algorithm, seed): (algorithm, *make(algorithm, seed))
         for algorithm, seeds in (("roundrobin", 60), ("leastconn", 25))
         for seed in range(seeds)}


def hold(letter):
    def play(c, n):
        c.sendall(letter)
        while c.recv(10):
            pass
        c.close()
    return play


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(8)
    s.connect(path)
    return s


def leave(s):
    s.shutdown(1)
    read_all(s)
    s.close()


def play_case(path, acts, tell):
    got, held = "", []
    for act in acts:
        if act[0] == "set":
            tell("set server @/%s %s\n" % act[1:])
        elif act[0] == "open":
            s = connect(path)
            got += s.recv(1).decode() or "-"
            held.append(s)
        elif act[0] == "close" and held:
            leave(held.pop(int(act[1] * len(held))))
        elif act[0] == "ask":
            for _ in range(act[1]):
                s = connect(path)
                got += s.recv(1).decode() or "-"
                leave(s)
    for s in held:
        s.close()
    return got


def wait_for(b, path):
    end = time.time() + 10
    while time.time() < end:
        assert b.process.poll() is None, b.errors()
        try:
            return connect(path).close()
        except OSError:
            time.sleep(0.02)  # until it listens
    raise AssertionError(b.errors())


def play(path, where):
    names = [serve(hold(b"%c" % (97 + i))) for i in range(SERVERS)]
    text = head().replace("global", "global\n stats socket %s level admin" %
                          where, 1).replace(" log global\n", "")
    for i, (algorithm, weights, _) in enumerate(CASES.values()):
        text += "listen l%d\n bind unix@%s.%d\n balance %s\n" % (
            i, where, i, algorithm)
        for k, weight in enumerate(weights):
            text += " server %c 127.0.0.1:%d weight %d\n" % (
                97 + k, names[k], weight)
    text += "listen last\n bind unix@%s.last\n server s 127.0.0.1:1\n" % where
    with Balancer(path, text) as b:
        wait_for(b, where + ".last")
        return {case: play_case(
            "%s.%d" % (where, i), acts,
            lambda line, i=i: talk(where, line.replace("@", "l%d" % i)))
            for i, (case, (_, _, acts)) in enumerate(CASES.items())}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    where, out = tmp_path_factory.mktemp("turns"), {}
    runs = [threading.Thread(target=lambda p=p, s=s: out.update(
        {s: play(p, str(where / s))}))
        for p, s in ((ORIGINAL, "original"), (ours(), "ours"))]
    for r in runs:
        r.start()
    for r in runs:
        r.join()
    return out["original"], out["ours"]


@pytest.fixture(scope="module")
def differing():
    return {n for n in listed() if n.startswith("turns: ")}


@pytest.mark.parametrize("case", CASES)
def test_turns(case, played, differing):
    theirs, weirs = played[0][case], played[1][case]
    if "turns: " + case in differing:
        assert theirs != weirs, "no longer differs: %s" % theirs
    else:
        assert theirs == weirs


def test_all_that_is_listed_is_there(differing):
    assert not differing - {"turns: " + c for c in CASES}
