# SPDX-License-Identifier: ISC
# Who gets in: methods against secrets, bent SASL messages,
# the other files, auth_query, logging in to servers.
import os
import re
import struct
import time

from rig import scram, wire
from rig.cluster import SALT, SECRET, account
from rig.differ import (one_of, refused, scenario, plays_of, welcome)
from rig.wire import fatal

# One server user for all, so that the server's own rules do not mix in.
FORCED = {"app": "host=127.0.0.1 port=$PG dbname=app user=app"}


def fixed(name, secret):
    """What is said to a client that proves `secret`."""
    def play(s):
        s.note("answer", s.p.try_login(name, "app", secret))
    return play


# ---- methods against kinds of secret

TRIES = [
    ("plain", "plainuser", SECRET["plainuser"]),
    ("md5", "md5user", SECRET["md5user"]),
    ("scram", "scramuser", SECRET["scramuser"]),
]

MOCK = [["R", "sasl", ["SCRAM-SHA-256"]], ["R", "sasl-continue", "proof"],
        *fatal("SASL authentication failed")]

for method in ("plain", "md5", "scram-sha-256"):
    for kind, user, secret in TRIES:
        for how, proof in (("right", secret), ("wrong", "wrong"),
                           ("empty", "")):
            # Ours does not tell that the secret is of the wrong kind.
            scenario("auth.%s.%s-%s" % (method, kind, how),
                     auth_type=method, databases=FORCED,
                     weir={"answer": MOCK} if (method, kind) ==
                     ("scram-sha-256", "md5") else None)(fixed(user, proof))
    for how, user in (("unknown", "nobody-here"), ("no-secret", "nosecret")):
        for proof in ("guess", ""):
            empty = method == "scram-sha-256" and how == "no-secret" and \
                not proof
            scenario("auth.%s.%s-%s" % (method, how, proof or "empty"),
                     auth_type=method, databases=FORCED,
                     weir={"answer": lambda got: got[-2:] == [
                         ["E", {"S": "FATAL", "C": "08P01",
                                "M": "SASL authentication failed"}],
                         ["EOF"]]} if empty else None)(fixed(user, proof))
    scenario("auth.%s.unknown-database" % method, auth_type=method)(
        lambda s: s.note("answer", s.p.try_login(
            "plainuser", "nowhere", SECRET["plainuser"])))
    scenario("auth.%s.unknown-database-wrong" % method, auth_type=method)(
        lambda s: s.note("answer", s.p.try_login(
            "plainuser", "nowhere", "wrong")))

for user in ("app", "nobody-here", "nosecret", "scramuser"):
    scenario("auth.trust." + user, auth_type="trust",
             databases=FORCED)(fixed(user, None))
    scenario("auth.any." + user, auth_type="any",
             databases=FORCED)(fixed(user, None))


@scenario("auth.any.unforced", auth_type="any")
def any_unforced(s):
    s.note("answer", s.try_login())
    s.log("log", "requires forced user")


@scenario("auth.any.console", auth_type="any", databases=FORCED)
def any_console(s):
    s.note("admin", s.try_login("admin", "pgbouncer"))
    s.note("stranger", s.try_login("nobody-here", "pgbouncer"))


@scenario("auth.md5.same-salt-again", auth_type="md5", databases=FORCED)
def replay(s):
    """An answer to another challenge is worth nothing."""
    one, two = s.conn(), s.conn()
    for c in (one, two):
        c.send(wire.startup(user="md5user", database="app"))
    salt, other = one.message()[2], two.message()[2]
    s.note("salts differ", salt != other)
    two.send(wire.password(scram.md5_answer("md5user", SECRET["md5user"],
                                            salt)))
    s.note("answer", two.rest())


@scenario("auth.md5.unterminated", auth_type="md5", databases=FORCED,
          client_login_timeout=1, weir={"answer": refused()})
def unterminated(s):
    c = s.conn()
    c.send(wire.startup(user="md5user", database="app"))
    salt = c.message()[2]
    proof = scram.md5_answer("md5user", SECRET["md5user"], salt)
    c.send(wire.frame("p", proof.encode()))
    s.note("answer", c.rest())


for length in (4, 5, 20000, 70000, 0x7fffffff, 0xffffffff):
    @scenario("auth.md5.declared-%d" % length, auth_type="md5",
              databases=FORCED, client_login_timeout=1,
              weir={"answer": one_of([["EOF"]], refused())})
    def declared(s, length=length):
        """A password message with this length in its head."""
        c = s.conn()
        c.send(wire.startup(user="md5user", database="app"))
        c.message()
        c.send(b"p" + struct.pack("!I", length) + b"x" * min(
            length - 4, 30000))
        s.note("answer", c.rest())


@scenario("auth.log-lines", auth_type="md5", databases=FORCED)
def lines(s):
    s.p.try_login("md5user", "app", "wrong")
    s.p.try_login("nobody-here", "app", "wrong")
    s.log("failed", "password authentication failed", "no such user")


# ---- SASL taken apart

def sasl(name, bend, user="scramuser", weir=None, **config):
    """`bend(conn, client)` is called when the server has offered SASL."""
    @scenario("auth.sasl." + name, auth_type="scram-sha-256",
              databases=FORCED, weir=weir, client_login_timeout=2, **config)
    def play(s):
        c = s.conn()
        c.send(wire.startup(user=user, database="app"))
        s.note("offer", c.take(1))
        bend(c, scram.Client(SECRET["scramuser"], user))
        s.note("answer", c.until("Z"))


def first_message(name, text, weir=None, mechanism="SCRAM-SHA-256"):
    def bend(c, client):
        data = text.replace("NONCE", client.nonce).encode()
        c.send(wire.sasl_first(data, mechanism))
    sasl("first-" + name, bend, weir=weir)


first_message("good", "n,,n=,r=NONCE")
first_message("gs2-y", "y,,n=,r=NONCE")
first_message("gs2-p", "p=tls-server-end-point,,n=,r=NONCE")
first_message("gs2-x", "x,,n=,r=NONCE")
first_message("no-gs2", "n=,r=NONCE")
first_message("authzid", "n,a=other,n=,r=NONCE")
first_message("mandatory", "n,,m=x,n=,r=NONCE")
first_message("extension", "n,,n=,r=NONCE,x=later")
SASL_FAILED = {"answer": fatal("SASL authentication failed")}
first_message("no-user", "n,,r=NONCE", weir=SASL_FAILED)
first_message("other-user", "n,,n=admin,r=NONCE")
first_message("no-nonce", "n,,n=")
first_message("empty-nonce", "n,,n=,r=", weir={
    "answer": refused("SASL authentication failed")})
first_message("bad-nonce", "n,,n=,r=a\x01b")
first_message("nonce-space", "n,,n=,r=a b")
first_message("long-nonce", "n,,n=,r=" + "x" * 3000,
              weir={"answer": lambda got: True})
first_message("empty", "")
first_message("comma", ",")
first_message("zeroes", "n,,n=\0,r=NONCE",
              weir={"answer": lambda got: got[-1] == ["EOF"]})
first_message("plus", "n,,n=,r=NONCE", mechanism="SCRAM-SHA-256-PLUS")
first_message("other-mechanism", "n,,n=,r=NONCE", mechanism="PLAIN")
first_message("no-mechanism", "n,,n=,r=NONCE", mechanism="")


@scenario("auth.sasl.first-length-beyond", auth_type="scram-sha-256",
          databases=FORCED, client_login_timeout=1, weir=SASL_FAILED)
def beyond(s):
    """The inner length reaches beyond the message."""
    c = s.conn()
    c.send(wire.startup(user="scramuser", database="app"))
    c.message()
    c.send(wire.frame("p", b"SCRAM-SHA-256\0" + struct.pack("!i", 100)
                      + b"n,,n=,r=abc"))
    s.note("answer", c.rest())


@scenario("auth.sasl.first-no-data", auth_type="scram-sha-256",
          databases=FORCED, client_login_timeout=1,
          weir={"answer": one_of([["EOF"]], refused())})
def no_data(s):
    """A length of -1: no initial response."""
    c = s.conn()
    c.send(wire.startup(user="scramuser", database="app"))
    c.message()
    c.send(wire.frame("p", b"SCRAM-SHA-256\0" + struct.pack("!i", -1)))
    s.note("answer", c.rest())


def final_message(name, change, weir=None):
    """`change` bends the client's last message."""
    def bend(c, client):
        c.send(wire.sasl_first(client.first()))
        got = c.message()
        assert got[:2] == ("R", "sasl-continue"), got
        c.send(wire.sasl_next(change(client.final(got[2]).decode(),
                                     client).encode("latin-1")))
    sasl("final-" + name, bend, weir=weir)


final_message("good", lambda t, c: t)
final_message("proof-flipped", lambda t, c: t[:-5] + (
    "AAAA=" if t[-5:] != "AAAA=" else "BBBB="))
final_message("no-proof", lambda t, c: t[:t.index(",p=")])
final_message("empty-proof", lambda t, c: t[:t.index(",p=")] + ",p=")
final_message("short-proof", lambda t, c: t[:t.index(",p=")] + ",p=AAAA")
final_message("bad-base64", lambda t, c: t[:t.index(",p=")] + ",p=!!!!")
final_message("other-nonce", lambda t, c: t.replace("r=", "r=x", 1))
final_message("other-binding", lambda t, c: t.replace("c=biws", "c=eSws"))
final_message("extension", lambda t, c: t.replace(",p=", ",x=y,p="))
final_message("junk-behind", lambda t, c: t + ",junk")
final_message("empty", lambda t, c: "")
final_message("first-again", lambda t, c: c.first().decode())


@scenario("auth.sasl.final-no-nonce", auth_type="scram-sha-256",
          databases=FORCED, start=False,
          weir={"answer": refused("SASL authentication failed")})
def no_nonce(s):
    """R13: PgBouncer 1.18 dies of it."""
    s.start(auth_type="scram-sha-256", databases=FORCED)
    c = s.conn()
    c.send(wire.startup(user="scramuser", database="app"))
    c.message()
    client = scram.Client(SECRET["scramuser"])
    c.send(wire.sasl_first(client.first()))
    final = client.final(c.message()[2]).decode()
    c.send(wire.sasl_next(("c=biws" + final[final.index(",p="):]).encode()))
    s.note("answer", c.rest())


@scenario("auth.sasl.mock-salt-is-stable", auth_type="scram-sha-256",
          databases=FORCED)
def mock(s):
    """The invented salt of an unknown user does not change."""
    salts = set()
    for _ in range(3):
        c = s.conn()
        c.send(wire.startup(user="nobody-here", database="app"))
        c.message()
        c.send(wire.sasl_first(scram.Client("x").first()))
        salts.add(scram.fields(c.message()[2].decode())["s"])
    s.note("salts", len(salts))


@scenario("auth.sasl.stored-salt-is-used", auth_type="scram-sha-256",
          databases=FORCED)
def stored(s):
    c = s.conn()
    c.send(wire.startup(user="scramuser", database="app"))
    c.message()
    c.send(wire.sasl_first(scram.Client("x").first()))
    got = scram.fields(c.message()[2].decode())
    s.note("salt", got["s"] == scram.b64(SALT))
    s.note("rounds", got["i"])


@scenario("auth.sasl.rounds-of-plain", auth_type="scram-sha-256",
          databases=FORCED, scram_iterations=None)
def rounds(s):
    c = s.conn()
    c.send(wire.startup(user="plainuser", database="app"))
    c.message()
    c.send(wire.sasl_first(scram.Client("x").first()))
    s.note("rounds", scram.fields(c.message()[2].decode())["i"])


# ---- auth_file

def read_up_to(line, *why):
    return {"log": [*why, "ERROR auth_file is read up to "
                    "DIR/userlist.txt:%d" % line]}


BROKEN = "ERROR broken auth file"


def auth_file(name, text, *users, weir=None):
    @scenario("auth.file." + name, auth_type="plain", databases=FORCED,
              auth_file='"app" ""\n' + text, weir=weir)
    def play(s):
        for i, (user, secret) in enumerate(users):
            s.note("%d %s" % (i, user), wire.error(
                s.p.try_login(user, "app", secret)) or "in")
        s.note("log", [li[li.index(" ERROR ") + 1:] for li in
                       s.p.lines(" ERROR ") if "C-0x" not in li
                       and "password auth" not in li])


auth_file("plain", '"good" "pw"\n', ("good", "pw"))
auth_file("comment", '; "good" "no"\n"good" "pw"\n', ("good", "pw"))
auth_file("trailing", '"good" "pw" "md5 of old" whatever\n', ("good", "pw"))
auth_file("blank-lines", '\n\n  \n"good" "pw"\n\n', ("good", "pw"))
auth_file("leading-blanks", '   "good"    "pw"\n', ("good", "pw"))
auth_file("no-newline", '"good" "pw"', ("good", "pw"))
auth_file("quotes", '"quote""d" "p""w"\n', ('quote"d', 'p"w'))
auth_file("twice", '"good" "first"\n"good" "second"\n', ("good", "first"),
          ("good", "second"))
auth_file("broken-quote", '"good" "pw"\n"bad "pw\n"later" "pw"\n',
          ("good", "pw"), ("later", "pw"), weir=read_up_to(3, BROKEN))
auth_file("unquoted", '"good" "pw"\nbad pw\n"later" "pw"\n', ("good", "pw"),
          ("later", "pw"), weir=read_up_to(3, BROKEN))
auth_file("hash-comment", '"good" "pw"\n# comment\n"later" "pw"\n',
          ("good", "pw"), ("later", "pw"), weir=read_up_to(3, BROKEN))
auth_file("no-secret", '"good"\n"later" "pw"\n', ("later", "pw"),
          weir=read_up_to(2, BROKEN))
auth_file("crlf", '"good" "pw"\r\n"later" "pw"\r\n', ("good", "pw"),
          ("later", "pw"))
auth_file("long-user", '"%s" "pw"\n"later" "pw"\n' % ("u" * 200),
          ("later", "pw"), weir=read_up_to(
              2, "ERROR username too long in auth file"))
auth_file("long-secret", '"good" "%s"\n"later" "pw"\n' % ("s" * 3000),
          ("later", "pw"), weir=read_up_to(
              2, "ERROR password too long in auth file"))
auth_file("secret-1000", '"good" "%s"\n' % ("s" * 1000),
          ("good", "s" * 1000))
auth_file("md5", '"good" "%s"\n' % scram.md5("good", "pw"), ("good", "pw"),
          ("good2", "pw"))
auth_file("md5-upper", '"good" "md5%s"\n' % scram.md5("good",
                                                       "pw")[3:].upper(),
          ("good", "pw"))


@scenario("auth.file.missing", auth_file="", start=False)
def missing_file(s):
    s.try_start("start", auth_type="md5", settings={
        "auth_file": "$DIR/nowhere.txt"}, databases=FORCED)
    s.note("login", s.p.try_login("md5user", "app", SECRET["md5user"]))


# ---- auth_hba_file

NONE = ("FATAL", "08P01", "no authentication method is found")


def hba(name, rules, *tries, weir=None, none="", files=None, config={}):
    """`tries`: (user, database, secret, where); `none` numbers those that
    no rule is for."""
    weir = {**(weir or {}), **{
        "%s %s" % (n, tries[int(n)][0]): NONE for n in none}}

    @scenario("auth.hba." + name, auth_type="hba", weir=weir,
              auth_hba_file="$DIR/hba", files={"hba": rules,
                                               **(files or {})}, **config)
    def play(s):
        for i, (user, db, secret, where) in enumerate(tries):
            where = s.p.unix if where == "local" else None
            got = s.p.try_login(user, db, secret, where=where)
            s.note("%d %s" % (i, user), wire.error(got) or "in")
        s.note("log", [li[li.index(" WARNING ") + 1:] for li in
                       s.p.lines("WARNING|ERROR") if "C-0x" not in li
                       and " WARNING " in li])


TCP = [("app", "app", None, "tcp"), ("md5user", "app", SECRET["md5user"],
                                     "tcp")]
hba("trust-all", "host all all 0.0.0.0/0 trust\n", *TCP)
hba("empty", "# nothing\n", *TCP, none="01")
hba("reject", "host all app 127.0.0.1/32 reject\n"
    "host all all 127.0.0.1/32 trust\n", *TCP)
hba("first-wins", "host all app 127.0.0.1/32 trust\n"
    "host all all 127.0.0.1/32 md5\n", *TCP)
hba("other-address", "host all all 10.0.0.0/8 trust\n", *TCP, none="01")
hba("mask", "host all all 127.0.0.0 255.0.0.0 trust\n", *TCP)
hba("all-address", "host all all all trust\n", *TCP,
    weir={"0 app": "in", "1 md5user": "in", "log": []})
hba("local", "local all all trust\n", ("app", "app", None, "local"),
    ("app", "app", None, "tcp"), none="1")
hba("databases", "host app,app2 all 127.0.0.1/32 trust\n",
    ("app", "app", None, "tcp"), ("app", "app2", None, "tcp"),
    ("app", "other", None, "tcp"), none="2")
hba("users", 'host all "app",other 127.0.0.1/32 trust\n',
    ("app", "app", None, "tcp"), ("other", "app", None, "tcp"),
    ("stranger", "app", None, "tcp"), none="2")
hba("user-file", "host all @names 127.0.0.1/32 trust\n",
    ("app", "app", None, "tcp"), ("stranger", "app", None, "tcp"),
    files={"names": "app\nother\n"}, none="1")
hba("sameuser", "host sameuser all 127.0.0.1/32 trust\n",
    ("app", "app", None, "tcp"), ("other", "app", None, "tcp"), none="1")
hba("replication-word", "host replication all 127.0.0.1/32 trust\n",
    ("app", "app", None, "tcp"), none="0", weir={"log": []})
hba("password", "host all all 127.0.0.1/32 password\n",
    ("plainuser", "app", SECRET["plainuser"], "tcp"),
    ("plainuser", "app", "wrong", "tcp"))
hba("md5-scram-secret", "host all all 127.0.0.1/32 md5\n",
    ("scramuser", "app", "wrong", "tcp"),
    ("nobody-here", "app", "x", "tcp"))
hba("scram", "host all all 127.0.0.1/32 scram-sha-256\n",
    ("plainuser", "app", SECRET["plainuser"], "tcp"),
    ("md5user", "app", SECRET["md5user"], "tcp"))
hba("hostssl", "hostssl all all 127.0.0.1/32 trust\n", *TCP, none="01")
hba("hostnossl", "hostnossl all all 127.0.0.1/32 trust\n", *TCP)
hba("bad-type", "hostwhat all all 127.0.0.1/32 trust\n"
    "host all all 127.0.0.1/32 trust\n", *TCP)
hba("bad-method", "host all all 127.0.0.1/32 krb5\n"
    "host all all 127.0.0.1/32 trust\n", *TCP)
hba("bad-address", "host all all 127.0.0.300/32 trust\n"
    "host all all 127.0.0.1/32 trust\n", *TCP)
hba("bad-mask", "host all all 127.0.0.1/99 trust\n"
    "host all all 127.0.0.1/32 trust\n", *TCP)
hba("no-mask", "host all all 127.0.0.1 trust\n"
    "host all all 127.0.0.1/32 trust\n", *TCP)
hba("no-method", "host all all 127.0.0.1/32\n"
    "host all all 127.0.0.1/32 trust\n", *TCP,
    weir={"log": lambda got: got[-1] ==
          "WARNING could not parse hba config line 1"})
hba("host-bits", "host all all 127.0.0.1/8 trust\n", *TCP, none="01")
hba("samerole", "host samerole all 127.0.0.1/32 trust\n"
    "host all all 127.0.0.1/32 trust\n", *TCP)
hba("group", "host all +admins 127.0.0.1/32 trust\n"
    "host all all 127.0.0.1/32 trust\n", *TCP, weir={
        "log": ["WARNING hba line 1: groups are not supported",
                "WARNING could not parse hba config line 1"]})
hba("options", "host all all 127.0.0.1/32 trust nonsense\n"
    "host all all 127.0.0.1/32 md5\n", *TCP)
hba("ident", "host all all 127.0.0.1/32 ident\n"
    "host all all 127.0.0.1/32 trust\n", *TCP)
hba("quoted-all", 'host "all" all 127.0.0.1/32 trust\n', *TCP, none="01")
hba("v6", "host all all ::1/128 trust\n", *TCP, none="01")


@scenario("auth.hba.missing", start=False,
          weir={"login": fatal("no authentication method is found")})
def hba_missing(s):
    s.try_start("start", auth_type="hba", auth_hba_file="$DIR/no-hba")
    s.note("login", s.try_login())


@scenario("auth.hba.peer", auth_type="hba", auth_hba_file="$DIR/hba",
          files={"hba": "local all all peer\n"})
def peer(s):
    s.note("other", s.p.peer().login("app", "app"))
    s.p.write("userlist.txt", '"%s" ""\n' % account().pw_name)
    s.p.signal(1)
    s.p.wait_log("got SIGHUP")
    s.p.wait_log("got SIGHUP")
    s.note("own", s.p.peer().login(account().pw_name, "app")[0])


@scenario("auth.hba.peer-map", auth_type="hba", auth_hba_file="$DIR/hba",
          auth_ident_file="$DIR/ident", start=False,
          weir={"start": "up", "mapped": ["R", "ok"],
                "other": fatal("unix socket login rejected")})
def peer_map(s):
    if s.try_start("start", auth_type="hba", auth_hba_file="$DIR/hba",
                   auth_ident_file="$DIR/ident", files={
                       "hba": "local all all peer map=us\n",
                       "ident": "us %s app\n" % account().pw_name}):
        s.note("mapped", s.p.peer().login("app", "app")[0])
        s.note("other", s.p.peer().login("other", "app"))


# ---- auth_query

QUERY = dict(auth_user="authuser", auth_file=[
    ("authuser", ""), ("listed", "pw"), ("admin", "adminpw")])


def by_query(name, *tries, weir=None, databases=None, **config):
    @scenario("auth.query." + name, weir=weir, databases=databases or FORCED,
              **{"auth_type": "md5", **QUERY, **config})
    def play(s):
        for i, (user, secret) in enumerate(tries):
            s.note("%d %s" % (i, user),
                   wire.error(s.p.try_login(user, "app", secret)) or "in")
        lines = s.p.lines("auth_query")
        if not lines:
            time.sleep(0.2)     # a busy machine writes late
            lines = s.p.lines("auth_query")
        # Without the end of a port in front of it.
        s.note("log", sorted({re.sub(r"^\d+ ", "", li[
            li.index("auth_query") - 20:]) for li in lines}))


PAIRS = [("md5user", SECRET["md5user"]), ("md5user", "wrong"),
         ("scramuser", SECRET["scramuser"]), ("scramuser", "wrong")]
by_query("default", *PAIRS)
by_query("own", *PAIRS, auth_query="select * from lookup($1)")
by_query("unknown", ("nobody-here", "x"))
by_query("nopassword", ("nopassword", ""), ("nopassword", "x"))
by_query("expired", ("expired", "expiredpw"), weir={
    "0 expired": lambda got: got != "in"})
by_query("listed-first", ("listed", "pw"), ("listed", "wrong"),
         auth_query="select 'never', 'asked'")
by_query("one-column", ("md5user", SECRET["md5user"]),
         auth_query="select 1 where $1 = $1")
by_query("three-columns", ("md5user", SECRET["md5user"]),
         auth_query="select $1::text, 'x', 'y'")
by_query("error", ("md5user", SECRET["md5user"]), weir={
    "log": lambda got: got[-1] == "error response from auth_query (age=N)"
    and 'S: error in auth_query: ERROR: relation "nowhere"' in got[0]},
         auth_query="select nonsense from nowhere where x = $1")
by_query("null-name", ("md5user", SECRET["md5user"]),
         auth_query="select null::text, 'x' where $1 = $1")
by_query("trust", ("md5user", None), ("nobody-here", None),
         auth_type="trust")
by_query("database-user", ("md5user", SECRET["md5user"]), auth_user=None,
         databases={"app": "host=127.0.0.1 port=$PG user=app "
                           "auth_user=authuser"})
by_query("two-logins", ("md5user", SECRET["md5user"]),
         ("md5user", SECRET["md5user"]))


@scenario("auth.query.pools", databases=FORCED, auth_type="md5", **QUERY)
def pools(s):
    """The query runs in a pool of its own."""
    s.login("md5user")
    s.note("pools", sorted([r["database"], r["user"]]
                           for r in s.p.show("POOLS")))


@scenario("auth.query.identity", databases={
    "app": "host=127.0.0.1 port=$PG dbname=app"}, auth_type="md5", **QUERY)
def identity(s):
    """Who asks is not who comes in."""
    s.note("user", s.login("md5user").one("select current_user"))


# ---- logging in to servers

def server(name, user, database, secret, weir=None, **config):
    @scenario("auth.server." + name, weir=weir, **config)
    def play(s):
        c = s.conn()
        s.note("answer", c.login(user, "app", secret))
        s.note("log", [li[li.index(" ERROR ") + 1:].split(" ", 3)[-1]
                       for li in s.p.lines(" ERROR S-0x")])


server("md5", "md5user", "app", SECRET["md5user"], auth_type="md5")
server("plain-for-scram", "plainuser", "app", SECRET["plainuser"],
       auth_type="md5")
server("scram-pass-through", "scramuser", "app", SECRET["scramuser"],
       auth_type="scram-sha-256")
server("scram-by-trust", "scramuser", "app", None, auth_type="trust")
REFUSED = {"answer": fatal(
    'password authentication failed for user "md5user"', "28P01")}
server("wrong-secret", "md5user", "app", None, REFUSED, auth_type="trust",
       auth_file=[("md5user", "wrong"), ("admin", "adminpw")])
server("no-secret", "md5user", "app", None, REFUSED, auth_type="trust",
       auth_file=[("md5user", ""), ("admin", "adminpw")])
server("forced-with-password", "app", "app", None, databases={
    "app": "host=127.0.0.1 port=$PG user=md5user password=md5pw"})
server("forced-wrong-password", "app", "app", None, REFUSED, databases={
    "app": "host=127.0.0.1 port=$PG user=md5user password=wrong"})
server("forced-scram-secret", "app", "app", None, databases={
    "app": "host=127.0.0.1 port=$PG user=scramuser"})
server("md5-secret-for-scram", "scramuser", "app", None, auth_type="trust",
       auth_file=[("scramuser", scram.md5("scramuser", "scrampw")),
                  ("admin", "adminpw")])


# ---- the console's door

def console(name, user, secret, weir=None, **config):
    @scenario("auth.console." + name, weir=weir,
              **{"auth_type": "md5", **config})
    def play(s):
        s.note("answer", s.p.try_login(user, "pgbouncer", secret))


console("admin", "admin", "adminpw")
console("admin-wrong", "admin", "wrong")
console("stats", "stats", "statspw")
console("neither", "md5user", SECRET["md5user"],
        weir={"answer": lambda got: got[-2:] == [
            ["E", {"S": "FATAL", "C": "08P01", "M": "not allowed"}],
            ["EOF"]]})
console("unknown", "nobody-here", "x")
console("pgbouncer-over-tcp", "pgbouncer", "", {"answer": [
    ("R", "md5", "proof"), *fatal("password authentication failed")]})
console("no-lists", "admin", "adminpw", {"answer": [
    ("R", "md5", "proof"), *fatal("not allowed")]},
    admin_users="", stats_users="")
console("list-with-spaces", "admin", "adminpw", admin_users="one two , admin")


@scenario("auth.console.by-socket", auth_type="md5", admin_users="")
def by_socket(s):
    c = s.p.peer()
    s.note("answer", c.login("pgbouncer", "pgbouncer"))
    s.note("command", c.query("PAUSE"))
    s.log("log", "pgbouncer access from unix socket")


@scenario("auth.console.by-socket-of-others", auth_type="md5",
          admin_users="", weir={"answer": [
              ("R", "md5", "proof"),
              *fatal("password authentication failed")]})
def by_foreign_socket(s):
    """Another account gets nothing for being near."""
    if os.geteuid() != 0:
        s.note("answer", "same account")
        return
    s.note("answer", s.conn(s.p.unix).login("pgbouncer", "pgbouncer"))


test = plays_of(__name__, "auth")
