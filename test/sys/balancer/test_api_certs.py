# SPDX-License-Identifier: ISC
# Authorities, revocation lists, crt-lists, OCSP answers and keys of tickets
# over the runtime socket: HAProxy's answers, and what clients meet.
import base64
import os
import re
import ssl
import subprocess
import time

import pytest

from rig.balancing import (ORIGINAL, connect as dial, ours, say, serve)
from rig.console import Console


class Files:
    """Two authorities; certificates a, b, c; b is revoked in crl1."""

    def __init__(self, where):
        self.where = where
        for name in ("ca", "ca2"):
            self.run("req", "-x509", *self.new(name), "-days", "30", "-subj",
                     "/O=Weir/CN=" + name, "-out", name + ".pem")
        with open(self.path("ext"), "w") as f:
            f.write("subjectAltName=DNS:{0}.test\n")
        for name, by in (("a", "ca"), ("b", "ca"), ("c", "ca2")):
            self.cert(name, by)
        for name, text in (("index", ""), ("number", "01\n"), (
                "conf", "[ca]\ndefault_ca=d\n[d]\ndatabase=index\n"
                "crlnumber=number\ndefault_md=sha256\ndefault_crl_days=9\n")):
            self.write(name, text)
        self.ca("-gencrl", "-out", "crl0.pem")
        self.ca("-revoke", "b.crt")
        self.ca("-gencrl", "-out", "crl1.pem")
        self.run("x509", "-in", "a.crt", "-noout", "-serial", "-out", "sn")
        self.write("seen", "V\t400101000000Z\t\t%s\tunknown\t/CN=a.test\n" %
                   self.read("sn").strip().split("=")[1])
        self.answer("a.pem.ocsp", "3")
        self.answer("later.ocsp", "5")
        os.link(self.path("ca.pem"), self.path("a.pem.issuer"))
        with open(self.path("a.pem.sctl"), "wb") as f:
            f.write(b"\0\6\0\4abcd")
        self.write("list", "%s [alpn h2,x verify none] a.test\n%s b.test\n"
                   % (self.path("a.pem"), self.path("b.pem")))
        self.keys = [base64.b64encode(os.urandom(48)).decode()
                     for _ in range(5)]
        self.write("keys", "\n".join(self.keys[:3]) + "\n")

    def path(self, name):
        return os.path.join(self.where, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def base64(self, name):
        with open(self.path(name), "rb") as f:
            return base64.b64encode(f.read()).decode()

    def run(self, *words):
        subprocess.run(["openssl", *words], check=True, capture_output=True,
                       cwd=self.where)

    def new(self, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-keyout", name + ".key")

    def ca(self, *words):
        self.run("ca", "-config", "conf", "-keyfile", "ca.key", "-cert",
                 "ca.pem", *words)

    def cert(self, name, by):
        self.run("req", *self.new(name), "-subj", "/CN=%s.test" % name,
                 "-out", "csr")
        self.write("ext", "subjectAltName=DNS:%s.test\n" % name)
        self.run("x509", "-req", "-in", "csr", "-CA", by + ".pem", "-CAkey",
                 by + ".key", "-CAcreateserial", "-days", "30", "-out",
                 name + ".crt", "-extfile", "ext")
        self.write(name + ".pem", self.read(name + ".crt") +
                   self.read(name + ".key"))

    def answer(self, to, days):
        self.run("ocsp", "-index", "seen", "-rsigner", "ca.pem", "-rkey",
                 "ca.key", "-CA", "ca.pem", "-issuer", "ca.pem", "-cert",
                 "a.crt", "-respout", to, "-ndays", days)

    def text(self):
        return TEXT % {"at": self.where, "up": serve(say(b"hello"))}


TEXT = """
listen lists
 bind 127.0.0.1:{P1} ssl crt-list %(at)s/list tls-ticket-keys %(at)s/keys
 server s 127.0.0.1:%(up)d
listen clients
 bind 127.0.0.1:{P2} ssl crt %(at)s/a.pem ca-file %(at)s/ca.pem """ \
    """crl-file %(at)s/crl0.pem verify required
 server s 127.0.0.1:%(up)d
listen one
 bind 127.0.0.1:{P3} ssl crt %(at)s/a.pem
 server s 127.0.0.1:%(up)d
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return Files(str(tmp_path_factory.mktemp("certs")))


# ---- answers: F is the folder, <<NAME a file's text, <=NAME its base64

AUTHORITIES = """
show ssl ca-file F/ca.pem
show ssl ca-file F/ca.pem:1
show ssl ca-file F/ca.pem:2
show ssl ca-file foo
new ssl ca-file
new ssl ca-file F/ca.pem
new ssl ca-file x
new ssl ca-file x
show ssl ca-file x
set ssl ca-file
set ssl ca-file x
set ssl ca-file foo <<ca.pem
set ssl ca-file x <<list
set ssl ca-file x <<ca.pem ca2.pem
show ssl ca-file *x
show ssl ca-file x
set ssl ca-file F/ca.pem <<ca2.pem
set ssl ca-file x <<ca2.pem
commit ssl ca-file
commit ssl ca-file F/ca.pem
abort ssl ca-file
abort ssl ca-file foo
abort ssl ca-file x
abort ssl ca-file x
commit ssl ca-file x
set ssl ca-file x <<ca.pem ca2.pem
commit ssl ca-file x
show ssl ca-file x
show ssl ca-file x:2
set ssl ca-file F/ca.pem <<ca2.pem
commit ssl ca-file F/ca.pem
show ssl ca-file F/ca.pem
del ssl ca-file
del ssl ca-file F/ca.pem
del ssl ca-file foo
del ssl ca-file x
del ssl ca-file x
"""

REVOKED = """
show ssl crl-file
show ssl crl-file F/crl0.pem
show ssl crl-file F/crl0.pem:1
show ssl crl-file F/crl0.pem:9
show ssl crl-file foo
new ssl crl-file
new ssl crl-file F/crl0.pem
new ssl crl-file x
show ssl crl-file
show ssl crl-file x
set ssl crl-file
set ssl crl-file foo <<crl0.pem
set ssl crl-file x <<list
set ssl crl-file x <<crl1.pem
show ssl crl-file *x
show ssl crl-file
abort ssl crl-file
abort ssl crl-file foo
abort ssl crl-file x
abort ssl crl-file x
commit ssl crl-file x
set ssl crl-file F/crl0.pem <<crl1.pem
commit ssl crl-file
commit ssl crl-file foo
commit ssl crl-file F/crl0.pem
show ssl crl-file F/crl0.pem
del ssl crl-file
del ssl crl-file F/crl0.pem
del ssl crl-file foo
del ssl crl-file x
"""

CERTIFICATES = """
show ssl cert
show ssl cert F/a.pem
new ssl cert
new ssl cert F/a.pem
new ssl cert n
new ssl cert n
show ssl cert n
del ssl cert
del ssl cert foo
del ssl cert F/a.pem
add ssl crt-list
add ssl crt-list F/list
add ssl crt-list F/list n
add ssl crt-list foo n
add ssl crt-list F/list foo
set ssl cert n <<b.crt
show ssl cert *n
commit ssl cert n
set ssl cert n <<b.key
show ssl cert
del ssl cert n
abort ssl cert n
set ssl cert n <<b.pem
commit ssl cert n
show ssl cert n
show ssl crt-list
show ssl crt-list F/list
show ssl crt-list -n F/list
show ssl crt-list -n
show ssl crt-list foo
add ssl crt-list F/list n
show ssl cert n
show ssl crt-list -n F/list
del ssl cert n
add ssl crt-list F/list n
add ssl crt-list F/list <<+n [verify required ca-file F/ca.pem] n.test *.n
add ssl crt-list F/list <<+n [ca-file nope] n.test
add ssl crt-list F/list <<+n x.test/n y.test
show ssl crt-list -n F/list
del ssl crt-list
del ssl crt-list F/list
del ssl crt-list F/list foo
del ssl crt-list foo n
del ssl crt-list F/list n
del ssl crt-list F/list n:99
del ssl crt-list F/list n:x
del ssl crt-list F/list n:3
del ssl crt-list F/list n:4
show ssl crt-list -n F/list
del ssl crt-list F/list n
del ssl crt-list F/list n
del ssl crt-list F/list F/a.pem
show ssl crt-list -n F/list
del ssl cert n
show ssl cert
set ssl cert F/b.pem.issuer <<ca.pem
show ssl cert
abort ssl cert F/b.pem
set ssl cert F/a.pem.ocsp <=later.ocsp
abort ssl cert F/a.pem
set ssl cert F/a.pem.key <<b.key
commit ssl cert F/a.pem
abort ssl cert F/a.pem
set ssl cert F/a.pem.key <<list
set ssl cert F/a.pem.issuer <<list
set ssl cert F/a.pem.sctl <<list
set ssl cert F/a.pem.foo <<a.pem
show ssl ocsp-response
show ssl ocsp-response foo
set ssl ocsp-response
set ssl ocsp-response abc
set ssl ocsp-response <=later.ocsp
set ssl ocsp-response <=list
show tls-keys
show tls-keys *
show tls-keys #0
show tls-keys 0
show tls-keys F/keys
set ssl tls-key
set ssl tls-key foo
set ssl tls-key foo abc
set ssl tls-key #0 abc
set ssl tls-key #9 KEY
set ssl tls-key F/keys KEY
show tls-keys *
show ssl providers
"""


def command(line, files):
    line = line.replace("F/", files.where + "/").replace(
        "KEY", files.keys[3])
    head, mark, rest = line.partition("<")
    if not mark:
        return line + "\n"
    if rest[0] == "=":
        text = files.base64(rest[1:])
    elif rest[1] == "+":
        text = rest[2:].replace("/n y", "\nn y")
    else:
        text = "".join(files.read(name) for name in rest[1:].split())
    return head + "<<\n" + text.rstrip("\n") + "\n\n"


def form(answer, c):
    """The original forgets an end of text, and the empty line behind some;
    it has the system's authorities for a client of its own."""
    answer = re.sub(r"@system-ca.*\n", "", answer.replace("\0", ""))
    return answer.replace(c.file_path, "x.cfg").rstrip("\n")


@pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK), reason="no HAProxy")
@pytest.mark.parametrize("lines", [AUTHORITIES, REVOKED, CERTIFICATES],
                         ids=["authorities", "revoked", "certificates"])
def test_answers_are_the_originals(files, lines):
    both = []
    for program in (ORIGINAL, ours()):
        with Console(program, files.text()) as c:
            both.append([(line, form(c.raw(command(line, files)), c))
                         for line in lines.strip().splitlines()])
    for theirs, mine in zip(*both):
        assert mine == theirs


# ---- what clients meet

def greet(port, files, cert=None, name=None, session=None, context=None):
    """The name that the server shows, and the session; None: refused."""
    if context is None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        for ca in ("ca.pem", "ca2.pem"):
            context.load_verify_locations(files.path(ca))
        if cert:
            context.load_cert_chain(files.path(cert + ".pem"))
    raw = dial(port)
    try:
        with context.wrap_socket(raw, server_hostname=name,
                                 session=session) as s:
            assert s.recv(5) == b"hello"
            subject = dict(x[0] for x in s.getpeercert()["subject"])
            return subject["commonName"], s.session, s.session_reused, context
    except (ssl.SSLError, ConnectionError):
        return None
    finally:
        raw.close()


def replace(c, kind, path, text):
    c.raw("set ssl %s %s <<\n%s\n" % (kind, path, text))
    assert "Success!" in c.say("commit ssl %s %s" % (kind, path))


@pytest.fixture(params=[1, 3], ids=["one", "three"])
def console(files, request):
    with Console(ours(), files.text(), threads=request.param) as c:
        yield c


def test_authorities_and_revoked(console, files):
    c, port = console, console.ports["P2"]
    assert [bool(greet(port, files, x)) for x in "abc"] == [
        True, True, False]
    replace(c, "crl-file", files.path("crl0.pem"), files.read("crl1.pem"))
    assert [bool(greet(port, files, x)) for x in "abc"] == [
        True, False, False]
    replace(c, "ca-file", files.path("ca.pem"), files.read("ca2.pem"))
    files.run("ca", "-config", "conf", "-keyfile", "ca2.key", "-cert",
              "ca2.pem", "-gencrl", "-out", "crl2.pem")
    replace(c, "crl-file", files.path("crl0.pem"), files.read("crl2.pem"))
    assert [bool(greet(port, files, x)) for x in "abc"] == [
        False, False, True]


def test_lines_come_and_go(console, files):
    c, port, path = console, console.ports["P1"], files.path("list")

    def shown():
        return [greet(port, files, name=n)[0][0]
                for n in ("a.test", "b.test", "n.test", "q.n.test")]
    assert "".join(shown()) == "abaa"
    c.say("new ssl cert n")
    replace(c, "cert", "n", files.read("c.pem"))
    for _ in range(3):
        for line in ("n n.test *.n.test", "n b.test"):
            assert "Success!" in c.raw("add ssl crt-list %s <<\n%s\n\n" % (
                path, line))
        assert "".join(shown()) == "abcc"
        replace(c, "cert", "n", files.read("b.pem"))
        assert "".join(shown()) == "abbb"
        replace(c, "cert", "n", files.read("c.pem"))
        assert "deleted" in c.say("del ssl crt-list %s n:3" % path)
        assert "".join(shown()) == "abaa"
        assert "deleted" in c.say("del ssl crt-list %s n:4" % path)
    assert "deleted" in c.say("del ssl cert n")


def client(port, *more):
    return subprocess.run(
        ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port,
         "-servername", "a.test", *more], input=b"", capture_output=True,
        timeout=10).stdout.decode(errors="replace")


def until(text):
    found = re.search(r"Next Update: (.*)", text)
    return found and time.mktime(time.strptime(found[1],
                                               "%b %d %H:%M:%S %Y %Z"))


def test_answers_of_ocsp_are_stapled(console, files):
    c = console
    for port in (c.ports["P1"], c.ports["P3"]):
        out = client(port, "-status")
        assert "Cert Status: good" in out
    first = until(out)
    assert c.say("set ssl ocsp-response " + files.base64("later.ocsp")) == \
        "OCSP Response updated!\n\n"
    for port in (c.ports["P1"], c.ports["P3"]):
        assert until(client(port, "-status")) > first + 86400
    assert client(c.ports["P3"]).find("Cert Status") < 0
    # A certificate comes alone: what was said of the other goes.
    c.raw("set ssl cert %s <<\n%s\n" % (files.path("a.pem"),
                                        files.read("b.pem")))
    c.say("commit ssl cert " + files.path("a.pem"))
    assert "Cert Status" not in client(c.ports["P3"], "-status")


def test_which_files_beside_it_are_read(files):
    def shown(extras, cert):
        with Console(ours(), "listen l\n bind 127.0.0.1:{P1} ssl crt %s\n"
                     " server s 127.0.0.1:9\n" % files.path(cert),
                     glob=extras) as c:
            return ("Cert Status" in client(c.ports["P1"], "-status"),
                    "AGAARhYmNk" in client(c.ports["P1"], "-tls1_2",
                                        "-serverinfo", "18"))
    assert shown("", "a.pem") == (True, True)
    assert shown(" ssl-load-extra-files none\n", "a.pem") == (False, False)
    assert shown(" ssl-load-extra-files issuer ocsp\n", "a.pem") == (
        True, False)
    # a.crt has no key of its own: it is in a.key, not in a.crt.key.
    assert shown(" ssl-load-extra-del-ext\n", "a.crt") == (False, False)


def test_stamps_go_along(console, files):
    whole = base64.b64encode(b"\0\x12\0\x08\0\6\0\4abcd").decode()
    for port in (console.ports["P1"], console.ports["P3"]):
        assert whole in client(port, "-tls1_2", "-serverinfo", "18")


def test_a_session_goes_on_with_another_process(files):
    with Console(ours(), files.text()) as a, Console(ours(),
                                                     files.text()) as b:
        first, second = a.ports["P1"], b.ports["P1"]
        for name in ("a.test", "b.test"):
            _, session, reused, context = greet(first, files, name=name)
            assert not reused
            again = greet(second, files, None, name, session, context)
            assert again[2], "not resumed by " + name
        # Without shared keys it begins anew.
        _, session, _, context = greet(a.ports["P3"], files)
        assert not greet(b.ports["P3"], files, None, None, session,
                         context)[2]
        # The next key seals; what the last one sealed can be opened.
        _, session, _, context = greet(first, files, name="a.test")
        for key in files.keys[3:]:
            assert "updated" in b.say("set ssl tls-key %s %s" % (
                files.path("keys"), key))
        assert files.keys[0] not in b.say("show tls-keys *")
        assert not greet(second, files, None, "a.test", session, context)[2]


def test_keys_are_read_again_by_a_reload(files):
    files.write("keys", "\n".join(files.keys[:3]) + "\n")
    with Console(ours(), files.text()) as a:
        _, session, _, context = greet(a.ports["P1"], files, name="a.test")
        files.write("keys", "\n".join(files.keys[1:4]) + "\n")
        with Console(ours(), files.text()) as b:    # as a reload does
            assert greet(b.ports["P1"], files, None, "a.test", session,
                         context)[2]
        files.write("keys", "\n".join(files.keys[2:5]) + "\n")
        with Console(ours(), files.text()) as b:
            assert not greet(b.ports["P1"], files, None, "a.test", session,
                             context)[2]
    files.write("keys", "\n".join(files.keys[:3]) + "\n")


def test_a_wrong_file_of_keys_is_refused(files):
    from rig.balancing import Balancer, head
    for text, word in (("\n".join(files.keys[:2]), "at least 3 keys"),
                       ("abc\nabc\nabc\n", "wrong sized key on line 1")):
        files.write("bad", text)
        with Balancer(ours(), head() + "listen l\n bind 127.0.0.1:1 ssl "
                      "crt %s tls-ticket-keys %s\n" % (
                          files.path("a.pem"), files.path("bad"))) as b:
            assert b.process.wait(10) == 1
            assert word in b.errors()
