# SPDX-License-Identifier: ISC
# What it is for: psql through weir-balancer to three weir-poolers in front of
# one PostgreSQL; a pooler is killed, its clients go to the others, it comes
# back.
import shutil
import subprocess
import time

import pytest

from rig.balancing import Balancer, free_port, head, ours
from rig.cluster import wait_for


def psql(port, sql):
    return subprocess.run(
        ["psql", "-X", "-A", "-t", "-c", sql,
         "host=127.0.0.1 port=%d user=app dbname=app "
         "connect_timeout=10" % port],
        capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("engine", ["event", "uring"])
def test_psql_through_three_poolers(cluster, pooler, engine):
    if not shutil.which("psql"):
        pytest.skip("no psql")
    poolers = [pooler() for _ in range(3)]
    port = free_port()
    servers = "".join(
        " server pgb%d 127.0.0.1:%d\n" % (i + 1, p.port)
        for i, p in enumerate(poolers))
    text = head(2) + ("listen pg\n bind 127.0.0.1:%d\n balance leastconn\n "
                      "option redispatch\n option pgsql-check user app\n "
                      "default-server check inter 200ms fall 3 rise 2 "
                      "on-marked-down shutdown-sessions\n%s" % (port, servers))
    with Balancer(ours(), text, env={"WEIR_ENGINE": engine}) as b:
        b.wait_for(port)
        time.sleep(0.5)  # each pooler was checked once
        for n in range(9):
            got = psql(port, "select %d" % n)
            assert got.stdout == "%d\n" % n, got.stderr
        big = psql(port, "select repeat('x', 3000000)")
        assert len(big.stdout) == 3000001, big.stderr
        used = [sum(" pg/pgb%d " % (i + 1) in line and " -- " in line
                    for line in b.lines().splitlines()) for i in range(3)]
        assert all(n >= 3 for n in used), used
        poolers[1].expect = None
        poolers[1].process.kill()
        poolers[1].process.wait()
        for n in range(6):
            got = psql(port, "select %d" % n)
            assert got.stdout == "%d\n" % n, got.stderr
        wait_for(lambda: "Server pg/pgb2 is DOWN" in b.errors())
        assert psql(port, "select 7").stdout == "7\n"
