#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""run.py [--build DIR] [--rounds N] [--pages N] [--quick]: how fast a whole crawl is; `make bench` calls it.

All contenders fetch the same pages from the same nginx on the same processors, one after the other, N rounds; the table
shows the median and the best of the rounds, the ratios are those of the medians. README.md says how to read it.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
HERE = pathlib.Path(__file__).resolve().parent
TARGETS = [("first crawl, repos/s", 120000), ("unchanged crawl, repos/s", 300000), ("first crawl / requests+sqlite3", 15)]
MEMORY_REPOS, MEMORY_MAX = 935000, 128 << 20
CONFIG = """hub = {hub}
store = {store}
ca_file = {certificate}
contact = bench@localhost
kinds = {kinds}
quota_share = 100%
rate_without_quota = 0
"""


class Measure:
    """Wall time, processor time of the process and its children, largest private memory, and output."""

    def __init__(self, arguments, statuses=(0,), **options):
        os.sync()  # what the one before has left to the disk is not this one's time
        started = time.monotonic()
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
        self.private_max = 0
        self.text = b""
        os.set_blocking(process.stdout.fileno(), False)
        while True:
            self.text += process.stdout.read() or b""
            done, status, usage = os.wait4(process.pid, os.WNOHANG)
            if done:
                break
            self.sample(process.pid)
            time.sleep(0.02)
        self.wall_s = time.monotonic() - started
        self.text += process.stdout.read() or b""
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s = usage.ru_utime + usage.ru_stime
        if process.returncode not in statuses:
            sys.exit(f"{arguments[0]} ended with {process.returncode}:\n{self.text.decode('utf-8', 'replace')[-4000:]}")

    def sample(self, pid):
        try:
            with open(f"/proc/{pid}/status", encoding="ascii") as status:
                found = [line for line in status if line.startswith("RssAnon")]
        except OSError:
            return
        if found:
            self.private_max = max(self.private_max, int(found[0].split()[1]) << 10)


def fresh(path):
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def write_config(folder, hub_url, certificate, kinds):
    path = folder / "relicensed.conf"
    path.write_text(CONFIG.format(hub=hub_url, store=folder / "store", certificate=certificate, kinds=kinds), encoding="ascii")
    return path


def metrics(folder):
    lines = (folder / "store" / "metrics.prom").read_text(encoding="ascii").splitlines()
    return {line.split()[0].removeprefix("relicensed_"): int(line.split()[1]) for line in lines if line[0] != "#"}


class Bench:
    def __init__(self, build, folder, hub):
        self.build, self.folder, self.hub = build, folder, hub
        self.repos = hub.pages * 1000
        self.times = {}
        self.figures = {}

    def add(self, name, measure):
        self.times.setdefault(name, []).append(measure)

    def curl(self):
        config = self.folder / "curl.conf"
        config.write_text("".join(f'url = "{url}"\noutput = /dev/null\n' for url in self.hub.page_urls), encoding="ascii")
        self.add("curl --parallel --compressed", Measure(["curl", "--parallel", "--parallel-max", "8", "--compressed", "--http2",
                 "--noproxy", "*", "--fail", "--silent", "--show-error", "--cacert", self.hub.certificate, "--config", config]))

    def relicensed(self):
        folder = fresh(self.folder / "relicensed")
        config = write_config(folder, self.hub.url, self.hub.certificate, "models")
        for name, counter in (("relicensed, first crawl", "rows_new_total"), ("relicensed, unchanged", "rows_same_total")):
            self.add(name, Measure([self.build / "relicensed", "--once", "--config", config]))
            self.figures[name] = metrics(folder)
            found = self.figures[name][counter]
            if found != self.repos or self.figures[name]["records_total"]:
                sys.exit(f"{name}: {counter} is {found} instead of {self.repos}: the figures would mean nothing")

    def baseline(self):
        database = fresh(self.folder / "baseline") / "hub.sqlite"
        for name in ("requests + sqlite3, first", "requests + sqlite3, unchanged"):
            measure = Measure([sys.executable, HERE / "baseline_requests_sqlite.py", self.hub.page_urls[0],
                               self.hub.certificate, database])
            if not measure.text.startswith(b"%d rows" % self.repos):
                sys.exit(f"{name} said {measure.text!r}")
            self.add(name, measure)

    def storage_alone(self):
        """Decoded pages into a store, one thread: what is left when network, TLS and gzip cost nothing."""
        store = fresh(self.folder / "storage")
        measure = Measure([self.build / "bench" / "commit", store, "model", self.folder / "static" / "rows.jsonl"])
        print("\nstorage alone, one thread:\n" + measure.text.decode().rstrip())

    def rate(self, name):
        return self.repos / statistics.median(measure.wall_s for measure in self.times[name])

    def table(self):
        print(f"\n{'':32}{'repos/s':>10}{'best':>10}{'CPU us/repo':>13}{'private MiB':>13}")
        for name, measures in self.times.items():
            best = self.repos / min(measure.wall_s for measure in measures)
            cpu = statistics.median(measure.cpu_s for measure in measures) / self.repos * 1e6
            private = max(measure.private_max for measure in measures) >> 20
            print(f"{name:32}{self.rate(name):10,.0f}{best:10,.0f}{cpu:13.2f}{private:13}")

    def ratios(self):
        curl = self.rate("curl --parallel --compressed")
        for name in ("relicensed, first crawl", "relicensed, unchanged"):
            print(f"{name}: {self.rate(name) / curl:.2f} of curl, which only downloads and inflates")
        for kind in (("first crawl", "first"), ("unchanged", "unchanged")):
            ratio = self.rate(f"relicensed, {kind[0]}") / self.rate(f"requests + sqlite3, {kind[1]}")
            print(f"relicensed, {kind[0]}: {ratio:.1f} times requests + sqlite3")

    def limits(self):
        """What bounds a crawl here: all processors busy, or the one committer, whichever is reached first."""
        processors = os.cpu_count() or 1
        print()
        for name in ("relicensed, first crawl", "relicensed, unchanged"):
            figures, measure = self.figures[name], self.times[name][-1]
            commit_s = figures["commit_milliseconds_total"] / 1e3
            bounds = {f"{processors} processors that do nothing else": measure.cpu_s / processors,
                      "the one committer (LMDB has one writer)": commit_s}
            what, least_s = max(bounds.items(), key=lambda bound: bound[1])
            print(f"{name}: {measure.wall_s:.2f} s; CPU {measure.cpu_s:.2f} s, committing {commit_s:.2f} s. Its limit is "
                  f"{what}: {self.repos / least_s:,.0f} repos/s; {least_s / measure.wall_s:.0%} of it were reached, the server "
                  "on the same processors included")

    def verdicts(self):
        first, again = self.rate("relicensed, first crawl"), self.rate("relicensed, unchanged")
        values = [first, again, first / self.rate("requests + sqlite3, first")]
        for (name, target), value in zip(TARGETS, values):
            print(f"{'reached' if value >= target else 'MISSED '}  {name}: {value:,.0f}, target {target:,}")


def memory(build, folder, repos):
    """One crawl of as many repos as the Hub had in 2024-07, from hubsim."""
    from sim import Hubsim  # pylint: disable=import-outside-toplevel
    folder = fresh(folder / "memory")
    with Hubsim(generate=repos, kinds="models=100", quota="none") as hub:
        config = write_config(folder, hub.url, "", "models")
        first = Measure([build / "relicensed", "--once", "--config", config])
        again = Measure([build / "relicensed", "--once", "--config", config])
    if metrics(folder)["rows_same_total"] < repos:
        sys.exit("memory: not all repos were seen")
    size = (folder / "store" / "data.mdb").stat()
    private = max(first.private_max, again.private_max)
    print(f"\n{repos:,} repos from hubsim: first crawl {first.wall_s:.1f} s, unchanged {again.wall_s:.1f} s, store "
          f"{size.st_blocks * 512 >> 20} MiB")
    print(f"{'reached' if private < MEMORY_MAX else 'MISSED '}  private memory (apart from the mapped store): "
          f"{first.private_max >> 20} and {again.private_max >> 20} MiB, target < {MEMORY_MAX >> 20} MiB")
    shutil.rmtree(folder)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        models = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    print(f"machine: {len(models)} x {models[0] if models else '?'}, Linux {os.uname().release}")
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"load {load:.1f} before the start: something else uses these processors, the figures are too low")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="without the baseline script and the memory run")
    options = parser.parse_args()
    build = (ROOT / options.build).resolve()
    os.environ["HUBSIM"] = str(build / "hubsim")
    folder = build / "bench" / "crawl"
    sys.path.insert(0, str(HERE))
    from static_hub import StaticHub, make_pages  # pylint: disable=import-outside-toplevel

    machine()
    make_pages(folder / "static", options.pages)
    with StaticHub(folder / "static") as hub:
        bench = Bench(build, folder, hub)
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", flush=True)
            bench.curl()
            bench.relicensed()
            if not options.quick:
                bench.baseline()
    bench.table()
    bench.storage_alone()
    bench.limits()
    if not options.quick:
        bench.ratios()
        bench.verdicts()
        memory(build, folder, MEMORY_REPOS)


if __name__ == "__main__":
    main()
