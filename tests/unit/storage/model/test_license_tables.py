# SPDX-License-Identifier: Apache-2.0
"""license_tables.py refuses every mistake in the tables, saying file and line, and leaves no output behind."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
SCRIPT = ROOT / "storage/model/license_tables.py"
TABLES = ROOT / "storage/model/licenses"


def run(directory, output):
    return subprocess.run([sys.executable, str(SCRIPT), str(directory), str(output)],
                          capture_output=True, text=True, check=False)


@pytest.fixture
def tables(tmp_path):
    shutil.copytree(TABLES, tmp_path / "licenses")
    return tmp_path / "licenses"


def change_field(path, key, column, value):
    """Sets one field of the record that begins with key; returns its line number."""
    lines = path.read_text(encoding="utf-8").split("\n")
    columns = lines[0].split("\t")
    number = next(i for i, line in enumerate(lines) if line.split("\t")[0] == key)
    fields = lines[number].split("\t")
    fields[columns.index(column)] = value
    lines[number] = "\t".join(fields)
    path.write_text("\n".join(lines), encoding="utf-8")
    return number + 1


def refusal(tables, output):
    """Runs the script, which must refuse; returns what it said."""
    done = run(tables, output)
    assert done.returncode == 1
    assert done.stdout == ""
    assert not output.exists()
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_shipped_tables_are_accepted_and_reproducible(tables, tmp_path):
    outputs = []
    for name in ("a.c", "b.c"):
        done = run(tables, tmp_path / name)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        outputs.append((tmp_path / name).read_bytes())
    assert outputs[0] == outputs[1]
    keys = re.findall(r'^\t\{ \{ "([^"]*)", (\d+) \}, &license_rows\[\d+\], (?:NULL|"[^"]*"), LICENSE_BY_',
                      outputs[0].decode(), re.M)
    assert len(keys) >= 85 + 1211 + 600
    assert [key for key, _ in keys] == sorted({key for key, _ in keys})
    assert all(len(key) == int(size) for key, size in keys)
    lengths = [int(size) for size in re.findall(r'^\t\{ \{ "[^"]*", (\d+) \}, &license_rows\[\d+\] \},$',
                                                outputs[0].decode(), re.M)]
    assert len(lengths) >= 136 and lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize("file, key, column, value, message", [
    ("hub-licenses.tsv", "mit", "class", "liberal", 'class "liberal" is none of permissive'),
    ("hub-licenses.tsv", "mit", "rank", "1", 'rank "1" does not fit permissive, which has 0'),
    ("hub-licenses.tsv", "mit", "rank", "", 'rank "" does not fit permissive'),
    ("hub-licenses.tsv", "mit", "commercial_use", "no", 'commercial_use "no" does not fit permissive'),
    ("hub-licenses.tsv", "mit", "spdx_id", "MIT-X", 'spdx_id "MIT-X" is not in spdx-classes.tsv'),
    ("hub-licenses.tsv", "mit", "confidence", "sure", 'confidence "sure" is none of'),
    ("hub-licenses.tsv", "mit", "hub_id", "MIT", 'hub_id "MIT" is not in its normal form'),
    ("hub-licenses.tsv", "mit", "hub_id", "apache-2.0", 'hub_id "apache-2.0" is already on '),
    ("hub-licenses.tsv", "unknown", "rank", "5", 'rank "5" does not fit unknown, which has none'),
    ("hub-licenses.tsv", "gpl-3.0", "share_alike", "none", 'copyleft with share_alike "none"'),
    ("hub-licenses.tsv", "cc-by-nc-nd-4.0", "derivatives", "yes", 'rank "9" does not fit non-commercial'),
    ("hub-licenses.tsv", "llama3", "commercial_use", "yes", "source-available of rank 5"),
    ("named-licenses.tsv", "deepseek", "key", "mit", 'key "mit" is already on '),
    ("named-licenses.tsv", "deepseek", "key", "deep-seek", 'needs an alias of itself'),
    ("named-licenses.tsv", "falcon-llm-1.0", "class", "permissive", 'rank "5" does not fit permissive'),
    ("aliases.tsv", "llama-2", "target", "llama-two", 'target "llama-two" is not in hub-licenses.tsv'),
    ("aliases.tsv", "llama-2", "table", "hubs", 'table "hubs" is neither hub nor named'),
    ("aliases.tsv", "llama-2", "alias", "llama_2", 'alias "llama_2" is not in its normal form'),
    ("aliases.tsv", "llama-2", "alias", "llama2", 'alias "llama2" is an id on '),
    ("aliases.tsv", "llama-2", "alias", "apache", 'is already on '),
    ("license-links.tsv", "coqui.ai/cpml", "prefix", "https://coqui.ai/cpml", "is not in its normal form"),
    ("license-links.tsv", "coqui.ai/cpml", "prefix", "coqui.ai/CPML", "is not in its normal form"),
    ("license-links.tsv", "coqui.ai/cpml", "prefix", "ai.google.dev/gemma/terms", "is already on "),
    ("license-links.tsv", "coqui.ai/cpml", "target", "cpml", 'target "cpml" is not in named-licenses.tsv'),
    ("spdx-classes.tsv", "0BSD", "basis", "guess", 'basis "guess" is not known'),
    ("spdx-classes.tsv", "0BSD", "spdx_id", "0 BSD", 'spdx_id "0 BSD" is not in its normal form'),
    ("spdx-classes.tsv", "0BSD", "spdx_id", "mit", 'reads like "mit"'),
    ("spdx-classes.tsv", "GPL-2.0-only", "rank", "3", 'class and rank differ from '),
])
def test_a_mistake_is_named_with_its_line(tables, tmp_path, file, key, column, value, message):
    number = change_field(tables / file, key, column, value)
    said = refusal(tables, tmp_path / "out.c")
    # a key that is written twice is reported where it is met the second time
    assert message in said
    assert f"{tables / file}:{number}" in said


def test_all_mistakes_are_said_at_once(tables, tmp_path):
    change_field(tables / "hub-licenses.tsv", "mit", "rank", "7")
    change_field(tables / "aliases.tsv", "llama-2", "target", "nothing")
    assert len(refusal(tables, tmp_path / "out.c").splitlines()) >= 2


@pytest.mark.parametrize("file", ["hub-licenses.tsv", "aliases.tsv", "spdx-classes.tsv"])
def test_broken_lines(tables, tmp_path, file):
    path = tables / file
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + "lonely\n", encoding="utf-8")
    number = whole.count("\n") + 1
    assert f"{path}:{number}: 1 fields where" in refusal(tables, tmp_path / "out.c")
    path.write_text(whole.rstrip("\n"), encoding="utf-8")
    assert "the last line has no line end" in refusal(tables, tmp_path / "out.c")
    path.write_text(whole.replace("\t", ";", 1), encoding="utf-8")
    assert f"{path}:1: the columns must be" in refusal(tables, tmp_path / "out.c")


def test_a_row_that_the_program_needs(tables, tmp_path):
    change_field(tables / "named-licenses.tsv", "civitai-flags", "key", "civitai-flaggs")
    assert 'no table has the row "civitai-flags"' in refusal(tables, tmp_path / "out.c")


@pytest.mark.parametrize("version", ["", "2026-11", "v1\n", "2026-11-23 \n", "\u00b2026-11-23\n"])
def test_the_version_is_a_date(tables, tmp_path, version):
    (tables / "VERSION").write_text(version, encoding="utf-8")
    assert f"{tables / 'VERSION'}:1: version" in refusal(tables, tmp_path / "out.c")


def test_a_missing_table(tables, tmp_path):
    (tables / "aliases.tsv").unlink()
    assert "aliases.tsv" in refusal(tables, tmp_path / "out.c")


def test_not_utf8(tables, tmp_path):
    path = tables / "aliases.tsv"
    number = path.read_bytes().count(b"\n") + 1
    with open(path, "ab") as file:
        file.write(b"\xff\tmit\thub\tspelling\t\n")
    assert f"{path}:{number}: not valid UTF-8" in refusal(tables, tmp_path / "out.c")


def test_usage():
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert "usage: license_tables.py DIR OUT.c" in done.stderr
