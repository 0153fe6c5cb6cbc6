# SPDX-License-Identifier: ISC
# Certificates: which one a client is shown, and which clients are let in.
# Each question is put to Debian's HAProxy and to ours, on the same files.
import os
import ssl
import subprocess
import threading

import pytest

from rig.balancing import (Balancer, ORIGINAL, connect, free_port, head, ours,
                           say, serve)

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")


def run(*words, **more):
    subprocess.run(["openssl", *words], check=True, capture_output=True,
                   **more)


class Files:
    def __init__(self, where):
        self.where = str(where)
        os.chdir(self.where)
        self.authority("ca")
        self.authority("other")
        for name, names in (
                ("a", "a.test"), ("b", "b.test,DNS:bb.test"),
                ("wild", "*.wild.test"), ("exact", "x.wild.test"),
                ("localhost", "localhost")):
            self.cert(name, names)
        for name in ("client", "stranger", "revoked"):
            self.cert(name, name, "other" if name == "stranger" else "ca")
        self.revoke("revoked")
        os.mkdir("dir")
        for name in ("a", "b", "wild"):
            os.link(name + ".pem", "dir/%s.pem" % name)
        with open("dir/.hidden.pem", "w") as f:
            f.write("no certificate")
        os.mkdir("apart")
        os.link("a.crt", "apart/a.pem")
        os.link("a.key", "apart/a.pem.key")
        self.text("list", "# a comment\na.pem\nb.pem [alpn http/1.1] b.test\n"
                  "wild.pem *.wild.test !no.wild.test\n"
                  "localhost.pem [verify required ca-file %s] secret.test\n"
                  % self.path("ca.crt"))
        self.text("list2", "%s *.b.test\n%s\n" % (
            self.path("b.pem"), self.path("wild.pem")))

    def path(self, name):
        return os.path.join(self.where, name)

    def text(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def authority(self, name):
        run("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=" + name, "-keyout", name + ".key", "-out", name + ".crt")

    def cert(self, name, names, by="ca"):
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", "/CN=" + name, "-keyout", name + ".key",
            "-out", name + ".csr")
        self.text("ext", "subjectAltName=DNS:%s\n" % names)
        run("x509", "-req", "-in", name + ".csr", "-CA", by + ".crt",
            "-CAkey", by + ".key", "-CAcreateserial", "-days", "2",
            "-extfile", "ext", "-out", name + ".crt")
        self.text(name + ".pem", open(self.path(name + ".crt")).read() +
                  open(self.path(name + ".key")).read())

    def revoke(self, name):
        self.text("index", "")
        self.text("crlnumber", "01\n")
        self.text("conf", "[ca]\ndefault_ca=d\n[d]\ndatabase=index\n"
                  "crlnumber=crlnumber\ndefault_md=sha256\n"
                  "default_crl_days=2\n")
        run("ca", "-config", "conf", "-cert", "ca.crt", "-keyfile", "ca.key",
            "-revoke", name + ".crt")
        run("ca", "-config", "conf", "-cert", "ca.crt", "-keyfile", "ca.key",
            "-gencrl", "-out", "crl.pem")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    before = os.getcwd()
    made = Files(tmp_path_factory.mktemp("certs"))
    os.chdir(before)
    return made


def hello(port, files, name=None, alpn=None, cert=None, version=None,
          ciphers=None):
    """What a client sees: the certificate's name, protocol, what was said;
    or "refused"."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.load_verify_locations(files.path("ca.crt"))
    if alpn:
        c.set_alpn_protocols(alpn)
    if cert:
        c.load_cert_chain(files.path(cert + ".pem"))
    if version:
        c.minimum_version = c.maximum_version = version
    if ciphers:
        c.set_ciphers(ciphers)
    raw = connect(port)
    try:
        s = c.wrap_socket(raw, server_hostname=name)
        subject = dict(x[0] for x in s.getpeercert()["subject"])
        return (subject["commonName"], s.selected_alpn_protocol(),
                s.version(), s.cipher()[0], s.recv(10))
    except (ssl.SSLError, OSError):
        return "refused"
    finally:
        raw.close()


NAMES = (None, "a", "a.test", "A.TEST", "b", "b.test", "bb.test", "x.b.test",
         "wild", "q.wild.test", "no.wild.test", "x.wild.test",
         "y.q.wild.test", "wild.test", "nobody.test", "secret.test")
V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
# name: (options of the bind line, questions)
SNI = [dict(name=n) for n in NAMES]
CASES = {
    "one crt": ("crt a.pem", SNI),
    "two crt": ("crt b.pem crt a.pem", SNI),
    "crt of a directory": ("crt dir", SNI),
    "crt with a key apart": ("crt apart/a.pem", SNI[:2]),
    "wildcard and exact": ("crt wild.pem crt exact.pem", SNI),
    "exact and wildcard": ("crt exact.pem crt wild.pem", SNI),
    "strict-sni": ("crt a.pem crt wild.pem strict-sni", SNI),
    "strict-sni, one": ("crt a.pem strict-sni", SNI),
    "crt-list": ("crt-list list", SNI + [
        dict(name="secret.test", cert="client"),
        dict(name="b.test", alpn=["h2", "http/1.1"])]),
    "crt-list behind crt": ("crt a.pem crt-list list2", SNI),
    "crt-list strict": ("crt-list list strict-sni", SNI),
    "alpn": ("crt a.pem alpn h2,http/1.1", [
        dict(alpn=a) for a in (None, ["h2"], ["http/1.1", "h2"],
                               ["postgresql"])]),
    "verify required": ("crt a.pem ca-file ca.crt verify required", [
        dict(cert=c, version=v) for v in (V12, V13)
        for c in (None, "client", "stranger")]),
    "verify optional": ("crt a.pem ca-file ca.crt verify optional", [
        dict(cert=c, version=V12) for c in (None, "client", "stranger")]),
    "crl-file": ("crt a.pem ca-file ca.crt verify required crl-file crl.pem",
                 [dict(cert=c, version=V12) for c in ("client", "revoked")]),
    "crt-ignore-err": ("crt a.pem ca-file ca.crt verify required "
                       "crt-ignore-err all ca-ignore-err all",
                       [dict(cert=c, version=V12)
                        for c in ("client", "stranger")]),
    "crt-ignore-err, one": ("crt a.pem ca-file ca.crt verify required "
                            "crl-file crl.pem crt-ignore-err 23",
                            [dict(cert=c, version=V12)
                             for c in ("client", "stranger", "revoked")]),
    "ca-verify-file": ("crt a.pem ca-file ca.crt ca-verify-file other.crt "
                       "verify required",
                       [dict(cert=c, version=V12)
                        for c in ("client", "stranger")]),
    "ciphers": ("crt a.pem ciphers ECDHE-ECDSA-AES256-GCM-SHA384", [
        dict(version=V12), dict(version=V12, ciphers="ECDHE-ECDSA-AES128-"
                                "GCM-SHA256")]),
    "ciphersuites": ("crt a.pem ciphersuites TLS_CHACHA20_POLY1305_SHA256",
                     [dict(version=V13)]),
    "prefer-client-ciphers": ("crt a.pem ciphers ECDHE-ECDSA-AES256-GCM-"
                              "SHA384:ECDHE-ECDSA-AES128-GCM-SHA256 "
                              "prefer-client-ciphers", [
                                  dict(version=V12, ciphers="ECDHE-ECDSA-"
                                       "AES128-GCM-SHA256:ECDHE-ECDSA-AES256-"
                                       "GCM-SHA384")]),
    "ssl-max-ver": ("crt a.pem ssl-max-ver TLSv1.2", [
        dict(version=V12), dict(version=V13)]),
    "no-tlsv12": ("crt a.pem no-tlsv12", [
        dict(version=V12), dict(version=V13)]),
    "curves": ("crt a.pem curves P-384", [dict(version=V13)]),
    "no-tls-tickets": ("crt a.pem no-tls-tickets", [dict(version=V12)]),
}


def play(path, files):
    server = serve(say(b"hello"))
    ports = {case: free_port() for case in CASES}
    text = head().replace("global\n", "global\n crt-base %s\n ca-base %s\n" % (
        files.where, files.where), 1)
    for case, (options, _) in CASES.items():
        text += ("listen %s\n no log\n bind 127.0.0.1:%d ssl %s\n"
                 " server s 127.0.0.1:%d\n" % (
                     case.replace(" ", "-").replace(",", ""), ports[case],
                     options.replace("crt-list ", "crt-list " + files.where +
                                     "/"), server))
    with Balancer(path, text) as b:
        b.wait_for(ports[case])
        answers = {}

        def ask(case):
            answers[case] = [hello(ports[case], files, **q)
                             for q in CASES[case][1]]
        asking = [threading.Thread(target=ask, args=(case,)) for case in CASES]
        for t in asking:
            t.start()
        for t in asking:
            t.join(20)
        assert b.process.poll() is None
        return answers


@pytest.fixture(scope="module")
def played(files):
    return play(ORIGINAL, files), play(ours(), files)


@pytest.mark.parametrize("case", CASES)
def test_certificate(case, played):
    for question, theirs, mine in zip(CASES[case][1], played[0][case],
                                      played[1][case]):
        assert (question, mine) == (question, theirs)


def test_a_bad_certificate_is_named(files):
    for options, word in (("crt nowhere.pem", "nowhere.pem"),
                          ("crt list", "list"),
                          ("crt a.pem ca-file nowhere", "nowhere"),
                          ("crt a.pem crl-file list", "list")):
        with Balancer(ours(), head() + "listen l\n bind 127.0.0.1:%d ssl %s\n"
                      % (free_port(), options.replace(
                          "crt ", "crt " + files.where + "/"))) as b:
            assert b.process.wait(10) == 1
            assert word in b.errors()
