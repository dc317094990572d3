#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""quota.py: how much of the quota the whole program uses, on simulated time, while there is more work than quota.

Sweeps of three kinds without a pause, in pages of 10 rows. A day at each tier; then the anonymous tier with half of it
ours, with kill -9 every seven minutes, and with another client that eats a third. Counted is what hubsim counts, over
whole windows: requests / (quota * quota_share * windows). README.md says how to read it.
"""
import sys

from simulated import HOUR_MS, WINDOW_MS, Hubsim, Ledger, Row, folder, live, options, show

DAEMON = {"quota_share": "100%", "page_rows": "10", "sweep_interval": "1m", "commit_interval": None}
LIFE_MS = 7 * 60 * 1000
TARGET = 0.995


class Crawl:
    """A daemon that has more to do than it may, and hubsim's figures between two moments at the ends of windows."""

    def __init__(self, path, quota, token=None, latency="20-200", faults=None, **config):
        settings = {"token_quota" if token else "quota": f"api={quota}/300"} | ({"token": token} if token else {})
        self.hub = Hubsim(generate=5000, sim_clock=True, latency=latency, **settings | ({"faults": faults} if faults else {}))
        path.mkdir()
        if token:
            (path / "token").write_text(token, encoding="ascii")
            config["token_file"] = str(path / "token")
        self.ledger = Ledger(path, self.hub.url, sim_clock=self.hub.sim_clock, **DAEMON | config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hub.close()

    def begin(self, daemon):
        """One window to find its pace, and on to the end of another."""
        now = self.hub.stats()["time"]["now_ms"]
        live(daemon, self.hub, 2 * WINDOW_MS - now % WINDOW_MS)
        return self.count()

    def count(self):
        stats = self.hub.stats()
        answers = [(int(status), number) for name, by_status in stats["requests"].items() if name != "control"
                   for status, number in by_status.items()]
        return {"granted": sum(number for status, number in answers if status != 429), "refused": stats["refused_429"],
                "eaten": stats.get("faults", {}).get("quota-eaten", 0), "now_ms": stats["time"]["now_ms"]}


def between(first, last):
    return {key: last[key] - first[key] for key in first}


def a_day(path, quota, hours, **settings):
    with Crawl(path, quota, **settings) as crawl, crawl.ledger.daemon() as daemon:
        first = crawl.begin(daemon)
        live(daemon, crawl.hub, hours * HOUR_MS)
        return between(first, crawl.count())


def with_kills(path, quota, hours, **settings):
    with Crawl(path, quota, **settings) as crawl:
        with crawl.ledger.daemon() as daemon:
            first = crawl.begin(daemon)
            daemon.kill()
        for _ in range(int(hours * HOUR_MS / LIFE_MS)):
            with crawl.ledger.daemon() as daemon:
                live(daemon, crawl.hub, LIFE_MS)
                daemon.kill()
        return between(first, crawl.count())


def used(name, found, allowed):
    windows = found["now_ms"] / WINDOW_MS
    share = found["granted"] / (allowed * windows)
    return Row(f"{name}: of what it may", f">= {TARGET:.1%}", f"{share:.2%}", share >= TARGET)


def refused(name, found, target=0):
    return Row(f"{name}: 429s", str(target) if not target else f"<= {target:.0f}", str(found["refused"]),
               found["refused"] <= target)


def run(hours=24):
    rows, few = [], max(hours // 4, 1)
    with folder() as path:
        for name, quota, token in (("quota, anonymous, a day", 500, None), ("quota, with a token, a day", 1000, "hf_bench")):
            found = a_day(path / str(quota), quota, hours, token=token)
            rows += [used(name, found, quota), refused(name, found)]
        found = a_day(path / "half", 500, few, quota_share="50%")
        rows += [used("quota, half of it ours", found, 250), refused("quota, half of it ours", found)]
        found = with_kills(path / "kills", 500, few)
        rows += [refused(f"quota, killed {few * HOUR_MS // LIFE_MS} times", found)]
        found = a_day(path / "eaten", 500, few, faults="quota-eaten=0.5")
        windows = few * HOUR_MS / WINDOW_MS
        total = (found["granted"] + found["eaten"]) / (500 * windows)
        rows += [refused("quota, another client eats a third", found, windows),
                 Row("quota, another client: both together", ">= 98.0%", f"{total:.2%}", total >= 0.98)]
    return rows


def main():
    parser = options(__doc__)
    parser.add_argument("--hours", type=int, default=24)
    return show(run(parser.parse_args().hours))


if __name__ == "__main__":
    sys.exit(main())
