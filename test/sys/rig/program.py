# SPDX-License-Identifier: ISC
# A pooler under test: its directory, its files, its process, its log.
import collections
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from . import scram, wire
from .cluster import SALT, SECRET, account, as_account, free_port, wait_for

ORIGINAL = os.environ.get("PGBOUNCER", "/usr/sbin/pgbouncer")
TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))

# pytest changes its own while poolers are started from other threads.
ENVIRONMENT = dict(os.environ)

Program = collections.namedtuple("Program", "name path ours")


def ours():
    path = os.environ.get("WEIR_POOLER")
    if not path:
        path = next((p for p in (os.path.join(os.getcwd(), "weir-pooler"),
                                 os.path.join(TOP, "build/weir-pooler"),
                                 os.path.join(TOP, "weir-pooler"))
                     if os.path.exists(p)),
                    os.path.join(TOP, "build/weir-pooler"))
    # The original may stand in for ours, to prove the frame itself.
    return Program("weir", os.path.abspath(path), not os.path.exists(path)
                   or os.path.realpath(path) != os.path.realpath(ORIGINAL))


def original():
    return Program("original", ORIGINAL, False)


# What every file starts from; a test's own settings lie over it.
SETTINGS = {
    "listen_addr": "127.0.0.1", "unix_socket_dir": "$DIR",
    "auth_type": "trust", "auth_file": "$DIR/userlist.txt",
    "admin_users": "admin", "stats_users": "stats",
    "pidfile": "$DIR/pid", "server_tls_sslmode": "disable",
    "server_login_retry": 1, "pool_mode": "transaction"}

DATABASES = {
    "app": "host=127.0.0.1 port=$PG dbname=app",
    "app2": "host=127.0.0.1 port=$PG dbname=app2"}

USERS = [("app", ""), ("other", ""), ("admin", "adminpw"),
         ("stats", "statspw"), ("trusty", SECRET["trusty"]),
         ("stranger", ""), ("tlsuser", ""),
         ("md5user", scram.md5("md5user", SECRET["md5user"])),
         ("scramuser", scram.secret(SECRET["scramuser"], SALT)),
         ("plainuser", SECRET["plainuser"]), ("authuser", ""),
         ("nosecret", "")]

PROCESS_UP = re.compile(r"LOG process up: ")

# What this run is about (pytest's --engine and --threads): the engine of
# every pooler of ours and the number of its loops, where a test does not
# choose for itself. None: as the program chooses.
regime = {"engine": None, "threads": None}

SIDE_FILE = "pooler.ini.weir"

# All poolers of the machine's test runs charge one account's RLIMIT_MEMLOCK.
NO_ROOM_FOR_RINGS = "io_uring cannot be set up: Cannot allocate memory"


class Pooler:
    """Made by a fixture or a scene, which also stops it. `settings`,
    `databases`, `users` (the ini's section) and `peers` are dicts,
    `auth_file` a list of pairs or text; `ini` replaces the file as a whole;
    `files` are more files by name; `side` are settings of our own, which go
    to the side file. $DIR, $PORT and $PG are filled in."""

    def __init__(self, program, where, pg, certs=None):
        self.program, self.where, self.pg = program, where, pg
        self.certs = certs
        self.process, self.stderr, self.expect = None, None, 0
        os.makedirs(where)
        os.chmod(where, 0o755)
        self.owned(where)
        self.port = free_port()
        self.conns = []

    # -- files

    def owned(self, path):
        if os.geteuid() == 0:
            os.chown(path, account().pw_uid, account().pw_gid)

    def path(self, name):
        return os.path.join(self.where, name)

    def fill(self, text):
        for word, value in (("$DIR", self.where), ("$PORT", self.port),
                            ("$PG", self.pg),
                            ("$CERTS", self.certs and self.certs.where)):
            text = text.replace(word, str(value))
        return text

    def write(self, name, text):
        """Aside and renamed: a reload under way sees the old or the new."""
        path = self.path(name)
        if name == SIDE_FILE:
            text += self.side_of_the_run(text)
        mode = "wb" if isinstance(text, bytes) else "w"
        with open(path + ".new", mode) as out:
            out.write(text if mode == "wb" else self.fill(text))
        self.owned(path + ".new")
        os.replace(path + ".new", path)
        return path

    def side_of_the_run(self, text):
        """What the run adds to a test's own side file, if anything."""
        if not self.program.ours or not regime["threads"] or \
                re.search(r"^\s*threads\b", text, re.M):
            return ""
        return "[pgbouncer]\nthreads = %d\n" % regime["threads"]

    def configure(self, settings=None, databases=None, users=None,
                  peers=None, auth_file=None, ini=None, files=None,
                  side=None, **more):
        """Write the files; also before a reload."""
        settings = {**SETTINGS, "listen_port": self.port,
                    **(settings or {}), **more}
        if ini is None:
            ini = "[databases]\n"
            chosen = DATABASES if databases is None else databases
            ini += "".join("%s = %s\n" % p for p in chosen.items())
            for name, rows in (("users", users), ("peers", peers)):
                if rows:
                    ini += "[%s]\n" % name
                    ini += "".join("%s = %s\n" % p for p in rows.items())
            ini += "[pgbouncer]\n"
            ini += "".join("%s = %s\n" % p for p in settings.items()
                           if p[1] is not None)
        auth_file = USERS if auth_file is None else auth_file
        if not isinstance(auth_file, (str, bytes)):
            auth_file = "".join('"%s" "%s"\n' % tuple(
                f.replace('"', '""') for f in pair) for pair in auth_file)
        self.write("userlist.txt", auth_file)
        for name, text in (files or {}).items():
            self.write(name, text)
        self.configure_side(side, files or {})
        self.ini = self.write("pooler.ini", ini)
        self.tls = settings.get("client_tls_sslmode") in (
            "require", "verify-ca", "verify-full")
        return self

    def configure_side(self, side, files):
        """The side file, when somebody has something to say in it. One that
        a test wrote itself stays as it is."""
        if SIDE_FILE in files:
            return
        if side is not None:
            self.write(SIDE_FILE, "[pgbouncer]\n" + "".join(
                "%s = %s\n" % row for row in side.items()))
        elif self.side_of_the_run("") and \
                not os.path.exists(self.path(SIDE_FILE)):
            self.write(SIDE_FILE, "")

    # -- process

    def environment(self, **more):
        env = {**ENVIRONMENT, "TZ": "UTC", "LC_ALL": "C",
               "MALLOC_PERTURB_": "170",
               "ASAN_OPTIONS": "log_path=%s:abort_on_error=0:exitcode=99"
               % self.path("sanitizer"),
               "UBSAN_OPTIONS": "log_path=%s:print_stacktrace=1"
               % self.path("sanitizer"),
               "TSAN_OPTIONS": "log_path=%s" % self.path("sanitizer")}
        for gone in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID",
                     "JOURNAL_STREAM", "PGPORT", "PGHOST", "PGUSER"):
            env.pop(gone, None)
        if self.program.ours and regime["engine"]:
            env["WEIR_ENGINE"] = regime["engine"]
        env.update(more)
        return env

    def run(self, *args, limit=10, **env):
        """Run to its end: (exit code, stdout, stderr)."""
        if not args:
            args = (self.ini,)
        done = subprocess.run((self.program.path,) + args,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=limit, cwd=self.where,
                              env=self.environment(**env), **as_account())
        return (done.returncode, done.stdout.decode(),
                done.stderr.decode("utf-8", "replace"))

    def start(self, args=None, wait=True, env=None, retries=20, **popen):
        self.stderr = open(self.path("stderr"), "ab")
        self.process = subprocess.Popen(
            (self.program.path,) + tuple(args or (self.ini,)),
            stdin=subprocess.DEVNULL, cwd=self.where,
            env=self.environment(**(env or {})),
            **{"stdout": self.stderr, "stderr": self.stderr,
               **as_account(), **popen})
        if not wait:
            return self
        try:
            wait_for(self.is_up, 10, "the pooler")
        except RuntimeError as why:
            if NO_ROOM_FOR_RINGS not in str(why) or not retries:
                raise
            # Others end, and theirs are freed a little after.
            time.sleep(0.3)
            os.truncate(self.path("stderr"), 0)
            self.stderr.close()
            return self.start(args, wait, env, retries - 1, **popen)
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError("the pooler ended with %d:\n%s" % (
                self.process.returncode, self.log()))
        return PROCESS_UP.search(self.log())

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def ended(self, limit=10):
        """Wait for the end; the exit code."""
        return self.process.wait(limit)

    def reload(self, **changes):
        """Write the files anew, SIGHUP, wait until it was read."""
        self.configure(**changes)
        n = self.count("got SIGHUP")
        self.signal(signal.SIGHUP)
        wait_for(lambda: self.count("got SIGHUP") > n, say="the reload")
        self.settle()

    def settle(self):
        """The loop has turned: what was to do at once is done."""
        with wire.Conn(self.unix if self.tls else self.tcp) as c:
            c.login("admin", "pgbouncer", "adminpw")

    def stop(self):
        """End it, and look whether it left anything behind."""
        for c in self.conns:
            c.drop()
        if self.process is None:
            return
        if self.running():
            self.signal(signal.SIGQUIT if self.program.ours
                        else signal.SIGTERM)
            try:
                code = self.ended(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                code = "a hang at the end"
        else:
            code = self.process.returncode
        self.stderr.close()
        left = [f for f in glob.glob(self.where + "/.s.*")
                + glob.glob(self.path("pid"))]
        report = "".join(open(f, errors="replace").read()
                         for f in glob.glob(self.path("sanitizer*")))
        log = self.log()
        shutil.rmtree(self.where, ignore_errors=True)
        assert not report, "a sanitizer spoke:\n" + report
        if self.program.ours and self.expect is not None:
            assert code == self.expect, "exit %s, log:\n%s" % (code, log)
            assert not left, "left behind: %s" % left

    # -- what it says

    def log(self):
        time.sleep(0.02)        # a thread of the pooler's writes it
        try:
            with open(self.path("stderr"), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def lines(self, pattern=""):
        return [li for li in self.log().splitlines()
                if re.search(pattern, li)]

    def count(self, pattern):
        return len(self.lines(pattern))

    def wait_log(self, pattern, limit=10, n=1):
        return wait_for(lambda: len(self.lines(pattern)) >= n and
                        self.lines(pattern), limit,
                        "%r in the log" % pattern)

    # -- talking to it

    @property
    def tcp(self):
        return ("127.0.0.1", self.port)

    @property
    def unix(self):
        return self.path(".s.PGSQL.%d" % self.port)

    def conn(self, where=None, limit=wire.LIMIT):
        c = wire.Conn(where or self.tcp, limit)
        self.conns.append(c)
        return c

    def login(self, user="app", database="app", secret=None, where=None,
              **params):
        """A client that must get in."""
        c = self.conn(where)
        said = c.login(user, database, secret or SECRET.get(user), **params)
        assert said[-1] == ("Z", "I"), said
        return c

    def try_login(self, user="app", database="app", secret=None, where=None,
                  **params):
        """What is said to a client that may be refused."""
        c = self.conn(where)
        return c.login(user, database, secret, **params)

    def console(self, user="admin", where=None):
        """By the unix socket where TCP wants TLS."""
        return self.login(user, "pgbouncer", user + "pw",
                          where or (self.tls and self.unix))

    def peer(self, where=None):
        """A connection over the unix socket made by a process of the
        pooler's own account."""
        ours, theirs = socket.socketpair()
        code = ("import socket,sys\n"
                "s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1])\n"
                "o=socket.socket(fileno=int(sys.argv[2]))\n"
                "socket.send_fds(o,[b'x'],[s.fileno()])\n"
                "o.recv(1)\n")
        child = subprocess.Popen(
            (sys.executable, "-S", "-c", code, where or self.unix,
             str(theirs.fileno())), pass_fds=(theirs.fileno(),),
            **as_account())
        theirs.close()
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
        ours.close()
        child.wait()
        c = wire.Conn(None, sock=socket.socket(fileno=fds[0]))
        self.conns.append(c)
        return c

    def show(self, what, user="admin"):
        with self.console(user) as c:
            return c.table("SHOW " + what)

    def weir(self):
        """SHOW WEIR: what of it is ours alone, as a dict."""
        return {row["item"]: row["value"] for row in self.show("WEIR")}

    def command(self, text):
        """One console command; its tag or its error's text."""
        with self.console() as c:
            said = c.query(text)
        why = wire.error(said)
        return why[2] if why else next(
            (m[1] for m in said if m[0] == "C"), None)

    def pool(self, database="app", user="app"):
        """The pool's row of SHOW POOLS, numbers as numbers."""
        for row in self.show("POOLS"):
            if (row["database"], row["user"]) == (database, user):
                return {k: int(v) if v and v.isdigit() else v
                        for k, v in row.items()}
        return collections.defaultdict(int)

    def wait_pool(self, database="app", user="app", limit=10, **want):
        """Until the pool's row has these values."""
        last = {}

        def there():
            last.update(self.pool(database, user))
            return all(last.get(k, 0) == v for k, v in want.items())
        try:
            wait_for(there, limit)
        except TimeoutError:
            raise AssertionError("the pool stays %s, wanted %s" % (
                {k: last.get(k) for k in want}, want))

    def servers(self):
        return self.show("SERVERS")

    def rss(self):
        """Resident memory in bytes."""
        with open("/proc/%d/status" % self.pid) as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) * 1024

    def cpu(self):
        """CPU seconds used so far."""
        with open("/proc/%d/stat" % self.pid) as f:
            parts = f.read().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def fds(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))


class Poolers:
    """Starts poolers below one directory and stops them all."""

    def __init__(self, program, base, pg, certs):
        self.program, self.base, self.pg = program, base, pg
        self.certs, self.started = certs, []

    def make(self):
        one = Pooler(self.program, os.path.join(
            self.base, "%s%d" % (self.program.name[0], time.monotonic_ns())),
            self.pg, self.certs)
        self.started.append(one)
        return one

    def __call__(self, *args, start=None, **config):
        one = self.make().configure(*args, **config)
        return one.start(**(start or {}))

    def stop(self):
        why = None
        for one in self.started:
            try:
                one.stop()
            except AssertionError as fault:
                why = why or fault
        self.started.clear()
        if why:
            raise why
