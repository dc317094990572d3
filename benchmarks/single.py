#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""single.py [--build DIR] [--rounds N] [--repos N]: what a request about a single repo costs; `make bench-crawl` calls it.

All contenders ask the same nginx for the same repos, HTTP/2 over TLS and HTTP/1.1, one after the other, N rounds: a bare
libcurl loop (bare_loop.c), the watch list of `relicensed --once` into an empty store and again, with 100 and with 1,000
requests wanted at once; Scrapy once, a part of them. Medians of the rounds; README.md says how to read it.
"""
import argparse
import datetime
import os
import pathlib
import re
import statistics
import sys

from run import HERE, ROOT, Measure, fresh, machine, metrics
from single_hub import SingleHub, make_repos

CONFIG = """hub = {hub}
store = {store}
ca_file = {certificate}
contact = bench@localhost
kinds = models
quota_share = 100%
rate_without_quota = 0
first_pages = 0
backfill = no
detail = no
watch_list = {names}
watch_ahead = {wanted}
transfers_max = {in_flight}
connections_max = {connections}
"""
# A protocol: requests on their way at once, connections.
WIRES = {"HTTP/2 over TLS": (100, 1), "HTTP/1.1": (64, 64)}
SCRAPY_SHARE, PRIVATE_MAX = 10, 64 << 20


def moment(line):
    return datetime.datetime.fromisoformat(line.split()[0].replace("Z", "+00:00"))


def lane_seconds(text):
    """From the first request of the watch list until its last answer is in the store, as the log tells."""
    started, done = [moment(line) for line in text.splitlines() if " lane=detail " in line][-2:]
    return (done - started).total_seconds()


class Bench:
    def __init__(self, build, folder, hub):
        self.build, self.folder, self.hub, self.repos = build, folder, hub, len(hub.names)
        self.seconds, self.cpu, self.private_max = {}, {}, 0

    def add(self, wire, name, seconds, measure, requests=None):
        self.seconds.setdefault((wire, name), []).append(seconds / (requests or self.repos))
        self.cpu.setdefault((wire, name), []).append(measure.cpu_s / (requests or self.repos))

    def bare(self, wire, base):
        in_flight, connections = WIRES[wire]
        measure = Measure([self.build / "bench" / "bare_loop", self.hub.urls(base), self.hub.certificate, str(in_flight),
                           str(connections)])
        found = re.match(rb"(\d+) requests 0 failed .* ([\d.]+) s\n", measure.text)
        assert int(found[1]) == self.repos, measure.text
        self.add(wire, "bare libcurl loop", float(found[2]), measure)

    def relicensed(self, wire, base, wanted):
        in_flight, connections = WIRES[wire]
        folder = fresh(self.folder / "relicensed")
        config = folder / "relicensed.conf"
        certificate = self.hub.certificate if base == self.hub.tls_url else ""
        config.write_text(CONFIG.format(hub=base, store=folder / "store", certificate=certificate, wanted=wanted,
                                        names=self.hub.folder / "names", in_flight=in_flight, connections=connections),
                          encoding="utf-8")
        for name, counter in (("first crawl", "rows_new_total"), ("unchanged", "rows_same_total")):
            # 1, incomplete: this Hub's listing is empty, so no sweep can find what the watch list brought
            measure = Measure([self.build / "relicensed", "--once", "--config", config], statuses=(0, 1))
            figures = metrics(folder)
            if figures[counter] != self.repos or figures["retries_total"]:
                sys.exit(f"{name}: {counter} is {figures[counter]} instead of {self.repos}: the figures would mean nothing")
            self.add(wire, f"{name}, {wanted} wanted", lane_seconds(measure.text.decode()), measure)
            self.private_max = max(self.private_max, measure.private_max)

    def scrapy(self, base):
        """Over HTTP/1.1, which it does better; a part of the repos, since it takes a minute for what others do in a second."""
        urls = self.folder / "some_urls"
        some = self.hub.urls(base).read_text(encoding="utf-8").splitlines(keepends=True)[:self.repos // SCRAPY_SHARE]
        urls.write_text("".join(some), encoding="utf-8")
        database = fresh(self.folder / "scrapy") / "hub.sqlite"
        measure = Measure(["/usr/bin/python3", HERE / "baseline_scrapy.py", urls, database])
        found = re.search(rb"(\d+) requests ([\d.]+) s\n", measure.text)
        assert int(found[1]) == len(some), measure.text
        self.add("HTTP/1.1", "Scrapy + sqlite3, first", float(found[2]), measure, len(some))

    def rate(self, wire, name):
        return 1 / statistics.median(self.seconds[wire, name])

    def table(self):
        print(f"\n{'':48}{'requests/s':>11}{'best':>9}{'CPU us':>9}{'of bare':>9}")
        for (wire, name), seconds in self.seconds.items():
            print(f"{wire + ', ' + name:48}{self.rate(wire, name):11,.0f}{1 / min(seconds):9,.0f}"
                  f"{statistics.median(self.cpu[wire, name]) * 1e6:9.1f}"
                  f"{self.rate(wire, name) / self.rate(wire, 'bare libcurl loop'):9.2f}")

    def verdicts(self):
        """Whether all targets are reached."""
        rows = []
        for wire in WIRES:
            bare = self.rate(wire, "bare libcurl loop")
            rows.append((f"{wire}, unchanged / bare loop", self.rate(wire, "unchanged, 100 wanted") / bare, 0.9))
            rows.append((f"{wire}, first crawl / bare loop", self.rate(wire, "first crawl, 100 wanted") / bare, 0.5))
            for name in ("unchanged", "first crawl"):
                rows.append((f"{wire}, {name}, 1,000 wanted / 100 wanted",
                             self.rate(wire, f"{name}, 1000 wanted") / self.rate(wire, f"{name}, 100 wanted"), 0.95))
        rows.append(("HTTP/1.1, first crawl / Scrapy",
                     self.rate("HTTP/1.1", "first crawl, 100 wanted") / self.rate("HTTP/1.1", "Scrapy + sqlite3, first"), 40))
        print()
        for name, value, target in rows:
            print(f"{'reached' if value >= target else 'MISSED '}  {name}: {value:.2f}, target {target}")
        print(f"{'reached' if self.private_max < PRIVATE_MAX else 'MISSED '}  private memory: {self.private_max >> 20} MiB, "
              f"target < {PRIVATE_MAX >> 20}")
        return self.private_max < PRIVATE_MAX and all(value >= target for _, value, target in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.environ.get("BUILD", "build"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repos", type=int, default=15000)
    options = parser.parse_args()
    build = pathlib.Path(ROOT / options.build).resolve()
    folder = build / "bench" / "repos"
    machine()
    make_repos(folder / "static", options.repos)
    with SingleHub(folder / "static") as hub:
        bench = Bench(build, folder, hub)
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", flush=True)
            for wire, base in zip(WIRES, (hub.tls_url, hub.plain_url)):
                bench.bare(wire, base)
                bench.relicensed(wire, base, 100)
                bench.relicensed(wire, base, 1000)
        bench.scrapy(hub.plain_url)
    bench.table()
    return 0 if bench.verdicts() else 1


if __name__ == "__main__":
    sys.exit(main())
