# SPDX-License-Identifier: ISC
# What -c says of many small files, against Debian's original: exit code, and
# on which lines there is a warning or an alert. configs/X.lines are lines
# that are put into one section each, configs/whole.cases are whole files,
# configs/field.cases such as people have in front of their databases. A
# case that differs must stand in doc/differences.md as `X: LINE`; one that
# stands there must differ.
import collections
import concurrent.futures
import os
import re
import subprocess
import tempfile

import pytest

from rig import program
from rig.differ import listed

ORIGINAL = os.environ.get("HAPROXY", "/usr/sbin/haproxy")
HERE = os.path.join(os.path.dirname(__file__), "configs")

TIMES = " timeout client 9s\n timeout server 9s\n timeout connect 9s\n"
LISTEN = "listen l\n bind 127.0.0.1:1\n mode tcp\n" + TIMES
SERVER = " server s1 127.0.0.1:2\n"
# Where a line of a table goes; @ is the place.
FRAMES = {
    "global": "global\n @\n" + LISTEN + SERVER,
    "defaults": "defaults\n @\n" + LISTEN + SERVER,
    "listen": LISTEN + SERVER + " @\n",
    "server": LISTEN + SERVER + " server s2 127.0.0.1:3 @\n",
    "http": "listen l\n bind 127.0.0.1:1\n mode http\n" + TIMES + " @\n"
            "backend b\n mode http\n",
    "resolvers": "resolvers r\n @\n" + LISTEN + SERVER,
    "userlist": "userlist u\n @\n" + LISTEN + SERVER,
    "peers": "peers p\n @\n" + LISTEN + SERVER,
}


def cases():
    out = collections.OrderedDict()
    for table, frame in FRAMES.items():
        with open(os.path.join(HERE, table + ".lines")) as f:
            for line in f.read().splitlines():
                out["%s: %s" % (table, line)] = frame.replace("@", line, 1)
    for kind in ("whole", "field"):
        with open(os.path.join(HERE, kind + ".cases")) as f:
            for part in re.split("^=== ", f.read(), flags=re.M)[1:]:
                name, text = part.split("\n", 1)
                out["%s: %s" % (kind, name)] = text
    out["whole: crlf"] = out["whole: crlf"].replace("\n", "\r\n")
    out["whole: missing-lf"] = "listen l\n bind 127.0.0.1:1\n" + TIMES[:-1]
    return out


CASES = cases()


def ours():
    return os.environ.get("WEIR_BALANCER") or os.path.join(
        os.path.dirname(program.ours().path), "weir-balancer")


# Every failure has these; they say nothing of the file.
COMMON = re.compile(r"Error\(s\) found in|Fatal errors found|haproxy version|"
                    r"path to executable")
LINE = re.compile(r"^\[(WARNING|ALERT)\]\s*\(\d+\) : (.*)$", re.M)


def verdict(path, file):
    """"1 alert:3 warning": exit code, then levels with their lines."""
    run = subprocess.run([path, "-c", "-f", file], capture_output=True,
                         text=True, errors="replace", timeout=60)
    found = set()
    for level, text in LINE.findall(run.stderr):
        if COMMON.search(text):
            continue
        place = re.search(r"\[[^]\s]*x\.cfg:(\d+)\]", text)
        found.add(level.lower() + (":" + place.group(1) if place else ""))
    return " ".join([str(run.returncode)] + sorted(found))


@pytest.fixture(scope="module")
def verdicts():
    """{name: (the original's, ours)}"""
    if not os.access(ORIGINAL, os.X_OK):
        pytest.skip("no HAProxy on this machine to compare with")
    if not os.access(ours(), os.X_OK):
        pytest.fail("%s is not there" % ours())

    def play(name):
        with tempfile.TemporaryDirectory(prefix="weir-cfg-") as where:
            file = os.path.join(where, "x.cfg")
            with open(file, "w", newline="") as f:
                f.write(CASES[name])
            return name, (verdict(ORIGINAL, file), verdict(ours(), file))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return dict(pool.map(play, CASES))


@pytest.fixture(scope="module")
def differing():
    return {n for n in listed() if n.split(":")[0] in [*FRAMES, "whole", "field"]}


@pytest.mark.parametrize("name", CASES)
def test_verdict(name, verdicts, differing):
    theirs, weirs = verdicts[name]
    if name in differing:
        assert theirs != weirs, "no longer differs: %s" % theirs
    else:
        assert theirs == weirs, "original %s, ours %s" % (theirs, weirs)


def test_all_that_is_listed_is_there(differing):
    assert not differing - set(CASES)
