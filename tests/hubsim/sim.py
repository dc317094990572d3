# SPDX-License-Identifier: Apache-2.0
"""Starts hubsim for a test and speaks to it.

    with Hubsim(rows=[{...}], quota="none") as hub:
        answer = hub.get("/api/models?limit=2")
        answer.status, answer.headers["link"], answer.json()

HUBSIM names the program; else build/hubsim.
"""
import gzip
import http.client
import json
import os
import re
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Answer:
    """One HTTP answer; header names in lower case, a gzip body unpacked."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.sent = response.read()
        self.body = gzip.decompress(self.sent) if self.headers.get("content-encoding") == "gzip" else self.sent

    def json(self):
        return json.loads(self.body)

    def lines(self):
        return [json.loads(line) for line in self.body.splitlines()]

    def next_path(self):
        """The target of the next link without its origin, or None."""
        found = re.fullmatch(r'<(https?://[^/>]+)([^>]*)>; rel="next"', self.headers.get("link", ""))
        return found.group(2) if found else None


def faults_text(faults):
    return faults if isinstance(faults, str) else ",".join(f"{name}={share}" for name, share in faults.items())


def known_faults():
    """All that hubsim can do wrong, as GET /sim/faults lists it, by name."""
    with Hubsim() as hub:
        return {fault["name"]: fault for fault in hub.get("/sim/faults").json()}


class Hubsim:
    """A running hubsim. Options become arguments: quota="none" is --quota none, no_card=True is --no-card.

    sim_clock=True: time is simulated, at a socket of its own (hub.sim_clock).
    faults={"reset-body": 0.3} or the text; tls=True makes url https, and the authority's certificate is `ca_file`.
    What is asked here goes by plain HTTP.
    """

    def __init__(self, rows=None, sim_clock=False, **options):
        self.directory = tempfile.TemporaryDirectory(prefix="hubsim-")
        self.sim_clock = os.path.join(self.directory.name, "clock") if sim_clock else None
        if sim_clock:
            options["sim_clock"] = self.sim_clock
        arguments = [os.environ.get("HUBSIM", os.path.join(ROOT, "build", "hubsim"))]
        if isinstance(rows, str):  # a file
            arguments += ["--rows", rows]
        elif rows is not None:
            path = os.path.join(self.directory.name, "rows.jsonl")
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in rows)
            arguments += ["--rows", path]
        self.ca_file = os.path.join(self.directory.name, "authority.pem")
        if options.get("tls") is True:
            options["tls"] = self.ca_file
        if isinstance(options.get("faults"), dict):
            options["faults"] = faults_text(options["faults"])
        for name, value in options.items():
            for one in value if isinstance(value, list) else [value]:
                arguments.append("--" + name.replace("_", "-"))
                if one is not True:
                    arguments.append(str(one))
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on (https?://(127\.0\.0\.1:\d+))\n", line)
        if not found:
            self.close()
            raise RuntimeError(f"hubsim said {line!r}, exit status {self.process.returncode}")
        self.url, self.address = found.groups()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends it; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(timeout=30)
        self.process.stdout.close()
        self.directory.cleanup()
        return status

    def connect(self):
        """A connection by plain HTTP; it waits out the moments in which a fault refuses all."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        end = time.monotonic() + 30
        while True:
            try:
                connection.connect()
                return connection
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise

    def request(self, method, path, body=None, headers=None):
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, token=None, **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = "Bearer " + token
        return self.request("GET", path, headers=sent)

    def post_rows(self, *rows):
        answer = self.request("POST", "/sim/rows", "".join(json.dumps(row) + "\n" for row in rows).encode())
        assert answer.status == 200, answer.body
        return answer.json()

    def tick(self, changes):
        return self.request("POST", f"/sim/tick?changes={changes}").json()

    def truth(self, visible=False):
        return self.get("/sim/truth?visible=1" if visible else "/sim/truth").lines()

    def set_faults(self, faults=""):
        """From now on these: {"stall": 0.3}, or the text; nothing: none."""
        answer = self.request("POST", "/sim/faults", faults_text(faults).encode())
        assert answer.status == 200, answer.body

    def happened(self, fault):
        """How often a fault had its effect so far."""
        return self.stats()["faults"].get(fault, 0)

    def stats(self):
        return self.get("/sim/stats").json()

    def calm(self):
        """From now on nothing changes by itself (--changes-a-day)."""
        return self.request("POST", "/sim/calm").json()

    def run_time(self, ms=None):
        """Simulated time goes on for so long and stops there (None: it does not stop)."""
        return self.request("POST", "/sim/run" if ms is None else f"/sim/run?ms={ms}").json()["time"]

    def advance(self, ms):
        """Simulated time is so much later at once."""
        return self.request("POST", f"/sim/advance?ms={ms}").json()["time"]

    def skew(self, ms):
        """The daemon's wall clock is so far off."""
        return self.request("POST", f"/sim/skew?ms={ms}").json()["time"]

    def walk(self, path, on_page=None, token=None):
        """All rows of a listing, page by page; on_page(page number) runs between pages."""
        rows, number = [], 0
        while path:
            answer = self.get(path, token=token)
            assert answer.status == 200, answer.body
            rows += answer.json()
            path = answer.next_path()
            number += 1
            if on_page and path:
                on_page(number)
        return rows
