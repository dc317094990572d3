# SPDX-License-Identifier: Apache-2.0
"""The daemon as it runs for months: polls find a switch by themselves, it ends when asked, and a kill loses nothing."""
import random
import signal

from harness import BUILD, Hubsim, Ledger, record_text, run

FALCON = {"_id": "64666f3ba5b6a2b4e1c1a7d1", "id": "tiiuae/falcon-40b",
          "cardData": {"license": "other", "license_name": "falcon-llm-license"}}


def baseline_is_done(hub):
    """Every kind has been polled and swept to its end: the last page of each was served."""
    return hub.stats()["pages"] >= 6


def test_polls_see_a_switch_without_a_sweep(tmp_path):
    with Hubsim(rows=[FALCON], generate=300, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, poll_interval="1s")
        with ledger.daemon() as daemon:
            daemon.wait(lambda: baseline_is_done(hub) and ledger.head_seq() == 0)
            hub.post_rows({"_id": FALCON["_id"], "cardData": {"license": "apache-2.0"}})
            daemon.wait(lambda: ledger.head_seq() == 1)
            # readers need no daemon and do not disturb it
            assert [record_text(record) for record in ledger.changes()] == [
                "license.switched tiiuae/falcon-40b other/falcon-llm-license -> apache-2.0 loosened widened"]
            pages = hub.stats()["pages"]
            daemon.wait(lambda: hub.stats()["pages"] >= pages + 4)
        assert ledger.head_seq() == 1
        assert ledger.metrics()["records_total"] == 1
        ledger.verify()


def test_second_daemon_is_refused(tmp_path):
    with Hubsim(generate=10, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        with ledger.daemon() as daemon:
            daemon.wait(lambda: ledger.head_seq() >= 0)
            second = run([ledger.relicensed, "--once", "--config", ledger.config_path], 75)
            assert "daemon" in second.errors


def test_reload_takes_what_may_change_and_refuses_nonsense(tmp_path):
    with Hubsim(generate=10, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        with ledger.daemon() as daemon:
            daemon.wait(lambda: "event=lane-started" in daemon.said())
            ledger.configure(poll_interval="2s", store=str(tmp_path / "elsewhere"))
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait(lambda: "event=reloaded option=poll_interval taken=yes" in daemon.said())
            daemon.wait(lambda: "event=reloaded option=store taken=no" in daemon.said())
            ledger.configure(poll_interval="soon")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait(lambda: "event=reload-refused" in daemon.said())


def test_help_has_examples():
    done = run([BUILD / "relicensed", "--help"])
    assert "\nexamples:\n  relicensed --" in done.text and all(len(line) <= 120 for line in done.text.splitlines())


def test_bad_configuration_starts_nothing(tmp_path):
    ledger = Ledger(tmp_path, "http://127.0.0.1:1", sweep_interval="24 hours", no_such_key="1", quota_share="500%")
    done = run([ledger.relicensed, "--once", "--config", ledger.config_path], 78)
    for key in ("sweep_interval", "no_such_key", "quota_share"):
        assert key in done.errors
    assert str(ledger.config_path) + ":" in done.errors
    assert not ledger.store.exists()


def test_no_hub_is_said_and_not_taken_for_an_empty_one(tmp_path):
    with Hubsim(generate=20, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.once()
        url = hub.url
    done = ledger.once(status=None)
    assert done.status not in (0, None) and "connect" in done.errors, (url, done.errors)
    assert ledger.changes() == []
    ledger.verify()


def test_killed_at_any_moment_loses_and_doubles_nothing(tmp_path):
    """A calm ledger and one whose daemon is killed again and again, over the same Hub and the same changes."""
    spread = random.Random(7)
    with Hubsim(generate=3000, seed=3, quota="none") as hub:
        calm = Ledger(tmp_path / "calm", hub.url, page_rows="50")
        torn = Ledger(tmp_path / "torn", hub.url, page_rows="50")
        for round_number in range(3):
            calm.once()
            for _ in range(5):
                if not torn.once_killed(hub, spread.randint(1, 15)):
                    break
            torn.once()
            if round_number < 2:
                hub.tick(200)
        assert calm.dump() == torn.dump()
        assert sorted(map(record_text, calm.changes())) == sorted(map(record_text, torn.changes())) != []
        torn.verify()
