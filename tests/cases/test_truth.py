# SPDX-License-Identifier: Apache-2.0
"""hubsim's own record of what happened against the change log: nothing is missed, nothing invented, nothing twice.

What must be logged is worked out here from the states between which the looks lie, without the program's tables.
"""
import collections

import pytest

from harness import Hubsim, Ledger

ROUNDS, CHANGES = 4, 250
ACCESS = {("no", "auto"): "access.gated", ("no", "manual"): "access.gated", ("auto", "no"): "access.ungated",
          ("manual", "no"): "access.ungated", ("auto", "manual"): "access.changed", ("manual", "auto"): "access.changed"}


def seen(state):
    """What an anonymous crawler sees of a state: nothing of a private or deleted repo."""
    return None if state is None or state["private"] else state


def statement(state):
    """Ids (by the card, else by tags), name and link, without what is spelling only."""
    ids = state["license"] if state["license"] is not None else state["license_tags"]
    ids = [ids] if isinstance(ids, str) else list(ids.values()) if isinstance(ids, dict) else ids
    plain = frozenset(str(one).strip().lower() for one in ids)
    return plain, state["license_name"] or None, state["license_link"] or None


def gate(state):
    return {False: "no"}.get(state["gated"], state["gated"])


def shown(change, side):
    """What listings show of a state: the Hub does not tell the gate of a space."""
    state = seen(change[side])
    return dict(state, gated=False) if state and change["kind"] == "space" else state


def expected_events(before, after):
    """Events that lie between two states; license.* stands for any of them."""
    if before is None or after is None:
        return {(True, False): ["repo.first-or-back"], (False, True): ["repo.gone"]}.get((before is None, after is None), [])
    events = []
    if before["id"] != after["id"]:
        events.append("repo.renamed")
    if gate(before) != gate(after):
        events.append(ACCESS[gate(before), gate(after)])
    if before["disabled"] != after["disabled"]:
        events.append("access.disabled" if after["disabled"] else "access.enabled")
    if statement(before) != statement(after):
        events.append("license.*")
    return events


ONE_NAME = {"repo.created": "repo.first-or-back", "repo.appeared": "repo.first-or-back",
            "repo.restored": "repo.first-or-back", "repo.replaced": "repo.gone"}


def logged_events(records):
    """(kind, oid) -> events. What else differs in the card is not in hubsim's states and not compared here."""
    found = collections.defaultdict(list)
    for record in records:
        event = ONE_NAME.get(record["event"], record["event"])
        if event.startswith("license."):
            event = "license.*"
        if event not in ("metadata.changed", "lineage.changed"):
            found[record["kind"], record["oid"]].append(event)
    return found


def happened(truth):
    """(kind, oid) -> state before the first and after the last of these changes."""
    states = {}
    for change in truth:
        key = change["kind"], change["oid"]
        first = states[key][0] if key in states else shown(change, "before")
        states[key] = first, shown(change, "after")
    return states


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_log_tells_what_happened_and_nothing_else(tmp_path, seed):
    with Hubsim(generate=4000, seed=seed, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.once()
        told, known = 0, 0
        for round_number in range(ROUNDS):
            hub.tick(CHANGES)
            truth = hub.truth()
            ledger.once()
            ledger.once()
            records = ledger.changes()
            expected = {key: expected_events(before, after)
                        for key, (before, after) in happened(truth[told:]).items()}
            expected = {key: sorted(events) for key, events in expected.items() if events}
            logged = {key: sorted(events) for key, events in logged_events(records[known:]).items()}
            wrong = {key: (expected.get(key), logged.get(key)) for key in expected.keys() | logged.keys()
                     if expected.get(key) != logged.get(key) and not restored_and_switched(expected.get(key), logged.get(key))}
            assert not wrong, f"round {round_number}: (expected, logged) by repo: {wrong}"
            assert expected
            told, known = len(truth), len(records)
        ledger.verify()


def restored_and_switched(expected, logged):
    """A repo that comes back with another license, name or gate says so too."""
    return expected == ["repo.first-or-back"] and logged is not None and logged.count("repo.first-or-back") == 1
