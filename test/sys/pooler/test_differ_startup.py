# SPDX-License-Identifier: ISC
# First packets of all kinds, the startup parameters,
# the welcome.
import struct

from rig import wire
from rig.differ import (begins, one_of, refused, scenario, plays_of,
                        welcome)
from rig.wire import fatal


def first(name, data, weir=None, then=b"", **config):
    """What is answered to these first bytes."""
    @scenario("startup." + name, weir={"answer": weir} if weir else None,
              **config)
    def play(s):
        c = s.conn()
        c.send(data)
        s.note("answer", c.until("Z"))


# ---- codes and lengths

first("v2", struct.pack("!II", 8 + 288, 0x00020000) + b"\0" * 288)
first("v2-short", struct.pack("!II", 9, 0x00020000) + b"\0")
first("v1", wire.startup(version=0x00010000, user="app"))
first("v4", wire.startup(version=0x00040000, user="app"))
first("unknown-code", wire.special(80877199))
first("zeroes", b"\0" * 8)
first("length-4", struct.pack("!I", 4) + struct.pack("!I", wire.V3))
first("length-7", struct.pack("!I", 7) + struct.pack("!I", wire.V3))
first("length-negative", struct.pack("!iI", -1, wire.V3))
first("length-8", wire.special(wire.V3), refused())
first("cancel-short", wire.special(wire.CANCEL, b"1234567"))
first("cancel-long", wire.special(wire.CANCEL, b"123456789"))
first("cancel-empty", wire.special(wire.CANCEL))
first("cancel-unknown", wire.cancel(4711, b"\1\2\3\4"))
first("password-first", wire.password("secret"))
first("query-first", wire.query("select 1"), refused("bad packet header"))
first("binary", bytes(range(128, 256)))
first("tls-hello-without-tls", b"\x16\x03\x01\x00\x05hello",
      refused("bad packet header"))


@scenario("startup.http", client_login_timeout=1, weir={"answer": one_of(
    fatal("client_login_timeout"), refused("bad packet header"))})
def http(s):
    """Read as a packet too long to be one; refused at once or when the
    login takes too long."""
    c = s.conn()
    c.send(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
    s.note("answer", c.rest())


@scenario("startup.half-a-header", client_login_timeout=1)
def half(s):
    c = s.conn()
    c.send(b"\0\0\0")
    s.note("at the end", c.rest())


@scenario("startup.silent-client", client_login_timeout=1)
def silent(s):
    s.note("answer", s.conn().rest())


@scenario("startup.in-pieces", weir={
    "answer": welcome(),
    "query": begins(["T", [["?column?", "int4"]]], ["D", ["7"]])})
def in_pieces(s):
    """A startup packet and a query that come in two pieces each."""
    c = s.conn()
    packet = wire.startup(user="app", database="app")
    c.send(packet[:14])
    c.quiet(0.1)
    c.send(packet[14:])
    s.note("answer", c.answers())
    packet = wire.query("select 7")
    c.send(packet[:7])
    c.quiet(0.1)
    c.send(packet[7:])
    s.note("query", c.answers())


@scenario("startup.with-query-behind")
def eager(s):
    """A query in the same segment as the startup packet."""
    c = s.conn()
    c.send(wire.startup(user="app", database="app"), wire.query("select 7"))
    s.note("answer", c.answers(2))


@scenario("startup.twice")
def twice(s):
    """A second startup packet after the login is an unknown message."""
    c = s.login()
    c.send(wire.startup(user="app", database="app"))
    s.note("answer", c.rest())


@scenario("startup.twice-while-proving", auth_type="md5")
def twice_early(s):
    c = s.conn()
    c.send(wire.startup(user="md5user", database="app"))
    s.note("challenge", c.take(1))
    c.send(wire.startup(user="app", database="app"))
    s.note("answer", c.rest())


@scenario("startup.terminate-while-proving", auth_type="md5")
def leave_early(s):
    c = s.conn()
    c.send(wire.startup(user="md5user", database="app"))
    c.take(1)
    c.send(wire.TERMINATE)
    s.note("answer", c.rest())


@scenario("startup.query-while-proving", auth_type="md5",
          weir={"answer": refused()})
def query_early(s):
    c = s.conn()
    c.send(wire.startup(user="md5user", database="app"))
    c.take(1)
    c.send(wire.query("select 1"))
    s.note("answer", c.rest())


# ---- requests for encryption

@scenario("startup.ssl-refused")
def ssl_refused(s):
    c = s.conn()
    c.send(wire.special(wire.SSL))
    s.note("byte", c.byte())
    s.note("login", c.login("app", "app"))


@scenario("startup.ssl-twice-refused")
def ssl_twice(s):
    c = s.conn()
    out = []
    for _ in range(2):
        c.send(wire.special(wire.SSL))
        out.append(c.byte())
    s.note("bytes", out)
    s.note("login", c.login("app", "app"))


@scenario("startup.gss-refused")
def gss_refused(s):
    c = s.conn()
    c.send(wire.special(wire.GSS))
    s.note("byte", c.byte())
    s.note("login", c.login("app", "app"))


@scenario("startup.gss-then-ssl")
def gss_ssl(s):
    c = s.conn()
    c.send(wire.special(wire.GSS))
    s.note("gss", c.byte())
    c.send(wire.special(wire.SSL))
    s.note("ssl", c.byte())
    s.note("login", c.login("app", "app")[-1])


@scenario("startup.bytes-behind-ssl")
def stuffed_ssl(s):
    """Bytes behind an SSLRequest in the same segment."""
    c = s.conn()
    c.send(wire.special(wire.SSL), wire.startup(user="app", database="app"))
    s.note("answer", c.rest())


@scenario("startup.bytes-behind-gss")
def stuffed_gss(s):
    c = s.conn()
    c.send(wire.special(wire.GSS), wire.startup(user="app", database="app"))
    s.note("answer", c.rest())


@scenario("startup.ssl-required", client_tls_sslmode="require",
          client_tls_key_file="$CERTS/server.key",
          client_tls_cert_file="$CERTS/server.crt")
def ssl_required(s):
    s.note("answer", s.try_login())


@scenario("startup.ssl-required-unix", client_tls_sslmode="require",
          client_tls_key_file="$CERTS/server.key",
          client_tls_cert_file="$CERTS/server.crt")
def ssl_required_unix(s):
    """Unix sockets never ask for TLS and are let in without."""
    c = s.conn(s.p.unix)
    c.send(wire.special(wire.SSL))
    s.note("byte", c.byte())
    s.note("login", c.login("app", "app")[-1])


# ---- versions

NEWEST = ("v", wire.V3, [])

for minor in (1, 2, 99):
    @scenario("startup.v3.%d" % minor, weir={"answer": welcome(NEWEST)})
    def newer(s, minor=minor):
        c = s.conn()
        c.send(wire.startup(version=wire.V3 + minor, user="app",
                            database="app"))
        s.note("answer", c.until("Z"))


@scenario("startup.pq-options", weir={"answer": welcome(
    ("v", wire.V3, ["_pq_.one", "_pq_.two"]))})
def pq_options(s):
    c = s.conn()
    c.send(wire.startup(**{"user": "app", "database": "app",
                           "_pq_.one": "1", "_pq_.two": "x"}))
    s.note("answer", c.until("Z"))


# ---- parameters

LAYOUT = "invalid startup packet layout: expected terminator as last byte"


def login(name, weir=None, config={}, **params):
    @scenario("startup.param." + name,
              weir={"answer": weir} if weir else None, **config)
    def play(s):
        c = s.conn()
        c.send(wire.startup(**{"user": "app", "database": "app", **params}))
        s.note("answer", c.until("Z"))


def packet(name, body, weir=None):
    first("param." + name, wire.special(wire.V3, body), weir)


login("none")
login("no-database", database=None)
login("no-user", user=None)
login("empty-user", user="")
login("empty-database", database="")
login("unknown-database", database="nowhere")
login("unknown-user", user="nobody-here")
login("unknown-both", user="nobody-here", database="nowhere")
login("user-127", user="u" * 127)
login("user-128", user="u" * 128)
login("database-63", database="d" * 63)
login("database-64", refused("no such database: ddd"), database="d" * 64)
login("database-200", refused("no such database: ddd"), database="d" * 200)
login("application", application_name="my app")
login("application-quote", application_name="it's \\ \"mine\"")
login("application-case", APPLICATION_NAME="shouting")
login("application-200", application_name="a" * 200)
login("encoding", client_encoding="LATIN1")
login("encoding-case", CLIENT_ENCODING="UTF8")
login("datestyle", DateStyle="ISO, DMY")
login("datestyle-case", datestyle="German")
login("timezone", TimeZone="Europe/Berlin")
login("strings", standard_conforming_strings="off")
login("unsupported", search_path="public")
login("extra-float", extra_float_digits="3")
login("extra-float-ignored", {}, {"ignore_startup_parameters":
                                  "extra_float_digits"},
      extra_float_digits="3")
login("ignored-list", {}, {"ignore_startup_parameters":
                           "search_path, extra_float_digits"},
      extra_float_digits="3", search_path="a")
login("ignored-other-case", {}, {"ignore_startup_parameters":
                                 "extra_float_digits"},
      Extra_Float_Digits="3")
OPTIONS = ("unsupported options startup parameter: only '-c config=val' and "
           "'--config=val' are allowed")
login("options-plain", fatal(OPTIONS), options="nonsense")
login("options-known", welcome(), options="-c TimeZone=UTC")
login("options-two", welcome(),
      options="-c TimeZone=UTC --application_name=x")
login("options-escaped", welcome(), options="-c DateStyle=ISO,\\ DMY")
login("options-unknown",
      fatal("unsupported startup parameter in options: geqo"),
      options="-c geqo=off")
login("options-short", refused(), options="-c")
login("options-nameless", refused(), options="-c=")
login("options-valueless", refused(), options="-c geqo")
login("options-empty", welcome(), options="")
login("options-ignored", {}, {"ignore_startup_parameters": "options"},
      options="-c geqo=off")
login("replication-odd", welcome(), replication="maybe")
login("replication-off", welcome(), replication="off")
packet("no-terminator", b"user\0app\0database\0app\0", fatal(LAYOUT))
packet("odd-count", b"user\0app\0database\0\0\0")
packet("key-only", b"user\0", refused())
packet("unterminated", b"user\0app", refused())
packet("nothing", b"\0")
packet("empty-name", b"user\0app\0\0value\0\0", fatal(LAYOUT))
packet("junk-behind", b"user\0app\0database\0app\0\0junk", fatal(LAYOUT))
packet("user-twice", b"user\0app\0user\0other\0database\0app\0\0")


@scenario("startup.add-host", application_name_add_host=1)
def add_host(s):
    c = s.login(application_name="mine")
    s.note("tcp", c.one("show application_name"))
    c = s.login()
    s.note("unnamed", c.one("show application_name"))
    c = s.login(where=s.p.unix, application_name="mine")
    got = c.one("show application_name")
    s.note("unix", got.split("(")[0] + "@" * ("@" in got) +
           got[got.rindex(":"):])


@scenario("startup.order-of-parameters", weir={"names": [
    "default_transaction_read_only", "in_hot_standby", "integer_datetimes",
    "is_superuser", "server_encoding", "server_version",
    "session_authorization", "client_encoding", "DateStyle", "TimeZone",
    "standard_conforming_strings", "application_name", "IntervalStyle"]})
def order(s):
    """What the server says of itself, then what is tracked (9.3)."""
    s.note("names", [m[1] for m in s.try_login() if m[0] == "S"])


@scenario("startup.two-clients-same-welcome")
def same(s):
    one, two = s.conn(), s.conn()
    s.note("first", one.login("app", "app"))
    s.note("second", two.login("app", "app"))


@scenario("startup.keys", weir={"high bit": False})
def keys(s):
    """Cancel keys: eight bytes, the first below 0x80, never the same."""
    some = [s.login() for _ in range(32)]
    s.note("different", len({(c.pid, c.key) for c in some}))
    s.note("high bit", any(c.pid >> 31 for c in some))
    s.note("length", {len(c.key) for c in some} == {4})


# ---- databases of the file

@scenario("startup.auto-database",
          databases={"*": "host=127.0.0.1 port=$PG"},
          weir={"log": ["LOG registered new auto-database: app2"],
                "nowhere": fatal('database "nowhere" does not exist',
                                 "3D000")})
def auto(s):
    s.note("app2", s.login(database="app2").one("select current_database()"))
    s.note("nowhere", s.try_login(database="nowhere"))
    s.log("log", "registered new auto-database: app2")


@scenario("startup.auto-database-named", databases={
    "*": "host=127.0.0.1 port=$PG dbname=app2"})
def auto_named(s):
    s.note("any", s.login(database="whatever").one(
        "select current_database()"))


@scenario("startup.other-name",
          databases={"short": "host=127.0.0.1 port=$PG dbname=app2"})
def renamed(s):
    s.note("name", s.login(database="short").one(
        "select current_database()"))


@scenario("startup.missing-at-server",
          databases={"gone": "host=127.0.0.1 port=$PG dbname=gone"},
          weir={"answer": fatal('database "gone" does not exist', "3D000")})
def gone(s):
    """The server's own refusal is passed on with its SQLSTATE."""
    s.note("answer", s.try_login(database="gone"))
    s.log("log", "server login failed: ")


@scenario("startup.forced-user",
          databases={"app": "host=127.0.0.1 port=$PG user=other"})
def forced(s):
    s.note("user", s.login("app").one("select current_user"))


@scenario("startup.database-settings", databases={
    "app": "host=127.0.0.1 port=$PG client_encoding=LATIN1 "
           "datestyle='ISO, DMY' timezone=UTC"})
def database_settings(s):
    c = s.conn()
    s.note("welcome", c.login("app", "app"))
    s.note("shown", [c.one("show " + k) for k in
                     ("client_encoding", "datestyle", "timezone")])


@scenario("startup.quoted-value", databases={
    "app": "host = '127.0.0.1' port='$PG' dbname = 'app2' "
           "application_name='it''s'"})
def quoted(s):
    c = s.login()
    s.note("name", c.one("select current_database()"))
    s.note("application", c.one("show application_name"))


@scenario("startup.quoted-name", start=False,
          weir={"start": "up", "name": "app2"})
def quoted_name(s):
    if s.try_start("start", databases={
            "'odd name!'": "host=127.0.0.1 port=$PG dbname=app2"}):
        s.note("name", s.login(database="odd name!").one(
            "select current_database()"))


@scenario("startup.connect-query", databases={
    "app": "host=127.0.0.1 port=$PG "
           "connect_query='set statement_timeout to ''7s'''"})
def connect_query(s):
    s.note("value", s.login().one("show statement_timeout"))


@scenario("startup.connect-query-fails", databases={
    "app": "host=127.0.0.1 port=$PG connect_query='selekt'"})
def connect_query_fails(s):
    s.note("goes on", s.login().one("select 1"))
    s.log("log", "exec_on_query")


@scenario("startup.server-by-socket", databases={
    "app": "port=$PG host=$DIR/../pg"})
def by_socket(s):
    s.note("value", s.login().one("select 5"))


@scenario("startup.check-is-silent")
def silent_check(s):
    """A connection without a byte, as of a balancer's check, is not
    logged."""
    for _ in range(3):
        s.conn().drop()
    s.p.settle()
    s.note("lines", [li for li in s.p.lines("C-0x") if "admin" not in li])


test = plays_of(__name__, "startup")
