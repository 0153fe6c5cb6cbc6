# SPDX-License-Identifier: ISC
# A balancer with a master: its processes, what it tells a service manager.
import contextlib
import os
import signal
import socket
import subprocess
import time

from . import balancing, reports

CONFIG = """global
 stats socket %(dir)s/s.sock level admin expose-fd listeners
%(global)s
defaults
 mode tcp
 timeout connect 2s
 timeout client 5s
 timeout server 5s
listen l
 bind 127.0.0.1:%(port)d
 server s 127.0.0.1:%(server)d
"""


def until(true, limit=8, what="it"):
    end = time.time() + limit
    while time.time() < end:
        got = true()
        if got:
            return got
        time.sleep(0.02)
    raise AssertionError("%s did not come" % what)


def accepts(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def stat(pid):
    """State and parent; None when there is no such process."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[:2]
    except OSError:
        return None


def alive(pid):
    it = stat(pid)
    return it is not None and it[0] != "Z"


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(w) for w in f.read().split() if alive(int(w))]


class Notices:
    """What is told on $NOTIFY_SOCKET."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(8)

    def next(self):
        return self.socket.recv(4096).decode()


def config(where, port, server, extra="", more=""):
    return CONFIG % {"dir": where, "port": port, "server": server,
                     "global": extra} + more


class Overseen:
    def __init__(self, path, where, port, server, *args, extra="", more="",
                 env=None, mode="-W", in_place=False):
        self.path, self.where, self.port = path, where, port
        self.file = os.path.join(where, "h.cfg")
        # The original does not read it.
        with open(self.file + ".weir", "w") as f:
            f.write("global\n reload-in-place %s\n" %
                    ("on" if in_place else "off"))
        self.text = config(where, port, server, extra, more)
        self.write(self.text)
        self.log = open(os.path.join(where, "log"), "a+")
        self.process = subprocess.Popen(
            [path, *([mode] if mode else []), "-f", self.file, *args],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env=dict(os.environ, **(env or {})))
        self.pid = self.process.pid

    def write(self, text):
        with open(self.file, "w") as f:
            f.write(text)

    def said(self):
        with open(self.log.name) as f:
            return f.read()

    def until_said(self, text, times=1):
        until(lambda: self.said().count(text) >= times,
              what="%r in %s" % (text, self.said()))

    def start(self):
        self.until_said("Loading success.")
        return self

    def workers(self):
        return children(self.pid)

    def signal(self, number):
        self.process.send_signal(number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            left = self.workers()
            self.process.kill()
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        code = self.process.wait()
        self.log.close()
        if self.path != balancing.ORIGINAL:
            reports.judge(self.said(), code)
