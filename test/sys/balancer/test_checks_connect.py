# SPDX-License-Identifier: ISC
# What arrives at a server's port by each form of "connect" in a check's
# script, beside the original: TLS or not, for which name and protocol, with
# which PROXY header, at which port.
import os
import re
import socket
import threading
import time

import pytest

from rig.balancing import Balancer, ORIGINAL, free_port, ours, serve

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")

CHECKED = " check-ssl verify none check-sni bar.test"
CASES = {			# line, options of the server
    "connect": ("tcp-check connect", CHECKED),
    "connect default": ("tcp-check connect default", CHECKED),
    "no connect": ("", CHECKED),
    "ssl": ("tcp-check connect ssl", "verify none"),
    "ssl sni": ("tcp-check connect ssl sni foo.test", "verify none"),
    "ssl alpn": ("tcp-check connect ssl alpn http/1.1", "verify none"),
    "default alpn": ("tcp-check connect default", CHECKED + " check-alpn h9"),
    "default ssl": ("tcp-check connect default ssl", CHECKED),
    "default sni": ("tcp-check connect default sni own.test", CHECKED),
    "of a server with ssl": ("tcp-check connect", "ssl verify none"),
    "of a server with send-proxy": ("tcp-check connect", "send-proxy"),
    "default send-proxy": ("tcp-check connect default", "send-proxy"),
    "send-proxy": ("tcp-check connect send-proxy", ""),
    "send-proxy of v2": ("tcp-check connect send-proxy", "send-proxy-v2"),
    "linger": ("tcp-check connect linger", ""),
    "port": ("tcp-check connect port @", "port 1"),
    "addr": ("tcp-check connect addr 127.0.0.1:@", ""),
    "ssl port": ("tcp-check connect ssl port @", "verify none"),
    "port second": ("tcp-check connect\n tcp-check connect port @", ""),
    "http-check ssl": ("http-check connect ssl sni foo.test", "verify none"),
    "http-check": ("http-check connect", CHECKED),
}
NAMES = re.compile(rb"foo\.test|bar\.test|own\.test|http/1\.1|h9")


def tell(got):
    if got[:1] == b"\x16":
        return "TLS " + b" ".join(sorted(set(NAMES.findall(got)))).decode()
    if got[:12] == b"\r\n\r\n\0\r\nQUIT\n":
        return "PROXY v2"
    return re.sub(rb"\d{4,5} \d{4,5}\r\n.*", b"", got).decode()


def play(path):
    seen, lock = {}, threading.Lock()

    def port_for(case, where):
        def take(c, n):
            c.settimeout(0.3)
            got = b""
            try:
                while len(got) < 8:
                    more = c.recv(2000)
                    if not more:
                        break
                    got += more
            except OSError:
                pass
            with lock:
                if got or where == "here":
                    seen.setdefault(case, where + ": " + tell(got))
            c.close()
        return serve(take)

    text = ("defaults\n mode tcp\n timeout connect 1s\n timeout client 1s\n"
            " timeout server 1s\n timeout check 400ms\nlisten l\n"
            " bind 127.0.0.1:%d\n" % free_port())
    for i, (case, (line, options)) in enumerate(CASES.items()):
        http = line.startswith("http")
        text += "backend b%d\n option %s\n %s\n" % (
            i, "httpchk" if http else "tcp-check",
            line.replace("@", "%d" % port_for(case, "there")
                         if "@" in line else ""))
        if not http:
            text += " tcp-check send ping\n tcp-check expect string pong\n"
        text += " server s 127.0.0.1:%d check inter 900ms %s\n" % (
            port_for(case, "here"), options)
    with Balancer(path, text) as b:
        end = time.time() + 8
        while len(seen) < len(CASES) and time.time() < end:
            assert b.process.poll() is None, b.errors()
            time.sleep(0.05)
    return seen


@pytest.fixture(scope="module")
def played():
    return play(ORIGINAL), play(ours())


@pytest.mark.parametrize("case", CASES)
def test_connect(case, played):
    assert played[1].get(case) == played[0].get(case)
    assert case in played[0]


def test_verify_is_asked_for_before_a_check_uses_it(tmp_path):
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    text = ("listen l\n bind 127.0.0.1:%d\n mode tcp\n option tcp-check\n"
            " tcp-check connect ssl\n server s 127.0.0.1:1 check\n"
            % s.getsockname()[1])
    for path in (ORIGINAL, ours()):
        with Balancer(path, text, ("-c",)) as b:
            assert b.process.wait(10) == 1
            assert "no CA file specified" in b.errors()
