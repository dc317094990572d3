# SPDX-License-Identifier: Apache-2.0
"""relicense on a crawled store: every command in every format, its schemas, its exit statuses, its honesty.

One store for all: a baseline, then a switch, a renamed repo, a gone one, and a name that passed to another repo.
"""
import csv
import hashlib
import io
import json
import os
import pathlib
import pty
import re
import subprocess
import tempfile
import time

import jsonschema
import pytest

from harness import BUILD, Hubsim, Ledger, wait_until

FALCON = {"_id": "646f4dc0d6ac8c03235e7a0d", "id": "tiiuae/falcon-40b", "downloads": 50000, "likes": 2400,
          "createdAt": "2023-05-25T12:00:00.000Z",
          "cardData": {"license": "other", "license_name": "falcon-llm-license", "license_link": "https://example.org/L"}}
OLD_NAME = {"_id": "640000000000000000000001", "id": "old/name", "cardData": {"license": "mit"}}
GONE = {"_id": "640000000000000000000002", "id": "soon/gone", "cardData": {"license": "mit"}}
DATASET = {"_id": "640000000000000000000003", "id": "squad", "repoType": "dataset", "cardData": {"license": ["cc-by-4.0"]}}
SPACE = {"_id": "640000000000000000000004", "id": "some/space", "repoType": "space", "cardData": {}}
CROWD = [{"_id": f"6500000000000000000000{n:02x}", "id": f"crowd/m{n}", "cardData": {"license": "mit"} if n % 2 else {}}
         for n in range(100)]
LISTINGS = {"changes": (["changes", "--all"], "changes", "changes"), "history": (["history", "tiiuae/falcon-40b"], "history", "history"),
            "diff": (["diff", "tiiuae/falcon-40b"], "diff", "differences"), "report": (["report", "--by", "quarter"], "report", "mix")}
REPORT_HEADER = ("kind,period,permissive,copyleft,use-restricted,source-available,non-commercial,proprietary,unknown,"
                 "undeclared,total,period_start")


@pytest.fixture(name="ledger", scope="module")
def ledger_fixture(tmp_path_factory):
    with Hubsim(rows=[FALCON, OLD_NAME, GONE, DATASET, SPACE, *CROWD], quota="none") as hub:
        ledger = Ledger(tmp_path_factory.mktemp("answers"), hub.url)
        ledger.once()
        ledger.head_before = ledger.tool("head").text.strip()
        hub.post_rows(FALCON | {"cardData": {"license": "apache-2.0"}})
        hub.post_rows(OLD_NAME | {"id": "new/name"})
        hub.request("DELETE", "/sim/rows/" + GONE["_id"])
        ledger.once()
        hub.post_rows({"_id": "660000000000000000000001", "id": "old/name", "cardData": {"license": "gpl-3.0"}})
        ledger.once()
        ledger.once()
        yield ledger


def document(ledger, *arguments):
    return json.loads(ledger.tool(*arguments, "--format", "json").output)


def moment(text):
    return text.replace("T", " ")[:19] + "Z"


# --- the log --------------------------------------------------------------------------------------------------------

def test_falcon_stands_in_the_log_once(ledger):
    lines = ledger.tool("changes", "--repo", "tiiuae/*").lines()
    assert [(r["event"], r["direction"], r["commercial"]) for r in lines] == [("license.switched", "loosened", "widened")]
    assert lines[0]["before"]["license_name"] == "falcon-llm-license" and lines[0]["after"]["license"] == ["apache-2.0"]


def test_a_filter_counts_beside_all(ledger):
    for arguments in (["-a", "-e", "repo.gone"], ["-e", "repo.gone", "--all"], ["--all", "--event", "repo.gone,gap"]):
        assert {r["event"] for r in ledger.tool("changes", *arguments).lines()} == {"repo.gone"}


@pytest.mark.parametrize("form", ["tiiuae/falcon-40b", "https://huggingface.co/tiiuae/falcon-40b/tree/main", "hf.co/tiiuae/falcon-40b",
                                  "pkg:huggingface/tiiuae/falcon-40b@main", "model:tiiuae/falcon-40b", "models/tiiuae/falcon-40b/"])
def test_a_repo_in_every_form(ledger, form):
    wanted = ledger.tool("changes", "--repo", "tiiuae/falcon-40b").lines()
    assert ledger.tool("changes", form).lines() == wanted != []
    assert document(ledger, "show", form) == document(ledger, "show", "tiiuae/falcon-40b")


@pytest.mark.parametrize("ending", [".sqlite3", ".db", ".jsonl"])
def test_endings_of_exports(ledger, tmp_path, ending):
    ledger.tool("export", "-o", tmp_path / ("e" + ending))
    start = (tmp_path / ("e" + ending)).read_bytes()[:15]
    assert start == b"SQLite format 3" if ending != ".jsonl" else start.startswith(b"{")


def test_bad_news_has_one_filter(ledger):
    assert [(r["event"], r["repo"]) for r in ledger.tool("changes", "--concern").lines()] == [("repo.gone", "soon/gone")]
    assert ledger.tool("changes", "--concern=tightened,lost").lines() == []
    assert ledger.tool("changes", "--concern", "--event", "license.*").lines() == []
    assert [r["repo"] for r in ledger.tool("changes", "--concern=gone", "--owner", "soon,tiiuae").lines()] == ["soon/gone"]
    header, row = ledger.tool("changes", "--concern", "--format", "table").text.splitlines()[:2]
    assert header.split()[-2:] == ["concern", "downloads"] and row.split()[-2] == "gone"


@pytest.mark.parametrize("arguments", [["--oldest-first", "--after", "3"], ["--oldest-first", "--follow"],
                                       ["--follow", "--until", "2999-01-01"], ["--since", "2024-01", "--until", "2023"]])
def test_options_that_undo_each_other_are_refused(ledger, arguments):
    errors = ledger.tool("changes", *arguments, status=64).errors
    assert all(a in errors for a in arguments if a.startswith("--"))


def test_lists_of_words(ledger):
    everything = ledger.tool("changes", "--all").lines()
    assert ledger.tool("changes", "--all", "--kind", "models,dataset", "-k", "Spaces").lines() == \
        [r for r in everything if r["kind"]]
    assert ledger.tool("changes", "--direction", "loosened,tightened", "--commercial", "widened").lines() == \
        ledger.tool("changes", "--repo", "tiiuae/*,nobody/*").lines() != []


def test_default_events_and_all(ledger):
    assert {r["event"] for r in ledger.tool("changes").lines()} == {"license.switched"}
    events = [r["event"] for r in ledger.tool("changes", "--all").lines()]
    assert {"license.switched", "repo.renamed", "repo.gone", "repo.appeared"} <= set(events)
    assert {r["event"] for r in ledger.tool("changes", "--event", "repo.*").lines()} == {e for e in events if e[:5] == "repo."}


def test_order_limit_and_after(ledger):
    newest_first = [r["seq"] for r in ledger.tool("changes", "--all").lines()]
    by_arrival = [r["seq"] for r in ledger.changes()]
    assert by_arrival == list(range(1, ledger.head_seq() + 1))
    assert newest_first == sorted(by_arrival, reverse=True)
    assert [r["seq"] for r in ledger.tool("changes", "--all", "--limit", "2").lines()] == newest_first[:2]
    assert [r["seq"] for r in ledger.tool("changes", "--all", "--after", "2").lines()] == by_arrival[2:]
    assert [r["seq"] for r in ledger.tool("changes", "--all", "--oldest-first").lines()] == by_arrival
    assert document(ledger, "changes", "--all", "--limit", "1")["more"] == len(by_arrival) - 1
    assert f"... and {len(by_arrival) - 1} more" in ledger.tool("changes", "--all", "--limit", "1", "--format", "table").text


def test_a_line_is_the_stored_line_and_its_hash_can_be_checked_by_hand(ledger):
    previous = "0" * 64
    for line in ledger.tool("changes", "--all", "--after", "0").output.splitlines():
        sealed = json.loads(line)
        body = line[:line.rindex(b',"prev":')]
        assert sealed["prev"] == previous
        assert hashlib.sha256(previous.encode() + body).hexdigest() == sealed["hash"]
        previous = sealed["hash"]
    assert ledger.tool("head").text.split()[2] == previous


def test_csv_holds_what_json_holds(ledger):
    records = ledger.changes("--no-evidence")
    text = ledger.tool("changes", "--all", "--after", "0", "--format", "csv").output.decode("utf-8")
    assert "\r\n" in text and text.count("\r\n") == len(records) + 1
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    for row, record in zip(rows, records, strict=True):
        flat = {key: value for key, value in record.items() if key not in ("before", "after", "commit")}
        for side in ("before", "after", "commit"):
            flat |= {f"{side}_{key}": value for key, value in (record[side] or {}).items()}
        flat["ref"] = record["repo"] and {"model": "", "dataset": "datasets/", "space": "spaces/"}[record["kind"]] + record["repo"]
        for name, cell in row.items():
            value = flat.get(name)
            wanted = "" if value is None else value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            assert cell == wanted, (name, record["seq"])
        assert set(flat) <= set(row)


def test_tsv_has_the_same_cells(ledger):
    lines = ledger.tool("report", "--by", "year", "--format", "tsv").text.splitlines()
    rows = list(csv.reader(ledger.tool("report", "--by", "year", "--format", "csv").text.splitlines()))
    assert [line.split("\t") for line in lines] == rows


def test_follow_brings_what_arrives(ledger):
    process = subprocess.Popen([BUILD / "relicense", "changes", "--all", "--follow", "--after", "1", "--store", ledger.store],
                               stdout=subprocess.PIPE)
    seqs = [json.loads(process.stdout.readline())["seq"] for _ in range(ledger.head_seq() - 1)]
    assert seqs == list(range(2, ledger.head_seq() + 1))
    assert process.poll() is None  # it waits for more
    process.stdout.close()
    assert process.wait(20) == 0  # nobody reads any more: quietly over


def test_a_pipe_that_ends_early_is_no_failure(ledger):
    script = f"set -o pipefail; '{BUILD}/relicense' changes --all --store '{ledger.store}' | head -n 1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout.splitlines()) == 1


# --- one repo -------------------------------------------------------------------------------------------------------

def test_show_now(ledger):
    shown = document(ledger, "show", "tiiuae/falcon-40b")
    assert shown["state"]["license"] == ["apache-2.0"] and shown["state"]["class"] == "permissive"
    assert shown["certainty"] == "unchanged" and shown["versions"] == 2 and shown["downloads_30d"] == 50000
    first, last = moment(shown["first_seen"]), moment(shown["last_seen"])
    assert shown["certainty_text"] == (f"seen once, at {first}" if first == last else f"observed unchanged from {first} to {last}")
    assert shown["metadata"]["cardData"] == {"license": "apache-2.0"}


def test_show_at(ledger):
    first, second = document(ledger, "history", "tiiuae/falcon-40b")["history"]
    then = document(ledger, "show", "tiiuae/falcon-40b", "--at", first["observed_at"])
    assert then["state"]["license_name"] == "falcon-llm-license" and then["certainty"] == "unchanged"
    between = first["last_seen"][:-4] + f"{(int(first['last_seen'][-4:-1]) + 1):03d}Z"
    if first["last_seen"] < between < second["observed_at"]:
        unsure = document(ledger, "show", "tiiuae/falcon-40b", "--at", between)
        assert unsure["certainty"] == "uncertain" and unsure["state"]["version"] == 1
        assert unsure["certainty_text"] == (f"It changed between {moment(first['last_seen'])} and "
                                            f"{moment(second['observed_at'])}. At the time you ask for it was version 1 or 2; "
                                            "version 1 is shown")
    before = ledger.tool("show", "tiiuae/falcon-40b", "--at", "2023-05-30", "--format", "json", status=2)
    assert json.loads(before.output)["certainty_text"] == f"Not known. This repo has been watched only since {moment(first['observed_at'])}"
    assert json.loads(before.output)["state"] is None


def test_a_name_means_its_bearer_at_that_time(ledger):
    assert document(ledger, "show", "new/name")["oid"] == OLD_NAME["_id"]
    now = document(ledger, "show", "old/name")
    assert now["oid"] == "660000000000000000000001" and now["state"]["license"] == ["gpl-3.0"]
    first_look, last_look = (document(ledger, "history", "new/name")["history"][0][key] for key in ("observed_at", "last_seen"))
    assert document(ledger, "show", "old/name", "--at", last_look)["oid"] == OLD_NAME["_id"]
    then = document(ledger, "show", "old/name", "--at", first_look)
    assert then["oid"] == OLD_NAME["_id"] and then["name_borne_now_by"] == "660000000000000000000001"
    text = ledger.tool("show", "old/name", "--at", first_look, "--format", "table").text
    assert "Another repo bears the name now: 660000000000000000000001" in text and "then new/name" in text


def test_gone_repo_keeps_its_last_state(ledger):
    shown = document(ledger, "show", "soon/gone")
    assert shown["gone"] and shown["certainty"] == "gone" and shown["state"]["license"] == ["mit"]
    assert shown["last_seen"] < shown["next_seen"] and shown["repo_last_seen"] == shown["last_seen"]
    rows = document(ledger, "history", "soon/gone")["history"]
    assert rows[0]["last_seen"] == shown["last_seen"]
    assert [(row["version"], row["events"]) for row in rows] == [(1, []), (None, ["repo.gone"])]


@pytest.mark.parametrize("name,kind", [("squad", None), ("datasets/squad", "dataset"), ("spaces/some/space", "space"),
                                       ("DATASETS/SQUAD", None), ("datasets/SQUAD", "dataset"), (FALCON["_id"], "model"),
                                       ("https://huggingface.co/datasets/squad", "dataset")])
def test_forms_of_a_repo(ledger, name, kind):
    done = ledger.tool("show", name, "--format", "json", status=0 if kind else 2)
    if kind:
        assert json.loads(done.output)["kind"] == kind
    elif name == "squad":
        assert "there is datasets/squad" in done.errors


def test_diff(ledger):
    differences = {row["field"]: (row["before"], row["after"]) for row in document(ledger, "diff", "tiiuae/falcon-40b")["differences"]}
    assert differences["cardData.license"] == ("other", "apache-2.0")
    assert differences["cardData.license_link"] == ("https://example.org/L", None)
    assert "sha" not in differences
    assert ledger.tool("diff", "tiiuae/falcon-40b", "2", "2").lines() == []
    back = {row["field"]: row["after"] for row in ledger.tool("diff", "tiiuae/falcon-40b", "2", "1").lines()}
    assert back["cardData.license_name"] == "falcon-llm-license"
    assert "'3' is no version of this repo, which has 1 to 2" in ledger.tool("diff", "tiiuae/falcon-40b", "3", status=64).errors


# --- the mix ---------------------------------------------------------------------------------------------------------

def test_report(ledger):
    text = ledger.tool("report", "--by", "quarter", "--format", "csv").output.decode("utf-8")
    assert text.split("\r\n")[0] == REPORT_HEADER
    rows = list(csv.DictReader(io.StringIO(text)))
    models = [row for row in rows if row["kind"] == "model"]
    assert sum(int(row["total"]) for row in models) == 103  # without the one that is gone
    assert next(row for row in models if row["period"] == "2023-Q2")["period_start"] == "2023-04-01"
    for row in rows:
        assert int(row["total"]) == sum(int(row[name]) for name in REPORT_HEADER.split(",")[2:10])
    whole = list(csv.DictReader(io.StringIO(ledger.tool("report", "--format", "csv").text)))
    assert [(row["kind"], row["period"], row["period_start"]) for row in whole] == [(kind, "all", "") for kind in ("model", "dataset", "space")]
    for row in whole:
        assert int(row["permissive"]) == sum(int(r["permissive"]) for r in rows if r["kind"] == row["kind"])


def test_report_at_a_time(ledger):
    first = document(ledger, "history", "soon/gone")["history"][0]
    then = {row["kind"]: row for row in document(ledger, "report", "--at", first["last_seen"])["mix"]}
    now = {row["kind"]: row for row in document(ledger, "report")["mix"]}
    assert then["model"]["source-available"] == 1 and now["model"]["source-available"] == 0  # Falcon, before and after
    done = ledger.tool("report", "--at", "2020-01-01", status=2)
    assert "Not known. Repos have been watched only since" in done.errors and done.output == b""


# --- what every answer ends with ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", LISTINGS)
def test_tables_end_with_the_as_of_lines(ledger, name):
    text = ledger.tool(*LISTINGS[name][0], "--format", "table").text
    assert re.search(r"^as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ \(the newest look\); license tables \d{4}-\d\d-\d\d$", text, re.M)
    assert re.search(r"^  models   103 known, 1 gone; baseline complete", text, re.M)


@pytest.mark.parametrize("name", LISTINGS)
def test_json_has_them_as_fields(ledger, name):
    whole = document(ledger, *LISTINGS[name][0])
    assert [entry["kind"] for entry in whole["coverage"]] == ["model", "dataset", "space"]
    assert whole["coverage"][0]["baseline_complete"] and whole["coverage"][0]["gone"] == 1
    assert whole["as_of"] == max(entry["newest_look"] for entry in whole["coverage"])
    assert whole["head_seq"] == ledger.head_seq()


def test_max_age(ledger):
    assert ledger.tool("report", "--max-age", "1d").status == 0
    time.sleep(1.1)
    assert "older than --max-age" in ledger.tool("report", "--max-age", "1s", status=2).errors


# --- schemas -----------------------------------------------------------------------------------------------------------

def schema_of(ledger, name):
    schema = json.loads(ledger.tool("schema", name).output)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def assert_described(validator, schema, value):
    """Valid, and without a member that the schema does not tell of."""
    validator.validate(value)
    told = schema["properties"]
    assert set(value) <= set(told), set(value) - set(told)


@pytest.mark.parametrize("name", LISTINGS)
def test_rows_fit_their_schema(ledger, name):
    arguments, schema, member = LISTINGS[name]
    validator = schema_of(ledger, schema)
    whole = document(ledger, *arguments)
    assert whole[member]
    for row in whole[member]:
        assert_described(validator, validator.schema, row)
        for side in ("before", "after", "state"):
            if name != "diff" and isinstance(row.get(side), dict):
                assert set(row[side]) <= set(validator.schema["$defs"]["side"]["properties"])
    assert whole[member] == ledger.tool(*arguments, "--format", "ndjson").lines()
    schema_of(ledger, "listing").validate(whole)


@pytest.mark.parametrize("arguments", [["show", "tiiuae/falcon-40b"], ["show", "soon/gone"], ["status"], ["head"], ["verify"]])
def test_documents_fit_their_schema(ledger, arguments):
    validator = schema_of(ledger, arguments[0])
    assert_described(validator, validator.schema, document(ledger, *arguments))


def test_the_schema_of_changes_knows_every_event(ledger):
    table = (pathlib.Path(__file__).parents[2] / "storage/model/event_table.h").read_text(encoding="utf-8")
    assert schema_of(ledger, "changes").schema["properties"]["event"]["enum"] == re.findall(r'X\(EVENT_\w+, "([a-z.]+)"', table)


def test_every_schema_is_listed(ledger):
    names = [line.split()[0] for line in ledger.tool("schema").text.splitlines()]
    assert sorted(names) == sorted(path.stem for path in (pathlib.Path(__file__).parents[2] / "storage/cli/schema").glob("*.json"))
    for name in names:
        schema_of(ledger, name)


# --- care of the store -------------------------------------------------------------------------------------------------

def test_status_tells_of_the_daemon(ledger):
    status = document(ledger, "status")
    assert status["daemon"] == "not running" and status["metrics"]["sweeps_total"] == 3
    assert status["seq"] == ledger.head_seq() and status["missing"] == 0
    with ledger.daemon():
        wait_until("status never said that the daemon runs", lambda: document(ledger, "status")["daemon"] == "running")
        text = ledger.tool("status", "--format", "table").text
        assert re.search(r"^daemon +running \(relicensed, process \d+\)$", text, re.M)
        assert ledger.verify().status == 0  # beside the crawl
    assert document(ledger, "status")["daemon"] == "not running"


def test_heads(ledger):
    parts = ledger.tool("head").text.split()
    as_json = document(ledger, "head")
    assert parts == [as_json["ledger"], str(as_json["seq"]), as_json["hash"], as_json["at"]]
    assert "holds the head that was kept" in ledger.tool("verify", "--head", " ".join(parts)).text
    assert ledger.tool("verify", "--head", ledger.head_before).status == 0
    forged = [parts[0], parts[1], "0" * 64, parts[3]]
    assert "was rewritten" in ledger.tool("verify", "--head", " ".join(forged), status=1).text
    assert ledger.tool("verify", "--head", "nonsense", status=64).status == 64


# --- how it is called ---------------------------------------------------------------------------------------------------

def tool(*arguments, **environment):
    return subprocess.run([BUILD / "relicense", *arguments], capture_output=True, text=True, check=False,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment})


@pytest.mark.parametrize("arguments,status,says", [
    ([], 64, ""),
    (["chnges"], 64, "did you mean 'changes'?"),
    (["changes", "--formt", "csv"], 64, "did you mean --format?"),
    (["changes", "--format", "cvs"], 64, "it takes table, json, ndjson, csv, tsv"),
    (["changes", "--since", "the other day"], 64, "'the other day' is not a date I understand; try 2026-11-29 or 1d"),
    (["changes", "--event", "repo.goner"], 64, "did you mean 'repo.gone'?"),
    (["changes", "--direction", "tightend"], 64, "did you mean 'tightened'?"),
    (["changes", "--event", "license"], 64, "no event is called 'license'"),
    (["changes", "--to-license", "class:free"], 64, "classes are permissive,"),
    (["head", "extra"], 64, "usage: relicense head"),
    (["show"], 64, "usage: relicense show REPO"),
    (["show", "datasets/", "--store", "{store}"], 64, "is no repo"),
    (["schema", "nothing"], 64, "relicense schema lists them"),
    (["show", "never/seen", "--store", "{store}"], 2, "was ever seen"),
    (["show", "tiiuae/falcon-40", "--store", "{store}"], 2, "did you mean tiiuae/falcon-40b?"),
    (["show", "tiiuea/falcon-40b", "--store", "{store}"], 2, "did you mean tiiuae/falcon-40b?"),
    (["show", "dataset:squat", "--store", "{store}"], 2, "did you mean datasets/squad?"),
    (["changes", "--from-license", "apach-2.0", "--store", "{store}"], 0, "did you mean 'apache-2.0'?"),
    (["status", "--store", __file__], 66, "is a file, not the folder of a store"),
    (["report", "--store", "{store}", "-o", "{tmp}/e.parquet"], 64, "known are .csv"),
    (["report", "--store", "{store}", "-o", "{tmp}/e.csv", "--format", "json"], 64, "its ending says csv, --format says json"),
    (["export", "--store", "{store}", "-o", "{tmp}/e.parquet"], 64, "known are .csv"),
    (["export", "--store", "{store}", "-o", "{tmp}/e.csv", "--format", "sqlite"], 64, "its ending says csv"),
    (["export", "--store", "{store}", "-o", "{tmp}/e.csv", "--since", "99999"], 64, "the log ends at"),
    (["changes", "--store", "{tmp}/nothing"], 66, "there is no store in"),
    (["changes", "--config", "{tmp}/nothing.conf"], 78, "nothing.conf"),
    (["changes", "--store", "{store}", "-o", "{tmp}/no/such/folder.csv"], 74, "cannot be written"),
    (["changes", "--store", "{store}", "-o", "/dev/full", "--format", "csv"], 74, "could not be written"),
    (["--version"], 0, ""),
    (["help"], 0, ""),
])
def test_exit_statuses(ledger, tmp_path, arguments, status, says):
    done = tool(*(word.format(store=ledger.store, tmp=tmp_path) for word in arguments))
    assert done.returncode == status, done.stderr
    assert says in done.stderr
    assert done.stderr == "" or done.stderr.startswith(("relicense: ", str(tmp_path)))


@pytest.mark.parametrize("command", ["changes", "show", "history", "diff", "report", "status", "head", "verify", "schema"])
def test_every_command_has_help_with_an_example(command):
    for arguments in (["help", command], [command, "--help"]):
        done = tool(*arguments)
        assert done.returncode == 0 and re.search(rf"^examples?:\n  relicense {command}", done.stdout, re.M)
        assert all(len(line) <= 120 for line in done.stdout.splitlines())


def test_where_the_store_is_named(ledger):
    assert tool("head", "--store", ledger.store).returncode == 0
    assert tool("--store", ledger.store, "head").returncode == 0
    assert tool("head", "--config", ledger.config_path).returncode == 0
    assert tool("head", RELICENSED_STORE=str(ledger.store)).returncode == 0
    assert tool("head", RELICENSE_STORE=str(ledger.store), RELICENSED_STORE="/nonexistent").returncode == 0
    assert tool("head", "--store", ledger.store, RELICENSED_STORE="/nonexistent").returncode == 0


def test_a_file_of_its_own(ledger, tmp_path):
    path = tmp_path / "mix.csv"
    done = tool("report", "--store", ledger.store, "-o", path)
    assert (done.returncode, done.stdout) == (0, "")
    assert path.read_bytes() == ledger.tool("report", "--format", "csv").output


def on_terminal(arguments, **environment):
    pieces = []
    master, slave = pty.openpty()
    with subprocess.Popen([BUILD / "relicense", *arguments], stdout=slave, stderr=slave,
                          env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment}) as process:
        os.close(slave)
        try:
            while piece := os.read(master, 65536):
                pieces.append(piece)
        except OSError:
            pass
        os.close(master)
    return process.returncode, b"".join(pieces).decode("utf-8")


def test_a_terminal_gets_a_table_in_color(ledger):
    status, text = on_terminal(["changes", "--store", ledger.store])
    assert status == 0 and "\033[32mloosened\033[0m" in text and "observed" in text
    for arguments, environment in ((["--color", "never"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})):
        assert "\033" not in on_terminal(["changes", "--store", ledger.store, *arguments], **environment)[1]
    assert "\033[" in ledger.tool("changes", "--format", "table", "--color", "always").text


def test_reading_needs_no_right_to_write_the_data(ledger, tmp_path):
    """The message for somebody outside the group names the group."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else")
    ledger.store.chmod(0o750)
    (tmp_path / "tool").write_bytes((BUILD / "relicense").read_bytes())
    (tmp_path / "tool").chmod(0o755)
    for folder in {tmp_path, *tmp_path.parents, *ledger.store.parents}:
        if pathlib.Path(tempfile.gettempdir()) in folder.parents:
            folder.chmod(folder.stat().st_mode | 0o055)
    done = subprocess.run([tmp_path / "tool", "head", "--store", ledger.store], capture_output=True, text=True, check=False,
                          user=65534, group=65534, extra_groups=[])
    assert done.returncode == 77 and "it belongs to root" in done.stderr and "group 'root'" not in done.stderr


# --- one spelling of a repo that every command takes back -------------------------------------------------------------

def refs(ledger, command):
    """What a listing of programs gives as `ref`, in every format."""
    lines = ledger.tool(*command, "--format", "ndjson").lines()
    rows = list(csv.DictReader(io.StringIO(ledger.tool(*command, "--format", "csv").text)))
    found = [line["ref"] for line in lines if "ref" in line]
    assert found == [row["ref"] for row in rows] and list(rows[0])[-1] == "ref"
    return found


@pytest.mark.parametrize("command", [["changes", "--all"], ["export", "--what", "changes"], ["export", "--what", "repos"],
                                     ["export", "--what", "snapshots"]], ids=" ".join)
def test_refs_are_taken_back(ledger, command):
    given = refs(ledger, command)
    assert given and {"datasets/squad", "spaces/some/space"} <= set(given) or command[-1] in ("--all", "changes")
    names = "\n".join(given[:20] + ["# a remark", "", *given[-1:]]) + "\n"
    shown = subprocess.run([BUILD / "relicense", "show", "-", "--store", ledger.store, "--format", "ndjson"], input=names.encode(),
                           capture_output=True, check=True)
    answers = [json.loads(line) for line in shown.stdout.splitlines()]
    assert len(answers) == len(given[:20]) + 1 and not shown.stderr
    assert all(answer["ref"] in given or answer["repo_now"] for answer in answers)


def test_show_of_many_from_a_file(ledger, tmp_path):
    (tmp_path / "repos").write_text("tiiuae/falcon-40b\nnobody/nothing\ndatasets/squad\n", encoding="utf-8")
    done = ledger.tool("show", "--from", tmp_path / "repos", "--format", "csv", status=2)
    assert [row["repo_now"] for row in csv.DictReader(io.StringIO(done.text))] == ["tiiuae/falcon-40b", "squad"]
    assert "no repo called 'nobody/nothing'" in done.errors
    table = ledger.tool("show", "--from", tmp_path / "repos", "--format", "table", status=2).text
    assert table.count("as of ") == 1 and "datasets/squad  (dataset" in table
    assert "--from FILE" in ledger.tool("show", status=64).errors


def test_gone_stands_on_top(ledger):
    lines = ledger.tool("show", "soon/gone", "--format", "table").text.splitlines()
    assert lines[1].startswith("GONE: deleted or made private between ") and lines[2].startswith("  license        gone; it was mit")
