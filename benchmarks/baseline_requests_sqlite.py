#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""baseline_requests_sqlite.py URL CERTIFICATE DATABASE: the script that one would write in an afternoon.

Follows the Link headers of a listing with requests. Of each repo it keeps what relicensed keeps too: name (with an index),
license, counters of the newest look, every version of the state (zlib -1) and a line in a change table when the license
moved. One transaction a page, write-ahead log. Left out are the quota, resuming, missing repos, the meaning of licenses,
deltas and the hash chain.
"""
import hashlib
import json
import sqlite3
import sys
import time
import zlib

import requests

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS repo (id TEXT PRIMARY KEY, name TEXT, license TEXT, downloads INTEGER, likes INTEGER, hash BLOB,
    version INTEGER, first_seen REAL, last_seen REAL);
CREATE INDEX IF NOT EXISTS repo_name ON repo (name);
CREATE TABLE IF NOT EXISTS snapshot (id TEXT, version INTEGER, seen REAL, state BLOB, PRIMARY KEY (id, version));
CREATE TABLE IF NOT EXISTS change (number INTEGER PRIMARY KEY, id TEXT, seen REAL, old TEXT, new TEXT);
"""


def license_of(row):
    card = row.get("cardData") or {}
    tags = [tag[8:] for tag in row.get("tags", []) if tag.startswith("license:")]
    return json.dumps(card.get("license", tags))


def take(database, row, now):
    """One row of a page; whether it was new or changed."""
    counters = row.get("downloads"), row.get("likes")
    stable = json.dumps({key: value for key, value in row.items() if key not in ("downloads", "likes")}, sort_keys=True)
    digest = hashlib.blake2b(stable.encode(), digest_size=16).digest()
    known = database.execute("SELECT hash, license, version FROM repo WHERE id = ?", (row["_id"],)).fetchone()
    if known and known[0] == digest:
        database.execute("UPDATE repo SET downloads = ?, likes = ?, last_seen = ? WHERE id = ?", (*counters, now, row["_id"]))
        return False
    version, declared = (known[2] + 1 if known else 1), license_of(row)
    if known:
        database.execute("UPDATE repo SET name = ?, license = ?, downloads = ?, likes = ?, hash = ?, version = ?, last_seen = ? "
                         "WHERE id = ?", (row["id"], declared, *counters, digest, version, now, row["_id"]))
        if known[1] != declared:
            database.execute("INSERT INTO change (id, seen, old, new) VALUES (?, ?, ?, ?)", (row["_id"], now, known[1], declared))
    else:
        database.execute("INSERT INTO repo VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         (row["_id"], row["id"], declared, *counters, digest, version, now, now))
    database.execute("INSERT INTO snapshot VALUES (?, ?, ?, ?)", (row["_id"], version, now, zlib.compress(stable.encode(), 1)))
    return True


def main():
    url, certificate, path = sys.argv[1:4]
    database = sqlite3.connect(path)
    database.executescript(SCHEMA)
    session = requests.Session()
    session.trust_env = False  # a bundle named in the environment would win over the next line
    session.verify = certificate
    rows = changed = 0
    while url:
        answer = session.get(url, timeout=60)
        answer.raise_for_status()
        now = time.time()
        for row in answer.json():
            rows += 1
            changed += take(database, row, now)
        database.commit()
        url = answer.links.get("next", {}).get("url")
    database.close()
    print(f"{rows} rows, {changed} new or changed")


if __name__ == "__main__":
    main()
