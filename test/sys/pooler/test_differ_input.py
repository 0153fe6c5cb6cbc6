# SPDX-License-Identifier: ISC
# Files that are wrong: what is said, on which line,
# with which exit code; and odd files that are right.
import re

from rig.cluster import wait_for
from rig.differ import bare, scenario, plays_of

# What a start says that has nothing to do with the file.
NOISE = re.compile(r"kernel file descriptor|LOG process up:|LOG listening on")


DBS = "[databases]\napp = host=127.0.0.1 port=$PG dbname=app\n"
REST = ("listen_addr = 127.0.0.1\nlisten_port = $PORT\n"
        "unix_socket_dir = $DIR\nauth_type = trust\n"
        "auth_file = $DIR/userlist.txt\nadmin_users = admin\n")
POOL = "[pgbouncer]\n" + REST


def bad(name, ini, weir=None, files=None):
    """A file that must not load."""
    @scenario("input." + name, start=False, weir=weir)
    def play(s):
        s.p = s.makes.make()
        s.p.configure(ini=ini, files=files)
        s.p.expect = None
        s.p.start(wait=False)
        wait_for(lambda: not s.p.running() or s.p.count("LOG process up:"))
        up = s.p.count("LOG process up:")
        s.note("code", "goes on" if up else s.p.ended())
        s.note("said", [bare(li) for li in s.p.lines()
                        if not NOISE.search(li)])


bad("empty", "")
bad("no-main", DBS)
bad("only-comments", "; nothing\n# nothing\n")
bad("key-before-section", "a = 1\n" + DBS + POOL)
bad("unknown-section", "[x]\n" + DBS + POOL)
bad("unknown-section-with-key", DBS + "[x]\na = 1\n" + POOL)
bad("unclosed-section", DBS + "[pgbouncer\n" + REST)
bad("no-equals", DBS + "[pgbouncer]\nlisten_port\n" + REST)
bad("empty-key", DBS + "[pgbouncer]\n = 5\n" + REST, weir={"said": [
    "ERROR syntax error in configuration (DIR/pooler.ini:4), stopping "
    "loading", "FATAL cannot load config file"]})
bad("odd-key", DBS + "[pgbouncer]\nlisten port = 5\n" + REST)
bad("unknown-key", DBS + POOL + "foo = 1\n")
bad("unknown-key-empty", DBS + POOL + "foo =\n")
bad("key-case", DBS + POOL + "Pool_Mode = session\n")
bad("two-errors", DBS + POOL + "foo = 1\nbar = 2\n", weir={
    "said": lambda got: "foo" in str(got) and got[-1] ==
    "FATAL cannot load config file"})

for key, value in (
        ("listen_port", "x"), ("listen_port", "1x"), ("max_client_conn", ""),
        ("max_client_conn", "1e3"), ("default_pool_size", "1 2"),
        ("pool_mode", "sometimes"), ("pool_mode", ""),
        ("auth_type", "kerberos"), ("server_lifetime", "1h"),
        ("server_lifetime", "-1"), ("server_lifetime", "x"),
        ("query_timeout", "1s"), ("log_stats", "yes"), ("log_stats", "true"),
        ("log_connections", "on"), ("max_packet_size", "x"),
        ("client_tls_sslmode", "maybe"), ("server_tls_sslmode", "x"),
        ("verbose", "x"), ("unix_socket_mode", "rwx"),
        ("tcp_keepalive", "off"), ("pkt_buf", "4k"),
        ("stats_period", "x"), ("server_round_robin", "no"),
        ("listen_backlog", "many"), ("reserve_pool_timeout", "1 s")):
    bad("value.%s=%s" % (key, value or "nothing"),
        DBS + "[pgbouncer]\n%s = %s\n" % (key, value) + REST)

for name, value in (
        ("unknown", "foo=1"), ("no-value", "host"),
        ("open-quote", "host='127.0.0.1"),
        ("port-text", "host=127.0.0.1 port=abc"),
        ("port-zero", "host=127.0.0.1 port=0"),
        ("pool-mode", "host=127.0.0.1 pool_mode=foo"),
        ("only-equals", "=1"), ("two-words", "host=127.0.0.1 nonsense")):
    bad("database." + name, "[databases]\napp = %s\n" % value + POOL)

bad("database.empty-value", "[databases]\napp = port=1 host=\n" + POOL)
bad("database.load-balance", "[databases]\napp = host=127.0.0.1 "
    "load_balance_hosts=foo\n" + POOL, weir={"said": [
        "ERROR invalid load_balance_hosts: foo",
        "ERROR invalid value \"host=127.0.0.1 load_balance_hosts=foo\" for "
        "parameter app in configuration (DIR/pooler.ini:2)",
        "FATAL cannot load config file"]})
bad("database.reserved", "[databases]\npgbouncer = host=127.0.0.1\n" + POOL)
bad("database.long-name", "[databases]\n%s = host=127.0.0.1\n" % ("d" * 64)
    + POOL, weir={"said": [
        "WARNING too long db name: " + "d" * 64,
        "ERROR invalid value \"host=127.0.0.1\" for parameter %s in "
        "configuration (DIR/pooler.ini:2)" % ("d" * 64),
        "FATAL cannot load config file"]})
bad("user.unknown-key", DBS + "[users]\napp = foo=1\n" + POOL)
bad("user.pool-mode", DBS + "[users]\napp = pool_mode=foo\n" + POOL)
bad("user.no-value", DBS + "[users]\napp = pool_mode\n" + POOL)


def peers(name, line, *said):
    bad("peer." + name, DBS + "[peers]\n%s\n" % line + POOL, weir={
        "said": [*said, "FATAL cannot load config file"]})


def invalid(value, key, line=4):
    return ("ERROR invalid value \"%s\" for parameter %s in configuration "
            "(DIR/pooler.ini:%d)" % (value, key, line))


PEER_IDS = ("ERROR ids of peers must be a number larger than 0 and at most "
            "65536")
peers("zero", "0 = host=127.0.0.1", PEER_IDS, invalid("host=127.0.0.1", "0"))
peers("text", "x = host=127.0.0.1", PEER_IDS, invalid("host=127.0.0.1", "x"))
peers("beyond", "65536 = host=127.0.0.1", PEER_IDS,
      invalid("host=127.0.0.1", "65536"))
peers("no-host", "1 = port=6432", "ERROR host was not provided for peer 1",
      invalid("port=6432", "1"))
peers("syntax", "1 = host", "ERROR syntax error in connection string",
      invalid("host", "1"))
peers("unknown-key", "1 = host=127.0.0.1 foo=1",
      "ERROR unrecognized connection parameter: foo",
      invalid("host=127.0.0.1 foo=1", "1"))

bad("include.missing", DBS + "%include $DIR/gone.ini\n" + POOL)
bad("include.bad", DBS + "%include $DIR/more.ini\n" + POOL,
    files={"more.ini": "[pgbouncer]\nfoo = 1\n"})
bad("include.itself", DBS + "%include $DIR/pooler.ini\n" + POOL)
bad("include.no-blank", DBS + "%includefoo\n" + POOL)
bad("directive", DBS + "%nonsense x\n" + POOL)
bad("listen-addr", DBS + POOL + "listen_addr = 999.0.0.1\n")
bad("user-unknown", DBS + POOL + "user = nobody-of-that-name\n", weir={
    "said": lambda got: got[-1] == "FATAL could not find user "
    "'nobody-of-that-name' to switch to"})
bad("nowhere-to-listen", DBS + POOL + "listen_addr =\nunix_socket_dir =\n")
bad("socket-dir-missing", DBS + POOL + "unix_socket_dir = $DIR/none\n",
    weir={"code": 1, "said": lambda got: got[-1] ==
          "FATAL failed to create unix socket"})
bad("tls-without-cert", DBS + POOL + "client_tls_sslmode = require\n")
bad("tls-missing-cert", DBS + POOL + "client_tls_sslmode = require\n"
    "client_tls_key_file = $DIR/no.key\nclient_tls_cert_file = $DIR/no.crt\n",
    weir={"said": lambda got: "TLS setup failed" in got[-1] and
          got[-1].startswith("FATAL")})
bad("tls-verify-without-ca", DBS + POOL + "client_tls_sslmode = verify-ca\n"
    "client_tls_key_file = $CERTS/server.key\n"
    "client_tls_cert_file = $CERTS/server.crt\n", weir={
        "code": 1, "said": lambda got: "client_tls_ca_file" in str(got) and
        got[-1].startswith("FATAL")})
bad("tls-protocols", DBS + POOL + "client_tls_sslmode = require\n"
    "client_tls_key_file = $CERTS/server.key\n"
    "client_tls_cert_file = $CERTS/server.crt\n"
    "client_tls_protocols = tlsv9\n", weir={
        "said": lambda got: got[-1].startswith("FATAL")})
bad("cert-without-tls", DBS + POOL + "auth_type = cert\n", weir={
    "said": lambda got: "auth_type=cert requires" in str(got)})
bad("auth-dbname-reserved", DBS + POOL + "auth_dbname = pgbouncer\n", weir={
    "said": ['ERROR cannot use the reserved "pgbouncer" database as an '
             'auth_dbname', 'ERROR invalid value "pgbouncer" for parameter '
             'auth_dbname in configuration (DIR/pooler.ini:10)',
             'FATAL cannot load config file']})
bad("pidfile-directory", DBS + POOL + "pidfile = $DIR/none/pid\n")
bad("logfile-directory", DBS + POOL + "logfile = $DIR/none/log\n")


def good(name, ini, weir=None, files=None, database="app"):
    """An odd file that loads and serves."""
    @scenario("input.good." + name, start=False, weir=weir)
    def play(s):
        if s.try_start("start", ini=ini, files=files):
            s.note("login", s.try_login(database=database)[-1])
            s.note("values", [r["value"] for r in s.p.show("CONFIG")
                              if r["key"] in ("pool_mode",
                                              "default_pool_size",
                                              "server_reset_query",
                                              "max_client_conn")])


good("plain", DBS + POOL)
good("order", POOL + DBS)
good("crlf", (DBS + POOL).replace("\n", "\r\n"))
good("no-last-newline", (DBS + POOL).rstrip("\n"))
good("blanks", "\n\n  [databases]  \n\n  app  =  host=127.0.0.1 port=$PG  \n"
     "\t[pgbouncer]\n" + REST.replace(" = ", "="))
good("comments", "; one\n# two\n" + DBS + "  ; three\n" + POOL
     + "pool_mode = session\n# pool_mode = statement\n")
good("comment-behind", DBS + POOL + "server_reset_query = a ; b # c\n")
good("twice", DBS + POOL + "default_pool_size = 3\ndefault_pool_size = 4\n")
good("main-twice", DBS + "[pgbouncer]\ndefault_pool_size = 3\n" + POOL)
good("database-twice", DBS + "app = host=127.0.0.1 port=$PG dbname=app2\n"
     + POOL)
good("empty-value", DBS + POOL + "server_reset_query =\n")
good("octal", DBS + POOL + "default_pool_size = 010\n")
good("hex", DBS + POOL + "default_pool_size = 0x10\n")
good("negative", DBS + POOL + "default_pool_size = -1\n",
     )
good("case", DBS + POOL + "pool_mode = TRANSACTION\n")
good("include", DBS + POOL + "%include $DIR/more.ini\n",
     files={"more.ini": "default_pool_size = 7\n"})
good("include-section", POOL + "%include $DIR/more.ini\n",
     files={"more.ini": DBS})
good("include-carries-section", "[databases]\n%include $DIR/more.ini\n"
     "[pgbouncer]\n" + REST, files={"more.ini": "app = host=127.0.0.1 "
                                    "port=$PG dbname=app\n"})
good("odd-names", "[databases]\nmy-db.x_1 = host=127.0.0.1 port=$PG "
     "dbname=app\n" + POOL, database="my-db.x_1")
good("atoi", "[databases]\napp = host=127.0.0.1 port=$PG dbname=app "
     "pool_size=3x\n" + POOL)
good("fraction", DBS + POOL + "server_lifetime = 0.5\n")
good("dotted-user-section", DBS + "[users]\napp = pool_mode=session\n" + POOL)
good("syslog-facility-unknown", DBS + POOL + "syslog_facility = nonsense\n")
good("pgbouncer-user-odd", DBS + POOL + "admin_users = a,b c ,d, admin\n")


@scenario("input.missing-file", start=False)
def missing_file(s):
    s.p = s.makes.make()
    s.p.configure()
    code, out, err = s.p.run(s.p.path("gone.ini"))
    s.note("code", code)
    s.note("said", [bare(li) for li in err.splitlines()])


@scenario("input.directory", start=False, weir={"said": [
    'ERROR could not load file "DIR": Is a directory',
    "FATAL cannot load config file"]})
def directory(s):
    s.p = s.makes.make()
    s.p.configure()
    code, out, err = s.p.run(s.p.where)
    s.note("code", code)
    s.note("said", [bare(li) for li in err.splitlines()])


test = plays_of(__name__, "input")
