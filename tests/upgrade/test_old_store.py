# SPDX-License-Identifier: Apache-2.0
"""Stores of older programs (tests/data/stores): today's tool reads them as they are, today's daemon goes on with them."""
import gzip

import pytest

from test_upgrade import Hubsim, Ledger, record_text

from harness import ROOT

STORES = ROOT / "tests" / "data" / "stores"
SWITCH = "license.switched a/switched other/falcon-llm-license -> apache-2.0 loosened gained"
GONE = "repo.gone a/gone (deleted_or_private)"
RECORDS = {"issue-2": [SWITCH, GONE], "issue-3": ["metadata.changed a/hidden cardData.note"] * 3 + [SWITCH, GONE]}
# The Hub as it stood when the store was made, but for the repo that was deleted.
ROWS = [
    {"_id": "640000010000000000000001", "id": "a/switched", "cardData": {"license": "apache-2.0"}},
    {"_id": "640000020000000000000002", "id": "a/tag", "tags": ["license:apache-2.0", "pytorch"], "cardData": {}},
    {"_id": "640000040000000000000004", "id": "a/hidden", "cardData": {"license": "openrail"}},
    {"_id": "640000050000000000000005", "id": "d/data", "repoType": "dataset", "tags": ["license:cc-by-4.0"]},
    {"_id": "640000060000000000000006", "id": "s/space", "repoType": "space", "sdk": "gradio"},
]


@pytest.fixture(name="hub")
def hub_fixture():
    with Hubsim(rows=ROWS, quota="none") as hub:
        yield hub


@pytest.fixture(name="ledger", params=RECORDS)
def ledger_fixture(hub, tmp_path, request):
    ledger = Ledger(tmp_path, hub.url)
    ledger.store.mkdir()
    (ledger.store / "data.mdb").write_bytes(gzip.decompress((STORES / f"{request.param}.mdb.gz").read_bytes()))
    ledger.expected = RECORDS[request.param]
    if request.param != "issue-2":
        hub.post_rows({"_id": ROWS[2]["_id"], "cardData": {"license": "openrail", "note": "2"}})
    return ledger


def test_tool_reads_it_before_any_daemon_did(ledger):
    before = (ledger.store / "data.mdb").read_bytes()
    assert [record_text(record) for record in ledger.changes()] == ledger.expected
    assert [row["events"] for row in ledger.tool("history", "a/switched", "--format", "ndjson").lines()] == [
        [], ["license.switched"]]
    for command in (["show", "a/switched"], ["diff", "a/switched"], ["report"], ["head"], ["status"], ["verify"]):
        for form in ("table", "json"):
            assert ledger.tool(*command, "--format", form).output
    assert (ledger.store / "data.mdb").read_bytes() == before, "readers change nothing"


def test_daemon_goes_on_with_it(hub, ledger):
    head = ledger.tool("head").text
    ledger.configure(commit_evidence="yes", detail="yes", detail_min_downloads="0")
    ledger.once()
    assert [record_text(record) for record in ledger.changes()] == ledger.expected, "an upgrade is no change on the Hub"
    hub.post_rows({"_id": ROWS[2]["_id"], "cardData": {"license": "mit"}})
    ledger.once()
    assert [record_text(record) for record in ledger.changes() if record["event"].startswith("license.")] == [
        SWITCH, "license.switched a/hidden openrail -> mit loosened unchanged"]
    ledger.verify()
    ledger.tool("verify", "--head", head.strip())
    assert [record_text(record) for record in ledger.changes("--owner", "A")] == [
        record_text(record) for record in ledger.changes() if record["repo"]], "older records are indexed too"
    assert [record["repo"] for record in ledger.changes("--to-license", "apache-2.0")] == ["a/switched"]
