# SPDX-License-Identifier: ISC
# What a proxy that answers itself does, without the original beside it:
# rules, users and groups, several threads, big answers beside sessions, the
# process's own address for metrics and health.
import base64
import http.client
import socket
import subprocess
import threading
import time

import pytest

from rig import balancing
from rig.console import Console

HEAD = """global
 nbthread %d
 maxconn 500
%s
defaults
 mode tcp
 timeout client 5s
 timeout server 5s
 timeout connect 300ms
"""


def get(port, path, user=None, method="GET", body=None, headers=None):
    headers = dict(headers or {})
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(
            user.encode()).decode()
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    c.request(method, path, body, headers)
    r = c.getresponse()
    text = r.read().decode()
    c.close()
    return r, text


def serving(text, port, threads=1, more=""):
    b = balancing.Balancer(balancing.ours(), HEAD % (threads, more) + text)
    return b.wait_for(port)


def hashed(password, kind):
    return subprocess.run(["openssl", "passwd", kind, password], check=True,
                          capture_output=True, text=True).stdout.strip()


def test_rules_answer():
    port = balancing.free_port()
    text = """frontend web
 mode http
 bind 127.0.0.1:%d
 acl post method POST
 http-request set-var(sess.a) path
 http-request deny if { path /no }
 http-request deny deny_status 429 if { path_beg /many }
 http-request return status 202 content-type text/x string "as %%ci" if { path /raw }
 http-request return lf-string "%%[path] %%[var(sess.a)] %%[req.hdr(x-a)]" hdr x-b %%[method] content-type text/x if { path /lf }
 http-request redirect location /there code 301 if { path /go }
 http-request redirect prefix http://h if { path /pre }
 http-request return status 200 if post { req.body -m sub yes }
 http-request return status 201 if { hdr(x-list) b }
 http-request reject if { path /reject }
 http-request tarpit deny_status 500 if { path /slow }
 timeout tarpit 300ms
 stats enable
 stats uri /stats
""" % port
    with serving(text, port):
        assert get(port, "/no")[0].status == 403
        assert get(port, "/many/x")[0].status == 429
        r, said = get(port, "/raw")
        assert (r.status, said) == (202, "as %ci")
        r, said = get(port, "/lf?q", headers={"X-A": "b"})
        assert (r.status, said) == (200, "/lf /lf b")
        assert r.getheader("x-b") == "GET"
        assert get(port, "/go")[0].getheader("location") == "/there"
        assert get(port, "/pre?x")[0].getheader("location") == \
            "http://h/pre?x"
        assert get(port, "/any", None, "POST", "a yes b")[0].status == 200
        assert get(port, "/any", None, "POST", "no")[0].status == 503
        assert get(port, "/any", headers={"X-List": "a, b"})[0].status == 201
        with pytest.raises((http.client.HTTPException, OSError)):
            get(port, "/reject")
        began = time.time()
        assert get(port, "/slow")[0].status == 500
        assert 0.25 < time.time() - began < 3
        assert get(port, "/stats;csv")[0].status == 200


def test_users_and_groups():
    port, other = balancing.free_port(), balancing.free_port()
    text = """userlist ul
 group admins users root
 group readers users root,guest
 user root password %s
 user guest insecure-password g
 user nobody insecure-password n
frontend web
 mode http
 bind 127.0.0.1:%d
 stats enable
 stats uri /
 stats http-request deny if { src 127.0.0.9 }
 stats http-request allow if { http_auth_group(ul) readers }
 stats http-request auth realm R
 stats admin if { http_auth_group(ul) admins }
frontend app
 mode http
 bind 127.0.0.1:%d
 http-request auth realm App unless { http_auth(ul) }
 http-request return status 200
backend be
 server s 127.0.0.1:1
""" % (hashed("secret", "-6"), port, other)
    with serving(text, port):
        r, _ = get(port, "/;csv")
        assert r.status == 401
        assert r.getheader("www-authenticate") == 'Basic realm="R"'
        assert get(port, "/;csv", "guest:g")[0].status == 200
        assert get(port, "/;csv", "root:secret")[0].status == 200
        for user in ("root:wrong", "guest:", "nobody:n", "x:y"):
            assert get(port, "/;csv", user)[0].status == 401
        form = "s=s&b=be&action=maint"
        r, _ = get(port, "/", "guest:g", "POST", form)
        assert r.getheader("location") == "/;st=DENY"
        r, _ = get(port, "/", "root:secret", "POST", form)
        assert r.getheader("location") == "/;st=DONE"
        assert ",MAINT," in get(port, "/;csv", "guest:g")[1]
        assert get(other, "/")[0].status == 401
        assert get(other, "/", "nobody:n")[0].status == 200
        with socket.create_connection(
                ("127.0.0.1", port), 5, ("127.0.0.9", 0)) as s:
            s.sendall(b"GET /;csv HTTP/1.0\r\n\r\n")
            assert s.recv(20).startswith(b"HTTP/1.1 403")


def test_statistics_of_the_backend_it_leads_to():
    port = balancing.free_port()
    text = """frontend web
 mode http
 bind 127.0.0.1:%d
 default_backend st
backend st
 mode http
 stats uri /s
 stats refresh 3s
""" % port
    with serving(text, port):
        r, said = get(port, "/s;csv")
        assert r.status == 200 and r.getheader("refresh") == "3"
        assert "st,BACKEND," in said


@pytest.mark.parametrize("threads", [1, 3])
def test_numbers_of_all_loops_are_added_up(threads):
    up = balancing.serve(balancing.echo)
    port, stats = balancing.free_port(), balancing.free_port()
    text = """listen l
 bind 127.0.0.1:%d
 option socket-stats
 server s 127.0.0.1:%d
listen stats
 mode http
 bind 127.0.0.1:%d
 stats uri /
""" % (port, up, stats)
    with serving(text, stats, threads):
        held = []
        for _ in range(9):
            s = balancing.connect(port)
            s.sendall(b"x" * 10)
            assert s.recv(10)
            held.append(s)
        for s in held[:4]:
            s.close()
        time.sleep(1.3)     # open sessions tell their bytes once a second
        rows = {}
        lines = get(stats, "/;csv")[1].splitlines()
        names = lines[0][2:].split(",")
        for line in lines[1:]:
            row = dict(zip(names, line.split(",")))
            rows[row["pxname"], row["svname"]] = row
        for kind in ("FRONTEND", "s", "BACKEND", "sock-1"):
            row = rows["l", kind]
            assert row["stot"] == "9" and row["scur"] == "5"
            assert row["bin"] == "90" and row["bout"] == "90"
        for s in held[4:]:
            s.close()


def test_a_client_that_leaves_or_never_reads():
    stats = balancing.free_port()
    text = """listen stats
 mode http
 bind 127.0.0.1:%d
 timeout client 1s
 stats uri /
backend be
%s""" % (stats, "".join(" server s%d 127.0.0.1:1\n" % n for n in range(400)))
    with serving(text, stats) as b:
        for _ in range(5):
            s = socket.create_connection(("127.0.0.1", stats))
            s.sendall(b"GET /;json HTTP/1.1\r\n\r\n")
            s.recv(100)
            balancing.reset(s)
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", stats))
        deaf.sendall(b"GET /;json HTTP/1.1\r\n\r\n" * 20)
        silent = socket.create_connection(("127.0.0.1", stats), 5)
        half = socket.create_connection(("127.0.0.1", stats), 5)
        half.sendall(b"GET / HT")
        began = time.time()
        assert silent.recv(100) == b""
        assert half.recv(100).startswith(b"HTTP/1.1 408")
        assert time.time() - began < 4
        end = time.time() + 5
        while time.time() < end:
            row = [x for x in get(stats, "/;csv")[1].splitlines()
                   if x.startswith("stats,FRONTEND")][0].split(",")
            if row[4] == "1":
                break
            time.sleep(0.05)
        assert row[4] == "1"
        deaf.close()
        assert b.process.poll() is None


def test_big_answers_beside_a_session():
    """A session is served while 1000 rows are written out."""
    up = balancing.serve(balancing.echo)
    port, stats = balancing.free_port(), balancing.free_port()
    text = """listen l
 bind 127.0.0.1:%d
 server s 127.0.0.1:%d
listen stats
 mode http
 bind 127.0.0.1:%d
 stats uri /
backend be
%s""" % (port, up, stats,
         "".join(" server s%d 127.0.0.1:1\n" % n for n in range(1000)))
    with serving(text, stats):
        took, stop = [], []

        def ping():
            with balancing.connect(port) as s:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while not stop:
                    began = time.perf_counter()
                    s.sendall(b"x")
                    s.recv(1)
                    took.append(time.perf_counter() - began)
        t = threading.Thread(target=ping)
        t.start()
        for path in ("/;csv", "/;json", "/"):
            for _ in range(4):
                r, said = get(stats, path)
                assert r.status == 200 and "s999" in said
        stop.append(1)
        t.join()
        took.sort()
        assert len(took) > 100
        # The machine may be busy: of the middle one can be sure.
        assert took[len(took) // 2] < 0.002


def test_metrics_and_health_of_the_process():
    port, own = balancing.free_port(), balancing.free_port()
    stats = balancing.free_port()
    more = " metrics_listen 127.0.0.1:%d\n healthz-backends be" % own
    text = """listen l
 bind 127.0.0.1:%d
 default_backend be
backend be
 server s 127.0.0.1:1
listen stats
 mode http
 bind 127.0.0.1:%d
 stats uri /
 stats admin if TRUE
""" % (port, stats)
    with serving(text, own, more=more) as b:
        r, said = get(own, "/healthz")
        assert (r.status, said) == (200, "ok\n")
        r, said = get(own, "/metrics")
        assert r.status == 200 and 'haproxy_server_status{proxy="be"' in said
        assert "weir_build_info{" in said
        get(stats, "/", None, "POST", "s=s&b=be&action=maint")
        r, said = get(own, "/healthz")
        assert r.status == 503 and "be" in said
        assert get(own, "/other")[0].status == 404
        get(stats, "/", None, "POST", "s=s&b=be&action=ready")
        assert get(own, "/healthz")[0].status == 200
        with balancing.connect(port):
            assert b.process.poll() is None


def series(said, name):
    """The lines of one series: labels to value."""
    return {x.rsplit(" ", 1)[0][len(name):]: float(x.rsplit(" ", 1)[1])
            for x in said.split("\n") if x.startswith((name + "{",
                                                      name + " "))}


def test_our_own_series():
    """Histograms of a frontend and its backend; a server that is slow."""
    port, own, stats = (balancing.free_port() for _ in range(3))
    server = balancing.serve(balancing.echo)
    text = """frontend f
 bind 127.0.0.1:%d
 default_backend b
backend b
 server s 127.0.0.1:%d maxconn 1
listen web
 mode http
 bind 127.0.0.1:%d
 http-request use-service prometheus-exporter
""" % (port, server, stats)
    with serving(text, own, threads=2,
                 more=" metrics_listen 127.0.0.1:%d" % own):
        with balancing.connect(port) as a:
            a.sendall(b"x")
            assert a.recv(1) == b"x"
            with balancing.connect(port) as b:
                # In line behind the first, which stays this long.
                time.sleep(0.15)
                a.close()
                b.sendall(b"y")
                assert b.recv(1) == b"y"
        name = "weir_balancer_session_seconds"
        for _ in range(200):
            said = get(own, "/metrics")[1]
            if series(said, name + "_count")['{proxy="f"}'] == 2:
                break
            time.sleep(0.01)
        assert series(said, name + "_count")['{proxy="f"}'] == 2
        assert "# TYPE %s histogram" % name in said
        assert series(said, name + "_sum")['{proxy="f"}'] > 0.15
        assert '{proxy="b"}' not in series(said, name + "_count")
        name = "weir_balancer_queue_seconds"
        steps = series(said, name + "_bucket")
        assert steps['{proxy="b",le="0.0001"}'] == 1
        assert steps['{proxy="b",le="0.1"}'] == 1
        assert steps['{proxy="b",le="60"}'] == 2
        assert steps['{proxy="b",le="+Inf"}'] == 2
        assert '{proxy="f"}' not in series(said, name + "_count")
        name = "weir_balancer_connect_seconds"
        assert series(said, name + "_count")['{proxy="b"}'] == 2
        assert 0 < series(said, name + "_sum")['{proxy="b"}'] < 5
        assert set(series(said, "weir_balancer_reloads_total").values()) == \
            {0}
        assert len(series(said, "weir_build_info")) == 1
        # The same where the configuration asks for them, and only those.
        web = get(stats, "/metrics?metrics=" + name)[1]
        assert series(web, name + "_count") == \
            series(said, name + "_count")
        assert "haproxy_" not in web and "queue_seconds" not in web
        assert name not in get(stats, "/metrics?scope=server")[1]


def test_metrics_of_the_process_come_in_slices():
    """Nobody waits for them; a client that does not read holds nothing."""
    port, own = balancing.free_port(), balancing.free_port()
    lines = "".join(" server s%d 127.0.0.1:9\n" % i for i in range(1000))
    text = "listen l\n bind 127.0.0.1:%d\n%s" % (port, lines)
    with serving(text, own, more=" metrics_listen 127.0.0.1:%d" % own) as b:
        r, said = get(own, "/metrics")
        assert r.getheader("transfer-encoding") == "chunked"
        assert 'server="s999"' in said
        assert said.endswith("_count{proxy=\"l\"} 0\n")
        old = socket.create_connection(("127.0.0.1", own), 5)
        old.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        whole = balancing.read_all(old).decode()
        assert "chunked" not in whole.split("\r\n\r\n")[0]
        assert whole.split("\r\n\r\n", 1)[1].count("\n") == \
            said.count("\n")
        deaf = []
        for _ in range(20):
            s = socket.create_connection(("127.0.0.1", own), 5)
            s.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            deaf.append(s)
        assert get(own, "/healthz")[1] == "ok\n"
        for s in deaf[:10]:
            s.close()
        assert get(own, "/metrics", method="HEAD")[1] == ""
        assert get(own, "/healthz")[1] == "ok\n"
        b.process.terminate()
        assert b.process.wait(5) is not None


def test_the_page_has_a_column_of_modules():
    text = ("listen page\n mode http\n bind 127.0.0.1:{P1}\n stats enable\n"
            " stats uri /\n%sbackend b\n server s 127.0.0.1:9\n")
    for more, times in (("", 0), (" stats show-modules\n", 2)):
        with Console(balancing.ours(), text % more) as c, balancing.connect(c.ports["P1"]) as s:
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            page = b"".join(iter(lambda: s.recv(65536), b"")).decode()
            assert "not carried out" not in c.errors()
        table = page[page.index('href="#page"'):]
        assert table.count(">Extra modules<") == times
        assert table.count("TLS sessions that were resumed: ") == 2 * times
        head = table[:table.index("</thead>")]
        row = table[table.index('<tr class="frontend"'):]
        cells = row[:row.index("</tr>")].count("<td")
        assert cells + 1 == 2 + head[head.rindex("<tr"):].count("<th")


def test_a_form_as_a_browser_sends_it():
    """Chromium's own words, of two boxes that were checked."""
    port = balancing.free_port()
    text = HEAD % (1, "") + """listen stats
 mode http
 bind 127.0.0.1:%d
 stats enable
 stats uri /stats
 stats admin if TRUE
backend pgb
 server pgb1 127.0.0.1:1
 server pgb2 127.0.0.1:1
 server pgb4 127.0.0.1:1
""" % port
    with balancing.Balancer(balancing.ours(), text) as b:
        b.wait_for(port)
        page = get(port, "/stats")[1]
        assert 'name="b" value="#3"' in page
        r, _ = get(port, "/stats", None, "POST",
                   "b=%233&s=pgb1&s=pgb4&action=drain", {
                       "Content-Type": "application/x-www-form-urlencoded",
                       "Origin": "http://127.0.0.1:%d" % port,
                       "Referer": "http://127.0.0.1:%d/stats" % port,
                       "Upgrade-Insecure-Requests": "1",
                       "sec-ch-ua-mobile": "?0"})
        assert r.status == 303
        assert r.getheader("location") == "/stats;st=DONE"
        rows = dict(x.split(",")[1::16][:2] for x in
                    get(port, "/stats;csv")[1].splitlines()
                    if x.startswith("pgb,"))
        assert rows == {"pgb1": "DRAIN", "pgb2": "no check",
                        "pgb4": "DRAIN", "BACKEND": "UP"}
