# SPDX-License-Identifier: Apache-2.0
"""Retry-After, on whatever status and in whatever form it comes: until then nothing is sent, and then the crawl goes on."""
import email.utils
import http.server
import json
import threading
import time

import pytest

from harness import Ledger

WAIT_S = 3
ROWS = json.dumps([{"_id": "64" + "0" * 21 + "1", "id": "a/one", "cardData": {"license": "mit"}}]).encode()
FORMS = {
    "seconds": lambda: str(WAIT_S),
    "a fraction": lambda: f"{WAIT_S}.0",
    "a date": lambda: email.utils.formatdate(time.time() + WAIT_S, usegmt=True),
    "an obsolete date": lambda: time.strftime("%A, %d-%b-%y %H:%M:%S GMT", time.gmtime(time.time() + WAIT_S)),
}


class Hub:
    """Answers everything by `status` and Retry-After until that is over, then with one row. Notes when it was asked."""

    def __init__(self, status, retry_after):
        hub = self
        self.asked, self.open_at = [], None

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                now = time.monotonic()
                hub.asked.append(now)
                hub.open_at = hub.open_at or now + WAIT_S
                closed = now < hub.open_at - 1  # a date has whole seconds
                body = b'{"error":"later"}' if closed else ROWS
                self.send_response(status if closed else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                if closed:
                    self.send_header("Retry-After", retry_after())
                    if status == 307:
                        self.send_header("Location", self.path)
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("status,form", [(503, "seconds"), (500, "a fraction"), (502, "an obsolete date"), (429, "a date")])
def test_waited_for(tmp_path, status, form):
    with Hub(status, FORMS[form]) as hub:
        ledger = Ledger(tmp_path, hub.url, kinds="models", retries="5", retry_base="10ms")
        done = ledger.once()
        early = [at - hub.asked[0] for at in hub.asked[1:] if at < hub.open_at - 1]
        assert not [at for at in early if at > 0.5], early  # those that were under way together
        assert len(early) <= 2 and "event=asked-to-wait" in done.errors
        assert ledger.metrics()["retry_after_total"] >= 1


def test_nonsense_is_counted_and_not_obeyed(tmp_path):
    with Hub(503, lambda: "soon") as hub:
        ledger = Ledger(tmp_path, hub.url, kinds="models", retries="20", retry_base="10ms")
        ledger.once(status=None)
        assert ledger.metrics()["retry_after_unread_total"] >= 2
        assert hub.asked[1] - hub.asked[0] < WAIT_S - 1


def test_once_gives_up_in_the_end(tmp_path):
    """However long the Hub asks to wait: --once has a limit of its own."""
    with Hub(503, lambda: "999999999") as hub:
        ledger = Ledger(tmp_path, hub.url, kinds="models", once_give_up="1s")
        done = ledger.once(status=69)
        assert "asked_s=999999999 wait_ms=3600000" in done.errors
        assert "event=hub-unreachable" in done.errors and "it answers with errors of its own" in done.errors
    ledger.verify()
