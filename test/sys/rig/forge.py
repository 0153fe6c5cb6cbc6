# SPDX-License-Identifier: ISC
"""Adverts that somebody else makes up: good ones, forged ones, broken ones,
and a process of its own that sends them as fast as it can."""
import itertools
import os
import random
import socket
import struct
import time

from rig import lan as lan_module

GROUP4, GROUP6 = "224.0.0.18", "ff02::12"
MAC4, MAC6 = "01:00:5e:00:00:12", "33:33:00:00:00:12"
PRIORITIES = (0, 1, 90, 254, 255)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packed(ip):
    return socket.inet_pton(socket.AF_INET6 if ":" in ip else socket.AF_INET,
                            ip)


def advert(source, version=2, vrid=51, priority=90, count=1, interval=None,
           vips=("10.77.0.50",), ttl=255, kind=1, auth=0, password=b"",
           spoil=0, tail=b"", to=None):
    """One from the IP header on; good unless a value makes it bad. version:
    what it says; its form is that of 2 with 2 alone."""
    v6 = ":" in source
    to = to or (GROUP6 if v6 else GROUP4)
    if interval is None:
        interval = 1 if version == 2 else 100
    body = struct.pack("!BBBB", version << 4 | kind, vrid, priority, count)
    if version == 2:
        body += struct.pack("!BB", auth, interval)
    else:
        body += struct.pack("!H", interval)
    body += b"\0\0" + b"".join(map(packed, vips))
    if version == 2:
        body += password.ljust(8, b"\0")
    pseudo = b""
    if v6:
        pseudo = packed(source) + packed(to) + struct.pack(
            "!II", len(body), 112)
    elif version == 3:
        pseudo = packed(source) + packed(to) + struct.pack(
            "!HH", 112, len(body))
    total = checksum(pseudo + body) ^ spoil
    body = body[:6] + struct.pack("!H", total) + body[8:] + tail
    if v6:
        return header6(source, to, ttl, len(body)) + body
    return header4(source, to, ttl, len(body)) + body


def header6(source, to, hops, size):
    return struct.pack("!IHBB", 0x6c000000, size, 112, hops) \
        + packed(source) + packed(to)


def header4(source, to, ttl, size):
    head = struct.pack("!BBHHHBBH", 0x45, 0xc0, 20 + size, 1, 0, ttl, 112,
                       0) + packed(source) + packed(to)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:]


def frame(packet, sender, to=None):
    """The packet in Ethernet, to its group or to a MAC."""
    v6 = packet[0] >> 4 == 6
    return bytes.fromhex((to or (MAC6 if v6 else MAC4)).replace(":", "")
                         + sender.replace(":", "")) \
        + (b"\x86\xdd" if v6 else b"\x08\x00") + packet


class Target:
    """A virtual router at which adverts are aimed. good: what makes advert()
    give one that it takes. obeyed: some are such ones, of a lower router or
    of one that says it is this one, so that nothing changes."""

    def __init__(self, ip, mac, source, obeyed=False, **good):
        self.ip, self.mac, self.source, self.good = ip, mac, source, good
        self.obeyed, self.version = obeyed, good["version"]
        self.v6 = ":" in source


def spoilt(target, dice):
    """A frame that must be dropped, of one kind of many."""
    choice = dice.choice
    good = dict(target.good, priority=choice(PRIORITIES))
    rows = [
        dict(spoil=dice.randrange(1, 0xffff)),
        dict(ttl=dice.randrange(1, 255)),
        dict(vrid=dice.randrange(1, 50)),
        dict(version=choice([v for v in range(16) if v != target.version])),
        dict(kind=choice([0, *range(2, 16)])),
        dict(count=choice([2, 9, 20, 255])),
        dict(tail=dice.randbytes(choice([27, 28, 64, 400, 900]))),
        "cut", "byte", "noise"]
    if target.version == 2:
        rows += [dict(auth=choice([a for a in (0, 1, 2, 9, 255)
                                   if a != good.get("auth", 0)])),
                 dict(interval=choice([0, 2, 7, 255]))]
        if good.get("auth"):
            rows.append(dict(password=choice([b"", b"s3cre", b"S3cret",
                                              b"s3crets", b"\xff" * 8])))
    else:
        rows.append(dict(interval=choice([0, 0xf000])))
    if not target.v6:
        rows += ["unicast", "total"]
    row = choice(rows)
    if isinstance(row, dict):
        return advert(target.source, **{**good, **row}), None
    return TWISTS[row](target, good, dice)


def headed(target, body):
    """Its header tells the right length, so the kernel lets it through."""
    if target.v6:
        return header6(target.source, GROUP6, 255, len(body)) + body
    return header4(target.source, GROUP4, 255, len(body)) + body


def cut(target, good, dice):
    body = advert(target.source, **good)[40 if target.v6 else 20:]
    return headed(target, body[:dice.randrange(len(body))]), None


def byte(target, good, dice):
    """One byte behind the IP header is another; no sum survives that."""
    packet = bytearray(advert(target.source, **good))
    at = dice.randrange(40 if target.v6 else 20, len(packet))
    packet[at] ^= dice.choice([1 << n for n in range(8)])
    return bytes(packet), None


def noise(target, good, dice):
    body = struct.pack("!BB", target.version << 4 | 1, good["vrid"]) \
        + dice.randbytes(dice.randrange(6, 120))
    return headed(target, body), None


def unicast(target, good, dice):
    return advert(target.source, to=target.ip, **good), target.mac


def total(target, good, dice):
    """The IP header says less than there is: the rest is no advert."""
    packet = advert(target.source, **good)
    size = dice.randrange(0, len(packet) - 20)
    return header4(target.source, GROUP4, 255, size) + packet[20:], None


TWISTS = {"cut": cut, "byte": byte, "noise": noise, "unicast": unicast,
          "total": total}


TWISTS = {"cut": cut, "byte": byte, "noise": noise, "unicast": unicast,
          "total": total}


def lower(target, dice, own):
    """A frame that may be obeyed, and then changes nothing: of a lower
    router, or of one that says it is this one."""
    if target.v6 or dice.random() < 0.5:
        return advert(target.source, **{
            **target.good, "priority": dice.choice([0, 1, 50, 90])}), None
    return advert(target.ip, **{**target.good, "priority": own}), None


def obeyed(target, dice, own):
    if target.v6 or dice.random() < 0.5:
        return advert(target.source, **{
            **target.good, "priority": dice.choice([0, 1, 50, 90])})
    return advert(target.ip, **{**target.good, "priority": own})


def storm(targets, count, own, sender, seed):
    """That many frames at these routers, whose priority is 'own'."""
    dice = random.Random(seed)
    frames = []
    for target in itertools.islice(itertools.cycle(targets), count):
        packet, mac = spoilt(target, dice)
        if target.obeyed and dice.random() < 0.2:
            packet, mac = obeyed(target, dice, own), None
        frames.append(frame(packet, sender, mac))
    return frames


class Hose:
    """A process in a node's namespace that makes the frames, says so, and
    when it is opened sends them all, again and again for some seconds."""

    def __init__(self, node, make, seconds):
        self.go, self.done = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.serve(node, make, seconds)
            finally:
                os._exit(1)

    def serve(self, node, make, seconds):
        frames = make()
        with lan_module.inside(node.ns):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        s.bind(("eth0", 0))
        os.write(self.done[1], b"ready ")
        os.read(self.go[0], 1)
        sent, begun = 0, time.monotonic()
        while time.monotonic() < begun + seconds:
            for one in frames:
                s.send(one)
            sent += len(frames)
        os.write(self.done[1], b"%d %f " % (sent, time.monotonic() - begun))
        os._exit(0)

    def wait(self):
        words = b""
        while not words.endswith(b" "):
            words += os.read(self.done[0], 100)
        return words.split()

    def open(self):
        os.write(self.go[1], b"!")

    def close(self):
        os.waitpid(self.pid, 0)
        for fd in (*self.go, *self.done):
            os.close(fd)
