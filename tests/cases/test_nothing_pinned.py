# SPDX-License-Identifier: Apache-2.0
"""Whoever reads an answer may wait (a pager, Ctrl-Z): meanwhile no command keeps the writer from using pages again.

Each command writes, unbuffered, into a pipe that is full already: it stands in its first write for as long as the test likes.
"""
import fcntl
import json
import os
import pathlib
import subprocess

import pytest

from harness import BUILD, Hubsim, Ledger, wait_until

PAGE, WRITES = 4096, 4
REPO = {"_id": "640000000000000000000001", "id": "some/model", "createdAt": "2025-01-01T00:00:00.000Z"}
CROWD = [{"_id": f"6500000000000000000000{n:02x}", "id": f"crowd/m{n}", "cardData": {"license": "mit"}} for n in range(200)]
COMMANDS = [["changes", "--all"], ["changes", "--all", "--no-evidence"], ["show", "some/model"],
            ["history", "some/model"], ["diff", "some/model"],
            ["diff", "some/model", "1", "2"], ["report"], ["report", "--by", "quarter"], ["report", "--long"], ["status"],
            ["head"], ["verify"], ["schema", "changes"], ["proof", "some/model"], ["export", "--what", "changes"],
            ["export", "--what", "repos"], ["export", "--what", "snapshots"]]


@pytest.fixture(name="ledger", scope="module")
def ledger_fixture(tmp_path_factory):
    with Hubsim(rows=[REPO | {"cardData": {"license": "mit"}}, *CROWD], quota="none") as hub:
        ledger = Ledger(tmp_path_factory.mktemp("pinned"), hub.url, kinds="models")
        ledger.once()
        hub.post_rows(REPO | {"cardData": {"license": "gpl-3.0"}})
        ledger.once()
        yield ledger


def full_pipe():
    """Reading and writing end of a pipe into which nothing more goes."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PAGE)
    os.write(writing, bytes(fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)))
    return reading, writing


def waits_in_write(process):
    """In write(2), of standard output or a duplicate of it."""
    return pathlib.Path(f"/proc/{process.pid}/syscall").read_text(encoding="ascii").split()[0] == "1"


def pinned(ledger):
    shown = json.loads(ledger.tool("status", "--format", "json").output)
    return [shown["readers"], shown["oldest_reader_commits"]]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the number of write(2) is that of x86_64")
@pytest.mark.parametrize("form", ["table", "json", "ndjson", "csv"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_reader_that_waits_pins_nothing(ledger, command, form):
    formless = command[0] in ("schema",)
    if command[0] in ("status",) and form == "csv" or command[0] == "export" and form in ("table", "json"):
        pytest.skip("the command has no such format")
    arguments = [*command, *([] if formless else ["--format", form]), "--store", str(ledger.store)]
    reading, writing = full_pipe()
    with subprocess.Popen(["stdbuf", "-o0", BUILD / "relicense", *arguments], stdout=writing, env=ledger.environment) as process:
        os.close(writing)
        try:
            for _ in range(WRITES):
                wait_until("it stands in a write, or is done", lambda: process.poll() is not None or waits_in_write(process))
                assert pinned(ledger) == [0, 0]
                os.read(reading, PAGE)
        finally:
            process.kill()
            os.close(reading)
