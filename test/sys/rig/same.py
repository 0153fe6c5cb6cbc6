# SPDX-License-Identifier: ISC
# The same session straight to PostgreSQL and through the pooler.
from . import wire


def tidy(said):
    """Without what differs between any two sessions: where in PostgreSQL's
    source an error arose depends on whether a statement had to be prepared
    first."""
    return [(m[0], {k: v for k, v in m[1].items() if k not in "FLR"})
            if m[0] in "EN" and len(m) > 1 else m
            for m in said if m[0] not in "KS"]


def same(cluster, pooler, script, user="app", **login):
    """Run `script(conn)`, which yields what it heard, on both; compare."""
    heard = []
    for c in (cluster.conn(user), pooler.login(user, **login)):
        heard.append([tidy(said) for said in script(c)])
        c.finish()
    straight, pooled = heard
    assert len(straight) == len(pooled)
    for step, (a, b) in enumerate(zip(straight, pooled)):
        assert a == b, "step %d:\nstraight %s\npooled   %s" % (step, a, b)
    return pooled


def busy_server(p, user="app", database="app"):
    """A client that holds a server in a transaction."""
    c = p.login(user, database)
    assert c.query("begin")[-1] == ("Z", "T")
    return c


def backend(c):
    return int(c.one("select pg_backend_pid()"))


def code(said):
    """SQLSTATE of the first error."""
    why = wire.error(said)
    return why and why[1]
