# SPDX-License-Identifier: ISC
# New connections at a steady pace, and what became of each: for reloads and
# takeovers, where not one may be refused, reset or late. Server and clients
# are processes of their own, so that a test does not hold them up.
import contextlib
import errno
import json
import os
import resource
import select
import signal
import socket
import time

# Seconds; beside other lanes of tests and two compilers it says less.
LATE = 0.5 + float(os.environ.get("WEIR_BUSY", "0")) / 2
GREETING = b"hello from behind\n"


def child(work):
    """Runs work() in a process of its own; its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        work()
        code = 0
    finally:
        os._exit(code)


@contextlib.contextmanager
def greeter():
    """A server that says one line to each client and closes; its port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)

    def run():
        while True:
            c, _ = listener.accept()
            with c, contextlib.suppress(OSError):
                c.sendall(GREETING)
    pid = child(run)
    try:
        yield listener.getsockname()[1]
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        listener.close()


class Clients:
    """Runs in the child: paced connects, each read to its end."""

    def __init__(self, port, rate):
        self.port, self.rate = port, rate
        self.poll = select.epoll()
        self.open = {}
        self.counts = dict(good=0, refused=0, reset=0, late=0, other=0)
        self.slowest = 0

    def begin(self):
        s = socket.socket(socket.AF_INET,
                          socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        began = time.monotonic()
        code = s.connect_ex(("127.0.0.1", self.port))
        if code not in (0, errno.EINPROGRESS):
            self.fail(code)
            s.close()
            return
        self.open[s.fileno()] = [s, began, b""]
        self.poll.register(s.fileno(), select.EPOLLIN)

    def fail(self, code):
        what = {errno.ECONNREFUSED: "refused", errno.ECONNRESET: "reset"}
        self.counts[what.get(code, "other")] += 1

    def end(self, fd):
        s, began, got = self.open.pop(fd)
        self.poll.unregister(fd)
        s.close()
        took = time.monotonic() - began
        self.slowest = max(took, self.slowest)
        if got != GREETING:
            self.counts["reset"] += 1
        elif took > LATE:
            self.counts["late"] += 1
        else:
            self.counts["good"] += 1

    def read(self, fd):
        one = self.open[fd]
        try:
            d = one[0].recv(4096)
        except BlockingIOError:
            return
        except OSError as e:
            self.poll.unregister(fd)
            self.open.pop(fd)[0].close()
            self.fail(e.errno)
            return
        one[2] += d
        if not d:
            self.end(fd)

    def run(self, stop):
        began = time.monotonic()
        made = 0
        while not stop():
            due = int((time.monotonic() - began) * self.rate)
            for _ in range(min(due - made, 20)):
                self.begin()
                made += 1
            for fd, _ in self.poll.poll(0.001):
                self.read(fd)
        end = time.monotonic() + 3
        while self.open and time.monotonic() < end:
            for fd, _ in self.poll.poll(0.05):
                self.read(fd)
        self.counts["late"] += len(self.open)
        return dict(self.counts, slowest=round(self.slowest, 3), made=made)


class Storm:
    def __init__(self, port, rate):
        self.counts = None
        reader, writer = os.pipe()
        stopped = []

        def run():
            os.close(reader)
            signal.signal(signal.SIGUSR1, lambda *_: stopped.append(1))
            counts = Clients(port, rate).run(lambda: stopped)
            os.write(writer, json.dumps(counts).encode())
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.pid = child(run)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(writer)
        self.reader = reader

    def stop(self):
        if self.counts is not None:
            return
        os.kill(self.pid, signal.SIGUSR1)
        text = b""
        while True:
            d = os.read(self.reader, 4096)
            if not d:
                break
            text += d
        os.waitpid(self.pid, 0)
        os.close(self.reader)
        self.counts = json.loads(text)


@contextlib.contextmanager
def storm(port, rate=1000):
    """Connections to the port while the block runs; .counts after it."""
    one = Storm(port, rate)
    try:
        yield one
    finally:
        one.stop()


def unharmed(counts):
    """None was refused, reset or late; "" or what was."""
    bad = {k: counts[k] for k in ("refused", "reset", "late", "other")
           if counts[k]}
    return "%s of %s" % (bad, counts) if bad or not counts["good"] else ""
