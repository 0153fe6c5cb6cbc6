# SPDX-License-Identifier: ISC
"""What makes an instance weigh less or fail, and whom it tells: trackers,
scripts, fifos, mail; dumps, status and metrics."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from rig import lan as lan_module, vrrp

VIP = "10.77.0.50"
FAST = dict(version=3, advert_int="0.1")
OWNER = dict(state="MASTER", version=3, advert_int="0.1")
SECURE = "global_defs {\n script_user root\n enable_script_security\n%s\n}\n"


def wait_for(what, limit=4.0):
    until = time.time() + limit
    while not what():
        assert time.time() < until
        time.sleep(0.005)


def program(path, text):
    """A script below a directory that only root may write to."""
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + text + "\n")
    os.chmod(path, 0o755)
    return str(path)


def home():
    """Only root may write to it and above it: /run, not /tmp."""
    path = "/run/weir-test-%d" % os.getpid()
    os.makedirs(path, exist_ok=True)
    return path


def priority(net, value, limit=4.0):
    wait_for(lambda: net.capture.adverts() and
             net.capture.adverts()[-1].priority == value, limit)


def test_scripts_weigh_and_fault(lan, daemon):
    net = lan(1)
    flag, flag2 = home() + "/flag", home() + "/flag2"
    chk = program(home() + "/chk", "test ! -e %s || { echo is there; "
                  "exit 3; }" % flag)
    hard = program(home() + "/hard", "test ! -e %s" % flag2)
    head = SECURE % "" + """
vrrp_script soft {
    script "%s"
    interval 0.1
    weight -20
    fall 2
}
vrrp_script hard {
    script "%s"
    interval 0.1
}
""" % (chk, hard)
    one = daemon(net.nodes[0], "weir", vrrp.config(
        150, more="track_script {\n soft\n hard\n }", head=head, **FAST))
    one.wait_log("Entering MASTER")
    priority(net, 150)
    with open(flag, "w", encoding="utf-8"):
        priority(net, 130)
    assert "VRRP_Script(soft) failed (exited with status 3)" in one.log()
    assert "VRRP_Script(soft) says: is there" in one.log()
    assert "Changing effective priority from 150 to 130" in one.log()
    os.unlink(flag)
    priority(net, 150)
    with open(flag2, "w", encoding="utf-8"):
        one.wait_log("Entering FAULT")
    wait_for(lambda: not net.nodes[0].has(VIP))
    os.unlink(flag2)
    one.wait_log("Entering MASTER", count=2)


def test_a_script_that_hangs(lan, daemon):
    chk = program(home() + "/hang", "exec sleep 20")
    head = SECURE % "" + """
vrrp_script hang {
    script "%s"
    interval 1
    timeout 0.2
    weight 10
}
""" % chk
    one = daemon(lan(1).nodes[0], "weir", vrrp.config(
        150, more="track_script {\n hang\n }", head=head, **FAST))
    one.wait_log(r"VRRP_Script\(hang\) timed_out", 2)


def test_files_interfaces_processes(lan, daemon):
    net = lan(1)
    node = net.nodes[0]
    path = home() + "/number"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    lan_module.run("ip", "-n", node.ns, "link", "add", "x0", "type", "veth",
                   "peer", "name", "x1")
    name = "wvp%d" % os.getpid()
    head = """
track_file f {
    file %s
    weight 2
}
vrrp_track_process p {
    process %s
    weight 5
}
""" % (path, name)
    daemon(node, "weir", vrrp.config(
        100, more="track_file {\n f\n }\n track_process {\n p\n }\n"
        "track_interface {\n x0 weight 30\n }", head=head, **FAST))
    priority(net, 100)
    with open(path, "w", encoding="utf-8") as f:
        f.write("4\n")
    priority(net, 108)
    lan_module.run("ip", "-n", node.ns, "link", "set", "x1", "up")
    lan_module.run("ip", "-n", node.ns, "link", "set", "x0", "up")
    priority(net, 138)
    os.replace(path, path + ".old")
    priority(net, 130)
    copy = home() + "/" + name
    subprocess.run(["cp", "/bin/sleep", copy], check=True)
    with subprocess.Popen([copy, "30"]) as process:
        priority(net, 135)
        at = time.time()
        process.kill()
        process.wait()
    priority(net, 130)
    assert time.time() - at < 0.5       # not a second: its end is heard
    lan_module.run("ip", "-n", node.ns, "link", "set", "x1", "down")
    priority(net, 100)


class Server(threading.Thread):
    """Answers each connection by what 'talk' makes of what it hears."""

    def __init__(self, sock, talk):
        super().__init__(daemon=True)
        self.sock, self.talk = sock, talk
        sock.listen(8)
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                conn = self.sock.accept()[0]
                with conn, contextlib.suppress(OSError):
                    conn.settimeout(2)
                    self.talk(conn)

    def stop(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def unix_server(path, talk):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    return Server(sock, talk)


def test_sockets_and_urls(lan, daemon):
    """track_unix, track_http: answers count, no child process runs."""
    net = lan(1)
    path, other = home() + "/s.sock", home() + "/h.sock"
    code = [200]
    one = unix_server(path, lambda c: (c.recv(64), c.sendall(b"Up: 1\n")))
    two = unix_server(other, lambda c: (c.recv(4096), c.sendall(
        b"HTTP/1.0 %d X\r\n\r\nhello" % code[0])))
    text = vrrp.config(100, **FAST)
    side = """
track_unix u {
    path %s
    send "show info\\n"
    expect "Up: *"
    interval 0.1
    weight 7
}
track_http h {
    url http+unix:%s:/healthz
    interval 0.1
    weight 50
}
vrrp_instance VI_1 {
    track_unix {
        u
    }
    track_http {
        h
    }
}
""" % (path, other)
    daemon_of = daemon(net.nodes[0], "weir", text)
    with open(daemon_of.file + ".weir", "w", encoding="utf-8") as f:
        f.write(side)
    daemon_of.wait_log("Entering MASTER")
    daemon_of.signal(signal.SIGHUP)
    priority(net, 157)
    code[0] = 503
    priority(net, 107)
    one.stop()
    os.unlink(path)
    priority(net, 100)
    assert "Track http(h) failed (answered 503)" in daemon_of.log()
    two.stop()


def test_scripts_and_fifo_in_order(lan, daemon):
    net = lan(1)
    node = net.nodes[0]
    out, fifo = home() + "/told", home() + "/fifo"
    for path in (out, fifo):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    any_of = program(home() + "/any", 'echo "any $*" >> %s' % out)
    master = program(home() + "/master", 'echo "master $* $0" >> %s' % out)
    head = SECURE % (" vrrp_notify_fifo %s\n" % fifo)
    one = daemon(node, "weir", vrrp.config(
        101, more="notify %s\n notify_master \"%s 'a b'\"\n" % (
            any_of, master), head=head, **FAST))
    wait_for(lambda: os.path.exists(fifo))
    assert stat.S_IMODE(os.stat(fifo).st_mode) & 0o022 == 0
    with open(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb",
              buffering=0) as pipe:
        one.wait_log("Entering MASTER")
        node.cable(False)
        one.wait_log("Entering FAULT")
        node.cable(True)
        one.wait_log("Entering MASTER", count=2)
        time.sleep(0.1)  # the fifo has the last line
        one.stop()
        lines = pipe.read().decode().splitlines()
    states = ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "STOP"]
    assert lines == ['INSTANCE "VI_1" %s 101' % s for s in states]
    with open(out, encoding="utf-8") as f:
        told = f.read().splitlines()
    assert sorted(t for t in told if t.startswith("any")) == sorted(
        "any INSTANCE VI_1 %s 101" % s for s in states)
    assert sum(t.startswith("master a b") for t in told) == 2
    assert not os.path.exists(fifo)


def test_unsafe_scripts_do_not_run(lan, daemon):
    path = home() + "/unsafe"
    out = home() + "/unsafe.out"
    program(path, "touch %s" % out)
    os.chmod(path, 0o777)
    one = daemon(lan(1).nodes[0], "weir", vrrp.config(
        255, more="notify_master %s" % path, head=SECURE % "", **OWNER))
    one.wait_log("Entering MASTER")
    assert "Unsafe permissions found for script '%s'" % path in one.log()
    time.sleep(0.2)  # time for a script that may not run
    assert not os.path.exists(out)


def test_links_to_scripts_are_walked(lan, daemon):
    """A safe program behind a link that another may change is not safe; one
    behind links of root's alone is."""
    good = program(home() + "/good", "exit 0")
    theirs = home() + "/theirs"
    os.makedirs(theirs, exist_ok=True)
    os.chown(theirs, 65534, 65534)
    links = {theirs + "/inner": good, home() + "/outer": theirs + "/inner",
             home() + "/mine": "good"}
    for link, to in links.items():
        if not os.path.islink(link):
            os.symlink(to, link)
    for link, safe in (("/outer", False), ("/mine", True)):
        node = lan(1).nodes[0]
        one = daemon(node, "weir", vrrp.config(
            255, more="notify_master %s%s" % (home(), link),
            head=SECURE % "", **OWNER))
        one.wait_log("Entering MASTER")
        assert ("Unsafe permissions" not in one.log()) == safe, one.log()
        assert safe or "(%s, owner 65534" % theirs in one.log()


class Post:
    """A mail server: what each of its clients said, line by line."""

    def __init__(self, node, ip="127.0.0.1", no=None):
        self.letters, self.no = [], no
        with lan_module.inside(node.ns):
            sock = socket.socket()
            sock.bind((ip, 2525))
        self.server = Server(sock, self.talk)

    def talk(self, conn):
        conn.sendall(b"220 here\r\n")
        heard, data, letter = conn.makefile("rb"), False, []
        for line in heard:
            letter.append(line.decode().rstrip("\r\n"))
            if data:
                if line == b".\r\n":
                    data = False
                    conn.sendall(b"250 kept\r\n")
            elif line.startswith(b"DATA"):
                data = True
                conn.sendall(b"354 go\r\n")
            elif line.startswith(b"QUIT"):
                conn.sendall(b"221 bye\r\n")
                break
            elif self.no and self.no in letter[-1]:
                conn.sendall(b"550 no\r\n")
            else:
                conn.sendall(b"250 ok\r\n")
        self.letters.append(letter)


def mail_config(server="127.0.0.1", **more):
    return vrrp.config(255, more="smtp_alert", head="""
global_defs {
    router_id LB1
    notification_email {
        ops@example.org
        more@example.org
    }
    notification_email_from vip@example.org
    smtp_server %s 2525
    smtp_helo_name lb1.example.org
    smtp_connect_timeout 2
}
""" % server, **OWNER, **more)


@pytest.mark.parametrize("no", [None, "more@"])
def test_mail(lan, daemon, no):
    """Word for word as keepalived's, also when the server says no."""
    said = {}
    for kind in ("weir", "keepalived"):
        node = lan(1).nodes[0]
        post = Post(node, no=no)
        one = daemon(node, kind, mail_config(), "-D")
        wait_for(lambda post=post: post.letters)
        one.wait_log("status code = 550" if no else
                     "SMTP alert successfully sent")
        said[kind] = [re.sub("(Date|X-Mailer): .*", r"\1", line)
                      for line in post.letters[0]]
        said[kind] += re.findall("Error processing.*", one.log())
        post.server.stop()
    assert said["weir"] == said["keepalived"]
    if not no:
        assert "=> VRRP Instance is now owning VRRP VIPs <=" in said["weir"]


def test_mail_tries_all_addresses(lan, daemon):
    """One does not answer at all, one refuses: the last one is asked."""
    node = lan(1).nodes[0]
    with contextlib.ExitStack() as after:
        folder = "/etc/netns/" + node.ns
        os.makedirs(folder)
        after.callback(shutil.rmtree, folder)
        with open(folder + "/hosts", "w", encoding="utf-8") as f:
            for n in (2, 3, 4):
                f.write("127.0.0.%d mail.test\n" % n)
        known = subprocess.run(node.command("getent", "ahosts", "mail.test"),
                               capture_output=True, text=True, check=True)
        first, _, last = [x.split()[0] for x in known.stdout.splitlines()
                          if "STREAM" in x]
        with lan_module.inside(node.ns):
            deaf = socket.socket()
        deaf.bind((first, 2525))
        deaf.listen(1)
        after.callback(deaf.close)
        post = Post(node, last)
        one = daemon(node, "weir", mail_config("mail.test"))
        wait_for(lambda: post.letters, 6)
        one.wait_log("SMTP alert successfully sent")
        assert post.letters[0][-1] == "QUIT"
        post.server.stop()


def test_many_mails(lan, daemon):
    """They wait for each other: none is lost, few go at a time."""
    node = lan(1).nodes[0]
    post = Post(node)
    text = mail_config() + "".join(vrrp.config(
        255, ["10.78.0.%d" % n], n, name="V%d" % n, more="smtp_alert",
        **OWNER) for n in range(100, 150))
    daemon(node, "weir", text)
    wait_for(lambda: len(post.letters) == 51)
    post.server.stop()


def dump(one, number, path):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    one.signal(number)
    wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 0)
    time.sleep(0.05)  # it is written in one go, behind open
    with open(path, encoding="utf-8") as f:
        return f.read()


def shape(text):
    """What stands before the equals signs: numbers and times go."""
    return [re.sub(r"[=:(].*|\d+", "", line) for line in text.splitlines()]


def test_dumps_as_the_original(lan, daemon):
    """Our lines are the original's, in its order; files are in /tmp, so
    one after the other."""
    seen = {}
    head = """
vrrp_script chk {
    script "/usr/bin/true a"
    interval 1
    weight -20
}
"""
    text = vrrp.config(255, [VIP + "/24", "10.77.0.51"], more="""
    track_script {
        chk weight 0
    }
    virtual_routes {
        192.168.7.0/24 via 10.77.0.9
    }
""", head=SECURE % "" + head, state="MASTER")
    for kind in ("weir", "keepalived"):
        node = lan(1).nodes[0]
        one = daemon(node, kind, text)
        wait_for(lambda n=node: n.has(VIP))
        time.sleep(0.1)
        seen[kind] = (dump(one, signal.SIGUSR1, "/tmp/keepalived.data"),
                      dump(one, signal.SIGUSR2, "/tmp/keepalived.stats"),
                      json.loads(dump(one, 36, "/tmp/keepalived.json")))
        assert stat.S_IMODE(os.stat("/tmp/keepalived.data").st_mode) == 0o600
        one.stop()
    mine, theirs = seen["weir"], seen["keepalived"]
    part = [x.split("------< VRRP Topology >------\n")[1].split(
        "------< VRRP Sockpool")[0] for x in (mine[0], theirs[0])]
    renamed = [x.replace("interface and track script faults",
                         "tracker faults") for x in shape(part[1])]
    ours = [x for x in shape(part[0]) if "Last advert sent" not in x]
    assert ours == renamed
    ours = mine[1].split("  Authentication Extension")
    assert ours[0] == theirs[1][:len(ours[0])] or shape(ours[0]) == shape(
        theirs[1])[:len(shape(ours[0]))]
    data, stats = mine[2][0]["data"], mine[2][0]["stats"]
    want = theirs[2][0]
    keys = [k for k in data if k in want["data"]]
    assert keys == [k for k in want["data"] if k != "auth_data"]
    for key in set(keys) - {"last_transition", "track_script"}:
        assert data[key] == want["data"][key], key
    assert set(want["stats"]) <= set(stats)


def ask(node, path, host="127.0.0.1", port=9650):
    with lan_module.inside(node.ns):
        sock = socket.create_connection((host, port), 2)
    with sock:
        sock.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
        return b"".join(iter(lambda: sock.recv(65536), b"")).decode()


def test_status_and_metrics(lan, daemon):
    node = lan(1).nodes[0]
    path = home() + "/status.sock"
    head = "global_defs {\n status_socket %s\n metrics_listen " \
        "127.0.0.1:9650\n}\n" % path
    one = daemon(node, "weir", vrrp.config(200, head=head, **FAST))
    one.wait_log("Entering MASTER")

    def status(*words):
        got = subprocess.run([vrrp.ours(), "-f", one.file, "--status",
                              *words], capture_output=True, text=True,
                             check=False)
        return got.returncode, got.stdout
    wait_for(lambda: status()[0] == 0)
    assert status()[1].startswith("VI_1 MASTER priority 200 vrid 51 on eth0")
    assert status("VI_9")[0] == 2
    code, text = status("--json")
    assert code == 0 and json.loads(text)["vrrp"][0]["data"]["state"] == 2
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    page = ask(node, "/metrics")
    assert 'keepalived_vrrp_state{iname="VI_1",intf="eth0",vrid="51",' \
        'ip_address="10.77.0.50/24"} 2' in page
    for line in page.split("\r\n\r\n")[1].splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) \S+ .+|\w+(\{.*\})? \S+", line)
    assert ask(node, "/healthz").endswith("\r\n\r\nok\n")
    assert " 404 " in ask(node, "/other")
    node.cable(False)
    one.wait_log("Entering FAULT")
    assert " 503 " in ask(node, "/healthz")
    assert status()[0] == 2 and "(interface down)" in status()[1]
    one.stop()
    assert status()[0] == 3 and not os.path.exists(path)
