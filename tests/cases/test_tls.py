# SPDX-License-Identifier: Apache-2.0
"""Crawling through a server that nobody here wrote: nginx, HTTP/2 over TLS, in front of the simulated Hub."""
import shutil
import socket
import subprocess

import pytest
from harness import Hubsim, Ledger, wait_until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
CONFIG = """
worker_processes 1;
daemon off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
    log_format requests "$server_protocol $status";
    access_log {folder}/access.log requests;
    client_body_temp_path {folder}/temp; proxy_temp_path {folder}/temp; fastcgi_temp_path {folder}/temp;
    uwsgi_temp_path {folder}/temp; scgi_temp_path {folder}/temp;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        location / {{ proxy_pass {behind}; proxy_http_version 1.1; }}
    }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Front:
    """nginx in front of a hub; its certificate is for `name`, signed by itself."""

    def __init__(self, folder, port, behind, name="localhost"):
        self.folder, self.port = folder, port
        folder.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", folder / "key.pem", "-out", folder / "certificate.pem", "-days", "2", "-subj",
                        f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"], check=True, capture_output=True)
        config = folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=folder, port=port, behind=behind), encoding="ascii")
        self.process = subprocess.Popen([NGINX, "-c", config, "-e", folder / "error.log"])

    def __enter__(self):
        wait_until("nginx", lambda: answers(self.port))
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def requests(self):
        return (self.folder / "access.log").read_text(encoding="ascii").splitlines()


@pytest.fixture(name="front")
def front_fixture(tmp_path):
    assert NGINX, "nginx is not installed: run make deps"
    port = free_port()
    with Hubsim(generate=2500, quota="none", public_url=f"https://localhost:{port}") as hub:
        with Front(tmp_path / "front", port, hub.url) as front:
            yield front


def test_pages_come_over_http2(front, tmp_path):
    ledger = Ledger(tmp_path / "ledger", f"https://localhost:{front.port}", ca_file=str(front.folder / "certificate.pem"))
    ledger.once()
    assert ledger.metrics()["rows_new_total"] == 2500
    assert set(front.requests()) == {"HTTP/2.0 200"}
    ledger.verify()


def test_a_certificate_nobody_vouches_for_is_refused(front, tmp_path):
    ledger = Ledger(tmp_path / "ledger", f"https://localhost:{front.port}", retries="1")
    done = ledger.once(status=1)
    assert "certificate" in done.errors
    assert front.requests() == []


def test_a_certificate_for_another_host_is_refused(front, tmp_path):
    ledger = Ledger(tmp_path / "ledger", f"https://127.0.0.1:{front.port}", retries="1",
                    ca_file=str(front.folder / "certificate.pem"))
    ledger.once(status=1)
    assert front.requests() == []
