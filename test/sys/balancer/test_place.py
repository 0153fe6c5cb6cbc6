# SPDX-License-Identifier: ISC
# Reloads that keep the worker: what they change, what they leave alone, and
# what is left to another worker.
import os
import re
import shutil
import signal
import socket
import ssl
import time

import pytest

from rig import balancing
from rig.certs import Certs
from rig.cluster import free_port
from rig.console import talk
from rig.overseen import Overseen, accepts, children, until
from rig.storm import greeter, storm, unharmed

RELOADS = int(os.environ.get("WEIR_RELOADS", "10"))
RATE = int(os.environ.get("WEIR_RATE", "1000"))


@pytest.fixture(scope="module")
def server():
    return balancing.serve(balancing.echo)


class Placed(Overseen):
    """Counts its reloads: each is waited for."""

    def __init__(self, where, server, more="", extra="", port=None):
        super().__init__(balancing.ours(), str(where), port or free_port(),
                         server, more=more, extra=extra, in_place=True)
        self.loads = 1
        self.start()
        self.worker, = self.workers()

    def reload(self, text=None):
        if text is not None:
            self.write(text)
        self.loads += 1
        self.signal(signal.SIGUSR2)
        self.until_said("Loading success.", self.loads)

    def kept(self):
        return self.workers() == [self.worker]

    def refused(self, text, left=1):
        """Reloads; the reason why another worker has taken over."""
        self.reload(text)
        reason = re.findall("Not reloaded in place: (.*)", self.said())[-1]
        until(lambda: len(self.workers()) == left and not self.kept(),
              what="another worker")
        if left == 1:
            self.worker, = self.workers()
        return reason

    def ask(self, command):
        return talk(os.path.join(self.where, "s.sock"), command + "\n")

    def column(self, name, proxy="l", server="s"):
        rows = self.ask("show stat").split("\n")
        names = rows[0].lstrip("# ").split(",")
        for r in rows[1:]:
            row = dict(zip(names, r.split(",")))
            if row.get("pxname") == proxy and row["svname"] == server:
                return row[name]


def session(port, word=b"one"):
    s = balancing.connect(port)
    s.sendall(word)
    assert s.recv(10) == word
    return s


def asked(port):
    """Who speaks first, or says our word again."""
    with balancing.connect(port) as s:
        s.sendall(b"x")
        return s.recv(10)


def test_same_file(tmp_path, server):
    """Sessions, counters, states, what was set by hand: nothing moves."""
    own = free_port()
    more = " server gone 127.0.0.1:1 check inter 50ms downinter 100s fall 2\n"
    with Placed(tmp_path, server, more,
                " metrics_listen 127.0.0.1:%d" % own) as m:
        until(lambda: m.column("status", "l", "gone") == "DOWN")
        m.ask("set server l/s weight 7")
        with session(m.port) as s:
            before = m.ask("show servers state"), m.column("stot")
            for _ in range(3):
                m.reload()
            assert m.kept()
            assert m.ask("show servers state") == before[0]
            assert m.column("stot") == before[1]
            s.sendall(b"two")
            assert s.recv(10) == b"two"
        assert m.said().count("Reloaded in place, worker (%d)" %
                              m.worker) == 3
        assert "servers: 0 new, 0 gone; other settings in 0 places" in \
            m.said()
        with socket.create_connection(("127.0.0.1", own), 5) as c:
            c.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            said = balancing.read_all(c).decode()
        assert re.findall(r'weir_balancer_reloads_total\{kind="(\w+)"\} (\d+)',
                          said) == [("in_place", "3"), ("worker", "0"),
                                    ("failed", "0")]


def test_under_new_connections(tmp_path):
    """Servers come and go, numbers change; nobody notices."""
    with greeter() as port:
        with Placed(tmp_path, port) as m:
            with storm(m.port, RATE) as s:
                for n in range(RELOADS):
                    more = "".join(
                        " server t%d 127.0.0.1:%d weight %d check\n" %
                        (i, port, n + 1) for i in range(n % 3))
                    m.reload(m.text.replace("client 5s", "client %ds" %
                                            (5 + n)) + more)
                    time.sleep(0.03)  # connections between two of them
            assert not unharmed(s.counts)
            assert m.kept()
            until(lambda: "t1" not in m.ask("show servers state") or
                  (RELOADS - 1) % 3 == 2)
    print(s.counts)


def test_without_waiting(tmp_path):
    with greeter() as port:
        with Placed(tmp_path, port) as m:
            with storm(m.port, RATE) as s:
                for _ in range(RELOADS * 2):
                    m.signal(signal.SIGUSR2)
                    time.sleep(0.02)  # the next comes during it, or after
            assert not unharmed(s.counts)
            assert m.kept()


@pytest.mark.parametrize("threads", [1, 3])
def test_servers_come_and_go(tmp_path, server, threads):
    other = balancing.serve(balancing.say(b"other"))
    with Placed(tmp_path, server, extra=" nbthread %d" % threads) as m:
        with session(m.port) as s:
            # The old one takes nobody new, and goes with its last session.
            m.reload(m.text.replace(
                " server s ", " server t 127.0.0.1:%d check\n#" % other))
            assert m.kept()
            assert balancing.ask(m.port) == "other"
            assert m.column("status") == "MAINT"
            assert m.column("scur") == "1"
            s.sendall(b"two")
            assert s.recv(10) == b"two"
        until(lambda: " s 127" not in m.ask("show servers state"),
              what="the end of the old server")
        until(lambda: m.column("status", "l", "t") == "UP")
        assert m.column("check_status", "l", "t") == "L4OK"
        # And back again, in front of the other.
        m.reload(m.text + " server t 127.0.0.1:%d check\n" % other)
        assert m.kept()
        state = m.ask("show servers state")
        assert state.index(" s 127") < state.index(" t 127")
        assert {asked(m.port) for _ in range(8)} == {b"x", b"other"}
        m.reload(m.text.replace(" server s ", " #"))
        assert balancing.ask(m.port) == ""  # there is none left
        m.reload(m.text)
        session(m.port).close()
        assert m.kept()


def test_a_server_that_goes_and_comes_back(tmp_path, server):
    """With sessions left: it is the same one again, or another worker's."""
    with Placed(tmp_path, server,
                " server t 127.0.0.1:%d\n" % server) as m:
        m.ask("disable server l/t")
        with session(m.port) as s:
            m.reload(m.text.replace(" server s ", " #"))
            assert m.column("status") == "MAINT"
            m.reload(m.text + " server u 127.0.0.1:%d weight 9\n" % server)
            assert m.kept()
            assert m.column("status") == "no check"
            assert m.column("scur") == "1"
            assert m.column("status", "l", "t") == "MAINT"
            m.reload(m.text.replace(" server s ", " #"))
            assert "comes back as another one" in m.refused(
                m.text.replace("server s 127.0.0.1:%d" % server,
                               "server s 127.0.0.1:%d" % (server + 1)), 2)
            s.sendall(b"two")
            assert s.recv(10) == b"two"
        assert m.column("status") == "no check"


def test_numbers_change(tmp_path, server):
    more = (" server c 127.0.0.1:%d check inter 100ms fall 3 rise 2\n"
            "backend b\n server x 127.0.0.1:1 weight 4\n" % server)
    with Placed(tmp_path, server, more, " maxconnrate 500") as m:
        m.ask("set server b/x weight 9")
        m.reload(m.text.replace("fall 3 rise 2", "fall 5 rise 4 weight 3 "
                                "maxconn 17 maxqueue 6")
                 .replace("maxconnrate 500", "maxconnrate 700")
                 .replace("listen l\n", "listen l\n maxconn 33\n"
                          " timeout queue 7s\n option dontlognull\n")
                 .replace("client 5s", "client 200ms"))
        assert m.kept()
        assert m.column("weight", "l", "c") == "3"
        assert m.column("slim", "l", "c") == "17"
        assert m.column("qlimit", "l", "c") == "6"
        assert m.column("slim", "l", "FRONTEND") == "33"
        assert "ConnRateLimit: 700\n" in m.ask("show info")
        until(lambda: m.column("check_fall", "l", "c") == "5")
        assert m.column("check_rise", "l", "c") == "4"
        assert m.column("status", "l", "c") == "UP"
        # A weight that was set by hand stays as long as the file's does.
        assert m.column("weight", "b", "x") == "9"
        with session(m.port) as s:
            assert s.recv(10) == b""  # timeout client
        m.reload(m.text.replace("weight 4", "weight 2"))
        assert m.column("weight", "b", "x") == "2"
        assert m.column("slim", "l", "c") == ""
        assert m.kept()


def test_check_settings_change(tmp_path, server):
    """A server that is up goes down as the new file says, and soon."""
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        gone.listen()
        more = (" server c 127.0.0.1:%d check inter 60s fall 3\n" %
                gone.getsockname()[1])
        m = Placed(tmp_path, server, more)
        until(lambda: m.column("check_status", "l", "c") == "L4OK")
    with m:
        m.reload(m.text.replace("inter 60s fall 3", "inter 50ms fall 1"))
        assert m.kept()
        until(lambda: m.column("status", "l", "c") == "DOWN")


def test_a_bad_file_changes_nothing(tmp_path, server):
    with Placed(tmp_path, server) as m:
        m.write(m.text.replace("client 5s", "client 200ms") + " nonsense\n")
        m.signal(signal.SIGUSR2)
        m.until_said("Loading failure!")
        assert m.kept()
        with session(m.port) as s:
            time.sleep(0.4)  # twice as long as what was not taken
            s.sendall(b"two")
            assert s.recv(10) == b"two"
        m.reload(m.text)
        assert m.kept()
        assert "1 [failed: 1]" not in m.said()


def test_what_is_left_to_another_worker(tmp_path, server):
    """Each with its reason; sessions outlive it in the old one."""
    (tmp_path / "list").write_text("10.0.0.0/8\n")
    more = (" acl a src -f %s\n tcp-request connection reject if a\n"
            " server t 127.0.0.1:%d\n" % (tmp_path / "list", server))
    with Placed(tmp_path, server, more) as m:
        m.reload()
        assert m.kept()
        bind = " bind 127.0.0.1:%d\n" % free_port()
        assert "'%s' in the section 'listen l'" % bind.strip() in \
            m.refused(m.text + bind)
        (tmp_path / "list").write_text("10.0.0.0/9\n")
        assert "the file %s has changed" % (tmp_path / "list") in \
            m.refused(m.text + bind)
        assert "'backend b'" in m.refused(m.text + bind + "backend b\n")
        text = m.text + bind + "backend b\n"
        assert "'l/t' is another one" in m.refused(
            text.replace(" t 127.0.0.1:%d" % server,
                         " t 127.0.0.1:%d" % (server - 1)))
        text = text.replace(" t 127.0.0.1:%d" % server,
                            " t 127.0.0.1:%d" % (server - 1))
        named = text + " server n localhost:%d\n" % server
        assert "it has a name" in m.refused(named)
        m.ask("disable server l/t;del server l/t")
        assert "deleted by hand" in m.refused(named)
        assert "'balance first' in the section 'defaults'" in m.refused(
            named.replace("mode tcp", "mode tcp\n balance first"))
        # An option of ours: as the old program would.
        with open(m.file + ".weir", "w") as f:
            f.write("global\n reload-in-place off\n")
        m.reload()
        until(lambda: len(m.workers()) == 1)
        assert not m.kept()


def test_another_program(tmp_path, server):
    """An upgrade wants a process of its own."""
    mine = str(tmp_path / "balancer")
    shutil.copy(balancing.ours(), mine)
    with Overseen(mine, str(tmp_path), free_port(), server,
                  in_place=True) as m:
        m.start()
        shutil.copy(mine, mine + "2")
        os.rename(mine + "2", mine)
        m.signal(signal.SIGUSR2)
        m.until_said("Former worker")
        assert "the program, or a library of it, is another one" in m.said()


def test_passwords_are_not_told(tmp_path, server):
    users = "userlist u\n user a insecure-password %s\n"
    with Placed(tmp_path, server, users % "first") as m:
        reason = m.refused(m.text.replace("first", "second"))
        assert "'user a' in the section 'userlist u'" in reason
        assert "first" not in m.said() and "second" not in m.said()


def test_in_a_changed_root(tmp_path, server):
    """The worker sees no file and has no rights: the master reads."""
    for part in (tmp_path, *tmp_path.parents):
        if part != part.parent and not os.stat(part).st_mode & 1:
            os.chmod(part, 0o755)
    os.mkdir(tmp_path / "root")
    with Placed(tmp_path, server, extra=" user nobody\n group nogroup\n"
                " chroot %s/root" % tmp_path) as m:
        m.reload(m.text + " server t 127.0.0.1:%d check\n" % server)
        assert m.kept()
        assert not children(m.worker)
        session(m.port).close()


def test_hard_reload_and_counts_of_processes(tmp_path, server):
    master = str(tmp_path / "m.sock")
    m = Overseen(balancing.ours(), str(tmp_path), free_port(), server,
                 "-S", master, in_place=True)
    with m:
        m.start()
        old, = m.workers()
        said = talk(master, "reload\n")
        assert said.startswith("Success=1\n--\n")
        assert "Reloaded in place, worker (%d)" % old in said
        said = talk(master, "show proc\n")
        assert "%d" % m.pid in said and "1 [failed: 0]" in said
        assert re.search(r"# workers\n%d +worker +0 " % old, said)
        assert "old workers" not in said
        talk(master, "hard-reload\n")
        until(lambda: m.workers() and m.workers() != [old])
        assert accepts(m.port)


# ---- certificates

def pem(certs, name, to, key=True):
    with open(to, "w") as f:
        for path in [certs.crt(name)] + [certs.key(name)] * key:
            with open(path) as part:
                f.write(part.read())


def shown(port):
    """The certificate that a new client gets, and a session with it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    s = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 5))
    return s.getpeercert(True), s


@pytest.mark.parametrize("apart", [False, True])
def test_certificates_are_renewed(tmp_path, server, apart):
    """In a worker that could not read their files itself."""
    certs = Certs(str(tmp_path / "certs"))
    where, port = str(tmp_path / "c.pem"), free_port()
    san = "subjectAltName=DNS:localhost,IP:127.0.0.1"

    def write(name):
        pem(certs, name, where, not apart)
        if apart:
            os.replace(certs.key(name), where + ".key")

    write("server")
    for part in (tmp_path, *tmp_path.parents):
        if part != part.parent and not os.stat(part).st_mode & 1:
            os.chmod(part, 0o755)
    os.mkdir(tmp_path / "root")
    more = " bind 127.0.0.1:%d ssl crt %s\n" % (port, where)
    with Placed(tmp_path, server, more, " user nobody\n chroot %s/root" %
                tmp_path) as m:
        first, s = shown(port)
        certs.signed("next", "ca", "localhost", san)
        write("next")
        m.reload(m.text.replace("client 5s", "client 6s"))
        assert m.kept()
        assert "other settings in 1 places; certificates" in m.said()
        second, t = shown(port)
        assert first != second
        for c in (s, t):
            c.sendall(b"still")
            assert c.recv(10) == b"still"
            c.close()
        m.reload()
        assert m.kept() and shown(port)[0] == second
        # One that is out of date, or for others, is for a start to judge.
        certs.signed("old", "ca", "localhost", san, days="-1")
        write("old")
        m.reload()
        assert "is not in date" in m.said()
        until(lambda: len(m.workers()) == 1)
        m.worker, = m.workers()
        before = m.said().count("Not reloaded")
        certs.signed("others", "ca", "elsewhere", "subjectAltName=DNS:x")
        write("others")
        m.reload()
        assert "is for other names" in m.said()
        assert m.said().count("Not reloaded") == before + 1
        until(lambda: len(m.workers()) == 1)
        m.worker, = m.workers()
        # A broken one changes nothing.
        last = shown(port)[0]
        with open(where, "w") as f:
            f.write("no certificate\n")
        m.signal(signal.SIGUSR2)
        m.until_said("Loading failure!")
        assert m.kept() and shown(port)[0] == last
