# SPDX-License-Identifier: ISC
# Killed at every step between a change and its delivery: each event arrives
# once or twice, never zero times, and the files can be read after each.
import os
import signal

from rig import watcher as rig

PRELOAD = {"LD_PRELOAD": None}


def prepare(one, stats, receiver):
    page = rig.Page("pgb1", "pgb2", "pgb3")
    page.set("pgb3", "DOWN")
    source, slack = stats(page), receiver()
    env = {"HAPROXY_STATS_URL": source.url, "STATE_FILE": one.state,
           "SLACK_WEBHOOK_URL": slack.url + "/services/T/B/secret"}
    code, out, err = one.once(env=env)
    assert code == 0, err
    assert slack.fallbacks() == ["at start: pgb3 is DOWN"]
    slack.posts.clear()
    return page, slack, env


def snapshot(one):
    """The files as they are, by name."""
    kept = {}
    for top, _, names in os.walk(one.where):
        for name in names:
            path = os.path.join(top, name)
            with open(path, "rb") as f:
                kept[os.path.relpath(path, one.where)] = f.read()
    return kept


def restore(one, kept):
    for top, _, names in os.walk(one.where):
        for name in names:
            path = os.path.join(top, name)
            if os.path.relpath(path, one.where) not in kept:
                os.unlink(path)
    for name, text in kept.items():
        with open(one.file(name), "wb") as f:
            f.write(text)


def test_killed_at_every_call(watch, stats, receiver, shim):
    one = watch()
    one.expect = None
    page, slack, env = prepare(one, stats, receiver)
    kept = snapshot(one)
    page.set("pgb1", "DOWN")
    page.set("pgb3", "UP")
    # How many calls a whole run has.
    counted = one.file("calls")
    code, _, err = one.once(env={**env, "LD_PRELOAD": shim,
                                 "STOP_COUNT": counted})
    assert code == 0, err
    with open(counted) as f:
        calls = int(f.read())
    assert slack.count("pgb1 is DOWN") == 1
    assert slack.count("pgb3 is back UP") == 1
    assert calls >= 10
    told = {}
    for variable in ("STOP_AT", "STOP_AFTER"):
        for n in range(1, calls + 1):
            restore(one, kept)
            slack.posts.clear()
            code, _, err = one.once(env={**env, "LD_PRELOAD": shim,
                                         variable: n})
            assert code in (-signal.SIGKILL, 0), (variable, n, code, err)
            code, _, err = one.once(env=env)
            assert code == 0, (variable, n, err)
            for words in ("pgb1 is DOWN", "pgb3 is back UP"):
                count = slack.count(words)
                assert 1 <= count <= 2, (variable, n, words, count, err)
                told[count] = told.get(count, 0) + 1
            assert one.lines() == ["pgb1:DOWN", "pgb2:UP", "pgb3:UP"]
            # Nothing is left, nothing comes again.
            slack.posts.clear()
            code, _, err = one.once(env=env)
            assert code == 0 and not slack.posts, (variable, n, err)
    assert told.get(1, 0) > 0


def test_killed_while_running(watch, stats, receiver):
    """kill -9 in the group_wait: the new process tells it."""
    one = watch()
    one.expect = None
    page = rig.Page("pgb1", "pgb2")
    source, slack = stats(page), receiver()
    conf = one.config(source.url, {"ops": {"url": slack.url + "/x"}},
                      group_wait="3s")
    one.start("-c", conf)
    one.wait_log("is up")
    rig.wait_for(lambda: os.path.exists(one.state))
    page.set("pgb2", "DOWN")
    one.wait_log("down: pgb2 is DOWN")
    rig.wait_for(lambda: "pgb2:DOWN" in one.lines())
    assert not slack.posts
    one.end(signal.SIGKILL)
    page.set("pgb2", "UP")
    one.start("-c", conf)
    slack.wait(1)
    rig.wait_for(lambda: slack.count("pgb2 is back UP") == 1, 10)
    assert slack.count("pgb2 is DOWN") == 1, (slack.posts[0].raw, one.log())
