# SPDX-License-Identifier: ISC
"""Replication connections: a server of their own each, pooler.md 10 and 11."""

from rig import wire
from rig.cluster import wait_for


def servers(p):
    return [r for r in p.show("SERVERS") if r["replication"] != "none"]


def test_a_server_of_its_own(pooler):
    """IDENTIFY_SYSTEM only works where the startup packet said so."""
    p = pooler(pool_mode="transaction")
    c = p.login(replication="database", application_name="streamer")
    said = c.query("IDENTIFY_SYSTEM")
    assert said[-1] == ("Z", "I") and said[0][0] == "T", said
    assert c.one("select current_setting('application_name')") == "streamer"
    assert len(servers(p)) == 1
    assert p.login().one("select 1") == "1"


def test_not_shared_and_closed_with_the_client(pooler):
    p = pooler(pool_mode="transaction")
    one, two = (p.login(replication="database") for _ in range(2))
    first, second = (c.one("select pg_backend_pid()") for c in (one, two))
    assert first != second
    assert one.one("select pg_backend_pid()") == first
    one.finish()
    wait_for(lambda: len(servers(p)) == 1)
    assert p.wait_log("closing because: replication client was closed")


def test_an_idle_server_makes_room(pooler):
    p = pooler(pool_mode="transaction", default_pool_size=1)
    assert p.login().one("select 1") == "1"
    c = p.login(replication="database")
    assert c.query("IDENTIFY_SYSTEM")[-1] == ("Z", "I")
    assert p.wait_log("closing because: evicted")


def test_waits_for_room(pooler):
    p = pooler(pool_mode="transaction", default_pool_size=1)
    busy = p.login()
    busy.query("begin")
    c = p.login(replication="database")
    c.send(wire.query("IDENTIFY_SYSTEM"))
    wait_for(lambda: int(p.pool()["cl_waiting"]) == 1)
    busy.query("commit")
    assert c.until("Z")[-1] == ("Z", "I")
