# SPDX-License-Identifier: ISC
"""VRRP daemons on the nodes of a lan: ours, and Debian's keepalived."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from . import reports

ORIGINAL = "/usr/sbin/keepalived"
TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))


def ours():
    """$WEIR_VRRP, or the one beside $WEIR_POOLER, or the usual build."""
    path = os.environ.get("WEIR_VRRP")
    if not path:
        beside = os.environ.get("WEIR_POOLER", "")
        path = os.path.join(os.path.dirname(beside) if beside
                            else os.path.join(TOP, "build/plain"),
                            "weir-vrrp")
    return path


def sanitized():
    """It is slower and larger than it should be; it keeps what was freed."""
    with open(ours(), "rb") as f:
        return b"__asan_init" in f.read()


def config(priority, vips=("10.77.0.50/24",), vrid=51, more="",
           advert_int="1", version=2, interface="eth0", name="VI_1",
           state="BACKUP", head=""):
    """An instance; 'more' goes into it, 'head' above it."""
    return """%s
vrrp_instance %s {
    state %s
    interface %s
    virtual_router_id %d
    priority %d
    advert_int %s
    version %d
    %s
    virtual_ipaddress {
        %s
    }
}
""" % (head, name, state, interface, vrid, priority, advert_int, version,
       more, "\n        ".join(vips))


class Daemon:
    """One running daemon. kind: 'weir' or 'keepalived'."""

    def __init__(self, node, kind, text, *flags, side=None):
        self.node, self.kind = node, kind
        self.dir = tempfile.mkdtemp(prefix="weir-vrrp-")
        self.file = os.path.join(self.dir, "keepalived.conf")
        self.flags = flags
        self.write(text)
        if side is not None:
            self.write(side, ".weir")
        self.process = None
        self.start()

    def write(self, text, end=""):
        with open(self.file + end, "w", encoding="utf-8") as f:
            f.write(text)

    def start(self):
        program = ours() if self.kind == "weir" else ORIGINAL
        # pylint: disable=consider-using-with
        self.log_file = open(os.path.join(self.dir, "log"), "a",
                             encoding="utf-8")
        self.process = subprocess.Popen(
            self.node.command(
                program, "-n", "-l", "-G", "-P", "-f", self.file, "-p",
                os.path.join(self.dir, "pid"), "-r",
                os.path.join(self.dir, "child.pid"), *self.flags),
            stdin=subprocess.DEVNULL, stdout=self.log_file,
            stderr=subprocess.STDOUT, start_new_session=True)
        self.started = time.time()

    def log(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8") as f:
            return f.read()

    def wait_log(self, pattern, limit=10.0, count=1):
        until = time.time() + limit
        while len(re.findall(pattern, self.log())) < count:
            assert time.time() < until, "no %r in\n%s" % (pattern,
                                                          self.log())
            time.sleep(0.01)

    @property
    def pid(self):
        return self.process.pid

    def child(self):
        with open(os.path.join(self.dir, "child.pid"),
                  encoding="utf-8") as f:
            return int(f.read())

    def family(self):
        """All pids: the parent first."""
        out = subprocess.run(["pgrep", "-P", str(self.pid)],
                             capture_output=True, text=True, check=False)
        return [self.pid, *map(int, out.stdout.split())]

    def signal(self, number, everybody=False):
        for pid in self.family() if everybody else [self.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill_all(self):
        """As a crash of all at once: none may see another's death."""
        family = self.family()
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        self.process.wait()

    def stop(self, limit=5):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(limit)

    def end(self):
        with contextlib.suppress(Exception):
            self.signal(signal.SIGCONT, everybody=True)
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill_all()
        self.log_file.close()
        said, code = self.log(), self.process.returncode
        shutil.rmtree(self.dir, ignore_errors=True)
        if self.kind == "weir":
            reports.judge(said, code)
