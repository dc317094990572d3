# SPDX-License-Identifier: Apache-2.0
"""Care of a store: backups beside a running crawl, restored ones, compaction, one writer, who reads."""
import json
import re
import subprocess

import pytest

from harness import BUILD, Hubsim, Ledger

ROWS = [{"_id": f"6400000000000000000000{n:02x}", "id": f"owner/m{n}", "cardData": {"license": "mit"}} for n in range(40)]


@pytest.fixture(name="hub")
def hub_fixture():
    with Hubsim(rows=ROWS, quota="none") as hub:
        yield hub


@pytest.fixture(name="ledger")
def ledger_fixture(hub, tmp_path):
    ledger = Ledger(tmp_path, hub.url, poll_interval="1s")
    ledger.once()
    hub.post_rows(ROWS[0] | {"cardData": {"license": "gpl-3.0"}})
    ledger.once()
    return ledger


def change(hub, ledger, license_id):
    hub.post_rows(ROWS[0] | {"cardData": {"license": license_id}})
    ledger.once()


def crawling(daemon, hub):
    pages = hub.stats()["pages"]
    daemon.wait(lambda: hub.stats()["pages"] > pages)


def restore(ledger, backup, hub):
    restored = Ledger(ledger.directory / "restored", hub.url)
    restored.store.mkdir()
    (restored.store / "data.mdb").write_bytes(backup.read_bytes())
    return restored


def test_backup_beside_a_running_crawl(hub, ledger, tmp_path):
    backup = tmp_path / "copy.mdb"
    with ledger.daemon() as daemon:
        crawling(daemon, hub)
        said = json.loads(ledger.tool("backup", backup, "--format", "json").output)
        crawling(daemon, hub)
        daemon.stop()
    assert said["bytes"] == backup.stat().st_size and said["seq"] == 1 and said["file"] == str(backup)
    assert not list(tmp_path.glob("*.partial"))
    ledger.store = backup  # every command reads it as it is
    ledger.verify()
    assert [record["event"] for record in ledger.changes()] == ["license.switched"]
    assert ledger.tool("show", "owner/m0", "--format", "json").output


def test_backup_overwrites_nothing(ledger, tmp_path):
    backup = tmp_path / "copy.mdb"
    backup.write_text("mine", encoding="utf-8")
    assert "is there already" in ledger.tool("backup", backup, status=74).errors
    assert backup.read_text(encoding="utf-8") == "mine"
    ledger.tool("backup", backup, "--force")
    ledger.store = backup
    ledger.verify()


def test_backup_that_cannot_be_written(ledger, tmp_path):
    assert "/none" in ledger.tool("backup", tmp_path / "none" / "copy.mdb", status=None).errors


def test_restored_store_goes_on_under_its_own_id(hub, ledger, tmp_path):
    backup = tmp_path / "copy.mdb"
    kept = ledger.tool("head").text.strip()
    ledger.tool("backup", backup)
    change(hub, ledger, "apache-2.0")  # the original goes on
    lost = ledger.tool("head").text.strip()
    restored = restore(ledger, backup, hub)
    restored.once()
    old, new = kept.split()[0], restored.tool("head").text.split()[0]
    assert new != old
    assert [record["ledger"] for record in restored.changes()] == [old, new], "records keep the id that they were written under"
    restored.tool("verify", "--head", kept)
    restored.tool("verify", "--head", restored.tool("head").text.strip())
    assert "restored from a backup" in restored.tool("verify", "--head", lost, status=1).text
    proof = tmp_path / "proof.json"
    restored.tool("proof", "owner/m0", "-o", proof)
    assert "proven" in restored.tool("proof", "--check", proof).text


def test_one_writer(hub, ledger):
    with ledger.daemon() as daemon:
        crawling(daemon, hub)
        said = ledger.once(status=75).errors
        assert f"process {daemon.process.pid}" in said
        standing = json.loads(ledger.tool("status", "--format", "json").output)
        assert standing["daemon"] == "running" and standing["held_by"] == f"relicensed, process {daemon.process.pid}"
        said = ledger.tool("compact", status=75).errors
        assert f"relicensed, process {daemon.process.pid}" in said
        daemon.stop()


def test_compact(ledger):
    before = (ledger.store / "data.mdb").stat()
    head = ledger.tool("head").text.strip()
    said = ledger.tool("compact", "--format", "table").text
    after = (ledger.store / "data.mdb").stat()
    assert re.fullmatch(rf"compacted {re.escape(str(ledger.store))}: [\d.]+ MiB, of [\d.]+ MiB", said.strip())
    assert after.st_size < before.st_size and after.st_ino != before.st_ino
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert not (ledger.store / "data.mdb.compact").exists()
    ledger.tool("verify", "--head", head)
    ledger.once()
    ledger.tool("verify", "--head", head)


def test_readers_that_wait_hold_nothing(hub, ledger):
    """A pager in the middle of an answer is no reader in the store's eyes, and the crawl goes on."""
    with subprocess.Popen([BUILD / "relicense", "changes", "--all", "--follow", "--after", "0", "--format", "ndjson", "--store",
                           ledger.store], stdout=subprocess.PIPE) as follower:
        assert b"license.switched" in follower.stdout.readline()
        change(hub, ledger, "apache-2.0")
        assert b"license.switched" in follower.stdout.readline()
        standing = json.loads(ledger.tool("status", "--format", "json").output)
        assert standing["readers"] == 0
        follower.kill()


def test_commit_times_are_told(ledger):
    metrics = ledger.metrics()
    assert metrics["commits_total"] > 0
    assert metrics["commit_longest_milliseconds"] >= metrics["commit_last_milliseconds"]
    assert metrics["commits_within_10_milliseconds_total"] <= metrics["commits_within_1000_milliseconds_total"] <= metrics["commits_total"]
    assert metrics["store_readers"] == 0


@pytest.mark.skipif("sanitize" in BUILD.parts, reason="a sanitizer needs files of its own, and takes their lack for damage")
@pytest.mark.parametrize("files", range(3, 14))
def test_missing_resources_are_no_damage(files, ledger):
    """So few open files that the store, its pipes or its children's stores cannot be opened."""
    done = subprocess.run(["prlimit", f"--nofile={files}", BUILD / "relicense", "verify", "--format", "json", "--store", ledger.store],
                          capture_output=True, check=False)
    if done.returncode == 0:
        assert json.loads(done.stdout)["tables_not_walked"] == 0
        return
    assert done.returncode in (71, 127), (done.returncode, done.stdout, done.stderr)  # 127: the loader had none either
    assert b"damaged" not in done.stdout and (not done.stdout or json.loads(done.stdout)["findings"] == [])


def test_verify_from_behind_the_end_is_usage(ledger):
    done = ledger.tool("verify", "--from", "9999", status=64)
    assert "the log ends at 1" in done.errors
