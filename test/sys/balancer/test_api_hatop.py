# SPDX-License-Identifier: ISC
# hatop, unchanged, in a terminal of its own: its screens, its shell, and a
# server switched off and on with its keys.
import fcntl
import os
import pty
import re
import select
import shutil
import struct
import termios
import time

import pytest

from rig.balancing import ours, say, serve
from rig.console import Console

HATOP = shutil.which("hatop")
pytestmark = pytest.mark.skipif(HATOP is None, reason="no hatop")
DOWN, F9, F10 = "\x1b[B", "\x1b[20~", "\x1b[21~"


class Terminal:
    def __init__(self, *command):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "linux"
            os.execv(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 40, 130, 0, 0))

    def wait_for(self, pattern, limit=6):
        end = time.time() + limit
        while not re.search(pattern, self.seen):
            assert time.time() < end, (pattern, self.seen)
            if select.select([self.fd], [], [], 0.1)[0]:
                data = os.read(self.fd, 65536).decode("latin1")
                self.seen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "|", data)

    def press(self, keys):
        self.seen = ""
        os.write(self.fd, keys.encode())

    def type(self, key):
        os.write(self.fd, key.encode())
        time.sleep(0.05)  # a key at a time, as fingers do

    def close(self):
        os.write(self.fd, b"Q")
        try:
            os.kill(self.pid, 9)
        except OSError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def test_hatop():
    port = serve(say(b"x"))
    with Console(ours(), """
listen web
 bind 127.0.0.1:{P1}
 server alpha 127.0.0.1:%d check inter 200ms
 server beta 127.0.0.1:%d
""" % (port, port)) as c:
        t = Terminal(HATOP, "-s", c.socket(), "-i", "1")
        try:
            t.wait_for(r"HAProxy Version: 3\.4\.0")
            for text in ("ready", "web", "FRONTEND", "alpha", "beta",
                         "BACKEND", "OPEN", "UP"):
                t.wait_for(text)
            t.press("2")
            t.wait_for("LBTOT")
            t.press("4")
            t.wait_for("ECONN")
            t.press("5")
            t.wait_for("Welcome on the embedded interactive HAProxy shell")
            for key in "show cli level\r":
                t.type(key)
            t.wait_for(r"admin")
            t.press("\x1b1")
            t.wait_for("1-STATUS")
            # Down to alpha, off and on.
            for _ in range(12):
                t.press(DOWN)
                time.sleep(0.05)
                t.press(F10)
                time.sleep(0.1)
                if c.states()["web/alpha"]["srv_admin_state"] == "1":
                    break
            assert c.states()["web/alpha"]["srv_admin_state"] == "1"
            t.press(F9)
            end = time.time() + 3
            while c.states()["web/alpha"]["srv_admin_state"] != "0":
                assert time.time() < end
                time.sleep(0.05)
        finally:
            t.close()
