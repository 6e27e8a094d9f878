"""Dates in tables: `31.12.1980`, `12/31/1980`, in the order of day and month that the column shows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from contactport.contact import PartialDate
from contactport.formats import dates

_NUMBERS = re.compile(r"(\d{1,2})\s*([./\-])\s*(\d{1,2})(?:\s*\2\s*(\d{4}|\d\d)?)?\.?(?:[T ,].*)?")
_LATEST = 29
"""A year of two digits up to this is in this century."""
_EMPTY = re.compile(r"[0\s./\-]*")


def is_day_first(values: Iterable[str], *, by_default: bool) -> bool:
    """Whether dates of this column begin with the day. Dots say so; otherwise a number above 12 shows it."""
    for value in values:
        found = _NUMBERS.fullmatch(value.strip())
        if found is None:
            continue
        if found[2] == "." or int(found[1]) > 12:
            return True
        if int(found[3]) > 12:
            return False
    return by_default


def parse(text: str, *, day_first: bool) -> PartialDate | None:
    """The date. None for what stands for no date (`0/0/00`)."""
    if _EMPTY.fullmatch(text):
        return None
    found = _NUMBERS.fullmatch(text)
    if found is None:
        return dates.parse(text)
    first, second = int(found[1]), int(found[3])
    day, month = (first, second) if day_first or found[2] == "." else (second, first)
    if month > 12 >= day:
        day, month = month, day
    year = found[4] or ""
    if len(year) == 2:
        year = f"20{year}" if int(year) <= _LATEST else f"19{year}"
    spelled = dates.parse(f"{year or '-'}-{month:02}-{day:02}")
    return PartialDate(text=text) if spelled.text else spelled
