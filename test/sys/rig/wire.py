# SPDX-License-Identifier: ISC
# PostgreSQL's protocol by hand: builders for every message, a decoder that
# turns what came into tuples, and a connection that a test drives byte by
# byte. A transcript is a list of such tuples.
import contextlib
import select
import socket
import ssl
import struct
import time

from . import scram

SSL, GSS, CANCEL, V3 = 80877103, 80877104, 80877102, 196608
LIMIT = 10.0            # no answer takes longer


# ---- what a client or a server says

def frame(kind, body=b""):
    return kind.encode() + struct.pack("!I", len(body) + 4) + body


def special(code, body=b""):
    return struct.pack("!II", len(body) + 8, code) + body


def z(text):
    return (text.encode() if isinstance(text, str) else text) + b"\0"


def startup(version=V3, end=b"\0", **params):
    pairs = b"".join(z(k) + z(v) for k, v in params.items() if v is not None)
    return special(version, pairs + end)


def cancel(pid, key):
    return special(CANCEL, struct.pack("!I", pid) + key)


def query(sql):
    return frame("Q", z(sql))


def parse(name, sql, types=()):
    return frame("P", z(name) + z(sql) + struct.pack("!H", len(types))
                 + b"".join(struct.pack("!I", t) for t in types))


def bind(name="", args=(), portal="", formats=(), results=()):
    def shorts(list):
        return struct.pack("!H", len(list)) + b"".join(
            struct.pack("!H", v) for v in list)

    def value(arg):
        if arg is None:
            return struct.pack("!i", -1)
        arg = arg if isinstance(arg, bytes) else str(arg).encode()
        return struct.pack("!i", len(arg)) + arg
    return frame("B", z(portal) + z(name) + shorts(formats)
                 + struct.pack("!H", len(args))
                 + b"".join(value(a) for a in args) + shorts(results))


def describe(name="", what="S"):
    return frame("D", what.encode() + z(name))


def close(name="", what="S"):
    return frame("C", what.encode() + z(name))


def execute(portal="", rows=0):
    return frame("E", z(portal) + struct.pack("!I", rows))


def copy_data(data):
    return frame("d", data if isinstance(data, bytes) else data.encode())


def copy_fail(why):
    return frame("f", z(why))


def password(text):
    return frame("p", z(text))


def sasl_first(data, mechanism="SCRAM-SHA-256"):
    return frame("p", z(mechanism) + struct.pack("!i", len(data)) + data)


def sasl_next(data):
    return frame("p", data)


SYNC, FLUSH, TERMINATE, COPY_DONE = (frame(k) for k in "SHXc")


def once(sql, args=(), name=""):
    """One statement by the extended protocol."""
    return (parse(name, sql) + bind(name, args) + describe("", "P")
            + execute() + SYNC)


# ---- what a server says

def auth(code, body=b""):
    return frame("R", struct.pack("!I", code) + body)


def status(name, value):
    return frame("S", z(name) + z(value))


def key(pid, secret):
    return frame("K", struct.pack("!I", pid) + secret)


def ready(state="I"):
    return frame("Z", state.encode())


def notice(kind="E", **fields):
    return frame(kind, b"".join(k.encode() + z(v)
                                for k, v in fields.items()) + b"\0")


def columns(*names, oid=25):
    return frame("T", struct.pack("!H", len(names)) + b"".join(
        z(n) + struct.pack("!IHIhih", 0, 0, oid, -1, -1, 0) for n in names))


def row(*values):
    out = struct.pack("!H", len(values))
    for v in values:
        if v is None:
            out += struct.pack("!i", -1)
        else:
            v = v if isinstance(v, bytes) else str(v).encode()
            out += struct.pack("!i", len(v)) + v
    return frame("D", out)


def done(tag):
    return frame("C", z(tag))


# ---- taking messages apart

AUTH = {0: "ok", 2: "kerberos", 3: "cleartext", 5: "md5", 7: "gss",
        8: "gss-continue", 9: "sspi", 10: "sasl", 11: "sasl-continue",
        12: "sasl-final"}
TYPES = {16: "bool", 17: "bytea", 20: "int8", 23: "int4", 25: "text",
         26: "oid", 1043: "varchar", 1700: "numeric", 2278: "void"}


def text(data):
    return data.decode("utf-8", "backslashreplace")


def values(body):
    (n,), at, out = struct.unpack_from("!H", body), 2, []
    for _ in range(n):
        size, = struct.unpack_from("!i", body, at)
        at += 4
        if size < 0:
            out.append(None)
        else:
            out.append(text(body[at:at + size]))
            at += size
    return out


def described(body):
    (n,), at, out = struct.unpack_from("!H", body), 2, []
    for _ in range(n):
        end = body.index(b"\0", at)
        oid, = struct.unpack_from("!I", body, end + 7)
        out.append((text(body[at:end]), TYPES.get(oid, oid)))
        at = end + 19
    return out


def decode(kind, body):
    """One message as a tuple that can be compared and read."""
    if kind == "R":
        code, = struct.unpack_from("!I", body)
        name = AUTH.get(code, code)
        if name == "sasl":
            return ("R", name, text(body[4:]).strip("\0").split("\0"))
        if name in ("md5", "sasl-continue", "sasl-final"):
            return ("R", name, body[4:])
        return ("R", name)
    if kind == "S":
        return ("S", *text(body).split("\0")[:2])
    if kind == "K":
        return ("K", struct.unpack_from("!I", body)[0], body[4:])
    if kind == "Z":
        return ("Z", text(body))
    if kind in "EN":
        return (kind, {f[0]: f[1:] for f in text(body).split("\0") if f})
    if kind == "T":
        return ("T", described(body))
    if kind == "D":
        return ("D", values(body))
    if kind == "C":
        return ("C", text(body[:-1]))
    if kind == "t":
        return ("t", [TYPES.get(o, o) for o in
                      struct.unpack_from("!%dI" % ((len(body) - 2) // 4),
                                         body, 2)])
    if kind in "GHW":
        return (kind, body[0], (len(body) - 3) // 2)
    if kind == "d":
        return ("d", text(body))
    if kind == "v":
        newest, n = struct.unpack_from("!II", body)
        return ("v", newest, text(body[8:]).split("\0")[:n])
    if kind == "A":
        return ("A", *text(body[4:]).split("\0")[:2])
    return (kind, text(body)) if body else (kind,)


EOF = ("EOF",)


class Conn:
    """A client's connection. `where` is (host, port) or a socket path."""

    def __init__(self, where, limit=LIMIT, sock=None):
        self.limit, self.buffer = limit, b""
        self.pid = self.key = self.tls = None
        if sock is None:
            if isinstance(where, str):
                sock = socket.socket(socket.AF_UNIX)
            else:
                sock = socket.socket(socket.AF_INET6 if ":" in where[0]
                                     else socket.AF_INET)
            sock.settimeout(limit)
            try:
                sock.connect(where)
            except OSError:
                sock.close()
                raise
            if not isinstance(where, str):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.drop()

    # -- bytes

    def send(self, *messages):
        """Bytes out. A peer that has closed already is no error here: what
        it said before is still to be read."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.sock.sendall(b"".join(messages))
        return self

    def fill(self, limit):
        """More bytes into the buffer; False at the end of the stream."""
        self.sock.settimeout(max(limit, 0.001))
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError, BrokenPipeError):
            return False
        except ssl.SSLError as why:
            if "timed out" in str(why):
                raise TimeoutError(str(why))
            raise
        self.buffer += data
        return bool(data)

    def byte(self):
        """The answer to SSLRequest and GSSENCRequest; "" when closed."""
        if not self.buffer and not self.fill(self.limit):
            return ""
        head, self.buffer = self.buffer[:1], self.buffer[1:]
        return head.decode("latin-1")

    def raw(self):
        """(type, body) or None at the end of the stream."""
        end = time.monotonic() + self.limit
        while True:
            if len(self.buffer) >= 5:
                size = struct.unpack_from("!I", self.buffer, 1)[0] + 1
                if len(self.buffer) >= size:
                    one, self.buffer = self.buffer[:size], self.buffer[size:]
                    return chr(one[0]), one[5:]
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("no message in %.1f s" % self.limit)
            if not self.fill(left):
                return None

    def message(self):
        got = self.raw()
        if got is None:
            return EOF
        got = decode(*got)
        if got[0] == "K":
            self.pid, self.key = got[1:]
        return got

    def until(self, *kinds):
        """Messages up to the first of these kinds, or the end."""
        out = []
        while not out or out[-1][0] not in kinds + ("EOF",):
            out.append(self.message())
        return out

    def answers(self, n=1):
        """Everything up to the n-th ReadyForQuery."""
        out = []
        for _ in range(n):
            out += self.until("Z")
        return out

    def rest(self):
        return self.until()

    def take(self, n):
        return [self.message() for _ in range(n)]

    def quiet(self, seconds=0.15):
        """True when nothing arrives for this long."""
        if self.buffer:
            return False
        if self.tls and self.sock.pending():
            return False
        return not select.select([self.sock], [], [], seconds)[0]

    def closed(self):
        """Wait for the end of the stream, whatever is said before."""
        return self.rest()[-1] == EOF

    def finish(self):
        """Terminate, as a driver ends."""
        self.send(TERMINATE)
        self.drop()

    def drop(self):
        self.sock.close()

    def reset(self):
        """Vanish with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()

    # -- stages

    def start_tls(self, context, name=None, ask=True):
        """SSLRequest and handshake; the answer's byte is returned."""
        if ask:
            self.send(special(SSL))
            got = self.byte()
            if got != "S":
                return got
        self.sock.settimeout(self.limit)
        self.sock = context.wrap_socket(self.sock, server_hostname=name)
        self.tls = self.sock
        return "S"

    def login(self, user, database=None, secret=None, **params):
        """Start up, prove who we are when asked; all that was said up to
        ReadyForQuery or the end."""
        self.send(startup(user=user, database=database, **params))
        return self.prove(user, secret)

    def prove(self, user, secret):
        said, proof = [], None
        while True:
            got = self.message()
            said.append(got)
            if got[0] in ("Z", "EOF"):
                return said
            if got[0] != "R":
                continue
            if got[1] == "cleartext":
                self.send(password(secret or ""))
            elif got[1] == "md5":
                self.send(password(scram.md5_answer(user, secret or "",
                                                    got[2])))
            elif got[1] == "sasl":
                proof = scram.Client(secret or "")
                self.send(sasl_first(proof.first()))
            elif got[1] == "sasl-continue":
                self.send(sasl_next(proof.final(got[2])))
            elif got[1] == "sasl-final":
                assert got[2] == proof.verifier, "server's proof is wrong"

    def query(self, sql):
        return self.send(query(sql)).answers()

    def run(self, *messages):
        """Send a batch and read the answer to its one Sync or Query."""
        return self.send(*messages).answers()

    def rows(self, sql):
        """Rows of one query as lists; an error is raised."""
        out = []
        for got in self.query(sql):
            if got[0] == "E":
                raise Refused(got[1])
            if got[0] == "EOF":
                raise Refused({"M": "closed"})
            if got[0] == "D":
                out.append(got[1])
        return out

    def table(self, sql):
        """Rows of one query as dicts by column name."""
        out, names = [], []
        for got in self.query(sql):
            if got[0] == "E":
                raise Refused(got[1])
            if got[0] == "T":
                names = [n for n, _ in got[1]]
            if got[0] == "D":
                out.append(dict(zip(names, got[1])))
        return out

    def one(self, sql):
        return self.rows(sql)[0][0]


class Refused(Exception):
    """An ErrorResponse where rows were wanted."""

    def __init__(self, fields):
        super().__init__(fields.get("M"))
        self.fields = fields


def error(said):
    """The first ErrorResponse as (severity, code, text), or None."""
    for got in said:
        if got[0] == "E":
            return tuple(got[1].get(f) for f in "SCM")
    return None


def fatal(text, code="08P01"):
    """What a refused client is told, and nothing after it."""
    return [("E", {"S": "FATAL", "C": code, "M": text}), EOF]


def kinds(said):
    """The types alone: TDCZ."""
    return "".join(got[0] if got != EOF else "." for got in said)
