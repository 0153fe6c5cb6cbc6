# SPDX-License-Identifier: ISC
# Long answers of the console, and consoles that ask for more than they read:
# nobody else stands still, and memory stays.
import socket
import struct
import threading
import time

import pytest

from rig import wire
from rig.cluster import wait_for
from rig.wire import EOF, SYNC, bind, describe, execute, parse, query

CLIENTS = 1500


def memory(p):
    """Resident, in kB; 0 of a build that keeps what was freed (ASan)."""
    with open("/proc/%d/maps" % p.pid) as f:
        if "libasan" in f.read():
            return 0
    with open("/proc/%d/status" % p.pid) as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("VmRSS"))


def crowd(p, n=CLIENTS):
    return [p.login() for _ in range(n)]


def rows_of(said):
    return [m for m in said if m[0] == "D"]


def slowest(p, work):
    """The longest that another client waited for an answer meanwhile."""
    times, over = [], threading.Event()
    other = p.login()
    other.query("select 1")

    def ask():
        while not over.is_set():
            start = time.monotonic()
            other.query("select 1")
            times.append(time.monotonic() - start)
    asking = threading.Thread(target=ask)
    asking.start()
    work()
    over.set()
    asking.join()
    return max(times)


@pytest.fixture
def full(pooler):
    p = pooler(max_client_conn=CLIENTS + 100, default_pool_size=2,
               log_connections=0, log_disconnections=0)
    held = crowd(p)
    yield p
    for c in held:
        c.drop()


def test_all_rows_of_many(full):
    console = full.console()
    for what in ("CLIENTS", "SOCKETS"):
        rows = rows_of(console.query("SHOW " + what))
        ids = [r[1][20] for r in rows if r[1][0] == "C"]
        assert len(ids) == len(set(ids)) == CLIENTS + 1


def test_others_go_on(full):
    console = full.console()

    def show():
        for _ in range(5):
            console.query("SHOW CLIENTS")
    # Python itself takes most of the time; a stop would take all of it.
    assert slowest(full, show) < 2


def test_clients_leave_meanwhile(full):
    """What dies while rows are sent is left out; nothing is told twice."""
    console, leaving = full.console(), crowd(full, 50)
    console.send(query("SHOW CLIENTS") * 20)
    for c in leaving:
        c.drop()
    for _ in range(20):
        ids = [r[1][20] for r in rows_of(console.answers())]
        assert len(ids) == len(set(ids)) >= CLIENTS + 1


def test_console_leaves_in_the_middle(full):
    for _ in range(5):
        console = full.console()
        console.send(query("SHOW CLIENTS") * 50)
        console.reset()
    assert full.console().query("SHOW VERSION")[-1] == ("Z", "I")


def test_unread_answers_cost_nothing(full):
    """200 answers of 300 kB each are not kept for one that does not read."""
    before = memory(full)
    console = full.console()
    console.send(query("SHOW CLIENTS") * 200)
    time.sleep(0.5)  # as much as fits is written
    assert memory(full) - before < 4000
    assert full.console().query("SHOW VERSION")[-1] == ("Z", "I")
    for _ in range(200):
        assert len(rows_of(console.answers())) > CLIENTS


def test_flood_of_commands(pooler):
    p = pooler()
    before, console = memory(p), p.console()
    n, flood = 20000, query("SHOW VERSION")
    sender = threading.Thread(target=console.send, args=(flood * n,))

    def all_of_it():
        sender.start()
        for _ in range(n):
            console.answers()
        sender.join()
    assert slowest(p, all_of_it) < 2
    assert memory(p) - before < 4000


def test_small_messages_bytewise(pooler):
    console = pooler().console()
    for byte in query("SHOW VERSION") * 3:
        console.send(bytes([byte]))
    for _ in range(3):
        assert console.answers()[-1] == ("Z", "I")


def test_commands_wait_behind_pause(pooler):
    """What was sent behind PAUSE is done after it, in order."""
    p = pooler(pool_mode="transaction")
    client, console = p.login(), p.console()
    client.query("begin")
    console.send(query("PAUSE") + query("RESUME") + query("SHOW VERSION"))
    assert console.quiet()
    client.query("commit")
    said = console.answers(3)
    assert [m[1] for m in said if m[0] == "C"] == ["PAUSE", "RESUME", "SHOW"]


def test_who_is_resumed_hears_it(pooler):
    p = pooler(pool_mode="transaction")
    client, console, other = p.login(), p.console(), p.console()
    client.query("begin")
    console.send(query("PAUSE"))
    assert console.quiet()
    other.query("RESUME")
    assert wire.error(console.answers())[2] == "resumed while waiting"
    assert client.query("commit")[0] == ("C", "COMMIT")


def test_suspending_console_leaves(pooler):
    p = pooler()
    client, console = p.login(), p.console()
    client.query("select 1")
    assert console.query("SUSPEND")[0] == ("C", "SUSPEND")
    client.send(query("select 2"))
    assert client.quiet()
    console.drop()
    assert client.answers()[-1] == ("Z", "I")
    p.wait_log("admin disappeared when suspended, doing RESUME")


# ---- the extended protocol

def test_rows_in_portions(pooler):
    console = pooler().console()
    said = console.run(parse("", "SHOW LISTS"), bind(), execute(rows=4),
                       execute(rows=4), execute(), execute(), SYNC)
    assert wire.kinds(said) == "12" + "DDDDs" * 2 + "DDDDDDC" + "CZ"


def test_binary_results(pooler):
    p = pooler()
    p.login().query("select 1")
    console = p.console()
    plain = rows_of(console.query("SHOW STATS_TOTALS"))[0][1]
    console.send(parse("", "SHOW STATS_TOTALS"), bind(results=[1]),
                 describe("", "P"), execute(), SYNC)
    row = None
    while True:
        kind, body = console.raw()
        if kind == "D":
            row = row or body
        if kind == "Z":
            break
    at, got = 2, []
    for i in range(len(plain)):
        size = struct.unpack_from("!i", row, at)[0]
        value = row[at + 4:at + 4 + size]
        at += 4 + size
        if i == 0:
            got.append(value.decode())
            continue
        count, weight, sign, scale = struct.unpack_from("!HhHH", value)
        digits = struct.unpack_from("!%dH" % count, value, 8)
        assert (sign, scale) == (0, 0)
        got.append(str(sum(d * 10000 ** (weight - k)
                           for k, d in enumerate(digits))))
    assert got == plain


def test_nothing_is_no_error(pooler):
    """How pools of drivers ask whether a connection is alive."""
    console = pooler().console()
    for nothing in ("", " ; "):
        said = console.run(parse("", nothing), describe(), bind(), execute(),
                           SYNC)
        assert wire.kinds(said) == "1tn2IZ"
    assert wire.error(console.query(""))[2].startswith("invalid command ''")


def test_portals_end_at_sync(pooler):
    console = pooler().console()
    console.run(parse("s", "SHOW VERSION"), bind("s", portal="p"), SYNC)
    said = console.run(execute("p"), SYNC)
    assert wire.error(said)[1] == "34000"
    assert wire.kinds(console.run(bind("s", portal="p"), execute("p"),
                                  SYNC)) == "2DCZ"


def test_too_many_statements(pooler):
    console = pooler().console()
    for i in range(100):
        assert wire.kinds(console.run(parse("s%d" % i, "RELOAD"),
                                      SYNC)) == "1Z"
    assert wire.error(console.run(parse("more", "RELOAD"),
                                  SYNC))[1] == "54000"
    assert wait_for(lambda: console.query("SHOW VERSION")[-1] == ("Z", "I"))


# ---- resets that arrive together with the last bytes

@pytest.mark.parametrize("last", (
    query("select 12345")[:7], query("select 1")[:3],
    parse("", "select 1"), parse("", "select 1") + bind(),
    query("begin") + parse("", "select 1")))
def test_reset_behind_the_last_bytes(pooler, last):
    """The client is gone, and so is its claim to a server, though nothing
    more is to be sent to it."""
    p = pooler(default_pool_size=2, max_prepared_statements=5)
    p.login().query("select 1")
    for _ in range(10):
        c = p.login()
        c.send(last)
        c.reset()
    p.wait_pool(cl_active=1, cl_waiting=0, sv_active=0, limit=5)
    assert len([r for r in p.show("CLIENTS")
                if r["database"] == "app"]) == 1


@pytest.mark.parametrize("said", (b"", wire.columns("n"),
                                  wire.columns("n") + wire.row("1"),
                                  wire.row("1")[:4]))
def test_reset_behind_half_an_answer(pooler, fake, said):
    """A server that vanishes in the middle of an answer is seen to be
    gone; its client does not wait for ever."""
    def script(served):
        served.hello()
        served.welcome()
        served.message()
        served.send(said)
        served.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
    p = pooler(databases={"app": "host=127.0.0.1 port=%d" %
                          fake(script).port})
    for _ in range(5):
        c = p.login()
        assert c.send(query("select 1")).rest()[-1] == EOF
    assert p.servers() == []
