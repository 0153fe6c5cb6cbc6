# SPDX-License-Identifier: ISC
"""The address follows what stands behind it: when the balancer or the pooler
of a node dies, or hangs, the other node has the address, and clients are
served. No script is run for it."""
import contextlib
import signal
import socket
import time

import psycopg2
import pytest

from rig import balancing, lan as lan_module, vrrp
from rig.cluster import wait_for

BALANCED, POOLED = "10.77.0.51", "10.77.0.52"
PORT = 8080
EVERY, PATIENCE = 0.2, 0.3              # of a track; one failure is enough
ADVERT = 0.2
MOVED = EVERY + ADVERT * 156 / 256 + 0.1        # of a dead one
BUSY = 0.25                             # others use this machine, too

BALANCER = balancing.HEAD % 1 + """
global
 stats socket %s mode 600 level admin
listen web
 mode http
 bind *:%d
 http-request return status 200 content-type text/plain string "node %d"
"""

SIDE = """
track_unix balancer {
    path %s
    send "show info\\n"
    expect "*Uptime_sec: *"
    interval %g
    timeout %g
}
track_http pooler {
    url http+unix:%s:/healthz
    interval %g
    timeout %g
}
vrrp_instance VI_1 {
    track_unix {
        balancer
    }
}
vrrp_instance VI_2 {
    track_http {
        pooler
    }
}
"""


def ask_balancer(home):
    """Which node serves a client."""
    with lan_module.inside(home.ns):
        s = socket.create_connection((BALANCED, PORT), 0.5)
    with s:
        s.settimeout(0.5)
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return int(balancing.read_all(s).split(b"node ")[1])


def ask_pooler(home, port):
    with lan_module.inside(home.ns):
        c = psycopg2.connect(host=POOLED, port=port, user="app",
                             dbname="app", connect_timeout=2)
    with c.cursor() as cursor:
        cursor.execute("SELECT 40 + 2")
        answer = cursor.fetchone()[0]
    c.close()
    return answer


@pytest.fixture
def site(lan, daemon, pooler, cluster, tmp_path):
    """Two nodes with a balancer, a pooler and two addresses each."""
    net = lan(3)
    net.balancers, net.poolers, net.daemons = [], [], []
    with contextlib.ExitStack() as held:
        for node in net.nodes[:2]:
            admin = str(tmp_path / ("lb%d" % node.number))
            with lan_module.inside(node.ns):
                net.balancers.append(held.enter_context(balancing.Balancer(
                    balancing.ours(), BALANCER % (admin, PORT, node.number))))
                net.balancers[-1].wait_for(PORT)
                net.poolers.append(pooler(
                    listen_addr="*", side={"metrics_listen": "$DIR/m"},
                    databases={"app": "host=%s port=$PG dbname=app"
                               % cluster.where}))
            net.daemons.append(daemon(node, "weir", "".join(vrrp.config(
                102 - node.number, [ip + "/24"], vrid, name=name, version=3,
                advert_int=str(ADVERT)) for name, ip, vrid in (
                    ("VI_1", BALANCED, 51), ("VI_2", POOLED, 52))),
                side=SIDE % (admin, EVERY, PATIENCE,
                             net.poolers[-1].path("m"), EVERY, PATIENCE)))
        yield net


def served_by(net, ip, ask, since, limit):
    """The second node has the address and serves, within the limit."""
    wait_for(lambda: net.nodes[1].has(ip), limit + BUSY, ip)
    took = time.time() - since
    ask()
    print("%s: moved after %.0f ms, a client was served after %.0f ms" % (
        ip, took * 1000, (time.time() - since) * 1000))
    assert took < limit + BUSY
    assert not net.nodes[0].has(ip)


def test_the_address_follows_them(site):
    home = site.nodes[2]
    first, second = site.nodes[:2]
    for name in ("VI_1", "VI_2"):
        site.daemons[0].wait_log(name + ". Entering MASTER STATE")
    wait_for(lambda: first.has(BALANCED) and first.has(POOLED), 2, "both")
    assert ask_balancer(home) == 1
    assert ask_pooler(home, site.poolers[0].port) == 42
    children = len(site.daemons[0].family())
    at = time.time()
    site.balancers[0].process.kill()
    served_by(site, BALANCED, lambda: ask_balancer(home), at, MOVED)
    assert ask_balancer(home) == 2
    # Of the other address nothing is known to be wrong.
    assert first.has(POOLED) and not second.has(POOLED)
    at = time.time()
    site.poolers[0].process.send_signal(signal.SIGSTOP)
    served_by(site, POOLED, lambda: ask_pooler(
        home, site.poolers[1].port), at, MOVED + PATIENCE)
    assert "failed" not in site.daemons[1].log()
    assert len(site.daemons[0].family()) == children
    # It goes on: its node has the higher priority.
    site.poolers[0].process.send_signal(signal.SIGCONT)
    wait_for(lambda: first.has(POOLED) and not second.has(POOLED), 3,
             "it again")
    assert ask_pooler(home, site.poolers[0].port) == 42
    assert not first.has(BALANCED)
