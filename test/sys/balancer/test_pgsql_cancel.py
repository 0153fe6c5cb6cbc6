# SPDX-License-Identifier: ISC
# Cancel requests through the balancer: to the pooler whose peer_id stands in
# the key, and what a frontend that looks for them does with other clients.
import struct
import time

from rig import wire
from rig.balancing import Balancer, connect, free_port, head, ours, serve
from rig.cluster import wait_for


class Heard:
    """A server that keeps what it hears of each connection."""

    def __init__(self, greeting=b""):
        self.greeting, self.all = greeting, []
        self.port = serve(self.play)

    def play(self, c, n):
        mine = bytearray()
        self.all.append(mine)
        c.sendall(self.greeting)
        while True:
            d = c.recv(1000)
            if not d:
                break
            mine += d
        c.close()

    def got(self):
        """wait_for's own connections say nothing."""
        return [bytes(one) for one in self.all if one]


def cfg(port, servers, more=""):
    return head() + "listen pg\n bind 127.0.0.1:%d\n pgsql-cancel\n%s%s" % (
        port, more, "".join(" server s%d 127.0.0.1:%d %s\n" % (i, p, what)
                            for i, (p, what) in enumerate(servers)))


def key_of(peer):
    """A request as a client of that pooler sends it."""
    return wire.cancel(struct.unpack("!I", struct.pack(
        "<BHB", 0x51, peer, 0x52))[0], b"\1\2\3\4")


def send(port, *parts):
    with connect(port) as s:
        for part in parts:
            s.sendall(part)
        s.shutdown(1)
        while s.recv(1000):
            pass


def test_by_peer_id():
    heard = [Heard() for _ in range(4)]
    ids = (1, 0x1234, 0xffff, 0)
    port = free_port()
    with Balancer(ours(), cfg(port, [
            (h.port, "peer-id %d" % i if i else "")
            for h, i in zip(heard, ids)],
            " tcp-request inspect-delay 2s\n"
            " tcp-request content reject if { req.payload(0,8) -m bin "
            "0000001004d2162f }\n")) as b:
        b.wait_for(port)
        for peer, h in zip(ids[:3], heard):
            for _ in range(5):
                send(port, key_of(peer))
            wait_for(lambda: h.got() == [key_of(peer)] * 5)
        # Of an unknown pooler, or of none: in turn, as any connection.
        for peer in (2, 0):
            for h in heard:
                h.all.clear()
            for _ in range(4):
                send(port, key_of(peer))
            wait_for(lambda: sum((h.got() for h in heard), []) ==
                     [key_of(peer)] * 4)
            assert max(len(h.got()) for h in heard) < 4
        # Longer by one or another code: none. The rules come behind.
        for h in heard:
            h.all.clear()
        other = key_of(1)[:7] + b"\x2f" + key_of(1)[8:]
        send(port, other)
        for _ in range(4):
            send(port, b"\0\0\0\x11" + key_of(1)[4:] + b"x")
        wait_for(lambda: sum(len(h.got()) for h in heard) == 4)
        assert max(len(h.got()) for h in heard) < 4


def test_down_pooler():
    port, heard = free_port(), Heard()
    with Balancer(ours(), cfg(port, [(heard.port, "peer-id 1"),
                                     (1, "peer-id 2 disabled")])) as b:
        b.wait_for(port)
        for _ in range(3):
            send(port, key_of(2))
        wait_for(lambda: heard.got() == [key_of(2)] * 3)


def test_who_is_silent():
    """50 ms at most: then the server is asked, which may speak first."""
    port, heard = free_port(), Heard(b"hello")
    with Balancer(ours(), cfg(port, [(heard.port, "peer-id 1")])) as b:
        b.wait_for(port)
        for begun in (b"", b"\0\0\0", key_of(1)[:15]):
            with connect(port) as s:
                start = time.monotonic()
                s.sendall(begun)
                assert s.recv(5) == b"hello"
                assert 0.04 < time.monotonic() - start < 2
                s.sendall(b"rest")
                wait_for(lambda: heard.all[-1] == begun + b"rest")
        # Whose first byte tells is not held up, however long he pauses.
        with connect(port) as s:
            s.sendall(b"GET")
            assert s.recv(5) == b"hello"


def test_through_poolers(cluster, pooler):
    poolers = [pooler(peer_id=n) for n in (1, 2, 3)]
    port = free_port()
    with Balancer(ours(), cfg(port, [(p.port, "peer-id %d" % (n + 1))
                                     for n, p in enumerate(poolers)],
                              " balance roundrobin\n")) as b:
        b.wait_for(port)
        for _ in range(4):
            with wire.Conn(("127.0.0.1", port)) as c:
                assert c.login("app", "app")[-1] == ("Z", "I")
                c.send(wire.query("select pg_sleep(60)"))
                running = "select count(*) from pg_stat_activity where " \
                    "query = 'select pg_sleep(60)' and state = 'active'"
                wait_for(lambda: cluster.sql(running) == [["1"]])
                send(port, wire.cancel(c.pid, c.key))
                said = c.until("Z")
                assert wire.error(said)[1] == "57014", said
