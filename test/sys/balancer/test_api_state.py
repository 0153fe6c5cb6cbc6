# SPDX-License-Identifier: ISC
# server-state files: what either program prints is read by the other, and
# what is restored is what was.
import os
import time

import pytest

from rig.balancing import ORIGINAL, Balancer, free_port, idle, ours, serve
from rig.console import Console, talk

pytestmark = pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK),
                                reason="no HAProxy to compare with")

TEXT = """
 server-state-base {dir}
 server-state-file all
defaults
 mode tcp
 timeout client 5s
 timeout server 5s
 timeout connect 1s
 load-server-state-from-file global
listen l
 bind 127.0.0.1:{port}
 server up 127.0.0.1:{up} check inter 1h weight 10
 server down 127.0.0.1:{up} check inter 1h
 server maint 127.0.0.1:{up}
 server drain 127.0.0.1:{up}
 server weight 127.0.0.1:{up} weight 20
 server port 127.0.0.1:{up}
 server name localhost:{up}
 server enabled 127.0.0.1:{up} disabled
 server disabled 127.0.0.1:{up} disabled
 server unchecked 127.0.0.1:{up} check inter 1h
 server moved 127.0.0.1:{up} check inter 1h
 server tracks 127.0.0.1:{up} track l/down
backend own
 load-server-state-from-file local
 server a 127.0.0.1:{up}
backend named
 load-server-state-from-file local
 server-state-file-name mine
 server a 127.0.0.1:{up}
backend none
 load-server-state-from-file none
 server a 127.0.0.1:{up}
"""
# What is done before the state is printed.
DONE = """
set server l/down health down
set server l/maint state maint
set server l/drain state drain
set server l/weight weight 7
set server l/port addr 127.0.0.1 port 9
set server l/enabled state ready
disable health l/unchecked
set server l/moved check-addr 127.0.0.3 port 5555
disable server own/a
set server named/a state drain
disable server none/a
""".strip().splitlines()


class Stage:
    def __init__(self, where):
        self.dir, self.up = str(where), serve(idle)
        self.at = os.path.join(self.dir, "sock")

    def run(self, path, act):
        port = free_port()
        text = ("global\n nbthread 1\n stats socket %s level admin" % self.at
                + TEXT.format(dir=self.dir, up=self.up, port=port))
        with Balancer(path, text) as b:
            b.wait_for(port)
            answer = act()
            self.errors = b.errors()
        return answer

    def change(self):
        time.sleep(0.1)  # behind the start, as an operator
        for line in DONE:
            talk(self.at, line + "\n")
        return self.states()

    def states(self):
        return talk(self.at, "show servers state\n")

    def keep(self, name, text):
        with open(os.path.join(self.dir, name), "w") as f:
            f.write(text)


def rows(text, *without):
    out = {}
    lines = text.strip().splitlines()
    names = lines[1][2:].split()
    assert lines[0] == "1"
    for line in lines[2:]:
        row = dict(zip(names, line.split(" ")))
        row["srv_time_since_last_change"] = "age"
        # No check, or none that has had a result.
        if row["srv_check_state"] in "08" or row["srv_check_status"] == "1":
            row["srv_check_health"] = "unchecked"
        for name in without:
            row.pop(name)
        out[row["be_name"] + "/" + row["srv_name"]] = row
    return out


@pytest.mark.parametrize("first", ["theirs", "ours"])
@pytest.mark.parametrize("second", ["theirs", "ours"])
def test_read_by_either(first, second, tmp_path):
    path = {"theirs": ORIGINAL, "ours": ours()}
    stage = Stage(tmp_path)
    before = stage.run(path[first], stage.change)
    for name in ("all", "own", "mine"):
        stage.keep(name, before)
    after = stage.run(path[second], stage.states)
    # The address of a name may be restored from ::1 to ::1 or looked up.
    a, b = rows(before), rows(after)
    for name in ("own/a", "named/a"):
        assert a[name] == b[name]
    assert a["none/a"]["srv_admin_state"] == "1"
    assert b["none/a"]["srv_admin_state"] == "0"
    for name in a:
        if name in ("none/a", "l/tracks"):
            continue
        assert a[name] == b[name], name
    assert a["l/tracks"]["srv_op_state"] == "0"
    if second == "ours":                # 2.6 forgets whom it tracks
        assert b["l/tracks"]["srv_op_state"] == "0"


HEAD = "1\n# be_id be_name srv_id ...\n"
LINE = ("2 l 1 up 127.0.0.1 2 0 %s 10 100 6 3 4 6 0 0 0 - %d - 0 0 - - 0\n")


def test_bad_lines_are_told_and_passed_over(tmp_path):
    stage = Stage(tmp_path)
    stage.keep("all", HEAD + "2 l 1\n" + LINE % ("999", stage.up) +
               "2 zz 1 up 127.0.0.1 2 0 1 1 0 6 3 4 6 0 0 0 - 1 - 0 0 - - 0\n"
               "2 l 1 zz 127.0.0.1 2 0 1 1 0 6 3 4 6 0 0 0 - 1 - 0 0 - - 0\n"
               + LINE % ("3", stage.up))
    after = rows(stage.run(ours(), stage.states))
    assert after["l/up"]["srv_uweight"] == "3"
    assert "corrupted global server state file at line 3" in stage.errors
    assert "for server 'l/up', invalid srv_uweight value '999'" in \
        stage.errors


@pytest.mark.parametrize("text", ["", "2\n" + LINE % ("3", 1), "\0\0\0\n\n"])
def test_no_state_file_at_all(text, tmp_path):
    stage = Stage(tmp_path)
    stage.keep("all", text)
    after = rows(stage.run(ours(), stage.states))
    assert after["l/up"]["srv_uweight"] == "10"
    assert ("can't get version" in stage.errors) == bool(text)


def test_a_server_restored_as_down_comes_up_by_its_checks(tmp_path):
    up = serve(idle)
    at = str(tmp_path / "f")
    with open(at, "w") as f:
        f.write(HEAD + "2 l 1 a 127.0.0.1 0 0 1 1 100 8 2 0 6 0 0 0 - %d - 0 "
                "0 - - 0\n" % up)
    with Console(ours(), """
listen l
 bind 127.0.0.1:{P1}
 load-server-state-from-file local
 server-state-file-name %s
 server a 127.0.0.1:%d check inter 300ms rise 2
""" % (at, up)) as c:
        assert c.states()["l/a"]["srv_op_state"] == "0"
        end = time.time() + 3
        while c.states()["l/a"]["srv_op_state"] == "0":
            assert time.time() < end
            time.sleep(0.05)
        assert c.states()["l/a"]["srv_check_health"] == "4"
