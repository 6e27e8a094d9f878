"""Dates with and without a year: vCard's spellings to PartialDate and back (RFC 6350 section 4.3.1)."""

from __future__ import annotations

import datetime
import re

from contactport.contact import PartialDate

_SPELLING = re.compile(
    r"(?:(?P<year>\d{4})|-)-?(?P<month>\d\d)(?:-?(?P<day>\d\d))?(?:[Tt ].*)?"
    r"|(?P<alone>\d{4})|---(?P<last>\d\d)"
    # Not vCard's, and yet unmistakable.
    r"|(?P<y>\d{4})(?P<mark>[-/.])(?P<m>\d\d?)(?P=mark)(?P<d>\d\d?)",
    re.ASCII | re.DOTALL,
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
OMITTED = 1604
"""The year that Apple and Exchange write for "no year"."""


def _possible(year: int | None, month: int, day: int | None) -> bool:
    if not 1 <= month <= 12:
        return False
    if day is None:
        return True
    if month == 2 and day == 29 and year is not None:
        return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= _DAYS[month - 1]


def parse(text: str) -> PartialDate:
    """Read a date in basic, extended or truncated form, without a time of day. Any other value stays as text.

    The years 1604 and 0000 mean that the year is not known.
    """
    text = text.strip()
    if (len(text) == 10 and text[4] == "-" and text[7] == "-") or (len(text) == 8 and text.isdigit()):
        # Almost every date is a whole one.
        try:
            whole = datetime.date.fromisoformat(text)
        except ValueError:
            pass
        else:
            return PartialDate(None if whole.year == OMITTED else whole.year, whole.month, whole.day)
    found = _SPELLING.fullmatch(text)
    if found is None:
        return PartialDate(text=text)
    if found["alone"]:
        year = int(found["alone"])
        return PartialDate(year=year) if year and year != OMITTED else PartialDate(text=text)
    if found["last"]:
        day = int(found["last"])
        return PartialDate(day=day) if 1 <= day <= 31 else PartialDate(text=text)
    years, months, days = (
        found["year"] or found["y"],
        found["month"] or found["m"],
        found["day"] or found["d"],
    )
    year = int(years) if years else None
    month = int(months)
    day = int(days) if days else None
    if not _possible(year or None, month, day):
        return PartialDate(text=text)
    return PartialDate(year=None if year in (0, OMITTED) else year, month=month, day=day)


def compose(date: PartialDate) -> str:
    """The spelling of vCard 4.0; the text if there is no date, and "" if there is nothing."""
    year = "" if date.year is None else f"{date.year:04}"
    month = "" if date.month is None else f"{date.month:02}"
    day = "" if date.day is None else f"{date.day:02}"
    if month and day:
        return f"{year or '--'}{month}{day}"
    if month:
        return f"{year}-{month}" if year else f"--{month}"
    if year:
        return year
    return f"---{day}" if day else date.text
