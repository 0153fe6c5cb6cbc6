# SPDX-License-Identifier: ISC
"""What a master puts on its host, beside what Debian's keepalived puts there
from the same file; that it stays when others delete it, and that nothing of
it is left behind."""
import re
import signal
import subprocess
import time

import pytest

from rig import lan as lan_module, vrrp

VIP = "10.77.0.50"
FAST = dict(version=3, advert_int="0.1")
OWNER = dict(state="MASTER", version=3, advert_int="0.1")
RICH = """
    virtual_ipaddress_excluded {
        10.99.0.9/32
        fd77::9/64
    }
    virtual_routes {
        192.168.7.0/24 via 10.77.0.9 dev eth0
        192.168.9.0/24 via 10.77.0.9 metric 7 mtu 1400 table 200
        192.168.10.0/24 nexthop via 10.77.0.8 weight 2 nexthop via 10.77.0.9
        blackhole 192.168.8.0/24
    }
    virtual_rules {
        from 192.168.2.0/24 table 200
        not to 192.168.4.0/24 fwmark 5/7 iif eth0 priority 99 table 201
        from 192.168.3.0/24 ipproto tcp dport 80-90 blackhole priority 98
    }
"""
VIPS = [VIP + "/24 label eth0:vip", "10.77.0.51 peer 10.77.0.52",
        "10.77.0.53/24 brd + scope link", "10.88.0.1/16 brd 10.88.255.255"]
STATIC = """
static_ipaddress {
    10.66.0.1/24 dev eth0
}
static_routes {
    192.168.70.0/24 via 10.77.0.8 dev eth0
}
static_rules {
    from 10.66.0.0/24 table 70 priority 70
}
"""


def ip(node, *words):
    return lan_module.run("ip", "-n", node.ns, *words)


def on_host(node):
    """Addresses, routes and rules, without what differs from run to run."""
    addresses = [re.sub(r"\\.*", "", line.split(None, 1)[1]).strip()
                 for line in ip(node, "-o", "addr").splitlines()]
    text = "\n".join(sorted(addresses)) + ip(
        node, "route", "show", "table", "all") + ip(node, "-6", "route") + \
        ip(node, "rule") + ip(node, "-6", "rule")
    text = re.sub(r"fe80::[0-9a-f:]*(ff:fe|\d)[0-9a-f:]*", "LINKLOCAL", text)
    return text.replace(node.ip, "NODE").replace(node.ip6, "NODE6")


def settings(node):
    out = subprocess.run(node.command("sysctl", "-a"), check=False,
                         capture_output=True, text=True).stdout
    return [line for line in out.splitlines()
            if re.match(r"net\.ipv[46]\.(conf\.(all|default|eth0)|igmp)",
                        line) and "stable_secret" not in line]


def rules_of(node):
    return subprocess.run(node.command("nft", "list", "ruleset"), check=True,
                          capture_output=True, text=True).stdout


def wait_for(what, limit=3.0):
    until = time.time() + limit
    while not what():
        assert time.time() < until
        time.sleep(0.005)


def test_same_as_the_original(lan, daemon):
    """Labels, peers, broadcasts, scopes, metrics, tables, next hops ..."""
    text = vrrp.config(255, VIPS, more=RICH, head=STATIC, **OWNER)
    seen = {}
    for kind in ("weir", "keepalived"):
        node = lan(1).nodes[0]
        before = on_host(node)
        one = daemon(node, kind, text)
        wait_for(lambda n=node: n.has("fd77::9") and "99:" in ip(n, "rule"))
        seen[kind] = on_host(node)
        assert one.stop() == 0
        if kind == "weir":              # 2.2.7 leaves a peer's behind
            assert on_host(node) == before
    assert seen["weir"] == seen["keepalived"]


def test_vmac_as_the_original(lan, daemon):
    """The same interface, the same filter; and all is put back (B16)."""
    more = "use_vmac"
    text = vrrp.config(255, more=more, **OWNER) + vrrp.config(
        100, ["10.77.0.60/24", "10.77.0.61/24"], 52, more="no_accept",
        name="VI_2", **FAST)
    seen = {}
    for kind in ("weir", "keepalived"):
        node = lan(1).nodes[0]
        before = settings(node)
        one = daemon(node, kind, text)
        wait_for(lambda n=node: n.has("10.77.0.61") and n.has(VIP))
        link = ip(node, "-d", "link", "show", "vrrp.51")
        own = [subprocess.run(node.command("sysctl", "-n", "net.ipv4.conf."
                                           "vrrp/51." + name), check=True,
                              capture_output=True, text=True).stdout
               for name in ("arp_ignore", "accept_local", "rp_filter",
                            "promote_secondaries")]
        seen[kind] = (re.search(r"link/ether \S+", link).group(),
                      "macvlan mode private" in link, own, rules_of(node))
        if kind == "weir":
            during = dict(line.split(" = ") for line in settings(node))
            assert [during["net.ipv4.conf.eth0.arp_" + name] for name in (
                "ignore", "filter", "announce")] == ["1", "1", "2"]
        one.stop()
        if kind == "weir":
            assert settings(node) == before
            assert "vrrp.51" not in ip(node, "link")
            assert rules_of(node) == ""
    mine, theirs = seen["weir"], seen["keepalived"]
    assert mine[:3] == theirs[:3]
    assert sorted(mine[3].split()) == sorted(theirs[3].split())


def test_no_accept_drops_all(lan, daemon):
    """Nobody is answered by the address, until a reload accepts."""
    net = lan(2)
    node, home = net.nodes
    client = net.ask(home, VIP)
    text = vrrp.config(200, more="no_accept", **FAST)
    one = daemon(node, "weir", text)
    wait_for(lambda: node.has(VIP))
    time.sleep(0.2)  # time for an answer that may not come
    assert client.owners(0) == set()
    one.write(text.replace("no_accept", "accept"))
    one.signal(signal.SIGHUP)
    wait_for(lambda: client.owners(0) == {1})


def kernel_settings(node):
    out = node.command("sh", "-c", "cd /proc/sys/net/ipv4/conf/eth0 && grep "
                       "-H . arp_ignore arp_filter arp_announce rp_filter")
    return subprocess.run(out, capture_output=True, text=True,
                          check=True).stdout


@pytest.mark.parametrize("how", ["stop", "parent", "all"])
def test_filter_and_settings_are_taken_back(lan, daemon, how):
    node = lan(1).nodes[0]
    before = kernel_settings(node)
    text = vrrp.config(200, more="no_accept\nuse_vmac", **FAST)
    one = daemon(node, "weir", text)
    wait_for(lambda: node.has(VIP) and VIP in rules_of(node))
    assert kernel_settings(node) != before
    if how == "stop":
        one.stop()
    elif how == "parent":
        one.signal(signal.SIGKILL)
        one.process.wait()
    else:
        one.kill_all()
        assert rules_of(node) != ""
        # Nothing in the new file needs a filter: it goes all the same.
        daemon(node, "weir", vrrp.config(200, **FAST)).wait_log("MASTER")
    wait_for(lambda: rules_of(node) == "")
    if how != "all":                # what was found died with the processes
        wait_for(lambda: kernel_settings(node) == before and
                 "vrrp.51" not in ip(node, "link"))


def test_put_back_at_once(lan, daemon):
    """B17: an address that another deletes; the third time it is theirs."""
    net = lan(1)
    node = net.nodes[0]
    one = daemon(node, "weir", vrrp.config(200, more=RICH, **FAST))
    wait_for(lambda: node.has(VIP) and "98:" in ip(node, "rule"))
    time.sleep(0.1)  # all of it stands before some is taken
    at = time.time()
    ip(node, "addr", "del", VIP + "/24", "dev", "eth0")
    wait_for(lambda: node.has(VIP), 0.5)
    wait_for(lambda: net.capture.arps(VIP, at), 0.5)
    assert one.log().count("Entering") == 2     # BACKUP (init), MASTER
    assert "IP %s removed from eth0, put back" % VIP in one.log()
    ip(node, "rule", "del", "priority", "98")
    wait_for(lambda: "98:" in ip(node, "rule"), 0.5)
    at = time.time()
    ip(node, "addr", "del", VIP + "/24", "dev", "eth0")
    one.wait_log("giving up", 1)
    one.wait_log("Entering (FAULT|BACKUP) STATE", 2, 2)
    wait_for(lambda: [a for a in net.capture.adverts(at)
                      if a.priority == 0], 1)
    one.wait_log("Entering MASTER STATE", 3, 2)
    assert node.has(VIP)


def test_routes_are_put_back(lan, daemon):
    node = lan(1).nodes[0]
    one = daemon(node, "weir", vrrp.config(255, more=RICH, **OWNER))
    wait_for(lambda: "192.168.7.0/24" in ip(node, "route"))
    time.sleep(0.05)  # the rest stands before it is taken
    ip(node, "route", "del", "192.168.7.0/24")
    wait_for(lambda: "192.168.7.0/24" in ip(node, "route"), 0.5)
    assert "put back" in one.log()


def test_leftovers_of_a_crash(lan, daemon):
    """B11: all killed; the next start takes the address away, then elects."""
    node = lan(1).nodes[0]
    one = daemon(node, "weir", vrrp.config(255, more="use_vmac", **OWNER))
    wait_for(lambda: node.has(VIP))
    one.kill_all()
    assert node.has(VIP)
    again = daemon(node, "weir", vrrp.config(100, more="use_vmac",
                                             advert_int="1"))
    again.wait_log("BACKUP STATE")
    assert not node.has(VIP)
    assert "left on vrrp.51" in again.log()
    again.stop()
    assert "vrrp.51" not in ip(node, "link")


def test_announcements(lan, daemon):
    """Bursts, the second one, refreshes; IPv6 beside IPv4; a gap."""
    net = lan(1)
    node = net.nodes[0]
    more = "garp_master_repeat 3\n garp_master_delay 1\n" \
        "garp_master_refresh 1\n garp_master_refresh_repeat 2\n" \
        "virtual_ipaddress_excluded {\n fd77::9/64\n }\n"
    at = time.time()
    daemon(node, "weir", vrrp.config(255, more=more, **OWNER))
    wait_for(lambda: len(net.capture.arps(VIP, at)) >= 3)
    time.sleep(0.3)  # no fourth one comes
    arps = net.capture.arps(VIP, at)
    assert len(arps) == 3
    assert arps[0].data[:6] == b"\xff" * 6
    assert arps[0].data[20:22] == b"\0\x01"     # a request
    assert arps[0].data[6:12] == arps[0].data[22:28]
    mac = re.search(r"link/ether (\S+)", ip(node, "link", "show", "eth0"))
    assert arps[0].data[6:12].hex(":") == mac.group(1)
    adverts = [f for f in net.capture.frames if f.data[12:14] ==
               b"\x86\xdd" and f.data[20] == 58 and f.data[54] == 136 and
               f.data[62:78] == lan_module.socket.inet_pton(10, "fd77::9")]
    assert len(adverts) == 3
    one = adverts[0].data
    assert one[:6] == b"\x33\x33\0\0\0\x01" and one[21] == 255
    assert one[22:38] == one[62:78] and one[58] == 0x20
    assert one[78:80] == b"\x02\x01" and one[80:86] == one[6:12]
    time.sleep(1)  # the refresh after a second, once
    assert len(net.capture.arps(VIP, at)) == 3 + 3 + 2


def test_a_gap_between_announcements(lan, daemon):
    net = lan(1)
    head = "global_defs {\n vrrp_garp_interval 0.05\n}\n"
    at = time.time()
    daemon(net.nodes[0], "weir", vrrp.config(255, head=head, **OWNER))
    wait_for(lambda: len(net.capture.arps(VIP, at)) == 5)
    times = [f.at for f in net.capture.arps(VIP, at)]
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert min(gaps) > 0.045, gaps


def test_late_interface(lan, daemon):
    """dynamic_interfaces: it comes, it goes, it comes again."""
    node = lan(1).nodes[0]
    head = "global_defs {\n dynamic_interfaces\n}\n"
    one = daemon(node, "weir", vrrp.config(200, ["10.55.0.50/24"],
                                           interface="late0", head=head,
                                           **FAST))
    one.wait_log("FAULT STATE")
    for _ in range(2):
        ip(node, "link", "add", "late0", "type", "veth", "peer", "name",
           "late1")
        ip(node, "addr", "add", "10.55.0.1/24", "dev", "late0")
        ip(node, "link", "set", "late1", "up")
        ip(node, "link", "set", "late0", "up")
        wait_for(lambda: node.has("10.55.0.50"), 3)
        ip(node, "link", "del", "late0")
        time.sleep(0.2)


def test_static_track_groups(lan, daemon):
    """A static route, rule or address that goes takes its group along."""
    node = lan(1).nodes[0]
    head = """
track_group G {
    group {
        VI_1
    }
}
static_ipaddress {
    10.66.0.1/24 dev eth0 track_group G
}
static_routes {
    192.168.70.0/24 via 10.77.0.8 dev eth0 track_group G
}
static_rules {
    from 10.66.0.0/24 table 70 priority 70 track_group G
}
"""
    one = daemon(node, "weir", vrrp.config(200, head=head, **FAST))
    one.wait_log("Entering MASTER")
    for count, (family, there) in enumerate((
            ("addr", "10.66.0.1/24 dev eth0"),
            ("route", "192.168.70.0/24 via 10.77.0.8 dev eth0"),
            ("rule", "from 10.66.0.0/24 table 70 priority 70")), 1):
        ip(node, family, "del", *there.split())
        one.wait_log("Entering FAULT", 2, count)
        wait_for(lambda: not node.has(VIP))
        assert "(tracker G)" in one.log()
        ip(node, family, "add", *there.split())
        one.wait_log("Entering MASTER", 3, count + 1)


def test_nothing_shows_the_wrong_hardware_address(lan, daemon):
    """With a VMAC the host's own questions do not pair the virtual address
    with the interface's hardware address."""
    net = lan(2)
    node, peer = net.nodes
    daemon(node, "weir", vrrp.config(255, more="use_vmac", **OWNER))
    wait_for(lambda: node.has(VIP))
    at = time.time()
    with lan_module.inside(node.ns), lan_module.socket.socket(
            lan_module.socket.AF_INET,
            lan_module.socket.SOCK_DGRAM) as sock:
        sock.bind((VIP, 0))
        sock.sendto(b"x", (peer.ip, 9))     # an ARP request goes before it
    time.sleep(0.3)
    pairs = {(f.data[22:28].hex(":"), f.data[28:32]) for f in
             net.capture.frames if f.at >= at and f.node == 1 and
             f.data[12:14] == b"\x08\x06"}
    vip = lan_module.socket.inet_aton(VIP)
    assert pairs and all(mac == "00:00:5e:00:01:33" for mac, of in pairs
                         if of == vip), pairs


def test_vmacs_of_addresses(lan, daemon):
    """dev X use_vmac: an interface of its own there, the original's name."""
    seen = {}
    for kind in ("weir", "keepalived"):
        node = lan(1).nodes[0]
        ip(node, "link", "add", "x0", "type", "veth", "peer", "name", "x1")
        ip(node, "link", "set", "x0", "up")
        ip(node, "link", "set", "x1", "up")
        links = ip(node, "-o", "link").count("\n")
        one = daemon(node, kind, vrrp.config(
            255, [VIP + "/24", "10.1.0.50/24 dev x0 use_vmac",
                  "10.1.0.51/24 dev x0"], more="use_vmac", **OWNER))
        wait_for(lambda n=node: n.has("10.1.0.50"))
        seen[kind] = sorted(" ".join(line.split()[1:4]) for line in ip(
            node, "-o", "-4", "addr").splitlines())
        one.stop()
        assert ip(node, "-o", "link").count("\n") == links
    assert seen["weir"] == seen["keepalived"]


def test_a_vmac_is_made_again(lan, daemon):
    """Its interface comes late; then somebody deletes the VMAC."""
    node = lan(1).nodes[0]
    head = "global_defs {\n dynamic_interfaces\n}\n"
    one = daemon(node, "weir", vrrp.config(
        200, ["10.55.0.50/24"], interface="late0", head=head,
        more="use_vmac", **FAST))
    one.wait_log("FAULT STATE")
    ip(node, "link", "add", "late0", "type", "veth", "peer", "name", "late1")
    ip(node, "addr", "add", "10.55.0.1/24", "dev", "late0")
    ip(node, "link", "set", "late1", "up")
    ip(node, "link", "set", "late0", "up")
    wait_for(lambda: node.has("10.55.0.50"))
    ip(node, "link", "del", "vrrp.51")
    wait_for(lambda: node.has("10.55.0.50"))
    one.stop()
    assert "vrrp.51" not in ip(node, "link")
