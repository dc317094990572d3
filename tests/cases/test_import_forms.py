# SPDX-License-Identifier: Apache-2.0
"""Dumps as pandas and DuckDB write them: read as what they mean, or refused by the column's name before anything is written."""
import csv
import datetime
import io
import json

import pytest

from harness import Hubsim, Ledger, record_text

CARDS = [{"license": "other", "license_name": "falcon-llm-license", "license_link": "https://x.example/L"},
         {"license": ["mit", "apache-2.0"]}, {"license": "gemma", "language": ["en"]}, {"language": "NaN, or \"none\""}, None]


def rows():
    made = []
    for n, card in enumerate(CARDS, 1):
        ids = card.get("license", []) if card else []
        made.append({"_id": f"64{n:022x}", "id": f"a/m{n}", "author": "a", "createdAt": f"2024-01-0{n}T00:00:00.000Z",
                     "lastModified": "2024-06-01T01:02:03.000Z", "sha": f"{n:040x}", "private": False, "disabled": n == 2,
                     "gated": "auto" if n == 3 else False, "downloads": 5 * n, "likes": n, "cardData": card,
                     "tags": ["x", *("license:" + one for one in ([ids] if isinstance(ids, str) else ids))]})
    return made


def hub_rows():
    return [{key: value for key, value in one.items() if value is not None} for one in rows()]


def seconds(moment):
    return int(datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp())


def each(**change):
    return [one | {key: make(one[key]) for key, make in change.items()} for one in rows()]


def dates(make):
    return {"createdAt": make, "lastModified": make}


FORMS = {
    "seconds": dates(seconds),
    "milliseconds": dates(lambda t: seconds(t) * 1000),
    "microseconds": dates(lambda t: seconds(t) * 10**6),
    "nanoseconds": dates(lambda t: seconds(t) * 10**9),
    "float milliseconds": dates(lambda t: float(seconds(t) * 1000)),
    "milliseconds as text": dates(lambda t: str(seconds(t) * 1000)),
    "a timestamp": dates(lambda t: t[:19].replace("T", " ")),
    "a timestamp with a zone": dates(lambda t: t[:19].replace("T", " ") + "+00"),
    "an offset": dates(lambda t: t[:19] + "+00:00"),
    "another offset": dates(lambda t: datetime.datetime.fromisoformat(t[:19] + "+00:00").astimezone(
        datetime.timezone(datetime.timedelta(hours=2))).isoformat()),
    "flags as text": {"private": str, "disabled": str, "gated": str},
    "flags as numbers": {"private": int, "disabled": int, "gated": lambda g: g if isinstance(g, str) else 0},
    "flags as floats": {"private": float, "disabled": float},
    "cards as text": {"cardData": json.dumps},
    "cards as text, none as None": {"cardData": lambda c: json.dumps(c) if c else "None"},
    "no card is NaN": {"cardData": lambda c: c or float("nan")},
    "NaN in cards": {"cardData": lambda c: c and c | {"extra": float("nan")} if c and "language" in c else c},
    "tags as text": {"tags": json.dumps},
    "counters as floats": {"downloads": float, "likes": float},
    "counters as text": {"downloads": str, "likes": str},
    "a column without a value": {"gated": lambda g: None, "sha": lambda s: None},
    "a column of NaN": {"gated": lambda g: float("nan"), "downloads": lambda d: float("nan")},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_dump_means_what_the_hub_means(tmp_path, form):
    with Hubsim(rows=hub_rows(), quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, kinds="models")
        ledger.load(each(**FORMS[form]), "2024-07-11")
        created = json.loads(ledger.tool("show", "a/m1", "--format", "json").output)["created_at"]
        assert created == "2024-01-01T00:00:00.000Z"
        ledger.once()
        found = [record_text(record) for record in ledger.changes()]
        # what a column of NaN stood for, nobody can know; an extra member of a card is gone
        assert [text for text in found if not (form == "NaN in cards" and "cardData.extra" in text)] == []
        ledger.verify()


REFUSED = {
    "createdAt": "01.02.2024",
    "lastModified": "July 11, 2024",
    "cardData": "{'license': 'mit'}",
    "tags": "['x' 'license:mit']",
    "private": "perhaps",
    "disabled": [],
    "gated": "maybe",
    "downloads": "many",
    "likes": {},
    "author": 7,
    "sha": 1.5,
}


@pytest.mark.parametrize("column", REFUSED)
def test_what_cannot_be_read_is_refused_by_name(tmp_path, column):
    ledger = Ledger(tmp_path, "http://127.0.0.1:9", kinds="models")
    odd = rows()
    odd[3] |= {column: REFUSED[column]}
    done = ledger.load(odd, "2024-07-11", status=65)
    assert f"line 4: column {column} holds" in done.errors and "nothing was written" in done.errors
    assert json.loads(ledger.tool("status", "--format", "json").output)["coverage"][0]["rows"] == 0


def as_csv(separator):
    out = io.StringIO()
    table = csv.DictWriter(out, rows()[0].keys(), delimiter=separator)
    table.writeheader()
    table.writerows(rows())
    return out.getvalue().encode()


FILES = {
    "Parquet": b"PAR1\x15\x04\x15\x10\x4c\x15",
    "Arrow": b"ARROW1\0\0",
    "SQLite": b"SQLite format 3\0",
    "zip": b"PK\x03\x04\x14\0",
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n",
    "HTML": b"<!DOCTYPE html>\n<html></html>\n",
    "CSV": as_csv(","),
    "CSV ": as_csv("\t"),
}


@pytest.mark.parametrize("kind", FILES)
def test_files_of_other_kinds_are_refused_by_name(tmp_path, kind):
    ledger = Ledger(tmp_path, "http://127.0.0.1:9", kinds="models")
    path = tmp_path / "dump"
    path.write_bytes(FILES[kind])
    done = ledger.load(path, "2024-07-11", status=65)
    assert f"this is {kind.strip()}" in done.errors.replace("a pointer of ", "")
