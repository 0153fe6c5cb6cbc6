# SPDX-License-Identifier: ISC
# What people hear of a balancer: Debian's haproxy with servers that die and
# come back, its restarts and reloads, and the old loop's place.
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from rig import watcher as rig
from rig.cluster import wait_for

# The loop that is replaced, as far as its state file is concerned.
OLD_LOOP = r"""
state=$1 url=$2 hook=$3
curl -s "$url" | while IFS=, read -r px sv a b c d e f g h i j k l m n o st rest; do
	case $px in "#"*|stats) continue ;; esac
	case $sv in FRONTEND|BACKEND) continue ;; esac
	case $st in UP*) now=UP ;; *) now=DOWN ;; esac
	was=$(sed -n "s/^$sv://p" "$state" 2>/dev/null)
	echo "$sv:$now" >>"$state.tmp"
	[ "${was:-$now}" = "$now" ] && continue
	[ $now = UP ] && say="$sv is back UP" || say="$sv is DOWN"
	curl -s -o /dev/null -H 'Content-Type: application/json' \
	    -d "{\"attachments\":[{\"fallback\":\"$say\"}]}" "$hook"
done
mv "$state.tmp" "$state"
"""


def environment(one, url, slack, **more):
    return {"SLACK_WEBHOOK_URL": slack.url + "/services/T/B/secret",
            "HAPROXY_STATS_URL": url, "STATE_FILE": one.state, **more}


def test_haproxy_server_dies_and_returns(watch, receiver, haproxy):
    """One alert with the right words within interval + 2.5 s."""
    lb, slack, one = haproxy(), receiver(), watch()
    one.start(env=environment(one, "http://127.0.0.1:%d" % lb.port, slack,
                              CHECK_INTERVAL=1))
    wait_for(lambda: os.path.exists(one.state))
    assert one.lines() == ["pgb1:UP", "pgb2:UP", "pgb3:UP"]
    lb.kill("pgb2")
    lb.wait("pgb2", "DOWN")
    seen = time.monotonic()
    post = slack.wait(1)
    assert post.at - seen < 1 + 2.5
    assert post.headers["Content-Type"] == "application/json"
    told = post.json["attachments"]
    assert len(told) == 1 and told[0]["color"] == "danger"
    assert told[0]["title"] == "PgBouncer Alert"
    assert told[0]["fallback"] == "pgb2 is DOWN"
    lines = told[0]["text"].split("\n")
    assert lines[0] == "pgb2 is DOWN"
    assert "pgbouncers/pgb2 on 127.0.0.1:%d" % lb.port in lines[1]
    assert " L4CON " in lines[1] and "Connection refused" in lines[1]
    assert lines[2].startswith("2 of 3 servers left: pgb1 UP (")
    assert lines[3] == "Run: docker start pgb2"
    assert told[0]["footer"].startswith("PgBouncer Monitor - 20")
    assert told[0]["footer"].endswith(" UTC")
    assert one.lines() == ["pgb1:UP", "pgb2:DOWN", "pgb3:UP"]
    time.sleep(3)  # three rounds: told once
    assert len(slack.posts) == 1
    lb.serve("pgb2")
    lb.wait("pgb2", "UP")
    seen = time.monotonic()
    post = slack.wait(2)
    assert post.at - seen < 1 + 2.5
    told = post.json["attachments"][0]
    assert (told["color"], told["title"]) == ("good", "PgBouncer Recovery")
    assert told["text"].startswith("pgb2 is back UP\nwas down ")
    time.sleep(3)  # three rounds: told once
    assert len(slack.posts) == 2
    assert one.lines() == ["pgb1:UP", "pgb2:UP", "pgb3:UP"]


def test_haproxy_over_the_socket(watch, receiver, haproxy):
    lb, slack, one = haproxy(), receiver(), watch()
    conf = one.config("unix:" + lb.socket, {"ops": {"url": slack.url}})
    one.start("-c", conf)
    wait_for(lambda: os.path.exists(one.state))
    lb.kill("pgb1")
    slack.wait(1)
    assert slack.fallbacks() == ["pgb1 is DOWN"]


def test_haproxy_stopped_restarted_reloaded(watch, receiver, haproxy):
    """It goes away: one event; comes back with a server less and another
    more: no server is said to be down."""
    lb, slack, one = haproxy(), receiver(), watch()
    conf = one.config("http://127.0.0.1:%d/stats" % lb.port,
                      {"ops": {"url": slack.url}}, source_fail_after=2,
                      group_interval="1s")
    one.start("-c", conf)
    wait_for(lambda: os.path.exists(one.state))
    lb.end()
    slack.wait(1)
    assert slack.fallbacks() == ["balancer lb1 does not answer"]
    assert "last known: pgb1 UP, pgb2 UP, pgb3 UP" in slack.texts()[0]
    time.sleep(2)  # two rounds: told once
    assert len(slack.posts) == 1
    lb.ports["pgb4"] = lb.ports["pgb3"]
    lb.start(names=("pgb1", "pgb2", "pgb4"))
    wait_for(lambda: slack.count("lb1 is back"), 10)
    wait_for(lambda: any("pgb3 is gone from the statistics" in t
                         for t in slack.texts()), 10)
    assert any("pgb4 is new: UP" in t for t in slack.texts())
    assert not any(" is DOWN" in t for t in slack.texts())
    assert one.lines() == ["pgb1:UP", "pgb2:UP", "pgb4:UP"]


def test_change_while_the_watcher_was_away(watch, receiver, haproxy):
    lb, slack, one = haproxy(), receiver(), watch()
    env = environment(one, "http://127.0.0.1:%d/stats;csv" % lb.port, slack)
    assert one.once(env=env)[0] == 0
    lb.kill("pgb3")
    lb.wait("pgb3", "DOWN")
    assert one.once(env=env)[0] == 0
    assert slack.fallbacks() == ["pgb3 is DOWN"]
    assert one.once(env=env)[0] == 0
    assert len(slack.posts) == 1
    assert one.once("--exit-status", env=env)[0] == 3
    lb.end()
    assert one.once("--exit-status", env=env)[0] in (3, 4)


def test_old_loop_and_watcher_take_turns(watch, stats, receiver):
    """Ten times on one state file: each change is told once."""
    one, page, slack = watch(), rig.Page("pgb1", "pgb2"), receiver()
    # The old loop counts columns: a page in haproxy's own order.
    source = stats(page)

    def text():
        head = ("# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,"
                "dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,"
                "chkfail,chkdown,lastchg,downtime,\n")
        return head + "".join(
            "pgbouncers,%s,0,0,0,0,,0,0,0,,0,,0,0,0,0,%s,1,1,0,0,0,9,0,\n"
            % (r["svname"], r["status"]) for r in page.rows.values())
    env = environment(one, source.url, slack)
    script = one.write("old_loop", OLD_LOOP)
    status, told = {"pgb1": "UP", "pgb2": "UP"}, 0
    source.raw = text()
    assert one.once(env=env)[0] == 0
    for turn in range(10):
        name = ("pgb1", "pgb2")[turn % 2]
        if turn % 3 != 2:       # in every third turn nothing changes
            status[name] = "DOWN" if status[name] == "UP" else "UP"
            page.set(name, status[name])
            told += 1
        source.raw = text()
        if turn % 2:
            code, _, err = one.once(env=env)
            assert code == 0, err
        else:
            subprocess.run(("sh", script, one.state, source.url + "/stats;csv",
                            slack.url), check=True, timeout=20)
        assert len(slack.fallbacks()) == told, (turn, slack.fallbacks())
        if turn % 3 != 2:
            assert slack.fallbacks()[-1] == "%s is %s" % (
                name, "DOWN" if status[name] == "DOWN" else "back UP")
        assert one.lines() == ["%s:%s" % i for i in status.items()]


def test_no_program_is_ever_started(watch, receiver, haproxy):
    """strace over a run with deliveries: no execve, no process."""
    lb, slack, one = haproxy(), receiver(), watch()
    trace = one.file("trace")
    conf = one.config("http://localhost:%d" % lb.port,
                      {"ops": {"url": slack.url.replace("127.0.0.1",
                                                        "localhost")}},
                      sandbox="no")
    process = subprocess.Popen(
        ("strace", "-f", "-o", trace, "-e",
         "trace=execve,execveat,fork,vfork,clone,clone3", one.path, "-c",
         conf), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        # A leak is looked for by tracing, which strace does already.
        env=one.environment(ASAN_OPTIONS="detect_leaks=0"))
    try:
        wait_for(lambda: os.path.exists(one.state))
        lb.kill("pgb1")
        slack.wait(1)
    finally:
        with open("/proc/%d/task/%d/children" % (process.pid,
                                                 process.pid)) as f:
            os.kill(int(f.read().split()[0]), signal.SIGTERM)
        process.wait(10)
    with open(trace) as f:
        calls = [li for li in f if "(" in li]
    assert len([li for li in calls if "exec" in li]) == 1   # strace's own
    made = [li for li in calls if "fork(" in li or
            ("clone" in li and "CLONE_THREAD" not in li)]
    assert not made, made


def test_no_program_could_be_started(watch):
    """Not even the names are in the symbol table."""
    if shutil.which("nm") is None:
        pytest.skip("no nm on this machine")
    names = subprocess.run(("nm", "-D", "--undefined-only", watch().path),
                           stdout=subprocess.PIPE, check=True).stdout
    banned = re.compile(r"\b(system|popen|exec[lv]\w*|fexecve|"
                        r"posix_spawnp?|vfork)\b")
    assert not banned.findall(names.decode())
