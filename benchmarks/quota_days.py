#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""quota_days.py [--hours 24]: how much of the quota the whole program uses while there is more work than quota.

Days of tests/coverage/quota.py: at both tiers, with half of the quota ours, with kill -9 every few minutes, and with another
client that eats a third. Counted is what the Hub's own diary says of each whole window. README.md says how to read it.
"""
import sys

from simulated import Row, folder, options, show
import quota  # of tests/coverage: simulated.py knows where

TARGET = 99.5
# name, tier, share, part of the hours, how it is played
DAYS = [
    ("500 a window", 500, 100, 1, {}),
    ("1,000 a window", 1000, 100, 1, {}),
    ("half of 500 ours", 500, 50, 4, {}),
    ("killed every few minutes", 500, 100, 4, {"kill": True}),
    ("another client eats a third", 500, 100, 4, {"others": 33}),
]


def rows_of(name, day, kill=False, others=0):
    refused = day.refused()
    if not kill and not others:
        yield Row(f"quota, {name}: used of what it may", f">= {TARGET} %", f"{day.use():.2f} %", day.use() >= TARGET)
    most = 1 if others else 0
    yield Row(f"quota, {name}: 429s in a window", f"<= {most}", str(max(refused)), max(refused) <= most)


def run(hours=24):
    rows = []
    for name, tier, share, part, how in DAYS:
        with folder() as path:
            day = quota.Day(path, tier, share).play(hours / part, **how)
            print(f"{name}: {day.line()}", flush=True)
            rows += rows_of(name, day, **how)
    return rows


def main():
    parser = options(__doc__)
    parser.add_argument("--hours", type=float, default=24)
    return show(run(parser.parse_args().hours))


if __name__ == "__main__":
    sys.exit(main())
