# SPDX-License-Identifier: Apache-2.0
"""Under each of hubsim's faults alone: the crawl ends complete or says why not, nothing false is logged, and in the end
all is as on a ledger that never met the fault."""
import pytest

from harness import Failed, PATIENCE
from weather import FAULTS, final_states, hub_under, ledger_of, peak_kib, side_by_side, told

SIDE_BY_SIDE = 6
SHARE, SHARE_OF_THE_SLOW = 0.3, 0.1
SLOW = {"429-empty", "429-action", "429-bare", "stall", "drip"}
PEAK_KIB = 96 << 10


def name_of_untouched(hub):
    """A repo with a license that no change so far was about."""
    touched = {change["oid"] for change in hub.truth()}
    rows = hub.get("/api/models?limit=1000&expand[]=cardData").json()
    return next(row["id"] for row in rows
                if row["_id"] not in touched and row.get("cardData", {}).get("license") == "apache-2.0")


def once_with_some(hub, ledger, fault):
    hub.set_faults({fault: SHARE_OF_THE_SLOW if fault in SLOW else SHARE})
    hub.tick(40)
    done = ledger.once(status=None)
    hub.set_faults()
    if done.status not in (0, 1) or (done.status == 1 and "event=incomplete" not in done.errors):
        done.expect(0)


def daemon_through_a_while_of_all(hub, ledger, fault):
    """Every request meets it, then none: the daemon is back without a word from outside."""
    name = name_of_untouched(hub)
    with ledger.daemon() as daemon:
        if FAULTS[fault]["stage"] != "change":
            enough = hub.happened(fault) + (1 if fault in SLOW else 3)
            hub.set_faults({fault: 1})
            daemon.wait(lambda: hub.happened(fault) >= enough)
        hub.set_faults()
        hub.post_rows({"id": name, "cardData": {"license": "gemma"}})
        daemon.wait(lambda: any(record["repo"] == name for record in ledger.changes()))
        peak = peak_kib(daemon.process)
    if peak > PEAK_KIB and PATIENCE == 1:
        raise Failed(f"{peak} KiB of memory")


def trial(fault, folder):
    with hub_under(fault) as hub:
        tried, clean = ledger_of(hub, folder / "tried"), ledger_of(hub, folder / "clean")
        for ledger in (tried, clean):
            ledger.once()
        once_with_some(hub, tried, fault)
        daemon_through_a_while_of_all(hub, tried, fault)
        for ledger in (tried, clean, tried, clean):
            ledger.once()
        for ledger in (tried, clean):
            ledger.verify()
        assert hub.happened(fault)
        return told(tried), told(clean), final_states(tried) == final_states(clean)


@pytest.fixture(scope="module", name="trials")
def trials_fixture(request, tmp_path_factory):
    with side_by_side(request, tmp_path_factory, trial, SIDE_BY_SIDE) as trials:
        yield trials


@pytest.mark.parametrize("fault", FAULTS)
def test_the_daemon_comes_through(trials, fault):
    tried, clean, same_states = trials[fault].result()
    assert tried == clean
    assert same_states
