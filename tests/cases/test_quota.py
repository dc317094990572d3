# SPDX-License-Identifier: Apache-2.0
"""Quota and shares while the daemon is killed and its configuration changes; whole days are in tests/coverage."""
import collections
import datetime
import json
import signal

import pytest

from harness import Hubsim, Ledger


def requests_by_window(path, window_s):
    found = collections.Counter()
    for line in path.read_text().splitlines():
        at, _, target = line.split(" ")[:3]
        if target.startswith("/api/"):
            found[int(datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp() // window_s)] += 1
    return found


@pytest.mark.parametrize("share", [50, 100])
def test_kill_9_does_not_overshoot(tmp_path, share):
    """50 requests in two seconds: what was granted before a death counts as used, so the share is kept and none is refused."""
    diary = tmp_path / "hub.log"
    with Hubsim(generate=2000, quota="api=50/2", log=str(diary)) as hub:
        ledger = Ledger(tmp_path, hub.url, page_rows="2", quota_share=f"{share}%", quota_pace="burst", sweep_interval="1m")
        for life in range(8):
            before = hub.stats()["pages"]
            with ledger.daemon() as daemon:
                daemon.wait(lambda: hub.stats()["pages"] >= before + 4 + 2 * life)
                daemon.kill()
        assert hub.stats()["refused_429"] == 0
    assert max(requests_by_window(diary, 2).values()) <= 50 * share // 100
    ledger.verify()


def test_what_is_granted_is_in_the_store_and_is_no_look(tmp_path):
    with Hubsim(generate=60, quota="api=500/300") as hub:
        ledger = Ledger(tmp_path, hub.url, page_rows="5", quota_pace="burst")
        ledger.once()
        granted, used = ledger.metrics()["quota_granted"], ledger.metrics()["quota_used"]
        assert used <= granted <= 500
        ledger.once()
        assert ledger.metrics()["quota_used"] >= granted + 10  # what was granted, and what this run needed
        assert hub.stats()["refused_429"] == 0
        status = json.loads(ledger.tool("status", "--format", "json").output)
        assert status["metrics"]["quota_limit"] == 500


def test_shares_change_without_dropping_a_transfer(tmp_path):
    """Polls that were limited to ten requests a window go on at once after SIGHUP; what is under way stays."""
    diary = tmp_path / "hub.log"
    config = {"page_rows": "2", "poll_rows": "2", "poll_overlap": "24h", "poll_interval": "1s", "quota_pace": "burst",
              "sweep_interval": "1h", "first_pages": "0"}

    def polled():
        return diary.read_text().count("sort=lastModified")

    with Hubsim(generate=300, quota="api=1000/300", latency=300, log=str(diary)) as hub:
        ledger = Ledger(tmp_path, hub.url, **config, poll_share="1%", sweep_share="60%")
        with ledger.daemon() as daemon:
            daemon.wait(lambda: hub.stats()["pages"] >= 30)
            assert polled() <= 20  # a window may have ended meanwhile
            ledger.configure(**config, poll_share="40%", sweep_share="10%")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait(lambda: "option=poll_share taken=yes" in daemon.said())
            daemon.wait(lambda: polled() > 25)
        figures = ledger.metrics()
        assert figures["retries_total"] == figures["refused_own_total"] == 0


def test_shares_beyond_the_whole_are_refused(tmp_path):
    ledger = Ledger(tmp_path, "http://127.0.0.1:1", poll_share="60%", sweep_share="50%")
    refused = ledger.once(status=78)
    assert "poll_share" in refused.errors and "140%" in refused.errors
