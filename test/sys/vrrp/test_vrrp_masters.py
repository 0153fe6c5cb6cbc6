# SPDX-License-Identifier: ISC
"""More masters than one: who hears two of them says so, in the log, the
metrics and the JSON; two owners of the addresses (priority 255) settle it."""
import itertools
import json
import socket
import struct
import subprocess
import threading
import time

import pytest

from rig import lan as lan_module, vrrp

VIP = "10.77.0.50"


def advert(source, priority, interval=10):
    """Version 3 over IPv4, from the IP header on; centiseconds."""
    group = socket.inet_aton("224.0.0.18")
    body = struct.pack("!BBBBHH", 0x31, 51, priority, 1, interval, 0) + \
        socket.inet_aton(VIP)
    text = socket.inet_aton(source) + group + struct.pack(
        "!HH", 112, len(body)) + body
    total = sum(struct.unpack("!%dH" % (len(text) // 2), text))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    body = body[:6] + struct.pack("!H", ~total & 0xffff) + body[8:]
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0xc0, 20 + len(body), 1, 0, 255,
                       112, 0, socket.inet_aton(source), group) + body


class Voices(threading.Thread):
    """Masters that send from one node, in turn, until told to stop."""

    def __init__(self, node, voices, every):
        super().__init__(daemon=True)
        self.voices, self.every, self.over = voices, every, False
        with lan_module.inside(node.ns):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                      socket.IPPROTO_RAW)
        self.sock.setsockopt(socket.SOL_SOCKET, 25, b"eth0\0")
        self.start()

    def run(self):
        for n in itertools.count():
            if self.over:
                return
            voices = self.voices
            self.sock.sendto(advert(*voices[n % len(voices)]),
                             ("224.0.0.18", 0))
            time.sleep(self.every)

    def stop(self):
        self.over = True
        self.join()
        self.sock.close()


def metric(path, name):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        text = b"".join(iter(lambda: s.recv(65536), b"")).decode()
    return [float(line.split()[-1]) for line in text.splitlines()
            if line.startswith(name + "{")][0]


def status(one):
    out = subprocess.run([vrrp.ours(), "--status", "--json", "-f", one.file],
                         capture_output=True, text=True, check=False).stdout
    return json.loads(out)["vrrp"][0]["data"]


def test_a_backup_hears_two_masters(lan, daemon, tmp_path):
    net = lan(2)
    node, other = net.nodes
    metrics = str(tmp_path / "metrics")
    one = daemon(node, "weir", vrrp.config(
        50, version=3, advert_int="0.1", head="global_defs {\n"
        "metrics_listen %s\nstatus_socket %s\n}" % (
            metrics, tmp_path / "status")))
    first, second = ("10.77.0.8", 100), ("10.77.0.9", 110)
    voices = Voices(other, [first], 0.1)
    one.wait_log("Entering BACKUP STATE")
    time.sleep(0.3)                     # several adverts of the one
    assert metric(metrics, "weir_vrrp_masters_seen") == 1
    voices.voices, voices.every = [first, second], 0.05
    one.wait_log("two masters: 10.77.0.8 and 10.77.0.9|"
                 "two masters: 10.77.0.9 and 10.77.0.8")
    time.sleep(0.4)                     # that is to be counted
    assert metric(metrics, "weir_vrrp_masters_seen") == 2
    assert metric(metrics, "weir_vrrp_split_seconds_total") > 0.2
    data = status(one)
    assert data["masters_seen"] == 2 and data["split_count"] == 1
    assert data["state"] == 1 and data["split_seconds"] > 0.2
    voices.voices, voices.every = [second], 0.1
    one.wait_log("one master again")
    seconds = metric(metrics, "weir_vrrp_split_seconds_total")
    assert metric(metrics, "weir_vrrp_masters_seen") == 1
    time.sleep(0.3)                     # in which nothing more is counted
    assert metric(metrics, "weir_vrrp_split_seconds_total") == seconds
    assert "Entering MASTER" not in one.log()
    voices.stop()


@pytest.mark.parametrize("kinds", [("weir", "weir"), ("weir", "keepalived")])
def test_two_owners(lan, daemon, kinds):
    net = lan(2)
    low, high = [daemon(n, kind, vrrp.config(
        255, version=3, advert_int="0.1", state="MASTER"))
        for n, kind in zip(net.nodes, kinds)]
    until = time.time() + 8
    while sum(n.has(VIP) for n in net.nodes) != 1 or \
            "CONFIGURATION ERROR" not in low.log() + high.log():
        assert time.time() < until, low.log() + high.log()
        time.sleep(0.02)
    loser, winner = (low, high) if net.nodes[1].has(VIP) else (high, low)
    if loser.kind == "weir":
        assert "reducing local priority" in loser.log()
        assert "priority 255, ours 254" in loser.log()
    if kinds == ("weir", "weir"):
        assert loser is low             # by the address
    if winner.kind == "weir":
        winner.stop()
        until = time.time() + 3
        while not loser.node.has(VIP):
            assert time.time() < until, loser.log()
            time.sleep(0.02)
    for one in low, high:
        if one.kind == "keepalived":
            one.kill_all()              # a stop takes it a second
    if loser.kind == "weir" and winner.kind == "weir":
        at = time.time()
        while not net.capture.adverts(since=at, node=1):
            assert time.time() < at + 3
            time.sleep(0.02)
        assert net.capture.adverts(since=at, node=1)[0].priority == 255


def test_an_owner_that_never_gives_way(lan, daemon):
    net = lan(2)
    node, other = net.nodes[1], net.nodes[0]
    one = daemon(node, "weir", vrrp.config(
        255, version=3, advert_int="0.1", state="MASTER"))
    one.wait_log("Entering MASTER STATE")
    began = time.time()
    voices = Voices(other, [("10.77.0.1", 255)], 0.1)
    one.wait_log("Entering BACKUP STATE")
    assert time.time() - began > 0.2, one.log()     # it had its time
    assert "reducing local priority" in one.log()
    voices.stop()
    one.wait_log("Entering MASTER STATE", count=2)
    assert net.capture.adverts(node=2)[-1].priority == 255
