# SPDX-License-Identifier: ISC
# A private PostgreSQL: made once for a test session, quick and careless
# about the disk, with a user for each way to log in.
import glob
import itertools
import os
import pwd
import random
import signal
import socket
import subprocess
import time

from . import scram, wire


def account():
    """Whom to run as: root may run neither PostgreSQL nor a pooler."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("no account to run PostgreSQL as")


def as_account():
    """Popen's arguments for that."""
    if os.geteuid() != 0:
        return {}
    who = account()
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


# Below those that the kernel gives to connections, or one of these could
# take a port between now and its use. Runs beside each other have WEIR_PORTS
# of their own (FIRST-LAST).
first, last = map(int, os.environ.get("WEIR_PORTS", "10000-31999").split("-"))
PORTS = range(first, last + 1)
offers = itertools.count(random.Random().randrange(len(PORTS)))


def free_port():
    """Never the same twice, on any thread: with SO_REUSEPORT two could listen
    on it."""
    while True:
        port = PORTS[next(offers) % len(PORTS)]
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def wait_for(what, limit=10.0, say="it"):
    """Poll until `what()` is true; its value."""
    end = time.monotonic() + limit
    while True:
        got = what()
        if got:
            return got
        if time.monotonic() > end:
            raise TimeoutError("%s did not come in %.1f s" % (say, limit))
        time.sleep(0.01)


def programs():
    """Where initdb lives; the newest PostgreSQL wins."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"),
                   key=lambda p: int(p.split("/")[4]))
    return os.path.dirname(found[-1]) if found else None


SECRET = {"scramuser": "scrampw", "md5user": "md5pw", "plainuser": "plainpw",
          "trusty": "trustpw"}
SALT = b"a salt that stays"

HBA = """
local   all all                              trust
host    all md5user    127.0.0.1/32          md5
host    all scramuser  127.0.0.1/32          scram-sha-256
host    all plainuser  127.0.0.1/32          password
host    all expired    127.0.0.1/32          trust
hostssl all tlsuser    127.0.0.1/32          cert
host    replication all 127.0.0.1/32         trust
host    all all        127.0.0.1/32          trust
host    all all        ::1/128               trust
"""

OPTIONS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{where}'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
shared_buffers = 32MB
max_wal_senders = 4
min_wal_size = 2MB
max_wal_size = 32MB
wal_level = logical
autovacuum = off
jit = off
logging_collector = off
log_min_messages = log
log_line_prefix = '%m [%p] %u@%d '
lc_messages = 'C'
timezone = 'GMT'
log_timezone = 'GMT'
datestyle = 'ISO, MDY'
ssl = on
ssl_ca_file = '{ca}'
ssl_cert_file = '{crt}'
ssl_key_file = '{key}'
"""

SETUP = """
CREATE ROLE trusty LOGIN PASSWORD '{trusty}';
CREATE ROLE other LOGIN;
CREATE ROLE tlsuser LOGIN;
CREATE ROLE stranger LOGIN;
CREATE ROLE md5user LOGIN PASSWORD '{md5}';
CREATE ROLE scramuser LOGIN PASSWORD '{scram}';
CREATE ROLE plainuser LOGIN PASSWORD '{plain}';
CREATE ROLE expired LOGIN PASSWORD '{expired}' VALID UNTIL '2001-01-01';
CREATE ROLE nopassword LOGIN;
CREATE ROLE authuser LOGIN SUPERUSER;
CREATE ROLE app LOGIN SUPERUSER;
CREATE DATABASE app OWNER app;
CREATE DATABASE app2 OWNER app;
"""

TABLES = """
CREATE TABLE item(id int PRIMARY KEY, word text);
INSERT INTO item SELECT n, 'word ' || n FROM generate_series(1, 100) n;
CREATE TABLE inbox(id int PRIMARY KEY, word text);
CREATE FUNCTION lookup(INOUT name text, OUT secret text) AS $$
  SELECT rolname, rolpassword FROM pg_authid WHERE rolname = name
$$ LANGUAGE sql SECURITY DEFINER;
GRANT ALL ON ALL TABLES IN SCHEMA public TO public;
GRANT ALL ON SCHEMA public TO public;
"""


class Cluster:
    def __init__(self, where, certs):
        self.where, self.certs = where, certs
        self.bin, self.port = programs(), free_port()
        self.data = os.path.join(where, "data")
        who = account()
        os.makedirs(where)
        os.chmod(where, 0o755)
        if os.geteuid() == 0:
            os.chown(where, who.pw_uid, who.pw_gid)
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust",
                 "-N", "--no-locale", "-E", "UTF8", "--wal-segsize=1")
        key = certs.owned_key("server", os.path.join(where, "server.key"),
                              who.pw_uid, who.pw_gid)
        with open(self.data + "/postgresql.auto.conf", "a") as out:
            out.write(OPTIONS.format(where=where, ca=certs.crt("ca"),
                                     crt=certs.crt("server"), key=key))
        with open(self.data + "/pg_hba.conf", "w") as out:
            out.write(HBA)
        self.process = None
        self.start()
        self.sql(SETUP.format(
            trusty=scram.md5("trusty", SECRET["trusty"]),
            md5=scram.md5("md5user", SECRET["md5user"]),
            scram=scram.secret(SECRET["scramuser"], SALT),
            plain=scram.secret(SECRET["plainuser"], SALT),
            expired=scram.md5("expired", "expiredpw")), "postgres")
        for name in ("app", "app2"):
            self.sql(TABLES, name)

    def run(self, program, *args):
        done = subprocess.run((self.bin + "/" + program,) + args,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, cwd=self.where,
                              **as_account())
        if done.returncode:
            raise RuntimeError(done.stdout.decode())
        return done.stdout.decode()

    def start(self):
        self.log = open(os.path.join(self.where, "log"), "ab")
        self.process = subprocess.Popen(
            (self.bin + "/postgres", "-D", self.data, "-p",
             str(self.port)), stdout=self.log, stderr=self.log,
            cwd=self.where, **as_account())
        wait_for(self.answers, 30, "PostgreSQL")

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError("PostgreSQL ended: see %s/log" % self.where)
        try:
            with self.conn("postgres", "postgres"):
                return True
        except (OSError, AssertionError):
            return False

    def stop(self, how=signal.SIGINT):
        """SIGINT is PostgreSQL's fast shutdown, SIGQUIT the crash."""
        self.process.send_signal(how)
        self.process.wait(20)
        self.log.close()

    def conn(self, user="app", database="app", secret=None, **params):
        """A client straight at PostgreSQL."""
        c = wire.Conn(("127.0.0.1", self.port))
        said = c.login(user, database, secret or SECRET.get(user), **params)
        assert said[-1] == ("Z", "I"), said
        return c

    def sql(self, text, database="app", user="postgres"):
        """Statements one after the other, an error is raised; the last
        one's rows."""
        rows = []
        with self.conn(user, database) as c:
            for one in split(text):
                rows = c.rows(one)
        return rows

    def kill_backend(self, pid, how=signal.SIGKILL):
        os.kill(int(pid), how)


def split(text):
    """Statements of a script; only $$ quotes are known."""
    parts, quoted, out = text.split("$$"), False, [""]
    for part in parts:
        if quoted:
            out[-1] += "$$" + part + "$$"
        else:
            pieces = part.split(";")
            out[-1] += pieces[0]
            out += pieces[1:]
        quoted = not quoted
    return [s.strip() for s in out if s.strip()]
