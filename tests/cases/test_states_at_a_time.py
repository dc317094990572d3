# SPDX-License-Identifier: Apache-2.0
"""What was declared at a time: by the looks, before them by the commits, and who speaks is said.

Falcon with a made-up history: its own license, Apache, MIT; then the ledger's first look, and a switch that it sees.
"""
import csv
import io
import json

import pytest

from harness import Hubsim, Ledger
from test_backfill import APACHE, MIT, NAME, OID, OTHER, backfill

CREATED, AS_APACHE, AS_MIT = "2023-05-25T00:00:00.000Z", "2023-05-31T10:00:00.000Z", "2024-02-01T00:00:00.000Z"
DATASET = {"_id": "640000000000000000000003", "id": "ann/set", "repoType": "dataset", "cardData": MIT}


def row(card, date, title):
    return {"_id": OID, "id": NAME, "cardData": card, "createdAt": CREATED, "lastModified": date, "commit": title,
            "commitUser": "ann"}


HISTORY = [row(OTHER, "2023-05-25T09:00:00.000Z", "Initial"), row(APACHE, AS_APACHE, "Relicense"),
           row(APACHE, "2023-08-01T00:00:00.000Z", "Typo"), row(MIT, AS_MIT, "Again")]


@pytest.fixture(name="ledger", scope="module")
def ledger_fixture(tmp_path_factory):
    with Hubsim(rows=[*HISTORY, DATASET], quota="none") as hub:
        ledger = Ledger(tmp_path_factory.mktemp("times"), hub.url)
        ledger.once()
        ledger.unsearched = at(ledger, "2023-12-01", status=2)
        backfill(ledger, NAME)
        hub.post_rows({"_id": OID, "cardData": {"license": "gpl-3.0"}})
        ledger.once()
        yield ledger


def at(ledger, when, *arguments, status=0):
    return json.loads(ledger.tool("show", NAME, "--at", when, "--format", "json", *arguments, status=status).output)


def looks(ledger):
    rows = ledger.tool("history", NAME, "--format", "ndjson").lines()
    return [line for line in rows if line.get("version")]


def shown(moment):
    return moment.replace("T", " ")[:19] + "Z"


def short(commit):
    return commit["commit"]["sha"][:7]


def test_before_it_was_searched_nothing_is_known(ledger):
    assert ledger.unsearched["certainty"] == "unknown" and ledger.unsearched["series"] is None


def test_before_it_was_created(ledger):
    then = at(ledger, "2023-05-24", status=2)
    assert then["certainty_text"] == f"Not known. This repo has been watched only since {shown(looks(ledger)[0]['observed_at'])}; created {shown(CREATED)}, by the Hub"
    assert then["state"] is then["series"] is then["from_commit"] is None


def test_before_the_first_switch(ledger):
    then = at(ledger, "2023-05-30")
    assert (then["certainty"], then["series"]) == ("reconstructed", "reconstructed")
    assert then["state"]["license_name"] == "falcon-llm-license" and then["state"]["version"] is None
    assert then["state"]["gated"] is then["metadata"] is then["first_seen"] is then["from_commit"] is None
    until = then["until_commit"]
    assert until["commit"]["title"] == "Relicense" and until["url"].endswith(f"/{NAME}/commit/{until['commit']['sha']}")
    assert then["certainty_text"] == (f"reconstructed: commit {short(until)} of {shown(AS_APACHE)} changed it, and all before it "
                                      f"said so; created {shown(CREATED)}, by the Hub")


@pytest.mark.parametrize("when", [AS_APACHE, "2023-05-31", "2023-09-01", "2024-01-31T23:59:59.999Z"])
def test_between_commits(ledger, when):
    then = at(ledger, when)
    begin, end = then["from_commit"], then["until_commit"]
    assert then["state"]["license"] == ["apache-2.0"] and (begin["commit"]["title"], end["commit"]["title"]) == ("Relicense", "Again")
    assert then["certainty_text"] == (f"reconstructed: commit {short(begin)} of {shown(AS_APACHE)} said so, the next that changed "
                                      f"it, {short(end)}, is of {shown(AS_MIT)}")
    assert {record["seq"]: record["commit"] for record in ledger.changes()}[begin["seq"]] == begin["commit"]


def test_a_moment_before_a_commit_is_before_it(ledger):
    assert at(ledger, "2023-05-31T09:59:59.999Z")["state"]["license"] == ["other"]


def test_between_the_last_commit_and_the_first_look(ledger):
    then = at(ledger, "2024-02-01")
    assert then["state"]["license"] == ["mit"] and then["until_commit"] is None
    assert then["certainty_text"] == (f"reconstructed: commit {short(then['from_commit'])} of {shown(AS_MIT)} said so, and the first "
                                      f"look {shown(looks(ledger)[0]['observed_at'])} found it so")


def test_from_the_first_look_on_the_looks_speak(ledger):
    first, second = looks(ledger)
    then = at(ledger, first["observed_at"])
    assert (then["series"], then["state"]["version"], then["state"]["license"]) == ("observed", 1, ["mit"])
    assert then["certainty_text"].startswith(("observed unchanged from ", "seen once, at "))
    now = at(ledger, second["observed_at"])
    assert (now["series"], now["state"]["license"], now["from_commit"]) == ("observed", ["gpl-3.0"], None)


def test_for_people_and_in_csv(ledger):
    text = ledger.tool("show", NAME, "--at", "2023-12-01", "--format", "table").text
    assert "apache-2.0" in text and "  by commit" in text and "  access" not in text and "  version" not in text
    told, = csv.DictReader(io.StringIO(ledger.tool("show", NAME, "--at", "2023-12-01", "--format", "csv").text))
    assert told["license"] == '["apache-2.0"]' and list(told)[-2:] == ["reason", "ref"]
    assert (told["series"], told["gated"]) == ("reconstructed", "")


def test_history_has_both_series(ledger):
    rows = ledger.tool("history", NAME, "--format", "ndjson").lines()
    rows = [line for line in rows if "origin" in line]
    assert [(line["origin"], line["version"], line["state"]["license"]) for line in rows if line["state"]] == [
        ("reconstructed", None, ["other"]), ("reconstructed", None, ["apache-2.0"]), ("reconstructed", None, ["mit"]),
        ("observed", 1, ["mit"]), ("observed", 2, ["gpl-3.0"])]
    assert [line["at"] for line in rows[:3]] == [None, AS_APACHE, AS_MIT]
    assert all(line["observed_at"] is None for line in rows[:3])
    text = ledger.tool("history", NAME, "--format", "table").text
    assert f"before commit {rows[1]['commit']['sha'][:7]}" in text


def test_diff_of_times(ledger):
    def differing(*arguments):
        rows = ledger.tool("diff", NAME, *arguments).lines()
        return {line["field"]: (line["before"], line["after"]) for line in rows if "field" in line}
    assert differing("2023-05-30", "2023-06-01") == {"cardData.license": ("other", "apache-2.0"),
                                                     "cardData.license_name": ("falcon-llm-license", None)}
    assert differing("2023-06-01", "2") == {"cardData.license": ("apache-2.0", "gpl-3.0")}
    assert differing("2024-02-01", "1") == {} == differing("2023-06-01", "2023-12-31")
    assert differing(looks(ledger)[0]["observed_at"], "2")["cardData.license"] == ("mit", "gpl-3.0")
    whole = json.loads(ledger.tool("diff", NAME, "2023-05-30", "2023-06-01", "--format", "json").output)
    assert whole["before_version"] is None and whole["after_certainty_text"].startswith("reconstructed: commit ")
    assert "watched only since" in ledger.tool("diff", NAME, "2023-01-01", "2", status=2).errors
    assert "no time such as" in ledger.tool("diff", NAME, "yesterday-ish", "2", status=64).errors


def test_a_dump_is_a_series_too(tmp_path):
    dumps = [[{"_id": OID, "id": NAME, "createdAt": CREATED, "cardData": card, "tags": []}] for card in (OTHER, APACHE)]
    with Hubsim(rows=[row(MIT, AS_MIT, "Again")], quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.load(dumps[0], "2023-05-26", "--complete")
        ledger.load(dumps[1], "2023-06-30", "--complete")
        ledger.once()
        then = [at(ledger, when) for when in ("2023-05-26", "2023-06-30", "2023-06-10")]
        assert [(one["series"], one["state"]["license"][0], one["certainty"]) for one in then] == [
            ("imported", "other", "unchanged"), ("imported", "apache-2.0", "unchanged"), ("imported", "other", "uncertain")]
        assert [line["origin"] for line in looks(ledger)] == ["imported", "imported", "observed"]
