#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""store_load.py [--build DIR] [--rounds N] [--quick]: how fast rows get into a store, and what readers cost it; `make bench-store`
calls it.

One thread, pages that are decoded, everything synced, names, looks and counters included (commit.c). What a machine can do
moves by the hour, by a factor of two: what zstd -3 does with the shipped rows in the same round is the yardstick. Then fifty readers in the middle of their
output, some of them stopped, beside the same writer: its time and its file with and without them.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[1]
READERS, STOPPED, LINES_A_SECOND = 50, 10, 20
SLOWER_MAX, UNCHANGED_WRITES_MAX = 1.10, 2 << 20


class Row:
    missed = 0

    def __init__(self, what, aim, measured, reached):
        Row.missed += not reached
        print(f"{what:66}{aim:>12}{measured:>14}  {'reached' if reached else 'MISSED'}", flush=True)


def shipped_rows():
    text = subprocess.run(["zstd", "-dcq", ROOT / "tests/data/hub/rows.jsonl.zst"], check=True, stdout=subprocess.PIPE).stdout
    return text.decode("utf-8").splitlines()


def write_rows(path, rows, count):
    """The rows again and again, each time as other repos: in the order of their ids, as a sweep brings them."""
    with open(path, "w", encoding="utf-8") as file:
        for n in range(count):
            row = dict(rows[n % len(rows)])
            row.pop("repoType", None)
            row.update(_id=f"{0x60000000 + n // 7:08x}{n % 7:x}{n * 0x9E3779B97F4A7C15 % 2**60:015x}", id=f"{row['id']}-{n // len(rows)}",
                       sha=f"{n * 0x9E3779B97F4A7C15 % 2**160:040x}")
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    return path


def zstd_megabytes_a_second(path):
    """Of zstd -3 on one thread, compressing."""
    said = subprocess.run(["zstd", "-b3", "-i2", path], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return float(re.findall(r"([\d.]+) MB/s", said.stdout)[-2])


def commit(build, store, kind, path):
    """{"first"|"again": figures} of bench/commit."""
    said = subprocess.run([build / "bench/commit", store, kind, path], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = {}
    for line in said.splitlines():
        rate, longest, written = re.search(r"([\d.]+) rows/s .* longest commit +(\d+) ms .* written (\d+) KiB", line).groups()
        found[line.split()[0]] = {"rate": float(rate), "longest_ms": int(longest), "written": int(written) << 10}
    return found


def measure_rates(build, folder, what, path, rounds, aims):
    rows = sum(1 for _ in open(path, "rb"))
    rates, yardstick = {"first": [], "again": []}, []
    for _ in range(rounds):
        yardstick.append(zstd_megabytes_a_second(folder / "shipped.jsonl"))
        shutil.rmtree(folder / "store", ignore_errors=True)
        figures = commit(build, folder / "store", "model", path)
        for name, one in figures.items():
            rates[name].append(one["rate"])
    size, zstd = path.stat().st_size / rows, statistics.median(yardstick)
    print(f"{what}: {rows:,} of {size:,.0f} bytes; longest commit {figures['first']['longest_ms']} ms; zstd -3 alone {zstd:.0f} MB/s,\n"
          f"    new rows {statistics.median(rates['first']) * size / zstd / 1e6:.2f} of that")
    for name, label in (("first", "new rows/s"), ("again", "unchanged rows/s")):
        if aims.get(name):
            rate = statistics.median(rates[name])
            Row(f"    {label}, best {max(rates[name]):,.0f}", f"{aims[name]:,}", f"{rate:,.0f}", rate >= aims[name])
    return figures["again"]["written"]


# --- readers ------------------------------------------------------------------------------------------------------------

class Readers:
    """Processes that print the whole log to somebody who reads slowly; every fifth is stopped in the middle."""

    def __init__(self, build, store):
        self.processes = [subprocess.Popen([build / "relicense", "changes", "--all", "--format", "ndjson", "--store", store],
                                           stdout=subprocess.PIPE) for _ in range(READERS)]
        self.done = threading.Event()
        for number, process in enumerate(self.processes):
            process.stdout.readline()
            if number % (READERS // STOPPED) == 0:
                process.send_signal(signal.SIGSTOP)
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while not self.done.wait(1):
            for number, process in enumerate(self.processes):
                for _ in range(LINES_A_SECOND if number % (READERS // STOPPED) else 0):
                    process.stdout.readline()

    def end(self):
        self.done.set()
        self.thread.join()
        for process in self.processes:
            assert process.poll() is None, "a reader ended too early to have been one"
            process.kill()
            process.wait()
            process.stdout.close()


def measure_readers(build, folder, path, rounds, records):
    seconds, sizes = {False: [], True: []}, {False: [], True: []}
    empty, store = folder / "log", folder / "store"
    subprocess.run([build / "bench/large_store", empty, "20000", str(records)], check=True)
    for round_ in range(rounds):
        for with_readers in ((False, True) if round_ % 2 else (True, False)):
            shutil.rmtree(store, ignore_errors=True)
            shutil.copytree(empty, store)
            readers = Readers(build, store) if with_readers else None
            figures = commit(build, store, "dataset", path)
            if readers:
                readers.end()
            seconds[with_readers].append(1 / figures["first"]["rate"])
            sizes[with_readers].append((store / "data.mdb").stat().st_size)
    slower = statistics.median(seconds[True]) / statistics.median(seconds[False])
    grown = statistics.median(sizes[True]) / statistics.median(sizes[False])
    print(f"{READERS} readers, {STOPPED} of them stopped in the middle of a line, beside the writer of new rows")
    Row("    its time, by its time without them", f"{SLOWER_MAX:.2f}", f"{slower:.3f}", slower <= SLOWER_MAX)
    Row("    the file, by the file without them", "1.10", f"{grown:.3f}", grown <= 1.1)


def full_listing(folder, build):
    """The real rows of 2024-07 in sweep order, where they are."""
    sys.path.insert(0, str(ROOT / "tests" / "corpus"))
    os.environ["BUILD"] = str(build)
    import corpus  # pylint: disable=import-outside-toplevel,import-error
    if not corpus.FULL.is_dir():
        print(f"SKIPPED: the real rows of 2024-07 are not in {corpus.CORPUS} (set RELICENSED_CORPUS)")
        return None
    return corpus.write_in_sweep_order("model", folder / "full.jsonl")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, one round")
    options = parser.parse_args()
    build, rounds, share = (ROOT / options.build).resolve(), 1 if options.quick else options.rounds, 10 if options.quick else 1
    lines = shipped_rows()
    shipped = [json.loads(line) for line in lines]
    large = [row for row in shipped if len(json.dumps(row)) > 1000]
    small = [row for row in shipped if len(json.dumps(row)) < 600]
    with tempfile.TemporaryDirectory(prefix="relicensed-load-") as name:
        folder = pathlib.Path(name)
        (folder / "shipped.jsonl").write_text("\n".join(lines), encoding="utf-8")
        print(f"{'':66}{'aim':>12}{'measured':>14}")
        measure_rates(build, folder, "large rows", write_rows(folder / "rows.jsonl", large, 200000 // share), rounds,
                      {"first": 100000})
        full = full_listing(folder, build)
        if full:
            measure_rates(build, folder, "rows of the listing of 2024-07", full, rounds, {"first": 200000, "again": 1000000})
            full.unlink()
        written = measure_rates(build, folder, "a million rows", write_rows(folder / "rows.jsonl", small, 1000000 // share), 1, {})
        Row("    MiB written by a crawl that finds them unchanged", "2.0", f"{written / 2**20:.2f}", written < UNCHANGED_WRITES_MAX)
        write_rows(folder / "rows.jsonl", small, 400000 // share)
        measure_readers(build, folder, folder / "rows.jsonl", rounds, 200000 // share)
    return 1 if Row.missed else 0


if __name__ == "__main__":
    sys.exit(main())
