# SPDX-License-Identifier: ISC
# Rules that need files, namespaces or the runtime socket; and what HAProxy
# 2.6 has not, alone.
import os
import socket
import ssl
import subprocess
import time

import pytest

from rig.balancing import (Balancer, ORIGINAL, connect, echo, free_port, head,
                           ours, read_all, say, serve)
from rig.console import Console, talk
from test_certs import files  # noqa: F401

MAPS = {
    "str": ("a.test one\nb.test  two words \n# no\n\nA.test three\n",
            ["map_str(%s)", "map(%s,none)", "map_str(%s,none)"],
            ["a.test", "b.test", "c.test", "A.test"]),
    "beg": ("a one\nab two\n", ["map_beg(%s,none)"], ["abc", "b"]),
    "end": (".test one\n.org two\n", ["map_end(%s,none)"],
            ["a.test", "a.org", "a"]),
    "sub": ("needle one\n", ["map_sub(%s,none)"], ["aneedleb", "x"]),
    "dom": ("test.org one\n", ["map_dom(%s,none)"],
            ["www.test.org", "testtest.org"]),
    "dir": ("img one\n", ["map_dir(%s,none)"], ["/img/x", "/imgx"]),
    "reg": ("^a(.)c one\n^b two\n", ["map_reg(%s,none)"],
            ["abc", "bcd", "cde"]),
    "regm": ("^a(.)c got-\\1\n", ["map_regm(%s,none)"], ["abc", "x"]),
    "int": ("5 50\n7:9 70\n", ["length,map_int_int(%s,0)"],
            ["12345", "12345678", "1"]),
    "ip": ("10.0.0.0/8 ten\n10.1.0.0/16 more\n127.0.0.1 home\n",
           ["map_ip(%s,none)"], ["10.1.2.3", "127.0.0.1", "8.8.8.8"]),
}


def ask_maps(path, where):
    text, ports = head(), {}
    answer = serve(say(b"x"))
    for kind, (content, exprs, inputs) in MAPS.items():
        file = str(where / kind)
        with open(file, "w") as f:
            f.write(content)
        ports[kind] = free_port()
        values = "|".join("%%[str(%s),%s]" % (i, e % file)
                          for e in exprs for i in inputs)
        text += ("listen %s\n bind 127.0.0.1:%d\n log-format %s:%%B|%s\n "
                 "server s 127.0.0.1:%d\n" % (
                     kind, ports[kind], kind, values, answer))
    with Balancer(path, text) as b:
        b.wait_for(ports[kind])
        for port in ports.values():
            read_all(connect(port))
        # Whoever waited for a port may have left without the one byte.
        said = []
        for _ in range(100):
            said = sorted({line for line in b.lines().splitlines()
                           if ":1|" in line})
            if len(said) == len(MAPS):
                break
            time.sleep(0.03)
        return said


@pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                    reason="no HAProxy to compare with")
def test_maps(tmp_path):
    """map, map_str, map_beg, map_end, map_sub, map_dom, map_dir, map_reg,
    map_regm, map_int_int, map_ip."""
    theirs = ask_maps(ORIGINAL, tmp_path)
    assert len(theirs) == len(MAPS)
    assert ask_maps(ours(), tmp_path) == theirs


def test_values_of_a_file(tmp_path):
    """acl -f with addresses and with regular expressions."""
    (tmp_path / "nets").write_text("10.0.0.0/8\n# home\n127.0.0.0/8\n")
    (tmp_path / "words").write_text("^x\n^ab+c$\n")
    port = free_port()
    with Balancer(ours(), head() + "listen l\n bind 127.0.0.1:%d\n "
                  "acl net src -f %s\n acl word str(abbc) -m reg -f %s\n "
                  "acl none str(ABC) -m reg -f %s\n "
                  "tcp-request content reject unless net word !none\n "
                  "server s 127.0.0.1:%d\n" % (
                      port, tmp_path / "nets", tmp_path / "words",
                      tmp_path / "words", serve(say(b"in")))) as b:
        b.wait_for(port)
        assert read_all(connect(port)) == b"in"


@pytest.mark.parametrize("lines, said", [
    ("acl a src -m reg (", "is invalid"),
    ("tcp-request content accept if { str(x),regsub((,y) -m found }", "( )"),
    ("tcp-request content accept if { str(x),map(/nowhere) -m found }",
     "/nowhere"),
    ("tcp-request content switch-mode http", "does not forward HTTP"),
    ("stick-table type ip size 1k store gpc(2),gpc0", "simultaneous usage"),
])
def test_what_is_refused(lines, said):
    with Balancer(ours(), head() + "listen l\n bind 127.0.0.1:%d\n %s\n" % (
            free_port(), lines)) as b:
        assert b.process.wait(10) == 1
        assert said.split("(")[0].strip() in b.errors()


def test_content_close():
    """tcp-request content close: in order, without a word, not logged as
    refused."""
    port = free_port()
    with Balancer(ours(), head() + "listen l\n bind 127.0.0.1:%d\n "
                  "tcp-request content close\n server s 127.0.0.1:1\n" % port
                  ) as b:
        b.wait_for(port)
        assert connect(port).recv(10) == b""


def test_silent_drop():
    """The client hears nothing, and we have forgotten it."""
    port = free_port()
    with Balancer(ours(), head() + "listen l\n bind 127.0.0.1:%d\n "
                  "tcp-request content silent-drop if { req.len ge 0 }\n "
                  "server s 127.0.0.1:1\n" % port) as b:
        for _ in range(50):
            try:
                s = connect(port)
                break
            except OSError:
                time.sleep(0.05)  # until it listens
        s.settimeout(0.5)
        with pytest.raises(OSError):
            if s.recv(10) == b"":
                raise OSError("it was closed" if os.geteuid() else "")
        assert b.process.poll() is None


def test_maxsslconn(files):  # noqa: F811
    port = free_port()
    with Balancer(ours(), head().replace(
            "global\n", "global\n maxsslconn 1\n", 1) +
            "listen l\n no log\n bind 127.0.0.1:%d ssl crt %s\n "
            "server s 127.0.0.1:%d\n" % (port, files.path("a.pem"),
                                         serve(echo))) as b:
        b.wait_for(port)
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
        first = c.wrap_socket(connect(port))
        first.sendall(b"x")
        assert first.recv(1) == b"x"
        with pytest.raises(OSError):
            c.wrap_socket(connect(port))
        first.close()
        time.sleep(0.3)  # its end is counted
        c.wrap_socket(connect(port)).close()


@pytest.fixture
def space():
    name = "weir-%d" % os.getpid()
    if os.geteuid() != 0 or subprocess.run(
            ["ip", "netns", "add", name], capture_output=True).returncode:
        pytest.skip("no network namespaces here")
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    yield name
    subprocess.run(["ip", "netns", "del", name], check=True)


def test_namespaces(space):
    """bind namespace, server namespace: a client outside reaches a server
    that listens inside."""
    outer, inner = free_port(), free_port()
    with Balancer(ours(), head() + "listen o\n no log\n bind 127.0.0.1:%d\n "
                  "server s 127.0.0.1:%d namespace %s check\n"
                  "listen i\n no log\n bind 127.0.0.1:%d namespace %s\n "
                  "server s 127.0.0.1:%d\n" % (
                      outer, inner, space, inner, space,
                      serve(say(b"inside")))) as b:
        b.wait_for(outer)
        assert read_all(connect(outer)) == b"inside", b.errors()
        with pytest.raises(OSError):
            connect(inner)


def test_md5_signatures():
    """bind tcp-md5sig: who does not sign is not heard."""
    port = free_port()
    s = socket.socket()
    s.settimeout(1)
    with Balancer(ours(), head() + "listen l\n bind 127.0.0.1:%d tcp-md5sig "
                  "secret\n server s 127.0.0.1:1\nlisten r\n bind "
                  "127.0.0.1:%d\n" % (port, free_port())) as b:
        time.sleep(0.4)  # the kernel has refused, or it runs
        if b.process.poll() is not None:
            pytest.skip("this kernel signs no segments")
        with pytest.raises(OSError):
            s.connect(("127.0.0.1", port))


@pytest.mark.parametrize("path", [ORIGINAL, ours()])
def test_dh_parameters(path, tmp_path):
    """tune.ssl.default-dh-param, ssl-dh-param-file: bits of the exchange."""
    group, bits = str(tmp_path / "group.pem"), []
    cert = str(tmp_path / "rsa.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-subj", "/CN=x", "-keyout", cert + ".key", "-out", cert],
                   check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["openssl", "genpkey", "-genparam", "-algorithm", "DH",
                    "-pkeyopt", "group:ffdhe3072", "-out", group], check=True,
                   stderr=subprocess.DEVNULL)
    for line in ("tune.ssl.default-dh-param 4096",      # the key has 2048
                 "ssl-dh-param-file " + group):
        port = free_port()
        with Balancer(path, "global\n %s\n" % line + head() + "listen l\n "
                      "bind 127.0.0.1:%d ssl crt %s ssl-max-ver TLSv1.2\n "
                      "server s 127.0.0.1:1\n" % (
                          port, cert)) as b:
            b.wait_for(port)
            said = subprocess.run(
                ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port,
                 "-tls1_2", "-cipher", "kDHE"], capture_output=True,
                stdin=subprocess.DEVNULL, timeout=9).stdout
        bits.append(said.split(b"Temp Key: DH, ")[1].split()[0])
    assert bits == [b"2048", b"3072"]


def test_error_log_format(files):  # noqa: F811
    """error-log-format: who fails before there is a session."""
    lines = []
    for path in (ORIGINAL, ours()):
        plain, secure = free_port(), free_port()
        with Balancer(path, head() + "listen l\n error-log-format \"failed "
                      "%%ci %%f %%b %%s\"\n bind 127.0.0.1:%d accept-proxy\n "
                      "bind 127.0.0.1:%d ssl crt %s\n server s 127.0.0.1:1\n"
                      % (plain, secure, files.path("a.pem"))) as b:
            time.sleep(0.3)
            for port in (plain, secure):
                with connect(port) as s:
                    s.sendall(b"nonsense, and no header of any kind\r\n\r\n")
                    read_all(s)
            time.sleep(0.2)
            lines.append([line for line in b.lines().splitlines()
                          if line.startswith("failed")])
    assert len(lines[0]) == 2 and lines[0] == lines[1]


def test_md5_of_server():
    """server tcp-md5sig: what signs reaches what wants signatures."""
    inner, same, other = free_port(), free_port(), free_port()
    with Balancer(ours(), head() + "listen i\n bind 127.0.0.1:%d tcp-md5sig "
                  "secret\n server s 127.0.0.1:%d\nlisten o\n bind "
                  "127.0.0.1:%d\n server s 127.0.0.1:%d tcp-md5sig secret\n"
                  "listen x\n bind 127.0.0.1:%d\n retries 0\n timeout connect "
                  "300ms\n server s 127.0.0.1:%d tcp-md5sig wrong\n" % (
                      inner, serve(say(b"signed")), same, inner, other,
                      inner)) as b:
        time.sleep(0.3)  # the kernel has refused, or it runs
        if b.process.poll() is not None:
            pytest.skip("this kernel signs no segments")
        b.wait_for(same)
        assert read_all(connect(same)) == b"signed", b.errors()
        assert read_all(connect(other)) == b""


TABLES = """
listen l1
 bind 127.0.0.1:{P1}
 stick-table type ip size 100 expire 1m store gpt(2),gpc(2),conn_cnt,conn_rate(10s),server_key
 tcp-request connection track-sc0 src
 stick on src
 server a 127.0.0.1:{P1}
backend b2
 stick-table type string len 12 size 100 expire 1m store gpc0,gpc1,conn_cur,gpc0_rate(10s)
backend b3
 stick-table type binary len 4 size 100 store gpt0
backend b4
 stick-table type integer size 1k store gpc0
backend b5
 stick-table type ipv6 size 1k store gpc0
"""
SAID = """show table
set table l1 key 127.0.0.5 data.conn_cnt 5
set table l1 key 127.0.0.4 data.gpc0 3 data.conn_rate 7
set table l1 key 127.0.0.4 data.gpt 3
show table l1
show table l1 data.conn_cnt gt 3
show table l1 data.conn_cnt gt 3 data.gpc0 eq 0
show table l1 data.nothing eq 3
show table l1 data.conn_cnt xx 3
show table l1 data.conn_cnt eq
show table l1 data.conn_cnt eq x
show table l1 key 127.0.0.5
show table l1 key 127.0.0.9
show table l1 key xx
show table l1 key
show table nix
show table l1 foo
set table
set table nix
set table l1 key
set table l1 key 1.2.3.4
set table l1 foo
set table l1 key 1.2.3.4 foo
set table l1 key 1.2.3.4 data.foo 1
set table l1 key 1.2.3.4 data.sess_cnt 1
set table l1 key 1.2.3.4 data.conn_cnt x
set table l1 key 1.2.3.4 data.server_key a
set table l1 key 1.2.3.4 data.server_id 1
show table l1
clear table
clear table nix
clear table l1 key 127.0.0.5
clear table l1 key 127.0.0.77
clear table l1 data.gpc0 eq 3
clear table l1 foo
clear table l1 data.conn_cnt eq 0
show table l1
set table b2 key some\\ text data.gpc0 3
set table b2 key abcdefghijklmnopqrst data.gpc0 3
set table b2 key a data.gpc0_rate 3
show table b2
set table b3 key 61626364 data.gpt0 3
show table b3
set table b4 key 15 data.gpc0 3
set table b4 key x data.gpc0 3
set table b4 key -1 data.gpc0 3
show table b4
set table b5 key ::1 data.gpc0 3
set table b5 key 127.0.0.1 data.gpc0 3
show table b5
clear table b5
show table b5""".split("\n")


def say_all(path):
    with Console(path, TABLES) as c:
        return [talk(c.socket(), line + "\n") for line in SAID]


def plain(answer):
    """Without addresses, times, rates (they are of the last ten seconds);
    shard= came with 2.8; in no order."""
    lines = []
    for line in answer.split("\n"):
        words = [w for w in line.split(" ") if not w.startswith("shard=")]
        lines.append(" ".join("exp=" if w.startswith("exp=") else
                              "0x:" if w.startswith("0x") else
                              w.split("=")[0] if "_rate(" in w else w
                              for w in words))
    return lines[:1] + sorted(lines[1:])


@pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                    reason="no HAProxy to compare with")
def test_tables_on_the_socket():
    """show table, set table, clear table with their filters."""
    theirs, mine = say_all(ORIGINAL), say_all(ours())
    for line, a, b in zip(SAID, theirs, mine):
        assert (line, plain(b)) == (line, plain(a))
