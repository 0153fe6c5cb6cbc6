# SPDX-License-Identifier: ISC
# What is used in three or more of the public TCP configurations that were
# counted: each has a case that names it, and all of it
# together loads.
import os
import re
import subprocess

import pytest

from rig.cluster import free_port

HERE = os.path.dirname(os.path.abspath(__file__))

USED = {
    "global": """maxconn; log; daemon; stats socket; group; user;
        max-spread-checks; ssl-server-verify; tune.bufsize; unix-bind; chroot;
        pidfile; stats timeout; external-check; insecure-fork-wanted;
        spread-checks; ssl-default-bind-ciphers""",
    "proxy": """mode tcp; bind; timeout client; timeout server;
        timeout connect; server; log; mode http; stats uri; stats enable;
        retries; timeout check; default_backend; option tcplog;
        balance roundrobin; maxconn; default-server; option redispatch;
        stats refresh; stats hide-version; timeout queue; option httpchk;
        stats auth; timeout http-request; stats admin;
        timeout http-keep-alive; option httplog; option dontlognull;
        stats show-node; stats show-legends; option tcpka; acl;
        http-check expect status; option tcp-check; option http-keep-alive;
        stats realm; timeout tunnel; option log-separate-errors;
        option logasap; stats http-request; timeout client-fin;
        timeout server-fin; description; tcp-request content reject;
        balance source; balance first; tcp-check expect string;
        tcp-check send; balance leastconn; option forwardfor;
        option http-server-close; option clitcpka; tcp-check connect;
        option persist; use_backend; http-request deny;
        http-request use-service; option mysql-check; external-check command;
        http-check expect string; option external-check;
        option log-health-checks; stats show-desc; stick-table""",
    "server": """check; inter; fall; rise; maxconn; port;
        on-marked-down shutdown-sessions; init-addr last,libc,none; backup;
        weight; check-ssl; downinter""",
}
WORDS = [(where, " ".join(word.split())) for where, words in USED.items()
         for word in words.split(";")]


def texts():
    """Every line of the cases, by where it stands."""
    folder = os.path.join(HERE, "configs")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name)) as f:
            yield from f


LINES = list(texts())


@pytest.mark.parametrize("where, word", WORDS)
def test_has_a_case(where, word):
    found = re.compile(r"(^|\s)%s(\s|$|,|\()" % re.escape(word))
    assert any(found.search(line) for line in LINES), word


WHOLE = """\
global
    log 127.0.0.1:514 local0
    maxconn 4000
    stats socket %(dir)s/s.sock mode 660 level admin
    stats timeout 30s
    spread-checks 5
    max-spread-checks 3s
    ssl-server-verify none
    tune.bufsize 16384
    unix-bind mode 600
    pidfile %(dir)s/pid
    external-check
    insecure-fork-wanted
    ssl-default-bind-ciphers HIGH
userlist admins
    user admin insecure-password secret
defaults
    mode tcp
    log global
    option tcplog
    option dontlognull
    option redispatch
    option persist
    option log-separate-errors
    option logasap
    option log-health-checks
    option tcpka
    option clitcpka
    retries 3
    maxconn 2000
    timeout connect 5s
    timeout client 1m
    timeout server 1m
    timeout check 2s
    timeout queue 30s
    timeout tunnel 1h
    timeout client-fin 30s
    timeout server-fin 30s
    timeout http-request 10s
    timeout http-keep-alive 10s
    balance roundrobin
    default-server inter 2s fall 3 rise 2 init-addr last,libc,none
frontend in
    description what clients see
    bind 127.0.0.1:%(a)d
    acl local src 127.0.0.0/8
    tcp-request content reject if !local
    use_backend first if { dst_port %(a)d }
    default_backend pools
backend pools
    balance leastconn
    option tcp-check
    tcp-check connect
    tcp-check send PING
    tcp-check expect string PONG
    server pgb1 127.0.0.1:6432 check weight 10 maxconn 100
    server pgb2 127.0.0.1:6433 check backup downinter 5s
backend first
    balance first
    option httpchk GET /primary
    http-check expect status 200
    server n1 127.0.0.1:5432 check port 8008 on-marked-down shutdown-sessions
backend sticky
    balance source
    stick-table type ip size 1k expire 30m
    option mysql-check user haproxy
    server n1 127.0.0.1:3306 check check-ssl verify none
backend programs
    option external-check
    external-check command /bin/true
    server n1 127.0.0.1:3306 check
listen stats
    mode http
    option httplog
    option forwardfor
    option http-server-close
    option http-keep-alive
    bind 127.0.0.1:%(b)d
    stats enable
    stats uri /stats
    stats refresh 10s
    stats hide-version
    stats realm Weir
    stats auth admin:secret
    stats admin if TRUE
    stats show-node
    stats show-legends
    stats show-desc what it is
    http-request use-service prometheus-exporter if { path /metrics }
    http-request deny if { path /forbidden }
"""


def test_all_of_it_loads(tmp_path):
    ours = os.environ.get("WEIR_BALANCER", os.path.join(
        HERE, "../../../build/plain/weir-balancer"))
    if not os.access(ours, os.X_OK):
        pytest.skip("no weir-balancer here")
    path = tmp_path / "haproxy.cfg"
    path.write_text(WHOLE % {"dir": tmp_path, "a": free_port(),
                             "b": free_port()})
    done = subprocess.run([ours, "-c", "-f", str(path)], timeout=20,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
