# SPDX-License-Identifier: ISC
# The forms of a log line and every alias of TCP, plain, quoted and in hex,
# beside the original; what is of one run is left out.
import os
import re
import socket
import time

import pytest

from rig.balancing import (Balancer, ORIGINAL, connect, echo, free_port, ours,
                           read_all, serve)

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")

FORMS = ("rfc3164", "rfc5424", "raw", "short", "timed", "iso", "local",
         "priority")
TEXTS = "b s f ft ci fi bi si H sslc sslv ID".split()
NUMBERS = ("B U Tc Td Th Tt Tw Tu Ts ac fc bc sc rc sq bq lc cp fp bp sp pid "
           "ms rt t T Tl ts tsc").split()


def plain(text, names):
    """Digits are as many as they are, but for the least values."""
    for name in names:
        text = text.replace(name, "NAME")
    text = re.sub(r"\w{3} [ \d]\d \d\d:\d\d:\d\d", "BSD", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d", "ISO", text)
    text = re.sub(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d", "DATE", text)
    text = re.sub(r"\b[0-9A-F]*[2-9A-F][0-9A-F]{3,}\b|\b\d{4,}\b", "MANY",
                  text)
    text = re.sub(r"-- \d+/", "-- N/", text)	# who asked if it is there
    return re.sub(r"\.\d\d\d\b|\b\d{1,3}/\d{1,3}/\d{1,3} ", "SOME ", text)


def play(path):
    server = serve(echo)
    text = ("global\n log-send-hostname here\ndefaults\n mode tcp\n timeout "
            "connect 1s\n timeout client 5s\n timeout server 5s\n")
    ports, heard = {}, {}
    for form in FORMS:
        for more in ("", " len 100"):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("127.0.0.1", 0))
            s.settimeout(3)
            name = form + ("-len" if more else "-all")
            heard[name], ports[name] = s, free_port()
            text += ("listen %s\n bind 127.0.0.1:%d\n log 127.0.0.1:%d%s "
                     "format %s local3 info\n option tcplog\n log-tag tag\n "
                     "server s 127.0.0.1:%d\n" % (
                         name, ports[name], s.getsockname()[1], more, form,
                         server))
    # Structured data that alone is longer than a line may be.
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    s.settimeout(3)
    heard["long data"], ports["long data"] = s, free_port()
    text += ("listen sd\n bind 127.0.0.1:%d\n log 127.0.0.1:%d len 80 format "
             "rfc5424 local3\n option tcplog\n log-format-sd [x@1\\ a=\\\"%s"
             "\\\"]\n server s 127.0.0.1:%d\n" % (
                 ports["long data"], s.getsockname()[1], "x" * 900, server))
    ports["alias"] = free_port()
    text += ("listen alias\n bind 127.0.0.1:%d\n log stdout format raw "
             "local0\n log-format \"AL %s\"\n server s 127.0.0.1:%d\n" % (
                 ports["alias"], " ".join("%s=%%%s/%%{+Q}%s/%%{+X}%s" % (
                     (x,) * 4) for x in TEXTS + NUMBERS), server))
    with Balancer(path, text) as b:
        b.wait_for(ports["alias"])
        for port in ports.values():
            s = connect(port)
            s.sendall(b"abc")
            s.recv(9)
            s.shutdown(1)
            read_all(s)
            s.close()
        out = {name: plain(s.recv(4096).decode(), ports)
               for name, s in heard.items()}
        out["long data"] = "as short as it must be: %s" % (
            len(out["long data"]) <= 81)
        for s in heard.values():
            s.close()
        end = time.time() + 5
        while "AL " not in b.lines() and time.time() < end:
            time.sleep(0.02)
        lines = [x for x in b.lines().splitlines() if "=3/" in x]
    for part in re.split(r" (?=\w+=)", lines[-1]):
        out[part.split("=")[0].replace("AL ", "")] = plain(part, ())
    return out


@pytest.fixture(scope="module")
def played():
    return play(ORIGINAL), play(ours())


# Where the time or the count of this run itself is the difference, whether
# it is quoted and in hex is what is looked at.
LOOSE = ("Tc", "Td", "Th", "Tt", "Tw", "Tu", "rt", "lc", "ms", "pid", "ac")


@pytest.mark.parametrize("name", TEXTS + NUMBERS + [
    "%s-%s" % (form, more) for form in FORMS for more in ("all", "len")] + ["long data"])
def test_line(name, played):
    theirs, weirs = (p[name] for p in played)
    if name in LOOSE:
        theirs, weirs = (re.sub(r"[0-9A-F]+|MANY", "N", x.split("=")[1])
                         for x in (theirs, weirs))
    if name.endswith("-len"):		# digits before the cut differ
        theirs, weirs = (re.sub(r"[\d/A-Z ]*\n$", "", x)
                         for x in (theirs, weirs))
    assert weirs == theirs
