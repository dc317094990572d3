# SPDX-License-Identifier: Apache-2.0
"""relicensed --check-config, -h and -V: which file was read, all that is wrong at once, near names; help that fits a terminal."""
import os
import subprocess

import pytest

from harness import BUILD


def relicensed(*arguments):
    return subprocess.run([BUILD / "relicensed", *arguments], capture_output=True, text=True, check=False)


def check(tmp_path, text):
    (tmp_path / "r.conf").write_text(text, encoding="utf-8")
    return relicensed("--check-config", "--config", tmp_path / "r.conf")


def test_it_names_what_it_read(tmp_path):
    done = check(tmp_path, f"store = {tmp_path}/new/store\n")
    assert done.returncode == 0 and f"{tmp_path}/r.conf: the configuration is good" in done.stdout
    assert not (tmp_path / "new").exists()
    if not os.path.exists("/etc/relicensed.conf"):
        assert "no file was read" in relicensed("--check-config", "--store", tmp_path / "new").stdout


def test_all_faults_at_once(tmp_path):
    done = check(tmp_path, f"store = {tmp_path}\nca_file = /no/ca.pem\nwatch_list = /no/list\ntoken_file = /no/token\n")
    assert done.returncode == 78
    assert all(word in done.stderr for word in ("/no/ca.pem", "/no/list", "/no/token"))


def test_a_store_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    for store in (tmp_path / "file", tmp_path / "file" / "store"):
        done = check(tmp_path, f"store = {store}\n")
        assert done.returncode == 73 and "store: " in done.stderr and not done.stdout


def test_near_names(tmp_path):
    assert "did you mean 'poll_interval'?" in check(tmp_path, "pol_interval = 30s\n").stderr
    assert "did you mean --once?" in relicensed("--onec").stderr


@pytest.mark.parametrize("arguments", [["relicensed", "-h"], ["relicense", "help"], *(["relicense", "help", command] for command in (
    "changes", "show", "history", "diff", "report", "status", "head", "proof", "export", "verify", "backup", "compact", "schema"))])
def test_help_fits_and_shows_an_example(arguments):
    done = subprocess.run([BUILD / arguments[0], *arguments[1:]], capture_output=True, text=True, check=True)
    options = done.stdout.split("for every command:")[-1] if arguments[0] == "relicense" else done.stdout
    assert [line for line in options.splitlines() if line.startswith("      ") and len(line) > 80] == []
    if len(arguments) < 3:
        assert "examples:" in done.stdout and ("69" in done.stdout or arguments[0] == "relicense")


def test_the_version():
    assert relicensed("-V").stdout.startswith("relicensed ")
