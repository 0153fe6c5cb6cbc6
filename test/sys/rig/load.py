# SPDX-License-Identifier: ISC
# The bench's load generator in the hands of a system test: clients that ask
# as fast as they are answered and check every answer.
import json
import os
import subprocess

import pytest

from .program import TOP

PLACES = [os.environ.get("WEIR_BUILD"), ".", "build", os.path.join(
    TOP, "build"), os.path.join(TOP, "build/plain")]


def find(name):
    """A program that make built; the test is skipped without."""
    for place in filter(None, PLACES):
        path = os.path.abspath(os.path.join(place, "test/bench", name))
        if os.access(path, os.X_OK):
            return path
    pytest.skip("%s is not built here" % name)


class Load:
    """pg_load under way; result() waits for it."""

    def __init__(self, p, *args, user="app", database="app"):
        self.child = subprocess.Popen(
            [find("pg_load"), "-p", str(p.port), "-U", user, "-d", database,
             *map(str, args)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True)

    def result(self, limit=60):
        """Its figures; no error and no wrong answer is borne."""
        try:
            out, _ = self.child.communicate(timeout=limit)
        finally:
            self.stop()
        got = json.loads(out.splitlines()[-1])
        assert not got["errors"] and not got["wrong"] and got["tx"], got
        return got

    def stop(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()


def load(p, *args, **more):
    return Load(p, *args, **more).result()
