# SPDX-License-Identifier: ISC
# Fixtures of the watcher's tests.
import os

import pytest

from rig import watcher as rig


@pytest.fixture(scope="session")
def watch_program():
    path = rig.program()
    if path is None:
        pytest.skip("weir-watch was not built")
    return path


@pytest.fixture
def watch(base, watch_program):
    """watch(): a watcher in a directory of its own, not yet started."""
    made = []

    def make():
        made.append(rig.Watcher(watch_program, rig.temporary(base)))
        return made[-1]
    yield make
    for one in made:
        one.stop()


@pytest.fixture
def stats():
    """stats(page): a balancer's statistics over HTTP."""
    made = []

    def make(page):
        made.append(rig.Stats(page))
        return made[-1]
    yield make
    for one in made:
        one.stop()


@pytest.fixture
def receiver():
    """receiver(answers...): somebody who is told."""
    made = []

    def make(*script):
        made.append(rig.Receiver(*script))
        return made[-1]
    yield make
    for one in made:
        one.stop()


@pytest.fixture(params=("haproxy", "weir-balancer"))
def haproxy(base, request):
    """haproxy(): a balancer with three servers, Debian's and ours."""
    program = rig.balancer(request.param)
    if program is None:
        pytest.skip("no %s here" % request.param)
    made = []

    def make(**more):
        made.append(rig.HAProxy(rig.temporary(base), program, **more))
        return made[-1]
    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="session")
def shim(base):
    path = rig.compile_shim(base)
    if path is None:
        pytest.skip("no C compiler for the preloaded counter")
    return path
