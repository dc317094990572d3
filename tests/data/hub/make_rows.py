#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rebuild rows.jsonl.zst from the public sources that tests/data/README.md lists.

    make_rows.py CORPUS_DIR [OUTPUT]

CORPUS_DIR holds one folder per source (names in SOURCES below). The result depends on nothing but those files:
the same folders give the same lines in the same order. Needs PyYAML, tar and zstd.
"""
import hashlib
import json
import os
import re
import subprocess
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
OUTPUT = os.path.join(HERE, "rows.jsonl.zst")

# Only sources whose licence lets an Apache-2.0 project pass them on; test_rows.py compares this list with the table.
SOURCES = {
    "radar-2026-08": ("snapshots.tar.zst", "./2026-08-22T220029_95e4d933a.jsonl"),
    "leaderboard-v1-2023-2024": ("models_json.tar.zst", "./2024-02-17T163146_88de2f5.json"),
    "dataset-catalogs-2025": ("snapshots.tar.zst", "./ko_2025-10-28T205537.json"),
    "dataset-cards-2023": ("cards.jsonl.zst", None),
    "hf-datasets-cards-2020-2022": ("events.jsonl.zst", None),
}
RADAR_ROWS = 3400
LEADERBOARD_ROWS = 350
CARD_ROWS_2023 = 900
CARD_BYTES_MAX = 48 * 1024
# The Hub's own import gave every older dataset this creation time.
CREATED_FLOOR = "2022-03-02T23:29:22.000Z"
# Left out of a file that everybody gets: adult content.
UNWANTED = re.compile(r"not-for-all-audiences|nsfw|porn|hentai|erotic|uncensored", re.I)
# Card fields from which the Hub makes dataset tags.
TAGGED_FIELDS = ["task_categories", "task_ids", "annotations_creators", "language_creators", "multilinguality",
                 "source_datasets", "language", "license", "size_categories"]
COMMON_LICENSES = {"apache-2.0", "mit"}


class CardLoader(yaml.SafeLoader):
    """YAML as the Hub's JavaScript parser reads it: 1.2 core schema, so `no` is Norwegian and dates are text."""


CardLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
        ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
        ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
        ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""])]:
    CardLoader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), first)


def construct_decimal(loader, node):
    return int(node.value, 10)


CardLoader.add_constructor("tag:yaml.org,2002:int", construct_decimal)


def order(text):
    """A fixed, arbitrary order: which rows of a large source are taken."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_member(corpus, source):
    archive, member = SOURCES[source]
    path = os.path.join(corpus, source, archive)
    unzstd = ["zstd", "-dc", "--long=27", path]
    if member is None:
        return subprocess.run(unzstd, check=True, stdout=subprocess.PIPE).stdout.decode()
    with subprocess.Popen(unzstd, stdout=subprocess.PIPE) as frame:
        tar = subprocess.run(["tar", "-xOf", "-", member], stdin=frame.stdout, check=True, stdout=subprocess.PIPE)
        frame.stdout.read()
    return tar.stdout.decode()


def read_lines(corpus, source):
    return [json.loads(line) for line in read_member(corpus, source).splitlines()]


def without_empty(pairs):
    return {key: value for key, value in pairs if value not in (None, "", [], {})}


def owner_of(repo_id):
    return repo_id.split("/")[0] if "/" in repo_id else None


def hub_time(text):
    """"2025-10-02 03:03:18+00:00" -> the Hub's form."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d).*$", r"\1T\2.000Z", text)


def utc_time(git_date):
    """A git date with a zone -> UTC in the Hub's form."""
    from datetime import datetime, timezone
    return datetime.fromisoformat(git_date).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def one_or_list(values):
    return values[0] if len(values) == 1 else values


# --- models ------------------------------------------------------------------------------------------------------

def radar_card(entry):
    """The card itself is not in the source; this says what its tags and fields say."""
    licenses = [tag[len("license:"):] for tag in entry["tags"] if tag.startswith("license:")]
    plain_bases = [tag[len("base_model:"):] for tag in entry["tags"] if re.match(r"base_model:[^:]+$", tag)]
    name = entry["license"] if licenses == ["other"] and entry["license"] != "other" else None
    return without_empty([
        ("language", entry["languages"]),
        ("license", one_or_list(licenses) if licenses else None),
        ("license_name", name),
        ("library_name", entry["library"]),
        ("pipeline_tag", entry["pipeline_tag"]),
        ("base_model", one_or_list(plain_bases) if plain_bases else entry["base_model"]),
    ])


def radar_row(entry):
    return without_empty([
        ("repoType", "model"), ("id", entry["id"]), ("author", entry["author"]), ("cardData", radar_card(entry)),
    ]) | {
        "gated": "auto" if entry["gated"] else False, "disabled": False, "private": False,
        "lastModified": entry["updated_at"], "likes": entry["likes"], "downloads": entry["downloads_30d"],
        "tags": entry["tags"],
    } | without_empty([
        ("pipeline_tag", entry["pipeline_tag"]), ("library_name", entry["library"]), ("createdAt", entry["created_at"])])


def is_odd(entry):
    """Rows that a plain sample would miss: rare licenses, gates, many tags, text beyond ASCII."""
    licenses = {tag[len("license:"):] for tag in entry["tags"] if tag.startswith("license:")}
    text = json.dumps(entry, ensure_ascii=False)
    return bool(licenses - COMMON_LICENSES) or entry["gated"] or len(entry["tags"]) > 40 or not text.isascii()


def radar_rows(corpus):
    entries = [e for e in read_lines(corpus, "radar-2026-08")
               if not e["removed"] and not UNWANTED.search(e["id"] + " " + " ".join(e["tags"]))]
    odd = [e for e in entries if is_odd(e)]
    plain = sorted((e for e in entries if not is_odd(e)), key=lambda e: order(e["id"]))
    return [radar_row(e) for e in odd + plain[:RADAR_ROWS - len(odd)]]


def leaderboard_rows(corpus):
    """The license is what the leaderboard noted; entries without one, or with a word of its own, are left out."""
    rows = {}
    for entry in json.loads(read_member(corpus, "leaderboard-v1-2023-2024")):
        repo_id, noted = entry.get("HF_ID") or "", entry.get("LICENSE")
        licenses = noted if isinstance(noted, list) else [noted]
        if repo_id.count("/") != 1 or not noted or set(licenses) & {"custom", "llama1", None}:
            continue
        if UNWANTED.search(repo_id):
            continue
        rows[repo_id] = {
            "repoType": "model", "id": repo_id, "author": owner_of(repo_id), "cardData": {"license": noted},
            "gated": False, "disabled": False, "private": False,
            "tags": [f"license:{value}" for value in licenses] + ["region:us"]}
    return [rows[repo_id] for repo_id in sorted(rows, key=order)[:LEADERBOARD_ROWS]]


# --- datasets ----------------------------------------------------------------------------------------------------

def parse_card(front_matter):
    """The card as an object, or None where the front matter is absent, broken or not an object."""
    try:
        card = yaml.load(front_matter or "", CardLoader)
    except yaml.YAMLError:
        return None
    if not isinstance(card, dict) or not card:
        return None
    return json.loads(json.dumps(card, default=str))


def card_tags(card):
    """The tags that the Hub derives from a dataset card; a mapping gives none here."""
    tags = []
    for field in TAGGED_FIELDS:
        value = card.get(field)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and item:
                tags.append(f"{field}:{item.lower() if field == 'license' else item}")
    free = card.get("tags")
    tags += [tag for tag in free if isinstance(tag, str)] if isinstance(free, list) else []
    return tags + ["region:us"]


def card_row(repo_id, card, **times):
    return without_empty([
        ("repoType", "dataset"), ("id", repo_id), ("author", owner_of(repo_id)), ("cardData", card),
    ]) | {"gated": False, "disabled": False, "private": False} | times | {"tags": card_tags(card)}


def usable(repo_id, card):
    text = json.dumps(card, ensure_ascii=False)
    return len(text.encode()) <= CARD_BYTES_MAX and not UNWANTED.search(repo_id + " " + text)


def catalog_rows(corpus):
    rows = []
    for entry in json.loads(read_member(corpus, "dataset-catalogs-2025"))["datasets"]:
        if UNWANTED.search(entry["id"] + " " + " ".join(entry["tags"])):
            continue
        rows.append({
            "repoType": "dataset", "id": entry["id"], "author": entry["author"], "gated": False, "disabled": False,
            "private": False, "lastModified": hub_time(entry["last_modified"]), "likes": entry["likes"],
            "downloads": entry["downloads"], "tags": entry["tags"], "createdAt": hub_time(entry["created_at"])})
    return rows


def oddity(card, field="license"):
    """How far a card's statement is from one listed id: 3 mapping, 2 capitals, free text or other-..., 1 several, 0."""
    value = card.get(field)
    if isinstance(value, dict):
        return 3
    values = value if isinstance(value, list) else [value]
    if any(isinstance(v, str) and (v != v.lower() or v.startswith("other-") or re.search(r"[ ?]", v)) for v in values):
        return 2
    return 1 if len(values) > 1 else 0


def card_rows_2023(corpus):
    rows = []
    for entry in read_lines(corpus, "dataset-cards-2023"):
        card = parse_card(entry["front_matter"])
        if entry["id"] and "/" in entry["id"] and card and usable(entry["id"], card):
            rows.append(card_row(entry["id"], card))
    return sorted(rows, key=lambda row: (-oddity(row["cardData"]), order(row["id"])))[:CARD_ROWS_2023]


def card_rows_2022(corpus):
    """Canonical datasets, each in its newest version, or in the newest whose statement is odder than that."""
    best, created = {}, {}
    for event in read_lines(corpus, "hf-datasets-cards-2020-2022"):
        name = event["dataset"]
        created.setdefault(name, utc_time(event["date"]))
        card = parse_card(event.get("front_matter")) if event["op"] == "put" else None
        if not card or not usable(name, card):
            continue
        rank = max(2 * oddity(card), 2 * oddity(card, "licenses") - 1)
        if name not in best or rank >= best[name][0]:
            best[name] = (rank, card_row(name, card, lastModified=utc_time(event["date"]),
                                         createdAt=max(created[name], CREATED_FLOOR)))
    return [best[name][1] for name in sorted(best)]


# --- spaces: ours, not real -------------------------------------------------------------------------------------

SPACE_LICENSES = ["apache-2.0", "mit", None, "cc-by-nc-4.0", "openrail", None, "gpl-3.0", "other", "cc0-1.0", None]
SPACE_SDKS = ["gradio", "streamlit", "docker", "static"]


def space_row(number):
    license_id = SPACE_LICENSES[number % len(SPACE_LICENSES)]
    sdk = SPACE_SDKS[number % len(SPACE_SDKS)]
    when = f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}T10:{number:02d}:00.000Z"
    card = without_empty([
        ("title", f"Example {number} ✨"), ("emoji", "🔎"), ("colorFrom", "blue"), ("colorTo", "gray"), ("sdk", sdk),
        ("app_file", "app.py" if sdk in ("gradio", "streamlit") else None), ("license", license_id),
        ("license_name", "example-terms" if license_id == "other" else None)])
    return {
        "repoType": "space", "id": f"relicensed-example/space-{number:02d}", "author": "relicensed-example",
        "cardData": card, "disabled": False, "private": False, "lastModified": when, "likes": number,
        "tags": [sdk] + ([f"license:{license_id}"] if license_id else []) + ["region:us"], "sdk": sdk,
        "createdAt": when}


# --- all --------------------------------------------------------------------------------------------------------

def switch_names():
    """Repos of switches.jsonl come from there, in their state before the switch."""
    with open(os.path.join(HERE, "switches.jsonl"), encoding="utf-8") as lines:
        return {(switch["repoType"], switch["id"].lower()) for switch in map(json.loads, lines)}


def all_rows(corpus):
    """The first source that knows a repo wins."""
    taken, rows = switch_names(), []
    for row in (radar_rows(corpus) + leaderboard_rows(corpus) + catalog_rows(corpus) + card_rows_2023(corpus)
                + card_rows_2022(corpus) + [space_row(number) for number in range(40)]):
        name = (row["repoType"], row["id"].lower())
        if name not in taken:
            taken.add(name)
            rows.append(row)
    return sorted(rows, key=lambda row: (row["repoType"], row["id"].lower()))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    output = sys.argv[2] if len(sys.argv) == 3 else OUTPUT
    rows = all_rows(sys.argv[1])
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    subprocess.run(["zstd", "-q", "-f", "-19", "--single-thread", "-o", output], input=lines.encode(), check=True)
    print(f"{output}: {len(rows)} rows, {len(lines.encode())} bytes, {os.path.getsize(output)} compressed")


if __name__ == "__main__":
    main()
