# SPDX-License-Identifier: ISC
# A PostgreSQL that counts who is there, exactly: one thread sees all that
# comes and goes in order, so that a limit passed by one for an instant shows.
# It answers what pg_load asks.
import collections
import contextlib
import heapq
import selectors
import socket
import struct
import threading
import time

from . import wire
from .fakepg import PARAMETERS

WELCOME = wire.auth(0) + b"".join(
    wire.status(k, v) for k, v in PARAMETERS.items()) + \
    wire.key(1, b"\0\0\0\1") + wire.ready()
# A FIN and a SYN may take different processors' queues through the kernel:
# so long a newcomer may be ahead of the one that left before it.
OVERTAKES = 0.001


class Guest:
    def __init__(self, sock):
        self.sock, self.buffer, self.state = sock, b"", "I"
        self.who, self.value = None, b"1"
        self.statements = {}


class Census:
    """`peaks` has the most connections seen at once by (user, database),
    by ("*", database), by (user, "*") and by ("*", "*"). A login takes
    `delay` seconds, which also gives the connections that are being made
    time to be too many."""

    def __init__(self, delay=0.0):
        self.delay, self.guests, self.peaks = delay, set(), {}
        self.now = collections.Counter()
        self.arrived, self.due = 0, []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.fault, self.ends = None, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def stop(self):
        self.ends = True
        self.thread.join(5)
        if self.fault:
            raise self.fault

    def run(self):
        try:
            while not self.ends:
                limit = 0.1
                if self.due:
                    limit = max(0, min(0.1, self.due[0][0]
                                       - time.monotonic()))
                for key, _ in self.selector.select(limit):
                    if key.fileobj is self.listener:
                        self.accept()
                    elif key.data in self.guests:
                        self.read(key.data)
                self.let_in()
        except Exception as why:        # shown by stop()
            self.fault = why
        finally:
            self.listener.close()
            for guest in self.guests:
                guest.sock.close()

    # ---- who is there

    def groups(self, guest):
        user, database = guest.who
        return ((user, database), ("*", database), (user, "*"), ("*", "*"))

    def enter(self, guest):
        """Somebody has said who he is: whom has he overtaken?"""
        for group in self.groups(guest):
            if self.now[group] + 1 > self.peaks.get(group, 0):
                self.look_round()
                break
        for group in self.groups(guest):
            if self.now[group] + 1 > self.peaks.get(group, 0):
                time.sleep(OVERTAKES)  # a server may leave just now
                self.look_round()
                break
        for group in self.groups(guest):
            self.now[group] += 1
            self.peaks[group] = max(self.peaks.get(group, 0),
                                    self.now[group])
        self.arrived += 1

    def look_round(self):
        """Hear what all the others have said, up to their leave or to
        their hanging up: it may stand behind a question."""
        for guest in list(self.guests):
            while guest.who and guest in self.guests and self.read(guest):
                continue

    def leave(self, guest):
        self.guests.discard(guest)
        self.selector.unregister(guest.sock)
        guest.sock.close()
        if guest.who:
            for group in self.groups(guest):
                self.now[group] -= 1

    # ---- what is said

    def accept(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                sock, _ = self.listener.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                guest = Guest(sock)
                self.guests.add(guest)
                self.selector.register(sock, selectors.EVENT_READ, guest)

    def let_in(self):
        while self.due and self.due[0][0] <= time.monotonic():
            guest = heapq.heappop(self.due)[2]
            if guest in self.guests:
                self.say(guest, WELCOME)

    def say(self, guest, out):
        try:
            guest.sock.sendall(out)
        except OSError:
            self.leave(guest)

    def read(self, guest):
        """False when there is nothing to read now."""
        try:
            data = guest.sock.recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.leave(guest)
            return False
        guest.buffer += data
        out = b""
        while guest in self.guests:
            said = self.startup(guest) if guest.who is None else \
                self.message(guest)
            if said is None:
                break
            out += said
        if out and guest in self.guests:
            self.say(guest, out)
        return True

    def startup(self, guest):
        if len(guest.buffer) < 8:
            return None
        size, code = struct.unpack_from("!II", guest.buffer)
        if len(guest.buffer) < size:
            return None
        body, guest.buffer = guest.buffer[8:size], guest.buffer[size:]
        if code == wire.SSL:
            return b"N"
        if code != wire.V3:
            self.leave(guest)
            return None
        parts = body.decode().split("\0")
        params = dict(zip(parts[0::2], parts[1::2]))
        guest.who = params["user"], params.get("database", "")
        self.enter(guest)
        if not self.delay:
            return WELCOME
        heapq.heappush(self.due, (time.monotonic() + self.delay,
                                  self.arrived, guest))
        return b""

    def message(self, guest):
        if len(guest.buffer) < 5:
            return None
        kind, size = struct.unpack_from("!cI", guest.buffer)
        if len(guest.buffer) < size + 1:
            return None
        body, guest.buffer = guest.buffer[5:size + 1], \
            guest.buffer[size + 1:]
        if kind == b"X":
            self.leave(guest)
            return None
        answer = getattr(self, "on_" + kind.decode(), None)
        return answer(guest, body) if answer else b""

    def on_Q(self, guest, body):
        words = body[:-1].split()
        word = words[0].upper().strip(b";") if words else b""
        guest.state = {b"BEGIN": "T", b"COMMIT": "I",
                       b"ROLLBACK": "I"}.get(word, guest.state)
        out = wire.done(word.decode())
        if word == b"SELECT":
            out = wire.columns("abalance", oid=23) + wire.row(
                words[1].strip(b";")) + wire.done("SELECT 1")
        return out + wire.ready(guest.state)

    def on_P(self, guest, body):
        return wire.frame("1")

    def on_B(self, guest, body):
        at = body.index(b"\0", body.index(b"\0") + 1) + 1
        at += 2 + 2 * struct.unpack_from("!H", body, at)[0]
        if struct.unpack_from("!H", body, at)[0]:
            size, = struct.unpack_from("!I", body, at + 2)
            guest.value = body[at + 6:at + 6 + size]
        return wire.frame("2")

    def on_D(self, guest, body):
        return wire.columns("abalance", oid=23)

    def on_E(self, guest, body):
        return wire.row(guest.value) + wire.done("SELECT 1")

    def on_C(self, guest, body):
        return wire.frame("3")

    def on_S(self, guest, body):
        return wire.ready(guest.state)
