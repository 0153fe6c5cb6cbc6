# SPDX-License-Identifier: ISC
"""What a daemon of ours leaves when it had a fault: nothing but a test that
looks for it fails of a crash, or of a sanitizer's word."""
import re
import signal

SPOKE = re.compile(r"==\d+==ERROR: (?:Address|Leak)Sanitizer|"
                   r"WARNING: ThreadSanitizer: |:\d+:\d+: runtime error: |"
                   r"broken rule: .* @\S+:\d+")
# What a test sends itself is none of these.
CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE,
           -signal.SIGILL}


def judge(said, code=None):
    """said: all that it wrote; code: how it ended, as Popen has it."""
    assert not SPOKE.search(said), "a sanitizer spoke:\n" + said
    assert code not in CRASHES, "it crashed: %d\n%s" % (code, said)
