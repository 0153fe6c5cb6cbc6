# SPDX-License-Identifier: ISC
"""How late anybody wakes on this machine: what a test may add to a bound, and
nothing else."""
import contextlib
import socket
import struct
import subprocess
import sys
import threading
import time

SLEEPER = """
import os, sys, time
every, pressing = float(sys.argv[1]), sys.argv[2] == "True"
try:
    if pressing:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(50))
except OSError:
    pass
late = 0
print(flush=True)
while True:
    at = time.monotonic() + every
    time.sleep(every)
    if time.monotonic() - at > late:
        late = time.monotonic() - at
        print(late, flush=True)
"""


@contextlib.contextmanager
def machine_lateness(every=0.01, pressing=False):
    """A list of seconds, whole behind the block; its greatest is how late
    somebody else who slept woke meanwhile. pressing: whom no other program
    holds up."""
    late = [0.0]
    with subprocess.Popen([sys.executable, "-c", SLEEPER, str(every),
                           str(pressing)], text=True,
                          stdout=subprocess.PIPE) as sleeper:
        sleeper.stdout.readline()
        try:
            yield late
        finally:
            sleeper.terminate()
            late += map(float, sleeper.stdout.read().split())


class KernelWait(threading.Thread):
    """How long the kernel lets anybody wait who changes a link or an address:
    all networks of a machine share one lock, and those that come and go hold
    it. Asks for it all the time, with a change of the loopback that changes
    nothing."""

    RTM_SETLINK, REQUEST_ACK = 19, 5

    def __init__(self, every=0.02):
        super().__init__(daemon=True)
        self.every, self.over, self.waits = every, False, []
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.start()

    def run(self):
        change = struct.pack("=IHHIIBBHiII", 32, self.RTM_SETLINK,
                             self.REQUEST_ACK, 1, 0, 0, 0, 0, 1, 0, 0)
        while not self.over:
            begun = time.time()
            self.sock.send(change)
            self.sock.recv(4096)
            self.waits.append((begun, time.time() - begun))
            time.sleep(self.every)  # it shall not hold up others itself

    def worst(self, since):
        """Of the waits that were not over then."""
        return max([took for begun, took in list(self.waits)
                    if begun + took >= since], default=0)

    def stop(self):
        self.over = True
        self.join()
        self.sock.close()
