#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""coverage.py [--seeds 1-20] [--hours 24]: simulated days of a Hub that changes, and what the change log says of them.

5,000 rows in pages of 100, hourly sweeps, one request in ten meets a fault. For each seed:
 1. every record is a true difference between two states that answers told, in their order; none stands twice;
 2. every state that outlived two completed sweeps is what the log knew before it ended;
 3. in the end the store holds what a fresh one finds.
Prints seed and difference where that fails; `coverage.py --seeds N` plays one again. The last line is `N seeds, N wrong`.
"""
import argparse
import collections
import datetime
import os
import pathlib
import re
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cases"))
from harness import Hubsim, Ledger  # noqa: E402  pylint: disable=wrong-import-position

HOUR_MS = 3600 * 1000
SWEEP = re.compile(r"^(\S+) +\S+ +event=(?:lane-(started|done) lane=sweep|sweep-(incomplete|unordered)) kind=(\w+)", re.MULTILINE)
HUB = {"generate": 5000, "quota": "api=500/300", "latency": "50-150", "changes_a_day": 2000, "faults": "all=0.1"}
DAEMON = {"page_rows": "100", "sweep_interval": "1h", "commit_interval": "1s", "retry_base": "1s", "retries": "5",
          "park_time": "5m", "confirm_pause": "10m", "page_bytes_max": "4MiB", "first_byte_limit": "20s", "stall_limit": "10s"}
SHOWN = 20
# hubsim's fault clock-skew sends a Date up to ten minutes early. Of two clocks that differ the earlier one counts, so a record
# may be dated so long before the answer that brought it.
EARLY_MS = 10 * 60 * 1000


def moment(text):
    """Unix milliseconds."""
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


# --- states -----------------------------------------------------------------------------------------------------------

Look = collections.namedtuple("Look", "id statement gated disabled")
State = collections.namedtuple("State", "look sha since until served")


def statement(ids, name, link):
    ids = [ids] if isinstance(ids, str) else list(ids.values()) if isinstance(ids, dict) else ids or []
    return frozenset(str(one).strip().lower() for one in ids), name or None, link or None


def look_of_state(state, kind):
    """What an anonymous crawler can see of it; None: nothing. Listings do not tell the gate of a space."""
    if state is None or state["private"]:
        return None
    ids = state["license"] if state["license"] is not None else state["license_tags"]
    gated = "no" if kind == "space" or not state["gated"] else state["gated"]
    return Look(state["id"], statement(ids, state["license_name"], state["license_link"]), gated, state["disabled"])


def look_of_side(side):
    if side is None:
        return None
    ids = statement(side["license"], side["license_name"], side["license_link"])
    return Look(side["repo"], ids, side["gated"], side["disabled"])


def chains(truth):
    """(kind, oid) -> its states, oldest first, as far as anything happened to it."""
    found = collections.defaultdict(list)
    for change in truth:
        key, at = (change["kind"], change["oid"]), moment(change["time"])
        states = found[key]
        for side in ("before", "after"):
            if side == "before" and states:
                states[-1] = states[-1]._replace(until=at)
                continue
            state, served = change[side], change[side + "_served"]
            states.append(State(look_of_state(state, key[0]), state and state["sha"], at if side == "after" else 0,
                                at if side == "before" else float("inf"), moment(served) if served else None))
    return found


# --- rule 1: records are true differences, in order, none twice --------------------------------------------------------

def looks_logged(records):
    """Records of one repo, those of one look together: [(before, after, sha after, observed_at, events)]."""
    found, last = [], None
    for record in records:
        before, after = record["before"], record["after"]
        sides = (record["observed_at"], before and before["version"], after and after["version"])
        if sides == last:
            found[-1][4].append(record["event"])
        else:
            found.append((look_of_side(before), look_of_side(after), after and after["sha"], moment(record["observed_at"]),
                          [record["event"]]))
        last = sides
    return found


def find_after(states, start, look, sha, observed_ms):
    """Place of the next told state that is this one. What is gone need not have been told: its name may lead elsewhere."""
    for at in range(start, len(states)):
        state = states[at]
        told = look is None or (state.served is not None and state.served <= observed_ms + EARLY_MS)
        if state.look == look and told and state.since <= observed_ms + EARLY_MS and (look is None or state.sha == sha):
            return at
    return None


def check_baseline(key, states, logged, sweeps):
    """What the log begins with is what the first sweep can have seen, or nothing."""
    known = logged[0][0] if logged else None
    if known is not None and not any(state.look == known and state.since <= sweeps[0][1] for state in states):
        yield f"{key}: {logged[0][4]} begins at what was no baseline: {known}"


def check_records(key, states, logged):
    """Walks the states as the log does; says what it cannot follow."""
    at, known = 0, logged[0][0] if logged else None
    for before, after, sha, observed_ms, events in logged:
        if len(set(events)) != len(events):
            yield f"{key}: twice in one look: {events}"
        if before != known:
            yield f"{key}: {events} begins at {before}, the log before it ends at {known}"
        known = after
        place = find_after(states, at, after, sha, observed_ms)
        if place is None:
            yield f"{key}: {events} at {observed_ms} leads to what was never told after it: {after}"
            return
        if before is not None and not any(state.look == before for state in states[:place + 1]):
            yield f"{key}: {events} begins at what never was: {before}"
        at = place


# --- rule 2: what outlived two sweeps is logged --------------------------------------------------------------------------

def sweeps_of(log):
    """kind -> [(start, end, whether it can tell that something is absent)] of completed sweeps, from the daemon's log."""
    found, begun = collections.defaultdict(list), {}
    for at, step, flaw, kind in SWEEP.findall(log):
        if step == "started":
            begun.setdefault(kind, moment(at))
        elif step == "done":
            found[kind].append((begun.pop(kind), moment(at), True))
        elif flaw == "incomplete":
            found[kind].pop()
        else:
            found[kind].append((*found[kind].pop()[:2], False))
    return found


def outlived(state, sweeps, count):
    """Whether so many sweeps began and ended while it lasted."""
    inside = [end for start, end, tells_absence in sweeps if start >= state.since and (tells_absence or state.look)]
    return len(inside) >= count and inside[count - 1] < state.until


def known_at_first(states, logged, sweeps):
    """What the log begins with; where it says nothing of this repo, what the first sweep saw last."""
    return logged[0][0] if logged else [state for state in states if state.since <= sweeps[0][1]][-1].look


def known_before(logged, until_ms, known):
    """All that the log may have known then: what is dated shortly before may have been seen after it."""
    possible = [known]
    for _, after, _, observed_ms, _ in logged:
        if observed_ms >= until_ms:  # seen in the moment in which it changed
            break
        possible = [*possible, after] if observed_ms >= until_ms - EARLY_MS else [after]
    return possible


def check_states(key, states, logged, sweeps):
    """That a repo is gone is said after a sweep, by another lane: one more for that."""
    first = known_at_first(states, logged, sweeps)
    for state in states:
        known = known_before(logged, state.until, first)
        if outlived(state, sweeps, 3 if state.look is None else 2) and state.look not in known:
            yield f"{key}: from {state.since} to {state.until} it was {state.look}, the log knew {known}"


# --- rule 3: in the end all is known -------------------------------------------------------------------------------------

def newest(dump):
    """(kind, oid) -> what is stored of it last, of those that are not gone."""
    found = {}
    for line in dump:
        kind, oid, rest = line.decode().split(" ", 2)
        if rest == "gone":
            del found[kind, oid]
        else:
            found[kind, oid] = rest.split(" ", 1)[1]
    return found


def finish(ledger):
    """What is wrong where it cannot. The first sweep may be the rest of one that had begun before all was calm."""
    ledger.once(status=None)
    done = ledger.once(status=None)
    return [f"--once ends with {done.status}:\n{done.errors[-1500:]}"] if done.status else []


def check_end(ledger, fresh):
    mine, real = newest(ledger.dump()), newest(fresh.dump())
    for key in sorted(real.keys() | mine.keys()):
        if mine.get(key) != real.get(key):
            yield f"{key}: in the end the store has {mine.get(key)}, a fresh one {real.get(key)}"


# --- one seed ------------------------------------------------------------------------------------------------------------

def live(hub, ledger, hours):
    hub.run_time(hours * HOUR_MS)
    with ledger.daemon() as daemon:
        daemon.wait(lambda: time.sleep(0.05) or hub.stats()["time"]["stopped"], 600)
    hub.calm()
    hub.set_faults()
    hub.advance(24 * HOUR_MS)  # what was asked for in vain is due again
    hub.run_time()


def rows_hidden(hub):
    """Rows that faults kept out of a page: one that the first sweep was not shown appears later, and so it is told."""
    happened = hub.stats()["faults"]
    return happened.get("rows-vanish", 0) + happened.get("row-moves", 0)


def judge(hub, ledger, fresh):
    states, records = chains(hub.truth()), collections.defaultdict(list)
    for record in ledger.changes():
        if record["oid"]:  # not of what could not be seen at all
            records[record["kind"], record["oid"]].append(record)
    sweeps = sweeps_of(ledger.said())
    calm = {key: [record["event"] for record in records[key]] for key in records.keys() - states.keys()}
    late = [key for key, events in calm.items() if events == ["repo.appeared"]]
    wrong = [f"{key}: {events} of what did not change" for key, events in calm.items() if key not in late]
    if len(late) > rows_hidden(hub):
        wrong.append(f"{late}: repo.appeared, of what was always there and shown")
    for key, chain in states.items():
        logged = looks_logged(records[key])
        wrong += check_baseline(key, chain, logged, sweeps[key[0]])
        wrong += check_records(key, chain, logged)
        wrong += check_states(key, chain, logged, sweeps[key[0]])
    wrong += check_end(ledger, fresh)
    return wrong


def play(seed, hours, folder):
    """What is wrong, and a line of figures."""
    started = time.monotonic()
    with Hubsim(seed=seed, sim_clock=True, **HUB) as hub:
        ledger = Ledger(folder / "store", hub.url, sim_clock=hub.sim_clock, **DAEMON)
        fresh = Ledger(folder / "fresh", hub.url, sim_clock=hub.sim_clock, **DAEMON)
        live(hub, ledger, hours)
        requests, refused = ledger.metrics()["requests_total"], hub.stats()["refused_429"]
        wrong = finish(ledger) + finish(fresh)
        ledger.verify()
        wrong += judge(hub, ledger, fresh)
        changes = hub.stats()["changes"]
    return wrong, (f"seed {seed}: {changes} changes, {len(ledger.changes())} records, {requests} requests, {refused} refused, "
                   f"{time.monotonic() - started:.1f} s")


def seeds_of(text):
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=seeds_of, default=seeds_of("1-20"))
    parser.add_argument("--hours", type=int, default=24)
    options = parser.parse_args()
    failed = 0
    for seed in options.seeds:
        with tempfile.TemporaryDirectory(prefix="coverage-", dir=os.environ.get("COVERAGE_DIR")) as folder:
            wrong, line = play(seed, options.hours, pathlib.Path(folder))
        print(line, flush=True)
        for difference in wrong[:SHOWN]:
            print("    " + difference, flush=True)
        failed += bool(wrong)
    print(f"{len(options.seeds)} seeds, {failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
