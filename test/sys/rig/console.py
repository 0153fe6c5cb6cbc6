# SPDX-License-Identifier: ISC
# The runtime socket of a balancer: commands sent, answers read to their end.
import os
import re
import socket
import time

from .balancing import Balancer, free_port


def talk(path, text, half_close=False, limit=5):
    """Sends raw text; all that comes until the other side ends it, or until
    nothing comes for 'limit' seconds ("<waits>" behind it)."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(limit)
    s.connect(path)
    out = b""
    try:
        s.sendall(text.encode() if isinstance(text, str) else text)
        if half_close:
            s.shutdown(socket.SHUT_WR)
        while True:
            d = s.recv(65536)
            if not d:
                break
            out += d
    except socket.timeout:
        out += b"<waits>"
    except (ConnectionResetError, BrokenPipeError):
        out += b"<reset>"
    finally:
        s.close()
    return out.decode(errors="backslashreplace")


class Console(Balancer):
    """A balancer with runtime sockets of each level: self.say("show info")
    is the answer. {P0}, {P1}, ... in the text are free ports."""

    def __init__(self, path, text, args=("-db",), threads=1, glob=""):
        self.dir = os.path.join("/tmp", "wla-%d-%d" % (os.getpid(), free_port()))
        os.mkdir(self.dir, 0o755)
        self.ports = {n: free_port() for n in
                      sorted(set(re.findall(r"\{(P\d)\}", text)))}
        head = "global\n nbthread %d\n" % threads
        for level in ("user", "operator", "admin"):
            head += " stats socket %s level %s\n" % (self.socket(level),
                                                     level)
        self.ready = free_port()
        head += glob + ("defaults\n mode tcp\n timeout client 20s\n"
                        " timeout server 20s\n timeout connect 2s\n"
                        "frontend ready\n bind 127.0.0.1:%d\n" % self.ready)
        super().__init__(path, head + text.format(**self.ports, dir=self.dir),
                         args)
        self.file_path = os.path.join(self.where.name, "x.cfg")
        self.wait_for(self.ready)
        # HAProxy gives its sockets their names a moment later.
        end = time.time() + 3
        while not os.path.exists(self.socket()) and time.time() < end:
            time.sleep(0.01)

    def socket(self, level="admin"):
        return os.path.join(self.dir, level)

    def say(self, command, level="admin"):
        return talk(self.socket(level), command + "\n")

    def raw(self, text, level="admin", **args):
        return talk(self.socket(level), text, **args)

    def where_of(self, part):
        """The file and the line that has that text."""
        with open(self.file_path) as f:
            for n, line in enumerate(f, 1):
                if part in line:
                    return self.file_path, n
        raise AssertionError(part)

    def rows(self, command):
        """Answers that have a header: a list of dictionaries."""
        lines = self.say(command).strip().splitlines()
        while not lines[0].startswith("#"):
            lines.pop(0)
        names = lines[0][1:].split()
        return [dict(zip(names, line.split())) for line in lines[1:]]

    def states(self):
        return {r["be_name"] + "/" + r["srv_name"]: r
                for r in self.rows("show servers state")}

    def __exit__(self, *args):
        super().__exit__(*args)
        for name in os.listdir(self.dir):
            os.unlink(os.path.join(self.dir, name))
        os.rmdir(self.dir)
