# SPDX-License-Identifier: Apache-2.0
"""Whose a store is: root over another's, a lock file that is missing or root's, links that were planted, an empty file."""
import os
import pathlib
import subprocess
import tempfile

import pytest

from harness import BUILD, Daemon, Hubsim, Ledger, wait_until

OWNER, MEMBER, STRANGER = 65533, 1234, 1235
ROWS = [{"_id": f"64{n:022x}", "id": f"owner/m{n}", "cardData": {"license": "mit"}} for n in range(4)]
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="takes users, as root alone can")


def as_user(user, *arguments, groups=()):
    more = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
    return subprocess.run(["setpriv", "--reuid", str(user), "--regid", str(user), *more, *map(str, arguments)], capture_output=True,
                          text=True, check=False, timeout=60)


class Owned(Ledger):
    """Of a user of its own."""

    def daemon_once(self):
        return as_user(OWNER, self.relicensed, "--config", self.config_path, "--once")

    def read(self, user, *groups):
        return as_user(user, BUILD / "relicense", "head", "--store", self.store, groups=groups)


@pytest.fixture(name="ledger")
def ledger_fixture():
    with Hubsim(rows=ROWS, quota="none") as hub, tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        os.chown(folder, OWNER, OWNER)
        ledger = Owned(pathlib.Path(folder), hub.url)
        os.chmod(ledger.config_path, 0o644)
        done = ledger.daemon_once()
        assert done.returncode == 0, done.stderr
        yield ledger


def test_root_does_not_write_in_another_s_store(ledger):
    done = ledger.once(status=77)
    assert f"sudo -u '#'{OWNER}" in done.errors
    assert f"sudo -u '#'{OWNER}" in ledger.tool("compact", status=77).errors
    assert ledger.tool("head").status == 0
    assert {path.stat().st_uid for path in ledger.store.iterdir()} == {OWNER}
    assert ledger.daemon_once().returncode == 0


def test_root_that_reads_first_leaves_no_lock_file_of_its_own(ledger):
    (ledger.store / "lock.mdb").unlink()
    ledger.tool("status")
    about = (ledger.store / "lock.mdb").stat()
    assert (about.st_uid, about.st_gid, about.st_mode & 0o777) == (OWNER, OWNER, 0o660)
    assert ledger.daemon_once().returncode == 0


def test_a_lock_file_of_root_is_named(ledger):
    os.chown(ledger.store / "lock.mdb", 0, 0)
    os.chmod(ledger.store / "lock.mdb", 0o640)
    done = ledger.daemon_once()
    assert done.returncode == 77 and f"rm {ledger.store}/lock.mdb" in done.stderr and "belongs to root" in done.stderr


def test_each_reader_is_told_his_own_reason(ledger):
    assert ledger.read(MEMBER, OWNER).returncode == 0
    stranger = ledger.read(STRANGER)
    assert stranger.returncode == 77 and "must be in the group" in stranger.stderr
    os.chmod(ledger.store / "data.mdb", 0o600)
    member = ledger.read(MEMBER, OWNER)
    assert member.returncode == 77 and "data.mdb (mode 0600" in member.stderr and "usermod" not in member.stderr
    os.chmod(ledger.store / "data.mdb", 0o640)
    (ledger.store / "lock.mdb").unlink()
    member = ledger.read(MEMBER, OWNER)
    assert member.returncode == 77 and "lock.mdb is missing" in member.stderr and "usermod" not in member.stderr
    for path in [ledger.store, *ledger.store.iterdir()]:
        os.chown(path, 0, 0)
    stranger = ledger.read(STRANGER)
    assert stranger.returncode == 77 and "chown" in stranger.stderr and "usermod" not in stranger.stderr


@pytest.mark.parametrize("name", ["daemon.lock", "lock.mdb", "data.mdb"])
def test_a_link_that_was_planted_is_not_followed(name, ledger):
    victim = ledger.directory / "victim"
    victim.write_bytes(b"precious\n" * 2000)
    os.chown(victim, OWNER, OWNER)
    victim.chmod(0o644)
    (ledger.store / name).unlink()
    (ledger.store / name).symlink_to(victim)
    assert ledger.daemon_once().returncode in (77, 65)
    as_user(OWNER, BUILD / "relicense", "compact", "--store", ledger.store)
    ledger.tool("head", status=None)
    assert victim.read_bytes() == b"precious\n" * 2000 and victim.stat().st_mode & 0o777 == 0o644


def test_an_empty_file_is_no_new_ledger(ledger):
    (ledger.store / "data.mdb").write_bytes(b"")
    done = ledger.daemon_once()
    assert done.returncode == 65 and "is empty" in done.stderr
    assert "is empty" in ledger.tool("head", status=1).errors
    (ledger.store / "data.mdb").unlink()
    assert "there is no store" in ledger.tool("head", status=66).errors
    assert ledger.daemon_once().returncode == 0


def test_another_hub_s_store(ledger):
    ledger.configure(hub="https://other.example")
    assert ledger.daemon_once().returncode == 78


def test_a_follower_that_waits_is_a_reader(ledger):
    with subprocess.Popen([BUILD / "relicense", "changes", "--follow", "--store", ledger.store], stdout=subprocess.PIPE) as follower:
        def refused():
            done = as_user(OWNER, BUILD / "relicense", "compact", "--store", ledger.store)
            return done.returncode == 75 and f"read by process {follower.pid}" in done.stderr
        wait_until("the follower's slot", refused)
        follower.kill()
    assert as_user(OWNER, BUILD / "relicense", "compact", "--store", ledger.store).returncode == 0


def test_a_lock_file_that_is_cut_off_is_named(ledger):
    """By a member of the group, who may write it: data.mdb is whole, and no backup is needed."""
    ledger.configure(poll_interval="1s")
    daemon = Daemon(["setpriv", "--reuid", str(OWNER), "--regid", str(OWNER), "--clear-groups", ledger.relicensed, "--config",
                     ledger.config_path], ledger.log_path, None)
    commits = wait_until("a commit", lambda: ledger.metrics().get("commits_total"))
    wait_until("more", lambda: ledger.metrics().get("commits_total", 0) > commits)
    os.truncate(ledger.store / "lock.mdb", 0)
    wait_until("its end", lambda: daemon.process.poll() is not None)
    assert "lock.mdb was cut off" in daemon.said() and "Restore" not in daemon.said()
