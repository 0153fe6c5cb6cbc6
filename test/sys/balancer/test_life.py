# SPDX-License-Identifier: ISC
# The master and its worker: who ends with what, what is told to whom.
import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest
from rig import balancing, dns
from rig.cluster import free_port
from rig.overseen import Notices, Overseen, accepts, alive, config, until

HELLO = b"hello"


@pytest.fixture(scope="module")
def server():
    return balancing.serve(balancing.say(HELLO))


@pytest.fixture
def make(tmp_path, server):
    made = []

    def start(*args, **kw):
        one = Overseen(balancing.ours(), str(tmp_path), free_port(), server,
                       *args, **kw)
        made.append(one)
        return one
    yield start
    with contextlib.ExitStack() as ends:
        for one in made:
            ends.push(one)


def greeted(port):
    return balancing.ask(port).encode() == HELLO


@pytest.mark.parametrize("number,code,word", [
    (signal.SIGTERM, 143, "Terminated"), (signal.SIGINT, 130, "Interrupt"),
    (signal.SIGUSR1, 0, "Exit")])
def test_master_is_stopped(make, number, code, word):
    m = make().start()
    worker, = m.workers()
    m.signal(number)
    assert m.process.wait(8) == 0
    said = m.said()
    assert "Exiting Master process..." in said
    assert "Current worker (%d) exited with code %d (%s)" % (
        worker, code, word) in said
    assert "All workers exited. Exiting... (0)" in said


@pytest.mark.parametrize("number,code", [
    (signal.SIGKILL, 137), (signal.SIGABRT, 134), (signal.SIGTERM, 0)])
def test_worker_dies(make, number, code):
    m = make().start()
    os.kill(m.workers()[0], number)
    assert m.process.wait(8) == code
    said = m.said()
    assert ("exit-on-failure: killing every processes with SIGTERM"
            in said) == (code != 0)
    assert "All workers exited. Exiting... (%d)" % code in said


def test_worker_dies_and_is_replaced(make):
    m = make(extra=" master-worker no-exit-on-failure").start()
    os.kill(m.workers()[0], signal.SIGKILL)
    m.until_said("Loading success.", 2)
    assert m.process.poll() is None and greeted(m.port)


def test_no_orphan_holds_the_port(make, server):
    m = make().start()
    worker, = m.workers()
    with balancing.connect(m.port):
        m.process.kill()
        m.process.wait()
        until(lambda: not accepts(m.port), what="a closed port")
    until(lambda: not alive(worker), what="the end of the worker")


def test_sessions_outlive_the_reload(tmp_path):
    port = balancing.serve(balancing.echo)
    with Overseen(balancing.ours(), str(tmp_path), free_port(), port) as m:
        m.start()
        old, = m.workers()
        with balancing.connect(m.port) as s:
            s.sendall(b"one")
            assert s.recv(10) == b"one"
            m.signal(signal.SIGUSR2)
            m.until_said("Loading success.", 2)
            assert len(m.workers()) == 2
            s.sendall(b"two")
            assert s.recv(10) == b"two"
        m.until_said("Former worker (%d) exited with code 0 (Exit)" % old)


def test_old_workers_end_in_time(tmp_path):
    port = balancing.serve(balancing.echo)
    with Overseen(balancing.ours(), str(tmp_path), free_port(), port,
                  extra=" hard-stop-after 300ms") as m:
        m.start()
        with balancing.connect(m.port) as s:
            s.sendall(b"one")
            assert s.recv(10) == b"one"
            m.signal(signal.SIGUSR2)
            assert s.recv(10) == b""
        m.until_said("soft-stop running for too long")
        m.until_said("Former worker")


def test_what_could_not_be_taken_over_has_its_time(tmp_path):
    """takeover_drain: of an old worker; one that stops by itself waits."""
    port = balancing.serve(balancing.echo)
    with Overseen(balancing.ours(), str(tmp_path), free_port(), port,
                  extra=" takeover_drain 300ms") as m:
        m.start()
        with balancing.connect(m.port) as s:
            s.sendall(b"one")
            assert s.recv(10) == b"one"
            m.signal(signal.SIGUSR2)
            assert s.recv(10) == b""
        m.until_said("takeover_drain is over")
        m.until_said("Former worker")
        with balancing.connect(m.port) as s:
            s.sendall(b"one")
            assert s.recv(10) == b"one"
            m.signal(signal.SIGUSR1)
            time.sleep(0.6)  # twice as long as the limit
            s.sendall(b"two")
            assert s.recv(10) == b"two"
        assert m.process.wait(8) == 0
        assert m.said().count("takeover_drain is over") == 1


def test_no_more_reloads_than_allowed(tmp_path):
    port = balancing.serve(balancing.echo)
    with Overseen(balancing.ours(), str(tmp_path), free_port(), port,
                  extra=" mworker-max-reloads 1") as m:
        m.start()
        first, = m.workers()
        with balancing.connect(m.port) as s:
            s.sendall(b"one")
            assert s.recv(10) == b"one"
            m.signal(signal.SIGUSR2)
            m.until_said("Loading success.", 2)
            s.sendall(b"two")
            assert s.recv(10) == b"two"
            m.signal(signal.SIGUSR2)
            assert s.recv(10) == b""
        m.until_said("Former worker (%d) exited with code 143" % first)


def reloads(port):
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        said = balancing.read_all(s).decode()
    return tuple(int(n) for n in re.findall(
        r'weir_balancer_reloads_total\{kind="\w+"\} (\d+)', said))


def test_reloads_are_counted(make):
    own = free_port()
    m = make(extra=" metrics_listen 127.0.0.1:%d" % own).start()
    assert reloads(own) == (0, 0, 0)
    m.write(m.text + " nonsense here\n")
    m.signal(signal.SIGUSR2)
    m.until_said("Loading failure!")
    until(lambda: reloads(own) == (0, 0, 1), what="a count")
    m.write(m.text)
    m.signal(signal.SIGUSR2)
    m.until_said("Former worker")
    until(lambda: accepts(own), what="the new worker's address")
    until(lambda: reloads(own) == (0, 1, 1), what="a count")


def test_a_bad_file_changes_nothing(make):
    m = make().start()
    old = m.workers()
    m.write(m.text + " nonsense here\n")
    m.signal(signal.SIGUSR2)
    m.until_said("Loading failure!")
    assert m.workers() == old and greeted(m.port)
    m.write(m.text)
    m.signal(signal.SIGHUP)
    m.until_said("Loading success.", 2)
    m.until_said("Former worker (%d) exited with code 0 (Exit)" % old[0])
    assert greeted(m.port)


def test_a_worker_that_cannot_start_changes_nothing(make):
    m = make().start()
    old = m.workers()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        m.write(m.text + " bind 127.0.0.1:%d\n" % taken.getsockname()[1])
        m.signal(signal.SIGUSR2)
        m.until_said("Loading failure!")
    said = m.said()
    assert re.search(r"Failed to load worker \(\d+\) exited with code 1 "
                     r"\(Exit\)", said)
    assert m.workers() == old and greeted(m.port)


@pytest.mark.parametrize("more", [" nonsense here\n",
                                  " bind 127.0.0.1:%d\n"])
def test_first_start_fails(make, more):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        m = make(more=more % taken.getsockname()[1] if "%" in more else more)
        assert m.process.wait(8) == 1


def test_worker_without_rights(make, tmp_path):
    """The master keeps them: the pid, the sockets, the next worker."""
    for part in (tmp_path, *tmp_path.parents):
        if part != part.parent and not os.stat(part).st_mode & 1:
            os.chmod(part, 0o755)
    os.mkdir(tmp_path / "root")
    m = make(extra=" user nobody\n group nogroup\n chroot %s/root"
             % tmp_path).start()
    nobody = pwd.getpwnam("nobody").pw_uid
    for n in range(2, 5):
        assert os.stat("/proc/%d" % m.workers()[0]).st_uid == nobody
        assert os.readlink("/proc/%d/root" % m.workers()[0]) == \
            str(tmp_path / "root")
        m.signal(signal.SIGUSR2)
        m.until_said("Loading success.", n)
        m.until_said("Former worker", n - 1)
        assert greeted(m.port)
    assert os.stat("/proc/%d" % m.pid).st_uid == 0


def test_reloads_that_meet(make):
    m = make().start()
    for _ in range(5):
        m.signal(signal.SIGUSR2)
        time.sleep(0.01)
    m.until_said("Loading success.", 2)
    until(lambda: len(m.workers()) == 1, what="one worker")
    assert greeted(m.port)


def test_service_manager_hears(make, tmp_path):
    notices = Notices(str(tmp_path / "notify"))
    m = make(mode="-Ws", env={"NOTIFY_SOCKET": notices.path})
    assert notices.next() == \
        "READY=1\nMAINPID=%d\nSTATUS=Ready.\n" % m.pid
    m.signal(signal.SIGUSR2)
    assert re.fullmatch("RELOADING=1\nSTATUS=Reloading Configuration.\n"
                        "MONOTONIC_USEC=\\d+\n", notices.next())
    assert notices.next().startswith("READY=1\nMAINPID=%d\n" % m.pid)
    m.write(m.text + " nonsense here\n")
    m.signal(signal.SIGUSR2)
    assert notices.next().startswith("RELOADING=1\n")
    assert notices.next() == "READY=1\nSTATUS=Reload failed!\n"
    m.signal(signal.SIGTERM)
    assert notices.next() == "STOPPING=1"
    assert m.process.wait(8) == 0


def test_service_manager_in_an_abstract_place(make):
    notices = Notices("\0weir-life-%d" % os.getpid())
    m = make(mode="-Ws",
             env={"NOTIFY_SOCKET": "@weir-life-%d" % os.getpid()})
    assert notices.next().startswith("READY=1\nMAINPID=%d\n" % m.pid)


def test_number_and_directory_stay(make, tmp_path):
    """Relative paths, the pid file, the environment after a reload."""
    m = make("-p", str(tmp_path / "pid"), mode="-W", env={"MINE": "1"})
    m.start()
    m.signal(signal.SIGUSR2)
    m.until_said("Loading success.", 2)
    assert (tmp_path / "pid").read_text() == "%d\n" % m.pid
    worker = m.workers()[0]
    with open("/proc/%d/environ" % m.pid) as f:
        master = f.read().split("\0")
    assert "MINE=1" in master and os.path.exists("/proc/%d" % worker)
    with open("/proc/%d/cmdline" % m.pid) as f:
        assert f.read().split("\0")[1] == "-sf"


def test_relative_paths(tmp_path, server):
    (tmp_path / "h.cfg").write_text(config(str(tmp_path), free_port(),
                                           server))
    log = open(tmp_path / "log2", "w+")
    p = subprocess.Popen([balancing.ours(), "-W", "-f", "h.cfg"],
                         cwd=tmp_path, stdout=log, stderr=log)
    try:
        until(lambda: "Loading success." in (tmp_path / "log2").read_text())
        p.send_signal(signal.SIGUSR2)
        until(lambda: (tmp_path / "log2").read_text()
              .count("Loading success.") == 2)
    finally:
        p.terminate()
        assert p.wait(8) == 0


@pytest.mark.parametrize("mode", ["-W", None])
def test_daemon(tmp_path, server, mode):
    port = free_port()
    pidfile = tmp_path / "pid"
    m = Overseen(balancing.ours(), str(tmp_path), port, server, "-D", "-p",
                 str(pidfile), mode=mode)
    assert m.process.wait(8) == 0
    pid = int(pidfile.read_text())
    try:
        assert greeted(port) and alive(pid)
        assert os.getsid(pid) == pid
        assert os.readlink("/proc/%d/fd/2" % pid) == "/dev/null"
    finally:
        os.kill(pid, signal.SIGTERM)
    until(lambda: not alive(pid))


def test_daemon_that_cannot_start(tmp_path, server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for mode in ("-W", None):
            m = Overseen(balancing.ours(), str(tmp_path),
                         taken.getsockname()[1], server, "-D", mode=mode)
            assert m.process.wait(8) == 1


# ---- beside another process

def without_reuseport(tmp_path, server, second, more=""):
    """The second is started beside the first; both as they stand then."""
    port = free_port()
    one = Overseen(balancing.ours(), str(tmp_path), port, server, "-dR",
                   mode="-db")
    until(lambda: accepts(port))
    two = Overseen(second, str(tmp_path), port, server, "-sf", str(one.pid),
                   more=more, extra=" noreuseport", mode="-db")
    return port, one, two


def test_old_lets_go_of_its_address(tmp_path, server):
    port, one, two = without_reuseport(tmp_path, server, balancing.ours())
    with one, two:
        assert one.process.wait(8) == 0
        assert two.process.poll() is None and greeted(port)


def test_old_has_its_address_again(tmp_path, server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port, one, two = without_reuseport(
            tmp_path, server, balancing.ours(),
            more=" bind 127.0.0.1:%d\n" % taken.getsockname()[1])
        with one, two:
            assert two.process.wait(8) == 1
            assert one.process.poll() is None
            until(lambda: accepts(port))
            assert greeted(port)


def test_listeners_pause_and_resume(make):
    m = make().start()
    m.signal(signal.SIGTTOU)
    until(lambda: not accepts(m.port))
    m.signal(signal.SIGTTIN)
    until(lambda: accepts(m.port))
    assert greeted(m.port)
    said = m.said()
    assert re.search(r"Paused (proxy|frontend) \w+\.\n", said)
    assert re.search(r"Resumed (proxy|frontend) \w+\.\n", said)


# ---- the command line

@pytest.mark.parametrize("args,maxconn,ulimit", [
    (["-n", "123"], "123", None), (["-n", "55", "-N", "7"], "55", None)])
def test_limits_of_the_command_line(make, tmp_path, args, maxconn, ulimit):
    m = make(*args, mode="-db")
    until(lambda: accepts(m.port))
    text = said_by(str(tmp_path / "s.sock"), "show info\n")
    assert "\nMaxconn: %s\n" % maxconn in text


def test_memory_has_an_end(make, tmp_path):
    with open(balancing.ours(), "rb") as f:
        if b"__asan_init" in f.read():
            pytest.skip("the address sanitizer needs room")
    m = make("-m", "900", mode="-db")
    until(lambda: accepts(m.port))
    with open("/proc/%d/limits" % m.pid) as f:
        line, = [x for x in f if x.startswith("Max address space")]
    assert line.split()[3] == str(900 << 20)
    assert "\nMemmax_MB: 900\n" in said_by(str(tmp_path / "s.sock"),
                                           "show info\n")


def test_versions():
    def said(*args):
        return subprocess.run([balancing.ours(), *args], check=True,
                              capture_output=True, text=True).stdout
    assert re.match(r"HAProxy version 3\.4\.0 \d{4}/\d\d/\d\d - .*\(Weir ",
                    said("-v"))
    text = said("-vv")
    assert "  TARGET  = linux-glibc\n" in text
    features, = [x for x in text.split("\n")
                 if x.startswith("Feature list :")]
    for one in ("OPENSSL THREAD PROMEX EPOLL LINUX_SPLICE TPROXY "
                "LINUX_TPROXY GETADDRINFO NS PCRE2").split():
        assert " +" + one in features
    assert "Available polling systems :" in text
    assert "Available services : prometheus-exporter" in text
    assert said("-vqb") == "3.4\n" and said("-vq") == "3.4.0\n"


@pytest.mark.parametrize("flag", "4 dG dS dZ dF dR de dp dk dv dT dI dMno-merge "
                         "dL dA dCfoo dKall dtno dc dV dr dD q V".split())
def test_flags_are_taken(make, flag):
    m = make("-" + flag, mode="-db")
    until(lambda: accepts(m.port))
    assert m.process.poll() is None


@pytest.mark.parametrize("flag,address,asked", [
    ("-4", "127.0.0.9", {"A"}), ("-dW", "::9", {"AAAA"})])
def test_names_become_ipv4_addresses(make, tmp_path, flag, address, asked):
    d = dns.Dns()
    d.say("n.test", dns.A, dns.a("127.0.0.9"))
    d.say("n.test", dns.AAAA, dns.aaaa("::9"))
    m = make(flag, mode="-db", more=" server n n.test:1 resolvers r "
             "init-addr none\nresolvers r\n nameserver n 127.0.0.1:%d\n"
             % d.port)
    until(lambda: accepts(m.port))
    until(lambda: " n %s 2 " % address in said_by(
        str(tmp_path / "s.sock"), "show servers state\n"))
    d.close()
    assert {q[2] for q in d.asked} == asked


# ---- the master's socket

def said_by(path, text):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(8)
        s.connect(path)
        s.sendall(text.encode())
        s.shutdown(socket.SHUT_WR)
        return balancing.read_all(s).decode()


@pytest.fixture
def master(make, tmp_path):
    m = make("-S", str(tmp_path / "m.sock")).start()
    m.cli = lambda text: said_by(str(tmp_path / "m.sock"), text + "\n")
    return m


TITLE = "#<PID>          <type>          <reloads>       <uptime>        " \
    "<version>      \n"


def test_show_proc(master):
    worker, = master.workers()
    form = (r"(\d+) +master +(\d) \[failed: (\d)\] +0d00h00m\d\ds +3.4.0 *\n"
            r"# workers\n(\d+) +worker +(\d) +0d00h00m\d\ds +3.4.0 *\n\n")
    text = master.cli("show proc")
    assert text.startswith(TITLE)
    assert re.fullmatch(form, text[len(TITLE):]).groups() == (
        str(master.pid), "0", "0", str(worker), "0")
    master.write(master.text + " nonsense here\n")
    assert master.cli("reload").startswith("Success=0\n--\n")
    text = master.cli("show proc")
    assert re.fullmatch(form, text[len(TITLE):]).groups() == (
        str(master.pid), "1", "1", str(worker), "1")


def test_show_proc_with_old_workers(tmp_path):
    port = balancing.serve(balancing.echo)
    sock = str(tmp_path / "m.sock")
    with Overseen(balancing.ours(), str(tmp_path), free_port(), port, "-S",
                  sock) as m:
        m.start()
        old, = m.workers()
        with balancing.connect(m.port) as s:
            s.sendall(b"one")
            assert s.recv(10) == b"one"
            assert said_by(sock, "reload\n").startswith("Success=1\n--\n")
            assert re.search("# old workers\n%d +worker +1 " % old,
                             said_by(sock, "show proc\n"))
            assert said_by(sock, "@!%d show info\n" % old).count(
                "Pid: %d\n" % old) == 1
            assert said_by(sock, "hard-reload\n").startswith("Success=1\n")
            assert s.recv(10) == b""
        until(lambda: len(m.workers()) == 1)


def test_reload_tells_why_not(master):
    master.write(master.text + " nonsense here\n")
    text = master.cli("reload")
    assert text.startswith("Success=0\n--\n")
    assert "unknown keyword 'nonsense' in 'listen' section" in text
    assert "unknown keyword 'nonsense'" in master.cli("show startup-logs")


def test_words_for_workers(master):
    worker, = master.workers()
    assert "Pid: %d\n" % worker in master.cli("@1 show info")
    assert master.cli("@!%d show version" % worker) == "3.4.0\n\n"
    assert master.cli("@master show version;@1 show version") == \
        "3.4.0\n\n3.4.0\n\n"
    assert master.cli("@!1 show info") == \
        "Can't find the target PID matching the prefix '@!1'\n"
    assert master.cli("@1 echo a\\;b\\ c") == "a;b c\n\n"
    assert master.cli("@1 show env HAPROXY_MWORKER") == \
        "HAPROXY_MWORKER=1\n\n"
    assert master.cli("@1 show env HAPROXY_MASTER_CLI").startswith(
        "HAPROXY_MASTER_CLI=unix@/")
    assert master.cli("@1 show env HAPROXY_CLI").startswith(
        "HAPROXY_CLI=unix@/")


def test_prompt_of_the_master(master, tmp_path):
    worker, = master.workers()
    assert said_by(str(tmp_path / "m.sock"),
                   "prompt\nshow version\n@1\nshow version\n@master\n"
                   "quit\n") == (
        "master> 3.4.0\n\nmaster> %d> 3.4.0\n\n%d> master> " % (
            worker, worker))


def test_level_of_the_master(make, tmp_path):
    sock = str(tmp_path / "m.sock")
    make("-S", sock + ",mode,600,level,operator").start()
    assert os.stat(sock).st_mode & 0o777 == 0o600
    assert said_by(sock, "show cli level\n") == "operator\n\n"
    assert said_by(sock, "@1 show cli level\n") == "operator\n\n"
    assert said_by(sock, "@1 disable server l/s\n") == "Permission denied\n\n"
    assert said_by(sock, "user; reload\n") == "Permission denied\n\n"


def test_a_long_answer_comes_whole(master):
    one = master.cli("@1 help")
    many = master.cli("@1 " + ";@1 ".join(["help"] * 200))
    assert many == one * 200


def test_a_program_that_is_gone_changes_nothing(tmp_path, server):
    """There is no next life: the one there is goes on."""
    program = str(tmp_path / "program")
    shutil.copy(balancing.ours(), program)
    sock = str(tmp_path / "m.sock")
    with Overseen(program, str(tmp_path), free_port(), server, "-S",
                  sock) as m:
        m.start()
        old = m.workers()
        os.rename(program, program + ".away")
        assert said_by(sock, "reload\n").startswith("Success=0\n--\n")
        assert "Failed to reexecute the master process" in m.said()
        assert m.workers() == old and greeted(m.port)
        os.rename(program + ".away", program)
        assert said_by(sock, "reload\n").startswith("Success=1\n--\n")
        m.until_said("Former worker")
        assert greeted(m.port)


def test_socket_stays_through_reloads(master, tmp_path):
    before = os.stat(tmp_path / "m.sock").st_ino
    runtime = os.stat(tmp_path / "s.sock").st_ino
    assert master.cli("reload").startswith("Success=1")
    assert os.stat(tmp_path / "m.sock").st_ino == before
    assert os.stat(tmp_path / "s.sock").st_ino == runtime
    until(lambda: len(master.workers()) == 1)
    assert "Pid: %d\n" % master.workers()[0] in said_by(
        str(tmp_path / "s.sock"), "show info\n")


# ---- as the original has it

UNIT = "/lib/systemd/system/haproxy.service"


@pytest.mark.skipif(not os.path.exists(UNIT),
                    reason="no unit of HAProxy on this machine")
def test_unit_of_the_distribution(tmp_path, server):
    """Its own lines, with nothing changed but the program and the places."""
    with open(UNIT) as f:
        lines = [x.strip() for x in f]
    places = dict(x.split("=", 1) for x in re.findall(
        r'"([^"]*)"', next(x for x in lines if x.startswith("Environment="))))
    for name, value in places.items():
        places[name] = re.sub(r"/\S*/", str(tmp_path) + "/", value)

    def command(line):
        words = line.split("=", 1)[1].replace(
            "/usr/sbin/haproxy", balancing.ours())
        for name, value in places.items():
            words = words.replace("$" + name, value)
        return words.split()
    start, = [x for x in lines if x.startswith("ExecStart=")]
    check, kill = [x for x in lines if x.startswith("ExecReload=")]
    port = free_port()
    with open(places["CONFIG"], "w") as f:
        f.write(config(str(tmp_path), port, server))
    notices = Notices(str(tmp_path / "notify"))
    p = subprocess.Popen(command(start), stderr=subprocess.DEVNULL,
                         env=dict(os.environ, NOTIFY_SOCKET=notices.path))
    try:
        assert notices.next().startswith("READY=1\nMAINPID=%d\n" % p.pid)
        assert subprocess.run(command(check)).returncode == 0
        subprocess.run(command(kill.replace("$MAINPID", str(p.pid))),
                       check=True)
        assert notices.next().startswith("RELOADING=1\n")
        assert notices.next().startswith("READY=1\n")
        with open(places["PIDFILE"]) as f:
            assert int(f.read()) == p.pid
        assert " 1 [failed: 0] " in said_by(
            places["EXTRAOPTS"].split()[-1], "show proc\n")
        assert greeted(port)
    finally:
        p.terminate()
        good = [0] + [int(x.split("=")[1]) for x in lines
                      if x.startswith("SuccessExitStatus=")]
        assert p.wait(8) in good


def answers(sock):
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(sock) == 0


@pytest.mark.skipif(not os.path.exists(balancing.ORIGINAL),
                    reason="no original on this machine")
def test_masters_side_by_side(tmp_path, server):
    """What both say on the master's socket, but for numbers and versions."""
    said = {}
    for path in (balancing.ORIGINAL, balancing.ours()):
        where = tmp_path / os.path.basename(path)
        where.mkdir()
        sock = str(where / "m.sock")
        with Overseen(path, str(where), free_port(), server, "-S",
                      sock) as m:
            m.start()
            time.sleep(0.3 * (path == balancing.ORIGINAL))  # it begins anew
            until(lambda: answers(sock))
            worker, = m.workers()
            out = []
            for text in ("show proc", "@!7 show info", "@1 show cli level",
                         "operator;show cli level", "user;@1 show cli level",
                         "user;reload", "@1 get weight l/s",
                         "prompt\n@1\n@master\nshow cli level",
                         "@!%d get weight l/s" % worker,
                         "@1 disable server l/s;@1 get weight x/y"):
                got = said_by(sock, text + "\n").replace("# programs\n", "")
                got = re.sub(r"(%d|%d) *" % (m.pid, worker), "PID ", got)
                got = re.sub(r"\d+d\d+h\d+m\d+s", "UP", got)
                out.append(re.sub(r"(2\.6|3\.4)\.\S+ *", "V", got))
            m.signal(signal.SIGTERM)
            out.append(m.process.wait(8))
        said[path] = out
    assert said[balancing.ours()] == said[balancing.ORIGINAL]
