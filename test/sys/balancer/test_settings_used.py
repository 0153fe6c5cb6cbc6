# SPDX-License-Identifier: ISC
# No setting is read and then passed over in silence: each field of the setup
# is looked at by more than the files that read it, or its keyword is listed
# as ignored with a warning (what keys_test then holds it to).
import glob
import os
import re
import subprocess

import pytest

from rig.balancing import ours

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "..", "..", "..", "src", "balancer")
READERS = re.compile(r"(keys.*|key|parse|outline|explain)\.c$")

# Fields that are read for the verdict alone: their keywords warn.
WARNED = {"close_spread": "close-spread-time", "sandbox": "sandbox"}
# What other lines of the file take theirs from, when they are read.
OF_THE_FILE = {"ca_base", "crt_base", "key_base", "default_path",
               "default_origin", "default_server", "dh_file", "table_name",
               "template", "unix_bind", "unix_prefix"}
# Under way: roles and cancels of PostgreSQL.
UNDER_WAY = {"database", "password_file", "peer_id", "pgsql_cancel", "role"}


def text_of(path):
    with open(path) as f:
        return re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)


def fields():
    """The names that structs of settings.h have."""
    found = set()
    text = text_of(os.path.join(SOURCE, "settings.h"))
    for body in re.findall(r"^struct \w+ \{(.*?)^\};", text, re.S | re.M):
        body = re.sub(r"enum \{.*?\}", "enum", body, flags=re.S)
        body = re.sub(r"ARENA_LIST\([^)]*\)", "list", body)
        for line in body.replace("struct {", ";").split(";"):
            for part in line.split(","):
                name = re.search(r"(\w+)(\[\w+\])*\s*$", part)
                if name and name.group(1).islower():
                    found.add(name.group(1))
    return found


def used():
    found = set()
    for path in glob.glob(os.path.join(SOURCE, "*.c")):
        if not READERS.search(os.path.basename(path)):
            found.update(re.findall(r"(?:->|\.)(\w+)", text_of(path)))
    return found


USED = used()


@pytest.mark.parametrize("field", sorted(fields() - set(WARNED) -
                                         OF_THE_FILE - UNDER_WAY))
def test_is_used(field):
    assert field in USED


@pytest.fixture(scope="module")
def listed():
    out = subprocess.run([ours(), "--list-settings"], stdout=subprocess.PIPE,
                         universal_newlines=True, timeout=10).stdout
    rows = [line.split("\t") for line in out.splitlines()]
    assert len(rows) > 500
    return {row[0]: row for row in rows}


@pytest.mark.parametrize("field", sorted(WARNED))
def test_is_told_of(field, listed):
    assert field in fields()
    assert listed[WARNED[field]][4] == "ignored with a warning"
    assert listed[WARNED[field]][5] == "no effect"
