# SPDX-License-Identifier: Apache-2.0
"""One of hubsim's faults, and a ledger that is crawled under it beside one that is not."""
import concurrent.futures
import contextlib

from harness import Hubsim, Ledger, record_text
from sim import known_faults

FAULTS = known_faults()
TOKEN = "hf_ThisIsTheSecretOfTheTest0123456789"

# Long enough for an answer on a loaded machine, short enough for a test.
LIMITS = {
    "confirm_pause": "0s",
    "kinds": "models", "page_rows": "50", "poll_rows": "20", "page_bytes_max": "1MiB", "poll_interval": "1s", "park_time": "1s",
    "connect_limit": "500ms", "first_byte_limit": "500ms", "stall_limit": "300ms", "total_limit": "1s",
    "retries": "4", "retry_base": "5ms",
}


def counts_quota(fault):
    return fault.startswith(("429", "quota"))


@contextlib.contextmanager
def hub_under(fault, **options):
    """A Hub that can have this fault, which it has not yet."""
    options = {"generate": 300, "kinds": "models=1", "quota": "api=5000/2" if counts_quota(fault) else "none",
               "token": [TOKEN], "tls": FAULTS[fault]["stage"] == "connection", **options}
    if not options["tls"]:
        del options["tls"]
    with Hubsim(**options) as hub:
        yield hub


def ledger_of(hub, folder, **config):
    """With the token."""
    folder.mkdir(parents=True, exist_ok=True)
    token = folder / "token"
    token.write_text(TOKEN + "\n", encoding="ascii")
    token.chmod(0o600)
    secure = {"ca_file": hub.ca_file} if hub.url.startswith("https") else {}
    return Ledger(folder, hub.url, token_file=str(token), **(LIMITS | secure | config))


def told(ledger):
    """What is said to have happened, in no order: no gaps, and nothing that is only learnt later."""
    return sorted(f"{record['oid']} {record_text(record)}" for record in ledger.changes()
                  if record["event"] != "gap" and not record["event"].startswith("evidence."))


def final_states(ledger):
    """Of each repo its last version, or that it is gone."""
    states = {}
    for line in ledger.dump():
        kind, oid, what, *content = line.split(b" ", 3)
        if what.isdigit() or what == b"gone":
            states[kind, oid] = content
    return states


def peak_kib(process):
    """VmHWM of a process that runs."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def assert_unknown(folder, token=TOKEN):
    """No file below the folder holds the token but the one that is called so."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "token":
            assert token.encode() not in path.read_bytes(), f"the token is in {path}"


@contextlib.contextmanager
def side_by_side(request, factory, trial, workers):
    """The futures of trial(fault, folder) for the faults that a module's tests were chosen for: most of it is waiting."""
    chosen = [item.callspec.params["fault"] for item in request.session.items
              if item.module is request.module and "fault" in item.callspec.params]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        yield {fault: pool.submit(trial, fault, factory.mktemp(fault)) for fault in chosen}
