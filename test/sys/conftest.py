# SPDX-License-Identifier: ISC
# Fixtures of the system tests: one PostgreSQL a session, poolers as a test
# asks for them. See doc/HACKING for how to run them.
import contextlib
import os
import resource
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from rig import certs as certs_module, differ, fakepg, features  # noqa: E402
from rig import program                                         # noqa: E402
from rig.cluster import Cluster, programs                       # noqa: E402


def pytest_addoption(parser):
    group = parser.getgroup("weir")
    group.addoption("--engine", choices=("event", "uring"),
                    default=os.environ.get("WEIR_SYS_ENGINE"),
                    help="engine of every pooler (its own choice)")
    group.addoption("--threads", type=int,
                    default=os.environ.get("WEIR_SYS_THREADS"),
                    help="loops of every pooler (its own choice)")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "needs(name): uring or threads; skipped without")
    program.regime.update(engine=config.getoption("--engine"),
                          threads=int(config.getoption("--threads") or 0))
    # Rings are charged to the account, which here has many poolers at once.
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK,
                           (resource.RLIM_INFINITY,) * 2)


def pytest_collection_modifyitems(items):
    """What the program or the machine cannot do is left out, and says so."""
    whole = features.why_not(**program.regime)
    for item in items:
        marker = item.get_closest_marker("needs")
        why = whole or marker and features.lacks(marker.args[0])
        if why:
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def base():
    """The session's directory, open to the unprivileged account."""
    where = tempfile.mkdtemp(prefix="weir-sys-")
    os.chmod(where, 0o755)
    yield where
    shutil.rmtree(where, ignore_errors=True)


@pytest.fixture(scope="session")
def certs(base):
    return certs_module.Certs(os.path.join(base, "certs"))


@pytest.fixture(scope="session")
def cluster(base, certs):
    if not programs():
        pytest.skip("no PostgreSQL on this machine")
    one = Cluster(os.path.join(base, "pg"), certs)
    yield one
    one.stop(signal.SIGQUIT)


@pytest.fixture
def own_cluster(base, certs):
    """A PostgreSQL that a test may stop and start."""
    if not programs():
        pytest.skip("no PostgreSQL on this machine")
    one = Cluster(tempfile.mktemp(prefix="own-", dir=base), certs)
    yield one
    if one.process.poll() is None:
        one.stop(signal.SIGQUIT)


def need(which):
    if not os.access(which.path, os.X_OK):
        pytest.fail("%s is not there" % which.path)
    return which


@pytest.fixture
def pooler(base, cluster, certs):
    """pooler(settings..., databases=..., ...): ours, started."""
    makes = program.Poolers(need(program.ours()), base, cluster.port, certs)
    yield makes
    makes.stop()


@pytest.fixture
def fake():
    """fake(script): a server that plays it."""
    started = []

    def make(script=fakepg.plain):
        started.append(fakepg.FakePg(script))
        return started[-1]
    yield make
    for one in started:
        one.stop()


@pytest.fixture(scope="session")
def stage(request, base, cluster, certs):
    """Plays the scenarios of the differential tests, a few at a time and
    ahead of the tests that compare."""
    one = differ.Stage(base, cluster, certs)
    one.ahead(i.callspec.params["name"] for i in request.session.items
              if "stage" in i.fixturenames and hasattr(i, "callspec"))
    yield one
    one.stop()
