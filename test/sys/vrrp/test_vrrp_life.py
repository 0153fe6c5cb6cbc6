# SPDX-License-Identifier: ISC
"""Start, stop, pid files, exit codes, signals, the service manager."""
import os
import signal
import socket
import subprocess
import time

from rig import vrrp
from rig.cluster import wait_for

VIP = "10.77.0.50"
OWNER = vrrp.config(255, state="MASTER")


def test_background_pidfiles_and_a_second_start(lan, tmp_path):
    node, = lan(1).nodes
    conf, pid, child = (str(tmp_path / n) for n in ("c", "pid", "child"))
    (tmp_path / "c").write_text(OWNER)
    command = node.command(vrrp.ours(), "-G", "-f", conf, "-p", pid, "-r",
                           child)
    assert subprocess.run(command, timeout=5, check=False).returncode == 0
    until = time.time() + 5
    while not node.has(VIP):
        assert time.time() < until
        time.sleep(0.02)
    main = int(open(pid, encoding="utf-8").read())
    try:
        decides = int(open(child, encoding="utf-8").read())
        with open("/proc/%d/status" % decides, encoding="utf-8") as f:
            status = f.read()
        assert "PPid:\t%d\n" % main in status
        assert "Uid:\t0" not in status
        assert "CapEff:\t0000000000000000" in status
        assert os.readlink("/proc/%d/cwd" % main) == "/"
        second = subprocess.run([*command, "-n", "-l"], timeout=5, check=False,
                                capture_output=True, text=True)
        assert second.returncode == 0
        assert "daemon is already running" in second.stderr
    finally:
        os.kill(main, signal.SIGTERM)
    until = time.time() + 3
    while os.path.exists(pid):
        assert time.time() < until
        time.sleep(0.02)
    assert not os.path.exists(child) and not node.has(VIP)


def test_exit_codes(lan, daemon, tmp_path):
    node, = lan(1).nodes
    missing = subprocess.run(
        node.command(vrrp.ours(), "-n", "-G", "-f", str(tmp_path / "none"),
                     "-p", str(tmp_path / "p")), timeout=5, check=False)
    assert missing.returncode == 6
    (tmp_path / "c").write_text("vrrp_instance A {\n priority\n}\n")
    broken = subprocess.run(
        node.command(vrrp.ours(), "-n", "-G", "-f", str(tmp_path / "c"),
                     "-p", str(tmp_path / "p")), timeout=5, check=False)
    assert broken.returncode == 2
    empty = daemon(node, "weir", "")
    empty.wait_log("no configuration to run")
    empty.wait_log("Startup complete")
    assert empty.stop() == 0


def test_a_relative_file_in_the_background(lan, tmp_path):
    """It is found again by HUP, though the daemon lives in "/"."""
    node, = lan(1).nodes
    (tmp_path / "c").write_text(OWNER)
    command = node.command(vrrp.ours(), "-G", "-f", "c", "-p",
                           str(tmp_path / "pid"), "-r",
                           str(tmp_path / "child"))
    subprocess.run(command, timeout=5, check=True, cwd=tmp_path)
    wait_for(lambda: node.has(VIP), 5, "the address")
    main = int((tmp_path / "pid").read_text())
    try:
        (tmp_path / "c").write_text(OWNER.replace(VIP, "10.77.0.51"))
        os.kill(main, signal.SIGHUP)
        wait_for(lambda: node.has("10.77.0.51"), 5, "the new address")
    finally:
        os.kill(main, signal.SIGTERM)
        wait_for(lambda: not os.path.exists("/proc/%d" % main), 5, "the end")


def test_addresses_may_stay(lan, daemon):
    node, = lan(1).nodes
    one = daemon(node, "weir", OWNER, "-V")
    one.wait_log("Entering MASTER STATE")
    wait_for(lambda: node.has(VIP), 5, "the address")
    assert one.stop() == 0
    assert node.has(VIP)


def test_a_child_that_is_not_replaced(lan, daemon):
    net = lan(1)
    node, = net.nodes
    one = daemon(node, "weir", OWNER, "-R")
    one.wait_log("Entering MASTER STATE")
    os.kill(one.child(), signal.SIGKILL)
    assert one.process.wait(5) == 1
    assert not node.has(VIP)
    assert net.capture.adverts()[-1].priority == 0


def test_the_manager_hears(lan, daemon, tmp_path, monkeypatch):
    node, = lan(1).nodes
    path = str(tmp_path / "notify")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    manager.settimeout(5)
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    one = daemon(node, "weir", OWNER)
    assert manager.recv(200).decode().split("\n") == [
        "READY=1", "MAINPID=%d" % one.pid]
    one.wait_log("Entering MASTER STATE")
    one.signal(signal.SIGHUP)
    assert manager.recv(200).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    assert manager.recv(200).startswith(b"READY=1")
    one.signal(signal.SIGTERM)
    assert manager.recv(200) == b"STOPPING=1"
    assert one.process.wait(3) == 0
    manager.close()


def test_an_interface_that_comes_late(lan, daemon):
    node, = lan(1).nodes
    one = daemon(node, "weir", vrrp.config(
        255, interface="late0", state="MASTER",
        head="global_defs {\n dynamic_interfaces\n}"))
    one.wait_log("Entering FAULT STATE")
    for words in ("link add late0 type veth peer name late1",
                  "link set late1 up", "link set late0 up",
                  "addr add 10.79.0.1/24 dev late0"):
        subprocess.run(["ip", "-n", node.ns, *words.split()], check=True)
    one.wait_log("Entering MASTER STATE")
    time.sleep(0.1)  # the address follows the line
    assert node.has(VIP)
    assert one.log().count("Entering MASTER STATE") == 1
