# SPDX-License-Identifier: Apache-2.0
"""Switches from before the first day: found in the commits of made-up histories, by few requests, and told once."""
import math
import random

import pytest

from fault_proxy import FaultProxy
from harness import Failed, Hubsim, Ledger, record_text

OID = "64666f3ba5b6a2b4e1c1a7d1"
NAME = "tiiuae/falcon-40b"
MIT, APACHE, OTHER = ({"license": "mit"}, {"license": "apache-2.0"},
                      {"license": "other", "license_name": "falcon-llm-license"})
SWITCH = "license.switched tiiuae/falcon-40b other/falcon-llm-license -> apache-2.0 loosened widened"


def date_of(index):
    return f"20{10 + index // 8760 % 15}-{1 + index // 730 % 12:02}-{1 + index // 27 % 27:02}T{index % 24:02}:00:00.000Z"


def history(*stretches, oid=OID, name=NAME, **members):
    """Rows of one repo, the oldest commit first: (card, number of commits with it) each."""
    rows = []
    for number, (card, commits) in enumerate(stretches):
        for _ in range(commits):
            index = len(rows)
            rows.append({"_id": oid, "id": name, "cardData": card, "lastModified": date_of(index),
                         "commit": f"Commit {index}", "commitUser": f"user{number}", **members})
    return rows


def requests(hub):
    return sum(count for endpoint, answers in hub.stats()["requests"].items() if endpoint != "control"
               for count in answers.values())


def backfill(ledger, *names, status=0):
    path = ledger.directory / "names.txt"
    path.write_text("".join(name + "\n" for name in names), encoding="utf-8")
    return ledger.backfill(path, status=status)


def told(record):
    """The event without its reason, and the commit that brought it."""
    return record_text({**record, "reason": None}), record["commit"]["title"], record["commit"]["user"]


@pytest.mark.parametrize("commits", [2, 3, 7, 50, 412, 1000, 1001, 2600])
def test_one_switch_within_the_bound(tmp_path, commits):
    older = random.Random(commits).randint(1, commits - 1)
    with Hubsim(rows=history((OTHER, older), (APACHE, commits - older)), quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        backfill(ledger, NAME)
        assert requests(hub) <= 2 * math.log2(commits) + 3, hub.stats()["requests"]
        record, = ledger.changes("--origin", "reconstructed")
        assert told(record) == (SWITCH, f"Commit {older}", "user1")
        assert record["at"] == record["commit"]["date"] == date_of(older)
        assert record["observed_after"] is None and record["observed_at"] > record["at"]
        assert record["after"]["sha"] == record["commit"]["sha"] != record["before"]["sha"]
        for side in ("before", "after"):
            assert record[side]["version"] is record[side]["gated"] is record[side]["private"] is None
        rows = ledger.tool("history", NAME, "--format", "ndjson").lines()
        assert [row.get("version") for row in rows[:3]] == [None, None, 1]
        assert rows[0]["commit"] is None and rows[0]["state"]["license"] == ["other"]
        assert rows[1]["commit"]["title"] == f"Commit {older}" and rows[1]["state"]["license"] == ["apache-2.0"]
        ledger.verify()


def test_a_second_run_asks_nothing_and_tells_nothing(tmp_path):
    with Hubsim(rows=history((OTHER, 60), (APACHE, 40)), quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        backfill(ledger, NAME)
        before, sent = ledger.changes(), requests(hub)
        done = backfill(ledger, NAME)
        assert ledger.changes() == before and len(before) == 1
        assert requests(hub) == sent and "before=1" in done.errors
        # what the ledger sees itself, later, is an event of its own; the past stays as it is
        hub.post_rows({"_id": OID, "cardData": MIT})
        ledger.once()
        backfill(ledger, NAME)
        assert [record["origin"] for record in ledger.changes()] == ["reconstructed", "observed"]


@pytest.mark.parametrize("stretches", [
    [(OTHER, 100), (APACHE, 200), (MIT, 300)],
    [(OTHER, 10), (APACHE, 5), (MIT, 400), (APACHE, 30)],
    [({}, 30), (OTHER, 150), (APACHE, 150), ({}, 100)],
    [(MIT, 300), (APACHE, 40), (MIT, 300)],
    [(MIT, 500), (APACHE, 1), (MIT, 300)],
    [(MIT, 2), (APACHE, 1), (MIT, 2)],
])
def test_several_switches_are_found_or_the_rest_is_said(tmp_path, stretches):
    there = {}
    for number in range(1, len(stretches)):
        there[f"Commit {sum(count for _, count in stretches[:number])}"] = f"user{number}"
    with Hubsim(rows=history(*stretches), quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        said = backfill(ledger, NAME).errors
        records = ledger.changes("--origin", "reconstructed")
        found = {record["commit"]["title"]: record["commit"]["user"] for record in records}
        assert found.items() <= there.items() and len(found) == len(records), (found, there)
        commits = sum(count for _, count in stretches)
        assert requests(hub) <= 2 * math.log2(commits) * max(1, len(found)) + 3
        assert [record["commit"]["title"] for record in records] == sorted(found, key=lambda title: int(title.split()[1]))
        if found != there:
            assert "not looked at: of the commits" in said
            assert all("not looked at" in record["reason"] for record in records)
        if commits <= 10:
            assert found == there and all(record["reason"] is None for record in records)
        if len({str(card) for card, _ in stretches}) == len(stretches):  # nothing hides between equals
            assert found == there
        ledger.verify()


def test_cards_that_nobody_can_read(tmp_path):
    """Tabs in one commit's front matter, no README in the first ones: the first is not "none", the others are."""
    rows = history((None, 3), (APACHE, 1), (APACHE, 1), (MIT, 3))
    rows[3] = {**rows[3], "cardData": None, "readmeText": "---\nlicense: apache-2.0\n\tx: y\n---\n"}
    rows[4]["readmeText"] = None
    with Hubsim(rows=rows, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        backfill(ledger, NAME)
        first, second = ledger.changes("--event", "license.*")
        assert told(first)[:2] == ("license.declared tiiuae/falcon-40b - -> apache-2.0", "Commit 4")
        assert "could not be read" in first["reason"]
        assert told(second)[:2] == ("license.switched tiiuae/falcon-40b apache-2.0 -> mit lateral unchanged", "Commit 5")


def test_dates_of_committers_are_not_trusted(tmp_path):
    rows = history((OTHER, 5), (APACHE, 5))
    rows[5]["lastModified"] = "2093-01-01T00:00:00.000Z"
    with Hubsim(rows=rows, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        backfill(ledger, NAME)
        record, = ledger.changes()
        _, _, first_look, *_ = ledger.tool("history", NAME, "--format", "ndjson").lines()
        assert first_look["version"] == 1 and record["at"] == first_look["observed_at"]
        assert record["commit"]["date"].startswith("2093")
        ledger.verify()


def test_datasets_old_names_and_an_owner(tmp_path):
    rows = history((OTHER, 20), (APACHE, 20), name="tiiuae/new-name", oldNames=[NAME])
    for number in range(3):
        rows += history((MIT, 9), (APACHE, 9), oid=f"64666f3ba5b6a2b4e1c1a8d{number}", name=f"ann/set-{number}",
                        repoType="dataset")
    rows += history((MIT, 5), (APACHE, 5), oid="64666f3ba5b6a2b4e1c1a9d1", name="bob/other", repoType="dataset")
    with Hubsim(rows=rows, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, page_rows="2")
        backfill(ledger, NAME, "datasets/ann/set-1  # one of three")
        assert sorted(told(record)[0].split()[1] for record in ledger.changes()) == [
            "datasets/ann/set-1", "tiiuae/new-name"]
        ledger.backfill("ann")
        assert sorted(record["repo"] for record in ledger.changes()) == [
            "ann/set-0", "ann/set-1", "ann/set-2", "tiiuae/new-name"]
        ledger.verify()


def test_links_that_go_round_end_an_owner(tmp_path):
    with FaultProxy() as proxy, Hubsim(rows=[row for number in range(6) for row in history(
            (MIT, 2), oid=f"64666f3ba5b6a2b4e1c1a8d{number}", name=f"ann/model-{number}")],
            quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        ledger = Ledger(tmp_path, proxy.url, page_rows="2")
        proxy.add("always /api/models?*author=ann*cursor=* link /api/models?author=ann&sort=createdAt&direction=1&limit=2")
        done = ledger.backfill("ann", status=1)
        assert "go round in a circle" in done.errors


def test_what_could_not_be_looked_at_is_said(tmp_path):
    gated = history((OTHER, 10), (APACHE, 10))
    gated[-1]["gated"] = "auto"
    with Hubsim(rows=gated, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        done = backfill(ledger, NAME, "nobody/nothing", status=1)
        assert "repo=tiiuae/falcon-40b why=\"gated: its commits are not shown\"" in done.errors
        assert "repo=nobody/nothing" in done.errors and "unseen=2" in done.errors
        assert ledger.changes() == [] and ledger.metrics()["past_unseen_total"] == 2
        hub.post_rows({"_id": OID, "gated": False})
        backfill(ledger, NAME)  # asked again, by wish
        assert len(ledger.changes()) == 1
        done = ledger.backfill("names.text", status=1)
        assert "the Hub lists no repo of this owner, and no file has this name" in done.errors
    assert ledger.backfill(tmp_path / "no/such/file", status=66).errors.startswith("relicensed: --backfill: ")


def test_rewritten_history_is_no_switch(tmp_path):
    with Hubsim(rows=history((OTHER, 4), (APACHE, 4)), quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.once()
        address = hub.address
    squashed = [{"_id": OID, "id": NAME, "cardData": APACHE, "sha": "ab" * 20}]
    with Hubsim(rows=squashed, quota="none", port=address.rsplit(":", 1)[1]) as hub:
        done = backfill(ledger, NAME, status=1)
        assert "why=\"the history was rewritten" in done.errors
        assert ledger.changes() == []


def test_killed_in_the_midst_goes_on(tmp_path):
    """Forty repos with a switch each; the daemon is killed again and again. Every switch is told once."""
    spread = random.Random(5)
    rows = []
    for number in range(40):
        rows += history((OTHER, 7), (APACHE, 6), oid=f"64666f3ba5b6a2b4e1c1b0{number:02x}", name=f"many/repo-{number}")
    with Hubsim(rows=rows, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        for _ in range(6):
            goal = requests(hub) + spread.randint(5, 80)
            with ledger.daemon("--backfill", "many") as daemon:
                try:
                    daemon.wait(lambda: requests(hub) >= goal)
                except Failed:
                    assert daemon.process.returncode == 0
                    break
                daemon.kill()
            ledger.verify()
        ledger.backfill("many")
        records = ledger.changes()
        assert len(records) == len({record["repo"] for record in records}) == 40
        assert {record["commit"]["title"] for record in records} == {"Commit 7"}
        ledger.verify()


def test_the_lane_of_a_daemon(tmp_path):
    """After the first sweep: documented repos and the most downloaded ones, nobody else; once, restarts included."""
    rows = history((OTHER, 30), (APACHE, 30))
    for number in range(4):
        rows += history((MIT, 3), (APACHE, 3), oid=f"64666f3ba5b6a2b4e1c1c0{number:02x}", name=f"some/repo-{number}",
                        downloads=number)
    with Hubsim(rows=rows, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, backfill="yes", backfill_top="2", kinds="models")
        for _ in range(2):
            with ledger.daemon() as daemon:
                daemon.wait(lambda: daemon.said().count("event=backfill-done") > _)
            assert sorted(record["repo"] for record in ledger.changes()) == ["some/repo-2", "some/repo-3", NAME]
        assert "searched=0 before=3 switches=0 unseen=0" in ledger.said()
        ledger.verify()


def test_a_log_is_not_filled_with_repos_that_never_switched(tmp_path):
    rows = history((OTHER, 2), (APACHE, 3)) + history((MIT, 3), oid="64666f3ba5b6a2b4e1c1c000", name="some/repo")
    with Hubsim(rows=rows, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, backfill="yes", kinds="models")
        with ledger.daemon() as daemon:
            daemon.wait(lambda: "event=backfill-done" in daemon.said())
        assert ledger.metrics()["past_searched_total"] == 2
        line, = [line for line in ledger.said().splitlines() if "event=past-" in line]
        assert "event=past-searched kind=model repo=" + NAME in line
        wished = Ledger(tmp_path / "wished", hub.url).backfill("some")  # by wish each is told
        assert "event=past-searched kind=model repo=some/repo" in wished.errors


def test_files_have_a_quota_of_their_own(tmp_path):
    """The cards of 20 repos are more than two windows of the resolvers bucket: waited for, and never refused."""
    rows = []
    for number in range(20):
        rows += history((OTHER, 20), (APACHE, 20), oid=f"64666f3ba5b6a2b4e1c1b0{number:02x}", name=f"many/repo-{number}")
    with Hubsim(rows=rows, quota="api=10000/300,resolvers=100/2") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.backfill("many")
        assert len(ledger.changes()) == 20
        assert hub.stats()["refused_429"] == 0 and hub.stats()["requests"]["raw"]["200"] > 200


FAULTS = ("500=0.03,502=0.03,503=0.02,504=0.02,html=0.05,garbage=0.05,wrong-type=0.03,cut-gzip=0.03,wrong-length=0.03,"
          "reset-before=0.02,reset-body=0.02,redirect-loop=0.02,redirect-host=0.02,link-missing=0.02")


@pytest.mark.parametrize("seed", [1, 2])
def test_trouble_makes_no_switch(tmp_path, seed):
    """Every kind of broken answer, a third of all: what is told is true and told once, the rest is asked again."""
    rows = []
    for number in range(12):
        rows += history((OTHER, 15), (APACHE, 10), ({}, 5), oid=f"64666f3ba5b6a2b4e1c1b0{number:02x}",
                        name=f"many/repo-{number}")
    with Hubsim(rows=rows, quota="none", faults=FAULTS, fault_seed=seed) as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.backfill("many", status=None)
        ledger.backfill("many", status=None)
        hub.request("POST", "/sim/faults", b"")
        ledger.backfill("many")
        records = [(record["repo"], record["commit"]["title"]) for record in ledger.changes()]
        assert len(set(records)) == len(records)
        for record in ledger.changes():
            exact = "could not be read" not in (record["reason"] or "")
            assert not exact or record["commit"]["title"] in ("Commit 15", "Commit 25"), record
        assert {record["event"] for record in ledger.changes()} == {"license.switched", "license.withdrawn"}
        # Damaged answers count as requests: a second switch may lie where the search did not look, and it says so.
        told = {record["repo"] for record in ledger.changes() if "not looked at" in (record["reason"] or "")}
        assert all(len([one for one in records if one[0] == repo]) == 2 or repo in told for repo in {row["id"] for row in rows})
        assert len(records) >= 20
        ledger.verify()
