# SPDX-License-Identifier: Apache-2.0
"""Under every fault of hubsim, at the debug level: the token stays out of logs, figures, errors, the store, and other origins."""
import socketserver
import threading

import pytest

from harness import BUILD, run
from weather import FAULTS, TOKEN, assert_unknown, hub_under, ledger_of, side_by_side

SIDE_BY_SIDE = 4


class Elsewhere(socketserver.ThreadingTCPServer):
    """Where links and redirects lead that nobody may follow: not even a connection is right."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.daemon_threads, self.seen = True, 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def process_request(self, request, client_address):
        self.seen += 1
        self.shutdown_request(request)

    def close(self):
        self.shutdown()
        self.server_close()


def asked(hub):
    requests = hub.stats()["requests"]
    return sum(sum(requests[endpoint].values()) for endpoint in requests if endpoint != "control")


def crawl_under(fault, hub, ledger):
    """A daemon that meets it, then --once among it and without it; what was said in errors."""
    hub.set_faults({fault: 1})
    hub.tick(30)
    before = asked(hub)
    with ledger.daemon() as daemon:
        daemon.wait(lambda: hub.happened(fault) and asked(hub) > before)
    hub.set_faults({fault: 0.2} if not fault.startswith("429") else "")
    said = ledger.once(status=None).errors
    hub.set_faults()
    return said + ledger.once().errors


def tool_says(ledger):
    commands = [["status"], ["head"], ["verify"], ["changes", "--all", "--after", "0", "--format", "ndjson"]]
    runs = [ledger.tool(*command) for command in commands]
    return "".join(done.text + done.errors for done in runs)


def stored(ledger):
    """What lies compressed in the store: snapshots, and the receipts of license records."""
    receipts = run([BUILD / "dump_store", ledger.store, "receipts"]).text
    assert ledger.hub_url + "/api/models" in receipts
    return receipts + run([BUILD / "dump_store", ledger.store]).text


def search(fault, folder):
    elsewhere, log = Elsewhere(), folder / "hub.log"
    try:
        with hub_under(fault, elsewhere=elsewhere.url, log=str(log)) as hub:
            ledger = ledger_of(hub, folder / "ledger", log_level="debug")
            ledger.once()
            said = crawl_under(fault, hub, ledger) + tool_says(ledger) + stored(ledger)
        requests = log.read_text(encoding="utf-8").splitlines()
        assert any(" token" in line and line.endswith(" " + fault) for line in requests) or FAULTS[fault]["stage"] == "change"
        assert elsewhere.seen == 0, "another origin was asked"
    finally:
        elsewhere.close()
    assert TOKEN not in said
    assert "event=step" in ledger.said() and (ledger.store / "metrics.prom").exists()
    assert_unknown(folder)


@pytest.fixture(scope="module", name="searches")
def searches_fixture(request, tmp_path_factory):
    with side_by_side(request, tmp_path_factory, search, SIDE_BY_SIDE) as searches:
        yield searches


@pytest.mark.parametrize("fault", FAULTS)
def test_token_is_nowhere_under(searches, fault):
    searches[fault].result()
