# SPDX-License-Identifier: ISC
"""Sync groups: the members move together, and tell it in the order that the
original tells it."""
import os
import time

import pytest

from rig import lan as lan_module, vrrp

GROUP = """
global_defs {
    vrrp_notify_fifo %s
    script_user root
}
vrrp_sync_group G1 {
    group {
        I1
        I2
    }
}
"""


def second_net(node):
    """eth1 with nobody on it."""
    for words in ("link add eth1 type veth peer name other",
                  "link set eth1 up", "link set other up",
                  "addr add 10.78.0.%d/24 dev eth1" % node.number):
        lan_module.run("ip", "-n", node.ns, *words.split())


def told(fifo, want, limit=6):
    """Lines of the fifo, up to the one that is waited for."""
    lines, text, until = [], b"", time.time() + limit
    while want not in lines:
        assert time.time() < until, lines
        try:
            text += os.read(fifo, 4096)
        except BlockingIOError:
            pass
        lines = text.decode().splitlines()
        time.sleep(0.01)
    return lines


@pytest.mark.parametrize("kind", ["weir", "keepalived"])
def test_every_member_runs_its_own_scripts(lan, daemon, kind, tmp_path):
    """Also one that is merely drawn along by the group."""
    node = lan(1).nodes[0]
    second_net(node)
    told_to, script = tmp_path / "told", tmp_path / "script"
    told_to.touch()
    script.write_text('#!/bin/sh\necho "$2 $3" >> %s\n' % told_to)
    script.chmod(0o755)
    fast = dict(version=3, advert_int="0.2", more="notify %s" % script)
    daemon(node, kind, GROUP % (tmp_path / "fifo") +
           vrrp.config(101, ["10.77.0.51/24"], 51, name="I1", **fast) +
           vrrp.config(101, ["10.77.0.52/24"], 52, name="I2",
                       interface="eth1", **fast))

    def wait(lines):
        until = time.time() + 5
        while len(told_to.read_text().split("\n")) <= lines:
            assert time.time() < until, told_to.read_text()
            time.sleep(0.01)
    wait(4)
    lan_module.run("ip", "-n", node.ns, "link", "set", "other", "down")
    wait(6)
    lines = told_to.read_text().splitlines()
    for n, state in enumerate(("BACKUP", "MASTER", "FAULT")):
        assert sorted(lines[2 * n:2 * n + 2]) == ["I1 " + state,
                                                  "I2 " + state]


@pytest.mark.parametrize("kind", ["weir", "keepalived"])
def test_a_group_moves_as_one(lan, daemon, kind, tmp_path):
    net = lan(1)
    node = net.nodes[0]
    second_net(node)
    path = str(tmp_path / "fifo")
    os.mkfifo(path)
    fifo = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fast = dict(version=3, advert_int="0.2")
    daemon(node, kind, GROUP % path +
           vrrp.config(101, ["10.77.0.51/24"], 51, name="I1", **fast) +
           vrrp.config(101, ["10.77.0.52/24"], 52, name="I2",
                       interface="eth1", **fast))
    lines = told(fifo, 'GROUP "G1" MASTER 0')
    assert lines[:3] == ['GROUP "G1" BACKUP 0', 'INSTANCE "I1" BACKUP 101',
                         'INSTANCE "I2" BACKUP 101']
    assert sorted(lines[3:5]) == ['INSTANCE "I1" MASTER 101',
                                  'INSTANCE "I2" MASTER 101']
    at = time.time()
    lan_module.run("ip", "-n", node.ns, "link", "set", "other", "down")
    assert told(fifo, 'GROUP "G1" FAULT 0') == [
        'INSTANCE "I2" FAULT 101', 'INSTANCE "I1" FAULT 101',
        'GROUP "G1" FAULT 0']
    time.sleep(0.1)  # addresses follow the fifo
    assert not node.has("10.77.0.51")
    assert [a.priority for a in net.capture.adverts(at, 1, 51)][-1] == 0
    lan_module.run("ip", "-n", node.ns, "link", "set", "other", "up")
    lines = told(fifo, 'GROUP "G1" MASTER 0')
    assert 'GROUP "G1" BACKUP 0' in lines
    assert node.has("10.77.0.51") and node.has("10.77.0.52")
    os.close(fifo)
