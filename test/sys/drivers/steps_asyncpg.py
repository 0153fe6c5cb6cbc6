# SPDX-License-Identifier: ISC
# The steps by asyncpg: everything prepared, binary. Arguments: DSN CLIENTS.
import asyncio
import io
import sys

import asyncpg

from drive import BIG, BIG_IS, Transcript, md5, show


async def steps(t, dsn):
    async def refused(step, call):
        try:
            await call
            t.say(step, "no error")
        except asyncpg.PostgresError as why:
            t.say(step, why.sqlstate, why.args[0])
    c = await asyncpg.connect(dsn)
    notices = []
    c.add_log_listener(lambda _, n: notices.append((n.severity, n.message)))
    t.say("parameters", tuple(await c.fetchrow(
        "select $1::int, $2::text, $3::int, $4::bytea", 7, "it's ü", None,
        b"\0\1\xff")))
    statement = await c.prepare("select $1::int * 2")
    for i in range(5):
        t.say("again", await statement.fetchval(i))
    for i in range(5):
        t.say("cached", await c.fetchval("select $1::int + 1", i))
    await refused("error", c.execute("selekt"))
    await refused("error prepared", c.fetch("select * from nowhere"))
    await refused("again", c.fetch("select * from nowhere"))
    try:
        async with c.transaction():
            await refused("in transaction", c.fetchval("select 1/$1::int", 0))
            await refused("in failed", c.fetchval("select 1"))
            raise KeyError
    except KeyError:
        pass
    async with c.transaction():
        try:
            async with c.transaction():
                await c.fetchval("select 1/$1::int", 0)
        except asyncpg.DivisionByZeroError:
            t.say("savepoint", await c.fetchval("select 'goes on'"))
        await c.execute("create temp table t(a int, b text) on commit drop")
        t.say("copy in", await c.copy_records_to_table(
            "t", records=[(i, "w%d" % i) for i in range(500)]))
        out = io.BytesIO()
        t.say("copy out", await c.copy_from_query(
            "select * from t", output=out), md5(out.getvalue()))
        await c.executemany("insert into t values ($1, $2)",
                            [(i, "many") for i in range(50)])
        t.say("many", await c.fetchval("select count(*) from t"))
        rows = []
        async for row in c.cursor("select generate_series(1, 50)"):
            rows.append(row[0])
            if len(rows) == 5:
                break
        t.say("cursor", rows)
    await refused("copy fails", c.copy_to_table(
        "item", source=io.BytesIO(b"nonsense\n")))
    if t.cancels():
        await cancels(c)
    t.say("behind it", await c.fetchval("select 1"))
    await c.execute("do $$ begin raise notice 'hello'; raise warning "
                    "'careful'; end $$")
    t.say("notices", notices)
    t.say("rows", md5([tuple(r) for r in await c.fetch(
        "select n, 'row ' || n from generate_series(1, 1000) n")]))
    t.say("types", tuple(await c.fetchrow(
        "select array[1,2]::int[], '{\"a\": 1}'::jsonb, "
        "timestamp '2026-01-02 03:04:05', 1.5::numeric")))
    for i in range(20):
        assert await c.fetchval("select $1::int + %d" % i, 1) == i + 1
    t.say("statements", "done")
    t.say("50 MB", md5(await c.fetchval(BIG)) if t.number == 0 else BIG_IS)
    await c.close()


async def cancels(c):
    task = asyncio.ensure_future(c.fetchval("select pg_sleep(20)"))
    await asyncio.sleep(0.5)
    task.cancel()
    try:
        await task
        raise AssertionError("not cancelled")
    except asyncio.CancelledError:
        pass
    try:
        await c.fetchval("select pg_sleep(20)", timeout=0.5)
        raise AssertionError("no time-out")
    except asyncio.TimeoutError:
        pass


async def main():
    dsn, clients = sys.argv[1], int(sys.argv[2])

    async def one(n):
        t = Transcript(n)
        try:
            await steps(t, dsn)
        except Exception as why:
            t.say("FAULT", repr(why))
        return t.text()
    show(await asyncio.gather(*(one(n) for n in range(clients))))


asyncio.run(main())
