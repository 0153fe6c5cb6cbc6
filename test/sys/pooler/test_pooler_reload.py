# SPDX-License-Identifier: ISC
# Reload: a broken file changes nothing
# at all, a good one is taken whole, nobody in traffic notices.
import os
import time

import pytest

from rig import wire
from rig.cluster import wait_for
from rig.same import backend
from rig.wire import fatal

DB = "host=127.0.0.1 port=$PG dbname=app"


def config(p):
    return {r["key"]: r["value"] for r in p.show("CONFIG")}


def databases(p):
    return sorted((r["name"], r["host"], r["pool_size"], r["force_user"])
                  for r in p.show("DATABASES"))


FAULTS = {
    "unknown key": "[pgbouncer]\ndefault_pool_size = 3\nnonsense = 1\n",
    "bad value": "[pgbouncer]\ndefault_pool_size = 3\npool_mode = x\n",
    "bad value first": "[pgbouncer]\npool_mode = x\ndefault_pool_size = 3\n",
    "bad time": "[pgbouncer]\nquery_timeout = 3\nserver_lifetime = 1h\n",
    "bad database": "[pgbouncer]\ndefault_pool_size = 3\n[databases]\n"
                    "new = host=127.0.0.1\nbad = port=abc\n",
    "bad user": "[users]\napp = pool_mode=foo\n[pgbouncer]\n"
                "default_pool_size = 3\n",
    "unknown section": "[pgbouncer]\ndefault_pool_size = 3\n[nonsense]\n"
                       "a = 1\n",
    "no section": "default_pool_size = 3\n",
    "unclosed section": "[pgbouncer]\ndefault_pool_size = 3\n[databases\n",
    "missing include": "[pgbouncer]\ndefault_pool_size = 3\n"
                       "%include /nowhere/at/all.ini\n",
    "empty": "",
    "binary": bytes(range(256)) * 10,
    "bad peer": "[pgbouncer]\ndefault_pool_size = 3\n[peers]\n"
                "0 = host=127.0.0.1\n",
}


@pytest.mark.parametrize("how", ("SIGHUP", "RELOAD"))
@pytest.mark.parametrize("fault", FAULTS)
def test_broken_ini_changes_nothing(pooler, fault, how):
    p = pooler()
    c = p.login()
    pid = backend(c)
    before, dbs = config(p), databases(p)
    text = FAULTS[fault]
    if isinstance(text, str) and text.startswith("["):
        # otherwise right: only the fault stands in the way
        text = text.replace("[pgbouncer]\n", "[pgbouncer]\n" + "".join(
            "%s = %s\n" % (k, v) for k, v in (
                ("auth_type", "trust"), ("query_wait_timeout", "5"),
                ("admin_users", "nobody"))), 1)
    p.write("pooler.ini", text)
    if how == "SIGHUP":
        p.signal(1)
        p.wait_log("config file loading failed")
    else:
        assert wire.error(p.console().query("RELOAD")) == (
            "ERROR", "F0000", "RELOAD failed, see logs for additional "
            "details")
    assert config(p) == before
    assert databases(p) == dbs
    assert backend(c) == pid
    assert p.login().one("select 1") == "1"
    p.reload(default_pool_size=9)
    assert config(p)["default_pool_size"] == "9"


HBA = "host all app 127.0.0.1/32 trust\nhost all admin 127.0.0.1/32 trust\n"


@pytest.mark.parametrize("text", (
    "host all all 127.0.0.1/32 nonsense\nhost all all 127.0.0.1/32 trust\n",
    "host all all 300.0.0.1/32 trust\nhost all all 127.0.0.1/32 trust\n",
    "nonsense\n" + HBA + "host all other 127.0.0.1/32 trust\n",
    None))
def test_broken_hba_changes_nothing(pooler, text):
    """Never more open, never half: the rules in force stay."""
    p = pooler(auth_type="hba", auth_hba_file="$DIR/hba",
               files={"hba": HBA})
    none = fatal("no authentication method is found")
    assert p.try_login("app")[-1] == ("Z", "I")
    assert p.try_login("other") == none
    if text is None:
        os.unlink(p.path("hba"))
    else:
        p.write("hba", text)
    p.signal(1)
    p.wait_log("got SIGHUP")
    p.settle()
    assert p.try_login("app")[-1] == ("Z", "I")
    assert p.try_login("other") == none
    p.write("hba", HBA + "host all other 127.0.0.1/32 trust\n")
    p.signal(1)
    wait_for(lambda: p.try_login("other")[-1] == ("Z", "I"))


def test_hba_broken_since_the_start(pooler):
    """A line that was broken at start already hinders no reload."""
    p = pooler(auth_type="hba", auth_hba_file="$DIR/hba",
               files={"hba": "nonsense\n" + HBA})
    assert p.try_login("app")[-1] == ("Z", "I")
    p.write("hba", "nonsense\n" + HBA + "host all other 127.0.0.1/32 trust\n")
    p.signal(1)
    wait_for(lambda: p.try_login("other")[-1] == ("Z", "I"))


@pytest.mark.parametrize("text", (
    '"a" "other"\nbroken line\n"admin" "adminpw"\n', '"a" "oth', None))
def test_broken_auth_file_changes_nothing(pooler, text):
    p = pooler(auth_type="plain", databases={"app": DB + " user=app"},
               auth_file=[("a", "one"), ("b", "two"), ("admin", "adminpw")])
    assert p.try_login("a", "app", "one")[-1] == ("Z", "I")
    if text is None:
        os.unlink(p.path("userlist.txt"))
    else:
        p.write("userlist.txt", text)
    p.signal(1)
    p.wait_log("got SIGHUP")
    p.settle()
    assert p.try_login("a", "app", "one")[-1] == ("Z", "I")
    assert p.try_login("b", "app", "two")[-1] == ("Z", "I")
    assert p.try_login("a", "app", "other")[-1] == wire.EOF


def test_users_come_and_go(pooler):
    p = pooler(auth_type="plain", databases={"app": DB + " user=app"},
               auth_file=[("a", "one"), ("admin", "adminpw")])
    old = p.conn()
    assert old.login("a", "app", "one")[-1] == ("Z", "I")
    p.reload(auth_type="plain", databases={"app": DB + " user=app"},
             auth_file=[("b", "two"), ("admin", "adminpw")])
    assert old.one("select 1") == "1"
    assert p.try_login("a", "app", "one")[-1] == wire.EOF
    assert p.try_login("b", "app", "two")[-1] == ("Z", "I")


def test_changed_star(pooler):
    """A new `*` rebuilds the databases that came from it."""
    p = pooler(databases={"*": "host=127.0.0.1 port=$PG dbname=app"})
    c = p.login(database="any")
    assert c.one("select current_database()") == "app"
    p.reload(databases={"*": "host=127.0.0.1 port=$PG dbname=app2"})
    wait_for(lambda: c.one("select current_database()") == "app2")


def test_autodb_idle_timeout(pooler):
    p = pooler(autodb_idle_timeout=1, server_idle_timeout=1, databases={
        "*": "host=127.0.0.1 port=$PG dbname=app"})
    p.login(database="any").finish()
    assert "any" in [r["name"] for r in p.show("DATABASES")]
    wait_for(lambda: "any" not in [r["name"]
                                   for r in p.show("DATABASES")])
    assert p.lines("dropping database 'any'")
    assert p.login(database="any").one("select 1") == "1"


def test_pool_mode_changes(pooler):
    """It counts from a connection's next release."""
    p = pooler(pool_mode="session", default_pool_size=5)
    one, two = p.login(), p.login()
    assert backend(one) != backend(two)
    p.reload(pool_mode="transaction")
    one.query("select 1")
    two.query("select 1")
    one.query("select 1")
    assert p.pool()["pool_mode"] == "transaction"
    three = p.login()
    assert backend(three) in (backend(one), backend(two))


def test_overlapping_reloads(pooler):
    """Many at once: the last file wins."""
    p = pooler()
    for size in range(1, 20):
        p.configure(default_pool_size=size)
        p.signal(1)
    wait_for(lambda: config(p)["default_pool_size"] == "19")
    assert p.login().one("select 1") == "1"


def test_conffile_can_be_moved(pooler):
    """SET conffile: the next reload reads that one."""
    p = pooler()
    text = open(p.ini).read()
    p.write("other.ini", text.replace("[pgbouncer]\n",
                                      "[pgbouncer]\nquery_timeout = 77\n"))
    assert p.command("SET conffile='%s'" % p.path("other.ini"))
    assert p.command("RELOAD") == "RELOAD"
    assert config(p)["query_timeout"] == "77"


def test_new_paths_at_reload(pooler, base):
    """Files that a reload or SET names for the first time, anywhere."""
    where = os.path.join(base, "elsewhere-%d" % time.monotonic_ns())
    os.mkdir(where)
    with open(where + "/users", "w") as out:
        out.write('"a" "one"\n"admin" "adminpw"\n')
    with open(where + "/more.ini", "w") as out:
        out.write("query_timeout = 79\n")
    p = pooler(auth_type="plain", databases={"app": DB + " user=app"})
    assert p.try_login("a", "app", "one")[-1] == wire.EOF
    p.reload(auth_type="plain", databases={"app": DB + " user=app"},
             settings={"auth_file": where + "/users"})
    assert p.try_login("a", "app", "one")[-1] == ("Z", "I")
    p.write("pooler.ini", open(p.ini).read() + "%%include %s/more.ini\n"
            % where)
    p.command("RELOAD")
    assert config(p)["query_timeout"] == "79"


def test_log_file_moves_at_reload(pooler, base):
    where = os.path.join(base, "logs-%d" % time.monotonic_ns())
    os.mkdir(where)
    p = pooler()
    p.owned(where)
    p.reload(logfile=where + "/log")
    p.login()
    wait_for(lambda: os.path.exists(where + "/log") and
             "login attempt" in open(where + "/log").read())


def test_relative_include(pooler):
    """Relative to the working directory."""
    p = pooler()
    p.write("more.ini", "query_timeout = 78\n")
    p.write("pooler.ini", open(p.ini).read() + "%include more.ini\n")
    assert p.command("RELOAD") == "RELOAD"
    assert config(p)["query_timeout"] == "78"


def test_side_file(pooler):
    """Our own settings in FILE.weir, none of the
    original's."""
    p = pooler.make().configure()
    p.write("pooler.ini.weir", "[pgbouncer]\nserver_login_parallel = 3\n")
    p.start()
    assert p.login().one("select 1") == "1"
    p.write("pooler.ini.weir", "[pgbouncer]\nquery_timeout = 5\n")
    assert p.command("RELOAD").startswith("RELOAD failed")
    assert config(p)["query_timeout"] == "0"


def test_side_file_with_original_setting_at_start(pooler):
    p = pooler.make().configure()
    p.write("pooler.ini.weir", "[pgbouncer]\nquery_timeout = 5\n")
    code, _, err = p.run()
    assert code == 1 and "pooler.ini.weir:2" in err


def test_reload_is_quick_with_many_databases(pooler):
    many = {"db%d" % i: DB for i in range(2000)}
    p = pooler(databases={**many, "app": DB})
    c = p.login()
    for i in range(0, 50):
        p.login(database="db%d" % i)
    start = time.monotonic()
    p.reload(databases={**many, "app": DB})
    assert time.monotonic() - start < 2
    assert c.one("select 1") == "1"
