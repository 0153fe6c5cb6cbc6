# SPDX-License-Identifier: ISC
"""What the suite is for, as a whole: pgbench to a virtual address, behind it
two nodes with weir-vrrp and weir-balancer each, behind those three poolers
and PostgreSQL. The master node is cut off, and killed; how long nobody gets
in is measured at a client that connects every few milliseconds."""
import contextlib
import itertools
import select
import socket
import struct
import shutil
import subprocess
import threading
import time

import pytest

from rig import balancing, lan as lan_module, vrrp

VIP, PORT = "10.77.0.50", 5432
ADVERT, SKEW = 1.0, 156 / 256           # the backup's priority is 100
BOUND = 3 * ADVERT + SKEW + 0.1
EVERY, PATIENCE = 0.01, 0.5             # a try lasts no longer: no second SYN
BUSY = 0.25                             # others use this machine, too
HELLO = b"user\0app\0database\0app\0\0"
HELLO = struct.pack("!II", len(HELLO) + 8, 196608) + HELLO

BALANCER = balancing.HEAD % 1 + """
 option redispatch
listen pg
 bind *:%d
 balance leastconn
 default-server check inter 500ms
%s
"""


class Prober(threading.Thread):
    """Connects to the virtual address and logs in, every EVERY seconds, each
    time until a pooler has answered."""

    def __init__(self, home):
        super().__init__(daemon=True)
        self.home, self.over = home, False
        self.tries = []                 # [began, took or None], in order
        self.waiting = {}               # fd: (socket, its try)
        self.asked = set()
        self.start()

    def run(self):
        with lan_module.inside(self.home.ns):
            self.poll = select.poll()
            due = time.monotonic()
            while not self.over:
                now = time.monotonic()
                if now >= due:
                    due = max(due + EVERY, now)
                    self.begin(now)
                for fd, _ in self.poll.poll(
                        max(0, (due - time.monotonic()) * 1000)):
                    self.turn(fd)
                self.give_up(time.monotonic() - PATIENCE)
            self.give_up(time.monotonic())

    def begin(self, now):
        s = socket.socket()
        s.setblocking(False)
        self.tries.append([now, None])
        self.waiting[s.fileno()] = (s, self.tries[-1])
        self.poll.register(s, select.POLLOUT)
        if s.connect_ex((VIP, PORT)) not in (0, 115):   # EINPROGRESS
            self.end(s.fileno())

    def turn(self, fd):
        s, one = self.waiting[fd]
        try:
            if s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self.end(fd)
            elif s in self.asked:
                if s.recv(1) == b"R":
                    one[1] = time.monotonic() - one[0]
                self.end(fd)
            else:
                s.sendall(HELLO)
                self.asked.add(s)
                self.poll.modify(s, select.POLLIN)
        except OSError:
            self.end(fd)

    def end(self, fd):
        s, _ = self.waiting.pop(fd)
        self.asked.discard(s)
        self.poll.unregister(fd)
        s.close()

    def give_up(self, before):
        for fd, (_, one) in list(self.waiting.items()):
            if one[0] < before:
                self.end(fd)

    def outage(self, since):
        """The longest time in which no try that began then got in, and how
        long the try took that ended it."""
        settled = time.monotonic() - PATIENCE - BUSY
        tries = [t for t in list(self.tries) if since <= t[0] < settled]
        worst = (0, 0)
        for fine, some in itertools.groupby(tries,
                                            lambda t: t[1] is not None):
            first = next(some)
            if not fine:
                after = next((t for t in tries if t[0] > first[0]
                              and t[1] is not None), None)
                assert after, "nobody gets in any more"
                worst = max(worst, (after[0] - first[0], after[1]))
        return worst

    def stop(self):
        self.over = True
        self.join()


def cut_off(stack):
    stack.nodes[0].cable(False)


def kill(stack):
    stack.balancers[0].process.kill()
    stack.daemons[0].kill_all()


class Stack(threading.Thread):
    """Two nodes, a host with the poolers, a host with the clients; 'act' is
    done to the first node."""

    def __init__(self, act, pooler, where):
        super().__init__(daemon=True)
        self.act, self.error, self.took = act, None, None
        self.held = contextlib.ExitStack()
        self.lan = lan_module.Lan(4)
        self.held.callback(self.lan.close)
        self.nodes = self.lan.nodes
        self.balancers, self.daemons = [], []
        with lan_module.inside(self.nodes[2].ns):
            poolers = [pooler(listen_addr="*", max_client_conn=2000,
                              databases={"app": "host=%s port=$PG dbname=app"
                                         % where}) for _ in range(3)]
        self.servers = "\n".join(
            " server pgb%d %s:%d" % (n, self.nodes[2].ip, p.port)
            for n, p in enumerate(poolers, 1))

    def run(self):
        try:
            self.play()
        except Exception as error:      # pylint: disable=broad-except
            self.error = error

    def bench(self, *words):
        return subprocess.Popen(
            self.nodes[3].command("pgbench", "-n", "-S", "-h", VIP, "-p",
                                  str(PORT), "-U", "app", *words, "app"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def play(self):
        for node, priority in zip(self.nodes, (101, 100)):
            with lan_module.inside(node.ns):
                one = balancing.Balancer(balancing.ours(),
                                         BALANCER % (PORT, self.servers))
                self.balancers.append(self.held.enter_context(one))
                one.wait_for(PORT)
            self.daemons.append(vrrp.Daemon(node, "weir",
                                            vrrp.config(priority)))
            self.held.callback(self.daemons[-1].end)
        self.daemons[0].wait_log("Entering MASTER STATE")
        prober = Prober(self.nodes[3])
        self.held.callback(prober.stop)
        load = self.bench("-c", "4", "-T", "60", "--rate=400")
        self.held.callback(load.wait)
        self.held.callback(load.kill)
        time.sleep(PATIENCE + BUSY + 0.5)  # as long as later without a probe
        assert load.poll() is None, load.stdout.read()
        at = time.monotonic()
        assert prober.outage(0) == (0, 0), "not every try got in before"
        self.act(self)
        # The longest outage there may be.
        time.sleep(BOUND + PATIENCE + 2 * BUSY + 0.1)
        self.took = prober.outage(at)
        self.after = self.bench("-c", "4", "-t", "25").communicate(
            timeout=10)[0]

    def close(self):
        self.held.close()


def test_clients_get_in_again(netns, cluster, pooler):
    if not shutil.which("pgbench"):
        pytest.skip("no pgbench")
    cluster.sql("CREATE TABLE IF NOT EXISTS pgbench_accounts(aid int "
                "PRIMARY KEY, bid int, abalance int, filler char(84)); "
                "CREATE TABLE IF NOT EXISTS pgbench_branches(bid int)")
    cluster.sql("INSERT INTO pgbench_branches VALUES (1)")
    stacks = {}
    try:
        for act in (cut_off, kill):
            stacks[act.__name__] = Stack(act, pooler, cluster.where)
        for one in stacks.values():
            one.start()
        for one in stacks.values():
            one.join(30)
    finally:
        for one in stacks.values():
            one.close()
    for name, one in stacks.items():
        if one.error:
            raise one.error
        outage, connect = one.took
        print("%s: outage %.0f ms, the connect that ended it %.1f ms" % (
            name, outage * 1000, connect * 1000))
        assert 0 < outage <= BOUND + EVERY + connect, name
        assert "number of transactions actually processed: 100/100" in \
            one.after, one.after
