# SPDX-License-Identifier: ISC
# The statistics of both programs after the same traffic: every column that
# the original has, row by row; typed lines, JSON, metrics, and what the page
# and the form answer over HTTP.
import base64
import csv
import http.client
import io
import json
import re
import socket
import subprocess
import time

import pytest

from rig import balancing

# What differs, and why (doc/differences.md has the same list).
DIFFER = {
    # Parts of a second that pass between the two.
    "lastchg", "downtime", "lastsess", "qtime", "ctime", "ttime",
    "qtime_max", "ctime_max", "ttime_max", "check_duration", "rate",
    "rate_max", "conn_rate", "conn_rate_max", "req_rate", "req_rate_max",
    # A session may end while the next one begins.
    "smax",
    # The limit of descriptors leaves room for another number of sessions.
    "slim",
    # Ours counts servers, the original prints 0.
    "agg_server_status", "agg_server_check_status", "agg_check_status",
    # An estimate for connections kept open, which we do not keep.
    "need_conn_est",
}


def config(ports, servers):
    up, gone, resetting, idle = servers
    return """global
 nbthread 1
 maxconn 500
 stats socket %(socket)s level admin
defaults
 mode tcp
 timeout client 5s
 timeout server 5s
 timeout connect 300ms
 retries 1
frontend fe
 bind 127.0.0.1:%(fe)d name l1
 bind 127.0.0.1:%(fe2)d
 option socket-stats
 tcp-request connection reject if { src 127.0.0.2 }
 tcp-request content reject if { src 127.0.0.3 }
 default_backend be
backend be
 balance roundrobin
 fullconn 40
 server s1 127.0.0.1:%(up)d weight 10 check inter 100ms maxconn 50
 server s2 127.0.0.1:%(up)d weight 5
 server down 127.0.0.1:%(gone)d check inter 100ms
 server spare 127.0.0.1:%(up)d backup disabled
listen refused
 bind 127.0.0.1:%(refused)d
 server gone 127.0.0.1:%(gone)d
listen narrow
 bind 127.0.0.1:%(narrow)d
 server one 127.0.0.1:%(up)d maxconn 1 maxqueue 5
listen cut
 bind 127.0.0.1:%(cut)d
 server reset 127.0.0.1:%(resetting)d track be/s1
listen mute
 bind 127.0.0.1:%(mute)d
 timeout server 150ms
 server idle 127.0.0.1:%(idle)d
listen lazy
 bind 127.0.0.1:%(lazy)d
 timeout client 150ms
 server idle 127.0.0.1:%(idle)d
listen queue
 bind 127.0.0.1:%(queue)d
 timeout queue 100ms
 server one 127.0.0.1:%(up)d maxconn 1
listen empty
 bind 127.0.0.1:%(empty)d
 server off 127.0.0.1:%(up)d disabled
listen redispatch
 bind 127.0.0.1:%(redispatch)d
 option redispatch 1
 retries 2
 server gone 127.0.0.1:%(gone)d weight 100
 server here 127.0.0.1:%(up)d
listen unused
 bind 127.0.0.1:%(unused)d
 disabled
 server x 127.0.0.1:1
listen stats
 mode http
 bind 127.0.0.1:%(stats)d
 stats enable
 stats uri /stats
 stats show-legends
 stats admin if TRUE
 http-request use-service prometheus-exporter if { path /metrics }
listen locked
 mode http
 bind 127.0.0.1:%(locked)d
 stats auth u:p
 stats realm Some\\ where
 stats refresh 7
 stats scope be
 stats scope .
 monitor-uri /alive
""" % dict(ports, up=up, gone=gone, resetting=resetting,
           idle=idle)


NAMES = ["fe", "fe2", "refused", "narrow", "cut", "mute", "lazy", "queue",
         "empty", "redispatch", "unused", "stats", "locked"]


def get(port, path, method="GET", body=None, headers=None):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    c.request(method, path, body, headers or {})
    r = c.getresponse()
    text = r.read()
    c.close()
    return r, text.decode()


def drive(p):
    for n in range(6):
        with balancing.connect(p["fe"]) as s:
            s.sendall(b"x" * (100 + n))
            assert s.recv(1000)
    with balancing.connect(p["fe2"]) as s:
        s.sendall(b"yy")
        s.recv(10)
    for source in ("127.0.0.2", "127.0.0.2", "127.0.0.3"):
        try:
            with balancing.connect(p["fe"], source) as s:
                s.recv(10)
        except OSError:
            pass
    balancing.ask(p["refused"])
    first = balancing.connect(p["narrow"])
    first.sendall(b"a")
    first.recv(1)
    second = balancing.connect(p["narrow"])
    second.sendall(b"bc")
    time.sleep(0.1)  # it waits in the queue: counted so
    first.close()
    second.recv(2)
    second.close()
    with balancing.connect(p["cut"]) as s:
        s.sendall(b"q")
        balancing.read_all(s)
    s = balancing.connect(p["fe"])
    s.sendall(b"r")
    s.recv(1)
    balancing.reset(s)
    for name in ("mute", "lazy", "empty"):
        with balancing.connect(p[name]) as s:
            balancing.read_all(s)
    with balancing.connect(p["queue"]) as s:
        s.sendall(b"q")
        s.recv(1)
        with balancing.connect(p["queue"]) as waits:
            balancing.read_all(waits)
    for _ in range(2):
        with balancing.connect(p["redispatch"]) as s:
            s.sendall(b"again")
            s.recv(5)
    time.sleep(0.2)  # ends are counted behind the close


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    where = tmp_path_factory.mktemp("stats")
    servers = (balancing.serve(balancing.echo), balancing.free_port(),
               balancing.serve(balancing.reset_after_data),
               balancing.serve(balancing.idle))
    both = []
    try:
        for path in (balancing.ours(), balancing.ORIGINAL):
            p = {n: balancing.free_port() for n in NAMES}
            p["socket"] = str(where / ("%d.sock" % len(both)))
            b = balancing.Balancer(path, config(p, servers))
            both.append((b, p))
            end = time.time() + 10
            while time.time() < end:
                try:
                    if rows_of(p)["be", "down"]["status"] == "DOWN":
                        break
                except OSError:
                    pass
                time.sleep(0.05)
            drive(p)
        yield [p for _, p in both]
    finally:
        for b, _ in both:
            b.__exit__()


def table(p):
    r, text = get(p["stats"], "/stats;csv")
    assert r.status == 200
    assert r.getheader("content-type") == "text/plain"
    assert text.startswith("# pxname,svname,")
    lines = list(csv.reader(io.StringIO(text[2:])))
    lines = [x for x in lines if x]
    for line in lines:
        assert len(line) == len(lines[0])
        assert line[-1] == ""
    return lines


def rows_of(p):
    lines = table(p)
    return {(x[0], x[1]): dict(zip(lines[0], x)) for x in lines[1:]}


def test_columns_stand_in_their_places(pair):
    mine, theirs = (table(p)[0] for p in pair)
    assert mine[:103] == theirs[:103]
    assert mine[103:118] == [
        "srid", "sess_other", "h1sess", "h2sess", "h3sess", "req_other",
        "h1req", "h2req", "h3req", "proto", "priv_idle_cur", "reqbin",
        "reqbout", "resbin", "resbout"]
    assert mine[118:122] == ["-", "ssl_sess", "ssl_reused_sess",
                             "ssl_failed_handshake"]


def test_values_after_the_same_traffic(pair):
    mine, theirs = (rows_of(p) for p in pair)
    assert list(mine) == list(theirs)
    wrong = []
    for row, values in theirs.items():
        for column, want in values.items():
            if column in DIFFER or column.startswith(("h1_", "h2_")) or \
                    column in ("", "-"):
                continue
            got = mine[row].get(column)
            if column == "addr" or row[0] in ("stats", "locked"):
                # Ports; requests that were asked until it was ready.
                same = bool(got) == bool(want)
            elif column == "conn_tot" and values["type"] == "3":
                same = want == ""   # newer versions have it
            elif column == "last_chk":
                same = want in got
            else:
                same = got == want
            if not same:
                wrong.append((row, column, "ours", got, "theirs", want))
    assert not wrong, "\n".join(map(str, wrong))


def socket_says(p, line):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(p["socket"])
        s.sendall(line.encode() + b"\n")
        return balancing.read_all(s).decode()


def test_typed_lines(pair):
    """Kind, numbers, name, tags and type of each value; ours has one more
    letter of tags, and the columns of 3.x between."""
    def shapes(p):
        out = {}
        for line in socket_says(p, "show stat typed").splitlines():
            if not line:
                continue
            place, tags, kind, _ = line.split(":", 3)
            letter, iid, sid, _, name, _ = place.split(".")
            # The original calls some numbers of backends gauges, and the
            # limit of a queue a gauge of the service.
            out[letter, iid, sid, name] = (
                tags[:3] if letter != "B" and name != "qlimit" else "",
                kind)
        return out
    mine, theirs = (shapes(p) for p in pair)
    missing = [k for k in theirs if k not in mine and
               not k[3].startswith(("h1_", "h2_"))]
    # When a check found it has nothing to do with the form.
    assert [k for k in missing if k[3] not in ("last_chk",)] == []
    assert {k: mine[k] for k in theirs if k in mine} == {
        k: v for k, v in theirs.items() if k in mine}


def test_json_is_the_same_values(pair):
    for p in pair:
        r, text = get(p["stats"], "/stats;json")
        assert r.getheader("content-type") == "application/json"
        rows = json.loads(text)
        names = {(x["proxyId"], x["id"], x["objType"]): {
            v["field"]["name"]: v["value"]["value"] for v in row}
            for row in rows for x in row[:1]}
        server = [v for v in names.values() if v["svname"] == "s1"][0]
        assert server["status"] == "UP" and server["type"] == 2
        assert set(rows[0][0]) == {"objType", "proxyId", "id", "field",
                                   "processNum", "tags", "value"}
    r, text = get(pair[0]["stats"], "/stats;json-schema")
    assert json.loads(text)["$schema"]


def test_metrics_have_the_names_of_the_original(pair):
    def series(p):
        r, text = get(p["stats"], "/metrics")
        assert r.getheader("content-type") == "text/plain; version=0.0.4"
        return {x.rsplit(" ", 1)[0] for x in text.splitlines()
                if x and x[0] != "#"}, text
    (mine, text), (theirs, _) = (series(p) for p in pair)
    assert [x for x in theirs - mine if "build_info" not in x] == []
    # Each series has one head, and stands in one place.
    seen = []
    for line in text.splitlines():
        name = line.split()[2] if line[0] == "#" else \
            line.split("{")[0].split(" ")[0]
        if name.startswith("weir_"):    # parts of a histogram have one head
            name = re.sub("_(bucket|sum|count)$", "", name)
        if not seen or seen[-1] != name:
            seen.append(name)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("query", [
    "scope=server", "scope=frontend&scope=global", "no-maint",
    "scope=backend&metrics=haproxy_backend_status",
])
def test_metrics_of_some(pair, query):
    def names(p):
        _, text = get(p["stats"], "/metrics?" + query)
        return {x.rsplit(" ", 1)[0] for x in text.splitlines()
                if x and x[0] != "#"}
    mine, theirs = (names(p) for p in pair)
    if "metrics=" in query:     # 3.x has it
        assert {x.split("{")[0] for x in mine} == {"haproxy_backend_status"}
        return
    assert [x for x in theirs - mine if "build_info" not in x] == []
    # Ours come along with those of the process and of proxies.
    assert {x.split("_")[1] for x in mine if not x.startswith("weir_")} == {
        x.split("_")[1] for x in theirs}
    assert ("weir_build_info" in {x.split("{")[0] for x in mine}) == (
        "global" in query or "scope" not in query)
    assert any(x.startswith("weir_balancer_queue_seconds_count")
               for x in mine) == (query != "scope=server")


def told(r, text):
    keep = ("content-type", "cache-control", "content-length", "location",
            "www-authenticate", "refresh", "connection")
    return (r.status, {k: r.getheader(k) for k in keep},
            "" if r.getheader("content-length") is None else text)


AUTH = {"Authorization": "Basic " + base64.b64encode(b"u:p").decode()}
WRONG = {"Authorization": "Basic " + base64.b64encode(b"u:q").decode()}


@pytest.mark.parametrize("port,path,method,body,headers", [
    ("stats", "/", "GET", None, {}),
    ("stats", "/stats;csv", "PUT", None, {}),
    ("stats", "/statsX;csv;norefresh", "GET", None, {}),
    ("stats", "/stats/;csv", "GET", None, {}),
    ("stats", "/stats?x;csv", "GET", None, {}),
    ("stats", "/stats;csv", "HEAD", None, {}),
    ("stats", "/stats;csv", "GET", None, {"Connection": "close"}),
    ("locked", "/alive", "GET", None, {}),
    ("locked", "/haproxy?stats;csv", "GET", None, {}),
    ("locked", "/haproxy?stats;csv", "GET", None, WRONG),
    ("locked", "/haproxy?stats;csv", "GET", None, AUTH),
    ("locked", "/haproxy?stats;csv;norefresh", "GET", None, AUTH),
    ("locked", "/haproxy?stats", "POST", "s=s1&b=be&action=ready", AUTH),
    ("stats", "/stats", "POST", "s=s1&b=be&action=ready", {}),
    ("stats", "/stats;up", "POST", "s=s1&b=be&action=ready", {}),
    ("stats", "/stats", "POST", "s=s1&b=%233&action=ready", {}),
    ("stats", "/stats", "POST", "s=nosuch&b=be&action=ready", {}),
    ("stats", "/stats", "POST", "s=s1&s=nosuch&b=be&action=ready", {}),
    ("stats", "/stats", "POST", "s=s1&b=nosuch&action=ready", {}),
    ("stats", "/stats", "POST", "s=s1&b=be&action=nosuch", {}),
    ("stats", "/stats", "POST", "b=be&action=ready", {}),
    ("stats", "/stats", "POST", "s=s1&b=be", {}),
    ("stats", "/stats", "POST", "", {}),
    ("stats", "/stats", "POST", "s=s2&b=be&action=dhlth", {}),
    ("stats", "/stats", "POST", "s=s1&b=be&action=enable", {}),
])
def test_answers_over_http(pair, port, path, method, body, headers):
    mine, theirs = (told(*get(p[port], path, method, body, headers))
                    for p in pair)
    assert mine == theirs


@pytest.mark.parametrize("action,status", [
    ("drain", "DRAIN"), ("maint", "MAINT"), ("ready", "UP"),
    ("hdown", "DOWN"), ("hrunn", "UP"), ("dhlth", "no check"),
    ("ehlth", "UP"), ("disable", "MAINT"), ("enable", "UP"),
    ("stop", "DRAIN"), ("start", "UP"),
])
def test_actions(pair, action, status):
    for p in pair:
        get(p["stats"], "/stats", "POST", "s=s1&b=be&action=" + action)
        end = time.time() + 3
        while time.time() < end:
            now = rows_of(p)["be", "s1"]["status"]
            if now == status:
                break
            time.sleep(0.02)
        # A check that runs may bring it back before it was looked at.
        assert now == status or action == "hdown"


def test_a_page_of_another_site_may_not_act(pair):
    p = pair[0]
    for headers in ({"Origin": "http://evil.example"},
                    {"Sec-Fetch-Site": "cross-site"}):
        r, _ = get(p["stats"], "/stats", "POST", "s=s2&b=be&action=maint",
                   headers)
        assert r.getheader("location") == "/stats;st=DENY"
    r, _ = get(p["stats"], "/stats", "POST", "s=s2&b=be&action=ready",
               {"Origin": "http://127.0.0.1:%d" % p["stats"]})
    assert r.getheader("location") == "/stats;st=DONE"


def test_scope(pair):
    for p in pair:
        _, text = get(p["locked"], "/haproxy?stats;csv", headers=AUTH)
        assert {x.split(",")[0] for x in text.splitlines()[1:] if x} == {
            "be", "locked"}
        _, text = get(p["stats"], "/stats;csv;scope=narr")
        assert {x.split(",")[0] for x in text.splitlines()[1:] if x} == {
            "narrow"}
        _, text = get(p["stats"], "/stats;csv;up")
        assert "be,down," not in text and "be,BACKEND" in text
        _, text = get(p["stats"], "/stats;csv;no-maint")
        assert "be,spare," not in text and "be,down," in text


def raw(port, data, limit=5):
    with socket.create_connection(("127.0.0.1", port), limit) as s:
        s.sendall(data)
        return balancing.read_all(s).decode()


def test_http_1_0_and_several_on_one_connection(pair):
    p = pair[0]
    one = raw(p["stats"], b"GET /stats;csv HTTP/1.0\r\n\r\n")
    assert "chunked" not in one and "\r\n\r\n# pxname" in one
    many = raw(p["stats"], b"GET /stats;csv HTTP/1.1\r\nHost: x\r\n\r\n" * 3
               + b"GET /nosuch HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert many.count("HTTP/1.1 200 OK") == 3
    assert many.count("HTTP/1.1 503") == 1
    assert many.count("\r\n0\r\n\r\n") == 3


@pytest.mark.parametrize("garbage", [
    b"GARBAGE\r\n\r\n", b"GET /stats\r\n\r\n", b"\x16\x03\x01\x00\n\n",
    b"GET /stats;csv HTTP/1.1\r\nbad header\r\n\r\n",
])
def test_garbage_is_a_bad_request(pair, garbage):
    for p in pair:
        assert raw(p["stats"], garbage).startswith("HTTP/1.1 400 Bad req")


def test_a_slow_reader_gets_it_all(pair):
    p = pair[0]
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", p["stats"]))
        s.sendall(b"GET /stats;json HTTP/1.0\r\n\r\n")
        time.sleep(0.3)  # the window is full: sent in slices
        all = balancing.read_all(s).decode()
    assert json.loads(all.split("\r\n\r\n", 1)[1])


def test_the_page_has_what_programs_look_for(pair):
    r, text = get(pair[0]["stats"], "/stats")
    assert "HAProxy version 3.4.0, released" in text
    assert "<title>Statistics Report for HAProxy" in text
    assert "uptime = </b> 0d 0h00m" in text
    assert "idle = " in text
    for name in ("fe/Frontend", "fe/+l1", "be/s1", "be/Backend"):
        assert 'id="%s"' % name in text
    for word in ('name="s"', 'name="action"', 'name="b" value="#3"'):
        assert word in text
    assert text.count("<tr class=") == text.count("</tr>")
    assert text.count("<table") == text.count("</table>")
    _, locked = get(pair[0]["locked"], "/haproxy?stats", headers=AUTH)
    assert 'name="action"' not in locked


def test_the_last_hour(pair):
    _, text = get(pair[0]["stats"], "/stats;history")
    past = json.loads(text)
    assert set(past["be/s1"]) == {"scur", "rate", "bin", "bout", "qcur",
                                  "check_duration"}


EXPORTER = "/usr/bin/prometheus-haproxy-exporter"


@pytest.mark.skipif(not __import__("os").path.exists(EXPORTER),
                    reason="prometheus-haproxy-exporter is not installed")
@pytest.mark.parametrize("how", ["csv", "socket"])
def test_the_exporter_reads_it(pair, how):
    port = balancing.free_port()
    mine, theirs = [], []
    for p, out in zip(pair, (mine, theirs)):
        uri = "http://127.0.0.1:%d/stats;csv" % p["stats"] \
            if how == "csv" else "unix:" + p["socket"]
        port = balancing.free_port()
        e = subprocess.Popen(
            [EXPORTER, "--haproxy.scrape-uri=" + uri,
             "--web.listen-address=127.0.0.1:%d" % port],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            end = time.time() + 10
            while time.time() < end:
                try:
                    _, text = get(port, "/metrics")
                    break
                except OSError:
                    time.sleep(0.05)  # until the exporter listens
        finally:
            e.kill()
            e.wait()
        assert "haproxy_up 1" in text
        assert "haproxy_exporter_csv_parse_failures_total 0" in text
        out += sorted(x.rsplit(" ", 1)[0] for x in text.splitlines()
                      if x.startswith(("haproxy_server", "haproxy_backend",
                                       "haproxy_frontend")))
    assert mine == theirs
