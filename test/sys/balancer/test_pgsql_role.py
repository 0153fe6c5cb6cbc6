# SPDX-License-Identifier: ISC
# Checks that log in to PostgreSQL and ask for the role: a primary and its
# standby, every way to log in, with TLS and without, and scripted servers
# for what PostgreSQL does not say of itself.
import os
import re
import signal
import subprocess

import pytest

from rig import scram, wire
from rig.balancing import Balancer, free_port, head, ours
from rig.cluster import SECRET, as_account, wait_for
from rig.fakepg import FakePg


@pytest.fixture(scope="module")
def standby(cluster):
    """A copy of the session's PostgreSQL that follows it; its port."""
    where = os.path.join(cluster.where, "standby")
    cluster.run("pg_basebackup", "-h", "127.0.0.1", "-p", str(cluster.port),
                "-U", "postgres", "-D", where, "-c", "fast", "-R", "-X",
                "stream")
    port = free_port()
    with open(os.path.join(cluster.where, "standby.log"), "ab") as log:
        process = subprocess.Popen(
            (cluster.bin + "/postgres", "-D", where, "-p", str(port)),
            stdout=log, stderr=log, cwd=cluster.where, **as_account())

    def answers():
        assert process.poll() is None, "the standby ended"
        try:
            with wire.Conn(("127.0.0.1", port)) as c:
                return c.login("app", "app")[-1] == ("Z", "I")
        except (OSError, AssertionError):
            return False
    wait_for(answers, 30, "the standby")
    yield port
    process.send_signal(signal.SIGQUIT)
    process.wait(20)


class Checked:
    """A balancer that looks after servers; what it said of each."""

    def __init__(self, tmp_path, servers, user="app", lines="", secrets=None,
                 mode=0o600):
        self.port = free_port()
        if secrets is not None:
            path = tmp_path / "secrets"
            path.write_text(secrets)
            path.chmod(mode)
            lines += " pgsql-password-file %s\n" % path
        text = head() + (
            "listen pg\n bind 127.0.0.1:%d\n option log-health-checks\n"
            " option pgsql-check user %s\n default-server check inter 100ms "
            "rise 1 fall 1\n%s%s" % (self.port, user, lines, "".join(
                " server %s 127.0.0.1:%d %s\n" % (name, port, more)
                for name, port, more in servers)))
        self.names = {s[0] for s in servers}
        self.balancer = Balancer(ours(), text)

    def __enter__(self):
        self.balancer.__enter__()
        return self

    def __exit__(self, *args):
        self.balancer.__exit__(*args)

    def said(self):
        """The first result of each server."""
        found = {}
        for line in self.balancer.errors().splitlines():
            m = re.search(r"Health check for (?:backup )?server pg/(\w+) "
                          r"(\w+), reason: (.*?), check duration", line)
            if m:
                found.setdefault(m[1], m[3])
        return found

    def results(self):
        return wait_for(lambda: self.said().keys() >= self.names and
                        self.said(), 10, "a result")


PASSED = "Layer7 check passed, code: 0, info: \"%s\""
WRONG = "Layer7 wrong status, code: 0, info: \"%s\""
REFUSED = "Layer7 invalid response, info: \"%s\""


def test_role(cluster, standby, tmp_path):
    rows = [("a", cluster.port, ""), ("b", standby, ""),
            ("c", cluster.port, "pgsql-role standby"),
            ("d", standby, "pgsql-role standby"),
            ("e", standby, "pgsql-role any")]
    # The backend's line counts for the servers in front of it, too.
    with Checked(tmp_path, rows + [("f", standby, "\n pgsql-role primary")],
                 lines=" pgsql-database app2\n") as b:
        assert b.results() == {
            "a": PASSED % "is primary", "b": WRONG % "is standby",
            "c": WRONG % "is primary", "d": PASSED % "is standby",
            "e": PASSED % "is standby", "f": WRONG % "is standby"}
        wait_for(lambda: "pg/b is DOWN" in b.balancer.errors())
        with wire.Conn(("127.0.0.1", b.port)) as c:
            assert c.login("app", "app")[-1] == ("Z", "I")
    log = open(os.path.join(cluster.where, "log")).read()
    assert "Connection reset by peer" not in log


@pytest.mark.parametrize("user", ["plainuser", "md5user", "scramuser"])
def test_ways_to_log_in(cluster, tmp_path, user):
    rows = [("plain", cluster.port, ""),
            ("tls", cluster.port, "check-ssl verify none")]
    lines = " pgsql-role primary\n pgsql-database app\n"
    secrets = ("# of several\n127.0.0.1:1:*:*:no\n*:*:app2:*:no\n"
               "127.0.0.1:%d:app:%s:%s\n*:*:*:*:no\n" % (
                   cluster.port, user, SECRET[user]))
    with Checked(tmp_path, rows, user, lines, secrets) as b:
        assert b.results() == dict.fromkeys(["plain", "tls"],
                                            PASSED % "is primary")
    with Checked(tmp_path, rows, user, lines, "wrong:er") as b:
        assert b.results() == dict.fromkeys(
            ["plain", "tls"], REFUSED %
            ('password authentication failed for user "%s"' % user))
        assert "wrong:er" not in b.balancer.errors()
    with Checked(tmp_path, rows[:1], user, lines) as b:
        assert b.results() == {"plain": REFUSED % "the server asks for a "
                               "password and there is none for it"}


def test_file_for_others(tmp_path):
    with Checked(tmp_path, [], secrets="a", mode=0o640) as b:
        assert b.balancer.process.wait(10) == 1
        assert "its mode is to be 0600" in b.balancer.errors()


# ---- servers that play a script

def sasl(password="right", rounds=4096, verifier=None, leave_out=False):
    """Asks for SCRAM; may lie about what it knows."""
    def play(served):
        served.hello()
        server = scram.Server(password, rounds=rounds)
        served.send(wire.auth(10, b"SCRAM-SHA-256\0\0"))
        first = served.message()[1]
        first = first[first.index(b"\0") + 5:]
        served.send(wire.auth(11, server.first(first)))
        said = server.final(served.message()[1])
        if not leave_out:
            served.send(wire.auth(12, verifier or said))
        served.welcome()
        served.serve()
    return play


def hello_then(*messages):
    def play(served):
        served.hello()
        served.send(*messages)
        served.hang()
    return play


def injected(served):
    served.exactly(8)
    served.send(b"S" + wire.auth(0))
    served.hang()


TEXT_FOR = {
    "no-proof": (sasl(leave_out=True), "",
                 REFUSED % "the server did not prove that it knows the "
                 "password"),
    "bad-proof": (sasl(verifier=b"v=" + b"A" * 43 + b"="), "",
                  REFUSED % "invalid server signature"),
    "no-role": (sasl(), "",
                REFUSED % "no answer to the question for its role"),
    "no-scram": (hello_then(wire.auth(10, b"OTHER\0\0")), "",
                 REFUSED % "none of its SASL mechanisms is known"),
    "kerberos": (hello_then(wire.auth(7)), "",
                 REFUSED % "authentication method 7 is not known"),
    "early-ready": (hello_then(wire.ready()), "",
                    REFUSED % "PostgreSQL unknown error"),
    "continued": (hello_then(wire.auth(11, b"r=a,s=YQ==,i=1")), "",
                  REFUSED % "malformed authentication request"),
    "salt": (hello_then(wire.auth(5, b"abc")), "",
             REFUSED % "malformed authentication request"),
    "length": (hello_then(b"R\0\0\0\1"), "",
               REFUSED % "PostgreSQL unknown error"),
    "no-postgres": (hello_then(b"HTTP/1.0 400 Bad Request\r\n\r\n"), "",
                    REFUSED % "PostgreSQL unknown error"),
    "silent": (hello_then(), "",
               'Layer7 timeout, info: "while logging in"'),
    "ended": (lambda served: served.hello(), "",
              REFUSED % "the server ended the connection"),
    "no-tls": (lambda served: served.hello(), "check-ssl verify none",
               'Layer6 invalid response, info: "the server does not agree '
               'to TLS"'),
    "injected": (injected, "check-ssl verify none",
                 'Layer6 invalid response, info: "the server does not agree '
                 'to TLS"'),
}


def test_servers_that_lie(tmp_path):
    """All at once; the rounds of the last one take a while, in which the
    others are served: each round of checks must end."""
    fakes = {name.replace("-", "_"): (FakePg(script), more, said)
             for name, (script, more, said) in TEXT_FOR.items()}
    rows = [(name, fake.port, more)
            for name, (fake, more, _) in fakes.items()]
    slow = FakePg(sasl(rounds=20000000))
    with Checked(tmp_path, rows + [("slow", slow.port, "")],
                 lines=" timeout check 300ms\n", secrets="right") as b:
        got = b.results()
        assert got.pop("slow").startswith("Layer7 timeout")
        assert got == {name: said for name, (_, _, said) in fakes.items()}
    for fake in [slow] + [f for f, _, _ in fakes.values()]:
        fake.stop()
