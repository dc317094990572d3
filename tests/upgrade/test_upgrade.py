# SPDX-License-Identifier: Apache-2.0
"""An upgrade of the program is no change on the Hub.

BUILD/upgrade/relicensed is the daemon with another field table and other canonical rules (field_table.h beside this file):
a field more, a field less, a tag rule renamed.
"""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "cases"))
from harness import BUILD, Hubsim, Ledger, record_text  # noqa: E402  pylint: disable=wrong-import-position

OIDS = [f"6400000{number}000000000000000{number}" for number in range(1, 7)]
ROWS = [
    {"_id": OIDS[0], "id": "a/card", "cardData": {"license": "mit"}, "siblings": [{"rfilename": "README.md"}]},
    {"_id": OIDS[1], "id": "a/tag", "tags": ["license:apache-2.0", "pytorch"], "cardData": {}},
    {"_id": OIDS[2], "id": "a/both", "tags": ["license:mit"], "cardData": {"license": "mit"}},
    {"_id": OIDS[3], "id": "a/none", "gated": "auto"},
    {"_id": OIDS[4], "id": "d/data", "repoType": "dataset", "tags": ["license:cc-by-4.0"]},
    {"_id": OIDS[5], "id": "s/space", "repoType": "space", "sdk": "gradio"},
]
TODAY, LATER = BUILD / "relicensed", BUILD / "upgrade" / "relicensed"


@pytest.fixture(name="hub")
def hub_fixture():
    with Hubsim(rows=ROWS, quota="none", generate=500) as hub:
        yield hub


@pytest.fixture(name="ledger")
def ledger_fixture(hub, tmp_path):
    """One look by today's program. Some repos have two versions: newest snapshots are deltas then."""
    ledger = Ledger(tmp_path, hub.url)
    ledger.once()
    hub.post_rows({"_id": OIDS[3], "gated": "manual"}, {"_id": OIDS[2], "cardData": {"license": "mit", "language": "en"}})
    ledger.once()
    assert len(ledger.changes()) == 2
    return ledger


def new_records(ledger, known):
    return sorted(record_text(record) for record in ledger.changes()[known:])


def test_upgrade_writes_no_record(ledger):
    ledger.relicensed = LATER
    ledger.once()
    assert ledger.metrics()["rows_rebased_total"] >= 500
    assert ledger.metrics()["versions_total"] == 0
    assert new_records(ledger, 2) == []
    ledger.once()
    assert ledger.metrics()["rows_rebased_total"] == 0, "a row is brought to today's fields once"
    ledger.verify()


def test_real_changes_after_the_upgrade_are_logged_once(hub, ledger):
    ledger.relicensed = LATER
    ledger.once()
    hub.post_rows({"_id": OIDS[0], "cardData": {"license": "gpl-3.0"}},
                  {"_id": OIDS[3], "siblings": [{"rfilename": "README.md"}, {"rfilename": "model.bin"}]})
    ledger.once()
    ledger.once()
    assert new_records(ledger, 2) == ["license.switched a/card mit -> gpl-3.0 tightened unchanged",
                                      "metadata.changed a/none siblings"]


def test_real_change_at_the_upgrade_is_logged_once(hub, ledger):
    hub.post_rows({"_id": OIDS[0], "cardData": {"license": "gpl-3.0"}})
    ledger.relicensed = LATER
    ledger.once()
    ledger.once()
    assert new_records(ledger, 2) == ["license.switched a/card mit -> gpl-3.0 tightened unchanged"]


def test_back_and_forth(hub, ledger):
    for program in (LATER, TODAY, LATER, TODAY):
        ledger.relicensed = program
        ledger.once()
        assert new_records(ledger, 2) == []
    hub.post_rows({"_id": OIDS[1], "tags": ["license:mit", "pytorch"], "cardData": {}})
    ledger.once()
    assert new_records(ledger, 2) == ["license.switched a/tag apache-2.0 -> mit lateral unchanged"]
    ledger.verify()
