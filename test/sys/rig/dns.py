# SPDX-License-Identifier: ISC
# A name server on loopback that says what a test has written down, by UDP and
# TCP, and remembers who asked.
import socket
import struct
import threading
import time

A, AAAA, SRV, CNAME, OPT = 1, 28, 33, 5, 41
NXDOMAIN, SERVFAIL, REFUSED, SILENT, GARBAGE = 3, 2, 5, -1, -2
TYPES = {A: "A", AAAA: "AAAA", SRV: "SRV"}


def pack_name(name):
    return b"".join(bytes([len(p)]) + p.encode()
                    for p in name.split(".") if p) + b"\0"


def a(*ips, ttl=1):
    return [(A, socket.inet_pton(socket.AF_INET, ip), ttl) for ip in ips]


def aaaa(*ips, ttl=1):
    return [(AAAA, socket.inet_pton(socket.AF_INET6, ip), ttl) for ip in ips]


def srv(*rows, ttl=1):
    """Rows of (priority, weight, port, target)."""
    return [(SRV, struct.pack("!HHH", p, w, port) + pack_name(t), ttl)
            for p, w, port, t in rows]


def cname(target, ttl=1):
    return [(CNAME, pack_name(target), ttl)]


def room(more):
    """What the question says that it can take."""
    return struct.unpack("!H", more[3:5])[0] if more[:3] == b"\0\0\x29" \
        else 512


class Dns:
    def __init__(self, delay=0):
        self.says = {}		# (name, type): records, or a code
        self.more = {}		# (name, type): [(owner, record)], additional
        self.asked = []		# (time, name, type, "udp" or "tcp")
        self.truncates = False
        self.delay = delay
        while True:
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind(("127.0.0.1", 0))
            self.port = self.udp.getsockname()[1]
            self.tcp = socket.socket()
            try:
                self.tcp.bind(("127.0.0.1", self.port))
                break
            except OSError:
                self.udp.close()
                self.tcp.close()
        self.tcp.listen(16)
        self.live = True
        for run in self._serve_udp, self._serve_tcp:
            threading.Thread(target=run, daemon=True).start()

    def say(self, name, kind, records, more=()):
        self.says[name.lower(), kind] = records
        self.more[name.lower(), kind] = more

    def count(self, kind=None):
        return sum(1 for q in self.asked if kind in (None, q[2]))

    def close(self):
        self.live = False
        self.udp.close()
        self.tcp.close()

    def _answer(self, packet, how):
        ident, flags, n = struct.unpack("!HHH", packet[:6])
        at, labels = 12, []
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode())
            at += packet[at] + 1
        kind, = struct.unpack("!H", packet[at + 1:at + 3])
        name = ".".join(labels)
        question = packet[12:at + 5]
        self.asked.append((time.time(), name, TYPES.get(kind, kind), how))
        said = self.says.get((name.lower(), kind), NXDOMAIN)
        if self.delay:
            time.sleep(self.delay)  # a slow name server
        if said == SILENT:
            return None
        if said == GARBAGE:
            return packet[:2] + b"\x81\x80" + b"\xff" * 40
        rcode = said if isinstance(said, int) else 0
        records = [] if rcode else said
        more = [] if rcode else self.more.get((name.lower(), kind), ())
        flags = 0x8180 | rcode
        if how == "udp" and (self.truncates or 16 * len(records) >
                             room(packet[at + 5:])):
            flags, records, more = flags | 0x200, [], []
        out = struct.pack("!HHHHHH", ident, flags, 1, len(records), 0,
                          len(more)) + question
        owner = b"\xc0\x0c"
        for k, data, ttl in records:
            out += owner + struct.pack("!HHIH", k, 1, ttl, len(data)) + data
            if k == CNAME:
                owner = data
        for who, (k, data, ttl) in more:
            out += pack_name(who) + struct.pack("!HHIH", k, 1, ttl,
                                                len(data)) + data
        return out

    def _serve_udp(self):
        while self.live:
            try:
                packet, who = self.udp.recvfrom(4096)
                out = self._answer(packet, "udp")
                if out:
                    self.udp.sendto(out, who)
            except OSError:
                continue

    def _serve_tcp(self):
        while self.live:
            try:
                c, _ = self.tcp.accept()
            except OSError:
                continue
            threading.Thread(target=self._talk, args=(c,),
                             daemon=True).start()

    def _talk(self, c):
        data = b""
        try:
            while True:
                got = c.recv(4096)
                if not got:
                    return
                data += got
                while len(data) >= 2:
                    n, = struct.unpack("!H", data[:2])
                    if len(data) < n + 2:
                        break
                    out = self._answer(data[2:n + 2], "tcp")
                    data = data[n + 2:]
                    if out:
                        c.sendall(struct.pack("!H", len(out)) + out)
        except OSError:
            pass
