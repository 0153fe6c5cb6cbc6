# SPDX-License-Identifier: ISC
# weir-watch under test: the process and its files, a statistics page that
# says what a test wants, receivers that answer what a test wants.
import glob
import http.server
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
import time

from .cluster import free_port, wait_for  # noqa: F401

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))


def program():
    """The watcher's path, or None where it was not built."""
    path = os.environ.get("WEIR_WATCH")
    if not path:
        pooler = os.environ.get("WEIR_POOLER", "")
        places = (os.path.join(os.path.dirname(pooler), "weir-watch"),
                  os.path.join(os.getcwd(), "weir-watch"),
                  os.path.join(TOP, "build/plain/weir-watch"),
                  os.path.join(TOP, "weir-watch"))
        path = next((p for p in places if os.access(p, os.X_OK)), None)
    return path and os.path.abspath(path)


COLUMNS = ("pxname svname qcur scur stot status weight act bck chkfail "
           "chkdown lastchg downtime pid iid sid type check_status "
           "check_code last_chk check_desc addr").split()


class Page:
    """A balancer's servers, and the CSV that shows them."""

    def __init__(self, *names, proxy="pgbouncers"):
        self.rows = {}
        self.born = time.monotonic()
        self.stot = 0
        for name in names:
            self.add(proxy, name)

    def add(self, proxy, name, status="UP", kind=2, **more):
        self.rows[proxy, name] = dict(
            pxname=proxy, svname=name, status=status, type=kind, chkdown=0,
            downtime=0, scur=3, stot=0, lastchg=None, weight=1, act=1, bck=0,
            check_status="L4OK", check_desc="Layer4 check passed",
            since=time.monotonic(), **more)

    def set(self, name, status, proxy="pgbouncers", **more):
        row = self.rows[proxy, name]
        now = time.monotonic()
        if row["status"].split()[0] != status.split()[0]:
            if row["status"].startswith("DOWN"):
                row["downtime"] += int(now - row["since"])
            elif status.startswith("DOWN"):
                row["chkdown"] += 1
            row["since"] = now
        row.update(status=status, **more)
        if status.startswith("DOWN"):
            row.update(check_status="L4CON", last_chk="Connection refused")
        else:
            row.update(check_status="L4OK", last_chk="")

    def text(self):
        now = time.monotonic()
        lines = ["# " + ",".join(COLUMNS) + ","]
        front = dict(pxname="pgbouncers", svname="FRONTEND", type=0,
                     status="OPEN", stot=self.stot)
        for row in [front] + list(self.rows.values()):
            row = dict(row)
            if "since" in row and row["lastchg"] is None:
                row["lastchg"] = int(now - row["since"])
            lines.append(",".join(str(row.get(c, "") if row.get(c) is not None
                                      else "") for c in COLUMNS) + ",")
        return "\n".join(lines) + "\n"


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


class Web:
    """An HTTP server; `answer(handler)` does all. Keeps what was asked."""

    def __init__(self, answer):
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self):
                answer(self)
                self.close_connection = True
            do_GET = do_POST = do_HEAD = do

            def log_message(self, *args):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def say(handler, status, body=b"", headers=(), length=True):
    if isinstance(body, str):
        body = body.encode()
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    if length and status not in (204, 304):
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


class Stats(Web):
    """Shows `page`; `before(handler)` may answer in its place (True)."""

    def __init__(self, page):
        self.page, self.asked, self.before, self.raw = page, [], None, None
        super().__init__(self.answer)

    def answer(self, handler):
        self.asked.append((time.monotonic(), handler.path,
                           dict(handler.headers)))
        if self.before and self.before(handler):
            return
        text = self.raw if self.raw is not None else self.page.text()
        say(handler, 200, text, [("Content-Type", "text/plain")])


class Post:
    def __init__(self, handler):
        size = int(handler.headers.get("Content-Length", 0))
        self.at = time.monotonic()
        self.path, self.headers = handler.path, dict(handler.headers)
        self.raw = handler.rfile.read(size)
        try:
            self.json = json.loads(self.raw)
        except ValueError:
            self.json = None

    @property
    def words(self):
        """All that people would read, in one text."""
        return words_of(self.json)


def words_of(value):
    if isinstance(value, dict):
        return "\n".join(words_of(v) for v in value.values())
    if isinstance(value, list):
        return "\n".join(words_of(v) for v in value)
    return value if isinstance(value, str) else ""


class Receiver(Web):
    """Keeps each post. `script` answers: a list used up, its last item
    for ever; an item is a status, (status, body[, headers]) or a function
    of the handler."""

    def __init__(self, *script):
        self.posts, self.lock = [], threading.Lock()
        self.script = list(script) or [(200, "ok")]
        super().__init__(self.answer)

    def answer(self, handler):
        post = Post(handler)
        with self.lock:
            self.posts.append(post)
            item = self.script[0]
            if len(self.script) > 1:
                self.script.pop(0)
        if callable(item):
            item(handler)
        elif isinstance(item, int):
            say(handler, item, "")
        else:
            say(handler, *item)

    def accepted(self):
        return list(self.posts)

    def wait(self, n=1, limit=15.0):
        wait_for(lambda: len(self.posts) >= n, limit,
                 "post %d of %d" % (n, len(self.posts)))
        return self.posts[n - 1]

    def texts(self):
        return [p.words for p in list(self.posts)]

    def count(self, words):
        return sum(t.count(words) for t in self.fallbacks())

    def fallbacks(self):
        """The first line of each attachment."""
        return [a.get("fallback", "") for p in list(self.posts)
                for a in (p.json or {}).get("attachments", [])]


def reset(handler):
    """The connection ends with a reset, without an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
    handler.connection.close()


def half(handler):
    """Half of an answer, then the end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def hang(seconds):
    return lambda handler: time.sleep(seconds)


class Watcher:
    """Made by a fixture, which also stops it."""

    def __init__(self, path, where):
        self.path, self.where = path, where
        os.makedirs(where, exist_ok=True)
        self.process, self.expect = None, 0
        self.state = os.path.join(where, "state")

    def file(self, name):
        return os.path.join(self.where, name)

    def write(self, name, text):
        with open(self.file(name), "w") as out:
            out.write(text)
        return self.file(name)

    def environment(self, **more):
        env = {"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C",
               "MALLOC_PERTURB_": "170",
               "ASAN_OPTIONS": "log_path=%s:exitcode=99:"
               "verify_asan_link_order=0" % self.file("sanitizer"),
               "UBSAN_OPTIONS": "log_path=%s:print_stacktrace=1"
               % self.file("sanitizer")}
        env.update({k: str(v) for k, v in more.items() if v is not None})
        return env

    def config(self, url, receivers, source="", extra="", **watcher):
        """A file with one source and its receivers: name -> settings."""
        watcher = {"interval": "1s", "state_file": self.state,
                   "group_wait": "200ms", **watcher}
        text = "[watcher]\n" + "".join("%s = %s\n" % i
                                       for i in watcher.items())
        for n, one in enumerate([url] if isinstance(url, str) else url):
            text += "[source lb%d]\nurl = %s\n%s\n" % (n + 1, one, source)
        for name, settings in receivers.items():
            text += "[receiver %s]\n" % name
            text += "".join("%s = %s\n" % i for i in settings.items())
        return self.write("watch.conf", text + extra)

    def start(self, *args, env=None, wait=True, **popen):
        self.log_file = open(self.file("log"), "ab")
        self.process = subprocess.Popen(
            (self.path,) + args, stdin=subprocess.DEVNULL,
            env=self.environment(**(env or {})),
            **{"stdout": self.log_file, "stderr": self.log_file, **popen})
        if wait:
            wait_for(lambda: self.process.poll() is not None or
                     "is up" in self.log(), 10, "the watcher")
        return self

    def run(self, *args, limit=60, env=None, **popen):
        done = subprocess.run((self.path,) + args, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=limit,
                              env=self.environment(**(env or {})), **popen)
        self.look_for_reports()
        return (done.returncode, done.stdout.decode("utf-8", "replace"),
                done.stderr.decode("utf-8", "replace"))

    def once(self, *args, env=None, **popen):
        return self.run("--once", *args, env=env, **popen)

    def log(self):
        try:
            with open(self.file("log"), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def wait_log(self, pattern, limit=10.0):
        return wait_for(lambda: re.search(pattern, self.log()), limit,
                        "%r in the log" % pattern)

    def kill(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM, limit=15):
        self.process.send_signal(number)
        code = self.process.wait(limit)
        self.log_file.close()
        self.process = None
        self.look_for_reports()
        return code

    def lines(self):
        """The state file."""
        with open(self.state) as f:
            return f.read().splitlines()

    def look_for_reports(self):
        report = "".join(open(f, errors="replace").read()
                         for f in glob.glob(self.file("sanitizer*")))
        assert not report, "a sanitizer spoke:\n" + report

    def stop(self):
        code = 0
        if self.process is not None and self.process.poll() is None:
            code = self.end()
        elif self.process is not None:
            code = self.process.returncode
        self.look_for_reports()
        log = self.log()
        shutil.rmtree(self.where, ignore_errors=True)
        if self.expect is not None:
            assert code == self.expect, "exit %s, log:\n%s" % (code, log)


def balancer(name):
    """The program's path, or None."""
    path = "/usr/sbin/haproxy" if name == "haproxy" else os.environ.get(
        "WEIR_BALANCER", os.path.join(TOP, "build/plain/weir-balancer"))
    return path if os.access(path, os.X_OK) else None


class HAProxy:
    """One of them in front of small servers that can be killed."""

    def __init__(self, where, program, names=("pgb1", "pgb2", "pgb3"),
                 more=""):
        self.names, self.where, self.program = names, where, program
        self.port, self.front = free_port(), free_port()
        self.ports = {n: free_port() for n in names}
        self.socket = os.path.join(where, "h.sock")
        self.servers, self.process = {}, None
        for name in names:
            self.serve(name)
        self.start(more)

    def serve(self, name):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", self.ports[name]))
        s.listen(16)
        self.servers[name] = s

        def accept():
            while True:
                try:
                    s.accept()[0].close()
                except OSError:
                    return
        threading.Thread(target=accept, daemon=True).start()

    def kill(self, name):
        s = self.servers.pop(name)
        s.shutdown(socket.SHUT_RDWR)
        s.close()

    def start(self, more="", names=None):
        path = os.path.join(self.where, "haproxy.cfg")
        with open(path, "w") as out:
            out.write("""
global
    stats socket %s mode 600 level admin
defaults
    mode tcp
    timeout connect 1s
    timeout client 10s
    timeout server 10s
listen pgbouncers
    bind 127.0.0.1:%d
    default-server inter 200ms fall 2 rise 2
%s
listen stats
    mode http
    bind 127.0.0.1:%d
    stats enable
    stats uri /stats
%s
""" % (self.socket, self.front, "".join(
                "    server %s 127.0.0.1:%d check\n" % (n, self.ports[n])
                for n in names or self.names), self.port, more))
        self.process = subprocess.Popen(
            (self.program, "-f", path), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.statuses(), 10, "haproxy")

    def statuses(self):
        """name -> status, or None when nobody answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as s:
                s.sendall(b"GET /stats;csv HTTP/1.0\r\n\r\n")
                data = b""
                while True:
                    part = s.recv(65536)
                    if not part:
                        break
                    data += part
        except OSError:
            return None
        rows = [li.split(",") for li in data.decode().splitlines()
                if li.startswith("pgbouncers,")]
        return {r[1]: r[17] for r in rows}

    def wait(self, name, word, limit=10):
        wait_for(lambda: (self.statuses() or {}).get(name, "").split(" ")[0]
                 == word, limit, "%s %s" % (name, word))

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(5)

    def stop(self):
        self.end()
        for name in list(self.servers):
            self.kill(name)


def compile_shim(where):
    """The preloaded counter, compiled; None without a compiler."""
    source = os.path.join(TOP, "test/sys/watch/stop_at.c")
    out = os.path.join(where, "stop_at.so")
    cc = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if cc is None:
        return None
    subprocess.run((cc, "-shared", "-fPIC", "-O1", "-o", out, source,
                    "-ldl"), check=True)
    return out


def temporary(base):
    return tempfile.mkdtemp(prefix="watch-", dir=base)
