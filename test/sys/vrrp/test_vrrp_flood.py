# SPDX-License-Identifier: ISC
"""Malformed and forged adverts at a master and at a backup: nothing moves,
nothing grows, our adverts keep their pace."""
import socket
import time

from rig import lan as lan_module, vrrp
from rig.forge import Hose, Target, advert, storm

VIP = "10.77.0.50"
PACKETS = 100000
AUTH = "authentication {\n auth_type PASS\n auth_pass s3cret\n }\n"


def pour(net, node, packets, count, seconds):
    with lan_module.inside(node.ns):
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                          socket.IPPROTO_RAW)
    s.setsockopt(socket.SOL_SOCKET, 25, b"eth0\0")
    begun = time.time()
    for n in range(count):
        s.sendto(next(packets), ("224.0.0.18", 0))
        if n % 50 == 49:
            # A steady rate.
            time.sleep(max(0, begun + seconds * n / count - time.time()))
    s.close()


def memory(one):
    """Resident, of all its processes, in kB."""
    total = 0
    for pid in one.family():
        with open("/proc/%d/status" % pid, encoding="utf-8") as f:
            total += int([x for x in f if "VmRSS" in x][0].split()[1])
    return total


def test_storm(lan, daemon):
    """As fast as a raw socket can, at a master and its backup: nothing may
    move but the counters."""
    net = lan(3)
    high, low, evil = net.nodes
    for node in (high, low):            # its own address comes from outside
        lan_module.run("ip", "netns", "exec", node.ns, "sysctl", "-qw",
                       "net.ipv4.conf.all.accept_local=1")
    mac, sender = high.mac(), evil.mac()
    targets = [
        Target(high.ip, mac, evil.ip, True, version=2, vrid=51),
        Target(high.ip, mac, evil.ip, version=2, vrid=52, auth=1,
               password=b"s3cret", vips=("10.77.0.52",)),
        Target(high.ip, mac, evil.ip, version=3, vrid=53,
               vips=("10.77.0.53",)),
        Target(high.ip6, mac, evil.ip6, True, version=3, vrid=54,
               vips=("fe80::54",))]
    hose = Hose(evil, lambda: storm(targets, PACKETS, 101, sender, 1), 4)
    both = [daemon(node, "weir", "".join(vrrp.config(
        priority, t.good.get("vips", (VIP,)), t.good["vrid"],
        AUTH if "auth" in t.good else "", version=t.version,
        name="V%d" % t.good["vrid"]) for t in targets), "-D")
        for node, priority in ((high, 101), (low, 100))]
    for vrid in range(51, 55):
        both[0].wait_log("V%d. Entering MASTER STATE" % vrid)
    hose.wait()
    net.capture.only(high)
    time.sleep(1)  # start is over: sizes stand
    logs = [one.log() for one in both]
    sizes = [memory(one) for one in both]
    begun = time.time()
    hose.open()
    sent, took = hose.wait()
    hose.close()
    until = time.time() + 1.1
    assert int(sent) >= PACKETS
    time.sleep(1.2)  # another advert's interval
    print("%d adverts in %.1f s" % (int(sent), float(took)))
    for vrid in range(51, 55):
        at = [begun, *(a.at for a in net.capture.adverts(begun, 1, vrid)),
              until]
        assert max(b - a for a, b in zip(at, at[1:])) < 1.1, (vrid, at)
    for one, was, size in zip(both, logs, sizes):
        assert "Entering" not in one.log()[len(was):], one.log()
        # One line a cause, not one a packet.
        assert one.log().count("\n") - was.count("\n") < 500
        assert memory(one) < size + (65536 if vrrp.sanitized() else 512)
    assert {VIP, "fe80::54"} <= set(high.addresses())


def test_lower_ones_change_no_state(lan, daemon):
    """They are good adverts: each is answered, and that is all."""
    net = lan(2)
    high, evil = net.nodes
    master = daemon(high, "weir", vrrp.config(101), "-D")
    master.wait_log("Entering MASTER STATE")
    lower = iter(lambda: advert(evil.ip, priority=90), None)
    begun = time.time()
    pour(net, evil, lower, 4000, 2)
    time.sleep(1.1)  # another advert's interval
    ours = net.capture.adverts(begun, 1)
    assert max(b.at - a.at for a, b in zip(ours, ours[1:])) < 1.1
    assert master.log().count("Entering") == 2 and high.has(VIP)
    assert "two masters" in master.log()
    assert master.log().count("forcing new election") < 10
    assert len(net.capture.arps(VIP, begun)) < 400


def test_v3_interval_of_nothing_and_of_much(lan, daemon):
    net = lan(2)
    low, evil = net.nodes
    backup = daemon(low, "weir", vrrp.config(100, version=3), "-D")
    backup.wait_log(r"Entering BACKUP STATE \(init\)")
    for _ in range(5):
        net.send(evil, advert(evil.ip, version=3, priority=200, interval=0))
    time.sleep(0.3)  # time for a move that may not come
    assert not low.has(VIP)
    backup.wait_log("advertisement interval 0")
    net.send(evil, advert(evil.ip, version=3, priority=200, interval=4095))
    backup.wait_log(r"master announces 40\.95 s, ours is 1\.00 s")


def test_only_a_higher_one_moves_it(lan, daemon):
    net = lan(2)
    high, evil = net.nodes
    master = daemon(high, "weir", vrrp.config(101))
    master.wait_log("Entering MASTER STATE")
    net.send(evil, advert(evil.ip, priority=200))
    master.wait_log("higher priority 200, ours 101")
    time.sleep(0.1)  # the address follows the line
    assert not high.has(VIP)
