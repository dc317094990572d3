# SPDX-License-Identifier: Apache-2.0
"""A byte of the store's file that is another one: verify finds it, or every answer is as before.

A sample of all bytes; FLIPS=20000 takes so many, FLIPS=all every one of them (hours).
"""
import os
import random
import re
import subprocess

import pytest

from harness import BUILD, Hubsim, Ledger

FLIPS = os.environ.get("FLIPS", "120")
LICENSES = ["mit", "apache-2.0", "other", None]
ROWS = [{"_id": f"6400000000000000000000{n:02x}", "id": f"owner/m{n}", "downloads": n * 10, "likes": n,
         "cardData": {"license": LICENSES[n % 4], "tags": [f"t{n}"]} if LICENSES[n % 4] else {}} for n in range(60)]
COMMANDS = [["changes", "--all"], ["changes", "--owner", "owner"], ["changes", "--to-license", "gpl-3.0"], ["report"],
            ["report", "--weight", "downloads"], ["history", "owner/m1"], ["show", "owner/m2"], ["head"],
            ["export", "--what", "snapshots"], ["export", "--what", "repos"], ["proof", "owner/m1"]]


@pytest.fixture(name="ledger", scope="module")
def ledger_fixture(tmp_path_factory):
    with Hubsim(rows=ROWS, quota="none") as hub:
        ledger = Ledger(tmp_path_factory.mktemp("flips"), hub.url, detail="yes", detail_min_downloads="0", commit_evidence="yes")
        ledger.once()
        for n in range(1, 20):
            hub.post_rows(ROWS[n] | {"cardData": {"license": "gpl-3.0"}})
        hub.post_rows(ROWS[30] | {"id": "other/name"})
        hub.request("DELETE", "/sim/rows/" + ROWS[40]["_id"])
        ledger.once()
        ledger.once()
        ledger.tool("compact")  # so that few bytes are of pages that nobody uses
        yield ledger


def run(ledger, command):
    return subprocess.run([BUILD / "relicense", *command, "--format", "ndjson", "--store", ledger.store], capture_output=True,
                          check=False, timeout=100)


def damage_of(ledger, store, repo):
    """Makes a copy of the store in which this repo alone cannot be read."""
    whole = (ledger.store / "data.mdb").read_bytes()
    store.mkdir()
    for found in re.finditer(re.escape(bytes.fromhex(repo["_id"])), whole):
        spoilt = bytearray(whole)
        spoilt[found.end() + 12] ^= 1
        (store / "data.mdb").write_bytes(spoilt)
        done = subprocess.run([BUILD / "relicense", "show", repo["_id"], "--store", store], capture_output=True, check=False)
        if done.returncode == 1:
            return
    pytest.fail("no byte that spoils it")


@pytest.mark.parametrize("order", [["damaged", "whole", "unknown"], ["unknown", "whole", "damaged"]], ids=" ".join)
def test_one_damaged_repo_of_many_is_the_status(ledger, tmp_path, order):
    """The others are shown, and the status says that damage was found."""
    names = {"damaged": ROWS[5]["_id"], "whole": ROWS[6]["_id"], "unknown": "nobody/nothing"}
    damage_of(ledger, tmp_path / "store", ROWS[5])
    done = subprocess.run([BUILD / "relicense", "show", "-", "--format", "ndjson", "--store", tmp_path / "store"],
                          input="".join(names[word] + "\n" for word in order), capture_output=True, check=False, text=True)
    assert done.returncode == 1 and "no repo called 'nobody/nothing'" in done.stderr
    assert done.stdout.count("\n") == 1 and ROWS[6]["_id"] in done.stdout


def answers(ledger):
    found = [run(ledger, command) for command in COMMANDS]
    return [(done.returncode, done.stdout) for done in found]


def judge(ledger, expected):
    """None where all is well, else what is wrong."""
    done = run(ledger, ["verify"])
    if done.returncode == 1:
        return None if done.stdout or done.stderr else "verify said nothing"
    if done.returncode < 0:
        return f"verify crashed: {done.returncode}"
    if done.returncode != 0:
        return None if done.stderr else f"verify ended with {done.returncode} and no word"
    wrong = [command for command, one, other in zip(COMMANDS, answers(ledger), expected) if one != other]
    return f"verify found nothing, but {wrong} answer otherwise" if wrong else None


def test_flips(ledger):
    data = ledger.store / "data.mdb"
    whole = data.read_bytes()
    places = range(len(whole)) if FLIPS == "all" else sorted(random.Random(4).sample(range(len(whole)), int(FLIPS)))
    expected = answers(ledger)
    assert run(ledger, ["verify"]).returncode == 0 and not any(status for status, _ in expected)
    wrong = {}
    for place in places:
        bit = 1 << place % 8
        with open(data, "r+b") as file:
            file.seek(place)
            file.write(bytes([whole[place] ^ bit]))
        said = judge(ledger, expected)
        if said:
            wrong[place] = said
        with open(data, "r+b") as file:
            file.seek(place)
            file.write(whole[place:place + 1])
    assert not wrong, wrong
