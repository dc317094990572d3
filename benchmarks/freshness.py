#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""freshness.py: from a license's change on the Hub to its record in the log, on simulated time.

A Hub of 1,000,000 repos, 60,000 modifications a day, the anonymous quota, half of it ours. After the first sweep, some
hours: every change of a license that a listing showed counts from its moment to the commit of its record. Then the same
with poll_share at 4 % of ours, which is 2 % of the quota. README.md says how to read it.
"""
import re
import sys

from simulated import HOUR_MS, WINDOW_MS, Hubsim, Ledger, Row, folder, live, moment, options, percentile, show, wait_for

CHANGES_PER_MODIFICATION = 1.5  # of hubsim's changes a third are counters and settings
QUOTA = 500
DAEMON = {"quota_share": "50%", "page_rows": "1000", "sweep_interval": "7d", "commit_interval": None, "log_level": "debug"}
POLL_SHARE = "4%"  # of ours: ten requests in a window of 500
COMMITTED = re.compile(r"^(\S+) .* event=committed .*seq=(\d+)", re.MULTILINE)
SWEPT = "event=lane-done lane=sweep"
POLLED = "event=poll-done"


def commits(ledger):
    return [(int(seq), moment(at)) for at, seq in COMMITTED.findall(ledger.said())]


def logged_at(ledger):
    """(oid, sha after) -> when the record of a license was committed."""
    found, batches = {}, iter(commits(ledger))
    last, at = next(batches)
    for record in ledger.changes():
        while record["seq"] > last:
            last, at = next(batches)
        if record["event"].startswith("license."):
            found.setdefault((record["oid"], record["after"]["sha"]), at)
    return found


def delays(hub, ledger, begun_ms, ended_ms):
    """Milliseconds for each license that changed between two states that were shown; how many of them are not in the log."""
    logged, found, missed = logged_at(ledger), [], 0
    for change in hub.truth(visible=True):
        at, before, after = moment(change["time"]), change["before"], change["after"]
        if not begun_ms <= at < ended_ms or "license" not in change["what"] or not before or not after:
            continue
        if (change["oid"], after["sha"]) in logged:
            found.append(logged[change["oid"], after["sha"]] - at)
        else:
            missed += differs(before, after)
    return found, missed


def differs(before, after):
    """Not only in its spelling; records of what is spelled otherwise are of the metadata."""
    def plain(state):
        ids = state["license"] if state["license"] is not None else state["license_tags"]
        return {one.lower() for one in ([ids] if isinstance(ids, str) else ids)}, state["license_name"], state["license_link"]
    return plain(before) != plain(after)


def measure(hub, path, hours, **config):
    """Delays, how many are missing, and the share of the quota that polls spent."""
    ledger = Ledger(path, hub.url, sim_clock=hub.sim_clock, **DAEMON | config)
    hub.run_time()
    with ledger.daemon() as daemon:
        wait_for(daemon, lambda: ledger.said().count(SWEPT) == 3)
        begun = hub.stats()["time"]["now_ms"]
        polls = ledger.said().count(POLLED)
        live(daemon, hub, hours * HOUR_MS)
        ended = hub.stats()["time"]["now_ms"]
        polls = ledger.said().count(POLLED) - polls
    times, missed = delays(hub, ledger, begun, ended - 10 * 60 * 1000)
    return times, missed, polls / ((ended - begun) / WINDOW_MS * QUOTA)


def rows_of(name, measured, targets):
    times, missed, share = measured
    median, late = percentile(times, 0.5) / 1000, percentile(times, 0.99) / 1000
    yield Row(f"{name}: {len(times)} changes, median", f"<= {targets[0]} s", f"{median:.1f} s", median <= targets[0])
    yield Row(f"{name}: 99th percentile", f"<= {targets[1]} s", f"{late:.1f} s", late <= targets[1])
    yield Row(f"{name}: polls' share of the quota", f"< {targets[2]:.0%}", f"{share:.1%}", share < targets[2])
    yield Row(f"{name}: shown and not logged", "0", str(missed), missed == 0)


def run(repos=1000000, modifications=60000, hours=3):
    changes = int(modifications * CHANGES_PER_MODIFICATION)
    with Hubsim(generate=repos, sim_clock=True, quota=f"api={QUOTA}/300", latency="50-500", changes_a_day=changes) as hub, \
            folder() as path:
        usual = measure(hub, path / "usual", hours)
        rare = measure(hub, path / "rare", hours, poll_share=POLL_SHARE)
        refused = hub.stats()["refused_429"]
    return [*rows_of("freshness", usual, (30, 60, 0.15)), *rows_of("freshness at 2 %", rare, (300, 300, 0.021)),
            Row("freshness: 429s", "0", str(refused), refused == 0)]


def main():
    parser = options(__doc__)
    parser.add_argument("--repos", type=int, default=1000000)
    parser.add_argument("--hours", type=int, default=3)
    chosen = parser.parse_args()
    return show(run(chosen.repos, hours=chosen.hours))


if __name__ == "__main__":
    sys.exit(main())
