"""docs/errors.md has an anchor for every code, and says of it what the table says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contactport.errors import ROWS, ErrorRow

DOC = (Path(__file__).parents[3] / "docs" / "errors.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (\d+)\n\n(.*?)(?=^## |\Z)", DOC, re.MULTILINE | re.DOTALL))


def test_there_is_a_section_for_each_code_and_for_no_other() -> None:
    assert sorted(map(int, SECTIONS)) == sorted(map(int, ROWS))


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: str(int(row.code)))
def test_a_section_quotes_the_text_and_then_explains_it(row: ErrorRow) -> None:
    quoted, _, explained = SECTIONS[str(int(row.code))].partition("\n\n")
    assert quoted == f"> {row.text}"
    assert explained.strip()


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: str(int(row.code)))
def test_the_table_says_whose_side_and_where(row: ErrorRow) -> None:
    code = int(row.code)
    where = f"HTTP {row.http}" if row.http else "event"
    assert f"| [{code}](#{code}) | {row.side} | {where} | `{row.state}` |" in DOC.splitlines()
