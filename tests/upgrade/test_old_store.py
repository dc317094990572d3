# SPDX-License-Identifier: Apache-2.0
"""Stores of older programs (tests/data/stores): today's tool reads them as they are, today's daemon goes on with them."""
import gzip

import pytest

from test_upgrade import Hubsim, Ledger, record_text

from harness import ROOT

STORES = ROOT / "tests" / "data" / "stores"
SWITCH = "license.switched a/switched other/falcon-llm-license -> apache-2.0 loosened gained"
GONE = "repo.gone a/gone (deleted_or_private)"
NOTES = ["metadata.changed a/hidden cardData.note"] * 3
# A part of each record's text; issue-4 has an entry in every table.
RECORDS = {
    "issue-2": [SWITCH, GONE],
    "issue-3": NOTES + [SWITCH, GONE],
    "issue-4": [SWITCH, "repo.renamed x/old -> x/new", GONE, "license.switched p/past cc-by-nc-4.0 -> mit loosened gained", *NOTES,
                "evidence.commit a/switched", "license.switched t/text other/house -> mit unclear unclear",
                "gap (poll models: a row could not be read (a row without a usable id or _id)"],
}
# The Hub as it stood when the store was made, but for the repo that was deleted.
ROWS = [
    {"_id": "640000010000000000000001", "id": "a/switched", "cardData": {"license": "apache-2.0"}},
    {"_id": "640000020000000000000002", "id": "a/tag", "tags": ["license:apache-2.0", "pytorch"], "cardData": {}},
    {"_id": "640000040000000000000004", "id": "a/hidden", "cardData": {"license": "openrail"}},
    {"_id": "640000050000000000000005", "id": "d/data", "repoType": "dataset", "tags": ["license:cc-by-4.0"]},
    {"_id": "640000060000000000000006", "id": "s/space", "repoType": "space", "sdk": "gradio"},
]
# What issue-4 has besides.
FURTHER_ROWS = [
    {"_id": "640000070000000000000007", "id": "p/past", "cardData": {"license": "mit"}},
    {"_id": "640000080000000000000008", "id": "t/text", "cardData": {"license": "mit"}},
    {"_id": "640000090000000000000009", "id": "x/new", "cardData": {"license": "mit"}},
    {"_id": "6400000a000000000000000a", "id": "o/odd", "cardData": {"license": "mit"}},
    {"_id": "6400000b000000000000000b", "id": "o/damaged", "cardData": {"license": "mit"}},
]


@pytest.fixture(name="written_by", params=RECORDS)
def written_by_fixture(request):
    return request.param


@pytest.fixture(name="hub")
def hub_fixture(written_by):
    with Hubsim(rows=ROWS + (FURTHER_ROWS if written_by == "issue-4" else []), quota="none") as hub:
        yield hub


@pytest.fixture(name="ledger")
def ledger_fixture(hub, tmp_path, written_by):
    ledger = Ledger(tmp_path, hub.url)
    ledger.store.mkdir()
    (ledger.store / "data.mdb").write_bytes(gzip.decompress((STORES / f"{written_by}.mdb.gz").read_bytes()))
    ledger.expected = RECORDS[written_by]
    if written_by != "issue-2":
        hub.post_rows({"_id": ROWS[2]["_id"], "cardData": {"license": "openrail", "note": "2"}})
    return ledger


def shown(ledger):
    """Each record's text as far as RECORDS has it."""
    texts = [record_text(record) for record in ledger.changes()]
    assert len(texts) == len(ledger.expected), texts
    return [text[:len(part)] for text, part in zip(texts, ledger.expected)]


def test_tool_reads_it_before_any_daemon_did(ledger):
    before = (ledger.store / "data.mdb").read_bytes()
    assert shown(ledger) == ledger.expected
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
    assert shown(ledger) == ledger.expected, "an upgrade is no change on the Hub"
    hub.post_rows({"_id": ROWS[2]["_id"], "cardData": {"license": "mit"}})
    ledger.once()
    switches = [text for text in ledger.expected if text.startswith("license.")]
    assert [record_text(record) for record in ledger.changes() if record["event"].startswith("license.")] == [
        *switches, "license.switched a/hidden openrail -> mit loosened unchanged"]
    ledger.verify()
    ledger.tool("verify", "--head", head.strip())
    assert [record_text(record) for record in ledger.changes("--owner", "A")] == [
        record_text(record) for record in ledger.changes() if (record["repo"] or "").startswith("a/")], "older records are indexed too"
    assert [record["repo"] for record in ledger.changes("--to-license", "apache-2.0")] == ["a/switched"]
