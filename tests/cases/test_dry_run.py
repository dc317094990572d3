# SPDX-License-Identifier: Apache-2.0
"""A dry run: what it counts and estimates, how little it asks for, and that nothing is written."""
import http.server
import json
import threading

import pytest

from harness import Hubsim, Ledger

KINDS = ("models", "datasets", "spaces")
ASKED_MAX = 36


def foretold(ledger, *arguments):
    """({kind: repos}, {kind: how they were counted}, {lane: requests}, text) of a dry run."""
    text = ledger.dry_run(*arguments).text
    lines = text.splitlines()
    repos, source, lanes = {}, {}, {}
    for line in lines:
        words = line.split()
        if words and words[0] in KINDS:
            repos[words[0]] = int(words[1].replace(",", ""))
            source[words[0]] = line[60:].strip()
    table = [number for number, line in enumerate(lines) if line.startswith("lane ")][0]
    for line in lines[table + 1:lines.index("", table)]:
        lanes[line[:14].strip()] = int(line[14:26].replace(",", ""))
    return repos, source, lanes, text


def test_a_small_hub_is_counted(tmp_path):
    with Hubsim(generate=900, quota="api=500/300") as hub:
        ledger = Ledger(tmp_path, hub.url)
        repos, source, lanes, text = foretold(ledger)
        assert repos == hub.stats()["repos"]
        assert set(source.values()) == {"all on one page"}
        assert hub.stats()["pages"] == 6 and "asked 6 times" in text
        assert lanes["first sweep"] == lanes["sweep"] == 3
        assert "quota: 500 requests in 300 s" in text
        assert not ledger.store.exists()


def test_a_large_hub_is_estimated(tmp_path):
    with Hubsim(generate=100000, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, rate_without_quota="100")
        repos, source, lanes, text = foretold(ledger)
        true = hub.stats()["repos"]
        assert set(source.values()) == {"estimated from pages"}
        for kind in KINDS:
            assert abs(repos[kind] - true[kind]) < 0.2 * true[kind]
        assert hub.stats()["requests"]["list"]["200"] <= ASKED_MAX
        assert abs(lanes["first sweep"] - 100) < 20
        assert "none is announced, rate_without_quota 100/s" in text


def test_a_store_is_asked_first(tmp_path):
    with Hubsim(generate=5000, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.once()
        pages = hub.stats()["pages"]
        repos, source, _, text = foretold(ledger)
        assert repos == hub.stats()["repos"]
        assert set(source.values()) == {"known to the store"}
        assert hub.stats()["pages"] == pages + 6 and "asked 6 times" in text
        # it is held by nobody, and a daemon that holds it does not hinder
        with ledger.daemon() as daemon:
            daemon.wait(lambda: hub.stats()["pages"] > pages + 6)
            assert foretold(ledger)[0] == repos


def test_the_quota_is_obeyed(tmp_path):
    with Hubsim(generate=100000, quota="api=40/2") as hub:
        ledger = Ledger(tmp_path, hub.url, quota_share="50%", kinds="models")
        text = ledger.dry_run().text
        assert "quota: 40 requests in 2 s" in text
        assert hub.stats()["refused_429"] == 0


def test_nobody_there(tmp_path):
    done = Ledger(tmp_path, "http://127.0.0.1:9", retry_base="1ms").dry_run(status=69)
    assert done.output == b""
    assert done.errors.startswith("relicensed: http://127.0.0.1:9 cannot be asked: connect")
    assert done.errors.count("\n") == 1


class Stubborn(http.server.BaseHTTPRequestHandler):
    """A Hub that cannot be entered at an oid: 400, or, where `ignores` is set, the first page again."""
    ignores = False

    def log_message(self, *_):
        pass

    def do_GET(self):  # pylint: disable=invalid-name
        newest = "direction=-1" in self.path
        seconds = [1790000000 - n if newest else 1650000000 + 60 * n for n in range(1000)]
        body = json.dumps([{"_id": f"{at:08x}" + "0" * 16, "id": f"a/{at}", "lastModified": "2026-11-01T00:00:00.000Z"}
                           for at in seconds]).encode()
        refused = "cursor=" in self.path and not self.ignores
        self.send_response(400 if refused else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Link", f'<http://127.0.0.1:{self.server.server_port}/api/models?x>; rel="next"')
        self.end_headers()
        self.wfile.write(body)


@pytest.mark.parametrize("ignores", [False, True])
def test_no_way_in_at_an_oid(ignores, tmp_path):
    handler = type("Handler", (Stubborn,), {"ignores": ignores})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        repos, source, _, _ = foretold(Ledger(tmp_path, f"http://127.0.0.1:{server.server_port}"))
        server.shutdown()
    assert set(source.values()) == {"as published, grown since"}
    assert repos["models"] > 3117871


def test_a_refusal_is_said(tmp_path):
    (tmp_path / "token").write_text("hf_wrong\n", encoding="utf-8")
    with Hubsim(generate=10, quota="none") as hub:
        done = Ledger(tmp_path, hub.url, token_file=str(tmp_path / "token")).dry_run(status=69)
        assert "the Hub answers 401" in done.errors
        assert "hf_wrong" not in done.errors


def test_links_that_lead_away_are_said(tmp_path):
    """A mirror that passes Link on as it came: the first page can be had, no crawl gets to the second."""
    with Hubsim(generate=3000, quota="none", public_url="https://hub.example") as hub:
        text = Ledger(tmp_path, hub.url).dry_run(status=1).text
        assert "NO CRAWL GETS BEYOND THE FIRST PAGE: the link to the next page leads to another origin (https://hub.example/" in text


class Refusing(http.server.BaseHTTPRequestHandler):
    """A server of another make: 422 for a parameter that it does not know, or an error that gives no reason."""
    body = b""

    def log_message(self, *_):
        pass

    def do_GET(self):  # pylint: disable=invalid-name
        self.send_response(422)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)


SORT = b"""{"detail":[{"loc":["query","sort"],"msg":"unexpected value; permitted: 'downloads'\x1b[31m"}]}"""


@pytest.mark.parametrize("body, said", [
    (SORT, "the Hub answers 422: it does not take 'sort' as a crawl needs it: {\"detail\""), (b"", "the Hub answers 422: (without a reason)"),
])
def test_a_refusal_names_what_is_refused(body, said, tmp_path):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Refusing,), {"body": body})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ledger = Ledger(tmp_path, f"http://127.0.0.1:{server.server_port}")
        done = ledger.dry_run(status=69)
        assert said in done.errors and "\x1b" not in done.errors
        parked = [line for line in ledger.once(status=1).errors.splitlines() if "event=lane-parked" in line]
        server.shutdown()
    assert parked and "the Hub answers 422" in parked[0] and ("'sort'" in parked[0]) == bool(body)
