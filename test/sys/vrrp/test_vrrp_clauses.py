# SPDX-License-Identifier: ISC
"""Keywords, flags and signals that no other test needs, several in each
daemon: what they ask for is seen."""
import os
import signal
import subprocess
import time

from rig import vrrp
from rig.cluster import wait_for

VIP = "10.77.0.50"
PACE = dict(version=3, advert_int="0.1")
OWNER = dict(PACE, state="MASTER")
SAFE = " script_user root\n enable_script_security\n"


def script(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + text + "\n")
    os.chmod(path, 0o755)
    return path


class Pipe:
    """What a notify fifo is told."""

    def __init__(self, path):
        os.mkfifo(path)
        self.fd, self.text = os.open(path, os.O_RDWR | os.O_NONBLOCK), ""

    def lines(self):
        try:
            self.text += os.read(self.fd, 65536).decode()
        except BlockingIOError:
            pass
        return self.text.splitlines()

    def wait(self, line, count=1):
        wait_for(lambda: self.lines().count(line) >= count, 4,
                 "%s among %s" % (line, self.text))


def test_scripts_around(lan, daemon, tmp_path):
    """Start and stop scripts, silence at first, a log file, -X, stats that
    are cleared, scripts with a shell and with the state in the
    environment."""
    node, = lan(1).nodes
    order, log = str(tmp_path / "order"), str(tmp_path / "own.log")
    up = script(tmp_path, "up", "echo up >> %s" % order)
    down = script(tmp_path, "down", "ip addr show dev eth0 | grep -c %s "
                  ">> %s; echo down >> %s" % (VIP, order, order))
    env = str(tmp_path / "env")
    head = """global_defs {
        startup_script %s
        shutdown_script %s
        vrrp_startup_delay 0.4
        stats_dump_file %s
        shell_scripts
        script_environment
    }
    vrrp_script s {
        script "env | sort > %s && exit 1"
        interval 0.1
        weight -20
        init_fail
    }""" % (up, down, tmp_path / "stats", env)
    one = daemon(node, "weir", vrrp.config(
        150, head=head, more="track_script {\n s\n}", **PACE), "-X",
        "--log-file=" + log)
    one.wait_log("Delaying startup for 0.400000")
    assert "Entering" not in one.log() and "has no effect" not in one.log()
    one.wait_log("Entering MASTER STATE")
    wait_for(lambda: node.has(VIP), 3, "the address")
    with open(log, encoding="utf-8") as f:
        assert "Entering MASTER STATE" in f.read()

    def value(name):
        with open(env, encoding="utf-8") as f:
            return dict(x.split("=", 1) for x in f.read().splitlines()
                        if "=" in x).get(name)
    wait_for(lambda: value("VRRP_STATE") == "MASTER", 3, "the state")
    assert value("VRRP_INSTANCE") == "VI_1"
    assert value("VRRP_PRIORITY") == "130"

    def sent():
        stats = tmp_path / "stats"
        if stats.exists():
            stats.unlink()
        one.signal(signal.SIGRTMAX - 1)
        wait_for(stats.exists, 3, "the statistics")
        return int(stats.read_text().split("Sent:")[1].split()[0])
    time.sleep(0.5)                     # some adverts
    assert sent() > 4
    assert sent() < 4                   # since the last time
    assert one.stop() == 0
    with open(order, encoding="utf-8") as f:
        assert f.read().split() == ["up", "0", "down"]


def test_fifo_lines(lan, daemon, tmp_path):
    """Priorities, lower masters, states again at a reload, deleted ones."""
    net = lan(2)
    node, other = net.nodes
    pipe = Pipe(str(tmp_path / "fifo"))
    lower = script(tmp_path, "lower", "echo seen >> %s" % (tmp_path / "l"))
    (tmp_path / "weight").write_text("0")
    head = """global_defs {
        %s
        vrrp_notify_fifo %s
        fifo_write_vrrp_states_on_reload
        vrrp_notify_priority_changes on
    }
    track_file w {
        file %s
        weight 1
    }""" % (SAFE, tmp_path / "fifo", tmp_path / "weight")
    more = "track_file {\n w\n}\nnotify_deleted\n" \
        "notify_master_rx_lower_pri %s" % lower
    text = vrrp.config(150, head=head, more=more, **PACE)
    one = daemon(node, "weir", text)
    pipe.wait('INSTANCE "VI_1" MASTER 150')
    (tmp_path / "weight").write_text("5")
    pipe.wait('INSTANCE "VI_1" MASTER_PRIORITY 155')
    one.signal(signal.SIGHUP)
    pipe.wait('INSTANCE "VI_1" MASTER 155')
    # Another master for a moment: it hears nobody until it has an address.
    subprocess.run(node.command("ip", "link", "set", "eth0", "multicast",
                                "on"), check=True)
    rival = daemon(other, "weir", vrrp.config(255, state="MASTER", **PACE))
    pipe.wait('INSTANCE "VI_1" BACKUP 155')
    rival.kill_all()
    pipe.wait('INSTANCE "VI_1" MASTER 155', 2)
    one.write("global_defs {\n%s\nvrrp_notify_fifo %s\n}\n" % (
        SAFE, tmp_path / "fifo"))
    one.signal(signal.SIGHUP)
    pipe.wait('INSTANCE "VI_1" DELETED 155')
    os.close(pipe.fd)


def test_faults_of_unicast(lan, daemon):
    """A source that is missing, peers that are missing, a peer too far."""
    net = lan(2)
    node, other = net.nodes
    text = vrrp.config(150, more="unicast_src_ip 10.77.0.77\ntrack_src_ip\n"
                       "unicast_peer {\n 10.77.0.2\n}", **PACE) + \
        vrrp.config(150, ["10.77.0.51/24"], 52, name="VI_2",
                    more="unicast_fault_no_peer", **PACE) + \
        vrrp.config(100, ["10.77.0.52/24"], 53, name="VI_3",
                    more="unicast_src_ip 10.77.0.1\nunicast_peer {\n"
                    " 10.77.0.2 min_ttl 200\n}", **PACE)
    one = daemon(node, "weir", text)
    one.wait_log("VI_2. entering FAULT state .no unicast peers")
    one.wait_log("VI_3. Entering MASTER STATE")
    assert "(VI_1) entering FAULT state" in one.log()
    subprocess.run(["ip", "-n", node.ns, "addr", "add", "10.77.0.77/24",
                    "dev", "eth0"], check=True)
    one.wait_log("VI_1. Entering MASTER STATE")
    assert not node.has("10.77.0.51")
    # The peer is higher, and yet its packets come from too far away.
    daemon(other, "weir", vrrp.config(
        200, ["10.77.0.52/24"], 53, name="VI_3", more="unicast_ttl 100\n"
        "unicast_src_ip 10.77.0.2\nunicast_peer {\n 10.77.0.1\n}", **PACE))
    wait_for(lambda: net.capture.adverts(0, 2, 53), 3, "the peer's adverts")
    time.sleep(0.3)                     # in which nothing may happen
    assert "(VI_3) Entering BACKUP STATE\n" not in one.log()
    subprocess.run(["ip", "-n", node.ns, "addr", "del", "10.77.0.77/24",
                    "dev", "eth0"], check=True)
    one.wait_log("VI_1. Entering FAULT STATE")


def test_namespaces_and_names(lan, tmp_path):
    """The file's namespace, and -s that wins; pid files of an instance."""
    net = lan(2)
    tag = "t%d" % os.getpid()
    (tmp_path / "c").write_text("net_namespace %s\ninstance %s\n" % (
        net.nodes[0].ns, tag) + vrrp.config(255, **OWNER))
    for flags, node in (([], net.nodes[0]), (["-s", net.nodes[1].ns],
                                             net.nodes[1])):
        name = tag if not flags else node.ns
        name = node.ns                  # a namespace's name comes first
        with subprocess.Popen([vrrp.ours(), "-n", "-G", "-f",
                               str(tmp_path / "c"), *flags]) as one:
            pid = "/run/keepalived/keepalived_%s.pid" % name
            wait_for(lambda node=node: node.has(VIP), 4, "the address")
            with open(pid, encoding="utf-8") as f:
                assert int(f.read()) == one.pid
            assert os.path.exists(pid.replace("keepalived_", "vrrp_"))
            one.terminate()
            assert one.wait(4) == 0
            assert not os.path.exists(pid) and not node.has(VIP)


def test_links_that_do_not_matter(lan, daemon):
    """dont_track_primary; a delay of a link that is down."""
    node, = lan(1).nodes
    for words in ("link add a0 type veth peer name a1", "link set a0 up",
                  "link set a1 up", "addr add 10.79.0.1/24 dev a0",
                  "link add b0 type veth peer name b1", "link set b0 up",
                  "link set b1 up", "addr add 10.80.0.1/24 dev b0"):
        subprocess.run(["ip", "-n", node.ns, *words.split()], check=True)
    text = "interface_up_down_delays {\n b0 1 0\n}\n" + vrrp.config(
        150, ["10.79.0.50/24"], interface="a0", more="dont_track_primary",
        **PACE) + vrrp.config(
            150, ["10.80.0.50/24"], 52, name="VI_2", interface="b0",
            more="down_timer_adverts 20", **PACE)
    one = daemon(node, "weir", text)
    one.wait_log("VI_1. Entering MASTER STATE")
    one.wait_log("VI_2. Entering MASTER STATE")
    at = time.time()
    for link in ("a1", "b1"):
        subprocess.run(["ip", "-n", node.ns, "link", "set", link, "down"],
                       check=True)
    one.wait_log("VI_2. Entering FAULT STATE")
    assert 0.9 < time.time() - at < 2.5
    assert "(VI_1) Entering FAULT" not in one.log()
