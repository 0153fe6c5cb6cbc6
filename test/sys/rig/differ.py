# SPDX-License-Identifier: ISC
# Differential tests. A scenario is a function that drives one pooler and
# notes facts; it is played against PgBouncer and against ours, and the facts
# are compared one by one. A fact that differs must stand in
# doc/differences.md under the name SCENARIO/FACT, and the scenario must say
# what ours has to be (`weir=`); one that stands there must differ.
import concurrent.futures
import contextlib
import itertools
import os
import pickle
import re
import threading

import pytest

from . import program, wire
from .cluster import SECRET, wait_for
from .fakepg import FakePg

TABLES = os.path.join(program.TOP, "doc/differences.md")
SCENARIOS = {}
WORKERS = int(os.environ.get("WEIR_SYS_WORKERS", "4"))
# A directory for what the original answered, which runs on several engines
# share: each scenario is played against it once.
ANSWERS = os.environ.get("WEIR_SYS_ANSWERS")


class Scenario:
    def __init__(self, name, play, config, weir, start):
        self.name, self.play, self.config = name, play, config
        self.weir, self.start = weir, start


def scenario(name, weir=None, start=True, **config):
    """Register a scenario; `config` goes to Pooler.configure, `weir` holds
    what the specification says where it differs from the original."""
    def register(play):
        assert name not in SCENARIOS, name
        SCENARIOS[name] = Scenario(name, play, config, weir or {}, start)
        return play
    return register


def plays_of(module, prefix):
    """The parametrised test of a file with scenarios; put into it as
    `test = plays_of(__name__, "prefix")`."""
    names = [n for n in SCENARIOS if n.startswith(prefix + ".")]

    @pytest.mark.parametrize("name", names)
    def test(name, stage):
        stage.check(name)
    test.__module__ = module
    return test


class Scene:
    """What a scenario works with."""

    def __init__(self, which, stage):
        self.ours, self.cluster = which.ours, stage.cluster
        self.certs, self.facts = stage.certs, {}
        self.makes = program.Poolers(which, stage.base, stage.cluster.port,
                                     stage.certs)
        self.fakes, self.p = [], None

    def start(self, **config):
        self.p = self.makes(**config)
        return self.p

    def fake(self, *args):
        self.fakes.append(FakePg(*args))
        return self.fakes[-1]

    def note(self, key, value, raw=False):
        assert key not in self.facts, "noted twice: " + key
        self.facts[key] = value if raw else clean(value, self.p)

    def log(self, key, *patterns):
        """Note the log lines that hold one of these, each to be waited
        for."""
        out = []
        for pattern in patterns:
            try:
                out += self.p.wait_log(pattern, 3)
            except TimeoutError:
                out.append("no line with " + pattern)
        # A line that is said again and again counts once.
        self.note(key, list(dict.fromkeys(
            clean(bare(li), self.p) for li in out)))

    def try_start(self, key, **config):
        """Start it, or note what it dies of."""
        try:
            self.start(**config)
            self.note(key, "up")
        except RuntimeError:
            self.p = self.makes.started[-1]
            self.note(key, [bare(li) for li in self.p.lines()])
            self.p.expect = 1
        return self.p.running()

    # the pooler's own words, shortened
    def conn(self, *args, **more):
        return self.p.conn(*args, **more)

    def login(self, *args, **more):
        return self.p.login(*args, **more)

    def try_login(self, user="app", database="app", secret=None, **more):
        return self.p.try_login(user, database,
                                secret or SECRET.get(user), **more)

    def console(self, *args):
        return self.p.console(*args)

    def stop(self):
        try:
            self.makes.stop()
        finally:
            for one in self.fakes:
                one.stop()


def story(fault):
    """Where it happened. Not by traceback.format_exception, which compiles
    source text: Python 3.11 cannot do that in two threads at once."""
    out, tb = [], fault.__traceback__
    while tb:
        code = tb.tb_frame.f_code
        out.append("%s:%d %s" % (code.co_filename, tb.tb_lineno,
                                 code.co_name))
        tb = tb.tb_next
    return "\n".join(out + ["%s: %s\n" % (type(fault).__name__, fault)])


STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S+ \[?\d+\]? ")


def bare(line):
    """A log line without time and process."""
    return STAMP.sub("", line)


def in_order(value):
    """Runs of ParameterStatus sorted: their order is one scenario's
    matter, not that of all."""
    def is_status(m):
        return isinstance(m, list) and m[:1] == ["S"]
    out = []
    for status, run in itertools.groupby(value, is_status):
        out += sorted(run) if status else run
    return out


def clean(value, p):
    """A copy without what differs from run to run."""
    if isinstance(value, (list, tuple)):
        if value and value[0] == "K" and len(value) == 3:
            return ["K", "pid", "key"]
        if value[:2] in (("R", "md5"), ("R", "sasl-continue"),
                         ("R", "sasl-final")):
            return ["R", value[1], "proof"]
        return in_order([clean(v, p) for v in value])
    if isinstance(value, dict):
        return {k: clean(v, p) for k, v in value.items()}
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return value
    if p is not None:
        value = value.replace(p.where, "DIR").replace(p.program.path, "PROG")
        value = re.sub(r"\b%d\b" % p.port, "PORT", value)
        value = re.sub(r"\b%d\b" % p.pg, "PG", value)
    value = re.sub(r"\b1\.(18\.0|25\.2)\b", "VERSION", value)
    value = value.replace(" (Weir 0.1.0)", "")
    value = re.sub(r"0x[0-9a-f]{6,}", "0xPTR", value)
    value = re.sub(r"\(age=\d+s?\)", "(age=N)", value)
    value = re.sub(r"((?:127\.0\.0\.1|localhost|\]):)\d+", r"\1N", value)
    value = re.sub(r"unix\(\d+", "unix(PID", value)
    return value


def listed():
    """The names in doc/differences.md: {name: table}."""
    out, table = {}, None
    with open(TABLES) as f:
        for line in f:
            if line.startswith("## "):
                table = line[3:].strip()
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if line.startswith("| `") and len(cells) == 4:
                for name in re.findall(r"`([^`]+)`", cells[0]):
                    assert name not in out, "listed twice: " + name
                    out[name] = table
    return out


class Stage:
    """Plays scenarios in a few threads, ahead of the tests that ask."""

    def __init__(self, base, cluster, certs):
        self.base, self.cluster, self.certs = base, cluster, certs
        self.pool = concurrent.futures.ThreadPoolExecutor(WORKERS)
        self.jobs, self.lock = {}, threading.Lock()
        self.listed = listed()

    def job(self, name, which):
        with self.lock:
            key = (name, which.name)
            if key not in self.jobs:
                play = self.play if which.ours or not ANSWERS else \
                    self.play_once
                self.jobs[key] = self.pool.submit(play, name, which)
            return self.jobs[key]

    def ahead(self, names):
        for name in names:
            for which in self.programs():
                self.job(name, which)

    def programs(self):
        return [w for w in (program.original(), program.ours())
                if os.access(w.path, os.X_OK)]

    def play_once(self, name, which):
        """The facts of the original, from another run that has them or is
        just finding them out."""
        path = os.path.join(ANSWERS, name)
        try:
            os.close(os.open(path + ".claim", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            with contextlib.suppress(TimeoutError):
                wait_for(lambda: os.path.exists(path), 60)
                with open(path, "rb") as f:
                    return pickle.load(f)
            return self.play(name, which)   # that run has ended early
        heard = self.play(name, which)
        with open(path + ".new", "wb") as f:
            pickle.dump(heard, f)
        os.rename(path + ".new", path)
        return heard

    def play(self, name, which):
        """The facts of one run."""
        one = SCENARIOS[name]
        scene = Scene(which, self)
        why = None
        try:
            if one.start:
                scene.start(**one.config)
            one.play(scene)
        except Exception as fault:
            log = scene.p.log()[-4000:] if scene.p else ""
            why = story(fault) + log
        try:
            scene.stop()
        except Exception as fault:
            why = why or story(fault)
        return scene.facts, why

    def check(self, name):
        one, ours = SCENARIOS[name], program.ours()
        if not os.access(program.ORIGINAL, os.X_OK):
            pytest.skip("no PgBouncer on this machine to compare with")
        if not os.access(ours.path, os.X_OK):
            pytest.fail("%s is not there" % ours.path)
        theirs, why = self.job(name, program.original()).result()
        assert why is None, "PgBouncer: " + why
        got, why = self.job(name, ours).result()
        assert why is None, "ours: " + why
        self.compare(one, theirs, got)

    def compare(self, one, theirs, got):
        faults = []
        for fact in {**theirs, **got}:
            name = "%s/%s" % (one.name, fact)
            a, b = theirs.get(fact), got.get(fact)
            if fact in one.weir:
                if not meets(one.weir[fact], b):
                    faults.append("%s is not as specified\n  wanted %s\n"
                                  "  got    %s" % (name, one.weir[fact], b))
            elif a != b:
                faults.append("%s differs\n%s" % (name, unlike(a, b)))
            if a != b and name not in self.listed:
                faults.append("%s differs and is not in differences.md" %
                              name)
            if a == b and name in self.listed:
                faults.append("%s no longer differs" % name)
        for name in self.listed:
            if name.split("/")[0] == one.name and \
                    name.split("/", 1)[1] not in {**theirs, **got}:
                faults.append("%s is listed and never noted" % name)
        assert not faults, "\n".join(faults)

    def stop(self):
        self.pool.shutdown(cancel_futures=True)


# What ours has to be, where one value is not the whole answer.

def meets(want, got):
    return want(got) if callable(want) else clean(want, None) == got


def one_of(*wanted):
    return lambda got: any(meets(w, got) for w in wanted)


def begins(*head):
    return lambda got: got[:len(head)] == clean(head, None)


def welcome(*head):
    """Logged in, after these messages."""
    return lambda got: begins(*head)(got) and got[-1] == ["Z", "I"] and \
        got[len(head)] == ["R", "ok"]


def refused(text=""):
    """FATAL 08P01 with this in its text, and nothing behind it."""
    return lambda got: len(got) == 2 and got[0][0] == "E" and \
        got[0][1]["S"] == "FATAL" and got[0][1]["C"] == "08P01" and \
        text in got[0][1]["M"] and got[1] == ["EOF"]


def unlike(a, b):
    """Both values, line against line when they are lists."""
    if not isinstance(a, list) or not isinstance(b, list):
        return "  PgBouncer %s\n  Weir      %s" % (a, b)
    out = []
    for i in range(max(len(a), len(b))):
        x = a[i] if i < len(a) else "(nothing)"
        y = b[i] if i < len(b) else "(nothing)"
        if x != y:
            out.append("  %d PgBouncer %s\n    Weir      %s" % (i, x, y))
    return "\n".join(out)
