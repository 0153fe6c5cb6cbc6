# SPDX-License-Identifier: ISC
# Certificates shown and replaced over the runtime socket: HAProxy's answers,
# and what clients get before and after a commit.
import os
import socket
import ssl
import subprocess

import pytest

from rig.balancing import ORIGINAL, echo, ours, serve
from rig.console import Console


def certificate(where, name, *key):
    pem = os.path.join(where, name)
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", "30", "-subj",
         "/O=Weir/CN=%s.test" % name, "-addext",
         "subjectAltName=DNS:%s.test,DNS:all.test" % name, "-newkey",
         *(key or ("rsa:2048",)), "-keyout", pem + ".k", "-out", pem + ".c"],
        check=True, capture_output=True)
    with open(pem + ".c") as c, open(pem + ".k") as k:
        both = c.read(), k.read()
    with open(pem, "w") as f:
        f.write("".join(both))
    return both


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    where = str(tmp_path_factory.mktemp("ssl"))
    texts = {name: certificate(where, name) for name in ("old", "new")}
    texts["curve"] = certificate(where, "curve", "ec", "-pkeyopt",
                                 "ec_paramgen_curve:P-256")
    return where + "/old", texts, """
listen l
 bind 127.0.0.1:{P1} ssl crt %s
 server a 127.0.0.1:%d
""" % (where + "/old", serve(echo))


def dialogue(path, texts):
    new, alone = "".join(texts["new"]), texts["new"][0]
    set_it = "set ssl cert %s <<\n" % path
    return [
        "show ssl cert\n", "show ssl cert %s\n" % path,
        "show ssl cert foo\n", "set ssl cert\n",
        "set ssl cert foo <<\n%s\n" % new, set_it + "abc\n\n",
        "commit ssl cert %s\n" % path, "commit ssl cert\n",
        "abort ssl cert %s\n" % path, "abort ssl cert\n",
        "set ssl cert %s\n" % path, set_it + new + "\n",
        set_it + new + "\n", "show ssl cert\n",
        "abort ssl cert %s\n" % path, set_it + new + "\n",
        "commit ssl cert foo\n", "show ssl cert *%s\n" % path,
        "commit ssl cert %s\n" % path, "show ssl cert\n",
        "show ssl cert %s\n" % path, set_it + alone + "\n",
        "commit ssl cert %s\n" % path, "abort ssl cert %s\n" % path]


@pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK), reason="no HAProxy")
def test_answers_are_the_originals(stage):
    path, texts, text = stage
    both = []
    for program in (ORIGINAL, ours()):
        with Console(program, text) as c:
            both.append([(line[:40], c.raw(line))
                         for line in dialogue(path, texts)])
    assert both[0] == both[1]


def connect(port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(
        ("127.0.0.1", port), 5))


def is_(s, texts):
    return s.getpeercert(True) == ssl.PEM_cert_to_DER_cert(texts[0])


@pytest.mark.parametrize("threads", [1, 3])
def test_a_commit_is_for_new_handshakes(stage, threads):
    path, texts, text = stage
    with Console(ours(), text, threads=threads) as c:
        port = c.ports["P1"]
        with connect(port) as before:
            assert is_(before, texts["old"])
            assert "created" in c.raw("set ssl cert %s <<\n%s\n" % (
                path, "".join(texts["new"])))
            with connect(port) as s:
                assert is_(s, texts["old"])
            assert "Success!" in c.say("commit ssl cert " + path)
            for _ in range(4):
                with connect(port) as s:
                    assert is_(s, texts["new"])
                    s.sendall(b"x")
                    assert s.recv(1) == b"x"
            before.sendall(b"y")
            assert before.recv(1) == b"y"


def test_another_kind_of_key(stage):
    path, texts, text = stage
    with Console(ours(), text) as c:
        c.raw("set ssl cert %s <<\n%s\n" % (
            path, texts["new"][0] + texts["old"][1]))
        assert "inconsistencies" in c.say("commit ssl cert " + path)
        with connect(c.ports["P1"]) as s:
            assert is_(s, texts["old"])
        c.say("abort ssl cert " + path)
        c.raw("set ssl cert %s <<\n%s\n" % (path, "".join(texts["curve"])))
        assert "Success!" in c.say("commit ssl cert " + path)
        for _ in range(3):
            with connect(c.ports["P1"]) as s:
                assert is_(s, texts["curve"])
