# SPDX-License-Identifier: Apache-2.0
"""relicense export: whole and what came since, in every format; the same counts as report, and no change twice."""
import csv
import hashlib
import json
import sqlite3
import subprocess

import jsonschema
import pytest

from harness import BUILD, Hubsim, Ledger

LICENSES = ["mit", "apache-2.0", "gpl-3.0", "cc-by-nc-4.0", None]
ROWS = [{"_id": f"6400000000000000000000{n:02x}", "id": f"owner-{n % 7}/m{n}",
         "cardData": {"license": LICENSES[n % 5]} if LICENSES[n % 5] else {}} for n in range(60)]
DATASET = {"_id": "650000000000000000000001", "id": "some/data", "repoType": "dataset",
           "cardData": {"license": "cc-by-4.0", "pretty_name": 'a "name",\n of two lines'}}
CLASSES = ["permissive", "copyleft", "use-restricted", "source-available", "non-commercial", "proprietary", "unknown", "undeclared"]


@pytest.fixture(name="hub")
def hub_fixture():
    with Hubsim(rows=[*ROWS, DATASET], quota="none") as hub:
        yield hub


@pytest.fixture(name="ledger")
def ledger_fixture(hub, tmp_path):
    ledger = Ledger(tmp_path, hub.url)
    ledger.once()
    switch(hub, ledger, 0, "gpl-3.0")
    return ledger


def switch(hub, ledger, n, license_id):
    hub.post_rows(ROWS[n] | {"cardData": {"license": license_id}})
    ledger.once()


def crawl_on(hub, ledger):
    """A switch, a new repo, one that is gone, one that is renamed."""
    switch(hub, ledger, 1, "cc-by-nc-4.0")
    hub.post_rows({"_id": "660000000000000000000001", "id": "new/repo", "cardData": {"license": "mit"}})
    hub.request("DELETE", "/sim/rows/" + ROWS[2]["_id"])
    hub.post_rows(ROWS[3] | {"id": "other/name"})
    ledger.once()
    ledger.once()


def manifest(path):
    return json.loads((path.parent / (path.name + ".manifest.json")).read_text(encoding="utf-8"))


def ledger_schema():
    return subprocess.run([BUILD / "relicense", "schema", "manifest"], capture_output=True, check=True).stdout


def export(ledger, path, *arguments):
    ledger.tool("export", "-o", path, *arguments)
    told = manifest(path)
    assert not list(path.parent.glob("*.partial"))
    jsonschema.validate(told, json.loads(ledger_schema()))
    assert told["seq"] == ledger.head_seq()
    if told["format"] != "sqlite":
        assert told["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest() and told["bytes"] == path.stat().st_size
    return told


def report(ledger, *arguments):
    """{(kind, class): repos} without zeros."""
    lines = ledger.tool("report", "--format", "ndjson", *arguments).lines()
    return {(line["kind"], name): line[name] for line in lines if "permissive" in line for name in CLASSES if line[name]}


def mix(rows):
    counts = {}
    for row in rows:
        if not row["gone"]:
            counts[row["kind"], row["class"]] = counts.get((row["kind"], row["class"]), 0) + 1
    return counts


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_since_continues_in_lines(hub, ledger, tmp_path):
    first, second = tmp_path / "first.ndjson", tmp_path / "second.ndjson"
    told = export(ledger, first)
    crawl_on(hub, ledger)
    since = export(ledger, second, "--since", str(told["seq"]))
    records = read_lines(first) + read_lines(second)
    assert [record["seq"] for record in records] == list(range(1, ledger.head_seq() + 1))
    assert records == [{key: value for key, value in record.items() if key != "evidence"} for record in ledger.changes()]
    assert (since["first_seq"], since["last_seq"], since["rows"]) == (told["seq"] + 1, ledger.head_seq(), len(read_lines(second)))


def test_csv_is_that_of_changes(ledger, tmp_path):
    export(ledger, tmp_path / "changes.csv")
    assert (tmp_path / "changes.csv").read_bytes() == ledger.tool("changes", "--all", "--after", "0", "--format", "csv").output


def test_values_come_back_exact(ledger, tmp_path):
    path = tmp_path / "snapshots.csv"
    export(ledger, path, "--what", "snapshots")
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(ROWS) + 1 + 1
    stored = json.loads(next(row["metadata"] for row in rows if row["kind"] == "dataset"))
    assert stored["cardData"]["pretty_name"] == DATASET["cardData"]["pretty_name"]


def test_repos_are_those_of_the_report(hub, ledger, tmp_path):
    path = tmp_path / "repos.ndjson"
    told = export(ledger, path, "--what", "repos")
    first = {(row["kind"], row["oid"]): row for row in read_lines(path)}
    assert mix(first.values()) == report(ledger)
    crawl_on(hub, ledger)
    export(ledger, path, "--what", "repos", "--since", str(told["seq"]))
    touched = read_lines(path)
    assert sorted(row["name"] for row in touched) == sorted(["owner-1/m1", "new/repo", "owner-2/m2", "other/name"])
    assert mix((first | {(row["kind"], row["oid"]): row for row in touched}).values()) == report(ledger)


def test_repos_at_a_time(hub, ledger, tmp_path):
    then = ledger.tool("status", "--format", "json")
    moment = json.loads(then.output)["as_of"]
    expected = report(ledger)
    crawl_on(hub, ledger)
    path = tmp_path / "then.ndjson"
    export(ledger, path, "--what", "repos", "--at", moment)
    assert mix(read_lines(path)) == report(ledger, "--at", moment) == expected


def test_sqlite_grows(hub, ledger, tmp_path):
    path = tmp_path / "ledger.sqlite"
    for what in ("changes", "repos", "snapshots"):
        told = export(ledger, path, "--what", what)
    crawl_on(hub, ledger)
    for what in ("changes", "repos", "snapshots"):
        export(ledger, path, "--what", what, "--since", str(told["seq"]))
        export(ledger, path, "--what", what, "--since", str(told["seq"]))  # again changes nothing
    with sqlite3.connect(path) as database:
        assert {(kind, name): count for kind, name, count in database.execute("select * from mix")} == report(ledger)
        assert [seq for seq, in database.execute("select seq from changes order by seq")] == list(range(1, ledger.head_seq() + 1))
        assert list(database.execute("select kind, oid, version from snapshots group by 1, 2, 3 having count(*) > 1")) == []
        assert database.execute("select count(*) from snapshots").fetchone()[0] == len(
            ledger.tool("export", "--what", "snapshots").lines())
        assert [row[:1] for row in database.execute("select seq from switches order by seq")] == [(1,), (2,)]
        assert database.execute("select typeof(seq), typeof(downloads_30d), typeof(at) from changes").fetchone() == (
            "integer", "integer", "text")
        assert database.execute("select count(*) from current").fetchone()[0] == sum(report(ledger).values())


def test_sqlite_of_another_ledger(hub, ledger, tmp_path):
    path = tmp_path / "ledger.sqlite"
    export(ledger, path, "--what", "repos")
    before = path.read_bytes()
    other = Ledger(tmp_path / "other", hub.url)
    other.once()
    assert "export into another file" in other.tool("export", "--what", "repos", "-o", path, status=74).errors
    assert path.read_bytes() == before


def test_what_cannot_be_written(ledger, tmp_path):
    path = tmp_path / "none" / "changes.csv"
    assert str(path) in ledger.tool("export", "-o", path, status=74).errors
    assert "needs a file" in ledger.tool("export", "--format", "sqlite", status=64).errors
    (tmp_path / "text.sqlite").write_text("no database" * 100, encoding="utf-8")
    assert "not a database" in ledger.tool("export", "-o", tmp_path / "text.sqlite", status=74).errors
    assert (tmp_path / "text.sqlite").read_text(encoding="utf-8").startswith("no database")


def test_full_disk_leaves_nothing_behind(ledger):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BUILD / "relicense", "export", "--store", ledger.store], stdout=full, stderr=subprocess.PIPE,
                              check=False)
    assert done.returncode == 74 and b"No space left" in done.stderr


def test_reader_that_goes_away(ledger):
    with subprocess.Popen([BUILD / "relicense", "export", "--what", "snapshots", "--store", ledger.store], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0
