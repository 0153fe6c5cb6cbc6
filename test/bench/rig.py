# SPDX-License-Identifier: ISC
"""The rig of a measurement: a fake or a real PostgreSQL, poolers in front of
it, load, and what the kernel counted. Everything lives in one temporary
directory and dies with the rig, whichever way it ends."""

import contextlib
import ctypes
import glob
import json
import os
import pwd
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SERVERS = 20            # pool_size of every cell
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


class Trouble(Exception):
    """The measurement itself cannot go on; the text says why."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, process, secs=10):
    """True when somebody listens; False when the process ended first."""
    end = time.monotonic() + secs
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.02)
    return False


def read_until(s, end):
    said = b""
    while not said.endswith(end):
        got = s.recv(65536)
        if not got:
            raise Trouble("the console hung up: %r" % said[-200:])
        said += got
    return said


def find_tool(name, build=None):
    """A program of the build: where make was called, or told so."""
    root = os.path.dirname(os.path.dirname(HERE))
    places = [build, os.environ.get("WEIR_BUILD"), ".", "build",
              os.path.join(root, "build"), root]
    for place in filter(None, places):
        path = os.path.join(place, "test", "bench", name)
        if os.access(path, os.X_OK):
            return os.path.abspath(path)
    raise Trouble("%s is not built: say make, or --build DIR" % name)


def find_postgres(name):
    for path in sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name),
                       reverse=True):
        return path
    return shutil.which(name)


def cpu_seconds(pid):
    """What the scheduler charged to all threads of a process."""
    total = 0
    for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
        try:
            with open(path) as f:
                total += int(f.read().split()[0])
        except OSError:
            pass
    return total / 1e9


def rss_bytes(pid):
    with open("/proc/%d/status" % pid) as f:
        return 1024 * int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


def choose_cpu(name):
    if name == "any":
        return None
    return max(os.sched_getaffinity(0)) if name == "last" else int(name)


class Rig:
    """Use as a context: everything it started ends with it."""

    def __init__(self, build=None, cpu=None, limit=600):
        self.build = build
        self.children = []
        self.signals = {}       # children that end by another than SIGTERM
        self.troubles = []
        # One core for everything: no wake-up of another core in the figures.
        self.cpus = os.sched_getaffinity(0)
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.files = hard if hard > 0 else 1 << 20
        self.user = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        self.dir = tempfile.mkdtemp(prefix="weir-bench-")
        os.chmod(self.dir, 0o755)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.on_signal)
        signal.signal(signal.SIGALRM, self.on_signal)
        signal.alarm(int(limit))

    def on_signal(self, number, frame):
        raise SystemExit("ended by %s" % signal.Signals(number).name)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        signal.alarm(0)
        for child in reversed(self.children[:]):
            self.stop(child, wait=3)
        shutil.rmtree(self.dir, ignore_errors=True)

    @contextlib.contextmanager
    def spread(self):
        """What is started within may use every core."""
        pinned = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self.cpus)
        try:
            yield
        finally:
            os.sched_setaffinity(0, pinned)

    def subdir(self, name):
        path = tempfile.mkdtemp(prefix=name + "-", dir=self.dir)
        os.chmod(path, 0o755)
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        return path

    def start(self, command, drop=False, log=None, **more):
        """A child of its own session; drop: without root's rights."""
        def last_steps():
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if drop and self.user:
            more.update(user=self.user.pw_uid, group=self.user.pw_gid,
                        extra_groups=[])
        out = open(log, "ab") if log else subprocess.DEVNULL
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("stdout", out)
        more.setdefault("stderr", out)
        child = subprocess.Popen(command, start_new_session=True,
                                 preexec_fn=last_steps, **more)
        if log:
            out.close()
        self.children.append(child)
        return child

    def stop(self, child, number=None, wait=5):
        if child in self.children:
            self.children.remove(child)
        if child.poll() is None:
            child.send_signal(number or self.signals.get(
                child, signal.SIGTERM))
            try:
                child.wait(wait)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def trouble(self, text):
        self.troubles.append(text)
        print("! " + text, file=sys.stderr, flush=True)

    # ---- PostgreSQL

    def start_fake(self):
        child = self.start([find_tool("pg_fake", self.build)],
                           stdout=subprocess.PIPE, text=True)
        line = child.stdout.readline().split()
        if len(line) != 2:
            raise Trouble("pg_fake did not start")
        return int(line[1])

    def start_postgres(self, scale):
        """A private PostgreSQL with pgbench's tables; its port."""
        home, port = self.subdir("postgres"), free_port()
        log = os.path.join(home, "log")
        initdb = find_postgres("initdb")
        if initdb is None:
            raise Trouble("no PostgreSQL is installed")
        made = self.start([initdb, "-D", home + "/data", "-A", "trust", "-U",
                           "bench", "--no-sync"], drop=True, log=log)
        if made.wait() != 0:
            raise Trouble("initdb failed:\n" + open(log).read())
        server = self.start(
            [find_postgres("postgres"), "-D", home + "/data", "-p", str(port),
             "-k", home, "-c", "fsync=off", "-c", "max_connections=200", "-c",
             "autovacuum=off", "-c", "listen_addresses=127.0.0.1"],
            drop=True, log=log)
        if not wait_port(port, server, 30):
            raise Trouble("PostgreSQL did not start:\n" + open(log).read())
        # For a plain SIGTERM it would wait for its clients.
        self.signals[server] = signal.SIGINT
        self.run_tool("createdb", port, "bench", db="postgres")
        self.run_tool("pgbench", port, "-i", "-q", "-s", str(scale))
        return port

    def run_tool(self, name, port, *args, db="bench", timeout=300):
        """One of PostgreSQL's own clients; its output."""
        command = [find_postgres(name) or name, "-h", "127.0.0.1", "-p",
                   str(port), "-U", "bench", *args]
        if name != "createdb":
            command.append(db)
        child = self.start(command, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True,
                           env=dict(os.environ, PGDATABASE=db))
        try:
            out, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            out = "no end within %d s" % timeout
        self.stop(child)
        if child.returncode != 0:
            raise Trouble("%s failed: %s" % (name, out[-600:]))
        return out

    # ---- load

    def start_echo(self):
        """Ports that echo, send and swallow."""
        child = self.start([find_tool("tcp_load", self.build), "serve"],
                           stdout=subprocess.PIPE, text=True)
        ports = child.stdout.readline().split()
        if len(ports) != 3:
            raise Trouble("tcp_load does not serve")
        return dict(zip(("echo", "source", "sink"), map(int, ports)))

    def tcp(self, port, *args, name="", timeout=120):
        """tcp_load's figures; a run with errors is a trouble, and {}."""
        child = self.start(self.tcp_command(port, *args),
                           stdout=subprocess.PIPE, text=True)
        try:
            out, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            out = ""
        self.stop(child)
        return self.judge_load(out, [name, *args])

    def tcp_command(self, port, *args):
        return [find_tool("tcp_load", self.build), "-p", str(port),
                *map(str, args)]

    def load_command(self, port, *args):
        return [find_tool("pg_load", self.build), "-p", str(port),
                "-W", "secret", *map(str, args)]

    def load(self, port, *args, name="", timeout=120):
        """pg_load's figures; a run with errors is a trouble, and {}."""
        child = self.start(self.load_command(port, *args),
                           stdout=subprocess.PIPE, text=True)
        try:
            out, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            out = ""
        self.stop(child)
        return self.judge_load(out, [name, *args])

    def judge_load(self, out, args):
        lines = [l for l in out.splitlines() if l.startswith("{")]
        got = json.loads(lines[-1]) if lines else {
            "errors": 1, "wrong": 0, "note": "no result"}
        if got["errors"] or got["wrong"] or not got["tx"]:
            self.trouble("%s: %d errors, %d wrong answers; %s" % (
                " ".join(map(str, args)), got["errors"], got["wrong"],
                got["note"]))
            return {}
        return got

    def hold(self, port, clients, command=None):
        """That many idle clients, until its standard input is closed."""
        command = command or self.load_command
        child = self.start(command(port, "-k", "-c", clients),
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           text=True)
        ready = select.select([child.stdout], [], [], 60 + clients / 100)[0]
        line = child.stdout.readline() if ready else "too slow"
        if line.strip() != "READY":
            self.stop(child)
            self.trouble("%d idle clients: %s" % (clients, line.strip()))
            return None
        return child


class Balancer:
    """One NAME=BINARY that takes `BINARY -f haproxy.cfg -db`."""

    def __init__(self, rig, name, binary, engine=None):
        self.rig, self.name, self.binary = rig, name, binary
        self.env = dict(os.environ)
        if engine:
            self.env["WEIR_ENGINE"] = engine
        self.dir = rig.subdir(name)
        told = subprocess.run([binary, "-v"], text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT).stdout
        self.version = told.splitlines()[0] if told else "?"
        self.process = None

    def start(self, listens, more="", wait=10, under=()):
        """listens: name -> (port of the server, lines); the ports in
        front of them are in self.ports. under: a program that runs it."""
        self.ports = {name: free_port() for name in listens}
        self.log = self.dir + "/log"
        with open(self.dir + "/haproxy.cfg", "w") as f:
            f.write("global\n    maxconn %d\n    nbthread 1\n%s\n"
                    "defaults\n    mode tcp\n    timeout connect 5s\n"
                    "    timeout client 1m\n    timeout server 1m\n" % (
                        self.rig.files // 2 - 1200, more))
            for name, (server, lines) in listens.items():
                f.write("listen %s\n    bind 127.0.0.1:%d\n    %s\n" % (
                    name, self.ports[name], "\n    ".join(lines)))
                if server:
                    f.write("    server s1 127.0.0.1:%d\n" % server)
        self.process = self.rig.start(
            [*under, self.binary, "-f", self.dir + "/haproxy.cfg", "-db"],
            log=self.log, env=self.env, cwd=self.dir)
        self.pid = self.process.pid
        for port in self.ports.values():
            if not wait_port(port, self.process, wait):
                with open(self.log, errors="replace") as f:
                    raise Trouble("%s (%s) did not start:\n%s" % (
                        self.name, self.binary, f.read()[-1500:]))

    def stop(self):
        if self.process:
            self.rig.stop(self.process, signal.SIGTERM)
        self.process = None

    def load(self, listen, *args):
        if self.process.poll() is not None:
            with open(self.log, errors="replace") as f:
                raise Trouble("%s is dead (%s):\n%s" % (
                    self.name, self.process.returncode, f.read()[-1500:]))
        return self.rig.tcp(self.ports[listen], "-P", self.pid, *args,
                            name=self.name)


class Pooler:
    """One NAME=BINARY, with a configuration of its own. `threads` go to
    the side file, which only ours reads."""

    def __init__(self, rig, name, binary, engine=None, threads=None):
        self.rig, self.name, self.binary = rig, name, binary
        self.given, self.threads = binary, threads
        self.env = dict(os.environ)
        if engine:
            self.env["WEIR_ENGINE"] = engine
        self.dir = self.env["TMPDIR"] = rig.subdir(name)
        if rig.user:            # nobody may be kept out of the build
            self.binary = os.path.join(self.dir, os.path.basename(binary))
            shutil.copy(binary, self.binary)
        told = subprocess.run([self.binary, "--version"], text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT).stdout
        self.version = told.splitlines()[0] if told else "?"
        self.is_ours = "Weir" in self.version
        number = re.search(r"(\d+)\.(\d+)", self.version)
        at = tuple(map(int, number.groups())) if number else (0, 0)
        self.has_prepared = at >= (1, 21)
        self.process = None

    def write_ini(self, backend, auth, tls, servers):
        settings = {
            "listen_addr": "127.0.0.1", "listen_port": self.port,
            "unix_socket_dir": "", "auth_type": auth,
            "auth_file": self.dir + "/userlist.txt",
            "pool_mode": "transaction", "default_pool_size": servers,
            "max_client_conn": max(100, min(20000, self.rig.files - 500)),
            "log_connections": 0, "log_disconnections": 0,
            "log_stats": 0, "listen_backlog": 4096,
            "admin_users": "bench", "pidfile": self.dir + "/pid",
            "ignore_startup_parameters": "extra_float_digits",
        }
        if self.has_prepared:
            settings["max_prepared_statements"] = 200
        if tls:
            settings.update(client_tls_sslmode="allow",
                            client_tls_key_file=tls + "/key.pem",
                            client_tls_cert_file=tls + "/cert.pem")
        with open(self.dir + "/userlist.txt", "w") as f:
            f.write('"bench" "secret"\n')
        with open(self.dir + "/pooler.ini", "w") as f:
            f.write("[databases]\nbench = host=127.0.0.1 port=%d "
                    "dbname=bench user=bench\n[pgbouncer]\n" % backend)
            f.writelines("%s = %s\n" % row for row in settings.items())
        if self.threads:
            with open(self.dir + "/pooler.ini.weir", "w") as f:
                f.write("[pgbouncer]\nthreads = %d\n" % self.threads)

    def start(self, backend, auth="trust", tls=None, under=(), wait=10,
              servers=SERVERS):
        self.port = free_port()
        self.write_ini(backend, auth, tls, servers)
        self.log = self.dir + "/log"
        self.process = self.rig.start(
            [*under, self.binary, self.dir + "/pooler.ini"], drop=True,
            log=self.log, env=self.env, cwd=self.dir)
        self.pid = self.process.pid
        if not wait_port(self.port, self.process, wait):
            with open(self.log, errors="replace") as f:
                raise Trouble("%s (%s) did not start:\n%s" % (
                    self.name, self.binary, f.read()[-1500:]))

    def stop(self):
        """SIGINT: the oldest and the newest original end by it alike."""
        if self.process:
            self.rig.stop(self.process, signal.SIGINT)
        self.process = None

    def says(self, item, usual):
        """A value of SHOW WEIR; `usual` for who does not know it."""
        if not self.is_ours:
            return usual
        with socket.create_connection(("127.0.0.1", self.port), 5) as s:
            s.settimeout(5)
            body = b"\0\3\0\0user\0bench\0database\0pgbouncer\0\0"
            s.sendall(struct.pack("!I", len(body) + 4) + body)
            read_until(s, b"Z\0\0\0\5I")
            s.sendall(b"Q\0\0\0\x0eSHOW WEIR\0")
            said = read_until(s, b"Z\0\0\0\5I")
        found = re.search(item.encode() + rb"\0\0\0(.)(.*)", said, re.S)
        return found[2][:found[1][0]].decode() if found else usual

    def load(self, *args):
        if self.process.poll() is not None:
            with open(self.log, errors="replace") as f:
                raise Trouble("%s is dead (%s):\n%s" % (
                    self.name, self.process.returncode, f.read()[-1500:]))
        return self.rig.load(self.port, "-P", self.pid, *args,
                             name=self.name)

    def load_command(self, *args):
        return self.rig.load_command(self.port, *args)


class Sessions:
    """A balancer in front of an echo, counted as a pooler is: a round of
    tcp_load is its transaction."""

    has_prepared = False

    def __init__(self, rig, name, binary, engine=None):
        self.balancer = Balancer(rig, name, binary, engine)
        self.rig, self.name, self.dir = rig, name, self.balancer.dir
        self.version = self.balancer.version

    def start(self, echo, under=(), wait=10):
        self.balancer.start({"echo": (echo, [])}, wait=wait, under=under)
        self.process, self.log = self.balancer.process, self.balancer.log
        self.pid = self.balancer.pid

    def stop(self):
        self.balancer.stop()

    def load(self, *args):
        return self.balancer.load("echo", *args)

    def load_command(self, *args):
        return self.rig.tcp_command(self.balancer.ports["echo"], *args)


# ---- system calls

TRACED = """recvfrom recvmsg read readv sendto sendmsg write writev epoll_wait
epoll_pwait epoll_ctl splice futex accept4 close setsockopt getsockopt
clock_gettime io_uring_enter socket connect shutdown getsockname""".split()
EVENTS = "/sys/kernel/tracing/events/"


def count_with_perf(rig, pooler, args, kinds):
    """(transactions, {call: number}) while the load runs, or None."""
    if not shutil.which("perf"):
        return None
    result = pooler.dir + "/perf"
    # tracefs may not be mounted: then in a mount name space of our own.
    script = """test -d %s || mount -t tracefs none /sys/kernel/tracing
        events=raw_syscalls:sys_enter
        for name in %s; do test ! -d %ssyscalls/sys_enter_$name ||
            events=$events,syscalls:sys_enter_$name; done
        exec perf stat -x, -o %s -e $events -p %d -- "$@"
        """ % (EVENTS, " ".join(kinds), EVENTS, result, pooler.pid)
    space = ["unshare", "-m"] if os.getuid() == 0 else []
    child = rig.start(space + ["sh", "-c", script, "perf"] +
                      pooler.load_command(*args),
                      stdout=subprocess.PIPE, text=True)
    out, _ = child.communicate(timeout=120)
    rig.stop(child)
    if "{" not in out:
        return None
    counts = {}
    with open(result) as f:
        for line in f:
            cells = line.split(",")
            if len(cells) > 2 and cells[0].isdigit():
                name = cells[2].split("sys_enter")[-1].lstrip("_")
                counts[name or "all"] = int(cells[0])
    got = rig.judge_load(out, [pooler.name, *args])
    return (got["tx"], counts) if got and counts.get("all") else None


def count_with_strace(rig, pooler, args, kinds):
    if not shutil.which("strace"):
        return None
    result = pooler.dir + "/strace"
    tracer = rig.start(["strace", "-c", "-f", "-o", result, "-p",
                        str(pooler.pid)])
    time.sleep(0.5)
    if tracer.poll() is not None:
        return None
    got = pooler.load(*args)
    rig.stop(tracer, signal.SIGINT)
    counts = {}
    with open(result) as f:
        for line in f:
            cells = line.split()
            if len(cells) >= 5 and cells[3].isdigit():
                name = "all" if cells[-1] == "total" else cells[-1]
                counts[name] = int(cells[3])
    return (got["tx"], counts) if got and counts.get("all") else None


def count_calls(rig, pooler, mode, clients, number, kinds=TRACED):
    """{call: per transaction}, and which tool counted; ({}, why not).
    All kinds together, and, which takes its time, some of them alone.
    The difference of two runs: logins and ends are in both."""
    for tool, count in (("perf", count_with_perf),
                        ("strace", count_with_strace)):
        few, many = (count(rig, pooler, [
            "-m", mode, "-c", clients, "-n", n, "-w", 0], kinds)
            for n in (number, 4 * number))
        if few and many:
            return {call: max(0, many[1][call] - few[1].get(call, 0)) /
                    (many[0] - few[0]) for call in many[1]}, tool
    return {}, "neither perf nor strace may count here"
