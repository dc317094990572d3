#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""quota.py [--hours 24] [--tier 500 --tier 1000] [--kill] [--others]: simulated days with more work than quota.

The whole program sweeps a Hub again and again. From the Hub's own diary: how much of what quota_share allows was used in
each of its windows, and how many requests it refused. --kill: kill -9 every few minutes; --others: another client eats a third.
"""
import argparse
import collections
import datetime
import http.client
import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cases"))
from harness import Hubsim, Ledger  # noqa: E402  pylint: disable=wrong-import-position

WINDOW_S = 300
HUB = {"generate": 3000, "kinds": "models=1,datasets=1,spaces=1", "latency": "50-300"}
DAEMON = {"page_rows": "5", "sweep_interval": "1m", "poll_interval": "30s", "commit_interval": "1s", "retry_base": "1s"}
STEP_S = 30


class Day:
    """One simulated stretch of time: tier requests a window, of which share percent are ours."""

    def __init__(self, folder, tier, share=100, **config):
        self.tier, self.share, self.folder = tier, share, pathlib.Path(folder)
        self.diary = self.folder / "hub.log"
        self.random = random.Random(tier * 1000 + share)
        self.config = DAEMON | {"quota_share": f"{share}%"} | config
        self.restarts, self.eating = 0, []

    def play(self, hours, kill=False, others=0):
        """others: percent of the tier that another client eats."""
        with Hubsim(sim_clock=True, quota=f"api={self.tier}/{WINDOW_S}", log=str(self.diary), **HUB) as hub:
            ledger = Ledger(self.folder / "store", hub.url, sim_clock=hub.sim_clock, **self.config)
            left_s = int(hours * 3600)
            while left_s > 0:
                stretch_s = min(left_s, self.random.randrange(120, 360) if kill else left_s)
                self.run(hub, ledger, stretch_s, kill, others)
                left_s -= stretch_s
            ledger.verify()
        return self

    def run(self, hub, ledger, stretch_s, kill, others):
        with ledger.daemon() as daemon:
            for at_s in range(0, stretch_s, STEP_S):
                hub.run_time(1000 * min(STEP_S if others else stretch_s, stretch_s - at_s))
                daemon.wait(lambda: hub.stats()["time"]["stopped"] or time.sleep(0.01), 600)
                if not others:
                    break
                self.eat(hub, self.tier * others * STEP_S // WINDOW_S // 100)
            if kill:
                daemon.kill()
            self.restarts += 1
            hub.run_time()

    def eat(self, hub, requests):
        """The other client asks; its answers take simulated time, so they are fetched a step later."""
        for connection in self.eating:
            connection.getresponse().read()
            connection.close()
        self.eating = [http.client.HTTPConnection(hub.address, timeout=30) for _ in range(requests)]
        for connection in self.eating:
            connection.request("GET", "/api/models?limit=1&author=another-client")

    def windows(self):
        """start of a window -> (our requests, ours that were refused), whole windows only."""
        found = collections.defaultdict(lambda: [0, 0])
        for line in self.diary.read_text().splitlines():
            at, _, target, status = line.split(" ")[:4]
            if target.startswith("/api/") and "another-client" not in target:
                seconds = datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
                found[int(seconds // WINDOW_S)][status == "429"] += 1
        whole = sorted(found)[1:-1]
        return {window: found[window] for window in whole}

    def use(self):
        """Percent of what the share allows, over whole windows."""
        windows = self.windows()
        return 100 * sum(used for used, _ in windows.values()) / (len(windows) * (self.tier * self.share // 100))

    def refused(self):
        return [refused for _, refused in self.windows().values()]

    def line(self):
        refused = self.refused()
        return (f"tier {self.tier}, share {self.share} %: {self.use():.2f} % used in {len(refused)} windows, {sum(refused)} refused, "
                f"at most {max(refused)} in one; {self.restarts - 1} restarts")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--tier", type=int, action="append")
    parser.add_argument("--share", type=int, default=100)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--others", action="store_true")
    options = parser.parse_args()
    for tier in options.tier or [500, 1000]:
        with tempfile.TemporaryDirectory(prefix="quota-") as folder:
            day = Day(folder, tier, options.share).play(options.hours, options.kill, 33 if options.others else 0)
            print(day.line(), flush=True)


if __name__ == "__main__":
    main()
