# SPDX-License-Identifier: ISC
# The balancer among people who mean no good: memory stays within bounds, a
# lawful client is served within a second throughout, and nothing is left
# behind. On both engines.
import os
import pickle
import random
import resource
import select
import socket
import ssl
import struct
import threading
import time

import pytest

from rig.balancing import (Balancer, connect, echo, free_port, head, ours,
                           reset, serve)

# Seconds within which a lawful client is served: 1, and what a machine that
# runs four test lanes and two compilers may add.
PATIENCE = 1.0 + float(os.environ.get("WEIR_BUSY", "0"))
KB = 1024


@pytest.fixture(scope="module", autouse=True)
def many_files():
    old = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (old[1], old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, old)


class Apart:
    """Runs do() in a process of its own: what is measured here must not
    wait for the adversaries' interpreter. .value: what do() returned."""
    def __init__(self, do, *args):
        out, into = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.write(into, pickle.dumps(do(*args)))
                os.close(into)
                time.sleep(600)     # a server that lives until it is killed
            finally:
                os._exit(0)
        os.close(into)
        self.out = out
        self.done = False

    @property
    def value(self):
        if not self.done:
            with os.fdopen(self.out, "rb") as f:
                self.got = pickle.loads(f.read())
            self.done = True
        return self.got

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


def ask_until(stop, port, *more):
    """Asks all the time: how often, the slowest answer, what went wrong."""
    count, slowest, wrong = 0, 0, []
    while not select.select([stop], [], [], 0.02)[0]:
        try:
            slowest = max(slowest, lawful(port, *more))
            count += 1
        except (OSError, AssertionError) as e:
            wrong.append(repr(e))
    return count, slowest, wrong


class Lawful:
    """A lawful client, who must be served all the while."""
    def __init__(self, port, *more):
        self.asked = port, *more

    def __enter__(self):
        stop, self.end = os.pipe()
        self.client = Apart(ask_until, stop, *self.asked)
        os.close(stop)

    def __exit__(self, kind, *_):
        os.write(self.end, b"x")
        os.close(self.end)
        count, slowest, wrong = self.client.value
        self.client.__exit__()
        if kind is None:
            assert not wrong, wrong[:3]
            assert count > 0 and slowest <= PATIENCE, slowest


@pytest.fixture
def apart():
    """apart(play): the port of a server in another process."""
    all = []

    def begin(play):
        all.append(Apart(serve, play))
        return all[-1].value
    yield begin
    for a in all:
        a.__exit__()


@pytest.fixture(params=["event", "uring"])
def start(request):
    running = []

    def begin(text, port):
        b = Balancer(ours(), text, env={"WEIR_ENGINE": request.param})
        running.append(b)
        try:
            return b.wait_for(port)
        except AssertionError:
            if "is not available" in b.errors():
                pytest.skip("no io_uring here")
            raise
    yield begin
    for b in running:
        alive = b.process.poll() is None
        said = b.errors()
        b.__exit__()
        assert alive, said


def listen(port, lines, name="l", bind=""):
    return "listen %s\n bind 127.0.0.1:%d %s\n %s\n" % (name, port, bind,
                                                        lines)


def quiet_head(threads=1):
    return head(threads).replace(" log stdout format raw local0\n", "") \
        .replace(" log global\n", "").replace(" option tcplog\n", "") \
        .replace("5s", "60s")


def resident(b):
    with open("/proc/%d/status" % b.process.pid) as f:
        for line in f:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * KB
    return 0


def open_files(b):
    return len(os.listdir("/proc/%d/fd" % b.process.pid))


def cpu(b):
    with open("/proc/%d/stat" % b.process.pid) as f:
        w = f.read().rsplit(")", 1)[1].split()
    return (int(w[11]) + int(w[12])) / os.sysconf("SC_CLK_TCK")


def lawful(port, header=b"", tls=False):
    """One exchange; how long it took."""
    begin = time.monotonic()
    s = socket.create_connection(("127.0.0.1", port), PATIENCE * 3)
    s.settimeout(PATIENCE * 3)
    s.sendall(header)
    if tls:
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.check_hostname = False
        c.verify_mode = ssl.CERT_NONE
        s = c.wrap_socket(s)
    s.sendall(b"hello")
    got = b""
    while len(got) < 5:
        d = s.recv(5)
        assert d, "closed"
        got += d
    s.close()
    return time.monotonic() - begin


def wait_until(probe, limit=5):
    end = time.time() + limit
    while time.time() < end:
        if probe():
            return
        time.sleep(0.02)        # nothing tells: it is looked at again
    assert probe()


def flood(c, n):
    """Sends 100 MB to whoever listens, or as much as is taken."""
    block = b"x" * 65536
    for _ in range(1600):
        c.sendall(block)


def swallow_nothing(c, n):
    time.sleep(60)      # deaf for longer than the test
    c.close()


# ---- readers that do not read, writers that nobody reads

@pytest.mark.parametrize("threads", [1, 2])
def test_deaf_readers(start, apart, threads):
    port, good = free_port(), free_port()
    b = start(quiet_head(threads) +
              listen(port, "server s 127.0.0.1:%d" % apart(flood)) +
              listen(good, "server s 127.0.0.1:%d" % serve(echo), "good"),
              port)
    lawful(good)
    before = resident(b)
    with Lawful(good):
        deaf = [connect(port) for _ in range(60)]
        time.sleep(1)       # the senders fill what they can
        assert resident(b) - before <= 60 * 64 * KB * sanitized(4)
    begin = cpu(b)
    time.sleep(0.5)     # the time over which the processor is looked at
    assert cpu(b) - begin < 0.1		# nobody spins on them
    for s in deaf:
        reset(s)
    wait_until(lambda: open_files(b) < 60)


def test_writers_whom_nobody_reads(start, apart):
    port, good = free_port(), free_port()
    b = start(quiet_head() +
              listen(port, "server s 127.0.0.1:%d" % apart(swallow_nothing))
              + listen(good, "server s 127.0.0.1:%d" % serve(echo), "good"),
              port)
    lawful(good)
    before = resident(b)
    strangers = [connect(port) for _ in range(60)]
    block = os.urandom(65536)
    with Lawful(good):
        for s in strangers:
            s.setblocking(False)
        end = time.time() + 1
        while time.time() < end:
            for s in strangers:
                try:
                    s.send(block)
                except BlockingIOError:
                    pass
            time.sleep(0.01)    # lets the balancer take what it will
        assert resident(b) - before <= 60 * 96 * KB
    for s in strangers:
        reset(s)


# ---- very many who do nothing



def keep():
    """Takes connections and keeps them, without a thread for each."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    kept = []

    def run():
        while True:
            kept.append(listener.accept()[0])
    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def test_nine_thousand_idle(start, apart):
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 19500:
        pytest.skip("too few descriptors")
    port, good = free_port(), free_port()
    with Apart(keep) as keeper:
        b = start("global\n maxconn 9500\n" + quiet_head() +
                  listen(port, "server s 127.0.0.1:%d" % keeper.value) +
                  listen(good, "server s 127.0.0.1:%d" % apart(echo),
                         "good"), port)
        lawful(good)
        before = resident(b)
        idle = []
        with Lawful(good):
            while len(idle) < 9000:
                idle.append(connect(port))
                if len(idle) % 500 == 0:
                    wait_until(lambda: open_files(b) >= 2 * len(idle), 20)
            each = (resident(b) - before) / 9000
        print("%d bytes for each" % each)
        assert each <= 1024 * sanitized(8)
        begin = cpu(b)
        time.sleep(0.5)     # the time over which it is looked at
        assert cpu(b) - begin < 0.1
    for s in idle:			# the keeper has gone, too
        s.close()
    wait_until(lambda: open_files(b) < 100, 20)
    lawful(good)


def sanitized(n):
    """Sanitizers keep what was freed, 256 MB of it: other bounds."""
    with open(ours(), "rb") as f:
        return n if b"__asan_init" in f.read() else 1


# ---- out of descriptors

def test_out_of_descriptors(start):
    port = free_port()
    b = start("global\n maxconn 1000\n" + quiet_head() +
              listen(port, "server s 127.0.0.1:%d" % serve(echo)), port)
    lawful(port)
    resource.prlimit(b.process.pid, resource.RLIMIT_NOFILE, (150, 150))
    crowd = [connect(port) for _ in range(300)]
    time.sleep(0.3)  # the backlog fills
    begin = cpu(b)
    time.sleep(1)  # how much time it takes in one
    assert cpu(b) - begin < 0.05 * sanitized(3)
    assert open_files(b) <= 150
    for s in crowd:
        s.close()
    begin = time.monotonic()
    lawful(port)
    assert time.monotonic() - begin <= 2
    for _ in range(20):
        assert lawful(port) <= PATIENCE


# ---- storms

def storm(port):
    end = time.time() + 1
    n = 0
    while time.time() < end:
        s = connect(port)
        if n % 3 == 1:
            s.sendall(b"x" * 1000)
        elif n % 3 == 2:
            s.sendall(b"x")
            s.recv(1)
        reset(s)
        n += 1
    return n


def test_resets(start, apart):
    port, good = free_port(), free_port()
    server = apart(echo)
    b = start(quiet_head() +
              listen(port, "server s 127.0.0.1:%d" % server) +
              listen(good, "server s 127.0.0.1:%d" % server, "good"), port)
    lawful(good)
    before = resident(b)
    with Lawful(good), Apart(storm, port) as storms:
        assert storms.value > 200
    assert resident(b) - before <= 2048 * KB * sanitized(8)
    wait_until(lambda: open_files(b) < 60)


def test_servers_that_reset(start, apart):
    def play(c, n):
        if n % 2:
            c.recv(10)
        reset(c)
    port, good = free_port(), free_port()
    b = start(quiet_head() +
              listen(port, "retries 1\n server s 127.0.0.1:%d\n server t "
                     "127.0.0.1:%d" % (apart(play), free_port())) +
              listen(good, "server s 127.0.0.1:%d" % serve(echo), "good"),
              port)
    with Lawful(good):
        all = [connect(port) for _ in range(200)]
        for s in all:
            try:
                s.sendall(b"x")
                s.recv(1)
            except OSError:
                pass
            s.close()
    wait_until(lambda: open_files(b) < 60)


# ---- garbage on every port

def garbage(rng):
    kind = rng.randrange(8)
    noise = rng.randbytes(rng.choice((1, 3, 20, 300, 5000, 40000)))
    v2 = b"\r\n\r\n\0\r\nQUIT\n"
    return (noise, b"PROXY TCP4 " + noise, v2 + noise,
            v2 + b"\x21\x11" + struct.pack("!H", rng.randrange(65536)) +
            noise, b"\x16\x03\x01" + noise,
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise,
            b"GET / HTTP/1.1\r\n" + noise, b"\0" * 30 + noise)[kind]


def throw(ports, count, seed):
    rng = random.Random(seed)
    open_ones = []
    for _ in range(count):
        s = socket.socket()
        s.settimeout(2)
        try:
            s.connect(("127.0.0.1", rng.choice(ports)))
            s.setblocking(False)
            s.send(garbage(rng))
        except OSError:
            pass
        open_ones.append(s)
        if len(open_ones) > 50:
            gone = open_ones.pop(rng.randrange(50))
            (reset if rng.randrange(2) else socket.socket.close)(gone)
    for s in open_ones:
        s.close()
    return count


def throw_all(ports, seed):
    throwers = [Apart(throw, ports, 600, seed + n) for n in range(3)]
    for t in throwers:
        assert t.value == 600
        t.__exit__()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    where = str(tmp_path_factory.mktemp("certs"))
    path = os.path.join(where, "both.pem")
    assert os.system(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
        "-nodes -keyout %s/key -out %s/crt -days 2 -subj /CN=x 2>/dev/null "
        "&& cat %s/crt %s/key > %s" % (where, where, where, where, path)) == 0
    return path


@pytest.mark.parametrize("threads", [1, 2])
def test_garbage_on_every_port(start, apart, certificate, threads):
    server = "server s 127.0.0.1:%d" % apart(echo)
    lawful_server = "server s 127.0.0.1:%d" % apart(echo)
    plain, proxied, secret, both, sni, good = (free_port() for _ in range(6))
    look = ("tcp-request inspect-delay 300ms\n tcp-request content accept if "
            "{ req.ssl_hello_type 1 }\n tcp-request content reject if "
            "{ req.len gt 10000 }\n " + server)
    ssl_ = "ssl crt %s" % certificate
    b = start(quiet_head(threads) + listen(plain, server, "plain") +
              listen(proxied, server, "proxied", "accept-proxy") +
              listen(secret, server, "secret", ssl_) +
              listen(both, server, "both", "accept-proxy " + ssl_) +
              listen(sni, look, "sni") + listen(good, lawful_server, "good"),
              plain)
    ports = plain, proxied, secret, both, sni
    before = resident(b)
    with Lawful(good), Lawful(secret, b"", True), \
            Lawful(proxied, b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"):
        throw_all(ports, 100 * threads)
    first = resident(b)
    throw_all(ports, 100 * threads + 50)
    # What was learnt stays (TLS, buffers); what they sent does not.
    assert first - before <= 24 * KB * KB * sanitized(12)
    wait_until(lambda: resident(b) - first <= 8 * KB * KB * sanitized(64))
    wait_until(lambda: open_files(b) < 150, 8)


def test_those_who_never_finish(start, certificate):
    """Half a header, half a handshake, for ever."""
    server = "server s 127.0.0.1:%d" % serve(echo)
    proxied, secret, good = free_port(), free_port(), free_port()
    b = start(quiet_head() +
              listen(proxied, "timeout client 2s\n " + server, "p",
                     "accept-proxy") +
              listen(secret, "timeout client 2s\n " + server, "s",
                     "ssl crt %s" % certificate) +
              listen(good, server, "good"), good)
    lawful(good)
    before = resident(b)
    with Lawful(good):
        slow = []
        for i in range(200):
            s = connect(proxied if i % 2 else secret)
            s.sendall(b"PROXY TCP4 1." if i % 2 else
                      b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            slow.append(s)
        time.sleep(0.5)  # all that was sent is read
        assert resident(b) - before <= 200 * 96 * KB
        readable, _, _ = select.select(slow, [], [], 4)
        assert readable			# they are ended, not kept
        wait_until(lambda: open_files(b) < 80, 5)
    for s in slow:
        s.close()
