# SPDX-License-Identifier: ISC
# The steps by psycopg 2: simple queries only. Arguments: DSN CLIENTS.
import io
import threading

import psycopg2

from drive import BIG, BIG_IS, md5, threads


def steps(t, dsn):
    def refused(step, call, *args):
        try:
            call(*args)
            t.say(step, "no error")
        except psycopg2.Error as why:
            t.say(step, why.pgcode, str(why).splitlines()[0])
    c = psycopg2.connect(dsn)
    cur = c.cursor()
    t.say("encoding", c.encoding, c.get_parameter_status("DateStyle"))
    cur.execute("select %s, %s::text, %s::int, %s::bytea",
                (7, "it's ü", None, b"\0\1\xff"))
    row = cur.fetchone()
    t.say("parameters", row[:3], bytes(row[3]))
    c.rollback()
    for i in range(5):
        cur.execute("select %s * 2", (i,))
        t.say("again", cur.fetchone())
        c.commit()
    refused("error", cur.execute, "selekt")
    refused("in failed", cur.execute, "select 1")
    c.rollback()
    cur.execute("savepoint s")
    refused("error behind savepoint", cur.execute, "select 1/0")
    cur.execute("rollback to s")
    cur.execute("select 'goes on'")
    t.say("savepoint", cur.fetchone())
    c.commit()
    cur.execute("create temp table t(a int, b text) on commit drop")
    cur.copy_expert("copy t from stdin", io.StringIO(
        "".join("%d\tw%d\n" % (i, i) for i in range(2000))))
    out = io.StringIO()
    cur.copy_expert("copy t to stdout with csv", out)
    t.say("copy", cur.rowcount, md5(out.getvalue()))
    c.commit()
    refused("copy fails", cur.copy_expert, "copy item from stdin",
            io.StringIO("nonsense\n"))
    c.rollback()
    if t.cancels():
        timer = threading.Timer(0.5, c.cancel)
        timer.start()
        refused("cancel", cur.execute, "select pg_sleep(20)")
        timer.join()
        c.rollback()
    else:
        t.say("cancel", "57014", "canceling statement due to user request")
    del c.notices[:]
    cur.execute("do $$ begin raise notice 'hello'; raise warning 'careful'; "
                "end $$")
    t.say("notices", c.notices)
    c.commit()
    cur.execute("select n, 'row ' || n from generate_series(1, 5000) n")
    t.say("rows", md5(cur.fetchall()))
    c.commit()
    named = c.cursor("portal")
    named.execute("select generate_series(1, 50)")
    t.say("portal", named.fetchmany(3), named.fetchmany(2))
    c.commit()
    c.autocommit = True
    cur.execute("show transaction isolation level")
    t.say("autocommit", cur.fetchone())
    if t.number == 0:
        cur.execute(BIG)
        t.say("50 MB", md5(cur.fetchone()[0]))
    else:
        t.say("50 MB", BIG_IS)
    c.close()


threads(steps)
