# SPDX-License-Identifier: ISC
# The steps by psycopg 3: the extended protocol, prepared statements and
# pipelines. Arguments: DSN CLIENTS.
import threading

import psycopg

from drive import BIG, BIG_IS, md5, threads


def steps(t, dsn):
    def refused(step, call, *args):
        try:
            call(*args)
            t.say(step, "no error")
        except psycopg.Error as why:
            t.say(step, why.sqlstate, str(why).splitlines()[0])
    c = psycopg.connect(dsn, prepare_threshold=1)
    # Beyond it the driver sends DEALLOCATE NAME as SQL, which goes through
    # a pooler as it is and finds another name there.
    c.prepared_max = 1000
    notices = []
    c.add_notice_handler(lambda d: notices.append(
        (d.severity, d.message_primary)))
    t.say("encoding", c.info.encoding, c.info.parameter_status("DateStyle"))
    row = c.execute("select %s::int, %s::text, %s::int, %s::bytea",
                    (7, "it's ü", None, b"\0\1\xff")).fetchone()
    t.say("parameters", row)
    c.rollback()
    for i in range(8):      # prepared from the second on
        t.say("again", c.execute("select %s::int * 2", (i,)).fetchone())
        c.commit()
    refused("error", c.execute, "selekt")
    refused("in failed", c.execute, "select 1")
    c.rollback()
    with c.transaction():
        refused("error in savepoint", lambda: nested(c))
        t.say("goes on", c.execute("select 'still'").fetchone())
    for i in range(4):      # a prepared statement that fails at run time
        refused("fails", c.execute, "select 1 / %s::int", (0,))
        c.rollback()
        t.say("works", c.execute("select 1 / %s::int", (1,)).fetchone())
        c.commit()
    with c.pipeline() as p:
        cursors = [c.execute("select %s::int", (i,)) for i in range(20)]
        p.sync()
        t.say("pipeline", [cur.fetchone()[0] for cur in cursors])
    c.commit()
    refused("error in pipeline", broken_pipeline, c)
    c.rollback()
    t.say("behind it", c.execute("select %s::int", (5,)).fetchone())
    c.commit()
    with c.cursor() as cur:
        cur.execute("create temp table t(a int, b text) on commit drop")
        with cur.copy("copy t from stdin") as copy:
            for i in range(2000):
                copy.write_row((i, "w%d" % i))
        with cur.copy("copy t to stdout") as copy:
            t.say("copy", md5(b"".join(bytes(b) for b in copy)))
        c.commit()
    refused("copy fails", failing_copy, c)
    c.rollback()
    if t.cancels():
        timer = threading.Timer(0.5, c.cancel)
        timer.start()
        refused("cancel", c.execute, "select pg_sleep(20)")
        timer.join()
        c.rollback()
    else:
        t.say("cancel", "57014", "canceling statement due to user request")
    c.execute("do $$ begin raise notice 'hello'; raise warning 'careful'; "
              "end $$")
    c.commit()
    t.say("notices", notices)
    t.say("rows", md5(c.execute("select n, 'row ' || n from "
                                "generate_series(1, 5000) n").fetchall()))
    c.commit()
    with c.cursor("portal") as named:
        named.execute("select generate_series(1, 50)")
        t.say("portal", named.fetchmany(3), named.fetchmany(2))
    c.commit()
    with c.cursor(binary=True) as cur:
        t.say("binary", cur.execute("select %s::float8, now() is null",
                                    (1.5,)).fetchone())
    c.commit()
    with c.cursor() as cur:
        cur.executemany("select %s::int", [(i,) for i in range(10)],
                        returning=True)
        many = [cur.fetchone()[0]]
        while cur.nextset():
            many.append(cur.fetchone()[0])
        t.say("many", many)
    c.commit()
    for i in range(150):
        for _ in range(2):
            assert c.execute("select %%s::int + %d" % i,
                             (1,)).fetchone() == (i + 1,)
            c.commit()
    t.say("statements", "done")
    if t.number == 0:
        t.say("50 MB", md5(c.execute(BIG).fetchone()[0]))
    else:
        t.say("50 MB", BIG_IS)
    c.close()


def nested(c):
    with c.transaction():
        c.execute("select 1/0")


def broken_pipeline(c):
    with c.pipeline():
        c.execute("select 1")
        c.execute("selekt")
        c.execute("select 2")


def failing_copy(c):
    with c.cursor() as cur:
        with cur.copy("copy item from stdin") as copy:
            copy.write("nonsense\n")


threads(steps)
