# SPDX-License-Identifier: ISC
"""Malformed and forged adverts at a master and at a backup: nothing moves,
nothing grows, our adverts keep their pace."""
import random
import struct
import socket
import time

from rig import lan as lan_module, vrrp

VIP = "10.77.0.50"
PACKETS = 20000


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def advert(source, version=2, vrid=51, priority=90, count=1, interval=1,
           vips=(VIP,), ttl=255, kind=1, auth=0, spoil=0, tail=b""):
    """One from the IP header on; good unless a value makes it bad."""
    body = struct.pack("!BBBB", version << 4 | kind, vrid, priority, count)
    if version == 2:
        body += struct.pack("!BB", auth, interval)
    else:
        body += struct.pack("!H", interval)
    body += b"\0\0" + b"".join(map(socket.inet_aton, vips))
    if version == 2:
        body += bytes(8)
    pseudo = b""
    if version == 3:
        pseudo = socket.inet_aton(source) + socket.inet_aton("224.0.0.18") \
            + struct.pack("!HH", 112, len(body))
    total = checksum(pseudo + body) ^ spoil
    body = body[:6] + struct.pack("!H", total) + body[8:] + tail
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0xc0, 20 + len(body), 1, 0, ttl,
                       112, 0, socket.inet_aton(source),
                       socket.inet_aton("224.0.0.18")) + body


def bad_ones(source, seed):
    """Endless: adverts none of which may be obeyed."""
    dice = random.Random(seed)
    rows = [dict(ttl=64), dict(version=3), dict(version=4), dict(kind=2),
            dict(auth=1), dict(auth=2), dict(auth=9), dict(interval=7),
            dict(spoil=1), dict(spoil=0x8000), dict(count=9), dict(count=2),
            dict(vrid=77), dict(tail=bytes(400)), dict(tail=b"xyz" * 9)]
    while True:
        row = dict(priority=dice.choice((0, 1, 90, 254, 255)),
                   **dice.choice(rows))
        packet = advert(source, **row)
        if dice.random() < 0.1:
            packet = packet[:dice.randrange(21, 40)]
        yield packet


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


def memory(pid):
    with open("/proc/%d/status" % pid, encoding="utf-8") as f:
        return int([line for line in f if "VmRSS" in line][0].split()[1])


def test_garbage(lan, daemon):
    net = lan(3)
    high, low, evil = net.nodes
    master = daemon(high, "weir", vrrp.config(101), "-D")
    time.sleep(0.2)  # it speaks before the other starts
    backup = daemon(low, "weir", vrrp.config(100), "-D")
    master.wait_log("Entering MASTER STATE")
    time.sleep(0.5)  # start is over: sizes stand
    sizes = [memory(d.child()) for d in (master, backup)]
    lines = master.log().count("\n") + backup.log().count("\n")
    begun = time.time()
    pour(net, evil, bad_ones(evil.ip, 1), PACKETS, 5)
    time.sleep(1.1)  # another advert's interval
    ours = net.capture.adverts(begun, 1)
    gaps = [b.at - a.at for a, b in zip(ours, ours[1:])]
    assert len(ours) >= 5 and max(gaps) < 1.1, gaps
    assert not net.capture.adverts(begun, 2)
    assert high.has(VIP) and not low.has(VIP)
    assert "Entering" not in master.log().split("MASTER STATE")[1]
    assert backup.log().count("Entering") == 1
    # One line a cause, not one a packet.
    assert master.log().count("\n") + backup.log().count("\n") < lines + 60
    with open(vrrp.ours(), "rb") as f:      # it keeps what was freed
        room = 512 if b"__asan_init" not in f.read() else 65536
    for was, d in zip(sizes, (master, backup)):
        assert memory(d.child()) < was + room


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
