# SPDX-License-Identifier: ISC
# What the pooler under test can do on this machine: it is started, and
# asked. As a program: python3 -m rig.features prints one word for each.
import contextlib
import functools
import os
import re
import shutil
import tempfile

from . import program


@functools.lru_cache(maxsize=None)
def runs_as(engine=None, threads=None):
    """(engine, threads) of a pooler that was told to be so, or the reason
    why it did not start."""
    which = program.ours()
    if not which.ours or not os.access(which.path, os.X_OK):
        return "%s is none of ours" % which.path
    where = tempfile.mkdtemp(prefix="weir-sys-probe-")
    os.chmod(where, 0o755)
    makes = program.Poolers(which, where, 1, None)
    try:
        p = makes.make().configure(
            databases={"none": "host=127.0.0.1 port=1"},
            side={"threads": threads} if threads else None)
        p.expect = None
        p.start(env={"WEIR_ENGINE": engine or ""})
        said = p.weir()
        return said["engine"], int(said["threads"])
    except (RuntimeError, TimeoutError) as why:
        last = p.lines("FATAL|ERROR")[-1:] or str(why).splitlines()[:1]
        return re.sub(r"^\S+ \S+ \S+ \[\d+\] ", "", last[0])
    finally:
        with contextlib.suppress(AssertionError):
            makes.stop()
        shutil.rmtree(where, ignore_errors=True)


def why_not(engine=None, threads=None):
    """None when a pooler runs so, else the reason."""
    if engine in (None, "event") and (threads or 1) == 1:
        return None
    got = runs_as(engine, threads)
    if isinstance(got, str):
        return "no %s with %s: %s" % (engine or "engine", "threads = %d" %
                                      (threads or 1), got)
    if engine and got[0] != engine:
        return "told to use %s, the pooler uses %s" % (engine, got[0])
    if threads and got[1] != threads:
        return "told to have %d threads, the pooler has %d" % (threads,
                                                               got[1])
    return None


def lacks(name):
    """None when it has it: "uring", "threads"; else the reason."""
    return why_not(engine="uring") if name == "uring" else \
        why_not(threads=2)


if __name__ == "__main__":
    for feature in ("uring", "threads"):
        reason = lacks(feature)
        print("%s: %s" % (feature, reason or "yes"))
