# SPDX-License-Identifier: ISC
# Numbers of "show info" that only bulk moves: pipes and what went through.
import pytest

from rig.balancing import connect, ours, serve
from rig.console import Console

SIZE = 16 << 20


def pour(c, n):
    c.sendall(bytes(SIZE))
    c.close()


@pytest.mark.parametrize("glob,least", [("", SIZE // 2), (" nosplice\n", 0)],
                         ids=["pipes", "copies"])
def test_bulk_is_counted(glob, least):
    text = "listen l\n bind 127.0.0.1:{P1}\n server s 127.0.0.1:%d\n" % (
        serve(pour))
    with Console(ours(), text, glob=glob) as c:
        before = info(c)
        assert (before["TotalSplicedBytesOut"], before["PipesUsed"],
                before["PipesFree"]) == ("0", "0", "0")
        with connect(c.ports["P1"]) as s:
            assert count(s) == SIZE
        after = info(c)
        moved = int(after["TotalSplicedBytesOut"])
        assert least <= moved <= SIZE
        assert bool(moved) == bool(least)
        assert after["PipesUsed"] == "0"
        assert bool(int(after["PipesFree"])) == bool(least)


def count(s):
    n = 0
    while d := s.recv(1 << 20):
        n += len(d)
    return n


def info(c):
    return dict(line.split(": ", 1) for line in
                c.say("show info").splitlines() if ": " in line)
