# SPDX-License-Identifier: Apache-2.0
"""Strings of strangers: whatever stands in ids, license names and links, no output format lets it act on a reader.

Every command shows the same hostile repos in every format. Nothing may hold a control character that a terminal obeys;
tables, which people read, also none that hides or turns text around.
"""
import csv
import io
import json
import os
import re
import subprocess

import pytest

from harness import BUILD, Hubsim, Ledger

HOSTILE = {
    "quotes": 'a/"quoted\' name',
    "slashes": "a/b/c/../d",
    "escape": "a/red\x1b[31mtext\x1b]0;title\x07",
    "bell": "a/\x07\x08\x00nul",
    "c1": "a/csi\x9b31m",
    "markup": "<script>alert(1)</script>/<b>",
    "newline": "a/two\nlines\rone",
    "tab": "a/tab\tend",
    "formula": "=HYPERLINK(1)/x",
    "bidi": "a/\u202egnp.exe",
    "width": "a/zero\u200bwidth\ufeff",
    "percent": "a/%2e%2e%2f?x=1#y&z",
    "format": "a/%s%n%d",
    "comma": "a/b,c;d",
}
ROWS = [{"_id": f"6400000100000000000000{number:02x}", "id": name,
         "cardData": {"license": "other", "license_name": name, "license_link": "https://example.org/" + name, name: [name]}}
        for number, name in enumerate(HOSTILE.values(), 1)]
FORBIDDEN_IN_JSON = re.compile("[\x00-\x09\x0b-\x0c\x0e-\x1f]")
CONTROL = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]")  # all but tab, CR and LF
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
OIDS = [row["_id"] for row in ROWS]
COMMANDS = [["changes", "--all"], ["changes", "--all", "--after", "0"], ["status"], ["head"], ["report"],
            ["report", "--by", "quarter"]] + [[command, oid] for oid in OIDS for command in ("show", "history", "diff")]
FORMATS = ["table", "json", "ndjson", "csv", "tsv"]


@pytest.fixture(name="ledger", scope="module")
def ledger_fixture(tmp_path_factory):
    """Two looks, between which every hostile repo got hostile terms."""
    with Hubsim(rows=ROWS, quota="none") as hub:
        ledger = Ledger(tmp_path_factory.mktemp("hostile"), hub.url)
        ledger.once()
        for row in ROWS:
            hub.post_rows(row | {"cardData": row["cardData"] | {"license_name": "new " + row["id"]}})
        ledger.once()
        yield ledger


def test_all_are_stored_and_all_changes_logged(ledger):
    assert {record["repo"] for record in ledger.changes()} == set(HOSTILE.values())
    assert ledger.metrics()["rows_damaged_total"] == 0


def on_terminal(ledger, command):
    """What a terminal is sent."""
    master, slave = os.openpty()
    process = subprocess.Popen([BUILD / "relicense", *command, "--store", ledger.store], stdout=slave, stderr=slave,
                               env=dict(os.environ, LC_ALL="C.UTF-8", NO_COLOR="1", TERM="xterm"))
    os.close(slave)
    text = b""
    try:
        while piece := os.read(master, 65536):
            text += piece
    except OSError:  # the end of a terminal
        pass
    os.close(master)
    return process.wait(30), text.decode("utf-8")


def assert_plain(text, pattern, what):
    found = pattern.search(text)
    assert not found, (what, text[max(0, found.start() - 60):found.end() + 60])


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_passes_a_control_character(ledger, form):
    for command in COMMANDS:
        done = ledger.tool(*command, "--format", form, status=None)
        assert done.status in (0, 64), (command, done.errors)
        assert_plain(done.errors, CONTROL, (command, form))
        if done.status == 64:
            assert form in ("csv", "tsv", "ndjson") and "table" in done.errors, (command, form, done.errors)
        # JSON is for programs and exact: only what JSON itself forbids is escaped in a pipe
        assert_plain(done.text, FORBIDDEN_IN_JSON if "json" in form else CONTROL, (command, form))
        if form == "table":
            assert_plain(done.text, UNSEEN, command)


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_lets_text_act_on_a_terminal(ledger, form):
    for command in COMMANDS:
        status, text = on_terminal(ledger, [*command, "--format", form])
        assert status in (0, 64), (command, text)
        assert_plain(text, CONTROL, (command, form))
        if form not in ("csv", "tsv"):
            assert_plain(text, UNSEEN, (command, form))


def test_json_and_csv_are_exact(ledger):
    documents = json.loads(ledger.tool("changes", "--all", "--after", "0", "--format", "json").output)["changes"]
    lines = ledger.changes()
    assert documents == lines
    assert {record["after"]["license_name"] for record in lines} == {"new " + name for name in HOSTILE.values()}
    text = ledger.tool("changes", "--all", "--after", "0", "--format", "csv").output.decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(lines)
    for row, record in zip(rows, lines):
        # RFC 4180 has no room for control characters: they are written as JSON writes them
        wanted = CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", record["repo"])
        assert row["repo"] == wanted and len(row) == len(rows[0])


def test_a_table_keeps_one_line_a_record(ledger):
    lines = ledger.tool("changes", "--all", "--format", "table").text.splitlines()
    assert sum("license.terms" in line or "terms" in line for line in lines) >= len(ROWS)
    assert not any(line.startswith("lines") for line in lines)


def test_spreadsheets_get_no_formula(ledger):
    text = ledger.tool("changes", "--all", "--format", "csv", "--spreadsheet").text
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell[:1] in "=+@" and cell for cell in row), row


def test_the_log_of_the_daemon_is_plain(ledger):
    found = CONTROL.search(ledger.said())
    assert not found, ledger.said()[max(0, found.start() - 200):found.end()]
