# SPDX-License-Identifier: ISC
"""What a client sees when the master ends in each of the ways it can end,
ours beside the original in the same case; a table is printed (-s)."""
import contextlib
import signal
import threading
import time

import pytest

from rig import lan as lan_module, vrrp

VIP = "10.77.0.50"
SKEW, ADVERT = 0.61, 1.0


def stop(master, node):
    threading.Thread(target=master.stop, daemon=True).start()


def kill_all(master, node):
    master.kill_all()


def kill_parent(master, node):
    master.signal(signal.SIGKILL)


def kill_child(master, node):
    if master.kind == "weir":
        pid = master.child()
    else:
        pid = master.family()[1]
    vrrp.os.kill(pid, signal.SIGKILL)


def pull_cable(master, node):
    node.cable(False)


def stall(master, node):
    master.signal(signal.SIGSTOP, everybody=True)


# name: what is done, how long to watch, who owns it then, longest time
# until the peer speaks as master (None: it must not)
CASES = {
    "stop": (stop, 1.6, 2, SKEW + 0.1),
    "kill all": (kill_all, 4.0, 2, 3 * ADVERT + SKEW + 0.1),
    "kill parent": (kill_parent, 1.6, 2, SKEW + 0.1),
    "kill child": (kill_child, 4.5, 1, None),
    "cable": (pull_cable, 4.0, 2, 3 * ADVERT + SKEW + 0.1),
    "stall": (stall, 4.0, 2, 3 * ADVERT + SKEW + 0.1),
}


class Stage(threading.Thread):
    """One case with one kind of daemon, on a network of its own."""

    def __init__(self, kind, name):
        super().__init__(daemon=True)
        self.kind, self.name_, self.error = kind, name, None
        self.result = None
        self.lan = lan_module.Lan(3)
        self.client = self.lan.ask(self.lan.nodes[2], VIP, every=0.005)
        self.daemons = []
        self.start()

    def run(self):
        try:
            self.play()
        except Exception as error:      # pylint: disable=broad-except
            self.error = error

    def play(self):
        act, watch, _, _ = CASES[self.name_]
        high, low, _ = self.lan.nodes
        for node, priority in ((high, 101), (low, 100)):
            self.daemons.append(vrrp.Daemon(node, self.kind,
                                            vrrp.config(priority)))
            time.sleep(0.2)
        until = time.time() + 8
        while self.client.owners(time.time() - 0.2) != {1}:
            assert time.time() < until, self.daemons[0].log()
            time.sleep(0.05)
        time.sleep(0.3)
        at = time.time()
        act(self.daemons[0], high)
        time.sleep(watch)
        spoke = [a.at - at for a in self.lan.capture.adverts(at, 2)
                 if a.priority]
        self.result = {
            "outage": self.client.outage(at, at + watch - 0.1),
            "peer": spoke[0] if spoke else None,
            "owners": self.client.owners(at + watch - 0.3)}

    def close(self):
        self.lan.nodes[0].cable(True)
        with contextlib.ExitStack() as ends:
            ends.callback(self.lan.close)
            for one in self.daemons:
                ends.callback(one.end)


@pytest.fixture(scope="module")
def results(netns):
    """All cases with both kinds; three networks at a time."""
    kinds = ["weir"]
    if vrrp.os.path.exists(vrrp.ORIGINAL):
        kinds.append("keepalived")
    wanted = [(k, n) for n in CASES for k in kinds]
    found = {}
    while wanted:
        some, wanted = wanted[:4], wanted[4:]
        stages = [Stage(k, n) for k, n in some]
        for stage in stages:
            stage.join(30)
            stage.close()
            found[stage.kind, stage.name_] = stage
    print("\n%-14s %22s %22s" % ("case", "ours: outage, peer",
                                 "original"))
    for name in CASES:
        print("%-14s %22s %22s" % (name, *(
            show(found.get((k, name))) for k in ("weir", "keepalived"))))
    return found


def show(stage):
    if stage is None or stage.result is None:
        return "-"
    peer = stage.result["peer"]
    return "%.0f ms, %s" % (stage.result["outage"] * 1000,
                            "never" if peer is None else
                            "%.0f ms" % (peer * 1000))


@pytest.mark.parametrize("name", CASES)
def test_case(results, name):
    mine = results["weir", name]
    if mine.error:
        raise mine.error
    _, _, owner, bound = CASES[name]
    assert mine.result["owners"] == {owner}
    if bound is None:
        assert mine.result["peer"] is None
        assert mine.result["outage"] < 0.05
    else:
        assert mine.result["peer"] < bound + 0.25       # a busy machine
    theirs = results.get(("keepalived", name))
    if theirs and theirs.result:
        assert mine.result["outage"] < theirs.result["outage"] + 0.1 + 0.25


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


def test_a_stalled_master_says_nothing_when_it_wakes(lan, daemon):
    net = lan(2)
    high, low = net.nodes
    text = dict(version=3, advert_int="0.2")
    master = daemon(high, "weir", vrrp.config(101, **text))
    daemon(low, "weir", vrrp.config(100, **text))
    master.wait_log("Entering MASTER STATE")
    time.sleep(0.3)
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


def test_a_child_that_keeps_dying_is_given_up(lan, daemon):
    net = lan(2)
    high, low = net.nodes
    text = dict(version=3, advert_int="0.1")
    master = daemon(high, "weir", vrrp.config(200, **text))
    daemon(low, "weir", vrrp.config(100, **text))
    master.wait_log("Entering MASTER STATE")
    for deaths in (1, 2, 3):
        kill_child(master, high)
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
    vrrp.os.kill(guard, signal.SIGKILL)
    one.wait_log("a new one is started")
    one.signal(signal.SIGKILL)
    until = time.time() + 2
    while node.has(VIP):
        assert time.time() < until, one.log()
        time.sleep(0.02)
