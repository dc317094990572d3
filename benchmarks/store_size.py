#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""store_size.py [--build DIR] [--keep DIR]: how many bytes a repo takes, and a further version of it; `make bench-size` calls it.

Real rows (tests/corpus; without that corpus there is nothing to measure, and it says so): the listing of 2024-07, answers of
single models, every edit of dataset cards from 2020 to 2022, models as they were every eight hours for four days. Beside
it: zstd -19 with a long window over everything in one piece, which nothing that answers a query can reach.
"""
import argparse
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
DAY_MS = 86_400_000
# Others, per model, with fewer fields: what their authors publish.
PEERS = [("hub-stats, Parquet, a subset of the columns, newest state alone", 198),
         ("librarian-bots, Parquet, cards, newest state alone", 601)]


class Store:
    """A store that bench/commit fills, and what it takes."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder

    def load(self, kind, rows, at_ms=None):
        path = self.folder.with_suffix(".jsonl")
        with open(path, "w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
        self.load_file(kind, path, at_ms)
        path.unlink()

    def load_file(self, kind, path, at_ms=None):
        look = ["look", str(at_ms)] if at_ms else []
        subprocess.run([self.build / "bench/commit", self.folder, kind, path, *look], check=True, stdout=subprocess.DEVNULL)

    def tables(self):
        said = subprocess.run([self.build / "relicense", "status", "--store", self.folder, "--format", "json"], check=True,
                              stdout=subprocess.PIPE).stdout
        return {table["name"]: table for table in json.loads(said)["tables_in_store"]}

    def file_bytes(self):
        return (self.folder / "data.mdb").stat().st_size

    def compact_bytes(self):
        copy = self.folder.with_suffix(".mdb")
        subprocess.run([self.build / "relicense", "backup", "--store", self.folder, copy], check=True, stdout=subprocess.DEVNULL)
        size = copy.stat().st_size
        copy.unlink()
        return size

    def frames(self):
        """{"first"|"further": (count, content bytes, frame bytes)}"""
        said = subprocess.run([self.build / "dump_store", self.folder, "frames"], check=True, stdout=subprocess.PIPE, text=True)
        lines = (line.split() for line in said.stdout.splitlines())
        return {name: tuple(int(number) for number in numbers) for name, *numbers in lines}

    def in_one_piece(self):
        """All that the store says of its rows' newest state, as one text, as small as zstd makes it."""
        dump = subprocess.Popen([self.build / "dump_store", self.folder], stdout=subprocess.PIPE)
        zstd = subprocess.Popen(["zstd", "-19", "--long=27", "-T2", "-cq"], stdin=dump.stdout, stdout=subprocess.PIPE)
        dump.stdout.close()
        size = sum(iter(lambda: len(zstd.stdout.read(1 << 20)), 0))
        if zstd.wait() or dump.wait():
            sys.exit("zstd over the whole store failed")
        return size


def oid_of(name, floor=0x60000000):
    """An id as the Hub has them, for rows of sources that left it out; what is random in a real one is in this one, too."""
    return f"{floor:08x}" + hashlib.sha256(name.encode()).hexdigest()[:16]


# --- what is measured ---------------------------------------------------------------------------------------------------

def measure_first(title, store):
    frames, repos = store.frames()["first"], sum(store.tables()[f"repo.{kind}"]["entries"] for kind in ("model", "dataset"))
    used = sum(table["bytes"] for table in store.tables().values())
    print(f"{title}: {repos:,} repos")
    for what, size in [("content, canonical", frames[1]), ("its frames", frames[2]),
                       *((f"table {name}", table["bytes"]) for name, table in store.tables().items()
                         if table["bytes"] / repos >= 0.5),
                       ("all tables", used), ("the file", store.file_bytes()), ("a backup of it", store.compact_bytes()),
                       ("zstd -19 over everything in one piece", store.in_one_piece())]:
        print(f"    {what:42s} {size / repos:8.1f} bytes a repo")


def measure_further(title, store):
    count, content, frame = store.frames()["further"]
    print(f"{title}: {count:,} further versions\n    {'content':42s} {content / count:8.1f} bytes a version\n"
          f"    {'frame':42s} {frame / count:8.1f} bytes a version", flush=True)


def list_rows(corpus, store):
    for kind in ("model", "dataset"):
        path = corpus.write_in_sweep_order(kind, store.folder.with_suffix(".jsonl"))
        store.load_file(kind, path)
        path.unlink()
    measure_first("rows of a listing", store)
    for what, size in PEERS:
        print(f"    {what}: {size} bytes a model")
    sys.stdout.flush()


def detail_rows(corpus, store):
    rows = sorted(corpus.json_documents(corpus.FULL / "model_data.tar.zst"), key=lambda row: row["_id"])
    rows = [row for row in rows if row.get("cardData")]
    store.load("model", rows)
    measure_first("answers of single models", store)
    for row in rows:
        row["cardData"]["license"] = "mit" if row["cardData"].get("license") != "mit" else "apache-2.0"
        row["sha"] = hashlib.sha1(row["sha"].encode()).hexdigest()
    store.load("model", rows, at_ms=4_000_000_000_000)
    measure_further("the same, their license changed", store)


def card_edits(corpus, store):
    """Round n has the n-th version of each card."""
    import yaml  # pylint: disable=import-outside-toplevel
    rounds, versions = {}, {}
    events = subprocess.run(["zstd", "-dcq", corpus.CORPUS / "hf-datasets-cards-2020-2022" / "events.jsonl.zst"], check=True,
                            stdout=subprocess.PIPE).stdout
    for event in map(json.loads, events.splitlines()):
        try:
            card = yaml.safe_load(event.get("front_matter") or "{}")
            card = json.loads(json.dumps(card, default=str))
        except (yaml.YAMLError, TypeError, ValueError):
            continue
        if event["op"] != "put" or not isinstance(card, dict):
            continue
        name = event["dataset"]
        versions[name] = versions.get(name, 0) + 1
        rounds.setdefault(versions[name], []).append({
            "_id": oid_of(name), "id": f"datasets/{name}", "author": "datasets", "sha": event["commit"],
            "lastModified": "2022-01-01T00:00:00.000Z", "createdAt": "2022-03-02T23:29:04.000Z", "private": False,
            "tags": [], "downloads": 0, "likes": 0, "cardData": card})
    for number, rows in sorted(rounds.items()):
        store.load("dataset", rows, at_ms=1_600_000_000_000 + number * DAY_MS)
    measure_further("edits of dataset cards, 2020 to 2022", store)


def series(corpus, store):
    archive = corpus.CORPUS / "radar-2026-08" / "snapshots.tar.zst"
    names = subprocess.run(f"zstd -dcq '{archive}' | tar t", shell=True, check=True, stdout=subprocess.PIPE, text=True).stdout
    days = set()
    for name in sorted(one for one in names.splitlines() if one.endswith(".jsonl")):
        lines = subprocess.run(f"zstd -dcq '{archive}' | tar xO '{name}'", shell=True, check=True, stdout=subprocess.PIPE).stdout
        at = datetime.datetime.strptime(name[2:19], "%Y-%m-%dT%H%M%S").replace(tzinfo=datetime.timezone.utc)
        rows = [{"_id": oid_of(row["id"], 0x6a000000), "id": row["id"], "author": row["author"], "private": False,
                 "sha": hashlib.sha1(row["updated_at"].encode()).hexdigest(), "lastModified": row["updated_at"],
                 "createdAt": row["created_at"], "tags": row["tags"], "pipeline_tag": row.get("pipeline_tag"),
                 "library_name": row.get("library"), "gated": row.get("gated", False), "downloads": row["downloads_30d"],
                 "likes": row["likes"]} for row in map(json.loads, lines.splitlines()) if row.get("updated_at")]
        store.load("model", rows, at_ms=int(at.timestamp() * 1000))
        days.add(at.date())
    measure_further("models every eight hours for four days", store)
    counters, repos = store.tables()["counter"]["bytes"], store.tables()["repo.model"]["entries"]
    each = counters / repos / len(days)
    print(f"    downloads and likes of {repos:,} models of much use on {len(days)} days: {each:.2f} bytes a repo and day, "
          f"{each * 3652:,.0f} in ten years", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--keep", help="a folder for the stores; they stay there")
    options = parser.parse_args()
    build = (ROOT / options.build).resolve()
    os.environ["BUILD"] = str(build)
    sys.path.insert(0, str(ROOT / "tests" / "corpus"))
    import corpus  # pylint: disable=import-outside-toplevel,import-error
    if not corpus.FULL.is_dir():
        print(f"SKIPPED: the corpora of real rows are not in {corpus.CORPUS} (set RELICENSED_CORPUS); nothing was measured")
        return
    with tempfile.TemporaryDirectory(prefix="relicensed-size-") as scratch:
        folder = pathlib.Path(options.keep or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for measure in (list_rows, detail_rows, card_edits, series):
            measure(corpus, Store(build, folder / measure.__name__))


if __name__ == "__main__":
    main()
