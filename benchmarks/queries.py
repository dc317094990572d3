#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""queries.py [--build DIR] [--repos N] [--records N] [--rounds N] [--store DIR]: how long one waits for an answer; `make
bench-queries` calls it.

Whole processes, from before fork until the first line of output (`changes`, which then goes on as long as one reads) or
until the end (all others), on a made-up store (large_store.c) whose pages are in memory. Medians and the 90th percentile.
"""
import argparse
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

FIRST_LINE, WHOLE = "first line", "whole"
# what is measured, most of it in milliseconds; the aim; arguments
QUERIES = [
    ("start of a process", WHOLE, None, ["--version"]),
    ("changes: newest", FIRST_LINE, 10, ["changes"]),
    ("changes --all", FIRST_LINE, 10, ["changes", "--all"]),
    ("changes --since, --until", FIRST_LINE, 10, ["changes", "--since", "2025-01-03", "--until", "2025-01-03"]),
    ("changes --repo NAME", FIRST_LINE, 10, ["changes", "--all", "--repo", "{repo}"]),
    ("changes --repo OWNER/*", FIRST_LINE, 10, ["changes", "--repo", "{owner}/*"]),
    ("changes --owner, rare", FIRST_LINE, 10, ["changes", "--owner", "{owner}", "--all"]),
    ("changes --owner, of many", FIRST_LINE, 10, ["changes", "--owner", "owner-7"]),
    ("changes --event repo.gone", FIRST_LINE, 10, ["changes", "--event", "repo.gone"]),
    ("changes --event, none", WHOLE, 10, ["changes", "--event", "repo.renamed"]),
    ("changes --direction", FIRST_LINE, 10, ["changes", "--direction", "tightened"]),
    ("changes --to-license", FIRST_LINE, 10, ["changes", "--to-license", "zlib"]),
    ("changes --from-license class:", FIRST_LINE, 10, ["changes", "--from-license", "class:copyleft"]),
    ("changes --from --to", FIRST_LINE, 10, ["changes", "--from-license", "wtfpl", "--to-license", "zlib"]),
    ("changes --from --to, none", WHOLE, 10, ["changes", "--from-license", "cc0-1.0", "--to-license", "zlib"]),
    ("changes --after", FIRST_LINE, 10, ["changes", "--after", "{middle}", "--to-license", "zlib"]),
    ("show", WHOLE, 5, ["show", "{repo}"]),
    ("show --at", WHOLE, 5, ["show", "{repo}", "--at", "2025-01-02"]),
    ("history", WHOLE, 10, ["history", "{repo}"]),
    ("head", WHOLE, 5, ["head"]),
    ("report", WHOLE, 1000, ["report"]),
    ("report --at", WHOLE, None, ["report", "--at", "2025-01-02"]),
]
SLOW_MS, SLOW_ROUNDS = 300, 5


def measure(arguments, kind):
    started = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline() if kind == FIRST_LINE else process.stdout.read()
    if kind == FIRST_LINE:
        took = time.perf_counter() - started
        process.stdout.close()
    status = process.wait()
    if kind == WHOLE:
        took = time.perf_counter() - started
        process.stdout.close()
    said = process.stderr.read().decode("utf-8", "replace")
    process.stderr.close()
    if said or (kind == WHOLE and status):
        sys.exit(f"{' '.join(arguments)} ended with {status}: {said}")
    return took * 1000


def sample(arguments, kind, rounds):
    took = [measure(arguments, kind) for _ in range(3)][1:]
    while len(took) < (SLOW_ROUNDS if statistics.median(took) > SLOW_MS else rounds):
        took.append(measure(arguments, kind))
    return sorted(took)


def proportion(program, store, rounds):
    """Time a further row takes: 20,000 rows against 2,000."""
    def run(rows):
        return statistics.median(sample([program, "changes", "--store", store, "--format", "ndjson", "--owner", "owner-7",
                                         "--all", "--limit", str(rows)], WHOLE, rounds))
    few, many = run(2000), run(20000)
    return f"{few:.1f} ms for 2,000 rows, {many:.1f} ms for 20,000: {(many - few) / 18:.2f} us a row"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--repos", type=int, default=3000000)
    parser.add_argument("--records", type=int, default=10000000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--store", help="keep the store here, and use it again")
    options = parser.parse_args()
    build = pathlib.Path(options.build)
    program = str(build / "relicense")
    store = pathlib.Path(options.store or tempfile.mkdtemp(prefix="relicensed-bench-"))
    if not (store / "data.mdb").exists():
        print(f"writing {options.repos:,} repos and {options.records:,} records", flush=True)
        subprocess.run([build / "bench" / "large_store", store, str(options.repos), str(options.records)], check=True)
    with open(store / "data.mdb", "rb") as data:
        while data.read(1 << 24):
            pass
    words = {"repo": "owner-123456/model-370368", "owner": "owner-123456", "middle": str(options.records // 2)}
    if options.repos <= 370370:
        words.update(repo="owner-1234/model-3702", owner="owner-1234")
    missed = 0
    print(f"{'':32} {'median ms':>10} {'p90 ms':>10} {'aim':>6}")
    for what, kind, aim, arguments in QUERIES:
        filled = [argument.format(**words) for argument in arguments]
        form = [] if what == "start of a process" else ["--store", str(store), "--format", "ndjson"]
        took = sample([program, filled[0], *form, *filled[1:]], kind, options.rounds)
        median = statistics.median(took)
        late = aim is not None and median > aim
        missed += late
        print(f"{what:32} {median:10.2f} {took[len(took) * 9 // 10]:10.2f} {aim or '':>6}{' missed' if late else ''}", flush=True)
    print(proportion(program, str(store), 10))
    if not options.store:
        shutil.rmtree(store)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
