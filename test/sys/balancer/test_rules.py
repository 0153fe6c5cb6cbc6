# SPDX-License-Identifier: ISC
# Rules, fetches, converters, variables: each case is played on Debian's
# HAProxy and on ours; what the log says of it and what the client got must
# be the same.
import atexit
import base64
import contextlib
import hmac
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import threading
import time

import pytest

from rig.balancing import (Balancer, ORIGINAL, connect, echo, free_port, head,
                           ours, read_all, say, serve)

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")


def sends(*pieces, pause=0.1):
    """A client that sends these, and reads to the end."""
    def play(port):
        s = connect(port)
        for one in pieces:
            s.sendall(one)
            time.sleep(pause)
        try:
            s.shutdown(1)
        except OSError:
            pass
        got = read_all(s)
        s.close()
        return got
    return play


def listens(port):
    return read_all(connect(port))


def late(*pieces):
    """A server that says these, one after the other."""
    def play(c, n):
        for one in pieces:
            c.sendall(one)
            time.sleep(0.15)
        c.recv(1000)
        c.close()
    return play


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(header, key, digest="sha256"):
    text = b64(header) + b"." + b64(b'{"sub":"joe","n":5,"x":{"y":[1,"two"]}}')
    return text + b"." + b64(hmac.new(key, text, digest).digest())


def of(data, *conversions):
    """Each conversion of these bytes."""
    return ["bin(%s),%s" % (data.hex(), c) for c in conversions]


def fix(body, spoil=0):
    text = b"8=FIX.4.2|9=%d|%s" % (len(body), body)
    text = text.replace(b"|", b"\1")
    return text + b"10=%03d\1" % ((sum(text) + spoil) % 256)


JSON = b'{"a":[1,{"b":"two"}],"n":-1.5,"big":12345678901234,"t":true,' \
    b'"z":null,"s p":"x\\ty","o":{"o":{"o":"deep"}}} junk'
KEYS = tempfile.mkdtemp(prefix="weir-keys-")
os.chmod(KEYS, 0o755)
atexit.register(shutil.rmtree, KEYS)


def openssl(*args, text=None):
    return subprocess.run(("openssl",) + args, check=True, input=text,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def signed(name, way, *make):
    """A token under a new key, whose public half is in a file."""
    private, public = ("%s/%s%s" % (KEYS, name, end) for end in ("", ".pub"))
    openssl("genpkey", "-quiet", "-out", private, *make)
    openssl("pkey", "-in", private, "-pubout", "-out", public)
    text = b64(b'{"alg":"%s"}' % way) + b".e30"
    sig = openssl("dgst", "-sha256", "-sign", private, text=text)
    if way == b"ES256":         # two numbers, each of 32 bytes
        first = sig[4:4 + sig[3]]
        second = sig[6 + sig[3]:]
        sig = first[-32:].rjust(32, b"\0") + second[-32:].rjust(32, b"\0")
    return text + b"." + b64(sig)


RS = signed("rsa", b"RS256", "-algorithm", "RSA")
ES = signed("curve", b"ES256", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256")
HS = token(b'{"alg":"HS256"}', b"key")
LOGON = fix(b"35=A|49=SND|56=TGT|34=1|")
# AES-128-GCM of b"secret".
NONCE, KEY = "QkJCQkJCQkJCQkJC", "QUFBQUFBQUFBQUFBQUFBQQ=="
SEALED = bytes.fromhex("aac6eb6c36d9")
TAG = "Xgpa4J1uZ8fW36wnNi7Hkg=="


def values(*exprs):
    # %ts: the line is written when all is over.
    return "log-format %%ts|" + "|".join("%%%%[%s]" % e for e in exprs)


def client_hello():
    to, context = ssl.MemoryBIO(), ssl.create_default_context()
    context.set_alpn_protocols(["postgresql", "h2"])
    client = context.wrap_bio(ssl.MemoryBIO(), to, server_hostname="db.test")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return to.read()


CLIENT_HELLO = client_hello()


def quoted(*exprs):
    """For what has quotes of its own, or a dollar."""
    return values(*exprs).replace("log-format ", "log-format '") + "'"


HELLO = "server s 127.0.0.1:%(hello)d"
ECHO = "server s 127.0.0.1:%(echo)d"
LATE = "server s 127.0.0.1:%(late)d"
A = "a-longer text, with PARTS"

CASES = {
    # ---- variables
    "set-var": ([
        "tcp-request connection set-var(sess.one) src",
        "tcp-request content set-var(txn.two) str(two)",
        "tcp-request content set-var(txn.three) int(3)",
        "tcp-request content set-var(txn.four) var(txn.three),add(1)",
        "tcp-request content unset-var(txn.three)",
        values("var(sess.one)", "var(txn.two)", "var(txn.three)",
               "var(txn.four)", "var(txn.none)", "var(txn.none,dflt)"),
        ECHO], sends(b"x")),
    "set-var proc": ([
        "tcp-request connection set-var(proc.p) str(all)",
        values("var(proc.p)"), ECHO], sends(b"x")),
    "set-var global": ([
        "tcp-request connection reject unless { var(proc.g1) -m int 4 }",
        "tcp-request content set-var(proc.g5) ipv4(5.6.7.8)",
        values("var(proc.g1)", "var(proc.g2)", "var(proc.g3)",
               "var(proc.g4)", "var(proc.g5)", "var(proc.date),bool",
               "var(proc.g6)"), ECHO], sends(b"x")),
    "set-var-fmt": ([
        "tcp-request content set-var-fmt(txn.f) %%[src]:%%[dst_port,mul(0)]"
        "-x", values("var(txn.f)", "var(txn.f),length"), ECHO], sends(b"x")),
    "variables in conditions": ([
        "tcp-request content set-var(txn.n) int(5)",
        "tcp-request content reject if { var(txn.n) -m int gt 5 }",
        "tcp-request content set-var(txn.s) str(five) if "
        "{ var(txn.n) -m int 5 }",
        "tcp-request content reject unless { var(txn.s) -m str five }",
        values("var(txn.s)"), ECHO], sends(b"x")),
    "set-var converter": ([
        "tcp-request content reject if { str(abc),set-var(txn.a),upper "
        "-m str abc }",
        values("var(txn.a)", "str(x),concat(-,txn.a,+)",
               "str(abc),strcmp(txn.a)", "str(abd),strcmp(txn.a)",
               "int(7),set-var(txn.b),add(txn.b)", "int(7),mul(txn.b)",
               "int(7),unset-var(txn.b),add(txn.b)"), ECHO], sends(b"x")),
    # ---- rules
    "content waits for length": ([
        "tcp-request inspect-delay 3s",
        "tcp-request content accept if { req.len ge 4 }",
        "tcp-request content reject", values("str(x)"), ECHO],
        sends(b"ab", b"cd")),
    "content too short": ([
        "tcp-request inspect-delay 300ms",
        "tcp-request content accept if { req.len ge 4 }",
        "tcp-request content reject", values("str(x)"), ECHO],
        sends(b"ab")),
    "content by payload": ([
        "tcp-request inspect-delay 3s",
        "tcp-request content reject if { req.payload(0,3) -m str bad }",
        "tcp-request content set-var(txn.p) req.payload(0,3)",
        values("var(txn.p)", "var(txn.p),hex"), ECHO], sends(b"go", b"od")),
    "TLS hello": ([
        "tcp-request inspect-delay 3s",
        "tcp-request content set-var(txn.type) req.ssl_hello_type",
        "tcp-request content set-var(txn.sni) req.ssl_sni",
        "tcp-request content set-var(txn.ec) req.ssl_ec_ext",
        "tcp-request content set-var(txn.st) req.ssl_st_ext",
        "tcp-request content set-var(txn.alpn) req.ssl_alpn",
        "tcp-request content accept if { req.ssl_hello_type 1 }",
        values("var(txn.type)", "var(txn.sni)", "var(txn.ec)",
               "var(txn.st)", "var(txn.alpn)"), LATE],
        sends(CLIENT_HELLO[:50], CLIENT_HELLO[50:])),
    "RDP_COOKIE": ([
        "tcp-request inspect-delay 2s",
        "tcp-request content set-var(txn.c) req.rdp_cookie(mstshash)",
        "tcp-request content set-var(txn.d) rdp_cookie",
        "tcp-request content reject unless RDP_COOKIE",
        values("var(txn.c)", "var(txn.d)"), ECHO],
        sends(b"\x03\0\0\x26\x21\xe0\0\0\0\0\0Cookie: msts",
              b"hash=user1\r\n\x01\0\x08\0")),
    "WAIT_END": ([
        "tcp-request inspect-delay 300ms",
        "tcp-request content accept if WAIT_END", values("src"), ECHO],
        sends(b"x")),
    "session rules": ([
        "tcp-request session set-var(sess.x) str(seen)",
        "tcp-request session accept",
        "tcp-request session reject", values("var(sess.x)"), ECHO],
        sends(b"x")),
    "set-src set-dst": ([
        "tcp-request connection set-src ipv4(10.1.2.3)",
        "tcp-request connection set-src-port int(77)",
        values("src", "src_port"), ECHO], sends(b"x")),
    "set-log-level silent": ([
        "tcp-request content set-log-level silent if { req.len lt 0 }",
        values("str(told)"), ECHO], sends(b"x")),
    "capture": ([
        "tcp-request content capture str(abcdef) len 3",
        "tcp-request content capture src len 20",
        "log-format %%ts|%%hr|%%[capture.req.hdr(0)]|"
        "%%[capture.req.hdr(1)]", ECHO], sends(b"x")),
    # ---- answers
    "response accept": ([
        "tcp-response inspect-delay 2s",
        "tcp-response content accept if { res.len ge 6 }",
        "tcp-response content reject", values("str(x)"), LATE], sends(b"x")),
    "response reject": ([
        "tcp-response content reject if { src 127.0.0.1 }", values("str(x)"),
        LATE], sends(b"x")),
    "response by payload": ([
        "tcp-response inspect-delay 2s",
        "tcp-response content reject if { res.payload(0,3) -m str one }",
        values("str(x)"), LATE], sends(b"x")),
    "response set-var": ([
        "tcp-response inspect-delay 2s",
        "tcp-response content set-var(txn.r) res.payload(0,5)",
        values("var(txn.r)"), LATE], sends(b"x")),
    "response close": ([
        "tcp-response inspect-delay 2s",
        "tcp-response content close if { res.payload(0,3) -m str one }",
        values("str(x)"), LATE], sends(b"x")),
    "response in vain": ([
        "tcp-response inspect-delay 100ms",
        "tcp-response content accept if { res.len ge 600 }", values("src"),
        LATE], sends(b"x")),
    # ---- converters
    "texts": ([
        "tcp-request content set-var(txn.t) 'str(\"" + A + "\")'",
        values(*("var(txn.t)," + c for c in (
            "upper", "lower", "length", "bytes(2,6)", "bytes(30)",
            "field(2,' ')", "field(-1,' ')", "word(2,' ')", "hex",
            "base64", "sha1,hex", "sha2(256),hex", "crc32", "crc32c",
            "sdbm", "djb2", "xxh32", "xxh64",
            "xxh32(5)", "ltrim(a)", "rtrim(S)", "json", "url_enc",
            "digest(md5),hex", "cut_crlf", "regsub(t,T,g)",
            "regsub(t,T)", "regsub([A-Z]+,<\\0>,g)",
            "regsub(parts,x,i)"))), ECHO],
        sends(b"x")),
    "numbers": ([
        values("int(7),add(3)", "int(7),sub(9)", "int(7),mul(-2)",
               "int(7),div(2)", "int(7),mod(4)", "int(6),and(3)",
               "int(6),or(3)", "int(6),xor(3)", "int(6),cpl", "int(6),neg",
               "int(6),not", "int(6),bool", "int(6),even", "int(6),odd",
               "int(258)", "int(0),not",
               "bool(true),iif(yes,no)", "bool(false),iif(yes,no)",
               "str(ff),hex2i", "str(10),hex2i", "int(1),htonl,hex",
               "int(0),utime(%%Y-%%m-%%d)"), ECHO], sends(b"x")),
    "encodings": ([
        values("str(aGVsbG8=),b64dec", "str(a%%20b%%2Bc),url_dec",
               "str(a+b),url_dec(1)", "bin(0102ff),hex", "bin(fbff),base64",
               "bin(fbff),ub64enc", "str(-_8),ub64dec,hex",
               "str(a=1&b=2),url_dec"), ECHO], sends(b"x")),
    "json_query": ([quoted(*of(
        JSON, 'json_query("$.a[0]")', 'json_query("$.a[1].b")',
        'json_query("$.a[2]")', 'json_query("$.n")', 'json_query("$.n","int")',
        'json_query("$.big")', 'json_query("$.big","int"),add(1)',
        'json_query("$.t")', 'json_query("$.z")', 'json_query("$.a")',
        'json_query("$.s p")', 'json_query("$.o.o.o")',
        'json_query("$.o.none")', 'json_query("$")'),
        *of(b"none", 'json_query("$.a")'), *of(b'"top"', 'json_query("$")')),
        ECHO], sends(b"x")),
    "tokens": ([
        "tcp-request content set-var(txn.alg) str(HS256)",
        "tcp-request content set-var(txn.key) str(key)",
        quoted(*of(
            HS, 'jwt_header_query("$.alg")', 'jwt_payload_query("$.sub")',
            'jwt_payload_query("$.n","int")',
            'jwt_payload_query("$.x.y[1]")', 'jwt_verify("HS256","key")',
            'jwt_verify("HS256","bad")', 'jwt_verify("HS384","key")',
            'jwt_verify("none","")', 'jwt_verify("RS256","/nonexistent")',
            'jwt_verify("RS256","%(key)s")',
            'jwt_verify(txn.alg,txn.key)'),
            *of(token(b'{"alg":"HS512"}', b"key", "sha512"),
                'jwt_verify("HS512","key")'),
            *of(RS, 'jwt_verify("RS256","%(key)s")',
                'jwt_verify("RS512","%(key)s")'),
            *of(ES, 'jwt_verify("ES256","%(curve)s")',
                'jwt_verify("ES256","%(key)s")'),
            *of(b"a.b.c.d", 'jwt_verify("HS256","key")'),
            *of(b"a.b", 'jwt_verify("HS256","key")',
                'jwt_payload_query("$.a")'),
            *of(b64(b'{"alg":"none"}') + b".e30.",
                'jwt_verify("none","x")')), ECHO], sends(b"x")),
    "aes_gcm_dec": ([
        "tcp-request content set-var(txn.nonce) str(%s)" % NONCE,
        values(*of(SEALED, *("aes_gcm_dec(128,%s,%s,%s)" % how for how in (
            ("txn.nonce", KEY, TAG), (NONCE, NONCE, TAG),
            (NONCE, KEY, KEY))))), ECHO], sends(b"x")),
    "fix": ([values(*of(
        LOGON, "fix_is_valid", *("fix_tag_value(%s)" % t for t in (
            8, 9, 10, 34, 35, 49, 999, "MsgType", "SenderCompID",
            "TargetCompID", "CheckSum", "BodyLength", "BeginString"))),
        *of(LOGON[:-1], "fix_is_valid"), *of(LOGON + b"x", "fix_is_valid"),
        *of(fix(b"35=A|", 1), "fix_is_valid", "fix_tag_value(35)"),
        *of(fix(b"49=A|"), "fix_is_valid"), *of(b"no", "fix_is_valid")),
        ECHO], sends(b"x")),
    "language": ([quoted(*(
        'str("%s"),language(en;fr;de%s)' % (asked, end) for asked in (
            "en,fr;q=0.8", "fr;q=0.8,de;q=0.9", "en-us,fr", "*", "de;q=0",
            "EN", "en ; q=0.5, fr", "xx", "fr;q=1.0,en;q=1.0")
        for end in ("", ",zz"))), ECHO], sends(b"x")),
    "addresses": ([
        values("src,ipmask(8)", "ipv4(10.1.2.3),ipmask(255.255.0.0)",
               "ipv6(2001:db8::1),ipmask(24,32)", "src_is_local",
               "dst_is_local", "str(10.9.8.7)"), ECHO],
        sends(b"x")),
    # ---- patterns
    "regular expressions": ([
        "acl one src -m reg ^127\\.",
        "acl two str(Hello) -m reg -i ^HE(l+)o$",
        "acl three str(Hello) -m reg ^HE",
        "tcp-request content set-var(txn.r) str(1) if one two !three",
        "tcp-request content set-var(txn.s) str(2) if three",
        values("var(txn.r)", "var(txn.s)"), ECHO], sends(b"x")),
    "expressions of payload": ([
        "tcp-request inspect-delay 2s",
        "tcp-request content reject if { req.payload(0,0) -m reg "
        "^x.*[0-9]{3} }", values("str(x)"), ECHO], sends(b"xyz", b"1234")),
}
NAMES = {case: "t%d" % i for i, case in enumerate(CASES)}


# Before the first connection; proc.date is only asked whether it is there.
GLOBAL = '''global
 set-var proc.g1 int(4)
 set-var proc.g2 str("a b"),upper
 set-var proc.g3 var(proc.g1),add(3)
 set-var-fmt proc.g4 "<%[var(proc.g3)]-%s-%b-%f-%ci-%H>"
 set-var proc.g5 ipv4(1.2.3.4)
 set-var proc.date date
'''


def play(path, engine="", threads=1):
    ports = {"hello": serve(say(b"hello")), "echo": serve(echo),
             "late": serve(late(b"one", b"two", b"three")),
             "dead": free_port(), "key": KEYS + "/rsa.pub",
             "curve": KEYS + "/curve.pub"}
    binds = {case: free_port() for case in CASES}
    text, got = GLOBAL + head(threads), {}
    for case, (lines, _) in CASES.items():
        names = dict(ports, name=NAMES[case])
        text += "listen %s\n bind 127.0.0.1:%d\n " % (
            names["name"], binds[case])
        text += "\n ".join((line % names).replace(
            "log-format ", "log-format " + names["name"] + ":")
            for line in lines) + "\n"
    ready = free_port()
    text += "listen ready\n no log\n bind 127.0.0.1:%d\n" % ready

    def run(case):
        try:
            got[case] = CASES[case][1](binds[case])
        except OSError as e:
            got[case] = e.errno
    with Balancer(path, text, env={"WEIR_ENGINE": engine}) as b:
        b.wait_for(ready)
        clients = [threading.Thread(target=run, args=(case,), daemon=True)
                   for case in CASES]
        for c in clients:
            c.start()
        for c in clients:
            c.join(9)
        time.sleep(0.4)  # the last lines are written
        assert b.process.poll() is None
        lines = b.lines().splitlines()
    return {case: (got.get(case), [
        one.split(NAMES[case] + ":", 1)[1] for one in lines
        if one.startswith(NAMES[case] + ":")]) for case in CASES}


@pytest.fixture(scope="module")
def played():
    return (play(ORIGINAL), play(ours(), "event"), play(ours(), "", 4))


@pytest.mark.parametrize("which", ["event engine", "4 threads"])
@pytest.mark.parametrize("case", CASES)
def test_rule(case, which, played):
    mine = played[1 if which == "event engine" else 2][case]
    assert mine == played[0][case]
