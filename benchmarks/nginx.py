# SPDX-License-Identifier: Apache-2.0
"""nginx for a benchmark, with a certificate of its own for localhost.

    with Nginx(folder, http, port): ...    `http` is what stands within http {}; folder/certificate.pem and key.pem are made
"""
import pathlib
import socket
import subprocess
import time

CONFIG = """
worker_processes 1;
worker_rlimit_nofile 18000;
daemon off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    default_type application/json;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 10000000;
    keepalive_timeout 3600s;
    client_body_temp_path {folder}/temp; proxy_temp_path {folder}/temp; fastcgi_temp_path {folder}/temp;
    uwsgi_temp_path {folder}/temp; scgi_temp_path {folder}/temp;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    {http}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(process, port):
    """Whether it listens; False where it ended instead."""
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        if process.poll() is not None:
            break
        time.sleep(0.02)
    return False


class Nginx:
    """Runs within its block; `port` is one that `http` listens on."""

    def __init__(self, folder, http, port):
        self.folder, self.http, self.port, self.process = pathlib.Path(folder), http, port, None

    def __enter__(self):
        (self.folder / "temp").mkdir(exist_ok=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", self.folder / "key.pem", "-out", self.folder / "certificate.pem"], check=True,
                       capture_output=True)
        config = self.folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=self.folder, http=self.http), encoding="ascii")
        self.process = subprocess.Popen(["nginx", "-c", config, "-e", self.folder / "error.log"])
        if wait_for_port(self.process, self.port):
            return self
        self.__exit__()
        raise RuntimeError("nginx did not start:\n" + (self.folder / "error.log").read_text(encoding="utf-8"))

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
