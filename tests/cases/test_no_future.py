# SPDX-License-Identifier: Apache-2.0
"""A time in the future is no question about the past: refused where a state is asked for, taken where a bound is."""
import datetime
import json

import pytest

from harness import Hubsim, Ledger


@pytest.fixture(name="ledger", scope="module")
def ledger_of(tmp_path_factory):
    with Hubsim(rows=[{"_id": "64" + "0" * 22, "id": "o/m", "cardData": {"license": "mit"}}], quota="none") as hub:
        ledger = Ledger(tmp_path_factory.mktemp("ledger"), hub.url, kinds="models")
        ledger.once()
        yield ledger


def moment(**later):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**later)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("when", [{"hours": 1}, {"days": 1}, {"days": 20000}])
def test_a_state_in_the_future_is_refused(ledger, tmp_path, when):
    for command in (["show", "o/m", "--at", moment(**when)], ["proof", "o/m", "--at", moment(**when)],
                    ["report", "--at", moment(**when)], ["export", "--at", moment(**when), "-o", tmp_path / "x.csv"],
                    ["diff", "o/m", "1", moment(**when)]):
        done = ledger.tool(*command, status=64)
        assert "lies in the future" in done.errors and done.output == b""
    assert not (tmp_path / "x.csv").exists()


def test_now_and_today_are_no_future(ledger):
    for when in (moment(), moment()[:10], "now", "1h"):
        done = ledger.tool("show", "o/m", "--at", when, "--format", "json", status=None)
        assert done.status in (0, 2) and "future" not in done.errors


def test_bounds_may_lie_in_the_future(ledger):
    ledger.tool("changes", "--since", moment(days=1))
    ledger.tool("changes", "--until", moment(days=1))


@pytest.mark.parametrize("when, why", [("2099-01-01", "in the future"), (moment(hours=2), "in the future"),
                                       ("2018-12-31", "before the Hub"), ("1970-01-02", "before the Hub")])
def test_a_dump_of_no_possible_day_is_refused(tmp_path, when, why):
    ledger = Ledger(tmp_path, "http://127.0.0.1:9", kinds="models")
    done = ledger.load([{"_id": "64" + "0" * 22, "id": "o/m"}], when, status=65)
    assert why in done.errors and not ledger.store.exists()


def test_show_says_that_a_version_is_imported(tmp_path):
    row = {"_id": "64" + "0" * 22, "id": "o/m", "cardData": {"license": "mit"}}
    with Hubsim(rows=[row], quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, kinds="models")
        ledger.load([row], "2024-07-11")
        ledger.once()
        shown = json.loads(ledger.tool("show", "o/m", "--format", "json").output)
        assert shown["series"] == "imported" and shown["certainty_text"].startswith("unchanged from 2024-07-11 23:59:59Z (imported) to ")
        history = ledger.tool("history", "o/m", "--format", "ndjson").lines()
        assert [line["origin"] for line in history if "version" in line] == ["imported"]
