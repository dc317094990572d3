# SPDX-License-Identifier: Apache-2.0
"""Names: a server that hangs does not stop the loop, and every address of a name is tried.

The daemon sees an /etc/hosts and an /etc/resolv.conf of the test's, in a mount namespace of its own: that needs root.
"""
import shlex
import socket
import subprocess
import time

import pytest

from harness import Hubsim, Ledger

ELSEWHERE, NAME = "127.66.0.1", "hub.test"
pytestmark = pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode != 0,
    reason="no mount namespace can be made here (needs root)")


def wrapped(folder, program, hosts):
    """A script that runs the program with these files in place of the system's."""
    (folder / "hosts").write_text(hosts, encoding="ascii")
    (folder / "resolv.conf").write_text(f"nameserver {ELSEWHERE}\n", encoding="ascii")
    mounts = " && ".join(f"mount --bind {shlex.quote(str(folder / name))} /etc/{name}" for name in ("hosts", "resolv.conf"))
    script = folder / "relicensed"
    inner = shlex.quote(f'{mounts} && exec {shlex.quote(str(program))} "$@"')
    script.write_text(f'#!/bin/sh\nexec unshare --mount sh -c {inner} sh "$@"\n', encoding="ascii")
    script.chmod(0o755)
    return script


@pytest.fixture(name="deaf")
def deaf_fixture():
    """A name server that hears and never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        try:
            server.bind((ELSEWHERE, 53))
        except OSError as refused:
            pytest.skip(f"port 53 of {ELSEWHERE}: {refused}")
        server.setblocking(False)
        yield server


def has_heard(server):
    try:
        return bool(server.recv(1000))
    except BlockingIOError:
        return False


def heartbeats(service):
    count = 0
    while True:
        try:
            count += service.recv(1000) == b"WATCHDOG=1"
        except BlockingIOError:
            return count


def test_a_name_server_that_hangs(tmp_path, deaf):
    """While it hangs the watchdog is fed, the look-up is given up after connect_limit, and SIGTERM is obeyed at once."""
    ledger = Ledger(tmp_path / "ledger", f"http://{NAME}", kinds="models", plain_http=NAME, connect_limit="1s", retries="0")
    ledger.relicensed = wrapped(tmp_path, ledger.relicensed, "127.0.0.1 localhost\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
        service.bind(str(tmp_path / "notify"))
        service.setblocking(False)
        ledger.environment |= {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        with ledger.daemon() as daemon:
            daemon.wait(lambda: has_heard(deaf))
            heartbeats(service)
            daemon.wait(lambda: "the name look-up takes too long" in daemon.said())
            assert heartbeats(service) >= 5  # ten are due in a second
            started = time.monotonic()
            assert daemon.stop() == 0
            assert time.monotonic() - started < 2
    assert ledger.metrics()["transfer_lookup_failed_total"] > 0
    ledger.verify()


def test_every_address_is_tried(tmp_path):
    with Hubsim(generate=100, quota="none", public_url=f"http://{NAME}") as hub:
        port = hub.address.rsplit(":", 1)[1]
        ledger = Ledger(tmp_path / "ledger", f"http://{NAME}:{port}", plain_http=NAME, kinds="models", retries="0")
        ledger.relicensed = wrapped(tmp_path, ledger.relicensed, f"{ELSEWHERE} {NAME}\n127.66.0.2 {NAME}\n127.0.0.1 {NAME}\n")
        ledger.once()
        assert ledger.metrics()["rows_new_total"] > 0


def test_an_unknown_name_is_said(tmp_path):
    ledger = Ledger(tmp_path / "ledger", "https://no-such-host.invalid", kinds="models", retries="0")
    (tmp_path / "nsswitch.conf").write_text("hosts: files\n", encoding="ascii")
    script = wrapped(tmp_path, ledger.relicensed, "127.0.0.1 localhost\n")
    text = script.read_text(encoding="ascii").replace("sh -c '", f"sh -c 'mount --bind {tmp_path}/nsswitch.conf "
                                                      "/etc/nsswitch.conf && ")
    script.write_text(text, encoding="ascii")
    ledger.relicensed = script
    done = ledger.once(status=1)
    assert "no-such-host.invalid: " in done.errors and "outcome=lookup" in done.errors
