# SPDX-License-Identifier: Apache-2.0
"""A listing walked in several segments at once: the same store and the same records as in one, under faults and kills."""
import random
import time

from fault_proxy import FaultProxy
from harness import Hubsim, Ledger, record_text

ROWS = 3000
CONFIG = {"kinds": "models", "page_rows": "50"}


def same(one, other):
    assert one.dump() == other.dump()
    assert sorted(map(record_text, one.changes())) == sorted(map(record_text, other.changes())) != []
    one.verify()
    other.verify()


def coverage(ledger):
    return ledger.tool("status", "--format", "json").lines()[0]["coverage"][0]


def test_segments_find_what_one_walk_finds(tmp_path):
    with Hubsim(generate=ROWS, seed=5, kinds="models=1", quota="none") as hub:
        one = Ledger(tmp_path / "one", hub.url, **CONFIG)
        four = Ledger(tmp_path / "four", hub.url, **CONFIG, sweep_segments="4")
        for _ in range(4):
            one.once()
            four.once()
            figures = four.metrics()
            assert figures["sweep_missing_model"] == one.metrics()["sweep_missing_model"]
            assert coverage(four)["sweep"]["seen"] == coverage(one)["sweep"]["seen"]
            hub.tick(300)
        # a page more for each bound, where the segments meet, and none beyond that
        assert figures["requests_sweep_total"] <= one.metrics()["requests_sweep_total"] + 3
        same(one, four)


def test_killed_at_any_moment_all_segments_go_on(tmp_path):
    spread = random.Random(11)
    with Hubsim(generate=ROWS, seed=6, kinds="models=1", quota="none") as hub:
        calm = Ledger(tmp_path / "calm", hub.url, **CONFIG)
        torn = Ledger(tmp_path / "torn", hub.url, **CONFIG, sweep_segments="5")
        for _ in range(3):
            calm.once()
            for _ in range(4):
                if not torn.once_killed(hub, spread.randint(5, 40)):
                    break
            torn.once()
            hub.tick(200)
        calm.once()
        torn.once()
        assert "resumed=yes" in torn.said()
        same(calm, torn)


def test_weather_in_the_segments(tmp_path):
    """Damage, 5xx, a lost Link, a row that is dropped: what one segment meets does not change what the others found."""
    with FaultProxy() as proxy, Hubsim(generate=ROWS, seed=7, kinds="models=1", quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        calm = Ledger(tmp_path / "calm", proxy.url, **CONFIG)
        rough = Ledger(tmp_path / "rough", proxy.url, **CONFIG, sweep_segments="3")
        for _ in range(2):
            calm.once()
            rough.once()
            hub.tick(200)
        calm.once()
        proxy.add("3 /api/models?*sort=createdAt* cut 1000")
        proxy.add("2 /api/models?*sort=createdAt*cursor* html 502")
        proxy.add("2 /api/models?*sort=createdAt*cursor* body [{]")
        rough.once()
        assert proxy.unused() == []
        assert rough.metrics()["retries_total"] >= 7
        proxy.clear()
        proxy.add("4 /api/models?*sort=createdAt*cursor* nolink")
        rough.once(status=None)  # a segment that just ends is a sweep that lacks too much
        proxy.clear()
        rough.once()
        records = [record for record in rough.changes() if record["event"] != "gap"]
        assert sorted(map(record_text, records)) == sorted(map(record_text, calm.changes()))
        assert rough.dump() == calm.dump()
        rough.verify()


def test_a_hub_that_does_not_walk_segments(tmp_path):
    """Its cursors are refused, or bring what lies elsewhere: said, and walked in one from then on. Nothing false is kept."""
    faults = ["status 400 '{\"error\":\"Invalid cursor\"}'", 'body \'[{"_id":"600000010000000000000001","id":"a/one"}]\'', "reverse"]
    with FaultProxy() as proxy, Hubsim(generate=ROWS, seed=8, kinds="models=1", quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        ledger = Ledger(tmp_path, proxy.url, **CONFIG, sweep_segments="4")
        ledger.once()
        for fault in faults:
            proxy.add(f"3 /api/models?*sort=createdAt*cursor=* {fault}")
            done = ledger.once()
            assert proxy.unused() == []
            assert done.errors.count("event=segments-refused") == 1
            assert ledger.metrics()["sweep_listed_model"] == ROWS
        assert "event=segments-refused" not in ledger.once().errors
        assert ledger.changes() == []
        ledger.verify()


def test_segments_are_faster_where_the_hub_is_slow(tmp_path):
    """A page costs 100 ms: one walk is its 60 pages after each other, four walks are a quarter of that."""
    with Hubsim(generate=ROWS, seed=9, kinds="models=1", quota="none", latency="100") as hub:
        took = {}
        ledger = Ledger(tmp_path, hub.url, **CONFIG)
        ledger.once()
        for segments in (1, 4):
            ledger.configure(**CONFIG, sweep_segments=str(segments))
            start = time.monotonic()
            ledger.once()
            took[segments] = time.monotonic() - start
        print(took)
        assert took[4] < took[1] / 2
