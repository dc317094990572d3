# SPDX-License-Identifier: Apache-2.0
"""The Hub goes away and comes back: requests wait, a probe goes now and then, and no lane parks meanwhile."""
import pytest

from bad_server import Gate
from harness import Hubsim, Ledger
from test_daemon import FALCON

PATIENT = {"poll_interval": "1s", "retries": "1", "park_time": "1h", "first_byte_limit": "200ms"}


def run_through_outage(tmp_path, state, **config):
    with Gate() as gate:
        with Hubsim(rows=[FALCON], generate=300, quota="none", public_url=gate.url) as hub:
            gate.address = hub.address
            ledger = Ledger(tmp_path, gate.url, **(PATIENT | config))
            with ledger.daemon() as daemon:
                daemon.wait(lambda: daemon.said().count("event=lane-done") >= 3)
                gate.shut(state)
                daemon.wait(lambda: "event=hub-down" in daemon.said())
                before = gate.count_all()
                daemon.wait(lambda: gate.count_all() >= before + 2)
                seen = gate.count_all()
                hub.post_rows({"_id": FALCON["_id"], "cardData": {"license": "apache-2.0"}})
                gate.shut(Gate.OPEN)
                daemon.wait(lambda: "event=hub-up" in daemon.said())
                daemon.wait(lambda: ledger.head_seq() == 1)
                assert "event=lane-parked" not in daemon.said()
            figures = ledger.metrics()
            assert figures["hub_outages_total"] == 1 and figures["hub_down"] == 0
            # three kinds want to poll every second; what was sent meanwhile are probes alone
            assert seen - before <= figures["hub_probes_total"] <= 12
    ledger.verify()


@pytest.mark.parametrize("state", [Gate.RESET, Gate.SILENT])
def test_down_and_back(tmp_path, state):
    run_through_outage(tmp_path, state)


def test_it_ends_at_once_while_the_hub_is_away(tmp_path):
    with Gate() as gate:
        gate.state = Gate.RESET
        ledger = Ledger(tmp_path, gate.url, **PATIENT)
        with ledger.daemon() as daemon:
            daemon.wait(lambda: "event=hub-down" in daemon.said())
            before = daemon.said().count("event=request-given-up")
            assert daemon.stop() == 0
            assert daemon.said().count("event=request-given-up") == before
    assert ledger.metrics()["hub_down"] == 1


def test_once_does_not_wait_for_it(tmp_path):
    with Gate() as gate:
        gate.state = Gate.RESET
        ledger = Ledger(tmp_path, gate.url, retries="5")
        done = ledger.once(status=1)
        assert "event=hub-down" not in done.errors and "event=incomplete" in done.errors
        # the first that fails is said, not the wall of those behind it
        assert done.errors.count("event=request-failed ") <= 2, done.errors
