#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""demo.py BUILD: the whole product in half a minute, against a simulated Hub on this machine.

Starts the simulated Hub with the shipped real rows, crawls it, lets documented license switches happen (and things
that must not show), crawls again, and prints the change log and the license mix. The store stays in BUILD/demo/store.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.request

BUILD = pathlib.Path(sys.argv[1])
DEMO = BUILD / "demo"
STORE = DEMO / "store"
QUOTA = "api=100000/300,resolvers=100000/300"


def say(text):
    print(f"\n== {text}", flush=True)


def start_hub(rows):
    hub = subprocess.Popen([BUILD / "hubsim", "--rows", rows, "--port", "0", "--quota", QUOTA], stdout=subprocess.PIPE,
                           text=True)
    first = hub.stdout.readline()
    if not first.startswith("listening on "):
        sys.exit(f"demo: the simulated Hub did not start: {first!r}")
    return hub, first.split()[-1]


def crawl(url):
    started = time.monotonic()
    log = DEMO / "relicensed.log"
    with open(log, "a", encoding="utf-8") as errors:
        result = subprocess.run([BUILD / "relicensed", "--once", "--hub", url, "--store", STORE, "--config",
                                 DEMO / "relicensed.conf"], stderr=errors, check=False)
    if result.returncode != 0:
        sys.exit(f"demo: relicensed ended with {result.returncode}; its log is {log}:\n{log.read_text()[-2000:]}")
    print(f"   crawled in {time.monotonic() - started:.1f} s")


def ask(url, method, data=None):
    request = urllib.request.Request(url, method=method, data=data)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def happen(url):
    """The switches, a rename, a deletion, a commit that leaves the card alone and new counters."""
    rows = (DEMO / "after.jsonl").read_bytes()
    ask(f"{url}/sim/rows", "POST", rows)
    kind, oid = (DEMO / "delete.txt").read_text(encoding="ascii").split()
    ask(f"{url}/sim/rows/{oid}", "DELETE")
    print(f"   {len(rows.splitlines())} rows changed, one {kind} deleted")


def show(*arguments):
    print(f"\n$ relicense {' '.join(arguments)}", flush=True)
    result = subprocess.run([BUILD / "relicense", *arguments, "--store", STORE], check=False)
    if result.returncode != 0:
        sys.exit(f"demo: relicense {arguments[0]} ended with {result.returncode}")


def falcon_is_logged():
    lines = subprocess.run([BUILD / "relicense", "changes", "--repo", "tiiuae/falcon-40b", "--format", "ndjson", "--store",
                            STORE], check=True, capture_output=True, text=True).stdout.splitlines()
    records = [json.loads(line) for line in lines if line.startswith('{"v"')]
    wanted = ("license.switched", "loosened", "widened", ["apache-2.0"])
    return [(r["event"], r["direction"], r["commercial"], r["after"]["license"]) for r in records] == [wanted]


def main():
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir(parents=True)
    (DEMO / "relicensed.conf").write_text("contact = demo@localhost\n", encoding="ascii")
    subprocess.run([sys.executable, "tests/data/hub/make_demo.py", DEMO], check=True)
    say("simulated Hub on loopback, nothing leaves this machine")
    hub, url = start_hub(DEMO / "before.jsonl")
    try:
        say(f"first crawl of {url}: the baseline")
        crawl(url)
        say("what really happened between 2020 and 2026 happens now")
        happen(url)
        say("second crawl: what changed?")
        crawl(url)
    finally:
        hub.terminate()
        hub.wait(timeout=10)
    show("changes", "--format", "table", "--limit", "50")
    show("report", "--format", "table")
    if not falcon_is_logged():
        sys.exit("demo: Falcon-40B's switch to Apache 2.0 is not in the change log exactly once")
    store = STORE.resolve()
    print(f"""
The store is in {store}. Try next:
  build/relicense show tiiuae/falcon-40b --store {STORE}
  build/relicense changes --all --repo 'google-bert/*' --store {STORE}
  build/relicense report --by quarter --format csv --store {STORE}
  build/relicense verify --store {STORE}
  build/relicensed --help        (the README says how to crawl the real Hub)""")


if __name__ == "__main__":
    main()
