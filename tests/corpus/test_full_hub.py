# SPDX-License-Identifier: Apache-2.0
"""The whole listing of 2024-07, 935,000 real rows, through the real programs: exact, small, quiet, and proof against kills."""
import csv
import os
import random
import shutil
import subprocess
import threading
import time

import pytest

from corpus import ROOT, full_file, needs_corpus, read_expected
from harness import BUILD, Failed, Hubsim, Ledger

pytestmark = needs_corpus
ROWS, PAGES, KILLS = 935000, 935, 10
CRAWL_S, TICK_CHANGES = 300, 20000
MEMORY_MAX, UNCHANGED_WRITE_MAX, IMPORT_MEMORY_MAX = 128 << 20, 2 << 20, 256 << 20
CONFIG = {"kinds": "models,datasets", "commit_interval": "1s"}
# What two runs of the same crawl may differ in.
NOT_OF_THE_EVENT = ("seq", "ledger", "at", "observed_at", "observed_after", "last_modified", "prev", "hash")


class Watch(threading.Thread):
    """Samples memory apart from the mapped store, and what has been written, while a process runs.

    Written is what was handed to write calls (wchar; the store is not written through the map). write_bytes counts whole
    folios of the page cache instead, so that 1.3 MB of scattered 4 KiB pages come out as 2 to 7 MB, at the kernel's whim.
    """

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.private_max, self.written = pid, 0, 0
        self.start()

    def run(self):
        while True:
            try:
                with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
                    figures = dict(line.split(":", 1) for line in status)
                with open(f"/proc/{self.pid}/io", encoding="ascii") as io:
                    self.written = max(self.written, int(dict(line.split(":") for line in io)["wchar"]))
            except (OSError, KeyError, ValueError):
                return
            if "RssAnon" not in figures:  # it has ended and waits for its parent
                return
            self.private_max = max(self.private_max, int(figures["RssAnon"].split()[0]) << 10)
            time.sleep(0.02)


def crawl_watched(ledger):
    """One --once; what it took."""
    with ledger.daemon("--once") as daemon:
        watch = Watch(daemon.process.pid)
        status = daemon.finished(CRAWL_S)
        watch.join(5)
    if status != 0:
        raise Failed(f"relicensed --once ended with {status}\n{ledger.said()[-8000:]}")
    return watch


def crawl_killed(hub, ledger, seed):
    """--once, killed KILLS times along the way, each time after some more pages, and then left to finish."""
    spread = random.Random(seed)
    for _ in range(KILLS):
        goal = hub.stats()["pages"] + spread.randint(PAGES // (KILLS * 3), PAGES // KILLS)
        with ledger.daemon("--once") as daemon:
            daemon.wait(lambda: hub.stats()["pages"] >= goal, CRAWL_S)
            daemon.kill()
    ledger.once(timeout=CRAWL_S)


def events(ledger):
    return sorted(str(sorted((key, str(value)) for key, value in record.items() if key not in NOT_OF_THE_EVENT))
                  for record in ledger.changes())


@pytest.fixture(name="rows", scope="module")
def rows_fixture():
    return full_file()


@pytest.fixture(name="hub", scope="module")
def hub_fixture(rows):
    with Hubsim(rows=str(rows[0]), quota="none") as hub:
        yield hub


@pytest.fixture(name="place", scope="module")
def place_fixture():
    """Stores of this size belong on the disk that the build is on."""
    place = BUILD / "corpus" / f"stores-{os.getpid()}"
    shutil.rmtree(place, ignore_errors=True)
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(name="crawled", scope="module")
def crawled_fixture(hub, place):
    """An undisturbed first crawl, and how it went."""
    ledger = Ledger(place / "undisturbed", hub.url, **CONFIG)
    return ledger, crawl_watched(ledger)


def test_every_row_is_stored_once(crawled, rows):
    ledger, _ = crawled
    expected = read_expected(rows[1])
    assert len(expected) == ROWS
    lines = ledger.dump()
    assert len(lines) == ROWS
    for line in lines:
        kind, oid, version, canonical = line.split(b" ", 3)
        name, _ = expected.pop((kind.decode(), oid.decode()))
        assert version == b"1"
        assert b'"id":"%s"' % name.encode() in canonical
    assert not expected
    assert ledger.changes() == []
    ledger.verify()


def test_report_equals_the_census_cell_by_cell(crawled):
    ledger, _ = crawled
    kinds = {"models": "model", "datasets": "dataset"}
    with open(ROOT / "tests/data/licenses/mix-2024-07.tsv", encoding="utf-8") as file:
        wanted = {(kinds[row.pop("kind")], row.pop("created")): row for row in csv.DictReader(file, delimiter="\t")}
    text = ledger.tool("report", "--by", "quarter", "--format", "csv", timeout=CRAWL_S).text
    lines = [line for line in text.splitlines() if line]
    assert lines[0] == ("kind,period,permissive,copyleft,use-restricted,source-available,non-commercial,proprietary,"
                        "unknown,undeclared,total,period_start")
    found = {}
    for row in csv.DictReader(lines):
        key = row.pop("kind"), row.pop("period")
        assert row.pop("total") == str(sum(int(row[name]) for name in row if name != "period_start"))
        row.pop("period_start")
        found[key] = row
    assert found == wanted


def test_memory_apart_from_the_mapped_store(crawled):
    _, watch = crawled
    print(f"largest private memory {watch.private_max >> 20} MiB")
    assert 0 < watch.private_max < MEMORY_MAX


def test_second_look_is_quiet_and_writes_little(crawled):
    ledger, _ = crawled
    watch = crawl_watched(ledger)
    figures = ledger.metrics()
    assert ledger.changes() == []
    assert figures["rows_new_total"] == figures["records_total"] == figures["versions_total"] == 0
    assert figures["rows_same_total"] >= ROWS
    print(f"written {watch.written} bytes, largest private memory {watch.private_max >> 20} MiB")
    assert 0 < watch.written < UNCHANGED_WRITE_MAX
    assert watch.private_max < MEMORY_MAX


def test_imported_it_is_the_same(crawled, rows, place):
    """The listing as a dump: the rows that the crawl stored, without a Hub."""
    ledger = Ledger(place / "imported", "http://127.0.0.1:9", **CONFIG)
    start = time.monotonic()
    with subprocess.Popen([ledger.relicensed, "--config", ledger.config_path, "--import", rows[0], "--observed-at", "2024-07-11",
                           "--complete"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        watch = Watch(process.pid)
        assert process.wait(CRAWL_S) == 0
    took_s = time.monotonic() - start
    print(f"{ROWS / took_s:.0f} rows/s, largest private memory {watch.private_max >> 20} MiB")
    assert 0 < watch.private_max < IMPORT_MEMORY_MAX
    crawled_ids = [line.split(b" ", 3)[:2] for line in crawled[0].dump()]
    assert [line.split(b" ", 3)[:2] for line in ledger.dump()] == crawled_ids
    assert ledger.changes() == []
    ledger.verify()


def test_killed_ten_times_equals_undisturbed(hub, crawled, place):
    """First the baseline, then, after many changes of all kinds, a crawl that has much to record."""
    calm, _ = crawled
    killed = Ledger(place / "killed", hub.url, **CONFIG)
    crawl_killed(hub, killed, 1)
    assert calm.dump() == killed.dump()
    assert calm.changes() == killed.changes() == []
    killed.verify()

    hub.tick(TICK_CHANGES)
    calm.once(timeout=CRAWL_S)
    crawl_killed(hub, killed, 2)
    assert events(calm), "nothing was recorded: this test would test nothing"
    assert events(calm) == events(killed)
    assert calm.dump() == killed.dump()
    calm.verify()
    killed.verify()
