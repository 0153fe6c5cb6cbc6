# SPDX-License-Identifier: ISC
# Sources: pages that are torn, mad or slow make failed polls and never an
# event; passwords, redirects, names; groups, VIPs, Weir's own metrics.
import base64
import os
import signal
import socket
import threading
import time

from rig import watcher as rig
from rig.cluster import wait_for


def quick(one, url, slack, source="", **more):
    """A watcher that polls as often as it may, and tells at once."""
    return one.config(url, {"ops": {"url": slack.url}}, source,
                      group_wait="100ms", group_interval="0", **more)


def first_round(one, *args):
    one.start(*args)
    wait_for(lambda: os.path.exists(one.state))


def test_cut_at_every_byte(watch, stats, receiver):
    """A real page, each cut of it: by length, by chunks and by the end of
    the connection. No event, and the state stays."""
    one, slack = watch(), receiver()
    page = rig.Page("pgb1", "pgb2")
    source = stats(page)
    text = page.text().encode()
    conf = quick(one, source.url, slack, source_fail_after=1000)
    assert one.once("-c", conf)[0] == 0
    cut = {"at": 0, "how": 0}

    def torn(handler):
        part = text[:cut["at"]]
        if cut["how"] == 0:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d"
                                b"\r\n\r\n%s" % (len(text), part))
        elif cut["how"] == 1:
            handler.wfile.write(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"%x\r\n%s\r\n" % (len(part), part) if part else
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        else:
            handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + part)
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)
        return True
    source.before = torn
    first_round(one, "-c", conf)
    # Without any framing a cut between two rows cannot be seen.
    for how in (0, 1, 2):
        for at in range(0, len(text), 1 if how < 2 else 3):
            if how == 2 and text[:at].endswith(b"\n"):
                continue
            cut.update(at=at, how=how)
            asked = len(source.asked)
            one.kill(signal.SIGUSR2)
            wait_for(lambda: len(source.asked) > asked)
    source.before = None
    asked = len(source.asked)
    one.kill(signal.SIGUSR2)
    wait_for(lambda: len(source.asked) > asked)
    time.sleep(0.5)  # the round is over
    assert not slack.posts, slack.texts()
    assert one.lines() == ["pgb1:UP", "pgb2:UP"]


def test_mad_pages(watch, stats, receiver):
    """Each is a failed poll with its own reason, none an event."""
    one, slack = watch(), receiver()
    page = rig.Page("pgb1", "pgb2")
    source = stats(page)
    conf = quick(one, source.url, slack, source_fail_after=1000,
                 timeout="700ms")
    first_round(one, "-c", conf)
    head = "# pxname,svname,status,\n"

    def drip(handler):
        rig.say(handler, 200, "", length=False)
        for byte in page.text():
            handler.wfile.write(byte.encode())
            time.sleep(0.2)

    def endless(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            handler.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    for answer, reason in (
            ("", "the answer is empty"),
            ("<html><body>login</body></html>", "answer is HTML, not CSV"),
            (head, "there are no rows"),
            (head + "a,b,UP,\0\n", "a NUL byte in the answer"),
            (head + 'a,"b,UP,\n', "a quote is open"),
            (head + "a," + "x" * 9000000 + ",UP,\n", "too large"),
            ("# " + "c," * 100000 + "\n", "more than 512 columns"),
            (head + "a,b,UP,\n" * 10001, "more than 10000 rows"),
            (head + "a,b,UP,\nc,d,UP\n", "row 2 has 3 columns of 4"),
            (lambda h: rig.say(h, 302, "", [("Location", source.url)]),
             "redirects are not followed"),
            (lambda h: rig.say(h, 503, "no"), "status 503"),
            (lambda h: rig.say(h, 401, ""), "password is wrong"),
            (rig.reset, "source lb1: "), (drip, "source lb1: "),
            (endless, "too large"), (rig.hang(2), "source lb1: ")):
        before = one.log().count("\n")

        def play(handler, answer=answer):
            if callable(answer):
                answer(handler)
                return True
            rig.say(handler, 200, answer)
            return True
        source.before = play
        one.kill(signal.SIGUSR2)
        wait_for(lambda: reason in "\n".join(
            one.log().split("\n")[before:]), 8, reason)
    source.before = None
    time.sleep(1.2)  # a good round
    assert not slack.posts, slack.texts()
    assert one.lines() == ["pgb1:UP", "pgb2:UP"]
    page.set("pgb1", "DOWN")        # and it still sees what is
    slack.wait(1)
    assert slack.fallbacks()[0] == "pgb1 is DOWN"


def test_a_slow_poll_does_not_shift_the_next(watch, stats, receiver):
    one, slack, page = watch(), receiver(), rig.Page("pgb1")
    source = stats(page)
    source.before = lambda h: time.sleep(0.6)  # a slow balancer
    first_round(one, "-c", quick(one, source.url, slack))
    wait_for(lambda: len(source.asked) >= 6)
    times = [a[0] for a in source.asked]
    assert 4.8 < times[5] - times[0] < 5.4


def test_passwords(watch, stats, receiver):
    one, slack, page = watch(), receiver(), rig.Page("pgb1")
    source = stats(page)
    secret = one.write("pass", "s3cret\n")
    conf = quick(one, source.url, slack,
                 "user = admin\npassword_file = %s\n" % secret)
    assert one.once("-c", conf)[0] == 0
    want = "Basic " + base64.b64encode(b"admin:s3cret").decode()
    assert source.asked[-1][2]["Authorization"] == want
    url = source.url.replace("//", "//admin:s3cret@")
    code, _, err = one.once("--url", url, "--state-file", one.state + "2")
    assert code == 0 and "s3cret" not in err
    assert source.asked[-1][2]["Authorization"] == want
    assert source.asked[-1][1] == "/stats;csv;norefresh"


def test_secrets_are_nowhere_to_be_seen(watch, stats, receiver):
    one, slack, page = watch(), receiver(), rig.Page("pgb1")
    source = stats(page)
    one.start("--url", source.url.replace("//", "//u:PASSW0RD@"),
              env={"SLACK_WEBHOOK_URL": slack.url + "/services/T0/B0/HUSH",
                   "STATE_FILE": one.state,
                   "HAPROXY_STATS_PASSWORD": "PASSW0RD"})
    wait_for(lambda: os.path.exists(one.state))
    seen = one.log()
    for name in ("environ", "cmdline"):
        with open("/proc/%d/%s" % (one.process.pid, name), "rb") as f:
            seen += f.read().decode("latin-1")
    assert "HUSH" not in seen and "PASSW0RD" not in seen


def test_names_go_by_the_resolver(watch, stats, receiver):
    """localhost for source and receiver; no thread is made for it."""
    one, slack, page = watch(), receiver(), rig.Page("pgb1", "pgb2")
    source = stats(page)
    conf = one.config(source.url.replace("127.0.0.1", "localhost"), {
        "ops": {"url": slack.url.replace("127.0.0.1", "localhost")}})
    first_round(one, "-c", conf)
    page.set("pgb1", "DOWN")
    slack.wait(1)


def test_environment_proxy_is_for_receivers(watch, stats, receiver):
    """An http_proxy gets the posts, never the polls."""
    one, proxy, page = watch(), receiver(), rig.Page("pgb1", "pgb2")
    source = stats(page)
    conf = one.config(source.url, {"ops": {"url": "http://hooks.test/x"}})
    env = {"http_proxy": proxy.url}
    assert one.once("-c", conf, env=env)[0] == 0
    page.set("pgb1", "DOWN")
    assert one.once("-c", conf, env=env)[0] == 0
    assert [p.path for p in proxy.posts] == ["http://hooks.test/x"]
    assert len(source.asked) == 2


def test_a_group_is_one_pool(watch, stats, receiver):
    one, slack, page = watch(), receiver(), rig.Page("pgb1", "pgb2", "pgb3")
    lb1, lb2 = stats(page), stats(page)
    conf = one.config([lb1.url, lb2.url], {"ops": {"url": slack.url}},
                      "group = pg", group_wait="700ms", source_fail_after=2)
    first_round(one, "-c", conf)
    wait_for(lambda: lb2.asked)
    page.set("pgb2", "DOWN")
    slack.wait(1)
    time.sleep(2)  # the other one has polled, too
    assert len(slack.posts) == 1
    assert slack.fallbacks()[0].startswith("pgb2 is DOWN (seen by lb")
    page.set("pgb2", "UP")
    slack.wait(2)
    lb1.before = lb2.before = lambda h: rig.reset(h) or True
    slack.wait(3)
    assert slack.fallbacks()[2] == "no source of group pg answers: lb1, lb2"
    time.sleep(2)  # nothing more is told
    assert len(slack.posts) == 3


def test_vip_moves_between_balancers(watch, stats, receiver):
    """Another node answers, its counters are others: told as a move, no
    blip of it, no DOWN and UP."""
    one, slack = watch(), receiver()
    first, second = rig.Page("pgb1", "pgb2"), rig.Page("pgb1", "pgb2")
    first.stot, second.stot = 500, 3
    second.rows["pgbouncers", "pgb1"].update(chkdown=9, downtime=77)
    vip, node = stats(first), {"name": "lb1"}

    def answer(handler):
        rig.say(handler, 200, vip.page.text(),
                [("X-Weir-Node", node["name"])])
        return True
    vip.before = answer
    first_round(one, "-c", quick(one, vip.url, slack))
    vip.page, node["name"] = second, "lb2"
    slack.wait(1)
    assert slack.fallbacks() == ["VIP moved from lb1 to lb2"]
    vip.page, node["name"] = first, "lb1"
    slack.wait(2)
    assert slack.fallbacks()[1] == "VIP moved from lb2 to lb1"
    # The same without a name: silently.
    vip.before = None
    time.sleep(1.2)
    vip.page = second
    time.sleep(2.2)  # two rounds: nothing is told
    assert len(slack.posts) == 2, slack.texts()


def metrics(master, split=1):
    return "".join(
        'keepalived_vrrp_state{iname="VI_1",intf="eth0",vrid="51",'
        'ip_address="10.0.0.5"} %d\n'
        'weir_vrrp_masters_seen{iname="VI_1"} %d\n' % (master, split))


def test_vrrp_tells_the_move_and_the_return(watch, stats, receiver):
    """"VIP moved from lb1 to lb2", then "lb1 is back"."""
    one, slack = watch(), receiver()
    lb1, lb2 = stats(None), stats(None)
    lb1.raw, lb2.raw = metrics(2), metrics(1)
    conf = one.config([lb1.url + "/metrics", lb2.url + "/metrics"],
                      {"ops": {"url": slack.url}},
                      "kind = vrrp\ngroup = vip", group_wait="100ms",
                      source_fail_after=2, group_interval="0")
    first_round(one, "-c", conf)
    wait_for(lambda: len(lb2.asked) >= 2)
    lb1.before = lambda h: rig.reset(h) or True     # lb1 dies
    lb2.raw = metrics(2)
    wait_for(lambda: slack.count("VIP moved from lb1 to lb2"), 10)
    wait_for(lambda: slack.count("VRRP node lb1 does not answer"), 10)
    lb1.before, lb1.raw = None, metrics(1)
    wait_for(lambda: slack.count("lb1 is back"), 10)
    lb1.raw = lb2.raw = metrics(2, 2)
    wait_for(lambda: slack.count("VI_1 has two masters"), 10)


def test_pooler_metrics(watch, receiver):
    """A database that is not served, clients that wait, slots that end."""
    one, slack = watch(), receiver()
    now = {"wait": 0, "used": 5, "bad": ""}

    def answer(handler):
        if handler.path == "/metrics":
            rig.say(handler, 200, (
                'pgbouncer_up 1\n'
                'pgbouncer_databases_pool_size{name="app"} 20\n'
                'pgbouncer_databases_pool_size{name="shop"} 20\n'
                'pgbouncer_pools_client_maxwait_seconds{database="app",'
                'user="u"} %d\npgbouncer_used_clients %d\n'
                'pgbouncer_config_max_client_connections 100\n'
                % (now["wait"], now["used"])))
        elif now["bad"] and handler.path in ("/healthz",
                                             "/healthz/" + now["bad"]):
            rig.say(handler, 503, "no server of %s answers\n" % now["bad"])
        else:
            rig.say(handler, 200, "ok\n")
    pooler = rig.Web(answer)
    try:
        conf = one.config(pooler.url + "/metrics", {
            "ops": {"url": slack.url}}, "kind = pooler",
            group_wait="100ms", group_interval="0")
        first_round(one, "-c", conf)
        now["bad"] = "shop"
        slack.wait(1)
        assert slack.fallbacks() == ["shop is DOWN"]
        assert "no server of shop answers" in slack.texts()[0]
        now["bad"] = ""
        wait_for(lambda: slack.count("shop is back UP"))
        now["wait"] = 9
        wait_for(lambda: slack.count("app/u has clients that wait"))
        now["used"] = 95
        wait_for(lambda: slack.count("max_client_conn is FULL"))
    finally:
        pooler.stop()


def test_sockets(watch, receiver, base):
    """unix: and http+unix: sources; a torn answer is no page."""
    one, slack = watch(), receiver()
    page, path = rig.Page("pgb1", "pgb2"), one.file("h.sock")
    server, torn = socket.socket(socket.AF_UNIX), {"now": False}
    server.bind(path)
    server.listen(8)

    def serve():
        while True:
            try:
                conn = server.accept()[0]
            except OSError:
                return
            asked = conn.recv(100)
            if asked == b"show stat\n":
                text = page.text() + "\n"
                conn.sendall(text[:-1 if torn["now"] else None].encode())
            elif asked == b"show info\n":
                conn.sendall(b"Name: HAProxy\nPid: 7\nUptime_sec: 9\n"
                             b"node: lb1\n\n")
            else:
                conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
                             b"\r\n%s" % (len(page.text()),
                                          page.text().encode()))
            conn.close()
    threading.Thread(target=serve, daemon=True).start()
    conf = quick(one, ["unix:" + path, "http+unix:%s:/stats;csv" % path],
                 slack)
    assert one.once("-c", conf)[0] == 0
    assert one.lines() == ["pgbouncers/pgb1:UP", "pgbouncers/pgb2:UP"] * 2
    page.set("pgb1", "DOWN")
    assert one.once("-c", conf)[0] == 0
    assert slack.fallbacks()[0] == "pgb1 is DOWN"
    torn["now"] = True
    code, _, err = one.once("-c", conf)
    assert "the answer is torn" in err
    server.close()
