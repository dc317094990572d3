#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""run.py [--build DIR] [--jobs N] [PATTERN...]: every test there is; `make test` calls it.

Unit programs (DIR/unit/**), the replay of the fuzz corpus (DIR/fuzz/*_replay), and pytest over each folder of tests/ that
has test_*.py, of tests/cases over each file. PATTERN chooses jobs whose name contains it. The last line is `N passed, N failed[, N skipped]`; the exit
status is 0 where nothing failed. What was skipped is listed with its reason before that line, failures with their output.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
UNIT_LIMIT_S, PYTEST_LIMIT_S = 120, 900
SANITIZER_PATIENCE = 4
# The longest first, so that the others fit beside them. Interop has a runner of its own and needs the network.
FIRST, NOT_HERE = ["tests/corpus", "tests/coverage", "tests/cases"], ["tests/interop"]
# Its files wait more than they compute: each is a job of its own.
FILE_BY_FILE = "tests/cases"
OUTPUT_KEPT = 20000
CMOCKA = re.compile(r"^\[\s*(OK|FAILED|SKIPPED)\s*\] ([A-Za-z_][^\s:,]*)", re.MULTILINE)


class Outcome:
    """What a job found: names of tests, and (name, text) of failures and skips."""

    def __init__(self, passed=(), failed=(), skipped=()):
        self.passed, self.failed, self.skipped = list(passed), list(failed), list(skipped)


def end_group(process):
    """Ends what the program has left behind, and the program where it still runs."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def command_output(arguments, limit_s, environment):
    """Exit status and output; a program that does not end is ended with all its children."""
    with tempfile.TemporaryFile() as file:
        process = subprocess.Popen(arguments, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   cwd=ROOT, env=environment, start_new_session=True)
        try:
            status = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            status = None
        end_group(process)
        file.seek(0)
        text = file.read().decode("utf-8", "replace")
    if status is None:
        text += f"\n*** ended by run.py after {limit_s} s\n"
    return status, text


def run_unit(job, environment, patience):
    """A cmocka program counts as its tests, any other as one."""
    status, text = command_output(job.arguments, UNIT_LIMIT_S * patience, environment)
    found = {name: word for word, name in CMOCKA.findall(text)}
    names = {word: [name for name, result in found.items() if result == word] for word in ("OK", "FAILED", "SKIPPED")}
    outcome = Outcome(names["OK"], [], [(f"{job.name}: {name}", "skipped by the program") for name in names["SKIPPED"]])
    failed = names["FAILED"]
    if status != 0 and not failed:
        failed = [f"ended with {status}"]
    elif not found:
        outcome.passed = [job.name]
    outcome.failed = [(f"{job.name}: {name}", text if at == 0 else "") for at, name in enumerate(failed)]
    return outcome


def case_name(case):
    return f"{case.get('classname', '')}::{case.get('name', '')}".replace("tests.", "", 1)


def read_junit(path, job, status, text):
    outcome = Outcome()
    try:
        cases = list(xml.etree.ElementTree.parse(path).iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError):
        cases = []
    for case in cases:
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        skip = case.find("skipped")
        if bad is not None:
            outcome.failed.append((case_name(case), bad.text or bad.get("message", "")))
        elif skip is not None:
            outcome.skipped.append((case_name(case), skip.get("message", "")))
        else:
            outcome.passed.append(case_name(case))
    if status != 0 and not outcome.failed:
        outcome.failed.append((job.name, text))
    return outcome


def run_pytest(job, environment, patience):
    with tempfile.TemporaryDirectory(prefix="relicensed-test-") as directory:
        report = os.path.join(directory, "junit.xml")
        arguments = [*job.arguments, f"--junitxml={report}", f"--basetemp={directory}/tmp"]
        status, text = command_output(arguments, PYTEST_LIMIT_S * patience, environment)
        return read_junit(report, job, status, text)


class Job:
    def __init__(self, name, arguments, run):
        self.name, self.arguments, self.run = name, arguments, run


def is_program(path):
    return path.is_file() and os.access(path, os.X_OK) and not path.suffix


def find_jobs(build):
    jobs, folders = [], {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        folder, file = str(path.parent.relative_to(ROOT)), str(path.relative_to(ROOT))
        folders.setdefault(file.removesuffix(".py") if folder == FILE_BY_FILE else folder, []).append(file)
    for folder in sorted(folders.keys() - set(NOT_HERE), key=lambda name: (not name.startswith(tuple(FIRST)), name)):
        jobs.append(Job(folder, [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=.",
                                 *folders[folder]], run_pytest))
    for path in sorted((build / "unit").rglob("*")):
        if is_program(path):
            jobs.append(Job(str(path.relative_to(build)), [str(path)], run_unit))
    for path in sorted((build / "fuzz").glob("*_replay")):
        corpus = ROOT / "tests" / "fuzz" / "corpus" / path.name.removesuffix("_replay")
        inputs = sorted(str(one) for one in corpus.glob("*"))
        jobs.append(Job(str(path.relative_to(build)), [str(path), *inputs], run_unit))
    return jobs


def play(job, environment, patience):
    started = time.monotonic()
    outcome = job.run(job, environment, patience)
    words = f"{len(outcome.passed)} passed" + "".join(
        f", {len(part)} {word}" for part, word in ((outcome.failed, "FAILED"), (outcome.skipped, "skipped")) if part)
    print(f"{'ok  ' if not outcome.failed else 'FAIL'} {time.monotonic() - started:6.1f} s  {job.name}: {words}", flush=True)
    return outcome


def report(outcomes):
    failed = [one for outcome in outcomes for one in outcome.failed]
    skipped = [one for outcome in outcomes for one in outcome.skipped]
    for name, text in failed:
        print(f"\n==== FAILED {name}\n{text[-OUTPUT_KEPT:]}")
    if skipped:
        print(f"\n==== SKIPPED: {len(skipped)} tests did not run here")
    for name, why in skipped:
        print(f"  {name}: {why}")
    passed = sum(len(outcome.passed) for outcome in outcomes)
    print(f"\n{passed} passed, {len(failed)} failed" + (f", {len(skipped)} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.environ.get("BUILD") or "build")
    parser.add_argument("--jobs", type=int, default=min(8, 2 * (os.cpu_count() or 1)))
    parser.add_argument("pattern", nargs="*")
    options = parser.parse_args()
    build = (ROOT / options.build).resolve()
    patience = SANITIZER_PATIENCE if "sanitize" in build.parts else 1
    environment = dict(os.environ, BUILD=str(build), LC_ALL="C.UTF-8", PYTHONDONTWRITEBYTECODE="1", NO_COLOR="1",
                       CMOCKA_MESSAGE_OUTPUT="STDOUT")
    jobs = [job for job in find_jobs(build) if not options.pattern or any(word in job.name for word in options.pattern)]
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        outcomes = list(pool.map(lambda job: play(job, environment, patience), jobs))
    return report(outcomes)


if __name__ == "__main__":
    sys.exit(main())
