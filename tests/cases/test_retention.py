# SPDX-License-Identifier: Apache-2.0
"""The option retention: old metadata goes, what is asked of licenses does not, and every answer says what is missing."""
import json

import pytest

from harness import Hubsim, Ledger

REPO = {"_id": "640000000000000000000001", "id": "owner/m", "cardData": {"license": "mit", "note": "n0"}}
CARDS = [("mit", "n1"), ("mit", "n2"), ("apache-2.0", "n2"), ("apache-2.0", "n3"), ("apache-2.0", "n4")]


def states(ledger):
    """What each version says of the license, and which events it brought."""
    rows = ledger.tool("history", "owner/m", "--format", "ndjson").lines()
    return [(row["version"], row["state"], row["events"]) for row in rows if "version" in row]


@pytest.fixture(name="ledger", scope="module")
def ledger_fixture(tmp_path_factory):
    """Versions 2, 3 and 5 brought other metadata alone; 4 a switch; 6 is the newest."""
    with Hubsim(rows=[REPO], quota="none") as hub:
        ledger = Ledger(tmp_path_factory.mktemp("retention"), hub.url)
        ledger.once()
        for license_id, note in CARDS:
            hub.post_rows(REPO | {"cardData": {"license": license_id, "note": note}})
            ledger.once()
        ledger.kept = states(ledger)
        ledger.configure(retention="1ms")
        ledger.once()
        yield ledger


def test_it_is_told(ledger):
    assert "event=retention versions=3" in ledger.said()
    assert ledger.metrics()["versions_dropped_total"] == 3
    ledger.verify()


def test_history_is_as_before(ledger):
    assert states(ledger) == ledger.kept


def test_show_at_a_time(ledger):
    records = [record for record in ledger.changes() if record["event"] == "metadata.changed"]
    shown = json.loads(ledger.tool("show", "owner/m", "--at", records[0]["observed_at"], "--format", "json").output)
    assert shown["state"]["license"] == ["mit"] and shown["metadata"] is None and shown["retained_until"]
    said = ledger.tool("show", "owner/m", "--at", records[0]["observed_at"], "--metadata", "--format", "table").text
    assert "its metadata was kept until" in said and "n0" not in said
    shown = json.loads(ledger.tool("show", "owner/m", "--format", "json").output)
    assert shown["metadata"]["cardData"]["note"] == "n4" and shown["retained_until"] is None


def test_diff_compares_what_is_there(ledger):
    said = ledger.tool("diff", "owner/m", "1", "2", "--format", "table").text
    assert "its metadata was kept until" in said and "no difference in the license" in said
    assert "apache-2.0" in ledger.tool("diff", "owner/m", "3", "4", "--format", "table").text
    assert "n4" in ledger.tool("diff", "owner/m", "1", "6", "--format", "table").text


def test_export_and_proof(ledger, tmp_path):
    rows = [json.loads(line) for line in ledger.tool("export", "--what", "snapshots", "--format", "ndjson").output.splitlines()]
    assert [row["metadata"] is None for row in rows] == [False, True, True, False, True, False]
    ledger.tool("export", "--what", "snapshots", "-o", tmp_path / "snapshots.csv")
    at = [record for record in ledger.changes() if record["event"] == "metadata.changed"][0]["observed_at"]
    ledger.tool("proof", "owner/m", "--at", at, "-o", tmp_path / "proof.json")
    assert json.loads((tmp_path / "proof.json").read_text())["snapshot"]["metadata"] is None
    ledger.tool("proof", "--check", tmp_path / "proof.json")


def test_another_spelling_or_place_of_a_license_stays(tmp_path):
    """No license event, but what history and show say of the license."""
    steps = [{"tags": ["license:mit"], "cardData": {}}, {"cardData": {"license": "mit"}}, {"cardData": {"license": "MIT"}},
             {"cardData": {"license": "MIT", "note": "x"}}, {"cardData": {"license": "MIT", "note": "y"}}]
    with Hubsim(rows=[REPO], quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.once()
        for step in steps:
            hub.post_rows(REPO | {"tags": []} | step)
            ledger.once()
        before = states(ledger)
        ledger.configure(retention="1ms")
        ledger.once()
        assert ledger.metrics()["versions_dropped_total"] >= 1
        assert states(ledger) == before
        ledger.verify()


def test_a_restart_and_a_backup(ledger, tmp_path):
    ledger.once()
    ledger.tool("backup", tmp_path / "copy.mdb")
    ledger.store = tmp_path / "copy.mdb"
    ledger.verify()
