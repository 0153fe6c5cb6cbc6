# SPDX-License-Identifier: ISC
# The life of the process: command line,
# signals, exit codes, pid file, sockets, reload, log lines.
import os
import re
import signal
import socket
import subprocess
import time

from rig import wire
from rig.cluster import account, as_account, wait_for
from rig.differ import bare, begins, scenario, plays_of
from rig.wire import fatal, query

DB = "host=127.0.0.1 port=$PG dbname=app"
DATABASES = {"app": DB, "app2": DB.replace("=app", "=app2")}


# ---- command line

def cli(name, *args, weir=None):
    @scenario("life.cli." + name, start=False, weir=weir)
    def play(s):
        s.p = s.makes.make()
        s.p.configure()
        code, out, err = s.p.run(*args)
        s.note("code", code)
        s.note("stderr", [bare(li) for li in err.splitlines()])
        if name not in ("version", "help", "version-long"):
            s.note("stdout", out)
        else:
            s.note("first line", out.splitlines()[0])


cli("none-but-option", "-q")
cli("two-files", "a.ini", "b.ini")
cli("unknown-short", "-Z")
cli("unknown-long", "--nonsense")
cli("missing-argument", "-u")
cli("version", "-V")
cli("version-long", "--version")
cli("help", "-h")
cli("daemon-without-pidfile", "-d", "gone.ini")
cli("unknown-user", "-u", "nobody-of-that-name", "gone.ini")


@scenario("life.cli.version-raw", start=False, weir={"lines": lambda got:
          got[0] == "PgBouncer 1.25.2 (Weir 0.1.0)"
          and got[1].startswith("libevent ") and got[2].startswith("adns: ")
          and got[3].startswith("tls: ")})
def version_raw(s):
    s.p = s.makes.make()
    s.p.configure()
    s.note("lines", s.p.run("-V")[1].splitlines(), raw=True)


@scenario("life.cli.option-behind-file", start=False)
def behind(s):
    s.p = s.makes.make()
    s.p.configure().start(["pooler.ini", "-v"])
    s.note("login", s.try_login()[-1])


@scenario("life.cli.quiet", start=False)
def quiet(s):
    s.p = s.makes.make()
    s.p.configure(logfile="$DIR/log")
    s.p.start(["-q", s.p.ini], wait=False)
    wait_for(lambda: os.path.exists(s.p.path("log")) and
             "process up" in open(s.p.path("log")).read())
    s.note("stderr", s.p.log())


@scenario("life.cli.daemon-without-pidfile-set", start=False)
def daemon_no_pidfile(s):
    s.p = s.makes.make()
    s.p.configure(pidfile=None)
    code, out, err = s.p.run("-d", s.p.ini)
    s.note("code", code)
    s.note("said", [bare(li) for li in err.splitlines()
                    if "kernel" not in li])


@scenario("life.daemon", start=False)
def daemon(s):
    s.p = s.makes.make()
    s.p.configure(logfile="$DIR/log")
    code, out, err = s.p.run("-d", s.p.ini)
    s.note("code", code)
    s.note("stderr", [bare(li) for li in err.splitlines()
                      if "kernel" not in li])
    pid = int(wait_for(lambda: os.path.exists(s.p.path("pid")) and
                       open(s.p.path("pid")).read().strip()))
    try:
        s.note("login", s.try_login()[-1])
        s.note("leader", os.getsid(pid) != os.getsid(0))
        s.note("stdin", os.readlink("/proc/%d/fd/0" % pid))
        s.note("stderr to", os.readlink("/proc/%d/fd/2" % pid))
    finally:
        os.kill(pid, signal.SIGINT)
        wait_for(lambda: not os.path.exists("/proc/%d" % pid) or
                 "Z" in open("/proc/%d/stat" % pid).read().split()[2] or
                 (os.kill(pid, signal.SIGINT) or False))
    s.note("socket gone", not os.path.exists(s.p.unix))
    s.note("pidfile gone", not os.path.exists(s.p.path("pid")))


@scenario("life.root", start=False)
def root(s):
    """Root without a user to become is refused."""
    if os.geteuid() != 0:
        s.note("code", 1)
        return
    s.p = s.makes.make()
    s.p.configure()
    done = subprocess.run((s.p.program.path, s.p.ini), timeout=10,
                          stderr=subprocess.PIPE, env=s.p.environment())
    s.note("code", done.returncode)
    s.note("said", [bare(li) for li in done.stderr.decode().splitlines()])


@scenario("life.root-becomes-user", start=False)
def becomes(s):
    if os.geteuid() != 0:
        s.note("login", ("Z", "I"))
        return
    s.p = s.makes.make()
    s.p.configure()
    s.p.start(["-u", account().pw_name, s.p.ini], user=0, group=0,
              extra_groups=[])
    s.note("login", s.try_login()[-1])
    with open("/proc/%d/status" % s.p.pid) as f:
        text = f.read()
    s.note("uids", set(re.search(r"Uid:\s+(.*)", text)[1].split()) ==
           {str(account().pw_uid)})
    s.note("gids", set(re.search(r"Gid:\s+(.*)", text)[1].split()) ==
           {str(account().pw_gid)})


# ---- start lines and listeners

@scenario("life.start-lines", weir={"lines": begins(
    "LOG kernel file descriptor limit: N (hard: N); max_client_conn: 100, "
    "max expected fd use: N")})
def start_lines(s):
    lines = [bare(li) for li in s.p.lines()]
    lines[0] = re.sub(r"(limit: |hard: |use: )\d+", r"\1N", lines[0])
    lines[-1] = " ".join(lines[-1].split()[:4])
    s.note("lines", lines)


@scenario("life.listeners", listen_addr="127.0.0.1, ::1")
def listeners(s):
    s.note("v4", s.try_login()[-1])
    s.note("v6", s.try_login(where=("::1", s.p.port))[-1])
    s.note("unix", s.try_login(where=s.p.unix)[-1])
    s.note("lines", [bare(li) for li in s.p.lines("listening on")])


@scenario("life.listen-all", listen_addr="*")
def listen_all(s):
    s.note("v4", s.try_login()[-1])
    s.note("v6", s.try_login(where=("::1", s.p.port))[-1])


@scenario("life.unix-only", listen_addr="")
def unix_only(s):
    s.note("unix", s.try_login(where=s.p.unix)[-1])


@scenario("life.socket-mode", unix_socket_mode="0700")
def socket_mode(s):
    s.note("mode", oct(os.stat(s.p.unix).st_mode & 0o777))


@scenario("life.abstract-socket", unix_socket_dir="@weir-$PORT")
def abstract(s):
    s.note("login", s.try_login(
        where="\0weir-%d/.s.PGSQL.%d" % (s.p.port, s.p.port))[-1])
    s.note("lines", [bare(li) for li in s.p.lines("listening on unix")])


@scenario("life.port-taken", start=False, weir={"code": 1, "said": [
    "WARNING cannot listen on 127.0.0.1:PORT: bind(): Address already in use",
    "FATAL failed to listen on any address in listen_addr list: 127.0.0.1"]})
def port_taken(s):
    s.p = s.makes.make()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        s.p.port = taken.getsockname()[1]
        s.p.configure().start(wait=False)
        wait_for(lambda: not s.p.running() or s.p.count("process up"))
    s.note("code", "goes on" if s.p.count("process up") else s.p.ended())
    s.note("said", [bare(li) for li in s.p.lines("listen on")])
    s.p.expect = None


@scenario("life.stale-socket", start=False)
def stale_socket(s):
    s.p = s.makes.make()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(s.p.unix)
    s.p.configure().start()
    s.note("login", s.try_login(where=s.p.unix)[-1])


@scenario("life.live-socket", start=False)
def live_socket(s):
    """Somebody answers on the unix socket."""
    one = s.makes()
    s.p = s.makes.make()
    s.p.port = one.port
    s.p.configure(unix_socket_dir=one.where)
    code, out, err = s.p.run()
    s.note("code", code)
    s.note("said", [bare(li).replace(one.where, "OTHER")
                    for li in err.splitlines() if "kernel" not in li])
    s.note("first goes on", one.try_login()[-1])


@scenario("life.postgres-lock", start=False, weir={"said": [
    "LOG listening on 127.0.0.1:PORT", "FATAL unix port PORT is in use"]})
def postgres_lock(s):
    s.p = s.makes.make()
    s.p.configure()
    s.p.write(".s.PGSQL.%d.lock" % s.p.port, "1\n")
    code, out, err = s.p.run()
    s.note("code", code)
    s.note("said", [bare(li) for li in err.splitlines()
                    if "kernel" not in li])


# ---- pid file

@scenario("life.pidfile")
def pidfile(s):
    with open(s.p.path("pid")) as f:
        s.note("pid", f.read() == "%d\n" % s.p.pid)
    s.note("mode", oct(os.stat(s.p.path("pid")).st_mode & 0o777))
    s.p.signal(signal.SIGINT)
    s.p.ended()
    s.note("gone", not os.path.exists(s.p.path("pid")))
    s.note("socket gone", not os.path.exists(s.p.unix))


def with_pidfile(name, text, weir=None):
    @scenario("life.pidfile." + name, start=False, weir=weir)
    def play(s):
        s.p = s.makes.make()
        s.p.configure()
        s.p.write("pid", text % os.getpid() if "%d" in text else text)
        s.p.start(wait=False)
        wait_for(lambda: not s.p.running() or s.p.count("process up"))
        s.note("up", s.p.count("process up") > 0)
        s.note("said", [bare(li) for li in s.p.lines("pidfile")])
        s.p.expect = None


EXISTS = {"up": False, "said": [
    "FATAL pidfile 'DIR/pid' exists, another instance running?"]}
with_pidfile("live", "%d\n", EXISTS)
with_pidfile("stale", "4194000\n")
with_pidfile("empty", "", EXISTS)
with_pidfile("text", "nonsense\n", EXISTS)


# ---- signals

@scenario("life.sigterm", weir={"ends": "0", "log": [
    "LOG got SIGTERM, shutting down, waiting for all clients disconnect",
    "LOG client connections dropped, exiting"]})
def sigterm(s):
    """1.18 leaves at once, since 1.23 it waits for the clients."""
    s.p.signal(signal.SIGTERM)
    s.note("ends", str(s.p.ended()))
    s.note("log", [bare(li) for li in s.p.lines("SIGTERM|exiting|exit")])


@scenario("life.sigterm-with-client", weir={
    "goes on": "1", "tcp": "refused", "ends": "0",
    "unix": fatal("pooler is shutting down")})
def sigterm_client(s):
    c = s.login()
    s.p.signal(signal.SIGTERM)
    s.p.wait_log("got SIGTERM")
    if not still(s):
        s.note("goes on", "gone")
        return
    s.note("goes on", c.one("select 1"))
    try:
        s.p.conn()
        s.note("tcp", "open")
    except ConnectionRefusedError:
        s.note("tcp", "refused")
    s.note("unix", s.try_login(where=s.p.unix))
    c.finish()
    s.note("ends", str(s.p.ended()))


def still(s):
    """Whether it runs on for a while."""
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        if not s.p.running():
            return False
        time.sleep(0.02)
    return True


@scenario("life.sigint")
def sigint(s):
    s.p.signal(signal.SIGINT)
    s.note("ends", s.p.ended())


@scenario("life.sigint-log", weir={"log": [
    "LOG got SIGINT, shutting down, waiting for all servers connections to "
    "be released", "LOG server connections dropped, exiting"]})
def sigint_log(s):
    s.login().query("select 1")
    s.p.signal(signal.SIGINT)
    s.p.ended()
    s.note("log", [bare(li) for li in s.p.lines("SIGINT|exiting")])


@scenario("life.sigint-with-transaction", weir={
    "waiting": fatal("server shutting down")})
def sigint_transaction(s):
    c, other = s.login(), s.login()
    c.query("begin")
    s.p.signal(signal.SIGINT)
    s.p.wait_log("got SIGINT")
    s.note("inside", c.one("select 1"))
    other.send(query("select 1"))
    s.note("waiting", other.rest() if not other.quiet(1) else "waits")
    s.note("commit", c.query("commit"))
    s.note("ends", s.p.ended())


@scenario("life.sigint-twice", weir={"goes on": False, "log": [
    "LOG got SIGINT while shutting down, fast exit"]})
def sigint_twice(s):
    c = s.login()
    c.query("begin")
    s.p.signal(signal.SIGINT)
    s.p.wait_log("got SIGINT")
    s.p.signal(signal.SIGINT)
    s.note("goes on", still(s))
    s.note("log", [bare(li) for li in s.p.lines("fast exit")])


@scenario("life.sigterm-twice", weir={"ends": "0", "log": [
    "LOG got SIGTERM while shutting down, fast exit"]})
def sigterm_twice(s):
    c = s.login()
    c.query("begin")
    s.p.signal(signal.SIGTERM)
    s.p.wait_log("got SIGTERM")
    if s.p.running():
        s.p.signal(signal.SIGTERM)
    s.note("ends", str(s.p.ended()))
    s.note("log", [bare(li) for li in s.p.lines("fast exit")])


@scenario("life.sigquit", weir={"ends": "0", "log": [
    "LOG got SIGQUIT, fast exit"]})
def sigquit(s):
    s.login().query("begin")
    s.p.signal(signal.SIGQUIT)
    s.note("ends", str(s.p.ended()))
    s.note("log", [bare(li) for li in s.p.lines("SIGQUIT")])
    s.p.expect = None


@scenario("life.sigusr1-sigusr2")
def usr(s):
    c = s.login()
    s.p.signal(signal.SIGUSR1)
    s.p.wait_log("got SIGUSR1")
    c.send(query("select 1"))
    s.note("paused", c.quiet(0.3))
    s.p.signal(signal.SIGUSR1)
    s.p.wait_log("got SIGUSR1", n=2)
    s.p.signal(signal.SIGUSR2)
    s.note("answer", c.answers())
    s.p.signal(signal.SIGUSR2)
    s.p.wait_log("got SIGUSR2", n=2)
    s.note("log", [bare(li) for li in s.p.lines("SIGUSR")])


@scenario("life.sigpipe")
def sigpipe(s):
    s.p.signal(signal.SIGPIPE)
    s.note("goes on", s.login().one("select 1"))


@scenario("life.resume-while-shutting-down", weir={"answer": [
    ("E", {"S": "ERROR", "C": "08P01", "M": "pooler is shutting down"}),
    ("Z", "I")]})
def resume_shutting(s):
    console = s.console()
    c = s.login()
    c.query("begin")
    s.p.signal(signal.SIGINT)
    s.p.wait_log("got SIGINT")
    s.note("answer", console.query("RESUME"))


# ---- reload

@scenario("life.reload.log")
def reload_log(s):
    s.p.reload()
    s.note("log", [bare(li) for li in s.p.lines("SIGHUP|RELOAD")])


@scenario("life.reload.value")
def reload_value(s):
    s.p.reload(default_pool_size=7, query_wait_timeout=3)
    rows = {r["key"]: r["value"] for r in s.p.show("CONFIG")}
    s.note("values", [rows["default_pool_size"],
                      rows["query_wait_timeout"]])
    s.p.reload()
    rows = {r["key"]: r["value"] for r in s.p.show("CONFIG")}
    s.note("back", [rows["default_pool_size"], rows["query_wait_timeout"]])


@scenario("life.reload.unset-key-stays", auth_user="authuser")
def unset_stays(s):
    s.p.reload()
    s.note("auth_user", [r["value"] for r in s.p.show("CONFIG")
                         if r["key"] == "auth_user"])


@scenario("life.reload.not-reloadable")
def not_reloadable(s):
    s.p.reload(listen_port=1, pkt_buf=8192)
    s.note("pkt_buf", [r["value"] for r in s.p.show("CONFIG")
                       if r["key"] == "pkt_buf"])
    s.note("login", s.try_login()[-1])


@scenario("life.reload.database-removed", databases=DATABASES)
def database_removed(s):
    c = s.login(database="app2")
    c.query("select 1")
    s.p.reload(databases={"app": DB})
    s.note("client", c.rest())
    s.note("new one", s.try_login(database="app2"))
    s.log("log", "dropping database 'app2'")


@scenario("life.reload.database-added", databases={"app": DB})
def database_added(s):
    s.note("before", s.try_login(database="app2"))
    s.p.reload(databases=DATABASES)
    s.note("after", s.try_login(database="app2")[-1])


@scenario("life.reload.database-moved", databases={"app": DB})
def database_moved(s):
    c = s.login()
    s.note("before", c.one("select current_database()"))
    s.p.reload(databases={"app": DB.replace("=app", "=app2")})
    s.note("after", c.one("select current_database()"))


@scenario("life.reload.database-moved-in-transaction", databases={"app": DB})
def moved_in_transaction(s):
    c = s.login()
    c.query("begin")
    s.p.reload(databases={"app": DB.replace("=app", "=app2")})
    s.note("inside", c.one("select current_database()"))
    c.query("commit")
    s.note("after", c.one("select current_database()"))


@scenario("life.reload.pool-size", databases={"app": DB})
def pool_size_changed(s):
    c = s.login()
    pid = c.one("select pg_backend_pid()")
    s.p.reload(databases={"app": DB + " pool_size=3"})
    s.note("same server", c.one("select pg_backend_pid()") == pid)


@scenario("life.reload.unchanged")
def unchanged(s):
    c = s.login()
    pid = c.one("select pg_backend_pid()")
    s.p.reload()
    s.note("same server", c.one("select pg_backend_pid()") == pid)


@scenario("life.reload.forced-user-lost", databases={
    "app": DB + " user=other"})
def forced_lost(s):
    s.login().query("select 1")
    s.p.reload(databases={"app": DB})
    s.note("user", s.login().one("select current_user"))
    s.log("log", "losing forced user")


@scenario("life.reload.auth-file", auth_type="plain", databases={
    "app": DB + " user=app"}, auth_file=[("a", "one"), ("b", "two"),
                                         ("admin", "adminpw")])
def auth_file(s):
    s.note("before", s.try_login("a", "app", "one")[-1])
    time.sleep(0.01)  # another mtime for the file
    s.p.reload(databases={"app": DB + " user=app"}, auth_type="plain",
               auth_file=[("a", "other"), ("c", "three"),
                          ("admin", "adminpw")])
    s.note("old secret", wire.error(s.try_login("a", "app", "one")))
    s.note("new secret", s.try_login("a", "app", "other")[-1])
    s.note("gone", wire.error(s.try_login("b", "app", "two")))
    s.note("new", s.try_login("c", "app", "three")[-1])


@scenario("life.reload.broken", weir={"values": ["20", "120"]})
def reload_broken(s):
    """Keys before the fault: 1.18 has taken them already."""
    s.p.reload(settings={"default_pool_size": 7, "query_wait_timeout": 3,
                         "zzz": 1})
    rows = {r["key"]: r["value"] for r in s.p.show("CONFIG")}
    s.note("values", [rows["default_pool_size"],
                      rows["query_wait_timeout"]])
    s.note("login", s.try_login()[-1])
    s.log("log", "zzz", "config file loading failed")


@scenario("life.reload.gone", weir={"log": lambda got: got[-1] ==
                                    "WARNING config file loading failed"})
def reload_gone(s):
    os.unlink(s.p.ini)
    s.p.signal(signal.SIGHUP)
    s.p.wait_log("config file loading failed")
    s.note("login", s.try_login()[-1])
    s.log("log", "could not load file", "config file loading failed")


@scenario("life.reload.logfile", logfile="$DIR/log")
def reload_logfile(s):
    """The log is opened anew, so that it can be rotated."""
    os.rename(s.p.path("log"), s.p.path("log.1"))
    s.p.signal(signal.SIGHUP)
    s.p.wait_log("got SIGHUP")
    s.p.settle()
    s.login()
    wait_for(lambda: os.path.exists(s.p.path("log")))
    wait_for(lambda: "login attempt" in open(s.p.path("log")).read())
    s.note("new file", True)
    s.note("old file", "login attempt" in open(s.p.path("log.1")).read())


# ---- log lines

SESSION = {"lines": lambda got: [li.split(": ", 1)[1] for li in got] == [
    "app/app@127.0.0.1:N login attempt: db=app user=app tls=no "
    "replication=no",
    "app/app@127.0.0.1:PG new connection to server (from 127.0.0.1:N)",
    "app/app@127.0.0.1:N closing because: client close request (age=N)"]}


@scenario("life.log.session", weir=SESSION)
def log_session(s):
    s.login().finish()
    s.p.wait_log("closing because")
    s.note("lines", [bare(li) for li in s.p.lines("C-0x|S-0x")])


@scenario("life.log.format")
def log_format(s):
    s.note("stamps", all(re.match(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC \[%d\] (LOG|WARNING) "
        % s.p.pid, li) for li in s.p.lines()))


@scenario("life.log.off", log_connections=0, log_disconnections=0,
          log_pooler_errors=0)
def log_off(s):
    s.login().finish()
    s.try_login(database="nowhere")
    s.p.settle()
    s.note("lines", [bare(li) for li in s.p.lines(
        "login attempt|closing|pooler error|new connection")])


@scenario("life.log.eof")
def log_eof(s):
    s.login().drop()
    s.log("log", "C-0x.*closing because")


@scenario("life.log.unix")
def log_unix(s):
    s.login(where=s.p.unix)
    line = bare(s.p.wait_log("C-0x.*login attempt")[0])
    s.note("log", line.split(" replication=")[0])


@scenario("life.log.v6", listen_addr="::1")
def log_v6(s):
    s.try_login(where=("::1", s.p.port), database="nowhere")
    s.log("log", "no such database")


STATS = re.compile(r"\d+")


@scenario("life.log.stats", stats_period=1, weir={"line": "LOG stats: N "
          "xacts/s, N queries/s, N client parses/s, N server parses/s, "
          "N binds/s, in N B/s, out N B/s, xact N us, query N us, wait N us"})
def log_stats(s):
    line = bare(s.p.wait_log("LOG stats:")[0])
    s.note("line", STATS.sub("N", line))


@scenario("life.log.newline")
def log_newline(s):
    """A newline in a message is followed by a tab."""
    s.console().query("SHOW\nNONSENSE")
    wait_for(lambda: "NONSENSE" in s.p.log())
    at = s.p.log().index("NONSENSE")
    s.note("text", repr(s.p.log()[at - 6:at + 8]))


@scenario("life.log.verbose", start=False)
def log_verbose(s):
    s.p = s.makes.make()
    s.p.configure()
    s.p.start(["-v", s.p.ini])
    s.login().query("select 1")
    s.note("debug", s.p.count(" DEBUG ") > 0)
    s.note("noise", s.p.count(" NOISE ") > 0)


@scenario("life.log.secrets", start=False, verbose=3)
def log_secrets(s):
    """No secret in the log, however verbose."""
    s.start(auth_type="plain", verbose=3, databases={
        "app": DB + " user=md5user password=md5pw"},
        auth_file=[("x", "topsecret"), ("admin", "adminpw")])
    s.try_login("x", "app", "topsecret")
    s.try_login("x", "app", "nearsecret")
    s.p.settle()
    s.note("found", [w for w in ("topsecret", "nearsecret", "md5pw",
                                 "adminpw") if w in s.p.log()])


test = plays_of(__name__, "life")
