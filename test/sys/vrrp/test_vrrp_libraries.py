# SPDX-License-Identifier: ISC
"""What the daemon loads: nothing that only streams, names or TLS need. Each
page of a library is paid for three times, and nobody who reads packets from
everywhere should have a TLS stack in its memory."""
import re
import subprocess

from rig import vrrp

OF_OTHERS = re.compile(r"lib(ssl|crypto|event\w*|uring|cares|curl|jansson|"
                       r"pcre2\w*|pam|ldap|crypt|systemd)\b")


def test_only_what_it_uses():
    loads = subprocess.run(["ldd", vrrp.ours()], capture_output=True,
                           text=True, check=True).stdout
    assert "libc" in loads              # it was read at all
    assert not [line.strip() for line in loads.splitlines()
                if OF_OTHERS.match(line.strip())], loads
