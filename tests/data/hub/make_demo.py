#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write what `make demo` feeds to the simulated Hub, from rows.jsonl.zst and switches.jsonl.

    make_demo.py FOLDER

    FOLDER/before.jsonl  rows to start hubsim with: all shipped rows, and the repos below as they were before
    FOLDER/after.jsonl   rows to POST to /sim/rows: every switch, a rename, a commit that leaves the card alone (the
                         Hub derives another tag from its files), new counters only. Changed content without sha
                         and lastModified is a commit of now; with both as before it is none.
    FOLDER/delete.txt    one line "kind oid": the repo to DELETE

The same inputs give the same files. Only the standard library and the zstd program are needed.
"""
import hashlib
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
# Real rows that something harmless happens to.
COMMITTED = "openai/whisper-large-v3-turbo"
COUNTED = "sentence-transformers/all-MiniLM-L6-v2"
DELETED = "Comfy-Org/stable-diffusion-v1-5-archive"
# A real rename (early 2024), reconstructed: canonical models moved into organizations.
RENAMED = {
    "repoType": "model", "id": "bert-base-uncased", "cardData": {"language": "en", "license": "apache-2.0"},
    "gated": False, "disabled": False, "private": False, "lastModified": "2023-06-30T12:00:00.000Z", "likes": 1500,
    "downloads": 50000000, "tags": ["transformers", "safetensors", "bert", "fill-mask", "en", "license:apache-2.0",
                                    "region:us"],
    "pipeline_tag": "fill-mask", "library_name": "transformers", "createdAt": "2022-03-02T23:29:04.000Z"}
NEW_NAME = "google-bert/bert-base-uncased"
EMPTY_CARD = {"tags": []}


def read_rows():
    unzstd = subprocess.run(["zstd", "-dc", os.path.join(HERE, "rows.jsonl.zst")], check=True, stdout=subprocess.PIPE)
    return [json.loads(line) for line in unzstd.stdout.decode().split("\n") if line]


def read_switches():
    with open(os.path.join(HERE, "switches.jsonl"), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def digest(*words):
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def object_id(row):
    """As on the Hub, the first four bytes are the creation time; the rest is drawn from the name."""
    created = datetime.strptime(row["createdAt"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    return f"{int(created.timestamp()):08x}" + digest("oid", row["repoType"], row["id"])[:16]


def with_identity(row):
    """The row with the fixed _id and sha that a later row needs to mean the same repo."""
    return {"_id": object_id(row)} | row | {"sha": digest("sha", row["repoType"], row["id"])[:40]}


def as_commit(row):
    """The row as a push of now leaves it: hubsim gives sha and lastModified."""
    return {key: value for key, value in row.items() if key not in ("sha", "lastModified")}


def license_tags(statement):
    value = statement.get("license", [])
    return [f"license:{item.lower()}" for item in (value if isinstance(value, list) else [value])]


def switch_tags(switch, statement):
    """Tags in the Hub's way: the repo's own, languages (bare on models), base models, licenses, region."""
    row = switch["row"]
    prefix = "language:" if switch["repoType"] == "dataset" else ""
    own = [row[key] for key in ("library_name", "pipeline_tag") if key in row and row[key] not in row.get("tags", [])]
    bases = [f"base_model:{row['base_model']}"] if "base_model" in row else []
    languages = [prefix + language for language in row.get("language", [])]
    return own + row.get("tags", []) + languages + bases + license_tags(statement) + ["region:us"]


def switch_row(switch, statement):
    """A whole row around a documented statement; what the source does not tell is plausible, not real."""
    known = switch["row"]
    card = dict(statement)
    card |= {key: known[key] for key in ("language", "base_model", "library_name", "pipeline_tag") if key in known}
    day_before = (datetime.strptime(switch["date"], "%Y-%m-%d") - timedelta(days=1)).strftime("%Y-%m-%dT12:00:00.000Z")
    row = {"repoType": switch["repoType"], "id": switch["id"]}
    if "/" in switch["id"]:
        row["author"] = switch["id"].split("/")[0]
    # The Hub keeps a card without any field as well; {} would make hubsim fill one in.
    row["cardData"] = card or EMPTY_CARD
    row |= {"gated": False, "disabled": False, "private": False,
            "lastModified": max(day_before, known["createdAt"]), "likes": known.get("likes", 0),
            "downloads": known.get("downloads", 0), "tags": switch_tags(switch, statement)}
    row |= {key: known[key] for key in ("pipeline_tag", "library_name") if key in known}
    return row | {"createdAt": known["createdAt"]}


def demo(rows, switches):
    """(before, after, deleted row)"""
    by_id = {row["id"]: row for row in rows if row["repoType"] == "model"}
    committed, counted, deleted, renamed = (with_identity(row) for row in (
        by_id[COMMITTED], by_id[COUNTED], by_id[DELETED], RENAMED))
    special = {COMMITTED: committed, COUNTED: counted, DELETED: deleted}
    before = [special.get(row["id"], row) if row["repoType"] == "model" else row for row in rows] + [renamed]
    after = []
    for switch in switches:
        old = with_identity(switch_row(switch, switch["before"]))
        new = switch_row(switch, switch["after"])
        before.append(old)
        after.append(as_commit(old | {"cardData": new["cardData"], "tags": new["tags"]}))
    after.append(renamed | {"id": NEW_NAME, "author": NEW_NAME.split("/")[0]})
    after.append(as_commit(committed) | {"tags": committed["tags"] + ["onnx"], "commit": "Add ONNX weights"})
    after.append(counted | {"downloads": counted["downloads"] + 123456, "likes": counted["likes"] + 7})
    return before, after, deleted


def write_lines(path, rows):
    with open(path, "w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    before, after, deleted = demo(read_rows(), read_switches())
    write_lines(os.path.join(folder, "before.jsonl"), before)
    write_lines(os.path.join(folder, "after.jsonl"), after)
    with open(os.path.join(folder, "delete.txt"), "w", encoding="utf-8") as out:
        out.write(f"{deleted['repoType']} {deleted['_id']}\n")


if __name__ == "__main__":
    main()
