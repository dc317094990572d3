# SPDX-License-Identifier: Apache-2.0
"""The daemon, killed as it enters its n-th write to the store's file or its n-th sync (strace does it), for n = 1, 2, ... until
it comes to its end: what it had said to be in the store is there, all is whole, and the next run brings the log to what it
would have been, nothing twice.

A spread of the calls; WRITES=all takes every one of them. tests/fault/test_io.c makes each such call fail instead.
"""
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from harness import Hubsim, Ledger, record_text

WRITES = os.environ.get("WRITES", "10")
CALLS = ["pwrite64", "pwritev", "fdatasync"]
# strace counts by thread; leaks cannot be looked for in a process that is traced
TRACED = {"UV_THREADPOOL_SIZE": "1", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
LICENSES = ["mit", "apache-2.0", "gpl-3.0"]
ROWS = [{"_id": f"64000000000000000000{n:04x}", "id": f"owner-{n % 9}/m{n}", "cardData": {"license": LICENSES[n % 3]}}
        for n in range(1500)]

pytestmark = pytest.mark.skipif(subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], check=False, capture_output=True)
                                .returncode != 0, reason="strace may not trace here; kills at each write were NOT tested "
                                "(tests/fault/test_kill.c kills at random moments)")


@pytest.fixture(name="hub", scope="module")
def hub_fixture():
    with Hubsim(rows=ROWS, quota="none") as hub:
        yield hub


@pytest.fixture(name="before", scope="module")
def before_fixture(hub, tmp_path_factory):
    """A store that has all rows as they were, while the Hub has moved on."""
    ledger = Ledger(tmp_path_factory.mktemp("before"), hub.url)
    ledger.once()
    for n in range(0, 1500, 10):
        hub.post_rows(ROWS[n] | {"cardData": {"license": "openrail"}, "sha": f"{n:040x}"})
    hub.post_rows(ROWS[5] | {"id": "owner-5/renamed"})
    for n in (7, 77):
        hub.request("DELETE", "/sim/rows/" + ROWS[n]["_id"])
    return ledger


def copy_of(before, hub, folder):
    ledger = Ledger(folder, hub.url, page_rows="10", commit_pages="1", log_level="debug")
    shutil.copytree(before.store, ledger.store, ignore=shutil.ignore_patterns("lock.mdb"))
    return ledger


def told(ledger):
    return sorted(record_text(record) for record in ledger.changes())


def run_traced(ledger, *trace):
    """relicensed --once under strace; its exit status, and the traced calls."""
    calls = ledger.directory / "calls"
    with open(ledger.log_path, "ab") as log:
        status = subprocess.run(["strace", "-f", "-qq", "-o", calls, "-P", ledger.store / "data.mdb", *trace, ledger.relicensed, "--config", ledger.config_path,
                                 "--once"], stdout=log, stderr=log, check=False, timeout=100,
                                env=ledger.environment | TRACED).returncode
    return status, calls.read_text(encoding="utf-8", errors="replace")


def count_calls(before, hub, folder):
    ledger = copy_of(before, hub, folder)
    status, calls = run_traced(ledger, "-e", "trace=" + ",".join(CALLS))
    assert status == 0
    return told(ledger), {call: len(re.findall(rf"\b{call}\(", calls)) for call in CALLS}


def spread(count):
    step = 1 if WRITES == "all" else max(1, count // int(WRITES))
    return range(1, count + 1, step)


def acknowledged(ledger):
    """The head of the log as the daemon last told it of a commit."""
    return max((int(seq) for seq in re.findall(r"event=committed .*\bseq=(\d+)", ledger.said())), default=0)


def play(before, hub, folder, call, n, expected):
    """True where the kill came before the end."""
    ledger = copy_of(before, hub, folder)
    status, _ = run_traced(ledger, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={n}")
    assert status in (0, 128 + signal.SIGKILL, -signal.SIGKILL), ledger.said()[-4000:]
    whole = ledger.tool("verify", "--format", "json", status=None)
    assert whole.status == 0, f"{call} {n}: {whole.text}"
    assert ledger.head_seq() >= acknowledged(ledger), f"{call} {n}: what was in the store is gone"
    ledger.once()
    ledger.once()  # what was missing and could not be asked about
    assert told(ledger) == expected, f"{call} {n}"
    assert json.loads(ledger.tool("verify", "--format", "json").output)["findings"] == []
    shutil.rmtree(folder)
    return status != 0


@pytest.mark.parametrize("call", CALLS)
def test_killed(before, hub, tmp_path, call):
    expected, calls = count_calls(before, hub, tmp_path / "undisturbed")
    if not calls[call]:
        assert call == "pwritev", "a commit writes and syncs"
        return
    kills = sum(play(before, hub, tmp_path / f"{call}-{n}", call, n, expected) for n in spread(calls[call]))
    print(f"{kills} kills at {calls[call]} calls of {call}")
    assert kills >= len(spread(calls[call])) // 2, "how many calls a run makes differs, but not by half"


def test_killed_at_birth(hub, tmp_path):
    """No store yet: whatever is left of it can be opened, or is made anew."""
    kills = 0
    for n in spread(12):
        ledger = Ledger(tmp_path / str(n), hub.url)
        status, _ = run_traced(ledger, "-e", "trace=pwrite64", "-e", f"inject=pwrite64:signal=KILL:when={n}")
        kills += status != 0
        ledger.once()
        ledger.verify()
    assert kills > 0
