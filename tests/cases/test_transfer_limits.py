# SPDX-License-Identifier: Apache-2.0
"""Each limit of a transfer, reached alone: in time, in size, in connections."""
import gzip
import socket
import time

import pytest

from bad_server import BadServer, Gate, read_head
from harness import Hubsim, Ledger

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
LIMITS = {"connect_limit": "20s", "first_byte_limit": "20s", "stall_limit": "20s", "total_limit": "20s"}


def say_nothing(connection):
    read_head(connection)
    connection.recv(1)


def never_greet(connection):
    connection.recv(1 << 20)
    connection.recv(1)


def stall(connection):
    read_head(connection)
    connection.sendall(HEAD + b"content-length: 100\r\n\r\n[")
    connection.recv(1)


def drip(connection):
    read_head(connection)
    connection.sendall(HEAD + b"content-length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.02)


@pytest.mark.parametrize("limit, behaviour, scheme", [
    ("connect_limit", never_greet, "https"),
    ("first_byte_limit", say_nothing, "http"),
    ("stall_limit", stall, "http"),
    ("total_limit", drip, "http"),
])
def test_a_limit_of_time(tmp_path, limit, behaviour, scheme):
    with BadServer(behaviour) as server:
        ledger = Ledger(tmp_path, f"{scheme}://127.0.0.1:{server.port}", kinds="models", retries="0", **(LIMITS | {limit: "1s"}))
        started = time.monotonic()
        done = ledger.once(status=1)
        assert 0.9 < time.monotonic() - started < 15
    assert limit in done.errors
    assert ledger.metrics()["transfer_timeout_total"] == 1


def endless_body(connection):
    read_head(connection)
    connection.sendall(HEAD + b"\r\n")
    while True:
        connection.sendall(b"[" + b" " * 65536)


def endless_head(connection):
    read_head(connection)
    connection.sendall(HEAD)
    while True:
        connection.sendall(b"x-more: " + b"y" * 1000 + b"\r\n")


def claims_much(connection):
    read_head(connection)
    connection.sendall(HEAD + b"content-length: 999999999999\r\n\r\n[")
    connection.recv(1)


BOMB = gzip.compress(gzip.compress(b"\0" * (1 << 30), 9), 9)


def bomb(connection):
    body = gzip.decompress(BOMB)
    while read_head(connection):
        connection.sendall(HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


@pytest.mark.parametrize("behaviour, counter", [
    (endless_body, "transfer_too_big_total"), (endless_head, "transfer_too_big_total"),
    (claims_much, "transfer_too_big_total"), (bomb, "pages_damaged_total"),
])
def test_a_limit_of_size(tmp_path, behaviour, counter):
    """Ends at once, and takes no more memory than a page may have: 1 GiB of zeros in a megabyte included."""
    with BadServer(behaviour) as server:
        ledger = Ledger(tmp_path, server.url, kinds="models", retries="0", page_bytes_max="2MiB", page_rows="1")
        with ledger.daemon("--once") as daemon:
            peak = 0
            while daemon.process.poll() is None:
                peak = max(peak, private_bytes(daemon.process.pid))
                time.sleep(0.005)
            assert daemon.process.returncode == 1, daemon.said()
            daemon.process.returncode = 0  # as expected: the block need not ask
    assert ledger.metrics()[counter] > 0
    assert peak < 48 << 20


def status_in_a_header(connection):
    while read_head(connection):
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nHTTP/1.1 200 OK\r\nHTTP/2 200\r\ncontent-length: 2\r\n\r\n[]")


def test_a_header_does_not_replace_the_status(tmp_path):
    with BadServer(status_in_a_header) as server:
        ledger = Ledger(tmp_path, server.url, kinds="models", retries="0")
        ledger.once(status=1)
    figures = ledger.metrics()
    assert figures["status_2xx_total"] == 0 and figures["pages_total"] == 0
    assert figures["status_4xx_total"] + figures["transfer_protocol_total"] > 0


def private_bytes(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            return sum(int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon"))
    except (OSError, ValueError):
        return 0


def test_no_more_connections_than_allowed(tmp_path):
    """Many are wanted at once over HTTP/1.1, where one connection carries one request."""
    with Gate() as gate:
        with Hubsim(generate=2000, quota="none", latency=20, public_url=gate.url) as hub:
            gate.address = hub.address
            ledger = Ledger(tmp_path, gate.url, page_rows="20", sweep_ahead="64", connections_max="3", transfers_max="1000")
            ledger.once()
            assert ledger.metrics()["rows_new_total"] == 2000
            assert 1 <= gate.count <= 3


def test_plain_text_where_tls_is_expected(tmp_path):
    with Hubsim(generate=10, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url.replace("http://", "https://"), kinds="models", retries="1")
        ledger.once(status=1)
        assert not any(hub.stats()["requests"].values())
    assert ledger.metrics()["transfer_connect_failed_total"] == 2


def test_it_ends_at_once_with_much_under_way(tmp_path):
    """Some 64 connections that were accepted and are not served: SIGTERM ends within two seconds."""
    with Gate() as gate:
        with Hubsim(generate=3000, quota="none", public_url=gate.url) as hub:
            gate.address = hub.address
            ledger = Ledger(tmp_path, gate.url, page_rows="10", sweep_ahead="64", connections_max="64", transfers_max="64")
            with ledger.daemon() as daemon:
                daemon.wait(lambda: gate.count >= 3 and ledger.head_seq() >= -1 and "event=lane-started" in daemon.said())
                gate.shut(Gate.SILENT)
                known = gate.count
                daemon.wait(lambda: gate.count > known)
                started = time.monotonic()
                assert daemon.stop() == 0
                assert time.monotonic() - started < 2
    ledger.verify()


def test_nobody_listens(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        ledger = Ledger(tmp_path, f"http://127.0.0.1:{probe.getsockname()[1]}", kinds="models", retries="2")
        ledger.once(status=1)
    assert ledger.metrics()["transfer_connect_failed_total"] == 3
