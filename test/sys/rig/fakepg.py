# SPDX-License-Identifier: ISC
# A PostgreSQL server that plays a script: any order of messages, any lie,
# any silence. One thread for each connection; a script is a function that
# gets the connection, and the connection closes when it returns.
import contextlib
import socket
import struct
import threading

from . import wire

PARAMETERS = {
    "server_version": "15.0 (fake)", "server_encoding": "UTF8",
    "client_encoding": "UTF8", "DateStyle": "ISO, MDY", "TimeZone": "GMT",
    "integer_datetimes": "on", "standard_conforming_strings": "on",
    "application_name": "", "is_superuser": "off",
    "IntervalStyle": "postgres"}


class Gone(Exception):
    """The pooler closed the connection."""


class Served:
    """One connection, from the server's side."""

    def __init__(self, fake, sock, number):
        self.fake, self.sock, self.number = fake, sock, number
        self.buffer, self.heard, self.startup = b"", [], {}
        self.asked_tls = False

    def send(self, *messages):
        try:
            self.sock.sendall(b"".join(messages))
        except OSError:
            raise Gone
        return self

    def exactly(self, n):
        while len(self.buffer) < n:
            try:
                data = self.sock.recv(65536)
            except OSError:
                raise Gone
            if not data:
                raise Gone
            self.buffer += data
        head, self.buffer = self.buffer[:n], self.buffer[n:]
        return head

    def hello(self, tls=None):
        """Read SSLRequest (answered N, or S and a handshake) and the
        startup packet; a cancel request is kept and ends the script."""
        while True:
            size, code = struct.unpack("!II", self.exactly(8))
            body = self.exactly(size - 8)
            if code == wire.SSL:
                self.asked_tls = True
                self.send(b"S" if tls else b"N")
                if tls:
                    self.sock = tls.wrap_socket(self.sock, server_side=True)
            elif code == wire.CANCEL:
                self.fake.cancels.append((struct.unpack("!I", body[:4])[0],
                                          body[4:]))
                raise Gone
            else:
                parts = body.decode().split("\0")
                self.startup = dict(zip(parts[0::2], parts[1::2]))
                return self.startup

    def message(self):
        """(type, body) of the next message."""
        kind, size = struct.unpack("!cI", self.exactly(5))
        got = (kind.decode("latin-1"), self.exactly(size - 4))
        self.heard.append(got)
        return got

    def welcome(self, **changes):
        """AuthenticationOk to ReadyForQuery."""
        params = {**PARAMETERS, **changes}
        self.send(wire.auth(0),
                  *(wire.status(k, v) for k, v in params.items()
                    if v is not None),
                  wire.key(*self.fake.key(self.number)), wire.ready())

    def hang(self):
        """Say nothing more; read until the other side goes."""
        while True:
            self.message()

    def serve(self, answers=None):
        """Answer simple and extended queries: `answers` is a function of
        (connection, sql) that sends all but the ReadyForQuery, or None for
        one text row holding the query itself."""
        state, statements, portal = "I", {}, ""
        while True:
            kind, body = self.message()
            if kind == "X":
                return
            if kind == "Q":
                sql = body[:-1].decode()
                word = sql.strip().rstrip(";").upper()
                state = {"BEGIN": "T", "COMMIT": "I",
                         "ROLLBACK": "I"}.get(word, state)
                (answers or echo)(self, sql)
                self.send(wire.ready(state))
            elif kind == "P":
                name, sql = body.split(b"\0")[:2]
                statements[name] = sql.decode()
                self.send(wire.frame("1"))
            elif kind == "B":
                portal = statements.get(body.split(b"\0")[1], "")
                self.send(wire.frame("2"))
            elif kind == "D":
                self.send(wire.columns("echo"))
            elif kind == "E":
                self.send(wire.row(portal), wire.done("SELECT 1"))
            elif kind == "C":
                self.send(wire.frame("3"))
            elif kind == "S":
                self.send(wire.ready(state))


def echo(served, sql):
    """The usual answer: SET and friends by tag, others as one row."""
    words = sql.strip().split()
    if not words:
        served.send(wire.frame("I"))
    elif words[0].upper() in ("SET", "BEGIN", "COMMIT", "ROLLBACK",
                              "DISCARD"):
        served.send(wire.done(words[0].rstrip(";").upper()))
    else:
        served.send(wire.columns("echo"), wire.row(sql),
                    wire.done("SELECT 1"))


def plain(served):
    """A trusting server that echoes."""
    served.hello()
    served.welcome()
    served.serve()


class FakePg:
    """`script` is called for each connection; it may be replaced while the
    server runs. `served` holds all connections in order of arrival."""

    def __init__(self, script=plain, host="127.0.0.1"):
        self.script, self.served, self.cancels = script, [], []
        self.faults = []
        self.listener = socket.create_server((host, 0), backlog=128)
        self.host, self.port = self.listener.getsockname()[:2]
        threading.Thread(target=self.accept, daemon=True).start()

    def key(self, number):
        return 10000 + number, struct.pack("!I", 0x5EC0 + number)

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                one = Served(self, sock, len(self.served))
                self.served.append(one)
                threading.Thread(target=self.play, args=(one,),
                                 daemon=True).start()

    def play(self, one):
        try:
            self.script(one)
        except Gone:
            pass
        except Exception as why:    # a fault of the script: shown at stop
            self.faults.append(why)
        finally:
            one.sock.close()

    def close_door(self):
        """Refuse new connections from now on."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def stop(self):
        self.close_door()
        for one in self.served:
            with contextlib.suppress(OSError):
                one.sock.shutdown(socket.SHUT_RDWR)
        if self.faults:
            raise self.faults[0]
