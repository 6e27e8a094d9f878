"""Numbers of cells as people see them: dates by the cell's format, leading zeros, digits without an exponent."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

Shown = Callable[[str], str]
"""A number as it stands in the file, to its text."""
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
"""The parts of a format that are shown as they are, colours and conditions."""
_DATES = re.compile(r"[dy]|(?<![hs:.0])m{1,5}(?![ms:.0])|e(?![+-])", re.IGNORECASE)
_ZEROS = re.compile(r"0{2,}")
_PLUS = re.compile(r'(?:\\\+|"\+"|\+)[0#]+')
_LAST_DAY = 2_958_465
"""31 December 9999."""
_EXACT = 10**17
"""Above, a number of a cell has lost digits anyway."""
_BUILT_IN = {
    **dict.fromkeys((14, 15, 22, *range(27, 32), *range(34, 37), *range(50, 59)), "yyyy-mm-dd"),
    16: "d-mmm",
    17: "mmm-yy",
}
"""Formats that a workbook doesn't spell, by their numbers (ECMA-376 part 1, 18.8.30)."""


def number(text: str) -> str:
    """The digits of a number: no exponent, and no fraction that is zero."""
    if text.isdigit():
        return text
    try:
        value = float(text)
    except ValueError:
        return text
    if value != value or abs(value) > _EXACT:
        return text
    if value == int(value):
        return str(int(value))
    # Excel keeps 15 digits of 17.
    return f"{value:.15g}" if abs(value) >= 1e-4 else text


def shown_by(code: int, spelled: str, *, is_1904: bool) -> Shown:
    """How the cells of a format are shown; `spelled` is "" for a format that is built in."""
    spelled = spelled or _BUILT_IN.get(code, "")
    section = spelled.partition(";")[0]
    if _ZEROS.fullmatch(section):
        return partial(_padded, width=len(section))
    if _PLUS.fullmatch(section):
        return _with_plus
    kinds = {letter.lower() for letter in _DATES.findall(_QUOTED.sub("", section))}
    if not kinds or "general" in section.lower():
        return number
    has_year = bool(kinds & {"y", "e"})
    has_day = "d" in kinds
    if not has_year and not has_day:
        return number
    return partial(_date, has_year=has_year, has_day=has_day, is_1904=is_1904)


def _padded(text: str, width: int) -> str:
    digits = number(text)
    return digits.zfill(width) if digits.isdigit() else digits


def _with_plus(text: str) -> str:
    digits = number(text)
    return f"+{digits}" if digits.isdigit() else digits


def _date(text: str, *, has_year: bool, has_day: bool, is_1904: bool) -> str:
    """A day by its number. A format without a year hides the year in which the cell was typed."""
    try:
        days = int(float(text))
    except (ValueError, OverflowError):
        return text
    if not 0 < days <= _LAST_DAY - 1462 * is_1904:
        return number(text)
    # Excel has a 29 February 1900.
    first = date(1904, 1, 1) if is_1904 else date(1899, 12, 30 if days > 59 else 31)
    day = first + timedelta(days)
    if not has_year:
        return f"--{day.month:02}-{day.day:02}"
    return day.isoformat() if has_day else f"{day.year:04}-{day.month:02}"
