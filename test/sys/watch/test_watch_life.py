# SPDX-License-Identifier: ISC
# The process: command line, files that cannot be written, two watchers,
# silences, reload, status, the service manager, many servers at once.
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request

from rig import watcher as rig
from rig.cluster import free_port, wait_for


def begin(watch, stats, receiver, *names, **more):
    one, slack = watch(), receiver()
    page = rig.Page(*(names or ("pgb1", "pgb2", "pgb3")))
    source = stats(page)
    conf = one.config(source.url, {"ops": {"url": slack.url + "/HUSH"}},
                      **more)
    return one, page, source, slack, conf


def up(one, *args, **more):
    one.start(*args, **more)
    wait_for(lambda: os.path.exists(one.state), 10, "the state file")


def test_thirty_at_once_are_one_message(watch, stats, receiver):
    names = ["s%02d" % i for i in range(33)]
    one, page, _, slack, conf = begin(watch, stats, receiver, *names)
    up(one, "-c", conf)
    for name in names[:30]:
        page.set(name, "DOWN")
    slack.wait(1)
    time.sleep(2.5)  # no second message comes
    assert len(slack.posts) == 1
    told = slack.posts[0].json["attachments"][0]
    assert told["fallback"].startswith("30 servers are DOWN: s00, s01, ")
    assert "and 10 more" in told["text"]
    assert len(told["text"]) < 3000


def test_flapping(watch, stats, receiver):
    one, page, _, slack, conf = begin(watch, stats, receiver,
                                      flap_window="3s", flap_changes=3,
                                      group_interval="0")
    up(one, "-c", conf)
    for i in range(8):
        page.set("pgb1", "UP" if i % 2 else "DOWN")
        time.sleep(1.02)
    wait_for(lambda: slack.count("pgb1 is steady again: UP"), 15)
    said = slack.fallbacks()
    assert sum("is flapping" in s for s in said) == 1
    assert sum(s.startswith("pgb1 is DOWN") for s in said) <= 2


def test_full_disk_and_read_only(watch, stats, receiver, shim):
    """It goes on from memory, tells what happens, writes again later."""
    one, page, _, slack, conf = begin(watch, stats, receiver)
    full = one.file("full")
    up(one, "-c", conf, env={"LD_PRELOAD": shim, "STOP_FULL": one.where,
                             "STOP_FULL_NOW": full})
    open(full, "w").close()
    page.set("pgb2", "DOWN")
    slack.wait(1)
    one.wait_log("messages are kept in memory")
    page.set("pgb2", "UP")
    slack.wait(2)
    assert slack.fallbacks() == ["pgb2 is DOWN", "pgb2 is back UP"]
    page.set("pgb1", "DOWN")
    slack.wait(3)
    assert one.lines() == ["pgb1:UP", "pgb2:UP", "pgb3:UP"]
    os.unlink(full)
    wait_for(lambda: one.lines()[0] == "pgb1:DOWN", 10)
    one.wait_log("is written again")
    time.sleep(1.5)  # nothing is told twice
    assert len(slack.posts) == 3


def test_two_watchers_and_a_standby(watch, stats, receiver):
    one, page, _, slack, conf = begin(watch, stats, receiver)
    up(one, "-c", conf)
    code, _, err = one.run("-c", conf)
    assert code == 5 and "another weir-watch holds" in err
    with open(conf) as f:
        text = f.read()
    second = watch()
    conf2 = second.write("watch.conf", text.replace(
        "[watcher]\n", "[watcher]\nstandby = yes\n"))
    second.start("-c", conf2)
    second.wait_log("standing by")
    one.expect = None
    one.end(signal.SIGKILL)
    page.set("pgb2", "DOWN")
    second.wait_log("taking over")
    slack.wait(1)
    assert slack.fallbacks() == ["pgb2 is DOWN"]
    assert second.run("-c", conf2, "--status")[0] == 0


def test_only_the_node_with_the_address_tells(watch, stats, receiver):
    """The other keeps what it sees, and tells it when its turn comes."""
    one, page, _, slack, conf = begin(watch, stats, receiver,
                                      active="vip:192.0.2.77")
    up(one, "-c", conf)
    page.set("pgb2", "DOWN")
    wait_for(lambda: one.lines()[1] == "pgb2:DOWN")
    time.sleep(1.5)  # a round more: nothing is told
    assert not slack.posts
    with open(conf) as f:
        text = f.read()
    one.write("watch.conf", text.replace("192.0.2.77", "127.0.0.1"))
    one.kill(signal.SIGHUP)
    slack.wait(1)
    assert slack.fallbacks() == ["pgb2 is DOWN"]


def test_a_foreign_lock_is_refused(watch, stats, receiver):
    one, _, _, _, conf = begin(watch, stats, receiver)
    os.symlink("/etc/passwd", one.state + ".lock")
    code, _, err = one.once("-c", conf)
    assert code == 5 and "state.lock" in err
    os.unlink(one.state + ".lock")
    os.symlink("/etc/hostname", one.state)
    code, _, err = one.once("-c", conf)
    assert code == 0 and os.path.islink(one.state)
    assert "is not written" in err or "somebody else" in err


def test_silence(watch, stats, receiver):
    one, page, _, slack, conf = begin(watch, stats, receiver)
    assert one.run("-c", conf, "silence", "pgb2", "1h", "--reason",
                   "new disk")[0] == 0
    code, out, _ = one.run("-c", conf, "silences")
    assert code == 0 and out.startswith("pgb2\tuntil 20") and \
        out.endswith("\tnew disk\n")
    up(one, "-c", conf)
    page.set("pgb2", "DOWN")
    page.set("pgb3", "DOWN")
    slack.wait(1)
    assert slack.fallbacks()[0] == "pgb3 is DOWN"
    assert one.run("-c", conf, "unsilence", "pgb2")[0] == 0
    wait_for(lambda: slack.count("pgb2 is DOWN") == 1)
    assert one.run("-c", conf, "unsilence", "pgb2")[0] == 1
    assert one.run("-c", conf, "silence", "pgb2", "soon")[0] == 1
    assert one.run("-c", conf, "silence", "pgb2")[0] == 2


def test_reload(watch, stats, receiver):
    one, page, source, slack, conf = begin(watch, stats, receiver)
    up(one, "-c", conf)
    other = receiver()
    with open(conf) as f:
        text = f.read()
    one.write("watch.conf", text + "[receiver nobody\n")
    one.kill(signal.SIGHUP)
    one.wait_log(r"watch.conf:\d+: syntax error.*the old settings stay")
    page.set("pgb1", "DOWN")
    slack.wait(1)
    one.write("watch.conf", text + "[receiver two]\nurl = %s\n" % other.url)
    one.kill(signal.SIGHUP)
    time.sleep(1.5)  # a round with the new file
    assert len(slack.posts) == 1        # it is known, not told again
    page.set("pgb1", "UP")
    slack.wait(2)
    other.wait(1)
    assert other.fallbacks() == ["pgb1 is back UP"]


def test_dry_run_writes_and_sends_nothing(watch, stats, receiver):
    one, page, _, slack, conf = begin(watch, stats, receiver)
    page.set("pgb2", "DOWN")
    code, out, err = one.once("-c", conf, "--dry-run", "-v")
    assert code == 0
    assert "would tell ops: at start: pgb2 is DOWN" in out
    assert '"attachments"' in out and "HUSH" not in out + err
    assert not slack.posts
    assert os.listdir(one.where) == ["watch.conf"]


def test_command_line(watch, stats, receiver):
    one, page, _, slack, conf = begin(watch, stats, receiver)
    assert one.run("--version")[1].startswith("weir-watch (Weir ")
    assert one.run("--nonsense")[0] == 2
    assert one.run("nonsense")[0] == 2
    assert one.run("-c", "/nonexistent")[0] == 2
    code, out, err = one.run("--list-settings")
    assert code == 0 and "\ninterval\twatcher\ttime\t10s\tyes\t" in "\n" + out
    assert one.run("-c", conf, "--check-config")[0] == 0
    bad = one.write("bad.conf", "[watcher]\nconfirm = many\n")
    code, _, err = one.run("-c", bad, "--check-config")
    assert code == 2
    assert err == "%s:2: confirm = many: expected a number, from 1 to " \
        "100\n" % bad
    code, out, _ = one.run("-c", conf, "--list")
    assert code == 0 and "pgbouncers/pgb2" in out
    assert one.run("-c", conf, "--test-receiver", "ops")[0] == 0
    assert slack.fallbacks() == ["weir-watch: a test message"]
    assert one.run("-c", conf, "--test-receiver", "none")[0] == 2
    slack.script[:] = [(503, "")]
    page.set("pgb2", "DOWN")


def test_status_and_metrics(watch, stats, receiver):
    port = free_port()
    one, page, source, slack, conf = begin(
        watch, stats, receiver, metrics_listen="127.0.0.1:%d" % port)

    def get(path):
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d%s"
                                        % (port, path), timeout=5) as r:
                return r.status, r.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()
    up(one, "-c", conf)
    page.set("pgb2", "DOWN")
    slack.wait(1)
    time.sleep(0.3)  # the delivery is counted behind it
    assert get("/healthz") == (200, "ok\n")
    text = get("/metrics")[1]
    for line in ('weir_watch_source_up{source="lb1"} 1',
                 'weir_watch_target_state{source="lb1",proxy="pgbouncers",'
                 'server="pgb2",class="down"} 1',
                 'weir_watch_events_total{event="down"} 1',
                 'weir_watch_outbox_depth{receiver="ops"} 0',
                 'weir_watch_deliveries_total{receiver="ops",'
                 'result="good"} 1',
                 'weir_watch_delivery_latency_seconds_count{'
                 'receiver="ops"} 1'):
        assert line in text.split("\n"), line
    assert get("/nothing")[0] == 404
    code, out, _ = one.run("-c", conf, "--status")
    status = json.loads(out)
    assert code == 0 and status["healthy"]
    assert status["groups"][0]["targets"][1]["class"] == "down"
    source.before = lambda h: rig.say(h, 500, "") or True
    wait_for(lambda: get("/healthz")[0] == 503, 10)
    one.kill(signal.SIGUSR1)
    one.wait_log("status: source lb1: ")


def test_service_manager(watch, stats, receiver):
    """READY after the first round, not before; STATUS; STOPPING."""
    one, page, source, slack, conf = begin(watch, stats, receiver)
    path = one.file("notify")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(path)
    sock.settimeout(5)
    source.before = lambda h: time.sleep(0.7)  # a slow balancer
    one.start("-c", conf, env={"NOTIFY_SOCKET": path})
    began, heard = time.monotonic(), []
    while "READY=1" not in "".join(heard):
        heard.append(sock.recv(1000).decode())
    assert time.monotonic() - began > 0.2 and source.asked
    assert any("STATUS=3 targets through 1 sources" in h for h in heard)
    one.kill(signal.SIGTERM)
    while "STOPPING=1" not in "".join(heard):
        heard.append(sock.recv(1000).decode())
    assert one.process.wait(10) == 0
    sock.close()


def test_stop_delivers_first(watch, stats, receiver):
    """TERM in the group_wait: what waits is told before the end."""
    one, page, _, slack, conf = begin(watch, stats, receiver,
                                      group_wait="60s")
    up(one, "-c", conf)
    page.set("pgb1", "DOWN")
    one.wait_log("down: pgb1 is DOWN")
    began = time.monotonic()
    assert one.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < 3
    assert slack.fallbacks() == ["pgb1 is DOWN"]


def test_heartbeat(watch, stats, receiver):
    beats = receiver()
    one, page, source, slack, conf = begin(
        watch, stats, receiver, heartbeat_url=beats.url + "/ping")
    up(one, "-c", conf)
    beats.wait(2)
    source.before = lambda h: rig.say(h, 500, "") or True
    time.sleep(1.5)  # longer than source_fail_after
    n = len(beats.posts)
    time.sleep(2)  # two beats that may not come
    assert len(beats.posts) <= n + 1


def test_once_says_when_it_could_not_deliver(watch, stats, receiver, shim):
    """The receiver is away: kept for the next run."""
    one, page, _, slack, conf = begin(watch, stats, receiver)
    assert one.once("-c", conf)[0] == 0
    page.set("pgb3", "DOWN")
    slack.script[:] = [(404, "no_service")]
    process = subprocess.Popen((one.path, "--once", "-c", conf),
                               env=one.environment(),
                               stderr=subprocess.DEVNULL)
    slack.wait(1)
    process.kill()
    process.wait()
    slack.script[:] = [(200, "ok")]
    assert one.once("-c", conf)[0] == 0
    assert slack.fallbacks() == ["pgb3 is DOWN"] * 2
