# SPDX-License-Identifier: ISC
"""HUP: the address stays, no probe is lost, no advert is late; instances
come and go; a broken file changes nothing."""
import signal
import time

import pytest

from rig import vrrp
from rig.cluster import wait_for
from rig.late import machine_lateness

VIP, OTHER = "10.77.0.50", "10.77.0.60"
FAST = dict(version=3, advert_int="0.1")


def one(more="", priority=101, vips=(VIP,)):
    return vrrp.config(priority, [v + "/24" for v in vips], more=more, **FAST)


TWO = vrrp.config(101, [OTHER + "/24"], 60, name="VI_2", **FAST)
CHANGES = {             # what the file becomes: is OTHER on the master then?
    "an address more": (lambda more: one(more, vips=(VIP, OTHER)), True),
    "one less": (one, False),
    "another priority": (lambda more: one(more, 110), False),
    "an instance more": (lambda more: TWO + one(more, 110), True),
    "broken": (lambda more: one(more, 300), True),
    "broken otherwise": (lambda more: one(more) + "vrrp_instance X {", True),
    "an instance less": (one, False),
    "the same": (one, False),
}


@pytest.mark.parametrize("more", ["", "use_vmac"])
def test_nothing_is_lost(lan, daemon, more):
    net = lan(3)
    high, low, home = net.nodes
    client = net.ask(home, VIP, every=0.001)
    master = daemon(high, "weir", one(more))
    master.wait_log("Entering MASTER STATE")
    backup = daemon(low, "weir", one(more, 100))
    backup.wait_log("Entering BACKUP STATE")
    time.sleep(0.5)  # the backup has heard it, the client is answered
    with machine_lateness() as late:
        begun = time.time()
        for n, (name, (text, other)) in enumerate(CHANGES.items(), 1):
            master.write(text(more))
            master.signal(signal.SIGHUP)
            backup.signal(signal.SIGHUP)
            master.wait_log("Reloading", count=n)
            wait_for(lambda: high.has(OTHER) == other, 2, name)
            time.sleep(0.15)  # an advert of this file at least
            assert high.has(OTHER) == other, name
            assert high.has(VIP), name
        for _ in range(20):             # they may be taken together
            master.signal(signal.SIGHUP)
            time.sleep(0.01)  # some meet a reload under way
        time.sleep(0.3)  # the last of them, and adverts behind it
        until = time.time()
    assert client.outage(begun, until - 0.1) == 0
    assert client.owners(begun) == {1}
    spoken = [a for a in net.capture.adverts(begun, vrid=51) if a.at < until]
    assert {a.node for a in spoken} == {1}
    assert {a.priority for a in spoken} == {101, 110}
    gaps = [b.at - a.at for a, b in zip(spoken, spoken[1:])]
    # 1.1 intervals, and what the machine adds to anybody's.
    assert max(gaps) < 0.11 + 0.03 + max(late), (gaps, late)
    assert master.log().count("(VI_1) Entering") == 2
    assert master.log().count("everything stays as it is") == 2


def test_a_long_reload(lan, daemon):
    """No child decides meanwhile, and no advert is late."""
    net = lan(1)
    node, = net.nodes
    pace = dict(version=3, advert_int="0.2")
    one = vrrp.config(255, state="MASTER", **pace)
    many = "".join(vrrp.config(100, ["10.78.0.%d/24" % n], vrid=n,
                               name="V%d" % n, more="use_vmac", **pace)
                   for n in range(100, 125))
    master = daemon(node, "weir", one)
    master.wait_log("Entering MASTER STATE")
    for n, text in enumerate((one + many, one), 1):
        child = master.child()
        with machine_lateness() as late:
            begun = time.time()
            master.write(text)
            master.signal(signal.SIGHUP)
            master.wait_log("Reloading", count=n)
            while master.child() == child:
                time.sleep(0.002)  # between two looks
            took = time.time() - begun
            time.sleep(0.5)  # adverts of the new child
        spoken = net.capture.adverts(begun, vrid=51)
        gaps = [b.at - a.at for a, b in zip(spoken, spoken[1:])]
        assert max(gaps) < 0.22 + 0.03 + max(late), (took, gaps, late)
        assert {a.priority for a in spoken} == {255}
        print("reload of %.3f s, longest gap %.3f s" % (took, max(gaps)))
    assert master.log().count("(VI_1) Entering") == 1


def test_instances_come_and_go(lan, daemon):
    net = lan(2)
    high, low = net.nodes
    master = daemon(high, "weir", one())
    daemon(low, "weir", one(priority=90) + TWO.replace("101", "90"))
    master.wait_log("VI_1. Entering MASTER STATE")
    master.write(TWO + one())           # another order, too
    at = time.time()
    master.signal(signal.SIGHUP)
    master.wait_log("VI_2. Entering MASTER STATE")
    time.sleep(0.1)  # the address follows the line
    assert high.has(VIP) and high.has(OTHER) and not low.has(OTHER)
    assert master.log().count("(VI_1) Entering") == 2
    master.write(one())
    gone = time.time()
    master.signal(signal.SIGHUP)
    time.sleep(0.5)  # the peer's skew, 0.065 s, and its addresses
    assert high.has(VIP) and not high.has(OTHER) and low.has(OTHER)
    assert [a.priority for a in net.capture.adverts(gone, 1, 60)][-1] == 0
    assert not [a for a in net.capture.adverts(at, 1, 51) if not a.priority]


def test_a_changed_priority_moves_the_address(lan, daemon):
    net = lan(2)
    high, low = net.nodes
    master = daemon(high, "weir", vrrp.config(101, **FAST))
    daemon(low, "weir", vrrp.config(100, **FAST))
    master.wait_log("Entering MASTER STATE")
    master.write(vrrp.config(50, **FAST))
    master.signal(signal.SIGHUP)
    master.wait_log("Entering BACKUP STATE\n")
    time.sleep(0.1)  # the addresses follow the line
    assert low.has(VIP) and not high.has(VIP)
    assert not [a for a in net.capture.adverts(0, 1) if not a.priority]


def test_a_broken_file_changes_nothing(lan, daemon):
    node, = lan(1).nodes
    master = daemon(node, "weir", vrrp.config(255, state="MASTER", **FAST))
    master.wait_log("Entering MASTER STATE")
    whole = vrrp.config(255, state="MASTER", **FAST)
    broken = [whole.replace("priority 255", "priority 300"),
              whole.replace("priority 255", "priority"),
              whole.replace("virtual_ipaddress {", "virtual_ipaddress {{"),
              whole.replace("interface eth0", "interface 'eth0"),
              whole.replace("vrrp_instance", "vrrp_instanc")]
    child = master.child()
    for n, text in enumerate(broken, 1):
        master.write(text)
        master.signal(signal.SIGHUP)
        master.wait_log("everything stays as it is", count=n)
        assert node.has(VIP)
    assert master.child() == child
    assert master.log().count("Entering") == 1
