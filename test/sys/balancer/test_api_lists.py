# SPDX-License-Identifier: ISC
# Values of conditions and maps, changed over the runtime socket: the same
# commands to HAProxy and to ours, and what sessions make of it.
import os
import re

import pytest

from rig.balancing import ORIGINAL, connect, ours, read_all, say, serve
from rig.console import Console

TEXT = """
frontend fe
 bind 127.0.0.1:{P1}
 bind 127.0.0.1:{P2}
 acl bad src -f %(dir)s/a.lst
 tcp-request connection reject if bad
 tcp-request connection reject if {{ src 9.9.9.9 }}
 use_backend %%[dst_port,map_str(%(dir)s/m.map,be)]
backend be
 server b 127.0.0.1:%(be)d
backend other
 server o 127.0.0.1:%(other)d
"""
COMMANDS = """
show acl A
show acl #0
show acl #99
show acl foo
show map M
show map foo
add acl
add acl A
add acl A 5.5.5.5
add acl A foo
show acl A
del acl
del acl A
del acl A 5.5.5.5
del acl A 5.5.5.5
del acl A #0x99
get acl A 10.1.1.1
get acl A 99.1.1.1
get acl A foo
get acl
get acl foo 1
clear acl
clear acl foo
clear acl A
show acl A
add map
add map M
add map M a
add map M za b c
add map foo a b
set map
set map M za
set map M za newval
set map M nosuch newval
get map M za
get map M zz
show map M
del map M za
del map M za
clear map M
show map M
""".strip().splitlines()

# Versions: prepared, filled, shown, committed or cleared.
VERSIONS = """
prepare map
prepare map foo
prepare map M
show map
prepare map M and more
add map @1 M a b
add map @1 M
add map @1 foo a b
add map @9 M a b
add map @0 M now here
add map @x M nought here
add map @2 M <<a x/b y
add map @2 M <<a x/c z/alone
add map M any words <<late v
show map M
show map @0 M
show map @1 M
show map @2 M
show map @9 M
show map @x M
show map @2
show map @2 foo
get map @2 M a
commit map
commit map M
commit map @1
commit map @9 M
commit map @0 M
commit map @x M
commit map @1 foo
commit map @1 M
commit map @1 M
show map
show map M
show map @0 M
show map @x M
add map @2 M d later
set map M a both
show map @2 M
del map M b
show map @2 M
set map M #0x99 x
set map M b x
clear map @9 M
clear map @x M
clear map @1
clear map @2 M
show map @2 M
show map M
add map @2 M e last
commit map @2 M
show map M
clear map M
show map
prepare map M
prepare map M
add map @3 M old gone
add map @4 M new here
commit map @4 M
show map @3 M
show map M
show map
prepare acl A
prepare acl foo
add acl @1 A
add acl @1 A foo
add acl @1 A 7.7.7.7
add acl @2 A 7.7.7.7
show acl A
show acl @1 A
get acl A 7.7.7.7
commit acl
commit acl A
commit acl @1
commit acl @3 A
commit acl @1 foo
commit acl @1 A
get acl A 7.7.7.7
show acl A
clear acl @9 A
clear acl @1 A
show acl A
""".strip().splitlines()


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    where = str(tmp_path_factory.mktemp("lists"))
    with open(where + "/a.lst", "w") as f:
        f.write("# those\n10.0.0.0/8\n192.168.1.1\n")
    with open(where + "/m.map", "w") as f:
        f.write("k1 v1\nk2 v2 v3\n")
    return where, TEXT % {"dir": where, "be": serve(say(b"be")),
                          "other": serve(say(b"other"))}


@pytest.mark.skipif(not os.access(ORIGINAL, os.X_OK), reason="no HAProxy")
@pytest.mark.parametrize("commands", [COMMANDS, VERSIONS],
                         ids=["at once", "versions"])
def test_answers_are_the_originals(texts, commands):
    where, text = texts
    both = []
    for path in (ORIGINAL, ours()):
        with Console(path, text) as c:
            both.append([])
            for line in commands:
                line = line.replace(" A", " %s/a.lst" % where)
                line = line.replace(" M", " %s/m.map" % where)
                if "<<" in line:
                    head, rows = line.split("<<")
                    answer = c.raw("%s<<\n%s\n\n" % (
                        head, rows.replace("/", "\n")))
                else:
                    answer = c.say(line)
                both[-1].append((line, without_what_varies(answer, c)))
    for a, b in zip(*both):
        assert a == b


def without_what_varies(answer, c):
    """Names of entries, their order where it tells nothing, and counts,
    of which the original makes too many or too few."""
    answer = re.sub(r"0x[0-9a-f]+", "0xN", answer)
    answer = re.sub(r"idx=\w+", "idx=X", answer)
    answer = re.sub(r"(^|\n)\d+ \((.*entry_cnt=)\d+", r"\1N (\2N", answer)
    answer = answer.replace(c.file_path, "x.cfg")
    lines = answer.split("\n")
    return "\n".join(sorted(lines) if "0xN " in answer else lines)


def ask(port):
    """What the server says; "": rejected, maybe before it is connected."""
    try:
        with connect(port) as s:
            return read_all(s).decode()
    except ConnectionResetError:
        return ""


@pytest.fixture(params=[1, 3], ids=["one", "three"])
def console(texts, request):
    with Console(ours(), texts[1], threads=request.param) as c:
        c.file = texts[0]
        yield c


def test_shown(console):
    c = console
    assert c.say("show acl").splitlines() == [
        "# id (file) description",
        "0 (%s/a.lst) pattern loaded from file '%s/a.lst' used by acl at "
        "file '%s' line %d. curr_ver=0 next_ver=0 entry_cnt=2" % (
            c.file, c.file, c.where_of("acl bad")[0],
            c.where_of("acl bad")[1]),
        "1 () acl 'src' file '%s' line %d. curr_ver=0 next_ver=0 "
        "entry_cnt=1" % c.where_of("9.9.9.9"), ""]
    assert "entry_cnt=2" in c.say("show map")


def test_sessions_see_it_at_once(console):
    c, acl, table = console, console.file + "/a.lst", console.file + "/m.map"
    one, two = c.ports["P1"], c.ports["P2"]
    assert ask(one) == ask(two) == "be"
    assert c.say("add acl %s 127.0.0.0/8" % acl) == "\n"
    assert ask(one) == ""
    c.say("del acl %s 127.0.0.0/8" % acl)
    assert ask(one) == "be"
    assert c.say("add map %s %d other" % (table, two)) == "\n"
    assert (ask(one), ask(two)) == ("be", "other")
    assert c.say("set map %s %d be" % (table, two)) == "\n"
    assert ask(two) == "be"
    c.say("set map %s %d other" % (table, two))
    assert ask(two) == "other"
    assert c.say("clear map " + table) == "\n"
    assert ask(two) == "be"
    assert c.raw("add map %s <<\n%d other\n\n" % (table, one)) == "\n"
    assert (ask(one), ask(two)) == ("other", "be")
    assert c.raw("add map %s <<END\n%d other\n\n%d be\nEND\n" % (
        table, two, two)) == "\n"


def test_a_version_is_seen_when_it_is_committed(console):
    c, table = console, console.file + "/m.map"
    one, two = c.ports["P1"], c.ports["P2"]
    c.say("add map %s %d other" % (table, one))
    assert c.say("prepare map " + table) == "New version created: 1\n\n"
    assert c.raw("add map @1 %s <<\n%d other\nzz y\naa x\n\n" % (
        table, two)) == "\n"
    assert (ask(one), ask(two)) == ("other", "be")
    assert c.say("commit map @1 " + table) == "\n"
    assert (ask(one), ask(two)) == ("be", "other")
    assert "curr_ver=1 next_ver=1 entry_cnt=3" in c.say("show map")
    acl = console.file + "/a.lst"
    c.say("prepare acl " + acl)
    c.say("add acl @1 %s 127.0.0.1" % acl)
    assert ask(two) == "other"
    c.say("commit acl @1 " + acl)
    assert ask(two) == ""


def test_prepared_versions_leave_nothing_behind(console):
    c, table = console, console.file + "/m.map"

    def turn():
        rows = "".join("key%d value\n" % i for i in range(3000))
        for _ in range(4):
            n = int(c.say("prepare map " + table).split()[-1])
            c.raw("add map @%d %s <<\n%s\n" % (n, table, rows))
            c.say("commit map @%d %s" % (n, table))
            c.say("prepare map " + table)
            c.raw("add map @%d %s <<\n%s\n" % (n + 1, table, rows))
            c.say("clear map @%d %s" % (n + 1, table))

    def resident():
        with open("/proc/%d/statm" % c.process.pid) as f:
            return int(f.read().split()[1]) * 4
    turn()
    before = resident()
    turn()
    with open("/proc/%d/maps" % c.process.pid) as f:
        plain = "san.so" not in f.read()    # a sanitizer keeps what is freed
    assert not plain or resident() - before < 1500
    assert c.say("show map " + table).count("\n") == 3001


def test_by_number_and_name_of_entry(console):
    c = console
    c.say("add acl #1 127.0.0.1")
    assert ask(c.ports["P1"]) == ""
    name = [x.split()[0] for x in c.say("show acl #1").splitlines()
            if x.endswith(" 127.0.0.1")][0]
    assert c.say("del acl #1 #" + name) == "\n"
    assert c.say("del acl #1 #" + name) == "Key not found.\n\n"
    assert ask(c.ports["P1"]) == "be"


def test_many_changes_leave_nothing_behind(console):
    c, acl = console, console.file + "/a.lst"

    def turn():
        for _ in range(20):
            lines = ["add acl %s 172.16.%d.%d" % (acl, i // 250, i % 250)
                     for i in range(100)]
            lines += [x.replace("add", "del") for x in lines]
            out = c.raw("prompt i\n" + "\n".join(lines) + "\nquit\n")
            assert out.strip() == ""

    def resident():
        with open("/proc/%d/statm" % c.process.pid) as f:
            return int(f.read().split()[1]) * 4
    turn()
    before = resident()
    for _ in range(3):
        turn()
    with open("/proc/%d/maps" % c.process.pid) as f:
        plain = "san.so" not in f.read()    # a sanitizer keeps what is freed
    assert not plain or resident() - before < 1000
    assert c.say("show acl " + acl).count("\n") == 3
    assert "match=yes" in c.say("get acl %s 10.2.3.4" % acl)


def test_a_long_payload(console):
    c, table = console, console.file + "/m.map"
    lines = ["key%d value %d" % (i * 7919 % 5000, i) for i in range(5000)]
    assert c.raw("add map %s <<\n%s\n\n" % (
        table, "\n".join(lines))) == "\n"
    assert c.say("show map " + table).count("\n") == 5003
    for n in (0, 17, 4999):
        assert 'value="value %d"' % n in c.say("get map %s %s" % (
            table, lines[n].split()[0]))
    assert c.raw("add map %s <<\na b\n\n" % "foo").startswith("Unknown map")
