# SPDX-License-Identifier: Apache-2.0
"""The README's recipes for DuckDB and pandas, run by the real ones; and an export that is continued, in DuckDB.

Run by run.sh in a venv of its own. One line a check, `ok NAME` or `not ok NAME: why`; exit status 1 if one failed.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1]).resolve()
os.environ["BUILD"] = str(BUILD)
sys.path[:0] = [str(ROOT / "tests" / "cases"), str(ROOT / "tests" / "hubsim")]

import duckdb  # noqa: E402
import pandas  # noqa: E402
from harness import Hubsim, Ledger  # noqa: E402

ROWS = [{"_id": f"6400000000000000000000{n:02x}", "id": f"owner/m{n}",
         "cardData": {"license": ["mit", "gpl-3.0", "cc-by-nc-4.0"][n % 3]}} for n in range(40)]


def recipes():
    """The Python lines of the README: those behind `>>> `."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("    >>> ") for line in lines if line.startswith("    >>> ")]


def report(ledger):
    lines = ledger.tool("report", "--format", "ndjson").lines()
    return {(line["kind"], name): count for line in lines if "permissive" in line for name, count in line.items()
            if isinstance(count, int) and name != "total" and count}


def test_recipes(ledger):
    for what, name in (("changes", "changes.csv"), ("repos", "repos.ndjson")):
        ledger.tool("export", "--what", what, "-o", name)
    assert len(recipes()) >= 4
    names = {}
    for line in recipes():
        if line.startswith("import "):
            exec(line, names)  # pylint: disable=exec-used
        else:
            answer = eval(line, names)  # pylint: disable=eval-used
            assert answer is None or len(answer) > 0, line
    assert duckdb.sql("select count(*) from 'repos.parquet'").fetchall() == [(len(ROWS),)]


def test_continued_export(ledger, hub):
    """export, then export --since, in DuckDB: the counts of the report, and no change twice."""
    ledger.tool("export", "--what", "changes", "-o", "changes-1.ndjson")
    ledger.tool("export", "--what", "repos", "-o", "repos-1.ndjson")
    with open("changes-1.ndjson.manifest.json", encoding="utf-8") as file:
        seq = json.load(file)["seq"]
    hub.post_rows(ROWS[4] | {"cardData": {"license": "apache-2.0"}})
    hub.post_rows({"_id": "660000000000000000000001", "id": "new/repo", "cardData": {"license": "mit"}})
    hub.request("DELETE", "/sim/rows/" + ROWS[5]["_id"])
    ledger.once()
    ledger.once()
    ledger.tool("export", "--what", "changes", "--since", str(seq), "-o", "changes-2.ndjson")
    ledger.tool("export", "--what", "repos", "--since", str(seq), "-o", "repos-2.ndjson")
    seqs = duckdb.sql("select seq from read_json('changes-*.ndjson', union_by_name = true) order by seq").fetchall()
    assert [row[0] for row in seqs] == list(range(1, ledger.head_seq() + 1)), seqs
    rows = duckdb.sql("""select kind, class, count(*) from (
            select * from read_json('repos-*.ndjson', filename = true, union_by_name = true)
            qualify row_number() over (partition by kind, oid order by filename desc) = 1)
        where not gone group by all""").fetchall()
    assert {(kind, name): count for kind, name, count in rows} == report(ledger), rows


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder, Hubsim(rows=ROWS, quota="none") as hub:
        os.chdir(folder)
        ledger = Ledger(folder, hub.url)
        ledger.once()
        hub.post_rows(ROWS[0] | {"cardData": {"license": "gpl-3.0"}})
        ledger.once()
        for name, check in (("recipes", lambda: test_recipes(ledger)), ("continued", lambda: test_continued_export(ledger, hub))):
            try:
                check()
                print(f"ok analytics {name}: duckdb {duckdb.__version__}, pandas {pandas.__version__}")
            except Exception as error:  # pylint: disable=broad-except
                failed = 1
                traceback.print_exc()
                print(f"not ok analytics {name}: {error!r}"[:500])
    return failed


if __name__ == "__main__":
    sys.exit(main())
