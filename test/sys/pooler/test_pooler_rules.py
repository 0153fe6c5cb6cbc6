# SPDX-License-Identifier: ISC
# The holes of others, one named test each: what killed,
# fooled or hung a pooler once must not do so here. After each the same
# process serves a lawful client at once.
import contextlib
import os
import random
import struct
import threading
import time

import pytest

from rig import fakepg, scram, wire
from rig.cluster import SECRET, wait_for
from rig.wire import EOF, fatal, query

DB = "host=127.0.0.1 port=$PG dbname=app"
FORCED = {"app": DB + " user=app", "own": DB}


@contextlib.contextmanager
def survives(p, limit=1.0):
    """The same process goes on and lets a lawful client in, soon."""
    pid = p.pid
    yield
    start = time.monotonic()
    assert p.running() and p.pid == pid, p.log()[-2000:]
    with wire.Conn(p.unix if p.tls else p.tcp) as c:
        assert c.login("admin", "pgbouncer", "adminpw")[-1] == ("Z", "I")
        c.rows("SHOW VERSION")
    assert time.monotonic() - start < limit


def hostile(fake, p_make, script, **config):
    """A pooler with one hostile server and one good one."""
    server = fake(script)
    settings = {"client_login_timeout": 2, **config}
    return p_make(databases={
        "bad": "host=127.0.0.1 port=%d" % server.port,
        "app": DB}, **settings), server


def good_pool_works(p):
    assert p.login(database="app").one("select 1") == "1"


# ---- R1 lengths from the network

@pytest.mark.parametrize("name,value", (
    ("user", "u" * 127), ("user", "u" * 128), ("user", "u" * 5000),
    ("database", "d" * 63), ("database", "d" * 64), ("database", "d" * 5000),
    ("application_name", "a" * 5000)))
def test_r01_long_names(pooler, name, value):
    for databases in (None, {"*": DB}):
        p = pooler(databases=databases)
        with survives(p):
            params = {"user": "app", "database": "app", name: value}
            c = p.conn()
            c.send(wire.startup(**params))
            c.until("Z")


# ---- R2 one table of state and message

BEFORE_STARTUP = [wire.password("x"), query("select 1"), wire.SYNC,
                  wire.TERMINATE, wire.once("select 1"), wire.ready(),
                  wire.sasl_first(b"n,,n=,r=abc"), wire.COPY_DONE]


@pytest.mark.parametrize("auth", ("trust", "md5", "scram-sha-256", "plain"))
def test_r02_messages_before_startup(pooler, auth):
    p = pooler(auth_type=auth)
    with survives(p):
        for message in BEFORE_STARTUP:
            c = p.conn()
            c.send(message)
            c.send(b"\0" * 16)
            c.drop()


@pytest.mark.parametrize("auth", ("md5", "scram-sha-256", "plain"))
def test_r02_messages_while_proving(pooler, auth):
    p = pooler(auth_type=auth, databases=FORCED)
    with survives(p):
        for message in BEFORE_STARTUP + [
                wire.startup(user="app", database="app"),
                wire.special(wire.SSL), wire.cancel(1, b"\0\0\0\0")]:
            c = p.conn()
            c.send(wire.startup(user="plainuser", database="app"))
            c.message()
            c.send(message)
            c.limit = 0.2
            with contextlib.suppress(TimeoutError):
                assert ("Z", "I") not in c.until("Z")


SERVER_STEPS = {
    "ready-at-once": lambda s: s.send(wire.ready()),
    "ready-after-auth": lambda s: s.send(wire.auth(0), wire.ready()),
    "ready-twice": lambda s: s.send(wire.auth(0), wire.ready(),
                                    wire.ready(), wire.ready()),
    "ready-without-key": lambda s: s.send(
        wire.auth(0), wire.status("server_version", "15"), wire.ready()),
    "parameter-first": lambda s: s.send(wire.status("a", "b"),
                                        wire.ready()),
    "key-first": lambda s: s.send(wire.key(1, b"1234"), wire.ready()),
    "row-first": lambda s: s.send(wire.row("x"), wire.done("SELECT 1")),
    "auth-twice": lambda s: s.send(wire.auth(0), wire.auth(0),
                                   wire.ready()),
    "sasl-without-question": lambda s: s.send(wire.auth(11, b"r=x,s=y,i=1")),
    "sasl-final-first": lambda s: s.send(wire.auth(12, b"v=abc")),
    "md5-then-md5": lambda s: s.send(wire.auth(5, b"salt"),
                                     wire.auth(5, b"salt")),
    "md5-short-salt": lambda s: s.send(wire.auth(5, b"s")),
    "sasl-no-mechanism": lambda s: s.send(wire.auth(10, b"\0")),
    "sasl-unterminated": lambda s: s.send(wire.auth(10, b"SCRAM-SHA-256")),
    "sasl-plus-only": lambda s: s.send(wire.auth(
        10, b"SCRAM-SHA-256-PLUS\0\0")),
    "auth-unknown": lambda s: s.send(wire.auth(99)),
    "auth-empty": lambda s: s.send(wire.frame("R")),
    "auth-short": lambda s: s.send(wire.frame("R", b"\0\0")),
    "parameter-broken": lambda s: s.send(wire.auth(0), wire.frame(
        "S", b"unterminated"), wire.ready()),
    "parameter-empty": lambda s: s.send(wire.auth(0), wire.frame("S"),
                                        wire.ready()),
    "key-short": lambda s: s.send(wire.auth(0), wire.frame("K", b"abc"),
                                  wire.ready()),
    "key-empty": lambda s: s.send(wire.auth(0), wire.frame("K"),
                                  wire.ready()),
    "ready-empty": lambda s: s.send(wire.auth(0), wire.frame("Z")),
    "ready-odd": lambda s: s.send(wire.auth(0), wire.frame("Z", b"?")),
    "error-empty": lambda s: s.send(wire.frame("E")),
    "error-zero": lambda s: s.send(wire.frame("E", b"\0")),
    "error-unterminated": lambda s: s.send(wire.frame("E", b"SFATAL")),
    "error-no-code": lambda s: s.send(wire.notice(S="FATAL", M="no code")),
    "error-no-text": lambda s: s.send(wire.notice(S="FATAL", C="28000")),
    "error-no-level": lambda s: s.send(wire.notice(C="28000", M="x")),
    "length-0": lambda s: s.send(b"R\0\0\0\0"),
    "length-3": lambda s: s.send(b"R\0\0\0\3"),
    "length-huge": lambda s: s.send(b"R\x7f\xff\xff\xff"),
    "length-negative": lambda s: s.send(b"R\xff\xff\xff\xff"),
    "text": lambda s: s.send(b"HTTP/1.0 400 Bad Request\r\n\r\n"),
    "zeroes": lambda s: s.send(b"\0" * 100),
    "negotiate": lambda s: s.send(wire.frame("v", struct.pack(
        "!II", 196608, 0)), wire.auth(0), wire.ready()),
    "notify-first": lambda s: s.send(wire.frame(
        "A", struct.pack("!I", 1) + b"c\0p\0")),
    "copy-first": lambda s: s.send(wire.auth(0), wire.frame(
        "G", b"\0\0\0")),
    "close": lambda s: None,
}


def played(play):
    def script(served):
        served.hello()
        play(served)
        if play is not SERVER_STEPS["close"]:
            served.hang()
    return script


def gauntlet(p_make, fake, scripts, connect="", **config):
    """One pooler before a row of hostile servers, all at once: what each
    one's client heard. When the process died of it, the culprit is found
    by one run each."""
    def run(names):
        databases = {"app": DB}
        for i, name in enumerate(names):
            databases["bad%d" % i] = "host=127.0.0.1 port=%d %s" % (
                fake(scripts[name]).port, connect)
        p = p_make(databases=databases, **{
            "client_login_timeout": 1, "server_connect_timeout": 1,
            **config})
        conns = {}
        for i, name in enumerate(names):
            conns[name] = p.conn(limit=5)
            conns[name].send(wire.startup(user="md5user",
                                          database="bad%d" % i))
        said = {}
        for name, c in conns.items():
            said[name] = c.until("Z")
            if not p.running():
                p.expect = None
                return None
        with survives(p):
            good_pool_works(p)
        return said
    heard = run(list(scripts))
    if heard is None:
        died = [name for name in scripts if run([name]) is None]
        raise AssertionError("the process dies of %s" % (
            died or "some of these together"))
    return heard


def test_r02_server_login_out_of_order(pooler, fake):
    """Servers that do not keep to the order of a login (also R9)."""
    heard = gauntlet(pooler, fake, {name: played(play) for name, play in
                                    SERVER_STEPS.items()})
    lawful = {"ready-after-auth", "ready-without-key", "negotiate", "notify-first",
              "parameter-first", "ready-twice"}
    let_in = {name for name, said in heard.items() if said[-1] ==
              ("Z", "I")}
    assert let_in <= lawful, let_in - lawful


# ---- R3 who asks is not who comes in

def test_r03_unknown_stays_unknown(pooler):
    p = pooler(auth_type="md5", auth_user="authuser", databases={"app": DB},
               auth_file=[("authuser", ""), ("admin", "adminpw")])
    for secret in ("", "x"):
        assert p.try_login("nobody-here", "app", secret)[-1] == EOF
    assert p.try_login("authuser", "app", "")[-1] == EOF
    assert p.login("md5user").one("select current_user") == "md5user"


# ---- R4 bytes behind requests for encryption

def test_r04_bytes_behind_sslrequest(pooler, certs):
    """They are never run, neither before nor after the handshake."""
    p = pooler(client_tls_sslmode="prefer",
               client_tls_key_file="$CERTS/server.key",
               client_tls_cert_file="$CERTS/server.crt")
    stuffed = wire.startup(user="app", database="app") + query(
        "create table stuffed_%d(a int)" % p.port)
    for request in (wire.SSL, wire.GSS):
        c = p.conn()
        c.send(wire.special(request), stuffed)
        said = c.until("Z") if request == wire.GSS else c.rest()
        assert ("Z", "I") not in said
        assert said[-1] == EOF
    assert p.lines("received unencrypted data after SSL request")
    assert not p.login().rows("select 1 from pg_class where relname = "
                              "'stuffed_%d'" % p.port)


# ---- R5 VALID UNTIL

def test_r05_expired_secret(pooler):
    """The default auth_query leaves out expired secrets. The server user
    is fixed, so that PostgreSQL's own check cannot hide it."""
    p = pooler(auth_type="md5", auth_user="authuser", databases=FORCED,
               auth_file=[("authuser", ""), ("app", ""),
                          ("admin", "adminpw")])
    assert p.try_login("md5user", "app", "md5pw")[-1] == ("Z", "I")
    assert p.try_login("expired", "app", "expiredpw")[-1] == EOF


# ---- R6 nothing of the client on the asking connection

def test_r06_lookup_carries_no_setting(pooler, fake):
    def script(served):
        served.hello()
        served.welcome(search_path="\"$user\", public")
        while True:
            kind, body = served.message()
            if kind == "P":
                assert b"rolname" in body
            if kind == "S":
                served.send(wire.frame("1"), wire.frame("2"),
                            wire.columns("a", "b"), wire.row(
                                "asker", scram.md5("asker", "pw")),
                            wire.done("SELECT 1"), wire.ready())
            if kind == "Q":
                fakepg.echo(served, body[:-1].decode())
                served.send(wire.ready())
    server = fake(script)
    p = pooler(auth_type="md5", auth_user="authuser", auth_file=[
        ("authuser", ""), ("admin", "adminpw")],
        track_extra_parameters="search_path",
        ignore_startup_parameters="extra_float_digits", databases={
            "app": "host=127.0.0.1 port=%d" % server.port})
    c = p.conn()
    c.send(wire.startup(user="asker", database="app", search_path="evil",
                        application_name="evil", TimeZone="Asia/Tokyo"))
    c.prove("asker", "pw")
    asking = server.served[0]
    assert asking.startup.get("user") == "authuser"
    text = repr(asking.heard[:5]) + repr(asking.startup)
    assert "evil" not in text and "Tokyo" not in text
    assert not [h for h in asking.heard if h[0] == "Q" and b"SET" in h[1]]


# ---- R7 lengths that wrap

@pytest.mark.parametrize("length", (0xffffffff, 0x7fffffff, 0x80000000,
                                    0xfffffff0, 0x10000, 5))
def test_r07_sasl_length_wraps(pooler, length):
    p = pooler(auth_type="scram-sha-256", databases=FORCED)
    with survives(p):
        c = p.conn()
        c.send(wire.startup(user="scramuser", database="app"))
        c.message()
        c.send(wire.frame("p", b"SCRAM-SHA-256\0" + struct.pack(
            "!I", length) + b"n,,n=,r=abc"))
        c.limit = 0.5
        with contextlib.suppress(TimeoutError):
            assert ("Z", "I") not in c.until("Z")


@pytest.mark.parametrize("length", (0, 1, 3, 0x7fffffff, 0x80000000,
                                    0xffffffff))
def test_r07_packet_length_wraps(pooler_shared, length):
    p = pooler_shared
    with survives(p, 3):
        conns = []
        for kind in b"QPBDECHSXFdcfp":
            c = p.login()
            c.send(bytes([kind]) + struct.pack("!I", length) + b"x" * 50)
            conns.append(c)
        for c in conns:
            c.limit = 0.1
            with contextlib.suppress(TimeoutError):
                assert ("Z", "I") not in c.until("Z")
            c.reset()


@pytest.fixture(scope="module")
def pooler_shared(base, cluster, certs):
    """One pooler for all tries of a test with many."""
    from conftest import need
    from rig import program
    makes = program.Poolers(need(program.ours()), base, cluster.port, certs)
    yield makes(max_client_conn=1000)
    makes.stop()


# ---- R8 no fixed buffer for a peer's text

def sasl_server(first, final=None):
    """A server whose SCRAM messages are bent; `first` makes its first from
    (proof, client's first)."""
    def script(served):
        served.hello()
        proof = scram.Server("scrampw")
        served.send(wire.auth(10, b"SCRAM-SHA-256\0\0"))
        _, body = served.message()
        data = body[body.index(b"\0") + 5:]
        served.send(wire.auth(11, first(proof, data)))
        _, body = served.message()
        served.send(wire.auth(12, final or proof.final(body) or b"v=x"))
        served.send(wire.auth(0))
        served.send(*(wire.status(k, v)
                      for k, v in fakepg.PARAMETERS.items()),
                    wire.key(1, b"1234"), wire.ready())
        served.serve()
    return script


def plain_secret(p_make, fake, script, **config):
    """The pooler logs in by SCRAM with a plain password."""
    server = fake(script)
    return p_make(databases={
        "bad": "host=127.0.0.1 port=%d user=scramuser password=scrampw"
               % server.port, "app": DB},
        **{"client_login_timeout": 2, **config})


@pytest.mark.parametrize("size", (100, 1500, 5000, 60000))
def test_r08_long_server_nonce(pooler, fake, size):
    p = plain_secret(pooler, fake, sasl_server(
        lambda proof, data: proof.first(data, "n" * size)))
    with survives(p):
        said = p.try_login(database="bad")
        assert said[-1] in (("Z", "I"), EOF)
        good_pool_works(p)


@pytest.mark.parametrize("fields", (
    dict(S="FATAL", C="28000", M="m" * 100000),
    dict(S="F" * 10000, C="c" * 10000, M="m")))
def test_r08_long_server_error(pooler, fake, fields):
    p, _ = hostile(fake, pooler, lambda s: (s.hello(), s.send(
        wire.notice(**fields))))
    with survives(p):
        assert p.try_login(database="bad")[-1] == EOF
        good_pool_works(p)


@pytest.mark.parametrize("size", (200, 5000, 100000))
def test_r08_long_parameter(pooler, fake, size):
    """Long names and values of ParameterStatus."""
    def script(served):
        served.hello()
        served.welcome(application_name="x" * size, **{"n" * size: "v"})
        served.serve()
    p, _ = hostile(fake, pooler, script)
    with survives(p):
        c = p.conn()
        said = c.login("app", "bad", TimeZone="UTC")
        if said[-1] == ("Z", "I"):
            c.query("select 1")
        good_pool_works(p)


# ---- R9 what is optional has a value

def test_r09_error_without_sqlstate(pooler, fake):
    def answer(served, sql):
        served.send(wire.notice(S="ERROR", M="no code here"))

    def script(served):
        served.hello()
        served.welcome()
        served.serve(answer)
    p, _ = hostile(fake, pooler, script)
    with survives(p):
        c = p.login(database="bad")
        assert wire.error(c.query("select 1"))[2] == "no code here"


def test_r09_login_error_without_sqlstate(pooler, fake):
    p, _ = hostile(fake, pooler, lambda s: (s.hello(), s.send(
        wire.notice(S="FATAL", M="go away"))))
    with survives(p):
        said = p.try_login(database="bad")
        assert said[-1] == EOF


# ---- R10 rights

ADMIN_ONLY = ("PAUSE", "PAUSE app", "RESUME", "RESUME app", "DISABLE app",
              "ENABLE app", "KILL", "KILL app", "KILL_CLIENT 1",
              "RECONNECT", "RECONNECT app", "WAIT_CLOSE", "SUSPEND",
              "RELOAD", "SHUTDOWN", "SHUTDOWN WAIT_FOR_SERVERS",
              "SHUTDOWN WAIT_FOR_CLIENTS", "SET verbose=1", "SHOW FDS")


@pytest.mark.parametrize("text", ADMIN_ONLY)
def test_r10_stats_user_has_no_rights(pooler, text):
    p = pooler()
    c = p.console("stats")
    assert wire.error(c.query(text)) == ("ERROR", "08P01",
                                         "admin access needed")
    assert wire.error(c.run(wire.once(text)))[2] == "admin access needed"
    assert p.login().one("select 1") == "1"
    assert p.running()


# ---- R11 memory for strangers

def test_r11_stranger_holds_no_memory(pooler):
    """64 strangers with 8 MiB each: not a megabyte of it is kept."""
    p = pooler(auth_type="md5", client_login_timeout=30,
               max_client_conn=500)
    p.settle()
    before = p.rss()
    held = []
    for i in range(64):
        c = p.conn()
        held.append(c)
        if i % 2:
            c.send(wire.startup(user="md5user", database="app"))
            c.message()
            head = b"p" + struct.pack("!I", 8 << 20)
        else:
            head = struct.pack("!II", 8 << 20, wire.V3)
        c.sock.settimeout(0.2)
        with contextlib.suppress(OSError):
            c.sock.sendall(head + b"x" * (1 << 20))
    p.settle()
    assert p.rss() - before < 64 * 96 * 1024
    with survives(p):
        pass


def test_r11_startup_beyond_the_limit(pooler):
    """L1: ten thousand bytes and no more."""
    p = pooler(ignore_startup_parameters="filler")
    assert p.try_login(filler="x" * 9000)[-1] == ("Z", "I")
    c = p.conn()
    c.send(struct.pack("!II", 10001, wire.V3))
    c.limit = 2
    assert c.rest()[-1] == EOF


# ---- R12 iterations that a server asks for

@pytest.mark.parametrize("rounds", ("0", "-1", "1000001", "2000000000",
                                    "99999999999999999999", "x", ""))
def test_r12_iterations(pooler, fake, rounds):
    p = plain_secret(pooler, fake, sasl_server(
        lambda proof, data: proof.first(data).rsplit(b"i=", 1)[0]
        + b"i=" + rounds.encode()))
    with survives(p):
        c = p.conn()
        c.send(wire.startup(user="app", database="bad"))
        start = time.monotonic()
        good_pool_works(p)
        assert time.monotonic() - start < 2
        assert c.rest()[-1] == EOF


def test_r12_many_lawful_iterations(pooler, fake):
    """A million rounds are lawful and hold up nobody."""
    def script(served):
        served.hello()
        proof = scram.Server("scrampw", rounds=1000000)
        served.send(wire.auth(10, b"SCRAM-SHA-256\0\0"))
        _, body = served.message()
        served.send(wire.auth(11, proof.first(
            body[body.index(b"\0") + 5:])))
        _, body = served.message()
        served.send(wire.auth(12, proof.final(body)))
        served.welcome()
        served.serve()
    p = plain_secret(pooler, fake, script, client_login_timeout=15)
    lawful = p.login()

    def worst(seconds):
        longest, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            start = time.monotonic()
            assert lawful.one("select 1") == "1"
            longest = max(longest, time.monotonic() - start)
        return longest
    usual = worst(1)        # on a machine that may have other work
    c = p.conn(limit=15)
    c.send(wire.startup(user="app", database="bad"))
    assert worst(1.5) < max(0.3, 3 * usual)
    assert c.until("Z")[-1] == ("Z", "I")


# ---- R13 mandatory attributes

FINALS = ("", "c=biws", "r=x", "p=AAAA", "c=biws,p=AAAA", "c=,r=,p=",
          "c=biws,r=,p=", "p=,r=,c=", ",,,", "c=biws,,p=x", "c", "r", "=",
          "c=biws,r=NONCE", "c=biws,r=NONCE,", "r=NONCE,p=AAAA",
          "c=biws,r=NONCE,p=" + "A" * 4000)


@pytest.mark.parametrize("user", ("scramuser", "plainuser", "nobody-here"))
def test_r13_client_final(pooler, user):
    p = pooler(auth_type="scram-sha-256", databases=FORCED)
    with survives(p):
        for final in FINALS:
            c = p.conn()
            c.send(wire.startup(user=user, database="app"))
            c.message()
            c.send(wire.sasl_first(scram.Client("x").first()))
            got = c.message()
            nonce = scram.fields(got[2].decode())["r"]
            c.send(wire.sasl_next(final.replace("NONCE", nonce).encode()))
            assert c.rest() == fatal("SASL authentication failed"), final


SERVER_FIRSTS = (b"", b",", b"r=", b"r=x", b"s=", b"i=", b"r=x,s=y",
                 b"r=x,s=y,i=", b"r=x,s=!!,i=4096", b"m=x,r=x,s=y,i=1",
                 b"\0", b"r=NONCE,s=,i=4096", b"r=NONCE,i=4096,s=YWJj",
                 b"r=NONCE,s=YWJj", b"s=YWJj,i=4096", b"e=other-error",
                 b"r=NONCE,s=YWJj,i=4096" + b"x" * 5000)


def test_r13_server_first(pooler, fake):
    def bent(text):
        return sasl_server(lambda proof, data: text.replace(
            b"NONCE", scram.fields(data.decode()[3:])["r"].encode()
            + b"more"))
    heard = gauntlet(pooler, fake, {text: bent(text)
                                    for text in SERVER_FIRSTS},
                     "user=scramuser password=scrampw")
    assert not [t for t, said in heard.items() if said[-1] != EOF]


SERVER_FINALS = (b"x", b"v=", b"v=AAAA", b"v=!!!!", b"e=invalid-proof",
                 b"v=" + b"A" * 5000)


def test_r13_server_final(pooler, fake):
    """A server that cannot prove itself is not used."""
    heard = gauntlet(pooler, fake, {
        text: sasl_server(lambda proof, data: proof.first(data), text)
        for text in SERVER_FINALS}, "user=scramuser password=scrampw")
    assert not [t for t, said in heard.items() if said[-1] != EOF]


def test_r13_lawful_server(pooler, fake):
    """The scripted server itself is right: a straight login works."""
    p = plain_secret(pooler, fake, sasl_server(
        lambda proof, data: proof.first(data)))
    assert p.login(database="bad").one("select 1") == "select 1"


# ---- R14 loops that must make progress

OPTIONS = ("-c=", "-c =", "-c", "-c ", "--", "--=", "-", "=", "-c a", "-c a=",
           "-c =b", "  ", "\\", "-c a=b\\", "-c a=\\", "--a", "--a=b --",
           "-c TimeZone=UTC " * 300, "-cTimeZone=UTC", "-c\tTimeZone=UTC",
           "x" * 3000)


@pytest.mark.parametrize("ignore", ("", "options"))
def test_r14_options(pooler, ignore):
    p = pooler(ignore_startup_parameters=ignore)
    for text in OPTIONS:
        with survives(p):
            c = p.conn(limit=2)
            c.send(wire.startup(user="app", database="app", options=text))
            assert c.until("Z")[-1] in (("Z", "I"), EOF)
            c.drop()


# ---- R15 one startup per connection

@pytest.mark.parametrize("auth", ("md5", "scram-sha-256", "plain"))
def test_r15_second_startup_while_proving(pooler, auth):
    """A low user must not become admin by saying so later."""
    p = pooler(auth_type=auth)
    for database in ("pgbouncer", "nowhere", "app"):
        for step in range(2):
            c = p.conn()
            c.send(wire.startup(user="plainuser", database=database))
            got = c.message()
            client = scram.Client(SECRET["plainuser"])
            if got[0] != "R":
                continue
            if step and got[1] == "sasl":
                c.send(wire.sasl_first(client.first()))
                got = c.message()
            c.send(wire.startup(user="admin", database="pgbouncer"))
            if got[1] == "sasl-continue":
                c.send(wire.sasl_next(client.final(got[2])))
            elif got[1] == "md5":
                c.send(wire.password(scram.md5_answer(
                    "plainuser", SECRET["plainuser"], got[2])))
            elif got[1] == "cleartext":
                c.send(wire.password(SECRET["plainuser"]))
            c.send(query("SHOW POOLS"))
            said = c.rest()
            assert not [m for m in said if m[0] in "TDZ"], said


# ---- R16 empty secrets

@pytest.mark.parametrize("auth", ("plain", "md5", "scram-sha-256"))
def test_r16_empty_secret_never_matches(pooler, auth):
    p = pooler(auth_type=auth, databases=FORCED)
    for user in ("nosecret", "app", "nobody-here"):
        for secret in ("", " ", "\0"):
            assert p.try_login(user, "app", secret)[-1] == EOF


def test_r16_empty_by_auth_query(pooler):
    p = pooler(auth_type="md5", auth_user="authuser", databases=FORCED,
               auth_query="select $1::text, ''::text",
               auth_file=[("authuser", ""), ("app", ""),
                          ("admin", "adminpw")])
    for secret in ("", "x"):
        assert p.try_login("anyone", "app", secret)[-1] == EOF


# ---- R17 cancels hit their own query only

def test_r17_late_cancel_hits_nobody(pooler):
    """Cancels of a client whose query is over, while others use its
    server."""
    p = pooler(default_pool_size=1)
    mine, other = p.login(), p.login()
    for _ in range(30):
        mine.query("select 1")
        k = wire.Conn(p.tcp)
        k.send(wire.cancel(mine.pid, mine.key))
        other.send(query("select pg_sleep(0.01)"))
        assert wire.error(other.answers()) is None
        k.drop()


def test_r17_cancel_storm(pooler):
    """Every client cancels itself at random; nobody is hit who did not
    ask, and no long query outlives its cancel."""
    p = pooler(default_pool_size=4, max_client_conn=500)
    faults, stop = [], time.monotonic() + 3

    def one(seed):
        rand = random.Random(seed)
        c = wire.Conn(p.tcp)
        c.login("app", "app")
        try:
            while time.monotonic() < stop:
                if seed % 2:
                    c.send(query("select pg_sleep(30)"))
                    # Some are cancelled early, some late.
                    time.sleep(rand.uniform(0.0, 0.06))
                    tries = time.monotonic() + 8
                    while c.quiet(0.02):
                        k = wire.Conn(p.tcp)
                        k.send(wire.cancel(c.pid, c.key))
                        k.rest()
                        k.drop()
                        if time.monotonic() > tries:
                            raise AssertionError("cannot be cancelled")
                    why = wire.error(c.answers())
                    assert why and why[1] == "57014", why
                else:
                    c.send(query("select %d, pg_sleep(0.01)" % seed))
                    said = c.answers()
                    assert wire.error(said) is None, said
                    assert said[1][1][0] == str(seed)
        except Exception as why:
            faults.append(repr(why))
        c.drop()
    threads = [threading.Thread(target=one, args=(i,)) for i in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not faults, faults[0]


# ---- R18 answers belong to questions

def test_r18_unasked_answers(pooler, fake):
    """A server that answers more than it was asked."""
    extras = (wire.frame("1"), wire.frame("2"), wire.frame("3"),
              wire.done("SELECT 1"), wire.row("x"), wire.ready(),
              wire.frame("I"), wire.frame("n"), wire.frame("s"),
              wire.notice(S="ERROR", C="XX000", M="extra"))
    turn = iter(range(10000))

    def answer(served, sql):
        served.send(extras[next(turn) % len(extras)])
        fakepg.echo(served, sql)

    def script(served):
        served.hello()
        served.welcome()
        served.serve(answer)
    p, _ = hostile(fake, pooler, script)
    with survives(p):
        for i in range(2 * len(extras)):
            c = p.conn()
            c.login("app", "bad")
            c.send(query("select %d" % i), wire.once("select 1"))
            c.limit = 0.2
            with contextlib.suppress(TimeoutError):
                c.answers(2)
            c.drop()
        good_pool_works(p)


@pytest.mark.parametrize("extra", (
    wire.frame("1"), wire.done("SELECT 1"), wire.ready(), wire.ready("T"),
    wire.row("x"), wire.frame("?"), wire.notice(S="FATAL", C="57P01",
                                                M="bye"),
    wire.frame("G", b"\0\0\0"), b"Z\0\0\0\1", b"D\xff\xff\xff\xff"))
def test_r18_words_while_idle(pooler, fake, extra):
    """What a server says unasked never reaches the next client."""
    def script(served):
        served.hello()
        served.welcome()
        served.serve()
    p, server = hostile(fake, pooler, script)
    c = p.login(database="bad")
    c.query("select 1")
    with survives(p):
        with contextlib.suppress(fakepg.Gone):
            server.served[0].send(extra)
        p.settle()
        other = p.login(database="bad")
        assert other.query("select 2") == [
            ("T", [("echo", "text")]), ("D", ["select 2"]),
            ("C", "SELECT 1"), ("Z", "I")]


# ---- R19 broken states end a connection, not the process

def test_r19_random_bytes_after_login(pooler_shared):
    rand = random.Random(19)
    p = pooler_shared
    with survives(p):
        for _ in range(150):
            c = p.login()
            kind = rand.choice("QPBDECHSXFdcfpRTKZ\0\xff")
            body = rand.randbytes(rand.randrange(60))
            c.send(kind.encode("latin-1")[:1] + struct.pack(
                "!I", len(body) + 4) + body, wire.SYNC)
            c.drop()


def test_r19_random_first_bytes(pooler_shared):
    rand = random.Random(20)
    p = pooler_shared
    with survives(p):
        for _ in range(300):
            c = p.conn()
            c.send(rand.randbytes(rand.randrange(1, 200)))
            c.drop()


def test_r19_random_servers(pooler, fake):
    """Servers that say anything at any time."""
    rand = random.Random(21)

    def script(served):
        served.hello()
        if rand.random() < 0.5:
            served.welcome()
        for _ in range(8):
            body = rand.randbytes(rand.randrange(40))
            served.send(rand.choice("RSKZETDC12snIAGHWtcdvN3?").encode()
                        + struct.pack("!I", len(body) + 4) + body)
    p, _ = hostile(fake, pooler, script, server_login_retry=0,
                   client_login_timeout=1)
    with survives(p):
        end = time.monotonic() + 3
        while time.monotonic() < end:
            c = p.conn()
            c.send(wire.startup(user="app", database="bad"),
                   query("select 1"))
            c.limit = 0.05
            with contextlib.suppress(TimeoutError):
                c.until("Z")
            c.drop()
        good_pool_works(p)


# ---- R23 no uninitialised byte, no secret

def test_r23_no_secret_in_any_answer(pooler):
    p = pooler(auth_type="md5", verbose=2, databases={
        "app": DB + " user=md5user password=md5pw"})
    c = p.console()
    for what in ("CONFIG", "DATABASES", "POOLS", "CLIENTS", "SERVERS",
                 "SOCKETS", "USERS", "LISTS", "MEM", "STATS"):
        text = repr(c.query("SHOW " + what))
        for secret in ("md5pw", "adminpw", "statspw", "SCRAM-SHA"):
            assert secret not in text, what
    text = p.log()
    with open("/proc/%d/cmdline" % p.pid) as f:
        text += f.read()
    for secret in ("md5pw", "adminpw", "statspw", "scrampw", "plainpw"):
        assert secret not in text


# ---- R26 numbers, R27 files, R28 channels

@pytest.mark.parametrize("line", (
    "max_client_conn = 99999999999999999999",
    "default_pool_size = 0x1ffffffffffffffff",
    "max_packet_size = 99999999999999999999",
    "server_lifetime = 1e999", "query_timeout = nan",
    "query_timeout = inf"))
def test_r26_numbers_are_bounded(pooler, line):
    """Too large to be meant: an error with its place, no wrapped value."""
    p = pooler.make().configure()
    p.write("pooler.ini", open(p.ini).read() + line + "\n")
    code, _, err = p.run()
    assert code == 1 and "invalid value" in err, err


def test_r27_pidfile_is_not_followed(pooler):
    """A link in the place of the pid file is not written through."""
    p = pooler.make().configure()
    target = p.path("target")
    os.symlink(target, p.path("pid"))
    code, _, err = p.run()
    assert code == 1 and "pidfile" in err
    assert not os.path.exists(target)


def test_r28_unix_socket_of_a_stranger(pooler):
    """Nobody gets the console for knowing its name."""
    p = pooler(auth_type="md5", admin_users="", stats_users="")
    for user in ("pgbouncer", "admin", "root", "postgres"):
        for where in (p.unix, None):
            said = p.try_login(user, "pgbouncer", "x", where=where)
            assert said[-1] == EOF


# ---- R30 no resynchronisation

def test_r30_framing_error_ends_the_connection(pooler):
    """What follows a broken frame is not run."""
    p = pooler()
    c = p.login()
    c.send(b"Q\0\0\0\1", query("create table resync_%d(a int)" % p.port),
           wire.SYNC)
    assert c.rest()[-1] == EOF
    assert not p.login().rows(
        "select 1 from pg_class where relname = 'resync_%d'" % p.port)


# ---- R31 words of a server before it has proved itself

def test_r31_text_before_authentication(pooler, fake):
    """A notice of an unproved server does not reach the client."""
    def script(served):
        served.hello()
        served.send(wire.notice("N", S="NOTICE", C="00000",
                                M="evil notice"))
        served.welcome()
        served.serve()
    p, _ = hostile(fake, pooler, script)
    said = p.try_login(database="bad")
    assert "evil notice" not in repr(said)


# ---- R32 logging never blocks

def test_r32_log_pipe_that_nobody_reads(pooler):
    """Standard error is a full pipe: the work goes on."""
    p = pooler.make().configure(verbose=2)
    r, w = os.pipe()
    try:
        p.start(wait=False, stdout=w, stderr=w)
        os.close(w)
        wait_for(lambda: os.path.exists(p.unix))
        end = time.monotonic() + 10
        for _ in range(60):
            c = p.conn(limit=max(0.1, end - time.monotonic()))
            assert c.login("app", "app")[-1] == ("Z", "I")
            assert c.one("select 1") == "1"
            c.finish()
    finally:
        os.close(r)


# ---- L4, P13 strangers and time

def test_l04_slow_logins_hold_up_nobody(pooler):
    p = pooler(client_login_timeout=2, max_client_conn=1000)
    slow = [p.conn() for _ in range(300)]
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        for c in slow[::10]:
            c.send(b"\0")
        start = time.monotonic()
        p.login().finish()
        assert time.monotonic() - start < 3
        time.sleep(0.1)
    wait_for(lambda: p.fds() < 60, 5, "the end of the slow ones")


@pytest.mark.parametrize("auth", ("md5", "scram-sha-256"))
def test_p13_known_and_unknown_look_alike(pooler, auth):
    """Refused logins: the same messages in the same time."""
    p = pooler(auth_type=auth, databases=FORCED, log_pooler_errors=0)
    said, times = {}, {}
    for user in ("plainuser", "nobody-here") * 15:
        start = time.perf_counter()
        got = p.try_login(user, "app", "wrong")
        times.setdefault(user, []).append(time.perf_counter() - start)
        said[user] = [(m[0], m[1] if m[0] == "R" else m[1:]) for m in got]
    assert said["plainuser"] == said["nobody-here"]
    known, unknown = (sorted(times[u])[7] for u in ("plainuser",
                                                    "nobody-here"))
    assert abs(known - unknown) < max(0.002, 0.25 * max(known, unknown))
