# SPDX-License-Identifier: ISC
# What the Python drivers share: many clients run the same steps at once,
# and each transcript that is unlike the others is printed. Only the first
# client asks for the row of 50 MB, and a few cancel a query: a client that
# waits for a server has nothing to cancel yet.
import hashlib
import sys
import threading
import time

CANCELLERS = 8
BIG = "select repeat('0123456789', 5000000)"
BIG_IS = "1b2bf612807ee4bba57ba0f428f6b1f4"


def md5(data):
    return hashlib.md5(data if isinstance(data, bytes)
                       else str(data).encode()).hexdigest()


class Transcript:
    def __init__(self, number):
        self.number, self.lines = number, []

    def say(self, step, *what):
        self.lines.append("%s: %s" % (step, " | ".join(map(str, what))))

    def cancels(self):
        return self.number < CANCELLERS

    def text(self):
        return "\n".join(self.lines)


def show(texts):
    print("\n====\n".join(sorted(set(texts))))


def threads(steps):
    """Run steps(transcript, dsn) for argv: DSN CLIENTS."""
    dsn, clients = sys.argv[1], int(sys.argv[2])
    results = [None] * clients

    def one(n):
        transcript = Transcript(n)
        try:
            steps(transcript, dsn)
            results[n] = transcript.text()
        except Exception as why:
            results[n] = transcript.text() + "\nFAULT " + repr(why)
    running = [threading.Thread(target=one, args=(n,))
               for n in range(clients)]
    for t in running:
        t.start()
        time.sleep(0.002)
    for t in running:
        t.join()
    show(results)
