# SPDX-License-Identifier: Apache-2.0
"""The README's examples are what the programs print: each `$ relicense ...` of it is run against the demo's store, and what
follows an export (`$ jq ...`, `$ sqlite3 ...`) where that has left its files.

What differs from run to run (times, hashes, ids of the ledger, the port of the simulated Hub, durations) is masked on
both sides; all the rest must be equal, line by line.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
MASKS = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "SHA"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HUB"),
    (re.compile(r"\bcommit [0-9a-f]{12}\b"), "COMMIT"),
    (re.compile(r"\b\d+ left of \d+; used by us \d+, by others \d+"), "QUOTA"),
    (re.compile(r"\bcommits   \d+,"), "COMMITS,"),
    (re.compile(r"store     \S+ "), "STORE "),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"), "DATE"),
    (re.compile(r"X-Request-Id [\w=-]+"), "REQUEST"),
    (re.compile(r"\b(records? \d+ to|record|up to) \d+\b"), "RECORD"),
    (re.compile(r"UUID \d+ HASH"), "UUID SEQ HASH"),
    (re.compile(r"\b\d+(\.\d+)? (MiB|KiB|GiB|ms|s|min|hours?)\b"), "SIZE"),
]


def examples():
    """(command, expected output) for every example of the README: what follows a line `    $ COMMAND`."""
    found = []
    inside = False
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines():
        if line.startswith(("    $ relicense ", "    $ jq ", "    $ sqlite3 ")):
            found.append((line[len("    $ "):], []))
            inside = True
        elif inside and (line.startswith("    ") or not line.strip()):
            found[-1][1].append(line[4:].rstrip())
        else:
            inside = False
    return [(command, "\n".join(lines).strip("\n")) for command, lines in found]


def masked(text):
    for pattern, name in MASKS:
        text = pattern.sub(name, text)
    return [re.sub(r" {2,}", "  ", line.rstrip()) for line in text.strip("\n").splitlines()]


@pytest.fixture(scope="module")
def store():
    result = subprocess.run([sys.executable, "tests/demo.py", str(BUILD)], cwd=ROOT, capture_output=True, text=True,
                            timeout=120, check=False)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    for written in (BUILD / "demo").glob("ledger.*"):
        written.unlink()  # a backup overwrites nothing, a database is another ledger's
    return BUILD / "demo" / "store"


def test_the_readme_has_examples():
    assert len(examples()) >= 6


@pytest.mark.parametrize("command,expected", examples())
def test_example(store, command, expected):
    if not command.startswith("relicense "):
        result = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=ROOT / store.parent, capture_output=True, text=True,
                                timeout=60, check=False)
        assert result.stdout.splitlines() == expected.splitlines() and not result.stderr
        return
    arguments = shlex.split(command)
    if not {"--format", "head", "verify", "export"} & set(arguments):
        arguments += ["--format", "table"]  # as on a terminal
    result = subprocess.run([ROOT / BUILD / "relicense", *arguments[1:], "--store", ROOT / store], cwd=ROOT / store.parent, capture_output=True,
                            text=True, timeout=60, check=False, env={**os.environ, "NO_COLOR": "1"})
    assert masked(result.stdout) == masked(expected)
