# SPDX-License-Identifier: Apache-2.0
"""relicense report --weight, --owner, --long: counters of days that dumps tell of, and of today's crawl."""
import json

import pytest

from harness import Hubsim, Ledger

DAYS = {"2026-01-10": (100, 7), "2026-01-11": (100, 7), "2026-02-20": (250, 9)}  # of the mit one: downloads, likes


def rows(downloads, likes):
    return [
        {"_id": "640000000000000000000001", "id": "one/mit", "cardData": {"license": "mit"}, "downloads": downloads, "likes": likes},
        {"_id": "640000000000000000000002", "id": "two/gpl", "cardData": {"license": "gpl-3.0"}, "downloads": 40, "likes": 2},
        {"_id": "640000000000000000000003", "id": "One/other", "cardData": {"license": "gpl-3.0"}, "downloads": 1, "likes": 0},
    ]


@pytest.fixture(name="ledger", scope="module")
def ledger_fixture(tmp_path_factory):
    with Hubsim(rows=rows(900, 30), quota="none") as hub:
        ledger = Ledger(tmp_path_factory.mktemp("weight"), hub.url)
        for day, counters in DAYS.items():
            ledger.load(rows(*counters), day, "--complete")
        ledger.once()
        yield ledger


def report(ledger, *arguments):
    return json.loads(ledger.tool("report", "--kind", "model", "--format", "json", *arguments).output)


@pytest.mark.parametrize("arguments,permissive,copyleft,until", [
    (["--weight", "downloads"], 900, 41, None),
    (["--weight", "likes"], 30, 2, None),
    (["--weight", "repos"], 1, 2, None),
    (["--weight", "downloads", "--at", "2026-01-10"], 100, 41, "2026-01-10"),
    (["--weight", "downloads", "--at", "2026-02-19"], 100, 41, "2026-01-10"),
    (["--weight", "downloads", "--at", "2026-02-20"], 250, 41, "2026-02-20"),
    (["--weight", "likes", "--at", "2026-02-20"], 9, 2, "2026-02-20"),
    (["--weight", "downloads", "--owner", "ONE"], 900, 1, None),
    (["--owner", "two"], 0, 1, None),
    (["--owner", "tw"], 0, 0, None),
])
def test_weight(ledger, arguments, permissive, copyleft, until):
    told = report(ledger, *arguments)
    assert (told["mix"][0]["permissive"], told["mix"][0]["copyleft"]) == (permissive, copyleft) if told["mix"] else not permissive + copyleft
    assert told["unweighed"] == 0
    assert until is None or told["counters_until"].startswith(until)


def test_long_is_the_same(ledger):
    wide = report(ledger, "--weight", "downloads", "--by", "year")["mix"]
    long = report(ledger, "--weight", "downloads", "--by", "year", "--long")["mix"]
    assert {(row["period"], row["class"]): row["count"] for row in long} == {
        (row["period"], name): row[name] for row in wide for name in ("permissive", "copyleft") if row[name]}
    text = ledger.tool("report", "--weight", "likes", "--format", "table").text
    assert "counted: likes, as stored on days from" in text
