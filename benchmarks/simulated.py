# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks on simulated time share: programs, folders, the table. BUILD names the folder of the programs."""
import argparse
import collections
import contextlib
import datetime
import math
import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "cases"), str(ROOT / "tests" / "coverage")]
from harness import BUILD, Daemon, Failed, Hubsim, Ledger  # noqa: E402,F401  pylint: disable=wrong-import-position,unused-import

HOUR_MS, DAY_MS, WINDOW_MS = 3600 * 1000, 24 * 3600 * 1000, 300 * 1000
REAL_LIMIT_S, FREE_BYTES = 1800, 4 << 30

Row = collections.namedtuple("Row", "question target measured reached")


def show(rows):
    print(f"\n{'question':62}{'target':>12}{'measured':>14}")
    for row in rows:
        print(f"{row.question:62}{row.target:>12}{row.measured:>14}  {'reached' if row.reached else 'MISSED'}")
    return 0 if all(row.reached for row in rows) else 1


@contextlib.contextmanager
def folder():
    """In memory where there is room: what is measured is simulated time, and a real disk makes it slow, not other."""
    memory = pathlib.Path("/dev/shm")
    room = os.statvfs(memory) if memory.is_dir() else None
    large = room and room.f_bavail * room.f_frsize > FREE_BYTES
    with tempfile.TemporaryDirectory(prefix="bench-", dir=memory if large else None) as name:
        yield pathlib.Path(name)


def moment(text):
    """Unix milliseconds."""
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def percentile(values, share):
    return sorted(values)[max(math.ceil(len(values) * share) - 1, 0)]


def wait_for(daemon, what):
    """Asks seldom: what it waits for is made by the same processors."""
    daemon.wait(lambda: what() or time.sleep(0.1), REAL_LIMIT_S)


def live(daemon, hub, ms):
    """So much simulated time passes."""
    hub.run_time(ms)
    wait_for(daemon, lambda: hub.stats()["time"]["stopped"])


def options(text):
    return argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
