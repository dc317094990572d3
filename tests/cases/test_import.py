# SPDX-License-Identifier: Apache-2.0
"""Dumps of list rows as looks of their day: what they may and may not say, in which order, and what a kill leaves behind."""
import gzip
import json
import subprocess

import pytest

from harness import Failed, Hubsim, Ledger, record_text, wait_until

NOWHERE = "http://127.0.0.1:9"
FIRST, SECOND = "2023-01-31", "2024-01-31T12:00:00Z"
CREATED = "2022-06-01T00:00:00.000Z"


def oid(number):
    return f"62{number:022x}"


def row(number, license_id=None, **more):
    card = {"license": license_id} if license_id else {}
    return {"_id": oid(number), "id": f"org/repo-{number}", "createdAt": CREATED, "cardData": card,
            "tags": [f"license:{license_id}"] if license_id else [], "private": False, "gated": False, "disabled": False,
            "author": "org", "downloads": number, "likes": 1} | more


def texts(ledger):
    return [(record["origin"], record["at"][:10], record_text(record)) for record in ledger.changes()]


@pytest.fixture(name="ledger")
def ledger_fixture(tmp_path):
    return Ledger(tmp_path, NOWHERE)


# --- what it finds ----------------------------------------------------------------------------------------------------------

def test_two_dumps_and_then_the_hub(tmp_path):
    """History begins before the first day: each difference once, imported between the dumps, observed after them."""
    later = [row(1, "mit"), row(2, "apache-2.0"), row(3, "mit"), *(row(n) for n in range(5, 400)),
             row(900, "mit", createdAt="2023-06-01T00:00:00.000Z")]
    now = [row(1, "mit"), row(2, "gpl-3.0"), row(3, "mit"), *(row(n) for n in range(5, 400)),
           row(900, "mit", createdAt="2023-06-01T00:00:00.000Z")]
    with Hubsim(rows=[dict(one, sha=f"{at:040x}") for at, one in enumerate(now, 1)], quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.load([row(2), row(1, "mit"), row(4), *(row(n) for n in range(5, 400)), row(3, "llama2")], FIRST, "--complete")
        assert texts(ledger) == []
        done = ledger.load(later, SECOND, "--complete")
        assert "1 new" in done.text and "1 missing" in done.text
        imported = [("imported", "2024-01-31", "license.declared org/repo-2 - -> apache-2.0"),
                    ("imported", "2024-01-31", "license.switched org/repo-3 llama2 -> mit loosened widened"),
                    ("imported", "2024-01-31", "repo.created org/repo-900 mit")]
        assert sorted(texts(ledger)) == imported
        ledger.once()
        found = texts(ledger)
        assert sorted(found[:3]) == imported
        assert [(origin, text) for origin, _, text in found[3:]] == [
            ("observed", "license.switched org/repo-2 apache-2.0 -> gpl-3.0 tightened unchanged"),
            ("observed", "repo.gone org/repo-4 (deleted_or_private)")]
        switched = ledger.changes()[3]
        assert switched["observed_after"] == "2024-01-31T12:00:00.000Z"
        ledger.once()
        assert texts(ledger) == found
        ledger.verify()

        def license_at(when, status=0):
            shown = ledger.tool("show", "org/repo-3", "--at", when, "--format", "json", status=status)
            return json.loads(shown.output)
        assert license_at("2023-01-01", 2)["certainty_text"] == "Not known. This repo has been watched only since 2023-01-31 23:59:59Z"
        between = license_at("2023-02-01")
        assert between["state"]["license"] == ["llama2"]
        assert between["certainty_text"] == (
            "It changed between 2023-01-31 23:59:59Z and 2024-01-31 12:00:00Z. At the time you ask for it was version 1 or 2; "
            "version 1 is shown")
        assert license_at("2024-02-01")["state"]["license"] == ["mit"]
        history = ledger.tool("history", "org/repo-3", "--format", "ndjson").lines()
        assert [line["observed_at"] for line in history if "version" in line] == [
            "2023-01-31T23:59:59.999Z", "2024-01-31T12:00:00.000Z"]


def test_a_part_derives_nothing_from_absence(tmp_path):
    with Hubsim(rows=[dict(row(n, "mit"), sha=f"{n:040x}") for n in range(1, 40)], quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.load([row(n) for n in range(1, 30)], FIRST)
        ledger.load([row(n) for n in range(1, 10)], SECOND)
        status = json.loads(ledger.tool("status", "--format", "json").output)
        models = status["coverage"][0]
        assert (models["missing"], models["baseline_complete"], models["rows"]) == (0, False, 29)
        ledger.once()
        # repos 30 to 39 are the baseline's, not news; the others were seen without a license
        assert {text.split()[0] for _, _, text in texts(ledger)} == {"license.declared"}
        after = {record["repo"]: record["observed_after"][:10] for record in ledger.changes()}
        assert len(after) == 29
        assert after["org/repo-9"] == "2024-01-31" and after["org/repo-10"] == "2023-01-31"
        ledger.verify()


def test_too_few_rows_are_no_complete_dump(ledger):
    ledger.load([row(n) for n in range(1, 101)], FIRST, "--complete")
    done = ledger.load([row(n, "mit" if n == 1 else None) for n in range(1, 51)], SECOND, "--complete", status=1)
    assert "only 50 of 100 known models" in done.errors
    assert [text for _, _, text in texts(ledger)][0] == "license.declared org/repo-1 - -> mit"
    assert json.loads(ledger.tool("status", "--format", "json").output)["coverage"][0]["missing"] == 0
    ledger.verify()


def test_fields_that_no_row_has_were_not_asked(ledger):
    """A dump without cards, between two that have them, changes nothing; --fields says otherwise."""
    full = [row(n, "other", cardData={"license": "other", "license_name": "x"}) for n in range(1, 20)]
    bare = [{key: one[key] for key in ("_id", "id", "tags", "createdAt")} for one in full]
    ledger.load(full, "2023-01-01", "--complete")
    ledger.load(bare, "2023-02-01", "--complete")
    ledger.load(full, "2023-03-01", "--complete")
    assert texts(ledger) == []
    ledger.load(bare, "2023-04-01", "--fields", "tags,cardData")
    assert {text.split()[0] for _, _, text in texts(ledger)} == {"license.terms"}
    ledger.verify()


def test_a_look_covers_what_it_asked(ledger):
    """A dump without cards is no look at what the cards say: neither that it stayed, nor when it was still so."""
    full = [row(n, "mit") for n in range(1, 20)]
    bare = [{key: one[key] for key in ("_id", "id", "author", "gated")} for one in full]
    switched = [row(1, "gpl-3.0"), *full[1:]]
    ledger.load(full, "2023-01-01", "--complete")
    ledger.load(full, "2023-02-01", "--complete")
    ledger.load(bare, "2023-03-01", "--complete")

    def last_seen(name):
        return json.loads(ledger.tool("show", name, "--format", "json").output)["last_seen"][:10]
    assert last_seen("org/repo-1") == "2023-02-01"
    ledger.load([bare[0], dict(bare[1], gated="auto"), *bare[2:]], "2023-05-01", "--complete")
    assert last_seen("org/repo-1") == "2023-02-01" and last_seen("org/repo-2") == "2023-05-01"
    switched[1] = row(2, "apache-2.0", gated="auto")
    ledger.load(switched, "2023-06-01", "--complete")
    assert last_seen("org/repo-3") == "2023-06-01"
    assert [(text, record["observed_after"][:10]) for (_, _, text), record in zip(texts(ledger), ledger.changes())] == [
        ("access.gated org/repo-2 no -> auto", "2023-03-01"),
        ("license.switched org/repo-1 mit -> gpl-3.0 tightened unchanged", "2023-02-01"),
        ("license.switched org/repo-2 mit -> apache-2.0 lateral unchanged", "2023-02-01")]
    history = ledger.tool("history", "org/repo-2", "--format", "ndjson").lines()
    assert [line["observed_at"][:10] for line in history if "version" in line] == ["2023-01-01", "2023-05-01", "2023-06-01"]
    ledger.verify()


def test_kinds_by_repo_type(ledger):
    done = ledger.load([row(1, repoType="dataset"), row(2), row(3, repoType="space"), row(4, repoType="model")], FIRST,
                       "--kind", "datasets")
    assert [line.split()[:3] for line in done.text.splitlines()] == [
        ["models", "1", "rows:"], ["datasets", "2", "rows:"], ["spaces", "1", "rows:"]]
    assert b"dataset " + oid(2).encode() in b"\n".join(ledger.dump())


# --- how it comes -----------------------------------------------------------------------------------------------------------

ROWS = [row(n, "mit" if n % 3 else None, description="x" * (n % 50)) for n in range(1, 3000)]
LINES = "".join(json.dumps(one) + "\n" for one in ROWS).encode()
FORMS = {
    "lines": LINES,
    "crlf": LINES.replace(b"\n", b"\r\n"),
    "backwards": b"\n".join(reversed(LINES.splitlines())),
    "twice": b"".join(json.dumps(dict(one, gated="auto")).encode() + b"\n" for one in ROWS[:50]) + LINES,
    "page": json.dumps(ROWS).encode(),
    "pages": b"".join(json.dumps(ROWS[at:at + 1000], indent=1).encode() for at in range(0, len(ROWS), 1000)),
    "gz": gzip.compress(LINES[:5000]) + gzip.compress(LINES[5000:]),
    "zst": subprocess.run(["zstd", "-q"], input=LINES, capture_output=True, check=True).stdout,
    "no end": LINES[:-1],
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_the_same(name, ledger):
    path = ledger.directory / "dump"
    path.write_bytes(FORMS[name])
    ledger.load(path, FIRST, "--complete")
    with open(path, "rb") as piped:
        done = ledger.load("-", FIRST, "--complete", stdin=piped)
    assert f"{len(ROWS)} rows: 0 new" in done.text
    lines = ledger.dump()
    assert len(lines) == len(ROWS)
    for line, one in zip(lines, ROWS):
        kind, found, version, canonical = line.split(b" ", 3)
        assert (kind, found.decode(), version) == (b"model", one["_id"], b"1")
        assert json.loads(canonical)["gated"] is False
    assert ledger.changes() == []
    ledger.verify()


def test_damaged_lines_lose_themselves_only(ledger):
    good = [json.dumps(row(n)).encode() for n in range(1, 9)]
    lines = [b"", good[0], b"garbage", good[1], b'{"_id":"' + oid(20).encode() + b'","id":', good[2], b"[]", b"null", b'"x"', good[3],
             b'{"_id":"short","id":"a/b"}', b'{"_id":"' + oid(21).encode() + b'"}', b'{"id":"org/without"}', good[4],
             good[5].replace(b"org/repo-6", b"org/r\xff\xfe6"), b"\x00\x00", b"{" * 5000, b'{"a":1}' * 3, good[6], good[7][:-1]]
    path = ledger.directory / "dump"
    path.write_bytes(b"\n".join(lines))
    done = ledger.load(path, FIRST, "--complete")
    assert " 7 new" in done.text and "9 damaged" in done.text and "1 without a known _id" in done.text
    assert "event=import-damaged line=3 why=" in done.errors and "event=import-damaged line=5 why=" in done.errors
    gaps = ledger.changes()
    assert gaps and {record["event"] for record in gaps} == {"gap"}
    assert all(record["origin"] == "imported" and "a row could not be read" in record["reason"] for record in gaps)
    assert len(ledger.dump()) == 7
    ledger.load(path, FIRST, "--complete")
    assert len(ledger.changes()) == len(gaps), "the same damage is told once"
    ledger.verify()


@pytest.mark.parametrize("content, why", [
    (b"", "it is empty"),
    (b"\n\n", "it is empty"),
    (b"<html>\n{\"id\n", "line 1: not valid JSON; line 2: not valid JSON"),
    (b'{"id":"a/b"}\n{"modelId":"bert"}\n', "of 2 names none is known"),
    (gzip.compress(LINES)[:-20], "in the midst of a compressed stream"),
    (gzip.compress(LINES)[:10] + b"\xff" * 99, "the gzip stream is damaged"),
], ids=["empty", "blank", "garbage", "without _id", "cut off", "damaged"])
def test_useless_dumps_write_nothing(content, why, ledger):
    path = ledger.directory / "dump"
    path.write_bytes(content)
    done = ledger.load(path, FIRST, "--complete", status=65)
    assert why in done.errors
    assert ledger.dump() == []


def test_rows_without_id_are_known_by_name_and_birth(ledger):
    """None is made up: a name alone is not enough, since names pass from repo to repo."""
    ledger.load([row(1), row(2), row(3)], FIRST)
    old = [dict(row(n, "mit"), modelId=f"org/repo-{n}") for n in (1, 2, 4)]
    old[1]["createdAt"] = "2022-06-02T00:00:00.000Z"
    for one in old:
        del one["_id"], one["id"]
    done = ledger.load(old, SECOND)
    assert "2 without a known _id" in done.text
    assert [text for _, _, text in texts(ledger)] == ["license.declared org/repo-1 - -> mit"]
    assert len(ledger.dump()) == 4


# --- when it may ------------------------------------------------------------------------------------------------------------

def test_history_is_written_forwards(ledger):
    ledger.load([row(1)], SECOND)
    done = ledger.load([row(1, "mit")], FIRST, status=65)
    assert "2023-01-31T23:59:59.999Z" in done.errors and "2024-01-31T12:00:00.000Z" in done.errors
    done = ledger.load([row(1, "mit")], "2999-01-01", status=65)
    assert "future" in done.errors
    ledger.load([row(1, repoType="dataset")], FIRST)  # another kind has days of its own
    ledger.load([row(2)], SECOND)  # a second part of the same day
    assert ledger.changes() == []
    assert len(ledger.dump()) == 3


@pytest.mark.parametrize("arguments, status", [
    (["--import", "x"], 64),
    (["--import", "x", "--observed-at", "yesterday"], 64),
    (["--import", "x", "--observed-at", "1970-13-01"], 64),
    (["--import", "x", "--observed-at", FIRST, "--kind", "kernels"], 64),
    (["--import", "x", "--observed-at", FIRST, "--fields", "tags,nonsense"], 64),
    (["--import", "x", "--observed-at", FIRST, "--once"], 64),
    (["--observed-at", FIRST], 64),
    (["--complete"], 64),
    (["--import", "/nowhere/dump", "--observed-at", FIRST], 66),
    (["--import", "/", "--observed-at", FIRST], 65),
])
def test_what_it_does_not_take(arguments, status, ledger):
    done = subprocess.run([ledger.relicensed, "--config", ledger.config_path, *arguments], capture_output=True, check=False)
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith(b"relicensed: ")


def test_a_running_daemon_keeps_its_store(tmp_path):
    with Hubsim(generate=10, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        with ledger.daemon() as daemon:
            daemon.wait(lambda: ledger.head_seq() >= 0)
            ledger.load([row(1)], FIRST, status=75)


def test_a_store_belongs_to_one_hub(ledger):
    ledger.load([row(1)], FIRST)
    ledger.configure(hub="https://hub.example")
    done = ledger.load([row(1)], SECOND, status=None)
    assert done.status != 0 and NOWHERE in done.errors


def test_a_sweep_under_way_is_not_passed(tmp_path):
    """A complete dump would be a sweep within a sweep: refused; a part of one is welcome, and the sweep goes on."""
    with Hubsim(rows=[dict(row(n), sha=f"{n:040x}") for n in range(1, 300)], quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, page_rows="5", sweep_ahead="1", commit_pages="1", kinds="models")
        with ledger.daemon() as daemon:
            daemon.wait(lambda: 10 <= hub.stats()["pages"])
            daemon.kill()
        pages = hub.stats()["pages"]
        assert pages < 60, "the sweep had ended: this test would test nothing"
        now = subprocess.run(["date", "-u", "+%Y-%m-%dT%H:%M:%SZ"], capture_output=True, text=True, check=True).stdout.strip()
        done = ledger.load([row(1)], now, "--complete", status=None)
        while "looked at as late as" in done.errors:  # the same second
            now = subprocess.run(["date", "-u", "+%Y-%m-%dT%H:%M:%SZ"], capture_output=True, text=True, check=True).stdout.strip()
            done = ledger.load([row(1)], now, "--complete", status=None)
        assert done.status == 65 and "sweep of models is not finished" in done.errors
        ledger.load([row(290, "mit"), row(1)], now)
        ledger.once()
        assert sorted(text for _, _, text in texts(ledger)) == ["license.withdrawn org/repo-290 mit -> -"]
        ledger.verify()


def test_killed_in_the_midst_and_repeated(tmp_path):
    before = [row(n) for n in range(1, 20001)]
    after = [row(n, "mit" if n % 4 == 0 else None) for n in range(1, 20001) if n % 100] + [
        row(n, createdAt="2023-06-01T00:00:00.000Z") for n in range(20001, 21001)]
    calm, killed = Ledger(tmp_path / "calm", NOWHERE), Ledger(tmp_path / "killed", NOWHERE, commit_pages="1")
    for ledger in (calm, killed):
        ledger.load(before, FIRST, "--complete")
    calm.load(after, SECOND, "--complete")
    dump = calm.directory / "dump.jsonl"
    process = subprocess.Popen([killed.relicensed, "--config", killed.config_path, "--import", dump, "--observed-at", SECOND,
                                "--complete"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    wait_until("nothing was written", lambda: killed.head_seq() > 0)
    process.kill()
    process.wait()
    if not 0 < killed.head_seq() < calm.head_seq():
        raise Failed("it was not killed in the midst: this test tests nothing")
    killed.verify()
    killed.load(dump, SECOND, "--complete")

    def events(ledger):
        return sorted((record["repo"], record["event"], record["at"], record["observed_after"]) for record in ledger.changes())
    assert events(killed) == events(calm)
    assert killed.dump() == calm.dump()
    missing = [json.loads(ledger.tool("status", "--format", "json").output)["missing"] for ledger in (calm, killed)]
    assert missing == [200, 200]
    killed.verify()


def test_asked_to_end_it_ends_between_two_batches(tmp_path):
    ledger = Ledger(tmp_path, NOWHERE, commit_pages="1")
    ledger.load([row(n) for n in range(1, 20001)], FIRST, "--complete")
    dump = ledger.directory / "second.jsonl"
    dump.write_text("".join(json.dumps(row(n, "mit")) + "\n" for n in range(1, 20001)), encoding="utf-8")
    process = subprocess.Popen([ledger.relicensed, "--config", ledger.config_path, "--import", dump, "--observed-at", SECOND,
                                "--complete"], stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL)
    wait_until("nothing was written", lambda: ledger.head_seq() > 0)
    process.terminate()
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 1 and "the same import again goes on from here" in errors
    seq = ledger.head_seq()
    assert 0 < seq < 20000 and seq % 1000 == 0
    ledger.verify()
    ledger.load(dump, SECOND, "--complete")
    assert ledger.head_seq() == 20000
