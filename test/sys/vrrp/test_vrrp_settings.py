# SPDX-License-Identifier: ISC
"""Settings that show in the processes: buffers, names, real-time priority,
the log's form, the files of a reload."""
import ctypes
import json
import os
import signal
import socket
import time

from rig import vrrp
from rig.cluster import wait_for

LIBC = ctypes.CDLL(None, use_errno=True)
PIDFD_OPEN, PIDFD_GETFD = 434, 438
PACE = dict(version=3, advert_int="0.1", state="MASTER")


def buffers(pid):
    """Receive buffers of its raw sockets for VRRP."""
    held, found = LIBC.syscall(PIDFD_OPEN, pid, 0), []
    for fd in map(int, os.listdir("/proc/%d/fd" % pid)):
        mine = LIBC.syscall(PIDFD_GETFD, held, fd, 0)
        try:
            with socket.socket(fileno=mine) as s:
                if s.proto == 112:
                    found.append(s.getsockopt(socket.SOL_SOCKET,
                                              socket.SO_RCVBUF))
        except OSError:
            os.close(mine)
    os.close(held)
    return found


def name(pid):
    with open("/proc/%d/comm" % pid, encoding="utf-8") as f:
        return f.read().strip()


def test_process(lan, daemon):
    node, = lan(1).nodes
    one = daemon(node, "weir", vrrp.config(255, **PACE, head="""global_defs {
        vrrp_rx_bufs_policy ADVERT
        vrrp_rx_bufs_multiplier 400
        process_name boss
        vrrp_process_name judge
        max_auto_priority 2
        min_auto_priority_delay 100000
        log_format json
    }""") + vrrp.config(255, ["10.77.0.51/24", "10.77.0.52/24"], 52,
                        name="VI_2", **PACE), "-d")
    one.wait_log("VI_2.*Entering MASTER STATE")
    # Of both on the one socket; the kernel tells twice of what it was asked.
    assert buffers(one.pid) == [2 * 400 * (32 + 36)]
    assert name(one.pid) == "boss" and name(one.child()) == "judge"
    child = one.child()
    assert os.sched_getscheduler(child) & 0xff == os.SCHED_OTHER
    for step in (1, 2):
        os.kill(child, signal.SIGSTOP)
        time.sleep(0.22)                # one advert is late, by 0.1 s
        os.kill(child, signal.SIGCONT)
        one.wait_log("real-time priority to %d" % step)
        assert os.sched_getscheduler(child) & 0xff == os.SCHED_RR
        assert os.sched_getparam(child).sched_priority == step
    lines = [json.loads(x) for x in one.log().splitlines() if x[0] == "{"]
    assert len(lines) > 100             # -d: with the data
    assert any(x["text"].strip() == "VRRP Instance = VI_1" for x in lines)
    said = [x for x in lines if x["text"] == "Entering MASTER STATE"]
    assert {x["object"] for x in said} == {"VI_1", "VI_2"}
    assert said[0]["level"] == "info" and said[0]["fields"]["pid"] == child
    assert said[0]["program"] == "Keepalived_vrrp" and "T" in said[0]["time"]


def test_files_of_a_reload(lan, daemon, tmp_path):
    node, = lan(1).nodes
    log, mark = tmp_path / "log", tmp_path / "reading"
    head = "global_defs {\n reload_check_config %s\n reload_file %s\n}" % (
        log, mark)
    good = vrrp.config(255, head=head, **PACE)
    odd = vrrp.config(300, ["10.77.0.60"], 60, name="VI_2", **PACE)
    one = daemon(node, "weir", good + odd)
    one.wait_log("VI_1. Entering MASTER STATE")
    mark.write_text("wait for me")
    one.signal(signal.SIGHUP)           # nothing is new, and yet
    one.wait_log("New config failed validation, see %s" % log)
    assert "outside range" in log.read_text()
    wait_for(lambda: not mark.exists(), 3, "the end of the reading")
    one.write(good.replace("10.77.0.50", "10.77.0.51"))
    one.signal(signal.SIGHUP)
    wait_for(lambda: node.has("10.77.0.51"), 3, "the new address")
    assert log.read_text() == "" and not mark.exists()
