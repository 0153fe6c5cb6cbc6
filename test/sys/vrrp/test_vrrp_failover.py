# SPDX-License-Identifier: ISC
"""What a client sees when the master ends in each of the ways it can end, and
when it comes back: two and three nodes, ours and the original in every mix.
A table is printed (-s)."""
import concurrent.futures
import contextlib
import itertools
import multiprocessing
import os
import signal
import threading
import time

import pytest

from rig import forge, lan as lan_module, vrrp
from rig.cluster import wait_for

VIP = "10.77.0.50"
ADVERT = 0.2                            # all bounds scale with it
SKEW = ADVERT * 156 / 256               # of the backup, priority 100
DOWN = 3 * ADVERT + SKEW
DELAY = 0.5
NOISE = 0.1
SLOW = 0.25                             # a sanitizer's part in it
AT_ONCE = 8                             # networks
FAST = dict(version=3, advert_int=str(ADVERT))


# ---- what is done to a node


def stop(one):
    threading.Thread(target=one.stop, daemon=True).start()


def kill_all(one):
    one.kill_all()


def kill_parent(one):
    one.signal(signal.SIGKILL)
    one.process.wait()


def kill_child(one):
    os.kill(one.child() if one.kind == "weir" else one.family()[1],
            signal.SIGKILL)


def pull(one):
    one.node.cable(False)


def plug(one):
    one.node.cable(True)


def stall(one):
    one.signal(signal.SIGSTOP, everybody=True)


def wake(one):
    one.signal(signal.SIGCONT, everybody=True)


def start(one):
    one.process.wait(5)
    one.log_file.close()
    if one.kind == "keepalived":        # it takes a zombie for itself
        for name in ("pid", "child.pid"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(one.dir, name))
    one.start()


class Act:
    """One of the things done: to which node, who owns the address then.
    until: the latest that the new owner may speak; None: it does already.
    held: the one it is done to cannot let the address go. gap: the owner is
    the same, and this the longest outage that may be."""

    def __init__(self, name, do, to, owner, until=None, held=False,
                 gap=None, since=0):
        self.name, self.do, self.to, self.owner = name, do, to, owner
        self.until, self.held, self.gap = until, held, gap
        self.since = since


# The first node has the highest priority and is master at first. 'more' is
# for it alone.
HIGH_DOWN = 3 * ADVERT + ADVERT * 155 / 256
CASES = {
    "stop": ("", [
        Act("stop", stop, 1, 2, SKEW),
        Act("start: preempts", start, 1, 1, HIGH_DOWN + 0.2)]),
    "kill all": ("", [
        Act("kill -9 all", kill_all, 1, 2, DOWN, held=True),
        Act("start: cleans up", start, 1, 1, HIGH_DOWN + 0.2)]),
    "kill parent": ("", [Act("kill -9 parent", kill_parent, 1, 2, SKEW)]),
    "kill child": ("", [Act("kill -9 child", kill_child, 1, 1, gap=0.05)]),
    "cable": ("", [
        Act("link down", pull, 1, 2, DOWN),
        Act("link up", plug, 1, 1)]),
    "stall": ("", [
        Act("SIGSTOP", stall, 1, 2, DOWN, held=True),
        Act("SIGCONT", wake, 1, 1)]),
    "nopreempt": ("nopreempt", [
        Act("stop, nopreempt", stop, 1, 2, SKEW),
        Act("start, nopreempt", start, 1, 2, gap=0)]),
    "preempt_delay": ("preempt_delay %s" % DELAY, [
        Act("stop, preempt_delay", stop, 1, 2, SKEW),
        Act("start, preempt_delay", start, 1, 1, DELAY + HIGH_DOWN + 0.2,
            since=DELAY)]),
}
THREE = ("", [
    Act("stop the 1st", stop, 1, 2, SKEW),
    Act("kill all of the 2nd", kill_all, 2, 3, DOWN + ADVERT / 256,
        held=True),
    Act("start the 2nd", start, 2, 2, DOWN + 0.2),
    Act("start the 1st", start, 1, 1, HIGH_DOWN + 0.2)])


# ---- one network


class Stage:
    def __init__(self, kinds, more, held):
        self.lan = lan_module.Lan(len(kinds) + 1)
        held.callback(self.lan.close)
        self.client = self.lan.ask(self.lan.nodes[-1], VIP, every=0.005)
        self.daemons = []
        for place, kind in enumerate(kinds):
            self.daemons.append(vrrp.Daemon(
                self.lan.nodes[place], kind, vrrp.config(
                    101 - place, more="" if place else more, **FAST)))
            held.callback(self.daemons[-1].end)
            if more and not place:      # it does not take it from others
                self.daemons[0].wait_log("Entering MASTER STATE")

    def holders(self):
        return {d.node.number for d in self.daemons if d.node.has(VIP)}

    def await_owner(self, number, limit=6):
        until = time.time() + limit
        while self.client.owners(time.time() - 0.25) != {number} or \
                not self.client.answered(time.time() - 0.1):
            assert time.time() < until, "node %d does not own it:\n%s" % (
                number, "\n\n".join(d.log() for d in self.daemons))
            time.sleep(0.02)

    def await_beat(self):
        """An advert was just sent: peers wait longest, in every mix."""
        since = time.time()
        while not self.lan.capture.adverts(since):
            assert time.time() < since + 5 * ADVERT, "nobody is master"
            time.sleep(0.002)

    def play(self, act):
        self.await_beat()
        at, one = time.time(), self.daemons[act.to - 1]
        act.do(one)
        time.sleep((act.until or DOWN) + NOISE)
        self.await_owner(act.owner)
        time.sleep(0.1)
        until = time.time() - 0.05
        since = max(at, one.started)    # it had to end before
        spoke = [a.at - since
                 for a in self.lan.capture.adverts(since, act.owner)
                 if a.priority]
        return {"outage": self.client.outage(at, until),
                "peer": spoke[0], "late": self.client.lateness(at),
                "masters": {a.node for a in self.lan.capture.adverts(at)
                            if a.priority},
                "holders": self.holders()}


def perform(kinds, case):
    """In a process of its own: who watches is late by the machine alone."""
    more, acts = case
    with contextlib.ExitStack() as held:
        stage = Stage(kinds, more, held)
        # Who begin together may announce across each other: the original's
        # second burst, 5 s later, then says who it is.
        stage.await_owner(1, limit=12)
        time.sleep(0.3)
        assert stage.holders() == {1}
        return [stage.play(act) for act in acts]


@pytest.fixture(scope="module")
def results(netns):
    """All cases in all mixes, some networks at a time."""
    have = ["weir"] + ["keepalived"] * os.path.exists(vrrp.ORIGINAL)
    wanted = [(kinds, name) for name in CASES
              for kinds in itertools.product(have, repeat=2)]
    wanted += [(kinds, "three")
               for kinds in itertools.product(have, repeat=3)]
    with concurrent.futures.ProcessPoolExecutor(
            AT_ONCE, multiprocessing.get_context("fork")) as pool:
        found = {key: pool.submit(perform, key[0], case_of(key[1]))
                 for key in wanted}
    show(found, have)
    return found


def case_of(name):
    return THREE if name == "three" else CASES[name]


def show(found, have):
    for size, names in ((2, CASES), (3, ["three"])):
        mixes = list(itertools.product(have, repeat=size))
        print("\noutage ms / the new owner speaks after ms; W: weir-vrrp, "
              "K: keepalived, by priority")
        print("%-22s" % "" + "".join("%14s" % "-".join(
            k[0].upper() for k in mix) for mix in mixes))
        for name in names:
            for number, act in enumerate(case_of(name)[1]):
                print("%-22s" % act.name + "".join(
                    "%14s" % cell(found[mix, name], number)
                    for mix in mixes))


def cell(future, number):
    if future.exception():
        return "failed"
    one = future.result()[number]
    return "%.0f / %.0f" % (one["outage"] * 1000, one["peer"] * 1000)


def worst_of_original(results, do):
    """Its longest outage of all times that this was done to it; None: it is
    not here, or failed."""
    return max((one["outage"] for (kinds, name), future in results.items()
                if set(kinds) == {"keepalived"} and not future.exception()
                for act, one in zip(case_of(name)[1], future.result())
                if act.do is do), default=None)


def check(results, kinds, name):
    mine = results[kinds, name].result()
    noise = NOISE + SLOW * vrrp.sanitized()
    for act, one in zip(case_of(name)[1], mine):
        late, what = one["late"], (act.name, kinds, one)
        if act.until is not None:
            assert act.since < one["peer"] < act.until + noise + late, what
        if act.gap is not None and kinds[act.to - 1] == "weir":
            assert one["outage"] <= act.gap + noise - NOISE + late, what
            assert one["masters"] == {act.owner}, what
        assert one["holders"] == {act.owner} | (
            {act.to} if act.held else set()), what
        if kinds[act.to - 1] != "weir" and act.gap is not None:
            continue        # it comes back when the peer takes over: a race
        theirs = worst_of_original(results, act.do)
        if theirs is not None:
            assert one["outage"] <= theirs + noise + late, (what, theirs)


MIXES = [m for size in (2, 3)
         for m in itertools.product(("weir", "keepalived"), repeat=size)
         if "weir" in m]


@pytest.mark.parametrize("kinds", MIXES, ids="-".join)
def test_mix(results, kinds):
    for name in CASES if len(kinds) == 2 else ["three"]:
        if (kinds, name) not in results:
            pytest.skip("no keepalived on this machine")
        check(results, kinds, name)


def test_a_killed_host_cleans_up_when_it_starts(lan, daemon):
    node, = lan(1).nodes
    one = daemon(node, "weir", vrrp.config(255, state="MASTER"))
    one.wait_log("Entering MASTER STATE")
    one.kill_all()
    assert node.has(VIP)
    one.write(vrrp.config(100))
    one.start()
    one.wait_log(r"Entering BACKUP STATE \(init\)")
    assert not node.has(VIP)


def test_who_was_stalled_says_nothing_when_it_wakes(lan, daemon):
    net = lan(2)
    high, low = net.nodes
    text = dict(version=3, advert_int="0.2")
    master = daemon(high, "weir", vrrp.config(101, **text))
    backup = daemon(low, "weir", vrrp.config(100, **text))
    master.wait_log("Entering MASTER STATE")
    time.sleep(0.3)
    # The backup first: what it did not read meanwhile tells of a master.
    settled = time.time()
    backup.signal(signal.SIGSTOP, everybody=True)
    time.sleep(0.9)
    backup.signal(signal.SIGCONT, everybody=True)
    time.sleep(0.3)
    assert not net.capture.adverts(settled, low.number), backup.log()
    master.signal(signal.SIGSTOP, everybody=True)
    time.sleep(1.2)
    assert low.has(VIP)
    woke = time.time()
    master.signal(signal.SIGCONT, everybody=True)
    master.wait_log("longer than peers wait")
    time.sleep(0.3)
    assert not net.capture.adverts(woke, high.number)
    assert not [f for f in net.capture.arps(VIP, woke)
                if f.node == high.number]
    assert not high.has(VIP)


def test_who_let_go_announces_no_more(lan, daemon):
    """The child hears of a better one while the parent is held up, with
    announcements that are due: clients would come to us until the other's
    next burst."""
    net = lan(2)
    node, other = net.nodes
    one = daemon(node, "weir", vrrp.config(
        100, version=3, advert_int="0.3",
        head="global_defs {\n vrrp_garp_interval 0.3\n}\n"), "-D")
    one.wait_log("Entering MASTER STATE")
    wait_for(lambda: net.capture.arps(VIP), 2, "an announcement")
    one.signal(signal.SIGSTOP)          # the parent alone
    net.send(other, forge.advert(other.ip, version=3, priority=200,
                                 interval=30))
    one.wait_log("Entering BACKUP STATE\n")
    moved = time.time()
    time.sleep(0.35)  # the next announcement is due
    one.signal(signal.SIGCONT)
    one.wait_log("removing VIPs")
    time.sleep(0.1)  # the capture follows
    assert not [f for f in net.capture.arps(VIP, moved)
                if f.node == node.number]
    wait_for(lambda: not node.has(VIP), 2, "the address's end")


def test_a_child_that_keeps_dying_is_given_up(lan, daemon):
    net = lan(2)
    high, low = net.nodes
    text = dict(version=3, advert_int="0.1")
    master = daemon(high, "weir", vrrp.config(200, **text))
    daemon(low, "weir", vrrp.config(100, **text))
    master.wait_log("Entering MASTER STATE")
    for deaths in (1, 2, 3):
        kill_child(master)
        master.wait_log("due to signal 9", count=deaths)
        time.sleep(0.1)
    master.wait_log("Restart of vrrp process delayed 1 seconds")
    time.sleep(0.2)
    assert low.has(VIP) and not high.has(VIP)
    assert [a for a in net.capture.adverts(0, 1) if a.priority == 0]
    master.wait_log("Entering MASTER STATE", count=2)
    time.sleep(0.1)
    assert high.has(VIP)


def test_a_guard_that_dies_is_replaced(lan, daemon):
    node, = lan(1).nodes
    one = daemon(node, "weir", vrrp.config(255, state="MASTER"))
    one.wait_log("Entering MASTER STATE")
    guard, = set(one.family()[1:]) - {one.child()}
    os.kill(guard, signal.SIGKILL)
    one.wait_log("a new one is started")
    one.signal(signal.SIGKILL)
    until = time.time() + 2
    while node.has(VIP):
        assert time.time() < until, one.log()
        time.sleep(0.02)
