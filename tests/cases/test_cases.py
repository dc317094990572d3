# SPDX-License-Identifier: Apache-2.0
"""Plays every *.case file beside it."""
import pathlib

import pytest

from case_file import play

CASES = sorted(pathlib.Path(__file__).parent.glob("*.case"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path, tmp_path):
    play(path, tmp_path)
