#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""mutate.py FILE [--count 30] [--seed 1] [--also WORD...] [--at-least PERCENT]: do the tests notice small changes of FILE?

Makes COUNT mutants of a C file: one comparison, condition, constant, sign, call or returned value is changed in each. Builds
each in a copy of the checkout and runs the unit programs that belong to FILE (tests/unit/FOLDER/test_NAME.c and
test_NAME_*.c), then those jobs of tests/run.py whose names contain a WORD of --also, until one fails. Prints what no test
noticed, and the share that was noticed. The same seed makes the same mutants of the same file.

A mutant that behaves as the original cannot be noticed: a line of equivalent_mutants.tsv (beside this script) says which and
why; it counts as explained. The exit status is 1 below --at-least.

    tests/tools/mutate.py daemon/transfer/quota.c --count 30 --seed 1
    tests/tools/mutate.py daemon/crawl/sweep.c --also cases/test_cases
"""
import argparse
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
EQUIVALENT = pathlib.Path(__file__).resolve().parent / "equivalent_mutants.tsv"
BUILD_LIMIT_S, TEST_LIMIT_S = 300, 120

COMPARISONS = {"<": ["<=", ">"], "<=": ["<", ">"], ">": [">=", "<"], ">=": [">", "<"], "==": ["!="], "!=": ["=="]}
# A function at the start of a statement whose value nobody reads: dropping it still compiles.
CALL = re.compile(r"^(\s*)((?!return\b|if\b|for\b|while\b|switch\b|sizeof\b|assert\b|else\b|case\b)\w+\([^;{}]*\));\s*$")
COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def code_only(source):
    """The source with comments and literals blanked, so that every position stays what it was."""
    return COMMENT_OR_TEXT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), source)


def replacements(code):
    """All (start, end, new text) that are worth trying on one line of a function's body, `code` without comments and texts."""
    for found in re.finditer(r"(?<![<>=!+\-*/&|^%-])(<=|>=|==|!=|<|>)(?![<>=])", code):
        if found[1] == ">" and code[:found.start()].endswith("-"):
            continue
        for other in COMPARISONS[found[1]]:
            yield found.start(), found.end(), other
    for found in re.finditer(r"&&|\|\|", code):
        yield found.start(), found.end(), "||" if found[0] == "&&" else "&&"
    for found in re.finditer(r"\b(?:if|while) \((.*)\)(?= \{$|$)", code):
        yield found.start(1), found.end(1), f"!({code[found.start(1):found.end(1)]})"
    for found in re.finditer(r"(?<![\w.\]])(\d+)(?![\w.])", code):
        yield found.start(), found.end(), str(int(found[1]) + 1)
    for found in re.finditer(r" ([+-]) (?=[\w(])", code):
        yield found.start(1), found.end(1), "-" if found[1] == "+" else "+"
    for found in re.finditer(r"\b(true|false)\b", code):
        yield found.start(), found.end(), "false" if found[1] == "true" else "true"
    found = CALL.match(code)
    if found:
        yield found.start(2), found.end(2), "(void)0"
    found = re.match(r"^\s*return ([^;]*[^;\s][^;]*);\s*$", code)
    if found and found[1] not in ("true", "false"):
        yield found.start(1), found.end(1), f"!({found[1]})"


def mutants(source):
    """All mutants of a source: (line number from 1, the line today, the line as it would be)."""
    lines, code = source.split("\n"), code_only(source).split("\n")
    found, inside = [], False
    for number, (line, plain) in enumerate(zip(lines, code), 1):
        # A body starts with { in the first column and ends with } there; tables and struct declarations stay as they are.
        if plain.startswith("{"):
            inside = True
        elif plain.startswith("}"):
            inside = False
        elif inside and not plain.lstrip().startswith("#"):
            for start, end, new in replacements(plain):
                kept = line[start:end] if new.startswith("!(") else None
                text = f"!({kept})" if kept is not None else new
                found.append((number, line, line[:start] + text + line[end:]))
    return found


def own_programs(path):
    """The unit programs that mirror a file, as targets below the build folder."""
    folder = ROOT / "tests" / "unit" / path.parent
    names = sorted(folder.glob(f"test_{path.stem}.c")) + sorted(folder.glob(f"test_{path.stem}_*.c"))
    return ["unit/" + str(name.relative_to(ROOT / "tests" / "unit").with_suffix("")) for name in names]


def ended(arguments, limit_s, folder):
    """Exit status of a program that is ended with its children at the limit: None then."""
    with subprocess.Popen(arguments, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            return process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Copy:
    """A copy of the checkout in which mutants are built and tried; the checkout itself is never changed."""

    def __init__(self, folder, path, programs, also):
        self.folder, self.path, self.programs, self.also = folder, path, programs, also
        files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                               capture_output=True, text=True).stdout.split("\0")
        for name in filter(None, files):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    def build(self):
        """False where it does not compile."""
        targets = [f"build/{program}" for program in self.programs]
        if self.also:
            targets.append("test-programs")
        return ended(["make", "--no-print-directory", "DEPS=no", "DEVELOPER=", "OPTIMIZE=-O1 -w", f"-j{os.cpu_count()}", *targets],
                     BUILD_LIMIT_S, self.folder) == 0

    def noticed_by(self):
        """The first test that fails, or None."""
        for program in self.programs:
            if ended([self.folder / "build" / program], TEST_LIMIT_S, self.folder) != 0:
                return program
        for word in self.also:
            if ended([sys.executable, "tests/run.py", "--build", "build", word], 10 * TEST_LIMIT_S, self.folder) != 0:
                return word
        return None

    def write(self, source):
        (self.folder / self.path).write_text(source, encoding="utf-8")


def explanations(path):
    """(line today, line as mutated) -> why no test can notice it."""
    rows = {}
    for line in EQUIVALENT.read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        if len(cells) == 4 and cells[0] == str(path):
            rows[cells[1], cells[2]] = cells[3]
    return rows


def try_mutants(copy, source, chosen, count, known):
    """Tries mutants until `count` of them have compiled: how many were noticed, explained, and neither."""
    figures = {"noticed": 0, "explained": 0, "unnoticed": 0}
    lines = source.split("\n")
    for number, today, mutant in chosen:
        if sum(figures.values()) == count:
            break
        copy.write("\n".join(lines[:number - 1] + [mutant] + lines[number:]))
        if not copy.build():
            continue
        by, why = copy.noticed_by(), known.get((today.strip(), mutant.strip()))
        outcome = "noticed" if by else "explained" if why else "unnoticed"
        figures[outcome] += 1
        print(f"{outcome:9}  {copy.path}:{number}  {today.strip()}  ->  {mutant.strip()}"
              f"{'  by ' + by if by else '  (' + why + ')' if why else ''}", flush=True)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--also", nargs="*", default=[], metavar="WORD")
    parser.add_argument("--at-least", type=int, default=0, metavar="PERCENT")
    options = parser.parse_args()
    path = (pathlib.Path.cwd() / options.file).resolve().relative_to(ROOT)
    source = (ROOT / path).read_text(encoding="utf-8")
    programs = own_programs(path)
    if not programs and not options.also:
        parser.error(f"{path} has no unit test of its own: name jobs with --also")
    chosen = mutants(source)
    random.Random(f"{path} {options.seed}").shuffle(chosen)
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        copy = Copy(pathlib.Path(folder), path, programs, options.also)
        if not copy.build() or copy.noticed_by():
            sys.exit(f"{path}: the tests fail without any change: {programs + options.also}")
        figures = try_mutants(copy, source, chosen, options.count, explanations(path))
    tried = sum(figures.values())
    share = 100 * (figures["noticed"] + figures["explained"]) // max(tried, 1)
    print(f"{path}: {tried} mutants, {figures['noticed']} noticed, {figures['explained']} explained, "
          f"{figures['unnoticed']} unnoticed ({share} %)")
    return 1 if share < options.at_least else 0


if __name__ == "__main__":
    sys.exit(main())
