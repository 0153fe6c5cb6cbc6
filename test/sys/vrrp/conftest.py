# SPDX-License-Identifier: ISC
"""Fixtures of the VRRP tests: a lan of namespaces, daemons on its nodes."""
import contextlib
import os

import pytest

from rig import lan as lan_module, vrrp


@pytest.fixture(scope="session")
def netns():
    why = lan_module.why_not()
    if why:
        pytest.skip(why)
    if not os.access(vrrp.ours(), os.X_OK):
        pytest.fail("%s is not there" % vrrp.ours())


@pytest.fixture
def lan(netns):
    """lan(count): a network of that many nodes."""
    made = []

    def make(count):
        made.append(lan_module.Lan(count))
        return made[-1]
    yield make
    for one in made:
        one.close()


@pytest.fixture
def daemon(netns):
    """daemon(node, kind, text, *flags, side=...): 'weir' or 'keepalived'."""
    made = []

    def make(node, kind, text, *flags, **more):
        if kind == "keepalived" and not os.path.exists(vrrp.ORIGINAL):
            pytest.skip("no keepalived on this machine")
        made.append(vrrp.Daemon(node, kind, text, *flags, **more))
        return made[-1]
    yield make
    with contextlib.ExitStack() as ends:
        for one in made:
            ends.callback(one.end)
