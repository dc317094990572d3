# SPDX-License-Identifier: Apache-2.0
"""The commit behind each license record that was seen to happen."""
import json

from fault_proxy import FaultProxy
from harness import Hubsim, Ledger, record_text
from test_backfill import APACHE, MIT, NAME, OID, OTHER, history, requests


def commit(title, user="ann", **members):
    return {"_id": OID, "commit": title, "commitUser": user, **members}


def evidence(ledger):
    return [record for record in ledger.changes() if record["event"] == "evidence.commit"]


def observe(tmp_path, *rows, **config):
    """A repo, a look, these commits, another look: the ledger after the daemon has looked for what is behind."""
    with Hubsim(rows=history((OTHER, 3)), quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, commit_evidence="yes", kinds="models", **config)
        ledger.once()
        for row in rows:
            hub.post_rows(row)
        ledger.once()
        seen = len(ledger.changes())
        sent = requests(hub)
        with ledger.daemon() as daemon:
            daemon.wait(lambda: ledger.head_seq() > seen)
        pages = hub.stats()["pages"]
        with ledger.daemon() as daemon:  # a restart finds nothing left to do
            daemon.wait(lambda: hub.stats()["pages"] > pages)
            assert "lane=detail" not in daemon.said().rsplit("event=started", 1)[1]
        ledger.verify()
        assert len(evidence(ledger)) == ledger.head_seq() - seen
        return ledger, requests(hub) - sent


def test_one_commit_between_two_looks(tmp_path):
    ledger, _ = observe(tmp_path, commit("Relicense", "thomas", cardData=APACHE))
    record, = evidence(ledger)
    assert record["of"] == 1 and record["reason"] is None and record["before"] is record["after"] is None
    assert record["commit"]["title"] == "Relicense" and record["commit"]["user"] == "thomas"
    assert record["repo"] == NAME and record["origin"] == "observed"
    row = ledger.tool("history", NAME, "--format", "ndjson").lines()[1]
    assert row["events"] == ["license.switched"] and row["commit"] == record["commit"]
    assert "Relicense" in ledger.tool("history", NAME, "--format", "table").text
    switch, told = ledger.changes()
    assert switch["evidence"] == {"seqs": [2], "commit": record["commit"], "texts": [], "reason": None}
    assert told["evidence"] is None, "evidence is about license records"
    joined, = ledger.tool("changes", "--format", "ndjson").output.splitlines()
    stored, = ledger.tool("changes", "--format", "ndjson", "--no-evidence").output.splitlines()
    assert joined.startswith(stored[:-1] + b',"evidence":{"seqs":[2],'), "the stored line, and the member behind it"
    assert json.loads(ledger.tool("changes", "--format", "json").output)["changes"] == [switch]


def test_of_several_the_cards_tell(tmp_path):
    ledger, _ = observe(tmp_path, *[commit(f"Before {n}") for n in range(20)], commit("Relicense", cardData=APACHE),
                        *[commit(f"After {n}") for n in range(30)])
    record, = evidence(ledger)
    assert record["commit"]["title"] == "Relicense" and record["of"] == 1


def test_of_several_switches_the_last(tmp_path):
    ledger, _ = observe(tmp_path, commit("First", cardData=MIT), commit("Second", cardData=APACHE), commit("Third"))
    record, = evidence(ledger)
    assert record["commit"]["title"] == "Second"
    assert record["reason"] == "the last of 2 switches between the two looks"


def test_gated_is_said_once(tmp_path):
    ledger, _ = observe(tmp_path, commit("Relicense", cardData=APACHE), {"_id": OID, "gated": "manual"})
    record, = evidence(ledger)
    assert record["commit"] is None and record["reason"] == "gated: its commits are not shown"


def test_settings_and_other_changes_have_none(tmp_path):
    """A rename and a new description make records, but none that a license commit stands behind."""
    with Hubsim(rows=history((OTHER, 3)), quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, commit_evidence="yes")
        ledger.once()
        hub.post_rows({"_id": OID, "id": "tii/falcon"}, {"_id": OID, "cardData": {**OTHER, "language": "en"}})
        ledger.once()
        assert [record_text(record).split()[0] for record in ledger.changes()] == ["repo.renamed", "metadata.changed"]
        pages = hub.stats()["pages"]
        with ledger.daemon() as daemon:
            daemon.wait(lambda: hub.stats()["pages"] > pages + 2)
            assert "lane=detail" not in daemon.said()
        assert evidence(ledger) == []


def test_rewritten_history_is_said(tmp_path):
    with Hubsim(rows=history((OTHER, 3)), quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, commit_evidence="yes")
        ledger.once()
        address = hub.address
    squashed = [{"_id": OID, "id": NAME, "cardData": APACHE, "sha": "ab" * 20}]
    with Hubsim(rows=squashed, quota="none", port=address.rsplit(":", 1)[1]):
        ledger.once()
        with ledger.daemon() as daemon:
            daemon.wait(lambda: ledger.head_seq() == 2)
    record, = evidence(ledger)
    assert record["commit"] is None and record["reason"].startswith("the history was rewritten")
    ledger.verify()


def test_polls_find_the_switch_and_then_its_commit(tmp_path):
    with Hubsim(rows=history((OTHER, 3)), generate=50, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, commit_evidence="yes", poll_interval="1s")
        with ledger.daemon() as daemon:
            daemon.wait(lambda: hub.stats()["pages"] >= 6 and ledger.head_seq() == 0)
            hub.post_rows(commit("Relicense", cardData=APACHE))
            daemon.wait(lambda: ledger.head_seq() == 2)
        assert [record["event"] for record in ledger.changes()] == ["license.switched", "evidence.commit"]
        assert evidence(ledger)[0]["commit"]["title"] == "Relicense"


def test_one_odd_repo_does_not_stop_the_others(tmp_path):
    """Its commits are refused, again and again: it rests, and the commits behind the other records are found."""
    proxy = FaultProxy()
    oids = [f"6466{n:020x}" for n in range(1, 6)]
    rows = [row for n, oid in enumerate(oids) for row in history((OTHER, 3), oid=oid, name=f"org/repo-{n}")]
    with Hubsim(rows=rows, quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        try:
            ledger = Ledger(tmp_path, proxy.url, commit_evidence="yes", kinds="models", retries="0", park_time="5m")
            ledger.once()
            for oid in oids:
                hub.post_rows({"_id": oid, "cardData": MIT, "commit": "Relicense", "commitUser": "ann"})
            ledger.once()
            proxy.add("always /api/models/org/repo-1/commits/* html 403")
            with ledger.daemon() as daemon:
                daemon.wait(lambda: ledger.head_seq() == 9)
                assert "event=lane-parked" not in daemon.said(), daemon.said()
            assert sorted(record["repo"] for record in evidence(ledger)) == [f"org/repo-{n}" for n in (0, 2, 3, 4)]
            assert ledger.tool("status", "--format", "json").lines()[0]["resting"]["commits"] == {"unreadable": 1}
        finally:
            proxy.close()
