# SPDX-License-Identifier: Apache-2.0
"""The token goes to the configured origin and nowhere else: not into a log, a metric, an error or the store."""
import http.server
import threading

import pytest

from fault_proxy import FaultProxy
from harness import Hubsim, Ledger, run
from weather import TOKEN, assert_unknown


@pytest.fixture(name="token_file")
def token_file_fixture(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n", encoding="ascii")
    path.chmod(0o600)
    return path


@pytest.fixture(name="thief")
def thief_fixture():
    """Another host that a redirect or a link leads to; it keeps what it was sent."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(dict(self.headers))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


def test_token_is_sent_and_kept_nowhere(tmp_path, token_file):
    with Hubsim(generate=300, quota="none", token=[TOKEN], log=str(tmp_path / "hub.log")) as hub:
        ledger = Ledger(tmp_path, hub.url, token_file=str(token_file), log_level="debug", page_rows="50")
        ledger.once()
        hub.tick(50)
        ledger.once()
        assert " token" in (tmp_path / "hub.log").read_text(encoding="utf-8")
        check = run([ledger.relicensed, "--config", ledger.config_path, "--check-config"], None)
        for text in (ledger.said(), check.text + check.errors, *(ledger.tool(word).text for word in ("status", "head"))):
            assert TOKEN not in text
    assert_unknown(tmp_path)


def test_bad_token_is_an_error_of_the_token(tmp_path, token_file):
    with Hubsim(generate=50, quota="none", token=["hf_another"]) as hub:
        ledger = Ledger(tmp_path, hub.url, token_file=str(token_file))
        done = ledger.once(status=None)
        assert done.status != 0
        assert "401" in done.errors and TOKEN not in done.errors
    assert_unknown(tmp_path)


@pytest.mark.parametrize("fault", ["link {}/api/models?cursor=x", "status 307 x location:{}/api/models/a/b"])
def test_no_redirect_and_no_link_takes_the_token_away(tmp_path, token_file, thief, fault):
    url, seen = thief
    proxy = FaultProxy()
    try:
        with Hubsim(generate=120, kinds="models=1", quota="none", token=[TOKEN], public_url=proxy.url) as hub:
            proxy.start(hub.address)
            ledger = Ledger(tmp_path, proxy.url, token_file=str(token_file), kinds="models", page_rows="40")
            proxy.add("always /api/models* " + fault.format(url))
            ledger.once(status=None)
            assert proxy.applied, "the fault never happened"
    finally:
        proxy.close()
    assert not seen, seen
    assert_unknown(tmp_path)


def test_token_over_plain_http_only_to_loopback(tmp_path, token_file):
    ledger = Ledger(tmp_path, "http://hub.example", token_file=str(token_file))
    done = ledger.once(status=None)
    assert done.status == 78, done.errors
    assert "hub.example" in done.errors and TOKEN not in done.errors
