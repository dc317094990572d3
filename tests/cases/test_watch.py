# SPDX-License-Identifier: Apache-2.0
"""The watch list, and the first evening of a new store: who is asked for what, and in which order."""
from fault_proxy import FaultProxy
from harness import Failed, Hubsim, Ledger

ONE = {"_id": "640000010000000000000001", "id": "org/one", "cardData": {"license": "mit"}}
TWO = {"_id": "640000020000000000000002", "id": "org/two", "oldNames": ["old/two"]}
DATA = {"_id": "640000030000000000000003", "id": "org/data", "repoType": "dataset"}


def targets(log):
    return [line.split()[2] for line in log.read_text(encoding="utf-8").splitlines()]


def singles(log):
    """Repos that were asked for by name."""
    return [path.split("?")[0] for path in targets(log) if path.split("?")[0].count("/") > 2]


def watching(directory, hub, names, **config):
    file = directory / "watched"
    file.write_text("".join(name + "\n" for name in names), encoding="utf-8")
    return Ledger(directory, hub.url, watch_list=str(file), **config)


def test_watched_repos_are_asked_for_by_name(tmp_path):
    log = tmp_path / "hub.log"
    with Hubsim(rows=[ONE, TWO, DATA], generate=50, quota="none", log=str(log)) as hub:
        names = ["# ours", "org/one", "old/two # renamed long ago", "datasets/org/data", "no/such"]
        ledger = watching(tmp_path, hub, names, log_level="info")
        ledger.once()
        assert sorted(singles(log)) == ["/api/datasets/org/data", "/api/models/no/such", "/api/models/old/two",
                                        "/api/models/org/one", "/api/models/org/two"]
        metrics = ledger.metrics()
        assert metrics["watched_total"] == 3 and metrics["watch_unseen_total"] == 1
        assert "event=watch-unseen" in ledger.said() and "repo=no/such" in ledger.said()
        assert ledger.changes() == []  # before the first sweep has ended all of it is the start of history
        ledger.verify()


def test_a_redirect_that_drops_the_query(tmp_path):
    """It names only the new path. What was asked for is asked for there too, or fields would look as if they had gone."""
    log = tmp_path / "hub.log"
    with FaultProxy() as proxy, Hubsim(rows=[TWO], generate=50, quota="none", public_url=proxy.url, log=str(log)) as hub:
        proxy.start(hub.address)
        proxy.add("always /api/models/old/two* header location /api/models/org/two")
        watching(tmp_path, proxy, ["old/two"]).once()
        asked = {target.split("?")[0]: target.split("?")[1:] for target in targets(log) if "/two" in target}
        assert asked["/api/models/org/two"] == asked["/api/models/old/two"] != []


def test_what_no_poll_shows_is_seen_within_the_interval(tmp_path):
    with Hubsim(rows=[ONE, DATA], generate=50, quota="none") as hub:
        ledger = watching(tmp_path, hub, ["org/one", "datasets/org/data"], watch_interval="1s", sweep_interval="365d")
        ledger.once()
        with ledger.daemon() as daemon:
            hub.post_rows({"_id": ONE["_id"], "gated": "auto"})  # a setting: no commit, no date
            daemon.wait(lambda: ledger.head_seq() == 1)
        record, = ledger.changes()
        assert record["event"] == "access.gated" and record["repo"] == "org/one"


def test_a_gone_name_is_no_proof(tmp_path):
    with Hubsim(rows=[ONE], generate=50, quota="none") as hub:
        ledger = watching(tmp_path, hub, ["org/one"], watch_interval="1s", sweep_interval="365d")
        ledger.once()
        hub.post_rows({"_id": ONE["_id"], "private": True})
        with ledger.daemon() as daemon:
            daemon.wait(lambda: ledger.said().count("event=watch-unseen") >= 2)
        assert ledger.changes() == []


def test_a_fault_in_the_list_starts_nothing(tmp_path):
    with Hubsim(generate=10, quota="none") as hub:
        ledger = watching(tmp_path, hub, ["org/one", "https://hub.test/org/two"])
        done = ledger.once(status=78)
        assert f"{tmp_path}/watched:2: " in done.errors
        assert not ledger.store.exists()


def test_a_thousand_at_once(tmp_path):
    log = tmp_path / "hub.log"
    with Hubsim(generate=3000, kinds="models=1", seed=4, quota="none", log=str(log)) as hub:
        names = [row["id"] for row in hub.walk("/api/models?sort=createdAt&direction=1&limit=1000")]
        ledger = watching(tmp_path, hub, names, watch_ahead="1000", transfers_max="1000", kinds="models")
        calm = Ledger(tmp_path / "calm", hub.url, kinds="models")
        ledger.once()
        calm.once()
        assert len(singles(log)) == 3000 and ledger.metrics()["watched_total"] == 3000
        assert ledger.dump() == calm.dump()
        assert ledger.changes() == []
        ledger.verify()


def listings(log):
    """Sort orders of the listing requests, as they came."""
    return [path.split("sort=")[1].split("&")[0] for path in targets(log) if "sort=" in path]


def test_a_new_store_begins_with_what_is_used_most(tmp_path):
    log = tmp_path / "hub.log"
    with Hubsim(generate=400, kinds="models=1,datasets=1", quota="none", log=str(log)) as hub:
        ledger = Ledger(tmp_path, hub.url, first_pages="3", page_rows="20", sweep_interval="365d")
        with ledger.daemon() as daemon:
            daemon.wait(lambda: ledger.said().count("event=lane-done lane=sweep") == 3)
        assert listings(log)[:3] == ["downloads"] * 3 and "downloads" not in listings(log)[3:]
        assert ledger.head_seq() == 0 and ledger.metrics()["rows_new_total"] == 400
        # the store is not new any more
        with ledger.daemon() as daemon:
            asked = len(listings(log))
            daemon.wait(lambda: len(listings(log)) > asked)
        assert listings(log).count("downloads") == 3
        ledger.verify()


def test_the_first_evening_ends_with_the_listing_and_with_trouble(tmp_path):
    log = tmp_path / "hub.log"
    with Hubsim(generate=90, kinds="models=1", quota="none", log=str(log)) as hub:
        short = Ledger(tmp_path / "short", hub.url, first_pages="20", page_rows="40")
        short.once()
        assert listings(log).count("downloads") == 3
        torn = Ledger(tmp_path / "torn", hub.url, first_pages="20", page_rows="10")
        for goal in (4, 9, 30):
            asked = len(listings(log))
            with torn.daemon("--once") as daemon:
                try:
                    daemon.wait(lambda: len(listings(log)) >= asked + goal, timeout=10)
                except Failed:
                    break
                daemon.kill()
        torn.once()
        assert torn.dump() == short.dump() and torn.changes() == short.changes() == []


def test_evening_with_a_watch_list_holds_sweeps_back(tmp_path):
    log = tmp_path / "hub.log"
    with Hubsim(rows=[ONE], generate=60, quota="none", log=str(log)) as hub:
        ledger = watching(tmp_path, hub, ["org/one"], first_pages="1")
        with ledger.daemon() as daemon:
            daemon.wait(lambda: ledger.said().count("event=lane-done lane=sweep") == 3)
        first = targets(log)[:2]
        assert sorted("sort=downloads" in path for path in first) == [False, True], first
        assert any(path.startswith("/api/models/org/one?") for path in first), first
