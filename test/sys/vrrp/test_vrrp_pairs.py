# SPDX-License-Identifier: ISC
"""Ours and Debian's keepalived in one pair, as master and as backup, all
kinds of adverts at once: an instance for each."""
import time

import pytest

from rig import vrrp

UNICAST = "unicast_src_ip %s\n unicast_peer {\n %s\n }\n"
AUTH = "authentication {\n auth_type PASS\n auth_pass s3cret\n }\n"
KINDS = {                               # vrid: version, unicast, more, vip
    51: (2, False, "", "10.77.0.51"),
    52: (2, False, AUTH, "10.77.0.52"),
    53: (2, True, AUTH, "10.77.0.53"),
    54: (3, False, "", "10.77.0.54"),
    55: (3, True, "", "10.77.0.55"),
    56: (3, False, "", "fe80::56"),
    57: (3, True, "", "2001:db8::57"),
}


def text_for(me, peer, priority):
    parts = []
    for vrid, (version, unicast, more, vip) in KINDS.items():
        v6 = ":" in vip
        if unicast:
            more += UNICAST % ((me.ip6, peer.ip6) if v6
                               else (me.ip, peer.ip))
        parts.append(vrrp.config(priority, [vip + ("/64" if v6 else "/24")],
                                 vrid, more, version=version,
                                 name="VI_%d" % vrid))
    return "\n".join(parts)


def holds(node, limit):
    """Which of the addresses the node has, when it has all or time is up."""
    want = {k[3] for k in KINDS.values()}
    until = time.time() + limit
    while time.time() < until:
        have = want & set(node.addresses())
        if have == want:
            break
        time.sleep(0.02)
    return have


@pytest.mark.parametrize("kinds", [("weir", "weir"), ("weir", "keepalived"),
                                   ("keepalived", "weir")],
                         ids="-".join)
def test_pair(lan, daemon, kinds):
    net = lan(2)
    high, low = net.nodes
    want = {k[3] for k in KINDS.values()}
    started = time.time()
    backup = daemon(low, kinds[1], text_for(low, high, 100))
    master = daemon(high, kinds[0], text_for(high, low, 200))
    assert holds(high, 6) == want, master.log()
    time.sleep(0.3)  # the other one has let go
    assert not want & set(low.addresses()), backup.log()
    spoken = {a.vrid: a for a in net.capture.adverts(started, high.number)}
    for vrid, (version, _, _, _) in KINDS.items():
        assert spoken[vrid].version == version
        assert spoken[vrid].priority == 200
    # No split: what one says is taken by the other.
    settled = time.time()
    time.sleep(1.2)
    assert not net.capture.adverts(settled, low.number), backup.log()
    leaving = time.time()
    master.stop()
    assert holds(low, 2) == want, backup.log()
    assert not want & set(high.addresses()), master.log()
    farewells = {a.vrid for a in net.capture.adverts(leaving, high.number)
                 if a.priority == 0}
    assert farewells == set(KINDS)
    took = [a for a in net.capture.adverts(leaving, low.number)]
    assert took[0].at - leaving < 0.61 + 0.35
    if kinds[1] == "weir":
        assert "checksum" not in backup.log()
    backup.stop()


def test_adverts_are_those_of_the_original(lan, daemon):
    """Byte for byte, from the IP header on, but for address and id."""
    net = lan(2)
    ours, theirs = net.nodes
    daemon(ours, "weir", text_for(ours, theirs, 200))
    a = net.capture
    until = time.time() + 6
    while len({x.vrid for x in a.adverts(0, 1)}) < len(KINDS):
        assert time.time() < until
        time.sleep(0.02)
    mine = {x.vrid: x for x in a.adverts(0, 1)}
    other = lan(2)
    daemon(other.nodes[0], "keepalived", text_for(other.nodes[0],
                                                  other.nodes[1], 200))
    until = time.time() + 6
    while len({x.vrid for x in other.capture.adverts(0, 1)}) < len(KINDS):
        assert time.time() < until
        time.sleep(0.02)
    for x in other.capture.adverts(0, 1):
        assert mine[x.vrid].body == x.body, x.vrid
