# SPDX-License-Identifier: Apache-2.0
"""The large corpora of real Hub metadata: read where they are, made into rows for hubsim, and skipped loudly elsewhere.

They may not be passed on with the project, so these tests run only where the checkout lies beside them (../shared/corpus,
or RELICENSED_CORPUS). What is made of them is kept in BUILD/corpus, under the size and time of its sources.
"""
import json
import os
import pathlib
import subprocess
import sys
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cases"))
from harness import BUILD  # noqa: E402  pylint: disable=wrong-import-position

CORPUS = pathlib.Path(os.environ.get("RELICENSED_CORPUS") or ROOT.parent / "shared" / "corpus")
FULL, OLD = CORPUS / "hub-full-2024-07", CORPUS / "hub-models-2022-02"

needs_corpus = pytest.mark.skipif(
    not (FULL.is_dir() and OLD.is_dir()),
    reason=f"the corpora hub-full-2024-07 and hub-models-2022-02 are not in {CORPUS} (set RELICENSED_CORPUS); "
           "the crawl of 935,000 real rows, the replay of two dumps and ten kills were NOT tested")


def json_documents(archive):
    """Every JSON file of a .tar.zst, parsed."""
    with subprocess.Popen(["zstd", "-dcq", archive], stdout=subprocess.PIPE) as zstd:
        with tarfile.open(fileobj=zstd.stdout, mode="r|") as tar:
            for member in tar:
                if member.isfile() and member.name.endswith(".json"):
                    yield json.load(tar.extractfile(member))


def full_rows():
    """All rows of the listing of 2024-07: 760 pages of models, 175 of datasets."""
    for archive, kind in (("model_lists", "model"), ("dataset_lists", "dataset")):
        for page in json_documents(FULL / f"{archive}.tar.zst"):
            for row in page:
                row["repoType"] = kind
                yield row


def old_models():
    return json_documents(OLD / "infos.tar.zst")


def prepared(name, sources, write):
    """BUILD/corpus/NAME, written by write(file) unless it is there for these very sources."""
    folder = BUILD / "corpus"
    folder.mkdir(parents=True, exist_ok=True)
    path, stamp_path = folder / name, folder / (name + ".stamp")
    stamp = "\n".join(f"{source} {source.stat().st_size} {source.stat().st_mtime_ns}"
                      for source in [*sources, pathlib.Path(__file__)])
    if not path.exists() or not stamp_path.exists() or stamp_path.read_text(encoding="utf-8") != stamp:
        stamp_path.unlink(missing_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            write(file)
        stamp_path.write_text(stamp, encoding="utf-8")
    return path


def write_row(file, row):
    file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def license_tags(row):
    return sorted({tag.removeprefix("license:") for tag in row.get("tags") or [] if tag.startswith("license:")})


def full_file():
    """The rows of 2024-07 for hubsim, and beside it what a test must find: `kind oid name tags` of each row."""
    def write(file):
        with open(folder / "full-2024-07.tsv", "w", encoding="utf-8") as expected:
            for row in full_rows():
                write_row(file, row)
                expected.write(f"{row['repoType']} {row['_id']} {row['id']}\t{json.dumps(license_tags(row))}\n")

    folder = BUILD / "corpus"
    sources = [FULL / "model_lists.tar.zst", FULL / "dataset_lists.tar.zst"]
    return prepared("full-2024-07.jsonl", sources, write), folder / "full-2024-07.tsv"


def write_in_sweep_order(kind, path):
    """The rows of full_file() of one kind, by _id, as a sweep brings them."""
    rows = []
    with open(full_file()[0], encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["repoType"] == kind:
                rows.append((row["_id"], line))
    path.write_text("".join(line for _, line in sorted(rows)), encoding="utf-8")
    return path


def read_expected(path):
    """{(kind, oid): (name, license tags)} of full_file()."""
    rows = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            identity, tags = line.rstrip("\n").split("\t")
            kind, oid, name = identity.split(" ", 2)
            rows[kind, oid] = (name, json.loads(tags))
    return rows
