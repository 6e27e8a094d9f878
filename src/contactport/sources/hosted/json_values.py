"""Values taken out of a provider's JSON without trusting its shape: what has another type than expected is absent."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, cast

from contactport.contact import PartialDate

Json = Mapping[str, Any]
ENTRIES = 1_000
"""Entries of one list that are looked at: what one contact may hold is decided later, and is less."""
_OMITTED = 1604
"""The year that Apple and Exchange write for "no year"."""
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def text(values: Json, name: str) -> str:
    """A text without blanks around it and with plain line ends; "" where there is none."""
    return clean(values.get(name))


def clean(value: object) -> str:
    """As `text()`, of a value by itself."""
    if not value or not isinstance(value, str):
        return ""
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in value:
        value = value.replace("\0", "")
    return value.strip()


def texts(values: Json, name: str) -> Iterator[str]:
    """The texts of a list that are not empty."""
    for value in _list(values, name):
        cleaned = clean(value)
        if cleaned:
            yield cleaned


def entries(values: Json, name: str) -> list[Json]:
    """The objects of a list."""
    return [cast(Json, value) for value in _list(values, name) if isinstance(value, dict)]


def record(values: Json, name: str) -> Json:
    """An object; an empty one where there is none."""
    value = values.get(name)
    return cast(Json, value) if isinstance(value, dict) else {}


def number(values: Json, name: str) -> int:
    """A whole number; 0 where there is none."""
    value = values.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _list(values: Json, name: str) -> list[Any]:
    value = values.get(name)
    return cast("list[Any]", value)[:ENTRIES] if isinstance(value, list) else []


def partial_date(year: int, month: int, day: int) -> PartialDate | None:
    """A date whose parts are 0 where they are not known; None where there is no such date."""
    if not (0 <= year <= 9999 and 0 <= month <= 12):
        return None
    known_year = None if year in (0, _OMITTED) else year
    if not month:
        return PartialDate(known_year) if known_year is not None and not day else None
    if not 0 <= day <= _DAYS[month - 1]:
        return None
    if known_year is not None and day:
        try:
            datetime.date(known_year, month, day)
        except ValueError:
            return None
    return PartialDate(known_year, month, day or None)
