# SPDX-License-Identifier: Apache-2.0
"""13,740 real front matters of 2022-02 beside what the Hub's own API said of the same models: our statement must be its."""
import json
import os
import pathlib
import subprocess

import pytest

from corpus import BUILD, CORPUS, OLD, license_tags, old_models

SAMPLES = pathlib.Path(os.environ.get("RELICENSED_SAMPLES") or CORPUS.parent / "hub-samples")
CARDS = SAMPLES / "readme-frontmatter.2022-02.jsonl.zst"

pytestmark = pytest.mark.skipif(
    not (CARDS.is_file() and OLD.is_dir()),
    reason=f"{CARDS.name} is not in {SAMPLES} (set RELICENSED_SAMPLES) or hub-models-2022-02 not in {CORPUS}; "
           "the reading of 13,740 real front matters was NOT tested")

# Its README had the license, the row of the same day did not: the dump caught it between the two.
BETWEEN = {"AKulk/wav2vec2-base-timit-epochs15"}


def read_cards():
    text = subprocess.run(["zstd", "-dcq", CARDS], capture_output=True, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def statements(cards):
    """What build/card_statement says of each: a statement, or None where it cannot be read."""
    readmes = [f"---\n{card['front_matter']}\n---\n# Title\n".encode() for card in cards]
    done = subprocess.run([BUILD / "card_statement"], input=b"".join(b"%d\n%s" % (len(text), text) for text in readmes),
                          capture_output=True, check=True)
    return [None if line == b"unreadable" else json.loads(line) for line in done.stdout.splitlines()]


def test_statement_is_that_of_the_hub():
    rows = {row["modelId"]: row for row in old_models()}
    cards = read_cards()
    found = statements(cards)
    assert len(cards) == len(found) == 13740
    unreadable = [card["modelId"] for card, statement in zip(cards, found) if statement is None]
    assert len(unreadable) == 6, unreadable
    differing = {card["modelId"] for card, statement in zip(cards, found) if statement is not None
                 and sorted(text.lower() for text in statement["ids"]) != license_tags(rows[card["modelId"]])}
    assert differing == BETWEEN
