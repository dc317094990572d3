# SPDX-License-Identifier: Apache-2.0
"""Memory and time that a hostile Hub can take: pages that are small on the wire and large in memory, to many processors."""
import gzip
import json
import os
import re
import signal
import subprocess
import time

import pytest
from bad_server import BadServer, read_head
from harness import BUILD, PATIENCE, ROOT, Ledger

pytestmark = pytest.mark.skipif("sanitize" in BUILD.parts, reason="a sanitizer's own memory counts as the daemon's")

MIB = 1 << 20
MOST, AFTERWARDS = 320 * MIB, 64 * MIB
ROW = {"_id": "659200800000000000000001", "id": "a/b", "cardData": {"license": "mit"}, "tags": ["license:mit"], "sha": "0" * 40,
       "createdAt": "2023-05-24T12:08:30.000Z", "lastModified": "2023-05-31T09:12:03.000Z"}


def row(**more):
    return json.dumps(ROW | more).encode()


def rows(count, **more):
    return b"[" + b",".join(row(_id=f"{number:024x}", id=f"a/{number}", **more) for number in range(1, count + 1)) + b"]"


def hostile_pages():
    """Name and text, each within page_bytes_max."""
    yield "rows that nobody asked for", rows(40000)
    yield "tiny rows", b"[" + b",".join(b'{"_id":"%024x","id":"a"}' % number for number in range(300000)) + b"]"
    yield "numbers", b"[" + b"0," * (7 * MIB) + b"0]"
    yield "empty objects", b"[" + b"{}," * (4 * MIB) + b"{}]"
    yield "brackets", b"[" * (15 * MIB)
    yield "the same key", b"[" + row()[:-1] + b',"a":1' * (15 * MIB // 6) + b"}]"
    yield "tags", b"[" + row(tags=[f"t{number}" for number in range(500000)]) + b"]"
    yield "one text", b"[" + row(pipeline_tag="x" * (15 * MIB)) + b"]"
    yield "escapes", b"[" + row(library_name="@").replace(b"@", b"\\u00e9" * (2 * MIB)) + b"]"
    yield "not UTF-8", b'["' + b"\xff" * (15 * MIB) + b'"]'
    yield "white space", b"[" + b" " * (15 * MIB) + b"]"
    yield "long rows", rows(1000, pipeline_tag="y" * 15000)
    yield "too large", b" " * (64 * MIB)


class HostileHub(BadServer):
    """Every listing's page is the next of these, gzipped or as it is, with a link to another; tame(): an empty one."""

    def __init__(self):
        self.bodies = [gzip.compress(text, 1) for _, text in hostile_pages()] + [rows(900, pipeline_tag="z" * 12000)]
        self.sent, self.is_tame = 0, False
        super().__init__(self.behave)

    def behave(self, connection):
        while head := read_head(connection):
            path = head.split()[1].decode()
            if not re.match(r"/api/(models|datasets|spaces)\?", path):
                connection.sendall(b"HTTP/1.1 404 No\r\nx-error-code: RepoNotFound\r\ncontent-length: 2\r\n\r\n{}")
                continue
            body = b"[]" if self.is_tame else self.bodies[self.sent % len(self.bodies)]
            self.sent += 1
            link = b'link: <%s?limit=1000&cursor=%d>; rel="next"\r\n' % (path.split("?")[0].encode(), self.sent)
            encoding = b"content-encoding: gzip\r\n" if body[:1] == b"\x1f" else b""
            connection.sendall(b"HTTP/1.1 200 OK\r\n%s%scontent-length: %d\r\n\r\n" %
                               (b"" if self.is_tame else link, encoding, len(body)) + body)


@pytest.fixture(scope="module", name="hub")
def hostile_hub():
    with HostileHub() as hub:
        yield hub


def private_bytes(pid):
    """What nobody shares: the mapped store is not in it."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return sum(int(kib) << 10 for kib in re.findall(r"^Private_\w+: +(\d+) kB", rollup.read(), re.M))


def watch(daemon, until):
    """The largest private memory that was seen until then."""
    peak = 0

    def ask():
        nonlocal peak
        peak = max(peak, private_bytes(daemon.process.pid))
        return until()
    daemon.wait(ask)
    return peak


@pytest.fixture(scope="module", name="shim")
def processors_shim(tmp_path_factory):
    """sysconf() that says as many processors as $PROCESSORS."""
    library = tmp_path_factory.mktemp("shim") / "processors.so"
    subprocess.run([os.environ.get("CC", "cc").split()[-1], "-shared", "-fPIC", "-o", library, ROOT / "tests/tools/processors.c", "-ldl"],
                   check=True)
    return library


def ledger_of(tmp_path, hub, shim, processors, **config):
    ledger = Ledger(tmp_path, hub.url, retries="1", retry_base="1ms", park_time="1s", poll_interval="1s", **config)
    ledger.environment |= {"LD_PRELOAD": str(shim), "PROCESSORS": str(processors)}
    return ledger


@pytest.mark.parametrize("processors", [2, 16])
def test_hostile_pages_stay_within_the_budget(tmp_path, hub, shim, processors):
    """And what they took is given back when they have passed."""
    hub.is_tame = False
    start = hub.sent
    with ledger_of(tmp_path, hub, shim, processors).daemon() as daemon:
        peak = watch(daemon, lambda: hub.sent - start > 5 * len(hub.bodies))
        assert peak < MOST
        hub.is_tame = True
        daemon.wait(lambda: private_bytes(daemon.process.pid) < AFTERWARDS)


def test_the_end_does_not_wait_for_what_is_decoded(tmp_path, hub, shim):
    hub.is_tame = False
    start = hub.sent
    with ledger_of(tmp_path, hub, shim, 16).daemon() as daemon:
        daemon.wait(lambda: hub.sent - start > len(hub.bodies))
        daemon.process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        assert daemon.finished() == 0
        assert time.monotonic() - asked < 2 * PATIENCE


def test_more_rows_than_were_asked_for_are_damage(tmp_path):
    def too_many(connection):
        while read_head(connection):
            body = rows(11)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    with BadServer(too_many) as server:
        ledger = Ledger(tmp_path, server.url, kinds="models", retries="1", page_rows="10")
        ledger.once(status=1)
    assert "more rows than were asked for" in ledger.said()
    assert ledger.metrics()["rows_total"] == 0 and ledger.metrics()["pages_damaged_total"] >= 2


def test_a_page_that_is_larger_than_usual_is_read(tmp_path):
    """Beyond the narrow limits, within page_bytes_max: 12 MiB of rows, one of them of 3 MiB."""
    page = rows(600, pipeline_tag="z" * 16000)[:-1] + b"," + row(_id="f" * 24, id="b/long", library_name="w" * (3 * MIB)) + b"]"

    def large(connection):
        while head := read_head(connection):
            body = page if b"limit=1000" in head else b"[]"
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    with BadServer(large) as server:
        ledger = Ledger(tmp_path, server.url, kinds="models")
        ledger.once()
    assert ledger.metrics()["rows_new_total"] == 601 and ledger.metrics()["rows_damaged_total"] == 0


def test_memory_max_must_hold_one_page(tmp_path):
    ledger = Ledger(tmp_path, "http://127.0.0.1:9", page_bytes_max="32MiB")
    said = ledger.once(status=78).errors
    assert "memory_max must be at least 12 times page_bytes_max: set memory_max = 384MiB or more" in said
