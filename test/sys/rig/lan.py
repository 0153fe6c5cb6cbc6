# SPDX-License-Identifier: ISC
"""A network of namespaces: nodes on one bridge, each with eth0, a capture
that knows which node a frame came from, and a client that asks a virtual
address every few milliseconds. Made and removed by the test; needs root."""
import collections
import contextlib
import ctypes
import itertools
import os
import select
import socket
import struct
import subprocess
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
IP_FREEBIND = 15
SO_TIMESTAMPNS = 35
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
ETH_P_ALL = 3
NUMBERS = itertools.count(1)
ECHO_PORT = 4242


def why_not():
    """Why there can be no network of namespaces here; None: there can."""
    if os.geteuid() != 0:
        return "needs root (network namespaces)"
    probe = "wvprobe%d" % os.getpid()
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True,
                          text=True)
    if made.returncode != 0:
        return "no network namespaces: " + made.stderr.strip()
    subprocess.run(["ip", "netns", "del", probe], check=False)
    return None


def run(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True,
                          text=True).stdout


@contextlib.contextmanager
def inside(namespace):
    """This thread lives in the namespace meanwhile."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open("/run/netns/" + namespace, os.O_RDONLY)
    try:
        if LIBC.setns(there, CLONE_NEWNET) < 0:
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        LIBC.setns(home, CLONE_NEWNET)
        os.close(home)
        os.close(there)


class Node:
    """A host: its namespace, its address, what runs on it."""

    def __init__(self, lan, number):
        self.lan = lan
        self.number = number
        self.ns = "%s-n%d" % (lan.tag, number)
        self.port = "p%d" % number
        self.ip = "10.77.0.%d" % number
        self.ip6 = "fe80::%d" % number
        run("ip", "netns", "add", self.ns)
        run("ip", "-n", lan.ns, "link", "add", self.port, "type", "veth",
            "peer", "name", "eth0", "netns", self.ns)
        run("ip", "-n", lan.ns, "link", "set", self.port, "master", "br0",
            "up")
        for words in ("sysctl -qw net.ipv6.conf.all.accept_dad=0",
                      "sysctl -qw net.ipv6.conf.default.accept_dad=0",
                      "sysctl -qw net.ipv6.conf.eth0.accept_dad=0",
                      "sysctl -qw net.ipv6.conf.eth0.addr_gen_mode=1",
                      "ip link set lo up", "ip link set eth0 up",
                      "ip addr add %s/24 dev eth0" % self.ip,
                      "ip addr add %s/64 dev eth0 nodad" % self.ip6):
            run("ip", "netns", "exec", self.ns, *words.split(), check=False)

    def command(self, *words):
        return ["ip", "netns", "exec", self.ns, *words]

    def addresses(self):
        """All addresses of eth0 and its VMACs, without masks."""
        out = run("ip", "-n", self.ns, "-o", "addr", "show", check=False)
        return [line.split()[3].split("/")[0] for line in out.splitlines()]

    def mac(self):
        return run("ip", "-n", self.ns, "-o", "link", "show",
                   "eth0").split("link/ether ")[1].split()[0]

    def has(self, ip):
        return ip in self.addresses()

    def cable(self, plugged):
        run("ip", "-n", self.lan.ns, "link", "set", self.port,
            "up" if plugged else "down")


Frame = collections.namedtuple("Frame", "at node data")


class Advert:
    """What an advert says, taken from a frame; None of it is checked."""

    def __init__(self, frame):
        data = frame.data
        self.at, self.node = frame.at, frame.node
        self.v6 = data[12:14] == b"\x86\xdd"
        body = data[14 + (40 if self.v6 else 20):]
        if len(body) < 8:
            body += bytes(8)            # a spoilt one
        self.source = socket.inet_ntop(
            socket.AF_INET6 if self.v6 else socket.AF_INET,
            data[22:38] if self.v6 else data[26:30])
        self.version, self.vrid = body[0] >> 4, body[1]
        self.priority, self.count = body[2], body[3]
        self.body = body


def is_advert(data):
    return data[12:14] == b"\x08\x00" and data[23] == 112 or \
        data[12:14] == b"\x86\xdd" and data[20] == 112


class Capture(threading.Thread):
    """All frames that nodes send, as the bridge's ports receive them."""

    def __init__(self, lan):
        super().__init__(daemon=True)
        self.lan, self.frames, self.over = lan, [], False
        with inside(lan.ns):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                      socket.htons(ETH_P_ALL))
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock.settimeout(0.1)
        self.start()

    def run(self):
        ports = {n.port: n.number for n in self.lan.nodes}
        while not self.over:
            try:
                data, extra, _, source = self.sock.recvmsg(2048, 64)
            except socket.timeout:
                ports = {n.port: n.number for n in self.lan.nodes}
                continue
            if source[2] == 4 or source[0] not in ports:
                continue                # outgoing, or the bridge itself
            if data[12:14] == b"\x08\x00" and data[23] == 17:
                continue                # the client's own
            seconds, nanos = struct.unpack("ll", extra[0][2][:16])
            self.frames.append(Frame(seconds + nanos / 1e9,
                                     ports[source[0]], data))

    def only(self, node):
        """From now on what this node sends alone: others flood."""
        self.sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        with inside(self.lan.ns):
            self.sock.bind((node.port, 0))

    def adverts(self, since=0, node=None, vrid=None):
        return [a for a in (Advert(f) for f in list(self.frames)
                            if f.at >= since and is_advert(f.data))
                if (node is None or a.node == node)
                and (vrid is None or a.vrid == vrid)]

    def arps(self, ip, since=0):
        """Gratuitous ARPs for the address."""
        want = socket.inet_aton(ip)
        return [f for f in list(self.frames) if f.at >= since
                and f.data[12:14] == b"\x08\x06"
                and f.data[28:32] == want and f.data[38:42] == want]

    def stop(self):
        self.over = True
        self.join()
        self.sock.close()


class Client(threading.Thread):
    """Asks the virtual address, from a node of its own; every node that has
    the address answers with its number."""

    def __init__(self, lan, home, ip, every=0.002):
        super().__init__(daemon=True)
        self.ip, self.every, self.over = ip, every, False
        self.sent = []                  # when, by number
        self.answers = {}               # number: who
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        self.servers = {}
        for node in lan.nodes:
            if node is home:
                continue
            with inside(node.ns):
                s = socket.socket(family, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_IP, IP_FREEBIND, 1)
            s.bind((ip, ECHO_PORT))
            s.setblocking(False)
            self.servers[s.fileno()] = (s, node.number)
        with inside(home.ns):
            self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.start()

    def run(self):
        poll = select.poll()
        for fd in self.servers:
            poll.register(fd, select.POLLIN)
        poll.register(self.sock, select.POLLIN)
        due = time.time()
        while not self.over:
            now = time.time()
            if now >= due:
                due = max(due + self.every, now)
                with contextlib.suppress(OSError):
                    self.sock.sendto(struct.pack("!I", len(self.sent)),
                                     (self.ip, ECHO_PORT))
                self.sent.append(now)
            for fd, _ in poll.poll(max(0, (due - time.time()) * 1000)):
                self.take(fd)

    def take(self, fd):
        with contextlib.suppress(OSError):
            if fd == self.sock.fileno():
                number, who = struct.unpack("!IB", self.sock.recv(16))
                self.answers[number] = who
            else:
                s, who = self.servers[fd]
                data, whence = s.recvfrom(16)
                s.sendto(data[:4] + bytes([who]), whence)

    def outage(self, since, until=None):
        """The longest time in which what was sent is never answered: how
        busy this machine is does not count."""
        worst, first = 0, None
        for number, at in enumerate(list(self.sent)):
            if at < since or until and at > until:
                continue
            if number in self.answers:
                if first is not None:
                    worst = max(worst, at - first)
                first = None
            elif first is None:
                first = at
        if first is not None:
            worst = max(worst, (until or time.time()) - first)
        return worst

    def answered(self, since):
        """Was what was sent since then?"""
        return any(n in self.answers for n, at in enumerate(list(self.sent))
                   if at >= since)

    def lateness(self, since):
        """How late this thread ever sent: so late is anybody here."""
        sent = [at for at in list(self.sent) if at >= since]
        return max([b - a - self.every for a, b in zip(sent, sent[1:])],
                   default=0)

    def owners(self, since):
        return {self.answers[n] for n, at in enumerate(list(self.sent))
                if at >= since and n in self.answers}

    def stop(self):
        self.over = True
        self.join()
        self.sock.close()
        for s, _ in self.servers.values():
            s.close()


class Lan:
    def __init__(self, count):
        self.tag = "wv%d-%d" % (os.getpid(), next(NUMBERS))
        self.ns = self.tag + "-lan"
        self.nodes = []
        run("ip", "netns", "add", self.ns)
        run("ip", "-n", self.ns, "link", "add", "br0", "type", "bridge",
            "mcast_snooping", "0")
        run("ip", "-n", self.ns, "link", "set", "br0", "up")
        for number in range(1, count + 1):
            self.nodes.append(Node(self, number))
        self.capture = Capture(self)
        self.client = None

    def ask(self, home, ip, every=0.002):
        self.client = Client(self, home, ip, every)
        return self.client

    def send(self, node, packet, ip="224.0.0.18"):
        """A forged packet, from the IP header on."""
        with inside(node.ns):
            s = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                              socket.IPPROTO_RAW)
        s.setsockopt(socket.SOL_SOCKET, 25, b"eth0\0")
        s.sendto(packet, (ip, 0))
        s.close()

    def close(self):
        if self.client:
            self.client.stop()
        self.capture.stop()
        for node in self.nodes:
            run("ip", "netns", "del", node.ns, check=False)
        run("ip", "netns", "del", self.ns, check=False)
