# SPDX-License-Identifier: ISC
# One process of the mixed load (test/soak): clients that do everything a
# client may do and check each answer. Every question carries a number that
# nobody else uses and that must come back: an answer that went astray shows.
#
# python3 -m rig.mixed, with one line of JSON (the plan) as its argument. It
# prints one line of JSON a second (what was done so far) and one for each
# fault; it is made to be killed at any moment.
import collections
import itertools
import json
import os
import random
import sys
import threading
import time

from . import certs, wire
from .wire import (SYNC, bind, copy_data, copy_fail, describe, execute,
                   parse, query)

COPY_DONE = wire.COPY_DONE


class Lost(Exception):
    """The connection ended, as it may where servers and clients are shot
    at; elsewhere it is a fault."""


class Wrong(Exception):
    """An answer that nobody asked for."""


def need(true, *said):
    if not true:
        raise Wrong(" ".join(repr(s)[:300] for s in said))


class Client:
    """One connection and what is done with it."""

    def __init__(self, plan, chance, numbers, database, user):
        self.chance, self.numbers = chance, numbers
        self.limit = plan["patience"]
        where = plan["unix"] if chance.random() < 0.2 else \
            ("127.0.0.1", plan["port"])
        self.plan, self.database = plan, database
        self.c = wire.Conn(where, limit=self.limit)
        if where != plan["unix"] and chance.random() < 0.4:
            need(self.c.start_tls(plan["context"]) == "S", "no TLS")
        said = self.c.login(user, database, plan["secrets"].get(user),
                            application_name="soak")
        self.fatal(said)
        need(said[-1] == ("Z", "I"), "login", said)

    def fatal(self, said):
        """A FATAL error, or the end, is a loss; the reason goes along."""
        for m in said:
            if m[0] == "E" and m[1].get("S") == "FATAL" or m == wire.EOF:
                raise Lost("%s" % (m,))

    def answers(self, n=1):
        said = self.c.answers(n)
        self.fatal(said)
        return said

    def ask(self, sql, status="I", code=None):
        """A simple query; its rows. `code`: the error that must come."""
        self.c.send(query(sql))
        return self.read(sql, status, code)

    def read(self, sql, status="I", code=None):
        said = self.answers()
        why = wire.error(said)
        need((why and why[1]) == code, sql[:80], "said", why)
        need(said[-1] == ("Z", status), sql[:80], "ended in", said[-1])
        return [m[1] for m in said if m[0] == "D"]

    def number(self):
        return next(self.numbers)

    def check(self, status="I"):
        n = self.number()
        rows = self.ask("select %d" % n, status)
        need(rows == [[str(n)]], "asked", n, "got", rows)

    # ---- what a client may do

    def simple(self):
        for _ in range(self.chance.randint(1, 10)):
            self.check()

    def many_in_one(self):
        ns = [self.number() for _ in range(self.chance.randint(2, 6))]
        rows = self.ask(";".join("select %d" % n for n in ns))
        need(rows == [[str(n)] for n in ns], ns, rows)

    def pipelined(self):
        """Several queries before the first answer."""
        ns = [self.number() for _ in range(self.chance.randint(2, 20))]
        self.c.send(*(query("select %d" % n) for n in ns))
        for n in ns:
            need(self.read("pipelined") == [[str(n)]], "pipelined", n)

    def transaction(self):
        self.ask("begin", "T")
        for _ in range(self.chance.randint(1, 4)):
            self.check("T")
        if self.chance.random() < 0.5:
            self.ask("savepoint s", "T")
            self.ask("select 1/0", "E", "22012")
            self.ask("rollback to s", "T")
            self.check("T")
        self.ask(self.chance.choice(("commit", "rollback")))

    def failed_transaction(self):
        self.ask("begin", "T")
        self.check("T")
        self.ask("selekt", "E", "42601")
        self.ask("select 1", "E", "25P02")
        self.ask("rollback")
        self.check()

    def settings(self):
        """What is tracked follows the client from server to server."""
        name = "client %d" % self.number()
        self.ask("set application_name = '%s'" % name)
        zone = self.chance.choice(("UTC", "Asia/Tokyo", "Europe/Berlin"))
        self.ask("set timezone = '%s'" % zone)
        for _ in range(self.chance.randint(1, 5)):
            rows = self.ask("select current_setting('application_name'), "
                            "current_setting('timezone')")
            need(rows == [[name, zone]], "is", rows, "set", name, zone)

    def extended(self):
        n = self.number()
        said = self.run(wire.once("select $1::bigint", [n]))
        need(("D", [str(n)]) in said, n, said)

    def run(self, *messages):
        self.c.send(*messages)
        return self.answers()

    def prepared(self):
        """Names that other clients use for other texts, and texts that
        others have under other names."""
        name = "s%d" % self.chance.randint(0, 3)
        add = self.chance.randint(0, 9)
        said = self.run(parse(name, "select $1::bigint + %d" % add),
                        describe(name), SYNC)
        need(wire.kinds(said) == "1tTZ", "prepare", said)
        for _ in range(self.chance.randint(1, 8)):
            batch = [self.number()
                     for _ in range(self.chance.randint(1, 4))]
            self.c.send(*(bind(name, [n]) + execute() for n in batch), SYNC)
            rows = [m[1] for m in self.answers() if m[0] == "D"]
            need(rows == [[str(n + add)] for n in batch], batch, add, rows)
        if self.chance.random() < 0.5:
            self.run(bind(name, ["no number"]), execute(), SYNC)
            self.check()
        said = self.run(wire.close(name), SYNC)
        need(wire.kinds(said) == "3Z", "close", said)

    def prepared_in_transaction(self):
        name, n = "t%d" % self.chance.randint(0, 1), self.number()
        self.ask("begin", "T")
        said = self.run(parse(name, "select $1::text, %d" % n),
                        bind(name, ["x" * self.chance.choice((1, 10000))]),
                        execute(), SYNC)
        need(any(m[0] == "D" and m[1][1] == str(n) for m in said), said[:5])
        self.run(wire.close(name), SYNC)
        self.ask("commit")

    def error_in_pipeline(self):
        """All up to the next Sync is skipped; what comes behind is not."""
        n, m = self.number(), self.number()
        self.c.send(wire.once("select %d" % n), parse("", "selekt"), bind(),
                    execute(), SYNC, wire.once("select %d" % m))
        said = self.answers(3)
        rows = [s[1] for s in said if s[0] == "D"]
        need(rows == [[str(n)], [str(m)]], rows, n, m)
        need(sum(s[0] == "E" for s in said) == 1, said)

    def large_result(self):
        """Rows by the thousand, at times read slowly."""
        n, count = self.number(), self.chance.choice((200, 2000))
        letter = chr(65 + n % 26)
        slow = self.chance.random() < 0.2
        self.c.send(query("select %d, repeat('%s', 1000) from "
                          "generate_series(1, %d)" % (n, letter, count)))
        want, rows = [str(n), letter * 1000], 0
        while True:
            m = self.c.message()
            self.fatal([m])
            if m[0] == "D":
                need(m[1] == want, "row of", n, m[1][0])
                rows += 1
                if slow and rows % 100 == 0:
                    time.sleep(0.02)    # the pooler has to hold the server
            elif m[0] == "Z":
                break
        need(rows == count, "rows", rows, "of", count)

    def large_query(self):
        n = self.number()
        size = self.chance.choice((20000, 300000))
        rows = self.ask("select %d, length('%s')" % (n, "x" * size))
        need(rows == [[str(n), str(size)]], n, rows)

    def copy_out(self):
        n, count = self.number(), self.chance.choice((10, 3000))
        self.c.send(query("copy (select %d, g, repeat('y', 200) from "
                          "generate_series(1, %d) g) to stdout" % (n, count)))
        said = self.answers()
        lines = [m[1].split("\t")[:2] for m in said if m[0] == "d"]
        need(lines == [[str(n), str(i + 1)] for i in range(count)], "copy "
             "out of", n, len(lines))
        need(("C", "COPY %d" % count) in said, said[-3:])

    def copy_in(self):
        n, count = self.number(), self.chance.choice((5, 2000))
        fails = self.chance.random() < 0.2
        self.ask("begin", "T")
        self.ask("create temp table c%d(a bigint, b int, c text) on commit "
                 "drop" % n, "T")
        self.c.send(query("copy c%d from stdin" % n))
        m = self.c.message()
        self.fatal([m])
        need(m[0] == "G", m)
        data = "".join("%d\t%d\t%s\n" % (n, i, "z" * 200)
                       for i in range(count))
        for at in range(0, len(data), 30000):
            self.c.send(copy_data(data[at:at + 30000]))
        if fails:
            self.c.send(copy_fail("changed my mind"))
            self.read("copy", "E", "57014")
            self.ask("rollback")
            return
        self.c.send(COPY_DONE)
        said = self.answers()
        need(("C", "COPY %d" % count) in said, said)
        rows = self.ask("select count(*), sum(a), sum(b) from c%d" % n, "T")
        need(rows == [[str(count), str(n * count),
                       str(count * (count - 1) // 2)]], rows)
        self.ask("commit")

    def cancelled(self):
        """A cancel may come too early or be too late: it is repeated."""
        n = self.number()
        self.c.send(query("select %d, pg_sleep(60)" % n))
        end = time.monotonic() + self.limit
        while self.c.quiet(self.chance.uniform(0.005, 0.1)):
            need(time.monotonic() < end, "a cancel has no effect")
            with wire.Conn(("127.0.0.1", self.plan["port"]),
                           self.limit) as k:
                k.send(wire.cancel(self.c.pid, self.c.key))
                k.rest()
        self.read("sleep", "I", "57014")
        # What is still under way must not hit what comes now: a request is
        # answered (by the end of its connection) when it was delivered.
        self.check()

    def rest(self):
        """Idle as most clients are most of the time."""
        time.sleep(self.chance.uniform(0, 0.5))  # a pause between two sessions
        self.check()

    # ---- ways to leave

    def leave(self):
        self.chance.choice((self.c.finish, self.c.finish, self.c.drop,
                            self.c.reset))()

    def vanish(self):
        """In the middle of something."""
        n = self.number()
        self.chance.choice((
            lambda: self.c.send(query("begin")),
            lambda: self.c.send(query("select %d, pg_sleep(0.2)" % n)),
            lambda: self.c.send(query("select repeat('v', 1000) from "
                                      "generate_series(1, 5000)")),
            lambda: self.c.send(query("begin; create temp table v%d(a int) "
                                      "on commit drop; copy v%d from stdin"
                                      % (n, n)), copy_data("1\n")),
            lambda: self.c.send(query("select %d" % n)[:7]),
            lambda: self.c.send(parse("v", "select %d" % n))))()
        if self.chance.random() < 0.3:
            self.c.quiet(0.3)
        self.chance.choice((self.c.drop, self.c.reset))()


# Weight, what is done; `vanish` ends the connection too.
ACTS = ((20, Client.simple), (3, Client.many_in_one), (5, Client.pipelined),
        (10, Client.transaction), (4, Client.failed_transaction),
        (6, Client.settings), (6, Client.extended), (10, Client.prepared),
        (5, Client.prepared_in_transaction), (4, Client.error_in_pipeline),
        (3, Client.large_result), (3, Client.large_query),
        (3, Client.copy_out), (3, Client.copy_in), (3, Client.cancelled),
        (5, Client.rest), (4, Client.vanish))
# Of these some cannot be done in a session that ends with its statement.
STATEMENT = (Client.simple, Client.pipelined, Client.extended,
             Client.large_query, Client.large_result, Client.copy_out,
             Client.rest, Client.vanish)


class Driver:
    def __init__(self, plan):
        self.plan, self.ended = plan, time.monotonic() + plan["secs"]
        context = certs.Certs.client_context(None)
        self.plan = {**plan, "context": context}
        self.done, self.lock = collections.Counter(), threading.Lock()

    def say(self, **what):
        with self.lock:
            os.write(1, (json.dumps(what) + "\n").encode())

    def life(self, number):
        """One client after the other, until the time is over."""
        chance = random.Random("%s %d" % (self.plan["seed"], number))
        # What is below 10^6 is the client's own; above, whose it is.
        numbers = itertools.count(
            (self.plan["number"] * 1000 + number + 1) * 1000000)
        while time.monotonic() < self.ended:
            database = chance.choice(self.plan["databases"])
            frail = database in self.plan["frail"]
            act = None
            try:
                self.session(chance, numbers, database)
                continue
            except (Lost, OSError, TimeoutError, EOFError) as why:
                if frail and not isinstance(why, TimeoutError):
                    self.done["lost"] += 1
                    continue
                act = why
            except Exception as why:
                act = why
            tb, where = act.__traceback__, "?"
            while tb:
                if tb.tb_frame.f_code.co_filename == __file__:
                    where = "%s:%d" % (tb.tb_frame.f_code.co_name,
                                       tb.tb_lineno)
                tb = tb.tb_next
            self.say(fault="%s, %s: %s: %s" % (
                database, where, type(act).__name__, act))

    def session(self, chance, numbers, database):
        user = chance.choice(self.plan["users"])
        client = Client(self.plan, chance, numbers, database, user)
        self.done["login"] += 1
        try:
            for _ in range(chance.choice((1, 3, 10, 30))):
                act = chance.choices([a for _, a in ACTS],
                                     [w for w, _ in ACTS])[0]
                if database in self.plan["statement"] and \
                        act not in STATEMENT:
                    continue
                act(client)
                self.done[act.__name__] += 1
                if act is Client.vanish or time.monotonic() > self.ended:
                    return
            client.leave()
        finally:
            client.c.drop()

    def run(self):
        threads = [threading.Thread(target=self.life, args=(n,))
                   for n in range(self.plan["clients"])]
        for t in threads:
            t.start()
        while any(t.is_alive() for t in threads):
            time.sleep(0.5)     # how often the sums are told
            self.say(done=self.done.copy())
        self.say(done=self.done, end=True)


if __name__ == "__main__":
    Driver(json.loads(sys.argv[1])).run()
