# SPDX-License-Identifier: Apache-2.0
"""The real programs on a simulated Hub: what cases and corpus tests are written with.

    with Hubsim(rows=[...], quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.once()
        hub.post_rows({...})
        with ledger.daemon() as daemon:
            daemon.wait(lambda: ledger.head_seq() == 1)
        ledger.changes()

Tests wait for figures (the change log's head, /sim/stats), never for a time that ought to be enough.
BUILD names the folder of the programs; else build.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD") or ROOT / "build")
if not BUILD.is_absolute():
    BUILD = ROOT / BUILD
os.environ.setdefault("HUBSIM", str(BUILD / "hubsim"))
sys.path.insert(0, str(ROOT / "tests" / "hubsim"))
from sim import Hubsim  # noqa: E402,F401  pylint: disable=wrong-import-position,unused-import

WAIT_S = 60
# Sanitizer builds are slower; what a test waits for is the same.
PATIENCE = 4 if "sanitize" in BUILD.parts else 1

# Nothing here is tested by these values: they make a test short.
DEFAULTS = {
    "contact": "tests@localhost",
    "quota_share": "100%",
    "rate_without_quota": "0",
    "retries": "3",
    "retry_base": "10ms",
    "park_time": "1s",
    "commit_interval": "10ms",
    "commit_evidence": "no",
    "backfill": "no",
    "first_pages": "0",
    "detail": "no",
}


class Failed(AssertionError):
    """A program did not do what the test counts on; the text holds what it said."""


class Run:
    """One program that has ended."""

    def __init__(self, arguments, status, output, errors):
        self.arguments, self.status, self.output, self.errors = arguments, status, output, errors

    @property
    def text(self):
        return self.output.decode("utf-8")

    def lines(self):
        return [json.loads(line) for line in self.output.splitlines()]

    def expect(self, status):
        if self.status != status:
            raise Failed(f"{' '.join(map(str, self.arguments))}\nended with {self.status}, not {status}\n"
                         f"{self.output.decode('utf-8', 'replace')[-4000:]}\n{self.errors[-8000:]}")
        return self


def run(arguments, status=0, timeout=WAIT_S * PATIENCE, **options):
    """Runs a program to its end. `status` None: any."""
    try:
        done = subprocess.run(arguments, capture_output=True, timeout=timeout, check=False, **options)
    except subprocess.TimeoutExpired as late:
        said = (late.stderr or b"").decode("utf-8", "replace")
        raise Failed(f"{' '.join(map(str, arguments))}\nstill ran after {timeout} s\n{said[-8000:]}") from None
    result = Run(arguments, done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))
    return result if status is None else result.expect(status)


def wait_until(what, until, timeout=WAIT_S * PATIENCE):
    """Asks until(); its first true answer. Fails with what() when time is over."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        answer = until()
        if answer:
            return answer
        time.sleep(0.01)
    raise Failed(what() if callable(what) else what)


class Daemon:
    """relicensed in the background; at the end of the block it is asked to end and must do so with 0."""

    def __init__(self, arguments, log_path, environment):
        self.log_path = log_path
        self.arguments = arguments
        with open(log_path, "ab") as log:
            self.process = subprocess.Popen(arguments, stdout=log, stderr=log, env=environment)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            status = self.stop()
            if kind is None and status != 0:
                raise Failed(f"relicensed ended with {status}\n{self.said()[-8000:]}")
        elif kind is None and self.process.returncode not in (0, -signal.SIGKILL):
            raise Failed(f"relicensed ended by itself with {self.process.returncode}\n{self.said()[-8000:]}")

    def said(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def wait(self, until, timeout=WAIT_S * PATIENCE):
        def ask():
            if self.process.poll() is not None:
                raise Failed(f"relicensed ended with {self.process.returncode}\n{self.said()[-8000:]}")
            return until()
        return wait_until(lambda: f"waited in vain\n{self.said()[-8000:]}", ask, timeout)

    def finished(self, timeout=WAIT_S * PATIENCE):
        """Waits until it ends by itself; its exit status."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"relicensed still ran after {timeout} s\n{self.said()[-8000:]}") from None

    def stop(self):
        self.process.terminate()
        return self.finished()

    def kill(self):
        self.process.kill()
        self.process.wait()


class Ledger:
    """A store folder, its configuration, and both programs run on it. sim_clock: hub.sim_clock, whose time it lives in."""

    def __init__(self, directory, hub_url, relicensed=None, sim_clock=None, **config):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.store = self.directory / "store"
        self.log_path = self.directory / "relicensed.log"
        self.config_path = self.directory / "relicensed.conf"
        self.relicensed = relicensed or BUILD / "relicensed"
        self.clock_arguments = ["--sim-clock", sim_clock] if sim_clock else []
        self.hub_url = hub_url
        self.environment = dict(os.environ, LC_ALL="C.UTF-8")
        self.configure(**config)

    def configure(self, **config):
        self.config = DEFAULTS | {"hub": self.hub_url, "store": str(self.store)} | config
        text = "".join(f"{key} = {value}\n" for key, value in self.config.items() if value is not None)
        self.config_path.write_text(text, encoding="utf-8")

    def once(self, *arguments, status=0, timeout=WAIT_S * PATIENCE):
        """relicensed --once. Its log is appended to log_path and is the errors of what is returned."""
        return self.play("--once", *arguments, status=status, timeout=timeout)

    def backfill(self, what, *arguments, status=0, timeout=WAIT_S * PATIENCE):
        """relicensed --backfill FILE|OWNER, as once()."""
        return self.play("--backfill", what, *arguments, status=status, timeout=timeout)

    def play(self, *arguments, status=0, timeout=WAIT_S * PATIENCE):
        """relicensed in a mode that ends by itself."""
        done = run([self.relicensed, "--config", self.config_path, *self.clock_arguments, *arguments], None, timeout,
                   env=self.environment)
        with open(self.log_path, "a", encoding="utf-8") as log:
            log.write(done.errors)
        return done if status is None else done.expect(status)

    def load(self, dump, observed_at, *arguments, status=0, timeout=WAIT_S * PATIENCE, **options):
        """relicensed --import of a file, or of rows, which are written as JSON lines."""
        path = dump
        if isinstance(dump, list):
            path = self.directory / "dump.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in dump), encoding="utf-8")
        return run([self.relicensed, "--config", self.config_path, "--import", path, "--observed-at", observed_at, *arguments],
                   status, timeout, env=self.environment, **options)

    def dry_run(self, *arguments, status=0):
        return run([self.relicensed, "--config", self.config_path, "--dry-run", *arguments], status, env=self.environment)

    def once_killed(self, hub, pages):
        """relicensed --once, killed when the Hub has sent so many pages more, and what it left is verified. False where it
        was done before."""
        goal = hub.stats()["pages"] + pages
        with self.daemon("--once") as daemon:
            try:
                daemon.wait(lambda: hub.stats()["pages"] >= goal)
            except Failed:
                assert daemon.process.returncode == 0
                return False
            daemon.kill()
        self.verify()
        return True

    def daemon(self, *arguments):
        return Daemon([self.relicensed, "--config", self.config_path, *self.clock_arguments, *arguments], self.log_path,
                      self.environment)

    def tool(self, command, *arguments, status=0, timeout=WAIT_S * PATIENCE):
        return run([BUILD / "relicense", command, *arguments, "--store", self.store], status, timeout,
                   env=self.environment)

    def changes(self, *arguments):
        """All records, oldest first."""
        found = self.tool("changes", "--all", "--after", "0", "--format", "ndjson", *arguments).lines()
        return [line for line in found if "seq" in line]

    def head_seq(self):
        """Seq of the newest record; -1 where there is no store yet."""
        done = self.tool("head", "--format", "json", status=None)
        return json.loads(done.output)["seq"] if done.status == 0 else -1

    def verify(self):
        return self.tool("verify")

    def metrics(self):
        """The daemon's figures without their prefix, as written at its end."""
        figures = {}
        for line in (self.store / "metrics.prom").read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                figures[name.removeprefix("relicensed_")] = int(value)
        return figures

    def said(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def dump(self):
        """What is stored: every version as a line `kind oid version canonical`."""
        return run([BUILD / "dump_store", self.store], timeout=600).output.splitlines()


# --- records as short lines, for people and for expectations ------------------------------------------------------------

PREFIXES = {"model": "", "dataset": "datasets/", "space": "spaces/", None: ""}


def statement_text(side):
    """`mit`, `other/falcon-llm-license`, `apache-2.0+mit`, or - for none."""
    if not side or not side["license"]:
        return "-"
    named = "/" + side["license_name"] if side.get("license_name") else ""
    return "+".join(side["license"]) + named


def repo_text(record, name):
    return PREFIXES[record["kind"]] + name if name else "-"


def record_text(record):
    """One line: event, repo, and what this event is about."""
    event, before, after = record["event"], record["before"], record["after"]
    words = [event]
    if record.get("repo"):
        words.append(repo_text(record, record["repo"]))
    if event.startswith("license."):
        words += [statement_text(before), "->", statement_text(after)]
    elif event in ("repo.created", "repo.appeared"):
        words.append(statement_text(after))
    elif event == "repo.renamed":
        words = [event, repo_text(record, before["repo"]), "->", repo_text(record, after["repo"])]
    elif event in ("access.gated", "access.ungated", "access.changed"):
        words += [before["gated"], "->", after["gated"]]
    elif event in ("lineage.changed", "metadata.changed"):
        words.append(",".join(record["fields"]))
    words += [record[key] for key in ("direction", "commercial") if record[key]]
    if record["reason"]:
        words.append("(" + record["reason"] + ")")
    return " ".join(words)
