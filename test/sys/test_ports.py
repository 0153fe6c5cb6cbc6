# SPDX-License-Identifier: ISC
"""No two threads of a test are given the same port."""
import threading

from rig.cluster import free_port


def test_threads_get_ports_of_their_own():
    got = []
    threads = [threading.Thread(target=lambda: got.extend(
        free_port() for _ in range(200))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(got)) == 8 * 200
