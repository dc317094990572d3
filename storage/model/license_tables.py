#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the license tables into C: license_tables.py DIR OUT.c

DIR holds the tables described in its README.md. They are checked before anything is written: every mistake is printed
as file:line: what is wrong, and the exit status is 1. The output is constant data, sorted for binary search.
"""
import os
import re
import sys

COLUMNS = {
    "hub-licenses.tsv": "hub_id full_name spdx_id spdx_deprecated osi_approved fsf_free scancode_key scancode_category"
    " blueoak_rating class rank commercial_use derivatives share_alike use_restrictions attribution listed_from"
    " listed_to note sources confidence",
    "named-licenses.tsv": "key title class rank commercial_use derivatives share_alike use_restrictions attribution"
    " scancode_key confidence evidence",
    "aliases.tsv": "alias target table kind seen",
    "license-links.tsv": "prefix target table basis",
    "spdx-classes.tsv": "spdx_id name deprecated osi_approved fsf_free scancode_category blueoak_rating class rank"
    " commercial_use derivatives share_alike basis",
}
TABLE_OF = {"hub": "hub-licenses.tsv", "named": "named-licenses.tsv"}

CONFIDENCES = {"text", "secondary", "known", "name", "none"}
SPDX_CONFIDENCE = {  # how a row of spdx-classes.tsv is known, from what its class rests on
    "Blue Oak": "secondary",
    "ScanCode": "secondary",
    "hub-licenses.tsv": "secondary",
    "family": "known",
    "network clause": "known",
    "by hand": "known",
    "name": "name",
    "OSI or FSF approved, strength not known": "none",
    "no anchor": "none",
}
COPYLEFT_RANK = {"weak": 1, "strong": 2, "network": 3}
COMMERCIAL = {  # what a class may say of commercial use; a rank of source-available decides between its two
    "permissive": {"yes"},
    "copyleft": {"yes"},
    "use-restricted": {"yes"},
    "source-available": {"conditional", "yes"},
    "non-commercial": {"no"},
    "proprietary": {"no"},
    "unknown": {"unknown", "yes"},
}
KINDS = {  # rows that license.c treats in their own way
    "other": "LICENSE_ROW_OTHER",
    "generic-mixed": "LICENSE_ROW_MIXED",
    "civitai-flags": "LICENSE_ROW_FLAGS",
}
NORMAL = re.compile(r"[a-z0-9+]([a-z0-9.+-]*[a-z0-9+])?\Z")
SPDX_ID = re.compile(r"[A-Za-z0-9.-]+\+?\Z")


class Faults:
    """Collects what is wrong, so that one run shows all of it."""

    def __init__(self):
        self.lines = []

    def add(self, where, text):
        self.lines.append(f"{where}: {text}")


def read_lines(path, faults):
    with open(path, "rb") as file:
        data = file.read()
    try:
        return data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        faults.add(f"{path}:{number}", "not valid UTF-8")
        return data.decode("utf-8", errors="replace").split("\n")


class Table:
    """The records of one file: dicts by column name, each with 'where' = file:line."""

    def __init__(self, directory, name, faults):
        path = os.path.join(directory, name)
        columns = COLUMNS[name].split()
        self.path = path
        self.records = []
        lines = read_lines(path, faults)
        if lines[-1] != "":
            faults.add(f"{path}:{len(lines)}", "the last line has no line end")
        if lines[0].split("\t") != columns:
            faults.add(f"{path}:1", f"the columns must be {' '.join(columns)}")
            return
        for number, line in enumerate(lines[1:-1], start=2):
            fields = line.split("\t")
            if len(fields) != len(columns):
                faults.add(f"{path}:{number}", f"{len(fields)} fields where {len(columns)} are needed")
                continue
            record = dict(zip(columns, fields))
            record["where"] = f"{path}:{number}"
            self.records.append(record)

    def by(self, column, faults, valid=None):
        """The records by one column, which must be unique and of the form that `valid` asks for."""
        found = {}
        for record in self.records:
            key = record[column]
            if key in found:
                faults.add(record["where"], f"{column} \"{key}\" is already on {found[key]['where']}")
            elif valid and not valid(key):
                faults.add(record["where"], f"{column} \"{key}\" is not in its normal form")
            else:
                found[key] = record
        return found


def normalise(text):
    """N(s) of the README; license_normalise() does the same in C."""
    text = re.sub(r"[^a-z0-9.+]+", "-", text.lower().replace("licence", "license"))
    return text.strip("-.")


def is_normal(key):
    return bool(NORMAL.match(key)) and normalise(key) == key


def is_normal_link(prefix):
    return prefix == prefix.lower() and "://" not in prefix and not prefix.startswith("www.") and "." in prefix


def expected_rank(record):
    """The rank that follows from class, derivatives and share_alike; None for classes without one."""
    name, derivatives, share_alike = record["class"], record["derivatives"], record["share_alike"]
    if name == "copyleft":
        return COPYLEFT_RANK.get(share_alike, -1)
    if name == "source-available":
        return 6 if derivatives == "no" else 5
    if name == "non-commercial":
        return 9 if derivatives == "no" else 8 if share_alike == "strong" else 7
    return {"permissive": 0, "use-restricted": 4, "proprietary": 10}.get(name)


def check_meaning(record, faults):
    where, name = record["where"], record["class"]
    if name not in COMMERCIAL:
        faults.add(where, f"class \"{name}\" is none of {' '.join(COMMERCIAL)}")
        return
    rank = expected_rank(record)
    if rank == -1:
        faults.add(where, f"copyleft with share_alike \"{record['share_alike']}\": weak, strong or network")
    elif record["rank"] != ("" if rank is None else str(rank)):
        faults.add(where, f"rank \"{record['rank']}\" does not fit {name}, which has {'none' if rank is None else rank}")
    if record["commercial_use"] not in COMMERCIAL[name]:
        faults.add(where, f"commercial_use \"{record['commercial_use']}\" does not fit {name}")
    if rank == 5 and record["commercial_use"] != "conditional":
        faults.add(where, "source-available of rank 5 has commercial_use conditional")
    if record["confidence"] not in CONFIDENCES:
        faults.add(where, f"confidence \"{record['confidence']}\" is none of {' '.join(sorted(CONFIDENCES))}")


def reference(key):
    """LicenseRef of a row that SPDX has no id for; write_reference() does the same in C."""
    return "LicenseRef-hub-" + key.replace("+", "-plus")


class Tables:
    def __init__(self, directory):
        self.faults = Faults()
        self.rows = []
        self.keys = {}
        self.prefixes = []
        self.version = self.read_version(os.path.join(directory, "VERSION"))
        tables = {name: Table(directory, name, self.faults) for name in COLUMNS}
        hub = tables["hub-licenses.tsv"].by("hub_id", self.faults, is_normal)
        named = tables["named-licenses.tsv"].by("key", self.faults, is_normal)
        aliases = tables["aliases.tsv"].by("alias", self.faults, is_normal)
        links = tables["license-links.tsv"].by("prefix", self.faults, is_normal_link)
        spdx = self.spdx_by_normal_form(tables["spdx-classes.tsv"])
        self.targets = {"hub": hub, "named": named}
        self.check_kinds(directory)
        self.add_hub(hub, spdx)
        self.add_named(named, hub, aliases, spdx)
        self.add_aliases(aliases, hub, spdx)
        self.add_spdx(spdx)
        self.add_links(links)
        self.check_references()

    def read_version(self, path):
        with open(path, encoding="ascii", errors="replace") as file:
            version = file.read().rstrip("\n")
        if not re.match(r"\d{4}-\d\d-\d\d\Z", version):
            self.faults.add(f"{path}:1", f"version \"{version}\" is not a date such as 2026-11-23")
        return version

    def spdx_by_normal_form(self, table):
        found = {}
        for record in table.by("spdx_id", self.faults, SPDX_ID.match).values():
            normal = normalise(record["spdx_id"])
            if normal in found:
                self.faults.add(record["where"], f"reads like \"{found[normal]['spdx_id']}\" on {found[normal]['where']}")
                continue
            if record["basis"] not in SPDX_CONFIDENCE:
                self.faults.add(record["where"], f"basis \"{record['basis']}\" is not known to license_tables.py")
            record["confidence"] = SPDX_CONFIDENCE.get(record["basis"], "none")
            found[normal] = record
        return found

    def check_kinds(self, directory):
        for key in KINDS:
            if key not in self.targets["hub"] and key not in self.targets["named"]:
                self.faults.add(directory, f"no table has the row \"{key}\", which license.c needs")

    def add_row(self, key, record, spdx_id):
        check_meaning(record, self.faults)
        record["row"] = len(self.rows)
        unknown = "NOASSERTION" if record["class"] == "unknown" else reference(key)
        self.rows.append((key, spdx_id or unknown, record))

    def add_key(self, key, record, basis, spdx_id=None):
        spdx_of_row = self.rows[record["row"]][1]
        self.keys[key] = (record["row"], basis, spdx_id if spdx_id != spdx_of_row else None)

    def add_hub(self, hub, spdx):
        listed = {record["spdx_id"] for record in spdx.values()}
        for key, record in hub.items():
            if record["spdx_id"] and record["spdx_id"] not in listed:
                self.faults.add(record["where"], f"spdx_id \"{record['spdx_id']}\" is not in spdx-classes.tsv")
            self.add_row(key, record, record["spdx_id"])
            self.add_key(key, record, "ID")
            self.check_same_meaning(key, record, spdx)

    def add_named(self, named, hub, aliases, spdx):
        for key, record in named.items():
            if key in hub:
                self.faults.add(record["where"], f"key \"{key}\" is already on {hub[key]['where']}")
            if aliases.get(key, {}).get("target") != key:
                self.faults.add(record["where"], f"key \"{key}\" needs an alias of itself in aliases.tsv")
            self.add_row(key, record, spdx[key]["spdx_id"] if key in spdx else "")

    def add_aliases(self, aliases, hub, spdx):
        for alias, record in aliases.items():
            target = self.target(record)
            if alias in hub:
                self.faults.add(record["where"], f"alias \"{alias}\" is an id on {hub[alias]['where']}")
            elif target:
                self.add_key(alias, target, "ALIAS", spdx[alias]["spdx_id"] if alias in spdx else None)
                self.check_same_meaning(alias, target, spdx)

    def add_spdx(self, spdx):
        for normal, record in spdx.items():
            if normal not in self.keys:
                self.add_row(record["spdx_id"], record, record["spdx_id"])
                self.add_key(normal, record, "ID")

    def add_links(self, links):
        for prefix, record in links.items():
            target = self.target(record)
            if target:
                self.prefixes.append((prefix, target["row"]))
        self.prefixes.sort(key=lambda entry: (-len(entry[0]), entry[0]))

    def target(self, record):
        table = self.targets.get(record["table"])
        if table is None:
            self.faults.add(record["where"], f"table \"{record['table']}\" is neither hub nor named")
        elif record["target"] not in table:
            self.faults.add(record["where"], f"target \"{record['target']}\" is not in {TABLE_OF[record['table']]}")
        else:
            return table[record["target"]]
        return None

    def check_same_meaning(self, key, record, spdx):
        """An SPDX id that one of the other tables claims must mean the same there."""
        other = spdx.get(key)
        if other and (other["class"], other["rank"]) != (record["class"], record["rank"]):
            self.faults.add(other["where"], f"class and rank differ from {record['where']}")

    def check_references(self):
        seen = {}
        for key, spdx, record in self.rows:
            if spdx.startswith("LicenseRef-") and seen.setdefault(spdx, key) != key:
                self.faults.add(record["where"], f"{spdx} already stands for \"{seen[spdx]}\"")


def text(value):
    if value is None:
        return "NULL"
    assert re.match(r"[A-Za-z0-9.+/%_-]*\Z", value), value
    return f'"{value}"'


def constant(prefix, word):
    return prefix + word.upper().replace("-", "_")


def row_of_c(key, spdx, record):
    return "\t{ %s, %s, \"%s\", %s, %s, %s, %s }," % (
        text(key), text(spdx), record["confidence"], constant("LICENSE_", record["class"]),
        record["rank"] or "LICENSE_NO_RANK", constant("LICENSE_COMMERCIAL_", record["commercial_use"]),
        KINDS.get(key, "LICENSE_ROW_PLAIN"))


def as_c(tables):
    keys = sorted(tables.keys.items())
    longest_key = max(len(key) for key in tables.keys)
    longest_spdx = max(len(spdx) for _, spdx, _ in tables.rows)
    longest_link = max(len(prefix) for prefix, _ in tables.prefixes)
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        "/* Written by storage/model/license_tables.py from the tables in storage/model/licenses/. Do not edit. */",
        '#include "storage/model/license_table.h"',
        "",
        f"_Static_assert({longest_key} < LICENSE_TEXT_SIZE / 2, \"what is cut must not look like a key\");",
        f"_Static_assert({longest_link} < LICENSE_LINK_SIZE, \"a prefix must fit where links are normalised\");",
        f"_Static_assert({longest_spdx} < LICENSE_SPDX_SIZE, \"an expression must fit where it is copied\");",
        "",
        f"const char license_table_version[] = {text(tables.version)};",
        "",
        "const struct license_row license_rows[] = {",
        *(row_of_c(*row) for row in tables.rows),
        "};",
        "const size_t license_row_count = sizeof(license_rows) / sizeof(license_rows[0]);",
        "",
        "const struct license_key license_keys[] = {",
        *(f"\t{{ {{ {text(key)}, {len(key)} }}, &license_rows[{row}], {text(spdx)}, LICENSE_BY_{basis} }},"
          for key, (row, basis, spdx) in keys),
        "};",
        "const size_t license_key_count = sizeof(license_keys) / sizeof(license_keys[0]);",
        "",
        "const struct license_prefix license_prefixes[] = {",
        *(f"\t{{ {{ {text(prefix)}, {len(prefix)} }}, &license_rows[{row}] }}," for prefix, row in tables.prefixes),
        "};",
        "const size_t license_prefix_count = sizeof(license_prefixes) / sizeof(license_prefixes[0]);",
    ]
    return "\n".join(lines) + "\n"


def main(arguments):
    if len(arguments) != 3:
        print("usage: license_tables.py DIR OUT.c", file=sys.stderr)
        return 64
    try:
        tables = Tables(arguments[1])
    except OSError as error:
        print(f"license_tables.py: {error}", file=sys.stderr)
        return 1
    if tables.faults.lines:
        print("\n".join(tables.faults.lines), file=sys.stderr)
        return 1
    unfinished = arguments[2] + ".new"
    with open(unfinished, "w", encoding="ascii") as file:
        file.write(as_c(tables))
    os.replace(unfinished, arguments[2])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
