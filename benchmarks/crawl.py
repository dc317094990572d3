#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""crawl.py [--short]: how well the crawl spends its requests; `make bench-crawl` calls it and README.md says how to read it.

Simulated days: all of the quota and nothing beyond it, freshness, coverage over 20 seeds. One table at the end; the exit
status is 0 where every target is reached. --short: hours instead of days, a tenth of the repos, four seeds.
"""
import sys
import time

import freshness
import quota_days
from simulated import Row, folder, options, show
import coverage  # of tests/coverage: simulated.py knows where


def cover(seeds, hours):
    wrong = 0
    for seed in seeds:
        with folder() as path:
            differences, line = coverage.play(seed, hours, path)
        print(line, *differences[:coverage.SHOWN], sep="\n    ", flush=True)
        wrong += bool(differences)
    return [Row(f"coverage: {len(seeds)} seeds of {hours} hours, wrong ones", "0", str(wrong), wrong == 0)]


def main():
    parser = options(__doc__)
    parser.add_argument("--short", action="store_true")
    short = parser.parse_args().short
    rows = []
    for name, run in (("coverage", lambda: cover(range(1, 5 if short else 21), 6 if short else 24)),
                      ("freshness", lambda: freshness.run(100000 if short else 1000000, hours=2 if short else 3)),
                      ("quota", lambda: quota_days.run(4 if short else 24))):
        started = time.monotonic()
        rows += run()
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)
    return show(rows)


if __name__ == "__main__":
    sys.exit(main())
