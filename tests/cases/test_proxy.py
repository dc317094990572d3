# SPDX-License-Identifier: Apache-2.0
"""On the way through a proxy: named by the environment, found by our own look-up, told nothing that is not for it."""
import subprocess

import pytest

from bad_server import ConnectProxy
from harness import Hubsim, Ledger
from test_tls import Front, free_port

TOKEN, NAME = "hf_ThisIsTheSecretOfTheTest0123456789", "hub.test"
VARIABLES = [name for pair in (("https_proxy", "HTTPS_PROXY"), ("http_proxy", "HTTP_PROXY"), ("all_proxy", "ALL_PROXY"),
                               ("no_proxy", "NO_PROXY")) for name in pair]


class Way:
    """hubsim behind nginx as https://hub.test, a name that only the proxy knows, and a ledger that asks there."""

    def __init__(self, folder, front, hub, proxy):
        self.front, self.hub, self.proxy = front, hub, proxy
        self.url = f"https://{NAME}:{front.port}"
        (folder / "token").write_text(TOKEN, encoding="ascii")
        self.ledger = Ledger(folder / "ledger", self.url, ca_file=str(front.folder / "certificate.pem"),
                             token_file=str(folder / "token"), retries="1", log_level="debug")
        self.set()

    def set(self, **variables):
        environment = {name: value for name, value in self.ledger.environment.items() if name not in VARIABLES}
        self.ledger.environment = environment | variables


@pytest.fixture(name="way")
def way_fixture(tmp_path):
    port = free_port()
    with Hubsim(generate=1500, quota="none", token=[TOKEN], public_url=f"https://{NAME}:{port}") as hub:
        with Front(tmp_path / "front", port, hub.url, NAME) as front:
            with ConnectProxy({f"{NAME}:{port}": ("127.0.0.1", port)}, login="me:p@ss word") as proxy:
                yield Way(tmp_path, front, hub, proxy)


def assert_nowhere(folder, *secrets):
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "token":
            for secret in secrets:
                assert secret.encode() not in path.read_bytes(), f"{secret} is in {path}"


def test_a_tunnel_for_https(way, tmp_path):
    way.set(https_proxy=f"http://me:p%40ss%20word@localhost:{way.proxy.port}")
    way.ledger.once()
    assert way.ledger.metrics()["rows_new_total"] == 1500
    assert set(way.front.requests()) == {"HTTP/2.0 200"}
    assert way.proxy.heads and all(head.startswith("CONNECT hub.test:") for head in way.proxy.heads)
    assert all(TOKEN not in head for head in way.proxy.heads)
    # the quota in the proxy's own answer is not the Hub's: nothing waited for its 300 seconds
    assert way.ledger.metrics()["quota_limit"] == 0
    assert f"proxy=http://localhost:{way.proxy.port}" in way.ledger.said()
    assert_nowhere(tmp_path / "ledger", TOKEN, "p@ss", "p%40ss")


@pytest.mark.parametrize("login", ["", "me:wrong@"])
def test_a_proxy_that_refuses(way, tmp_path, login):
    way.set(HTTPS_PROXY=f"http://{login}127.0.0.1:{way.proxy.port}")
    done = way.ledger.once(status=1)
    assert "CONNECT tunnel failed, response 407" in done.errors and "outcome=connect" in done.errors
    assert way.front.requests() == []
    assert_nowhere(tmp_path / "ledger", TOKEN, "wrong@")


def test_exceptions(way):
    """Then the Hub's own name is looked up, which nobody here knows."""
    way.set(all_proxy=f"me:p%40ss%20word@127.0.0.1:{way.proxy.port}", NO_PROXY=".test")
    done = way.ledger.once(status=1)
    assert "outcome=lookup" in done.errors
    assert way.proxy.count == 0


def test_a_proxy_that_cannot_be_used(way):
    way.set(https_proxy="socks5h://me:hunter2@127.0.0.1:1080")
    done = way.ledger.once(status=78)
    assert "https_proxy" in done.errors and "hunter2" not in done.errors
    done = subprocess.run([way.ledger.relicensed, "--check-config", "--config", way.ledger.config_path], check=False,
                          env=way.ledger.environment, capture_output=True)
    assert done.returncode == 78


def test_loopback_needs_no_proxy(tmp_path):
    with Hubsim(generate=50, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.environment |= {"http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"}
        ledger.once()
        assert ledger.metrics()["rows_new_total"] == 50
