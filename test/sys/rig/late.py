# SPDX-License-Identifier: ISC
"""How late anybody wakes on this machine: what a test may add to a bound, and
nothing else."""
import contextlib
import subprocess
import sys

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
