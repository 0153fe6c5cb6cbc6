# SPDX-License-Identifier: ISC
# --explain: what files mean, as one file that means the same.
import re
import subprocess

from rig import balancing

MAIN = """global
 maxconn 500
 setenv WHO "me too"
defaults base
 log 127.0.0.1:514 local0
 option dontlognull
 option tcp-check
 tcp-check connect
 timeout client 5s
 timeout server 5s
 timeout connect 1s
 default-server inter 1s fall 5
defaults two from base
 timeout client 9s
userlist u
 user a insecure-password "b c"
resolvers r
 nameserver a 127.0.0.1:53
.if streq("a","b")
frontend never
 bind 127.0.0.1:1
.endif
frontend f from two
 bind 127.0.0.1:15432
 timeout client 7s
 no option dontlognull
 acl x src 10.0.0.0/8
 tcp-request connection reject if !x !{ src 127.0.0.1 }
 log-format "%ci \\"hi\\" it's # $WHO %[src,lower]"
 use_backend b if x
 default_backend c
backend b from base
 balance leastconn
 server s1 127.0.0.1:1 check
backend c from two
 no log
 tcp-check connect port 1
 tcp-check send-binary 00
 server s1 127.0.0.1:1 check inter 3s weight 7
listen st
 bind 127.0.0.1:15433
 mode http
 stats enable
 timeout client 1s
"""
SIDE = """global
 metrics_listen 127.0.0.1:9999
backend b
 pgsql-role primary
"""


def explain(path):
    r = subprocess.run([balancing.ours(), "--explain", str(path)],
                       capture_output=True, text=True, timeout=10)
    assert r.returncode == 0, r.stderr
    return r.stdout


def sections(text):
    """Name to lines; a line to where it came from."""
    found = {}
    for line in text.split("\n"):
        if not line:
            continue
        said, place = re.match(r"(.*?) +# ([^#]*)$", line).groups()
        if not line.startswith(" "):
            now = found[said] = {}
        now[said.strip()] = place
    return found


def test_sections_are_whole(tmp_path):
    (tmp_path / "h.cfg").write_text(MAIN)
    (tmp_path / "h.cfg.weir").write_text(SIDE)
    text = explain(tmp_path / "h.cfg")
    s = sections(text)
    place = str(tmp_path / "h.cfg") + ":%d"
    side = str(tmp_path / "h.cfg.weir") + ":%d"
    assert list(s) == ["global", "userlist u", "resolvers r", "frontend f",
                       "backend b", "backend c", "listen st"]
    assert s["global"]["maxconn 500"] == place % 2
    assert s["global"]["metrics_listen 127.0.0.1:9999"] == side % 2
    assert s["global"]["stats timeout 10s"] == "default"
    assert s["global"]["# reload-in-place: on"] == "default"
    assert s["userlist u"]["user a insecure-password b\\ c"] == place % 16
    f, b, c = s["frontend f"], s["backend b"], s["backend c"]
    # The last one counts, wherever it stands; not what a backend only has.
    assert f["timeout client 7s"] == place % 25
    assert not [x for x in f if x.startswith(("timeout client 9",
                                              "timeout connect", "option d"))]
    assert f["log 127.0.0.1:514 local0"] == place % 5
    assert f["no option logasap"] == "default"
    assert "me\\ too" in [x for x in f if x.startswith("log-format")][0]
    assert b["tcp-check connect"] == place % 8
    assert b["timeout server 5s"] == place % 10
    assert b["pgsql-role primary"] == side % 4
    assert b["default-server inter 1s fall 5"] == place % 12
    assert b["retries 3"] == "default"
    order = list(b)
    assert order.index("default-server inter 1s fall 5") > order.index(
        [x for x in order if "slowstart 0" in x][0])
    # Steps of its own take the place of those of defaults; "no log" too.
    assert "tcp-check connect" not in c and "tcp-check connect port 1" in c
    assert not [x for x in c if x.startswith("log")]
    assert c["# timeout queue: timeout connect"] == "default"
    assert s["listen st"]["mode http"] == place % 42


def test_means_the_same_again(tmp_path):
    (tmp_path / "h.cfg").write_text(MAIN)
    (tmp_path / "h.cfg.weir").write_text(SIDE)
    first = explain(tmp_path / "h.cfg")
    (tmp_path / "again.cfg").write_text(first)
    again = explain(tmp_path / "again.cfg")
    a, b = sections(first), sections(again)
    assert list(a) == list(b)
    for name in a:
        # What was written out once is found there, and nothing else.
        model = {x for x in a[name] if not x.startswith("default-server err")}
        assert model == {x for x in b[name]
                         if not x.startswith("default-server err")}
        own = [x for x in a[name] if a[name][x] != "default"]
        assert own == [x for x in b[name] if x in set(own)]
    r = subprocess.run([balancing.ours(), "-c", "-f",
                        str(tmp_path / "again.cfg")], capture_output=True,
                       text=True, timeout=10)
    assert r.returncode == 0, r.stderr


def test_what_is_refused_is_not_explained(tmp_path):
    (tmp_path / "h.cfg").write_text("global\n nonsense\n")
    r = subprocess.run([balancing.ours(), "--explain",
                        str(tmp_path / "h.cfg")], capture_output=True,
                       text=True, timeout=10)
    assert r.returncode == 1 and r.stdout == ""
    assert "unknown keyword 'nonsense'" in r.stderr
