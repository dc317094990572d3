# SPDX-License-Identifier: Apache-2.0
"""The daemon in simulated time, and what it makes of clocks that jump, machines that sleep and time that stands still."""
import re

import pytest

from harness import Hubsim, Ledger, wait_until

MINUTE_MS = 60 * 1000
HOUR_MS = 60 * MINUTE_MS
CONFIG = {"page_rows": "100", "commit_interval": "1s", "kinds": "models", "log_level": "debug"}


@pytest.fixture(name="hub")
def running_hub():
    with Hubsim(generate=400, kinds="models=100", sim_clock=True, quota="api=500/300", latency="50-150") as hub:
        hub.post_rows({"id": "lab/one", "cardData": {"license": "apache-2.0"}})
        yield hub


@pytest.fixture(name="ledger")
def empty_ledger(hub, tmp_path):
    return Ledger(tmp_path, hub.url, sim_clock=hub.sim_clock, **CONFIG)


def time_of(hub):
    return hub.stats()["time"]


def stop_time(hub):
    """Until live(): a daemon may have lived for a while before the request that lets it live for so long arrives."""
    assert hub.run_time(0)["stopped"]


def live(daemon, hub, ms):
    hub.run_time(ms)
    daemon.wait(lambda: time_of(hub)["stopped"])


def count(ledger, words):
    return ledger.said().count(words)


def polls(ledger):
    return count(ledger, "event=poll-done lane=poll")


def test_a_day_is_over_soon_and_every_lane_had_its_time(hub, ledger):
    stop_time(hub)
    with ledger.daemon() as daemon:
        live(daemon, hub, 24 * HOUR_MS)
    assert ledger.metrics()["polls_total"] == 24 * 60 * 2 - 1  # every 30 seconds, but for the one that found no watermark
    stamps = re.findall(r"^(\S+) +debug +event=poll-done", ledger.said(), re.MULTILINE)
    assert stamps == sorted(stamps) and stamps[-1].startswith("2026-12-01T23:59:30")
    assert hub.stats()["refused_429"] == 0


def test_time_moves_only_where_somebody_lives_in_it(hub, ledger):
    start = time_of(hub)["now_ms"]
    assert not time_of(hub)["daemon"] and hub.advance(5 * MINUTE_MS)["now_ms"] == start + 5 * MINUTE_MS
    ledger.once()
    later = time_of(hub)["now_ms"]
    assert start + 5 * MINUTE_MS < later < start + 6 * MINUTE_MS
    ledger.once()  # the next one goes on where the one before ended
    assert later < time_of(hub)["now_ms"] < later + MINUTE_MS
    assert hub.request("POST", "/sim/advance?ms=x").status == 400


def test_it_ends_promptly_while_time_stands_still(hub, ledger):
    hub.run_time(20)  # shorter than any answer takes
    with ledger.daemon() as daemon:
        daemon.wait(lambda: time_of(hub)["held"] == 1 and time_of(hub)["stopped"])
        assert daemon.stop() == 0
    hub.run_time()
    ledger.once()  # nobody waits for what was held back
    assert ledger.metrics()["rows_new_total"] == 401


def test_kill_and_again(hub, ledger):
    stop_time(hub)
    for _ in range(5):
        with ledger.daemon() as daemon:
            live(daemon, hub, 7 * MINUTE_MS)
            daemon.kill()
    assert time_of(hub)["now_ms"] == 1796083200000 + 35 * MINUTE_MS
    assert hub.stats()["refused_429"] == 0
    ledger.verify()


def test_an_answer_that_never_comes_is_given_up_in_time(tmp_path):
    with Hubsim(generate=10, kinds="models=100", sim_clock=True, quota="none", latency="600000") as hub:
        ledger = Ledger(tmp_path, hub.url, sim_clock=hub.sim_clock, **CONFIG, connect_limit="1s", first_byte_limit="20s", retries="1")
        ledger.once(status=1)
        assert "no answer within first_byte_limit" in ledger.said()
        assert time_of(hub)["now_ms"] - 1796083200000 < 2 * 21000 + 1000


def test_a_shut_door_opens_where_time_stands_still(tmp_path):
    with Hubsim(generate=10, kinds="models=100", sim_clock=True, quota="none", faults={"refuse": 1}) as hub:
        ledger = Ledger(tmp_path, hub.url, sim_clock=hub.sim_clock, **CONFIG, retries="1")
        ledger.once(status=1)  # it ends within the 300 ms in which all are refused
        assert hub.stats()["faults"]["refuse"] > 0 and not time_of(hub)["daemon"]


# --- a machine that sleeps, a clock that is set -------------------------------------------------------------------------

def test_after_a_sleep_what_is_due_is_done_once(hub, ledger):
    stop_time(hub)
    with ledger.daemon() as daemon:
        live(daemon, hub, 10 * MINUTE_MS + 15000)  # between two polls
        before, sweeps = polls(ledger), count(ledger, "event=lane-done lane=sweep")
        hub.post_rows({"id": "lab/one", "cardData": {"license": "gemma"}})
        hub.advance(30 * HOUR_MS)
        live(daemon, hub, 20 * 1000)
    assert polls(ledger) == before + 1  # not one for each that was missed
    assert count(ledger, "event=lane-done lane=sweep") == sweeps + 1
    assert ledger.head_seq() == 1
    ledger.verify()


@pytest.mark.parametrize("skew_ms", [2 * HOUR_MS, -3 * HOUR_MS, -400 * 24 * HOUR_MS])
def test_a_clock_that_is_set_moves_no_due_time(hub, ledger, skew_ms):
    def change(license_id):
        hub.post_rows({"id": "lab/one", "cardData": {"license": license_id}})

    with ledger.daemon() as daemon:
        live(daemon, hub, 10 * MINUTE_MS)
        change("gemma")
        live(daemon, hub, MINUTE_MS)
        before = polls(ledger)
        hub.skew(skew_ms)
        change("mit")
        live(daemon, hub, HOUR_MS)
        assert polls(ledger) - before == 120
        hub.skew(0)
        change("openrail")
        live(daemon, hub, HOUR_MS)
        assert polls(ledger) - before == 240
    records = [record for record in ledger.changes() if record["event"] != "gap"]  # the clocks differ: test_two_clocks.py
    assert [record["after"]["license"] for record in records] == [["gemma"], ["mit"], ["openrail"]]
    times = [record["observed_at"] for record in records]
    assert times == sorted(times) and count(ledger, "event=lane-done lane=sweep") == 1
    ledger.verify()


# --- starting ------------------------------------------------------------------------------------------------------------

def mapped_kib(daemon):
    """How much of the store's file this process has touched."""
    with open(f"/proc/{daemon.process.pid}/smaps", encoding="ascii") as maps:
        found = re.search(r"data\.mdb\n(?:.*\n)*?Rss: +(\d+) kB", maps.read())
    return int(found.group(1))


def test_a_start_reads_little_of_the_store(tmp_path):
    with Hubsim(generate=60000, kinds="models=100", sim_clock=True, quota="none", latency="100") as hub:
        ledger = Ledger(tmp_path, hub.url, sim_clock=hub.sim_clock, kinds="models")
        ledger.once()
        hub.run_time(50)
        with ledger.daemon() as daemon:
            daemon.wait(lambda: time_of(hub)["held"] == 1)
            touched, size = mapped_kib(daemon), (ledger.store / "data.mdb").stat().st_blocks // 2
    assert size > 20000 and touched < 3000


# --- changes by themselves ----------------------------------------------------------------------------------------------

def test_changes_happen_by_themselves_on_either_clock():
    with Hubsim(generate=100, quota="none", changes_a_day=86400000) as hub:
        wait_until("no change in real time", lambda: hub.stats()["changes"] >= 20)

    def a_day(seed):
        with Hubsim(generate=500, quota="none", sim_clock=True, seed=seed, changes_a_day=300) as hub:
            hub.advance(24 * HOUR_MS)
            changes = [(change["time"], change["oid"], change["what"]) for change in hub.truth()]
            hub.calm()
            hub.advance(24 * HOUR_MS)
            assert hub.stats()["changes"] == len(changes)
            return changes

    first = a_day(3)
    assert first == a_day(3) and first != a_day(4)
    assert 230 < len(first) < 370
    assert [at for at, *_ in first] == sorted(at for at, *_ in first) and first[-1][0] > "2026-12-01T23"
