# SPDX-License-Identifier: Apache-2.0
"""Simulated days whose change log must tell what happened and nothing else (coverage.py), and whether it would be noticed."""
import copy

import pytest

import coverage

HOURS = 8


@pytest.mark.parametrize("seed", [1, 2])
def test_the_log_tells_what_happened(tmp_path, seed):
    wrong, line = coverage.play(seed, HOURS, tmp_path)
    assert not wrong, "\n".join([line, f"tests/coverage/coverage.py --seeds {seed} --hours {HOURS}", *wrong[:coverage.SHOWN]])


# --- the judge itself ---------------------------------------------------------------------------------------------------

KEY = ("model", "0" * 24)


def state(license_id, gated=False):
    return {"id": "a/b", "sha": license_id, "license": license_id, "license_name": None, "license_link": None,
            "license_tags": [], "gated": gated, "disabled": False, "private": False}


def change(at, before, after, served):
    return {"kind": KEY[0], "oid": KEY[1], "time": f"2026-12-01T{at}:00Z", "before": before, "after": after,
            "before_served": "2026-12-01T00:00:00Z", "after_served": f"2026-12-01T{served}:00Z" if served else None}


def side(version, license_id):
    return {"version": version, "repo": "a/b", "sha": license_id, "license": [license_id], "license_name": None,
            "license_link": None, "gated": "no", "disabled": False}


def record(at, before, after, versions=(1, 2)):
    return {"event": "license.switched", "observed_at": f"2026-12-01T{at}:00Z", "before": side(versions[0], before),
            "after": side(versions[1], after)}


TRUTH = [change("01:00", state("mit"), state("gpl-3.0"), "01:30"), change("05:00", state("gpl-3.0"), state("gemma"), "05:30"),
         change("06:00", state("gemma"), state("openrail"), None)]
RECORDS = [record("01:30", "mit", "gpl-3.0"), record("05:30", "gpl-3.0", "gemma", (2, 3))]
SWEEPS = [(coverage.moment(f"2026-12-01T0{hour}:00:10Z"), coverage.moment(f"2026-12-01T0{hour}:00:40Z"), True) for hour in range(9)]


def judged(records, truth=None):
    states = coverage.chains(truth or TRUTH)[KEY]
    logged = coverage.looks_logged(records)
    return [*coverage.check_baseline(KEY, states, logged, SWEEPS), *coverage.check_records(KEY, states, logged),
            *coverage.check_states(KEY, states, logged, SWEEPS[:6])]


def test_the_judge_is_content_with_what_is_right():
    assert judged(RECORDS) == []


@pytest.mark.parametrize("records", [
    RECORDS[:1] + [record("05:30", "gpl-3.0", "apache-2.0", (2, 3))],  # what never was
    RECORDS + [record("06:30", "gemma", "openrail", (3, 4))],          # what no answer told
    [RECORDS[0], RECORDS[0], RECORDS[1]],                              # twice
    [RECORDS[1], RECORDS[0]],                                          # not in the order in which it happened
    [RECORDS[0], record("05:30", "mit", "gemma", (2, 3))],             # does not join on
    [record("01:10", "mit", "gpl-3.0"), RECORDS[1]],                   # before it was told
    [RECORDS[0] | {"before": side(1, "bsd")}, RECORDS[1]],             # begins at what never was
    RECORDS[1:],                                                       # a state that outlived sweeps is missing
    [],
])
def test_the_judge_notices(records):
    assert judged(copy.deepcopy(records))


def test_sweeps_are_read_from_the_log():
    log = "".join(f"2026-12-01T0{hour}:00:10.000Z info    event=lane-started lane=sweep kind=model resumed=no\n"
                  f"2026-12-01T0{hour}:00:40.000Z info    event=lane-done lane=sweep kind=model pages=1 rows=1\n{more}"
                  for hour, more in enumerate(["", "2026-12-01T01:00:40.000Z warning event=sweep-incomplete kind=model seen=1\n",
                                               "2026-12-01T02:00:40.000Z warning event=sweep-unordered kind=model\n"]))
    assert coverage.sweeps_of(log) == {"model": [SWEEPS[0], (*SWEEPS[2][:2], False)]}


def test_a_state_that_no_two_sweeps_saw_may_be_missing():
    short = [change("01:00", state("mit"), state("gpl-3.0"), "01:30"), change("01:50", state("gpl-3.0"), state("gemma"), "02:10")]
    assert judged([record("02:10", "mit", "gemma")], short) == []
