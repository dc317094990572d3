# SPDX-License-Identifier: Apache-2.0
"""The whole program with more work than quota, on simulated time (quota.py plays whole days)."""
import pytest

import quota


@pytest.mark.parametrize("tier, share, pace", [(500, 100, "even"), (1000, 50, "even"), (1000, 100, "burst")])
def test_all_of_the_share_is_used_and_nothing_refused(tmp_path, tier, share, pace):
    day = quota.Day(tmp_path, tier, share, quota_pace=pace).play(hours=0.7)
    assert day.use() >= 99.5 and not any(day.refused()), day.line()


def test_killed_every_few_minutes(tmp_path):
    day = quota.Day(tmp_path, 500).play(hours=0.7, kill=True)
    assert day.restarts > 5
    assert 85 < day.use() <= 100 and not any(day.refused()), day.line()


def test_half_is_half_also_where_it_is_killed(tmp_path):
    day = quota.Day(tmp_path, 500, 50).play(hours=0.7, kill=True)
    assert all(used <= 250 for used, _ in day.windows().values()) and not any(day.refused()), day.line()


def test_another_client_eats_a_third(tmp_path):
    day = quota.Day(tmp_path, 500).play(hours=0.4, others=33)
    assert max(day.refused()) <= 1 and 60 < day.use() < 70, day.line()
