"""Cells: what spreadsheets do to a value, taken back where it can be."""

from __future__ import annotations

import re

SHORTENED = "a number that a spreadsheet has shortened (as in 4.93E+11) is kept as it is"
_FORMULA = re.compile(r'=\s*"((?:[^"]|"")*)"')
_SHORTENED = re.compile(r"[+\-]?\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
_NUMBER = re.compile(r"'[+(]?\s*\d[\d ()./\-]*")
_WHOLE = re.compile(r"(\d{6,})[.,]0+")
EMPTY = frozenset({"-", "--", "n/a", "null", "none", "(none)", "#n/a", "undefined"})
"""What stands for nothing where an address, a number or a date is expected."""


def plain(cell: str) -> str:
    """The value without blanks around it, and without the formula that keeps a spreadsheet from changing it."""
    text = cell.strip()
    if text[:1] == "=":
        found = _FORMULA.fullmatch(text)
        if found is not None:
            return found[1].replace('""', '"').strip()
    return text


def number(cell: str) -> str:
    """A telephone number without the apostrophe or the decimals of a spreadsheet."""
    text = plain(cell)
    if text[:1] == "'" and _NUMBER.fullmatch(text):
        return text[1:].strip()
    found = _WHOLE.fullmatch(text)
    return text if found is None else found[1]


def is_shortened(text: str) -> bool:
    """Whether digits are lost: `4.93E+11`."""
    return _SHORTENED.fullmatch(text) is not None
