# SPDX-License-Identifier: Apache-2.0
"""Two real dumps as two looks: the models of 2022-02, then the same models as they were in 2024-07.

What must be logged is worked out here from the dumps alone, by set arithmetic on their license tags: no license table and
no verdict rule of the program is asked. With the statement by tag both looks use the same vocabulary (lower case), so of
two different sets of tags exactly one record must tell, and of two equal ones none.
"""
import json
import unicodedata

import pytest

from corpus import FULL, OLD, full_rows, license_tags, needs_corpus, old_models, prepared, write_row
from harness import Hubsim, Ledger

pytestmark = needs_corpus
HUB_FLOOR = "2022-03-02T23:29:04.000Z"


def as_of_2022(old, later):
    """A row of 2022 in today's form. It takes identity and birth of its later namesake, if there is one."""
    row = {key: old[key] for key in ("sha", "lastModified", "tags", "private", "downloads", "likes", "library_name",
                                     "pipeline_tag") if old.get(key) is not None}
    row["id"] = old["modelId"]
    row["createdAt"] = later["createdAt"] if later else HUB_FLOOR
    if later:
        row["_id"] = later["_id"]
    return row


def write_looks(file):
    """Line 1..n: the rows of 2022; then, after an empty object, those of 2024 that have a namesake."""
    olds = {old["modelId"]: old for old in old_models()}
    laters = {row["id"]: row for row in full_rows() if row["repoType"] == "model" and row["id"] in olds}
    for name, old in olds.items():
        write_row(file, as_of_2022(old, laters.get(name)))
    write_row(file, {})
    for name, row in laters.items():
        write_row(file, {key: row[key] for key in ("_id", "tags", "downloads", "likes")})


@pytest.fixture(name="looks", scope="module")
def looks_fixture():
    path = prepared("replay.jsonl", [OLD / "infos.tar.zst", FULL / "model_lists.tar.zst"], write_looks)
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    middle = rows.index({})
    return rows[:middle], rows[middle + 1:]


def meaning(tags):
    """A spelling is nothing, so it must not count here either: compare without case and punctuation."""
    return {"".join(c for c in unicodedata.normalize("NFKC", tag.lower()) if c.isalnum() or c in ".+") for tag in tags}


def expected_records(before, after):
    """{name: (license before, license after)} of the models whose set of license tags differs."""
    olds = {row["_id"]: row for row in before if "_id" in row}
    found = {}
    for row in after:
        old = olds[row["_id"]]
        pair = license_tags(old), license_tags(row)
        if meaning(pair[0]) != meaning(pair[1]):
            found[old["id"]] = pair
    return found


def check_records(records, expected):
    """Of each difference exactly one record, of the event that it is."""
    wrong_kind = [record for record in records if not record["event"].startswith("license.")]
    assert not wrong_kind, wrong_kind[:3]
    found = {}
    for record in records:
        assert record["repo"] not in found, f"{record['repo']} is logged twice"
        found[record["repo"]] = tuple(sorted(record[side]["license"]) if record[side] else [] for side in ("before", "after"))
        if record["before"] and record["before"]["license"]:
            assert record["before"]["source"] == "tag"
    assert found == expected
    kinds = {name: (bool(old), bool(new)) for name, (old, new) in expected.items()}
    for record in records:
        wanted = {(False, True): ["license.declared"], (True, False): ["license.withdrawn"],
                  (True, True): ["license.switched", "license.relabelled"]}[kinds[record["repo"]]]
        assert record["event"] in wanted, record


def test_every_difference_once_and_none_false(looks, tmp_path):
    before, after = looks
    assert len(before) == 29432
    expected = expected_records(before, after)
    assert len(expected) > 100  # 288 added, 38 removed, 29 others by the profile of the corpus, in both halves
    with Hubsim(rows=before, quota="none", no_card=True) as hub:
        ledger = Ledger(tmp_path, hub.url, kinds="models")
        ledger.once()
        assert ledger.changes() == []
        for at in range(0, len(after), 5000):
            hub.post_rows(*after[at:at + 5000])
        ledger.once()
        records = ledger.changes()
        ledger.once()
        assert ledger.changes() == records, "a third look at the same found something"
    check_records(records, expected)
    ledger.verify()


def test_imported_they_tell_the_same(looks, tmp_path):
    """The two dumps themselves, without a Hub: the younger one is a part of its day, and has neither sha nor names."""
    before, after = looks
    names = {row["_id"]: row["id"] for row in before if "_id" in row}
    ledger = Ledger(tmp_path, "http://127.0.0.1:9")
    done = ledger.load(before, "2022-02-21", "--complete")
    assert f"{len(names)} new" in done.text and f"{len(before) - len(names)} without a known _id" in done.text
    assert ledger.changes() == []
    younger = [dict(row, id=names[row["_id"]]) for row in after]
    ledger.load(younger, "2024-07-11")
    records = ledger.changes()
    check_records(records, expected_records(before, after))
    assert {(record["origin"], record["at"], record["observed_after"]) for record in records} == {
        ("imported", "2024-07-11T23:59:59.999Z", "2022-02-21T23:59:59.999Z")}
    ledger.load(younger, "2024-07-11")
    assert ledger.changes() == records
    example = next(record for record in records if record["event"] == "license.switched")
    for when, side in (("2022-02-21", "before"), ("2024-07-11", "after")):
        shown = ledger.tool("show", example["repo"], "--at", when, "--format", "json").lines()[0]
        assert shown["state"]["license"] == example[side]["license"]
    ledger.verify()
