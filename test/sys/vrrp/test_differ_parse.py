# SPDX-License-Identifier: ISC
# What -t says of many small files, against Debian's keepalived, in a network
# namespace of its own: exit status, and the reported lines with their line
# numbers. parse/X.lines are lines that are put into one place each (\n is an
# end of line), parse/whole.cases are whole files. A case that differs must
# stand in doc/differences.md as `vrrp.X: LINE`; one that stands there must
# differ.
import collections
import concurrent.futures
import glob
import os
import re
import subprocess
import tempfile

import pytest

from rig import program
from rig.differ import listed

ORIGINAL = os.environ.get("KEEPALIVED", "/usr/sbin/keepalived")
HERE = os.path.join(os.path.dirname(__file__), "parse")
SAMPLES = "/usr/share/doc/keepalived/samples/keepalived.conf*"

INSTANCE = """vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
%s
  virtual_ipaddress {
    10.0.0.50
  }
}
"""
SECOND = INSTANCE.replace("VI_1", "VI_2").replace("51", "52") \
    .replace("0.50", "0.60")
# Where a line of a table goes; @ is the place.
FRAMES = {
    "instance": INSTANCE % "@",
    "global": "global_defs {\n@\n}\n" + INSTANCE % "",
    "top": "global_defs {\n script_user root\n enable_script_security\n}\n@\n"
           + INSTANCE % "" + SECOND % "",
}
# What ours says on top, without counting it: class W, and hints.
NOTES = re.compile(
    r"has no effect|means no gap|section ignored|is defined later at line|"
    r"Warning - script |unknown to keepalived|is there already|"
    r"unicast_fault_no_peer:|^Disabling (\w+ )?script|not found - disabling|"
    r"in path - disabling|not executable|since not executable|"
    r"Unsafe permissions|strict mode: the virtual|track group .* doesn't|"
    r"iptables not supported|No config files matched|ignoring it$")


def cases():
    out = collections.OrderedDict()
    for table, frame in FRAMES.items():
        with open(os.path.join(HERE, table + ".lines")) as f:
            for line in f.read().splitlines():
                out["vrrp.%s: %s" % (table, line)] = frame.replace(
                    "@", line.replace("\\n", "\n"), 1)
    with open(os.path.join(HERE, "whole.cases")) as f:
        for part in f.read().split("=== ")[1:]:
            name, text = part.split("\n", 1)
            out["vrrp.whole: " + name] = text
    out["vrrp.whole: crlf"] = out["vrrp.whole: crlf"].replace("\n", "\r\n")
    for path in sorted(glob.glob(SAMPLES)):
        with open(path) as f:
            out["vrrp.sample: " + path.split("conf.")[-1]] = f.read()
    return out


CASES = cases()


def ours():
    return os.environ.get("WEIR_VRRP") or os.path.join(
        os.path.dirname(program.ours().path), "weir-vrrp")


@pytest.fixture(scope="module")
def namespace():
    """A network namespace with eth0 and eth1."""
    name = "weir-parse-%d" % os.getpid()
    if os.geteuid() != 0:
        pytest.skip("only root makes network namespaces")
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True)
    if made.returncode != 0:
        pytest.skip("no network namespaces here")
    try:
        for dev in ("eth0", "eth1"):
            subprocess.run(["ip", "-n", name, "link", "add", dev, "type",
                            "veth", "peer", "name", dev + "p"], check=True)
            subprocess.run(["ip", "-n", name, "link", "set", dev, "up"],
                           check=True)
        subprocess.run(["ip", "-n", name, "addr", "add", "10.0.0.1/24",
                        "dev", "eth0"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name])


def write(where, name, text, mode=0o644):
    path = os.path.join(where, name)
    with open(path, "w", newline="") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


@pytest.fixture(scope="module")
def where():
    with tempfile.TemporaryDirectory(prefix="weir-parse-") as made:
        write(made, "good.sh", "#!/bin/sh\n", 0o755)
        write(made, "bad.sh", "#!/bin/sh\n", 0o777)
        write(made, "noshebang.sh", "true\n", 0o755)
        write(made, "tf", "0\n")
        write(made, "part.conf", "   foo_inc 5\n")
        write(made, "inc.conf", "vrrp_instance VI_9 {\n interface eth0\n "
              "virtual_router_id 9\n foo9\n virtual_ipaddress {\n "
              "10.0.0.99\n }\n}\n")
        yield made


def verdict(path, namespace, file):
    """(exit status, lines); places as (NAME: N), or (N) for the file."""
    run = subprocess.run(
        ["ip", "netns", "exec", namespace, path, "-i", "node", "-t", "-f",
         file], capture_output=True, text=True, errors="replace", timeout=60)
    found = set()
    for line in run.stderr.splitlines():
        m = re.match(r"\((?:(.*): )?Line (\d+)\) (.*)", line)
        name = os.path.basename(m.group(1) or file) if m else ""
        found.add("(%s%s) %s" % ("" if name == os.path.basename(file) else
                                 name + ": ", m.group(2), m.group(3))
                  if m else line)
    return run.returncode, found


@pytest.fixture(scope="module")
def verdicts(namespace, where):
    """{name: (the original's, ours)}"""
    if not os.access(ORIGINAL, os.X_OK):
        pytest.skip("no keepalived on this machine to compare with")
    if not os.access(ours(), os.X_OK):
        pytest.fail("%s is not there" % ours())

    def play(numbered):
        number, name = numbered
        file = write(where, "x%d.conf" % number,
                     CASES[name].replace("DIR", where))
        return name, (verdict(ORIGINAL, namespace, file),
                      verdict(ours(), namespace, file))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return dict(pool.map(play, enumerate(CASES)))


@pytest.fixture(scope="module")
def differing():
    return {n for n in listed() if n.startswith("vrrp.")}


def shown(pair):
    (code, lines), (our_code, our_lines) = pair
    return "exit status %s, ours %s\n%s" % (code, our_code, "\n".join(
        ["- " + x for x in sorted(lines - our_lines)] +
        ["+ " + x for x in sorted(our_lines - lines)]))


@pytest.mark.parametrize("name", CASES)
def test_verdict(name, verdicts, differing):
    (code, lines), (our_code, our_lines) = verdicts[name]
    extra = {x for x in our_lines - lines if not NOTES.search(x)}
    same = code == our_code and not lines - our_lines and not extra
    if name in differing:
        assert not same, "no longer differs: " + shown(verdicts[name])
    else:
        assert same, shown(verdicts[name])


def test_all_that_is_listed_is_there(differing):
    assert not {n for n in differing - set(CASES)
                if not n.startswith("vrrp.sample")}


def test_a_name_with_wildcards(namespace, where):
    """Many files are read as one: definitions of one hold in the next."""
    text = INSTANCE % "$ID=7"
    folder = os.path.join(where, "many")
    os.mkdir(folder)
    write(folder, "a.conf", text)
    write(folder, "b.conf", text.replace("VI_1", "VI_2").replace("51", "$ID"))
    write(folder, "c.conf", "foo\n")
    for pattern in ("*.conf", "{a,b}.conf", "b.conf", "a*.conf"):
        file = os.path.join(folder, pattern)
        assert verdict(ours(), namespace, file) == \
            verdict(ORIGINAL, namespace, file), pattern
    assert verdict(ours(), namespace, folder + "/none*.conf")[0] == 5


def keywords():
    """(block, keyword, class) of every row of the tables."""
    run = subprocess.run([ours(), "--list-settings"], capture_output=True,
                         text=True, check=True)
    rows = run.stdout.splitlines()
    assert len(rows) > 100
    for row in rows:
        cells = row.split("\t")
        yield cells[1], cells[0], cells[2]


def test_every_keyword_is_used():
    """Each row of the keyword tables has a case that uses it."""
    text = "\n".join(CASES.values())
    words = set(re.findall(r"[\w-]+", text))
    assert not [k for _, k, _ in keywords() if k not in words]


def test_every_keyword_is_known(namespace, where):
    """None of them is called unknown where it belongs."""
    blocks = collections.defaultdict(list)
    for block, keyword, _ in keywords():
        blocks[block].append(keyword)
    for block, words in blocks.items():
        if block in ("top level", "authentication"):
            continue
        text = "%s X {\n%s\n}\n" % (block, "\n".join(
            "%s %s" % (w, "{ x }" if w in ("group",) else "1")
            for w in words if not w.startswith("virtual_")
            and not w.startswith("track_") and w not in (
                "authentication", "unicast_peer", "notification_email",
                "interfaces", "auth_hmac")))
        if block in ("global_defs", "garp_group"):
            text = text.replace(" X {", " {")
        _, lines = verdict(ours(), namespace,
                           write(where, "known.conf", text))
        assert not [x for x in lines if "Unknown keyword" in x]
