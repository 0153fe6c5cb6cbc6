# SPDX-License-Identifier: ISC
# What tests of the balancer share: scripted servers, clients with manners of
# their own, a balancer (ours or the original) on a configuration.
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from . import program, reports
from .cluster import free_port  # noqa: F401

ORIGINAL = os.environ.get("HAPROXY", "/usr/sbin/haproxy")
RESET = struct.pack("ii", 1, 0)


def ours():
    return os.environ.get("WEIR_BALANCER") or os.path.join(
        os.path.dirname(program.ours().path), "weir-balancer")


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    s.close()


# ---- servers: a port that does play(connection, number) with each client

def serve(play):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)

    def run(c, n):
        try:
            play(c, n)
        except OSError:
            pass

    def accept():
        n = 0
        while True:
            c, _ = listener.accept()
            threading.Thread(target=run, args=(c, n), daemon=True).start()
            n += 1
    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def echo(c, n):
    while True:
        d = c.recv(65536)
        if not d:
            break
        c.sendall(d)
    c.close()


def say(text):
    def play(c, n):
        c.sendall(text)
        c.close()
    return play


def idle(c, n):
    time.sleep(3)  # held open, with nothing said
    c.close()


def reset_after_data(c, n):
    c.recv(10)
    reset(c)


def black_hole(keep):
    """A port whose connects time out: its backlog is full."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(0)
    keep.append(s)
    for _ in range(4):
        c = socket.socket()
        c.setblocking(False)
        try:
            c.connect(s.getsockname())
        except BlockingIOError:
            pass
        keep.append(c)
    return s.getsockname()[1]


# ---- clients

def connect(port, source=None):
    s = socket.socket()
    s.settimeout(8)
    if source:
        s.bind((source, 0))
    s.connect(("127.0.0.1", port))
    return s


def read_all(s):
    out = b""
    try:
        while True:
            d = s.recv(65536)
            if not d:
                return out
            out += d
    except OSError:
        return out


def ask(port, source=None):
    with connect(port, source) as s:
        return read_all(s).decode()


# ---- a balancer

class Balancer:
    def __init__(self, path, text, args=("-db",), env=None):
        self.path = path
        self.where = tempfile.TemporaryDirectory(prefix="weir-lb-")
        self.file = os.path.join(self.where.name, "x.cfg")
        with open(self.file, "w") as f:
            f.write(text)
        self.out = open(os.path.join(self.where.name, "out"), "w+")
        self.err = open(os.path.join(self.where.name, "err"), "w+")
        self.process = subprocess.Popen(
            [path, "-f", self.file, *args], stdout=self.out, stderr=self.err,
            env=dict(os.environ, **(env or {})))

    def wait_for(self, port):
        end = time.time() + 10
        while time.time() < end:
            if self.process.poll() is not None:
                raise AssertionError("ended: " + self.errors())
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)  # until it listens
        raise AssertionError("nobody listens on %d: %s" % (
            port, self.errors()))

    def stop(self, number=signal.SIGTERM, limit=10):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(limit)

    def _read(self, f):
        with open(f.name, errors="backslashreplace") as again:
            return again.read()

    def lines(self):
        return self._read(self.out)

    def errors(self):
        return self._read(self.err)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        code = self.process.wait()
        said = self.errors()
        self.out.close()
        self.err.close()
        self.where.cleanup()
        if self.path != ORIGINAL:
            reports.judge(said, code)


HEAD = """global
 nbthread %d
 log stdout format raw local0
defaults
 mode tcp
 log global
 option tcplog
 timeout client 5s
 timeout server 5s
 timeout connect 2s
"""


def head(threads=1):
    return HEAD % threads


def plain(text):
    """A diagnostic without what differs from run to run, or by version."""
    text = re.sub(r"^\[(\w+)\] *\(\d+\) : ", r"\1 ", text)
    text = re.sub(r"duration: \d+ms", "duration: Nms", text)
    return re.sub(r"E[A-Z]+ returned by OS \(([^)]*)\)", r"\1", text)
