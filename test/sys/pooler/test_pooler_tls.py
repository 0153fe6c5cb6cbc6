# SPDX-License-Identifier: ISC
# TLS on both sides: every mode, direct TLS,
# certificates, early bytes, reload.
import os
import ssl
import threading
import time

import pytest

from rig import fakepg, wire
from rig.cluster import wait_for
from rig.wire import fatal, query

CERT = dict(client_tls_key_file="$CERTS/server.key",
            client_tls_cert_file="$CERTS/server.crt")
CA = dict(client_tls_ca_file="$CERTS/ca.crt")


def tls_login(p, context, user="app", database="app", ask=True, **more):
    """Log in over TLS; what was said."""
    c = p.conn()
    assert c.start_tls(context, ask=ask) == "S"
    return c, c.login(user, database, **more)


# ---- clients

@pytest.mark.parametrize("mode,plain,tls", (
    ("disable", True, False), ("allow", True, True), ("prefer", True, True),
    ("require", False, True), ("verify-ca", False, None),
    ("verify-full", False, None)))
def test_modes_of_clients(pooler, certs, mode, plain, tls):
    """Who may come without TLS, with it, and with a certificate."""
    more = {} if mode == "disable" else {**CERT, **CA}
    p = pooler(client_tls_sslmode=mode, **more)
    said = p.try_login()
    if plain:
        assert said[-1] == ("Z", "I")
    else:
        assert said == fatal("SSL required")
    c = p.conn()
    if not tls and tls is not None:
        assert c.start_tls(certs.client_context()) == "N"
        return
    if tls:
        _, said = tls_login(p, certs.client_context())
        assert said[-1] == ("Z", "I")
    else:
        with pytest.raises((ssl.SSLError, OSError, AssertionError)):
            _, said = tls_login(p, certs.client_context())
            assert said[-1] == ("Z", "I")
    _, said = tls_login(p, certs.client_context("client"))
    assert said[-1] == ("Z", "I")


@pytest.mark.parametrize("mode", ("allow", "prefer", "require", "verify-ca",
                                  "verify-full"))
def test_foreign_certificate_is_refused(pooler, certs, mode):
    """A certificate that is sent is verified in every mode with a CA."""
    p = pooler(client_tls_sslmode=mode, **CERT, **CA)
    with pytest.raises((ssl.SSLError, OSError, AssertionError)):
        _, said = tls_login(p, certs.client_context("foreign"))
        assert said[-1] == ("Z", "I")
    assert tls_login(p, certs.client_context("client"))[1][-1] == ("Z", "I")
    p.wait_log("TLS handshake error|closing because")


def test_traffic_over_tls(pooler, certs):
    """Queries of all sizes both ways."""
    p = pooler(client_tls_sslmode="require", **CERT)
    c, _ = tls_login(p, certs.client_context())
    assert c.one("select 1") == "1"
    assert len(c.one("select repeat('x', 5000000)")) == 5000000
    assert c.one("select length('" + "y" * 3000000 + "')") == "3000000"
    c.send(*(query("select %d" % i) for i in range(50)))
    assert wire.kinds(c.answers(50)) == "TDCZ" * 50


def test_tls_column_and_log(pooler, certs):
    p = pooler(client_tls_sslmode="allow", **CERT)
    tls_login(p, certs.client_context(), application_name="safe")
    p.login(application_name="open")
    rows = {r["application_name"]: r["tls"] for r in p.show("CLIENTS")}
    assert rows["safe"].startswith("TLSv1.3/TLS_")
    assert not rows["open"]
    assert p.lines("login attempt: db=app user=app tls=TLSv1.3/")
    assert p.lines("login attempt: db=app user=app tls=no")


def test_direct_tls(pooler, certs):
    """Handshake without SSLRequest, ALPN postgresql."""
    p = pooler(client_tls_sslmode="require", **CERT)
    c, said = tls_login(p, certs.client_context(alpn=["postgresql"]),
                        ask=False)
    assert said[-1] == ("Z", "I")
    assert c.sock.selected_alpn_protocol() == "postgresql"
    assert c.one("select 1") == "1"


def test_direct_tls_where_off(pooler, certs):
    p = pooler()
    with pytest.raises((ssl.SSLError, OSError)):
        tls_login(p, certs.client_context(alpn=["postgresql"]), ask=False)


def test_second_ssl_request_inside(pooler, certs):
    """SSLRequest inside TLS: closed."""
    p = pooler(client_tls_sslmode="require", **CERT)
    c = p.conn()
    c.start_tls(certs.client_context())
    c.send(wire.special(wire.SSL))
    assert c.closed()


def test_gss_then_tls(pooler, certs):
    p = pooler(client_tls_sslmode="require", **CERT)
    c = p.conn()
    c.send(wire.special(wire.GSS))
    assert c.byte() == "N"
    assert c.start_tls(certs.client_context()) == "S"
    assert c.login("app", "app")[-1] == ("Z", "I")


def test_cancel_over_tls(pooler, certs):
    p = pooler(client_tls_sslmode="require", **CERT)
    c, _ = tls_login(p, certs.client_context())
    c.send(query("select pg_sleep(20)"))
    p2 = p.conn()
    p2.start_tls(certs.client_context())
    time.sleep(0.1)  # the query runs at the server
    p2.send(wire.cancel(c.pid, c.key))
    assert p2.closed()
    assert wire.error(c.answers())[1] == "57014"


def test_cancel_without_tls(pooler, certs):
    """Cancel requests come in the clear from most drivers."""
    p = pooler(client_tls_sslmode="require", **CERT)
    c, _ = tls_login(p, certs.client_context())
    c.send(query("select pg_sleep(20)"))
    time.sleep(0.1)  # the query runs at the server
    k = p.conn()
    k.send(wire.cancel(c.pid, c.key))
    assert k.closed()
    assert wire.error(c.answers())[1] == "57014"


def test_console_over_tls(pooler, certs):
    p = pooler(client_tls_sslmode="require", auth_type="md5", **CERT)
    c, said = tls_login(p, certs.client_context(), "admin", "pgbouncer",
                        secret="adminpw")
    assert said[-1] == ("Z", "I")
    assert c.table("SHOW POOLS")


@pytest.mark.parametrize("version,value,works", (
    (ssl.TLSVersion.TLSv1_3, "secure", True),
    (ssl.TLSVersion.TLSv1_2, "secure", True),
    (ssl.TLSVersion.TLSv1_2, "tlsv1.3", False),
    (ssl.TLSVersion.TLSv1_3, "tlsv1.2", False),
    (ssl.TLSVersion.TLSv1_2, "all,!tlsv1.2", False),
    (ssl.TLSVersion.TLSv1_2, "tlsv1.2:tlsv1.3", True)))
def test_protocols(pooler, certs, version, value, works):
    p = pooler(client_tls_sslmode="require", client_tls_protocols=value,
               **CERT)
    context = certs.client_context()
    context.minimum_version = context.maximum_version = version
    if works:
        assert tls_login(p, context)[1][-1] == ("Z", "I")
    else:
        with pytest.raises((ssl.SSLError, OSError)):
            tls_login(p, context)


# ---- certificates as proof

def test_cert_auth(pooler, certs):
    """auth_type=cert: the certificate's name is the user's."""
    p = pooler(client_tls_sslmode="verify-full", auth_type="cert", **CERT,
               **CA)
    assert tls_login(p, certs.client_context("client"),
                     "tlsuser")[1][-1] == ("Z", "I")
    assert tls_login(p, certs.client_context("client"), "app")[1] == \
        fatal("certificate authentication failed")


def test_cert_in_hba(pooler, certs):
    p = pooler(client_tls_sslmode="prefer", auth_type="hba",
               auth_hba_file="$DIR/hba", files={
                   "hba": "hostssl all tlsuser 127.0.0.1/32 cert\n"
                          "hostssl all app 127.0.0.1/32 cert map=m\n"
                          "hostnossl all other 127.0.0.1/32 trust\n",
                   "ident": "m tlsuser app\n"},
               auth_ident_file="$DIR/ident", **CERT, **CA)
    assert tls_login(p, certs.client_context("client"),
                     "tlsuser")[1][-1] == ("Z", "I")
    assert tls_login(p, certs.client_context("client"),
                     "app")[1][-1] == ("Z", "I")
    assert tls_login(p, certs.client_context("client"), "other")[1] == \
        fatal("no authentication method is found")
    assert p.try_login("other")[-1] == ("Z", "I")


# ---- servers

@pytest.mark.parametrize("mode,uses", (
    ("disable", False), ("allow", True), ("prefer", True),
    ("require", True), ("verify-ca", True)))
def test_modes_of_servers(pooler, mode, uses):
    more = {"server_tls_ca_file": "$CERTS/ca.crt"} if "verify" in mode \
        else {}
    p = pooler(server_tls_sslmode=mode, **more)
    c = p.login()
    assert c.one("select ssl from pg_stat_ssl where pid = "
                 "pg_backend_pid()") == ("t" if uses else "f")
    assert p.servers()[0]["tls"].startswith("TLSv1.3/") == uses
    assert bool(p.lines("S-0x.*SSL established: TLSv1.3/")) == uses
    assert len(c.one("select repeat('z', 3000000)")) == 3000000


def test_verify_full_by_name(pooler, cluster):
    for host, works in (("localhost", True), ("127.0.0.1", True)):
        p = pooler(server_tls_sslmode="verify-full",
                   server_tls_ca_file="$CERTS/ca.crt", databases={
                       "app": "host=%s port=$PG" % host})
        assert (p.try_login()[-1] == ("Z", "I")) == works


def test_wrong_authority(pooler):
    p = pooler(server_tls_sslmode="verify-ca", client_login_timeout=1,
               server_tls_ca_file="$CERTS/other-ca.crt")
    assert p.try_login()[-1] == wire.EOF
    p.wait_log("TLS handshake error")


@pytest.mark.parametrize("cert,mode,works", (
    ("server", "verify-full", True), ("wrong-name", "verify-ca", True),
    ("wrong-name", "verify-full", False), ("wrong-name", "require", True),
    ("foreign", "verify-ca", False), ("foreign", "require", True),
    ("expired", "verify-ca", False), ("expired", "prefer", True)))
def test_certificates_of_servers(pooler, fake, certs, cert, mode, works):
    context = certs.server_context(cert)

    def script(served):
        try:
            served.hello(context)
        except (ssl.SSLError, OSError):
            raise fakepg.Gone
        served.welcome()
        served.serve()
    server = fake(script)
    p = pooler(server_tls_sslmode=mode, client_login_timeout=1,
               server_tls_ca_file="$CERTS/ca.crt", databases={
                   "app": "host=localhost port=%d" % server.port})
    assert (p.try_login()[-1] == ("Z", "I")) == works
    if not works:
        p.wait_log("TLS handshake error|certificate")


def test_server_refuses_tls(pooler, fake):
    server = fake()
    for mode, works in (("prefer", True), ("require", False)):
        p = pooler(server_tls_sslmode=mode, client_login_timeout=1,
                   databases={"app": "host=127.0.0.1 port=%d"
                              % server.port})
        assert (p.try_login()[-1] == ("Z", "I")) == works
    p.wait_log("server refused SSL")


def test_client_certificate_for_server(pooler, cluster, base, certs):
    """The pooler shows its certificate to PostgreSQL."""
    p = pooler(server_tls_sslmode="require", settings={
        "server_tls_key_file": "$CERTS/client.key",
        "server_tls_cert_file": "$CERTS/client.crt"})
    assert p.login("tlsuser").one("select current_user") == "tlsuser"


def test_reload_during_a_servers_handshake(pooler, fake, certs):
    """The name that is verified is the one that was dialled, though the
    entry has been read anew since."""
    asked, go_on = threading.Event(), threading.Event()
    context = certs.server_context()

    def script(served):
        served.exactly(8)
        asked.set()
        go_on.wait(10)
        served.send(b"S")
        served.sock = context.wrap_socket(served.sock, server_side=True)
        served.hello()
        served.welcome()
        served.serve()
    server = fake(script)
    p = pooler(server_tls_sslmode="verify-full",
               server_tls_ca_file="$CERTS/ca.crt", databases={
                   "app": "host=localhost port=%d" % server.port})
    c = p.conn()
    c.send(wire.startup(user="app", database="app"))
    assert asked.wait(10)
    for _ in range(3):
        assert p.command("RELOAD") == "RELOAD"
    go_on.set()
    assert c.until("Z")[-1] == ("Z", "I")
    assert not p.lines("TLS handshake error")


def test_bytes_behind_the_servers_s(pooler, fake, certs):
    """R4 on the server's side: words before the handshake are not heard."""
    def script(served):
        served.exactly(8)
        served.send(b"S" + wire.auth(0) + wire.ready())
        served.hang()
    server = fake(script)
    p = pooler(server_tls_sslmode="require", client_login_timeout=1,
               databases={"app": "host=127.0.0.1 port=%d" % server.port})
    assert p.try_login()[-1] == wire.EOF
    p.wait_log("received unencrypted data after SSL response")


def test_bytes_behind_the_servers_n(pooler, fake):
    def script(served):
        served.exactly(8)
        served.send(b"N" + wire.auth(0) + wire.ready())
        served.hang()
    server = fake(script)
    p = pooler(server_tls_sslmode="prefer", client_login_timeout=1,
               databases={"app": "host=127.0.0.1 port=%d" % server.port})
    assert p.try_login()[-1] == wire.EOF
    p.wait_log("received unencrypted data after SSL response")


@pytest.mark.parametrize("answer", (b"E", b"x", b"\0", b""))
def test_odd_answer_to_sslrequest(pooler, fake, answer):
    def script(served):
        served.exactly(8)
        served.send(answer)
        if answer == b"E":
            served.send(b"junk")
    server = fake(script)
    p = pooler(server_tls_sslmode="prefer", client_login_timeout=1,
               databases={"app": "host=127.0.0.1 port=%d" % server.port,
                          "app2": "host=127.0.0.1 port=$PG"})
    assert p.try_login()[-1] == wire.EOF
    assert p.try_login(database="app2")[-1] == ("Z", "I")


# ---- reload

def test_certificate_changes_at_reload(pooler, certs):
    key, crt = (open(certs.path("server." + e)).read()
                for e in ("key", "crt"))
    p = pooler(client_tls_sslmode="require", files={
        "my.key": key, "my.crt": crt}, client_tls_key_file="$DIR/my.key",
        client_tls_cert_file="$DIR/my.crt")

    def shown():
        c, _ = tls_login(p, certs.client_context())
        return c.sock.getpeercert(True)
    first = shown()
    old, _ = tls_login(p, certs.client_context())
    p.write("my.key", open(certs.key("wrong-name")).read())
    p.write("my.crt", open(certs.crt("wrong-name")).read())
    p.signal(1)
    p.wait_log("got SIGHUP")
    wait_for(lambda: shown() != first)
    assert old.one("select 1") == "1"


@pytest.mark.parametrize("what", ("missing", "broken", "unfit"))
def test_broken_certificate_at_reload_changes_nothing(pooler, certs, what):
    key, crt = (open(certs.path("server." + e)).read()
                for e in ("key", "crt"))
    p = pooler(client_tls_sslmode="require", files={
        "my.key": key, "my.crt": crt}, client_tls_key_file="$DIR/my.key",
        client_tls_cert_file="$DIR/my.crt")
    c, _ = tls_login(p, certs.client_context())
    first = c.sock.getpeercert(True)
    if what == "missing":
        os.unlink(p.path("my.crt"))
    elif what == "broken":
        p.write("my.crt", "nonsense\n")
    else:
        p.write("my.key", open(certs.key("client")).read())
    p.signal(1)
    p.wait_log("keeping old configuration|loading failed|RELOAD failed")
    c2, said = tls_login(p, certs.client_context())
    assert said[-1] == ("Z", "I")
    assert c2.sock.getpeercert(True) == first
    assert c.one("select 1") == "1"


def test_switch_on_by_set(pooler, certs):
    """SET of a TLS key makes the setup anew at once."""
    p = pooler()
    assert p.command("SET client_tls_key_file='%s'" % certs.key(
        "server")) is not None
    p.command("SET client_tls_cert_file='%s'" % certs.crt("server"))
    p.command("SET client_tls_sslmode=require")
    wait_for(lambda: p.try_login() == fatal("SSL required"))
    assert tls_login(p, certs.client_context())[1][-1] == ("Z", "I")


def test_changed_server_tls_replaces_servers(pooler):
    p = pooler(server_tls_sslmode="disable")
    c = p.login()
    sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    assert c.one(sql) == "f"
    p.reload(server_tls_sslmode="require")
    wait_for(lambda: c.one(sql) == "t")


def test_many_handshakes(pooler, certs):
    """A hundred logins over TLS leave no descriptor behind."""
    p = pooler(client_tls_sslmode="require", **CERT)
    context = certs.client_context()
    tls_login(p, context)[0].finish()
    before = p.fds()
    for i in range(100):
        c = wire.Conn(p.tcp)
        c.start_tls(context)
        if i % 2:
            c.login("app", "app")
            c.finish()
        else:
            c.drop()
    wait_for(lambda: p.fds() <= before)
