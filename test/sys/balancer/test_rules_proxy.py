# SPDX-License-Identifier: ISC
# PROXY headers with all that can stand in them, out and in, against Debian's
# HAProxy: the same pieces must reach the server. And SOCKS4 before them.
import os
import socket
import ssl
import struct
import threading

import pytest

from rig.balancing import (Balancer, ORIGINAL, connect, free_port, head, ours,
                           read_all)
from test_certs import files  # noqa: F401

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def pieces(data):
    """[(type, value)], those of TLS taken apart."""
    found = []
    while data:
        kind, size = struct.unpack(">BH", data[:3])
        value = data[3:3 + size]
        if kind == 0x20:
            value = (value[:5], sorted(pieces(value[5:])))
        found.append((kind, value))
        data = data[3 + size:]
    return found


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def take_apart(got):
    """The header without what is of this run; a sum is checked."""
    assert got.startswith(SIGNATURE), got
    command, kind, size = struct.unpack(">BBH", got[12:16])
    skip = {0x11: 12, 0x21: 36}.get(kind, 0)
    rest = pieces(got[16 + skip:16 + size])
    for number, value in rest:
        if number == 3:
            at = got.index(b"\x03\0\4" + value) + 3
            assert crc32c(got[:at] + b"\0" * 4 + got[at + 4:16 + size]) == \
                struct.unpack(">I", value)[0]
    return (command, kind, got[16 + size:],
            sorted((k, v if k != 3 else "") for k, v in rest))


class Server:
    """Keeps what each client said to its end."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heard = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            c, _ = self.listener.accept()
            c.settimeout(3)
            self.heard.append(read_all(c))
            c.close()


OPTIONS = [
    "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn",
    "send-proxy-v2 proxy-v2-options crc32c",
    "send-proxy-v2 proxy-v2-options unique-id",
    "send-proxy-v2 proxy-v2-options authority",
    "send-proxy-v2 proxy-v2-options ssl,cert-cn,ssl-cipher,cert-sig,cert-key",
    "send-proxy-v2 proxy-v2-options ssl-cipher",
    "send-proxy-v2-ssl-cn proxy-v2-options crc32c,unique-id,authority,cert-key",
]
FRONTS = {
    "plain": "",
    "tls": "ssl crt a.pem alpn h2,http/1.1",
    "client cert": "ssl crt a.pem ca-file ca.crt verify optional",
}


def speak(port, front, files, alpn=None):  # noqa: F811
    s = connect(port)
    if front != "plain":
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.check_hostname = False
        c.verify_mode = ssl.CERT_NONE
        c.maximum_version = ssl.TLSVersion.TLSv1_2
        if alpn:
            c.set_alpn_protocols(alpn)
        if front == "client cert":
            c.load_cert_chain(files.path("client.pem"))
        s = c.wrap_socket(s, server_hostname="a.test")
    s.sendall(b"said")
    s.close()


def play(path, files):  # noqa: F811
    servers = {(f, o): Server() for f in FRONTS for o in OPTIONS}
    ports = {case: free_port() for case in servers}
    text = head().replace("global\n", "global\n crt-base %s\n ca-base %s\n" % (
        files.where, files.where), 1)
    for n, (case, server) in enumerate(servers.items()):
        text += ("listen l%d\n no log\n bind 127.0.0.1:%d %s\n "
                 "unique-id-format one-%%[dst_port,mul(0)]\n"
                 " server s 127.0.0.1:%d %s\n" % (
                     n, ports[case], FRONTS[case[0]], server.port, case[1]))
    with Balancer(path, text) as b:
        b.wait_for(ports[case])
        for case in servers:
            speak(ports[case], case[0], files, ["h2"])
        for server in servers.values():
            for _ in range(100):
                if server.heard:
                    break
                threading.Event().wait(0.02)
    # The one that was waited for was also connected to.
    return {case: take_apart(server.heard[-1])
            for case, server in servers.items()}


@pytest.fixture(scope="module")
def played(files):  # noqa: F811
    return play(ORIGINAL, files), play(ours(), files)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("option", OPTIONS)
def test_header(front, option, played):
    assert played[1][front, option] == played[0][front, option]


def header(*extra):
    body = socket.inet_aton("10.1.1.1") + socket.inet_aton("10.2.2.2") + \
        struct.pack(">HH", 1111, 2222)
    for kind, value in extra:
        body += struct.pack(">BH", kind, len(value)) + value
    return SIGNATURE + struct.pack(">BBH", 0x21, 0x11, len(body)) + body


@pytest.mark.parametrize("path", [ORIGINAL, ours()])
def test_received_pieces(path):
    """fc_pp_authority, fc_pp_unique_id, fc_rcvd_proxy; and they go on."""
    server, port = Server(), free_port()
    with Balancer(path, head() + "listen l\n bind 127.0.0.1:%d accept-proxy\n"
                  " log-format %%ts|%%[fc_pp_authority]|%%[fc_pp_unique_id]|"
                  "%%[fc_rcvd_proxy]|%%[src]\n server s 127.0.0.1:%d "
                  "send-proxy-v2 proxy-v2-options authority\n" % (
                      port, server.port)) as b:
        b.wait_for(port)
        for extra in ([(2, b"host.test"), (5, b"id-7"), (0xe1, b"own")], []):
            s = connect(port)
            s.sendall(header(*extra) + b"said")
            s.close()
            threading.Event().wait(0.2)
        said = [take_apart(h) for h in server.heard if h]
        assert said == [(0x21, 0x11, b"said", [(2, b"host.test")]),
                        (0x21, 0x11, b"said", [])]
        assert "|host.test|id-7|1|10.1.1.1" in b.lines()
        assert "|-|-|1|10.1.1.1" in b.lines()


def test_own_pieces_and_any():
    """set-proxy-v2-tlv-fmt and fc_pp_tlv, which HAProxy 2.6 has not."""
    server, outer, inner = Server(), free_port(), free_port()
    with Balancer(ours(), head() + "listen o\n no log\n bind 127.0.0.1:%d\n"
                  " server s 127.0.0.1:%d send-proxy-v2 "
                  "set-proxy-v2-tlv-fmt(0xE2) %%[src]-%%fi\n"
                  "listen i\n bind 127.0.0.1:%d accept-proxy\n log-format "
                  "%%ts|%%[fc_pp_tlv(0xE2)]\n server s 127.0.0.1:%d\n" % (
                      outer, inner, inner, server.port)) as b:
        b.wait_for(outer)
        s = connect(outer)
        s.sendall(b"said")
        s.close()
        threading.Event().wait(0.3)
        assert "|127.0.0.1-127.0.0.1" in b.lines()


class Socks(Server):
    """A SOCKS4 proxy that leads nowhere: grants and listens."""
    answer = b"\0\x5a\0\0\0\0\0\0"

    def run(self):
        while True:
            c, _ = self.listener.accept()
            c.settimeout(3)
            asked = c.recv(16)
            if len(asked) == 16:
                c.sendall(self.answer)
                asked += read_all(c)
            self.heard.append(asked)
            c.close()


@pytest.mark.parametrize("path", [ORIGINAL, ours()])
@pytest.mark.parametrize("granted", [True, False])
def test_socks4(path, granted):
    proxy, port = Socks(), free_port()
    if not granted:
        proxy.answer = b"\0\x5b\0\0\0\0\0\0"
    with Balancer(path, head() + "listen l\n retries 0\n bind 127.0.0.1:%d\n "
                  "server s 10.9.8.7:5432 socks4 127.0.0.1:%d send-proxy\n"
                  % (port, proxy.port)) as b:
        b.wait_for(port)
        s = connect(port)
        s.sendall(b"said")
        s.close()
        threading.Event().wait(0.5)
        asked = b"\x04\x01" + struct.pack(">H", 5432) + \
            socket.inet_aton("10.9.8.7")
        heard = [h for h in proxy.heard if h]
        assert heard and all(h.startswith(asked) for h in heard)
        if granted:
            assert any(b"PROXY TCP4 127.0.0.1" in h and h.endswith(b"said")
                       for h in heard)
        else:
            assert "SC" in b.lines()

