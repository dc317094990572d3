# SPDX-License-Identifier: Apache-2.0
"""The whole program with more work than quota, on simulated time, window by window from the Hub's own diary.

benchmarks/quota.py plays whole days.
"""
import collections
import datetime
import http.client
import random
import time

import pytest

from coverage import Hubsim, Ledger

WINDOW_S, STEP_S = 300, 30
HUB = {"generate": 3000, "kinds": "models=1,datasets=1,spaces=1", "latency": "50-300"}
DAEMON = {"page_rows": "5", "sweep_interval": "1m", "poll_interval": "30s", "commit_interval": "1s", "retry_base": "1s"}


class Stretch:
    """Simulated hours of sweeps without a pause: `tier` requests a window, of which `share` percent are ours."""

    def __init__(self, folder, tier, share=100, **config):
        self.tier, self.share, self.folder = tier, share, folder
        self.diary = folder / "hub.log"
        self.random = random.Random(tier * 1000 + share)
        self.config = DAEMON | {"quota_share": f"{share}%"} | config
        self.lives, self.eating = 0, []

    def play(self, hours, kill=False, others=0):
        """kill: -9 every few minutes; others: percent of the tier that another client eats."""
        with Hubsim(sim_clock=True, quota=f"api={self.tier}/{WINDOW_S}", log=str(self.diary), **HUB) as hub:
            ledger = Ledger(self.folder / "store", hub.url, sim_clock=hub.sim_clock, **self.config)
            left_s = int(hours * 3600)
            while left_s > 0:
                life_s = min(left_s, self.random.randrange(120, 360) if kill else left_s)
                self.live(hub, ledger, life_s, kill, others)
                left_s -= life_s
            ledger.verify()
        return self

    def live(self, hub, ledger, life_s, kill, others):
        self.lives += 1
        step_s = STEP_S if others else life_s
        with ledger.daemon() as daemon:
            for at_s in range(0, life_s, step_s):
                hub.run_time(1000 * min(step_s, life_s - at_s))
                daemon.wait(lambda: hub.stats()["time"]["stopped"] or time.sleep(0.01), 600)
                self.eat(hub, self.tier * others * step_s // WINDOW_S // 100)
            if kill:
                daemon.kill()
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
        """(our requests that were granted, those that were refused) of each whole window."""
        found = collections.defaultdict(lambda: [0, 0])
        for line in self.diary.read_text().splitlines():
            at, _, target, status = line.split(" ")[:4]
            if target.startswith("/api/") and "another-client" not in target:
                seconds = datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
                found[int(seconds // WINDOW_S)][status == "429"] += 1
        return [found[window] for window in sorted(found)[1:-1]]

    def use(self):
        """Percent of what the share allows."""
        windows = self.windows()
        return 100 * sum(granted for granted, _ in windows) / (len(windows) * (self.tier * self.share // 100))

    def refused(self):
        return [refused for _, refused in self.windows()]


@pytest.mark.parametrize("tier, share, pace", [(500, 100, "even"), (1000, 50, "even"), (1000, 100, "burst")])
def test_all_of_the_share_is_used_and_nothing_refused(tmp_path, tier, share, pace):
    stretch = Stretch(tmp_path, tier, share, quota_pace=pace).play(hours=0.7)
    assert stretch.use() >= 99.5 and not any(stretch.refused()), stretch.windows()


@pytest.mark.parametrize("share", [50, 100])
def test_killed_every_few_minutes(tmp_path, share):
    stretch = Stretch(tmp_path, 500, share).play(hours=0.7, kill=True)
    assert stretch.lives > 6
    assert stretch.use() > 85 and not any(stretch.refused()), stretch.windows()
    assert all(granted <= 500 * share // 100 for granted, _ in stretch.windows()), stretch.windows()


def test_another_client_eats_a_third(tmp_path):
    stretch = Stretch(tmp_path, 500).play(hours=0.4, others=33)
    assert max(stretch.refused()) <= 1 and 60 < stretch.use() < 70, stretch.windows()
