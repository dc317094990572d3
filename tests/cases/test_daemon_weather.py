# SPDX-License-Identifier: Apache-2.0
"""The daemon when things around it go wrong at a bad moment: a listing that moves, a disk that is full, a Hub that sleeps."""
import resource
import subprocess
import time

from fault_proxy import FaultProxy
from harness import BUILD, Hubsim, Ledger, run


def names_by_creation(hub):
    rows = hub.get("/api/models?sort=createdAt&direction=1&limit=1000&expand[]=sha").json()
    return [(row["id"], row["_id"]) for row in rows]


def test_a_page_that_moves_under_its_retry(tmp_path):
    """Page 2 is cut off again and again; meanwhile one of its repos goes, so that it ends elsewhere than its first head said.
    What was asked behind it does not join on: the sweep goes back to its cursor, and nothing is lost or doubled."""
    proxy = FaultProxy()
    try:
        with Hubsim(generate=400, seed=5, kinds="models=1", quota="none", public_url=proxy.url) as hub:
            proxy.start(hub.address)
            ledger = Ledger(tmp_path, proxy.url, kinds="models", page_rows="50", retries="100")
            proxy.add("always /api/models*sort=createdAt*cursor=* cut 50")

            def times_page_2_was_cut():
                return [target for _, target in proxy.applied].count(proxy.applied[0][1]) if proxy.applied else 0

            with ledger.daemon("--once") as daemon:
                daemon.wait(lambda: times_page_2_was_cut() >= 2)
                deleted = names_by_creation(hub)[60][1]
                assert hub.request("DELETE", f"/sim/rows/{deleted}").status == 200
                before = times_page_2_was_cut()
                daemon.wait(lambda: times_page_2_was_cut() >= before + 2)
                proxy.clear()
                assert daemon.finished() == 0, daemon.said()
            assert daemon.said().count("lane=sweep kind=model resumed=yes") == 1
            stored = [line.split()[1].decode() for line in ledger.dump()]
            assert stored == [oid for _, oid in names_by_creation(hub)]
            ledger.once()
            assert ledger.changes() == []
            ledger.verify()
    finally:
        proxy.close()


def test_a_full_disk_loses_nothing(tmp_path):
    """No file may grow beyond 1 MiB: --once ends with 74, the store is whole, and with room again it goes on."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    with Hubsim(generate=3000, seed=5, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, page_rows="50", commit_pages="5")
        done = run([ledger.relicensed, "--once", "--config", ledger.config_path], 74, env=ledger.environment, preexec_fn=limit)
        assert "event=commit-failed" in done.errors and "event=store-stopped" in done.errors
        ledger.verify()
        assert 0 < len(ledger.dump()) < 3000
        assert "resumed=yes" in ledger.once().errors
        assert len(ledger.dump()) == 3000
        assert ledger.changes() == []
        ledger.verify()


def test_it_ends_at_once_while_the_hub_sleeps(tmp_path):
    with Hubsim(generate=10, quota="none", latency=20000) as hub:
        ledger = Ledger(tmp_path, hub.url)
        with ledger.daemon() as daemon:
            daemon.wait(lambda: daemon.said().count("event=lane-started") == 3)
            time.sleep(0.2)
            started = time.monotonic()
            assert daemon.stop() == 0
            assert time.monotonic() - started < 2
    ledger.verify()


def test_shipped_configuration_is_what_the_program_prints(tmp_path):
    ledger = Ledger(tmp_path, "http://127.0.0.1:1")
    printed = subprocess.run([ledger.relicensed, "--print-config"], capture_output=True, check=True).stdout
    path = tmp_path / "printed.conf"
    path.write_bytes(printed)
    run([ledger.relicensed, "--check-config", "--config", path])


def test_a_full_disk_does_not_hold_up_the_end(tmp_path):
    """Asked to end while a commit waits to be tried again: tried once more at once. Time stands still meanwhile."""
    limited = tmp_path / "limited"
    limited.write_text(f'#!/bin/bash\nulimit -f 1024\nexec {BUILD / "relicensed"} "$@"\n', encoding="utf-8")
    limited.chmod(0o755)
    with Hubsim(generate=3000, seed=5, quota="none", sim_clock=True) as hub:
        ledger = Ledger(tmp_path, hub.url, limited, hub.sim_clock, page_rows="50", commit_pages="5")
        daemon = ledger.daemon()
        hub.run_time(60_000)
        daemon.wait(lambda: hub.stats()["time"]["stopped"])
        assert daemon.said().count("event=commit-failed") > 1
        daemon.process.terminate()
        assert daemon.finished() == 74
        ledger.verify()
