# SPDX-License-Identifier: Apache-2.0
"""Two clocks, neither believed alone: a wrong clock, or one wrong Date, dates no record and hides no change."""
import datetime
import email.utils
import time

import pytest

from fault_proxy import FaultProxy
from harness import Hubsim, Ledger

MINUTE_MS = 60 * 1000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
CONFIG = {"page_rows": "100", "kinds": "models"}


def rows(count, licence="mit"):
    return [{"_id": f"6400000000000000000000{n:02x}", "id": f"o/m{n}", "cardData": {"license": licence}} for n in range(count)]


def ms_of(moment):
    return int(datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() * 1000)


@pytest.fixture(name="hub")
def running_hub():
    with Hubsim(rows=rows(10), sim_clock=True, quota="none") as hub:
        yield hub


@pytest.fixture(name="ledger")
def ledger_of(hub, tmp_path):
    return Ledger(tmp_path, hub.url, sim_clock=hub.sim_clock, **CONFIG)


def switch(hub, number, licence):
    hub.post_rows({"_id": f"6400000000000000000000{number:02x}", "id": f"o/m{number}", "cardData": {"license": licence}})


def licenses(ledger):
    return [record for record in ledger.changes() if record["event"].startswith("license.")]


def now_ms(hub):
    return hub.stats()["time"]["now_ms"]


@pytest.mark.parametrize("skew_ms", [26000 * DAY_MS, 2 * HOUR_MS, -3 * HOUR_MS, -400 * DAY_MS, -19000 * DAY_MS])
def test_one_start_with_a_wrong_clock(hub, ledger, skew_ms):
    ledger.once()
    switch(hub, 1, "gpl-3.0")
    ledger.once()
    hub.advance(HOUR_MS)
    hub.skew(skew_ms)
    switch(hub, 2, "gpl-3.0")
    assert "event=clocks-differ" in ledger.once().errors
    assert ledger.metrics()["clocks_differ"] == 1 and ledger.metrics()["clocks_apart_seconds"] >= 2 * HOUR_MS // 1000
    assert "clock " in ledger.tool("status", "--format", "table").text
    hub.skew(0)
    hub.advance(HOUR_MS)
    switch(hub, 3, "gpl-3.0")
    assert "event=clocks-differ" not in ledger.once().errors
    found = licenses(ledger)
    assert [record["repo"] for record in found] == ["o/m1", "o/m2", "o/m3"]
    off = [ms_of(record["observed_at"]) - ms_of(found[0]["observed_at"]) - hour * HOUR_MS for hour, record in enumerate(found)]
    assert all(abs(one) < MINUTE_MS for one in off), off
    gap = next(record for record in ledger.changes() if record["event"] == "gap")
    assert "the clocks differ" in gap["reason"] and "the Hub's counts" in gap["reason"]
    ledger.verify()


def test_a_log_that_lies_ahead_of_both_clocks_is_not_continued(tmp_path):
    with FaultProxy() as proxy, Hubsim(rows=rows(10), sim_clock=True, quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        proxy.add("always * header Date ''")  # then ours counts, which nobody can check
        ledger = Ledger(tmp_path, proxy.url, sim_clock=hub.sim_clock, **CONFIG)
        ledger.once()
        switch(hub, 1, "gpl-3.0")
        ledger.once()
        good = licenses(ledger)[0]["observed_at"]
        hub.skew(30 * DAY_MS)
        switch(hub, 2, "gpl-3.0")
        ledger.once()
        hub.skew(0)
        switch(hub, 3, "gpl-3.0")
        for date in (False, True):
            if date:
                proxy.clear()
            done = ledger.once(status=76)
            assert "event=log-ahead" in done.errors and "since record 2, of 2026-12-31" in done.errors
            assert f"a backup from before the record after {good[:16]}" in done.errors
            assert ledger.head_seq() == 2
        hub.advance(31 * DAY_MS)  # waiting is one of the ways out
        ledger.once()
        assert [record["repo"] for record in licenses(ledger)] == ["o/m1", "o/m2", "o/m3"]


def test_a_clock_that_is_set_while_it_runs(hub, ledger):
    def live(daemon, ms):
        hub.run_time(ms)
        daemon.wait(lambda: hub.stats()["time"]["stopped"])

    hub.run_time(0)
    with ledger.daemon() as daemon:
        live(daemon, 5 * MINUTE_MS)
        for number, skew_ms in enumerate([-90 * 1000, 2 * HOUR_MS, -HOUR_MS, 0], 1):
            hub.skew(skew_ms)
            before = now_ms(hub)
            switch(hub, number, "gpl-3.0")
            live(daemon, 2 * MINUTE_MS)
            seen = ms_of(licenses(ledger)[-1]["observed_at"])
            assert before - 2 * MINUTE_MS <= seen <= before + 2 * MINUTE_MS
    assert [record["repo"] for record in licenses(ledger)] == ["o/m1", "o/m2", "o/m3", "o/m4"]
    assert [record["event"] for record in ledger.changes()].count("gap") == 1  # one for the whole time of doubt
    ledger.verify()


def test_nothing_is_imported_into_a_log_that_lies_ahead(tmp_path):
    """The store was written in simulated time; the import has the machine's own clock alone."""
    with Hubsim(rows=rows(10), sim_clock=True, quota="none") as hub:
        hub.advance(1000 * DAY_MS)
        ledger = Ledger(tmp_path, hub.url, sim_clock=hub.sim_clock, **CONFIG)
        ledger.once()
        switch(hub, 1, "gpl-3.0")
        ledger.once()
        done = ledger.load(rows(12), "2024-07-11", status=76)
        assert "is ahead of every clock here" in done.errors and ledger.head_seq() == 1


# --- one wrong Date ------------------------------------------------------------------------------------------------------

def http_date(seconds):
    return email.utils.formatdate(seconds, usegmt=True)


DATES = {
    "9999": lambda: "Fri, 31 Dec 9999 23:59:59 GMT",
    "tomorrow": lambda: http_date(time.time() + 86400),
    "yesterday": lambda: http_date(time.time() - 86400),
    "1970": lambda: "Thu, 01 Jan 1970 00:00:10 GMT",
    "none": lambda: "",
    "unreadable": lambda: "soon",
}


@pytest.mark.parametrize("date", DATES)
def test_a_wrong_date_hides_no_change_from_polls(tmp_path, date):
    with FaultProxy() as proxy, Hubsim(rows=rows(40), quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        ledger = Ledger(tmp_path, proxy.url, kinds="models", page_rows="10", poll_rows="10", poll_overlap="0")
        ledger.once()
        proxy.add(f"always *sort=lastModified* header Date '{DATES[date]()}'")
        ledger.once()
        proxy.add("always *sort=createdAt* status 400")  # only polls can tell
        for number in range(40):
            switch(hub, number, "gpl-3.0")
        ledger.once(status=1)
        assert len(licenses(ledger)) == 40
        times = [ms_of(record["observed_at"]) for record in licenses(ledger)]
        assert all(abs(one - time.time() * 1000) < 5 * MINUTE_MS for one in times)


def test_a_cached_answer_is_as_old_as_the_cache_says(tmp_path):
    with FaultProxy() as proxy, Hubsim(rows=rows(10), quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        ledger = Ledger(tmp_path, proxy.url, kinds="models")
        ledger.once()
        proxy.add(f"always * header Date '{http_date(time.time() - 7200)}'")
        proxy.add("always * header Age 7200")
        assert "clocks-differ" not in ledger.once().errors
        assert ledger.changes() == []
