# SPDX-License-Identifier: ISC
# weir-balancer with sessions: bytes arrive as they were sent, limits hold,
# the PROXY header goes through, soft and hard ends. On both engines.
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from rig.balancing import (Balancer, connect, echo, free_port, head, idle,
                           ours, read_all, say, serve)
from rig.cluster import wait_for


@pytest.fixture(params=["event", "uring"])
def start(request):
    """start(text, port): a balancer that listens on port."""
    running = []

    def begin(text, port, **more):
        b = Balancer(ours(), text, env={"WEIR_ENGINE": request.param},
                     **more)
        running.append(b)
        if b.process.poll() is None:
            try:
                b.wait_for(port)
            except AssertionError:
                if "is not available" in b.errors():
                    pytest.skip("no io_uring here")
                raise
        return b
    yield begin
    for b in running:
        b.__exit__()


def listen(port, lines, name="l"):
    return "listen %s\n bind 127.0.0.1:%d\n %s\n" % (name, port, lines)


@pytest.mark.parametrize("threads", [1, 4])
def test_bytes_arrive(start, threads):
    port, server = free_port(), serve(echo)
    start(head(threads) + listen(port, "server s 127.0.0.1:%d" % server),
          port)
    failed = []

    def run(n):
        sent = os.urandom(3000000 if n == 0 else 50000)
        s = connect(port)
        writer = threading.Thread(target=lambda: (s.sendall(sent),
                                                  s.shutdown(1)))
        writer.start()
        if read_all(s) != sent:
            failed.append(n)
        writer.join()
        s.close()
    all_ = [threading.Thread(target=run, args=(n,)) for n in range(16)]
    for t in all_:
        t.start()
    for t in all_:
        t.join(30)
    assert failed == []


def test_half_close_lets_the_other_direction_live(start):
    def late(c, n):
        got = read_all(c)
        time.sleep(0.2)  # the other way was closed before
        c.sendall(b"heard " + got)
        c.close()
    port = free_port()
    start(head() + listen(port, "server s 127.0.0.1:%d" % serve(late)), port)
    s = connect(port)
    s.sendall(b"all")
    s.shutdown(socket.SHUT_WR)
    assert read_all(s) == b"heard all"


def test_a_deaf_receiver_stops_the_sender(start):
    sent = [0]

    def flood(c, n):
        c.settimeout(0.5)
        try:
            while sent[0] < 200000000:
                sent[0] += c.send(b"x" * 65536)
        except OSError:
            time.sleep(5)  # longer than anybody looks
    port = free_port()
    b = start(head() + listen(port, "server s 127.0.0.1:%d" % serve(flood)),
              port)
    s = connect(port)
    time.sleep(2)  # what fits on the way is sent
    assert sent[0] < 60000000
    with open("/proc/%d/statm" % b.process.pid) as f:
        pages = int(f.read().split()[1])
    assert pages * 4096 < 60000000
    s.close()


def test_server_maxconn_queues_in_order(start):
    port, server = free_port(), serve(echo)
    start(head() + listen(port, "server s 127.0.0.1:%d maxconn 1" % server),
          port)
    time.sleep(0.2)  # the start's check has left the slot
    order, clients = [], []

    def run(n, s):
        s.sendall(b"x")
        s.recv(1)
        order.append(n)
        s.close()
    for n in range(8):
        s = connect(port)
        time.sleep(0.05)
        clients.append(threading.Thread(target=run, args=(n, s)))
    for c in clients:
        c.start()
    for c in clients:
        c.join(10)
    assert order == list(range(8))


def test_frontend_maxconn_waits_in_the_kernel(start):
    port, server = free_port(), serve(echo)
    start(head() + listen(port, "maxconn 2\n server s 127.0.0.1:%d" % server),
          port)
    time.sleep(0.2)  # the start's connect was counted out
    held = [connect(port) for _ in range(2)]
    for s in held:
        s.sendall(b"x")
        assert s.recv(1) == b"x"
    third = connect(port)
    third.settimeout(0.5)
    third.sendall(b"x")
    with pytest.raises(OSError):
        third.recv(1)
    held[0].close()
    third.settimeout(5)
    assert third.recv(1) == b"x"


@pytest.mark.parametrize("option", ["send-proxy", "send-proxy-v2"])
def test_proxy_header_goes_through(start, option):
    outer, inner, server = free_port(), free_port(), serve(echo)
    b = start(head() + "listen o\n no log\n bind 127.0.0.1:%d\n server s "
              "127.0.0.1:%d %s\n" % (outer, inner, option) + "listen i\n "
              "bind 127.0.0.1:%d accept-proxy\n server s 127.0.0.1:%d\n" % (
                  inner, server), outer)
    s = connect(outer)
    s.sendall(b"hello")
    assert s.recv(10) == b"hello"
    me = s.getsockname()[1]
    s.close()
    wait_for(lambda: "127.0.0.1:%d " % me in b.lines())


def test_a_wrong_proxy_header_is_refused(start):
    port, server = free_port(), serve(echo)
    b = start(head() + "listen i\n bind 127.0.0.1:%d accept-proxy\n server s "
              "127.0.0.1:%d\n" % (port, server), port)
    s = connect(port)
    s.sendall(b"GET / HTTP/1.0\r\n\r\n")
    assert read_all(s) == b""
    wait_for(lambda: "i/1: Received something which does not look like a "
             "PROXY protocol header" in b.lines())


def test_sni_decides(start):
    ports = {name: serve(say(name.encode())) for name in ("a", "b")}
    port = free_port()
    start(head() + """frontend f
 bind 127.0.0.1:%d
 tcp-request inspect-delay 5s
 tcp-request content accept if { req.ssl_hello_type 1 }
 use_backend a if { req.ssl_sni -i A.example }
 default_backend b
backend a
 server s 127.0.0.1:%d
backend b
 server s 127.0.0.1:%d
""" % (port, ports["a"], ports["b"]), port)
    for name, end in (("a.example", b"a"), ("other.example", b"b")):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        hello = outgoing.read()
        s = connect(port)
        s.sendall(hello[:40])
        time.sleep(0.1)  # two segments, not one
        s.sendall(hello[40:])
        assert read_all(s) == end


def test_down_server_loses_its_sessions(start):
    alive = threading.Event()
    alive.set()

    def health(c, n):
        c.recv(1000)
        c.sendall(b"HTTP/1.0 200 OK\r\n\r\n" if alive.is_set() else
                  b"HTTP/1.0 503 No\r\n\r\n")
        c.close()
    port, server = free_port(), serve(echo)
    b = start(head() + listen(port, "option httpchk\n server s 127.0.0.1:%d "
                              "check port %d inter 100ms fall 2 rise 2 "
                              "on-marked-down shutdown-sessions" % (
                                  server, serve(health))), port)
    s = connect(port)
    s.sendall(b"x")
    assert s.recv(1) == b"x"
    time.sleep(0.5)  # the server was seen up
    alive.clear()
    assert read_all(s) == b""
    wait_for(lambda: " DD " in b.lines() or " D- " in b.lines())
    assert "Server l/s is DOWN" in b.errors()
    alive.set()
    wait_for(lambda: "Server l/s is UP" in b.errors())


def test_soft_stop_waits_for_the_last(start):
    port, server = free_port(), serve(echo)
    b = start(head(2) + listen(port, "server s 127.0.0.1:%d" % server), port)
    s = connect(port)
    s.sendall(b"x")
    assert s.recv(1) == b"x"
    b.process.send_signal(signal.SIGUSR1)
    time.sleep(0.5)  # the listener has closed
    with pytest.raises(OSError):
        connect(port).recv(1) or (_ for _ in ()).throw(OSError())
    s.sendall(b"y")
    assert s.recv(1) == b"y"
    assert b.process.poll() is None
    s.close()
    assert b.process.wait(5) == 0
    assert "Proxy l stopped (cumulated conns: FE: " in b.errors()


def test_term_ends_at_once(start):
    port, server = free_port(), serve(idle)
    b = start(head(2) + listen(port, "server s 127.0.0.1:%d" % server), port)
    s = connect(port)
    assert b.stop() == -signal.SIGTERM
    s.close()


def test_hard_stop_after(start):
    port, server = free_port(), serve(echo)
    b = start(head().replace("global\n", "global\n hard-stop-after 500ms\n", 1) +
              listen(port, "server s 127.0.0.1:%d" % server), port)
    s = connect(port)
    s.sendall(b"x")
    s.recv(1)
    assert b.stop(signal.SIGUSR1) == 0
    assert "soft-stop running for too long" in b.errors()


def test_daemon_writes_its_pid(start, tmp_path):
    port, server = free_port(), serve(echo)
    pid = tmp_path / "pid"
    b = Balancer(ours(), head() + listen(port, "no log\n server s 127.0.0.1:"
                                         "%d" % server),
                 args=("-D", "-p", str(pid)))
    assert b.process.wait(10) == 0
    s = connect(port)
    s.sendall(b"x")
    assert s.recv(1) == b"x"
    number = int(pid.read_text())
    os.kill(number, signal.SIGTERM)
    s.settimeout(5)
    assert read_all(s) == b""
    b.__exit__()


def test_what_is_not_carried_out_is_told():
    port = free_port()
    with Balancer(ours(), head() + listen(
            port, "tcp-request content reject if { cpu_calls 1 }\n "
            "server s 127.0.0.1:1")) as b:
        assert b.process.wait(10) == 1
        assert "'cpu_calls' in 'cpu_calls' is not carried out yet by this " \
            "program" in b.errors()


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """A certificate of localhost with its key in one file, and itself as
    the authority."""
    where = tmp_path_factory.mktemp("pem")
    key, cert, both = where / "k", where / "c", where / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", str(key), "-out",
         str(cert)], check=True, capture_output=True)
    both.write_text(cert.read_text() + key.read_text())
    return str(both)


def tls_connect(port, pem):
    context = ssl.create_default_context(cafile=pem)
    return context.wrap_socket(connect(port), server_hostname="localhost")


@pytest.mark.parametrize("header", ["", " send-proxy-v2"])
def test_tls_on_both_sides(start, pem, header):
    """A client in TLS; inside plain; then TLS again, verified, with a PROXY
    header in front of it."""
    outer, inner, server = free_port(), free_port(), serve(echo)
    b = start(head(2) + "listen o\n no log\n bind 127.0.0.1:%d ssl crt %s\n "
              "server s 127.0.0.1:%d check ssl verify required ca-file %s "
              "sni str(localhost)%s inter 200ms\n" % (
                  outer, pem, inner, pem, header) +
              "listen i\n bind 127.0.0.1:%d ssl crt %s%s\n log-format "
              "%%ci:%%cp|%%ft|%%sslv|%%[ssl_fc]\n server s 127.0.0.1:%d\n" % (
                  inner, pem, " accept-proxy" if header else "", server),
              outer)
    time.sleep(0.5)  # the inner one has seen its server
    s = tls_connect(outer, pem)
    sent = os.urandom(300000)
    threading.Thread(target=s.sendall, args=(sent,)).start()
    got = b""
    while len(got) < len(sent):
        got += s.recv(65536)
    assert got == sent
    me = s.getsockname()[1]
    s.close()
    time.sleep(0.5)  # the last lines are written
    lines = [x for x in b.lines().splitlines() if "|i~|TLSv1.3|1" in x]
    assert any(x.startswith("127.0.0.1:%d|" % me) == bool(header)
               for x in lines), b.lines()
    assert "is DOWN" not in b.errors()


def test_a_server_that_is_not_trusted_is_not_used(start, pem, tmp_path):
    other = tmp_path / "other.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=other", "-keyout", os.devnull, "-out",
         str(other)], check=True, capture_output=True)
    outer, inner, server = free_port(), free_port(), serve(echo)
    b = start(head() + "listen o\n retries 0\n bind 127.0.0.1:%d\n server s "
              "127.0.0.1:%d ssl verify required ca-file %s\n" % (
                  outer, inner, other) +
              "listen i\n no log\n bind 127.0.0.1:%d ssl crt %s\n server s "
              "127.0.0.1:%d\n" % (inner, pem, server), outer)
    s = connect(outer)
    s.sendall(b"secret")
    assert read_all(s) == b""
    wait_for(lambda: " SC " in b.lines())
