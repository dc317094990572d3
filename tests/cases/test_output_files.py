# SPDX-License-Identifier: Apache-2.0
"""Files that are written: whole or not at all, nobody else's, and what was good before stays until then."""
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from harness import BUILD, Hubsim, Ledger, wait_until

ROWS = [{"_id": f"6400000000000000000000{n:02x}", "id": f"owner/m{n}", "cardData": {"license": "mit"}} for n in range(40)]
GOOD = b"good\n" * 100
FAILS = {  # commands that end without an answer
    "show": ["show", "nosuch/x"],
    "show-at": ["show", "owner/m1", "--at", "junk"],
    "report-at": ["report", "--at", "2001-01-01"],
    "history": ["history", "nosuch/x"],
    "diff": ["diff", "nosuch/x"],
    "proof": ["proof", "nosuch/x"],
    "proof-at": ["proof", "owner/m1", "--at", "2001-01-01"],
    "proof-check": ["proof", "--check", "/nonexistent"],
    "export": ["export", "--what", "repos", "--at", "junk"],
    "export-store": ["export", "--what", "repos", "--store", "/nonexistent"],
    "changes": ["changes", "--owner", "x", "--store", "/nonexistent"],
    "status": ["status", "--store", "/nonexistent"],
    "head": ["head", "--store", "/nonexistent"],
    "verify": ["verify", "--from", "9999"],
    "schema": ["schema", "nosuch"],
}


@pytest.fixture(name="ledger", scope="module")
def ledger_fixture(tmp_path_factory):
    with Hubsim(rows=ROWS, quota="none") as hub:
        ledger = Ledger(tmp_path_factory.mktemp("output"), hub.url)
        ledger.once()
        hub.post_rows(ROWS[0] | {"cardData": {"license": "gpl-3.0"}})
        ledger.once()
        yield ledger


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("command", FAILS)
@pytest.mark.parametrize("ending", [".json", ".csv"])
def test_a_command_that_fails_leaves_the_good_file(command, ending, ledger, tmp_path):
    path = tmp_path / ("good" + ending)
    path.write_bytes(GOOD)
    done = subprocess.run([BUILD / "relicense", "--store", ledger.store, *FAILS[command], "-o", path], capture_output=True, check=False)
    assert done.returncode > 0 and done.stderr
    assert path.read_bytes() == GOOD and names(tmp_path) == [path.name]


@pytest.mark.parametrize("command", [["show", "owner/m0"], ["report"], ["changes", "--all"], ["head"], ["verify"], ["schema", "show"],
                                     ["proof", "owner/m0"], ["export", "--what", "repos"]], ids=lambda command: command[0])
def test_an_answer_replaces_it(command, ledger, tmp_path):
    path = tmp_path / "out.json"
    path.write_bytes(GOOD)
    before = os.umask(0o027)
    try:
        ledger.tool(*command, "-o", path)
    finally:
        os.umask(before)
    assert GOOD not in path.read_bytes() and path.stat().st_mode & 0o777 == 0o640
    assert {"out.json"} <= set(names(tmp_path)) <= {"out.json", "out.json.manifest.json"}


def test_an_answer_that_is_bad_news_is_kept(ledger, tmp_path):
    path = tmp_path / "out.json"
    assert ledger.tool("show", "owner/m0", "--at", "2001-01-01", "-o", path, status=2).status == 2
    assert json.loads(path.read_bytes())["certainty"] == "unknown"
    (tmp_path / "broken").write_text("{}")
    ledger.tool("proof", "--check", tmp_path / "broken", "-o", path, status=1)
    assert json.loads(path.read_bytes())["verdict"] == "broken"


@pytest.mark.parametrize("command", [["report"], ["export", "--what", "repos"]], ids=lambda command: command[0])
def test_streams_are_written_in_place(command, ledger, tmp_path):
    wanted = ledger.tool(*command, "--format", "ndjson").output
    assert ledger.tool(*command, "--format", "ndjson", "-o", "/dev/stdout").output == wanted
    with open(tmp_path / "log", "w+b") as log:
        log.write(GOOD)
        log.flush()
        subprocess.run([BUILD / "relicense", *command, "--format", "ndjson", "--store", ledger.store, "-o", "/dev/stdout"],
                       stdout=log, check=True)
        assert (tmp_path / "log").read_bytes() == GOOD + wanted
    assert ledger.tool(*command, "-o", "/dev/null").status == 0
    fifo, read = tmp_path / "fifo", []
    os.mkfifo(fifo)
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    ledger.tool(*command, "--format", "ndjson", "-o", fifo)
    reader.join()
    assert read == [wanted] and names(tmp_path) == ["fifo", "log"]


def test_a_link_that_was_planted_is_not_followed(ledger, tmp_path):
    victim, out = tmp_path / "victim", tmp_path / "out"
    victim.write_bytes(GOOD)
    out.mkdir()
    for number, name in enumerate(["e.csv.partial", "e.csv.manifest.json.partial", "x.mdb.partial", "e.csv", "e.sqlite", "e.json"]):
        (out / name).symlink_to(victim)
    ledger.tool("export", "--what", "repos", "-o", out / "e.csv")
    ledger.tool("export", "--what", "repos", "-o", out / "e.sqlite", status=74)
    ledger.tool("show", "owner/m0", "-o", out / "e.json")
    ledger.tool("backup", out / "x.mdb")
    assert victim.read_bytes() == GOOD and not (out / "e.csv").is_symlink() and not (out / "x.mdb").is_symlink()
    assert (out / "x.mdb").stat().st_mode & 0o777 == 0o600 and (out / "x.mdb").stat().st_uid == os.geteuid()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_over(number, tmp_path):
    """Of a command that waits for its input, with its file begun."""
    path = tmp_path / "out.json"
    path.write_bytes(GOOD)
    with subprocess.Popen([BUILD / "relicense", "proof", "--check", "-", "-o", path], stdin=subprocess.PIPE) as process:
        wait_until("the file that is begun", lambda: list(tmp_path.glob("out.json.*.partial")))
        process.send_signal(number)
        assert process.wait(30) == -number
    assert names(tmp_path) == ["out.json"] and path.read_bytes() == GOOD


def test_a_leftover_of_a_killed_process_is_removed(ledger, tmp_path):
    old, young = tmp_path / "x.mdb.0123456789abcdef.partial", tmp_path / "x.mdb.0123456789abcde0.partial"
    other = tmp_path / "y.mdb.0123456789abcdef.partial"
    for path in (old, young, other):
        path.write_bytes(GOOD)
    for path in (old, other):
        os.utime(path, (time.time() - 3600,) * 2)
    ledger.tool("backup", tmp_path / "x.mdb")
    assert names(tmp_path) == ["x.mdb", young.name, other.name]


def test_a_follower_s_file_grows_under_its_name(ledger, tmp_path):
    path = tmp_path / "log.ndjson"
    with subprocess.Popen([BUILD / "relicense", "changes", "--follow", "--after", "0", "-o", path, "--store", ledger.store]) as follower:
        wait_until("the record", lambda: path.exists() and path.read_bytes().count(b"\n") == 1)
        follower.send_signal(signal.SIGINT)
    assert names(tmp_path) == ["log.ndjson"] and path.read_bytes().count(b"\n") == 1


def test_a_database_that_is_new_is_whole_or_not_there(ledger, tmp_path):
    path = tmp_path / "l.sqlite"
    ledger.tool("export", "--what", "repos", "-o", path)
    with sqlite3.connect(path) as database:
        assert database.execute("select count(*) from repos").fetchone() == (40,)
    assert names(tmp_path) == ["l.sqlite", "l.sqlite.manifest.json"]


def test_a_damaged_store_has_no_backup_unless_asked(ledger, tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    data = bytearray((ledger.store / "data.mdb").read_bytes())
    place = data.find(b'"event":"license.switched"')
    data[place + 12] ^= 1
    (store / "data.mdb").write_bytes(data)
    backup = [BUILD / "relicense", "--store", store, "backup", tmp_path / "b.mdb"]
    done = subprocess.run(backup, capture_output=True, check=False)
    assert done.returncode == 1 and b"damaged" in done.stderr and names(tmp_path) == ["store"]
    subprocess.run([*backup, "--unchecked"], check=True)
    assert names(tmp_path) == ["b.mdb", "store"]
