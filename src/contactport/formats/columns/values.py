"""Values of a column without a known header: an e-mail address, a telephone number, a name, a date, a web page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from contactport.formats.columns.fields import Field

_EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")
_PAGE = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_DATE = re.compile(r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d\d))(?:[T ].*)?")
_PHONE = re.compile(r"'?(?:tel:)?[+(]{0,2}\d[\d ()./\-\u00a0]{4,}(?:(?:x|ext\.?|#)\s*\d+)?", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_](?:[^\W\d_]|[.'’\- ])*")
_ENOUGH = 0.6
"""The share of values that must be alike."""
_LONGEST = 60
"""Characters of a name."""


def looks_like_data(cell: str) -> bool:
    """Whether a cell is a value of somebody, and so no header."""
    text = cell.strip()
    return any(pattern.fullmatch(text) for pattern in (_EMAIL, _PAGE, _DATE, _PHONE))


def _share(values: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.fullmatch(value) is not None for value in values) / len(values)


def field_of(values: Sequence[str]) -> tuple[Field, str] | None:
    """What a column with these values is, and why; None if nothing shows it. A name is not looked for."""
    some = [text for value in values if (text := value.strip())]
    if not some:
        return None
    for pattern, field, told in (
        (_EMAIL, Field("email"), "e-mail addresses"),
        (_PAGE, Field("website"), "web pages"),
        (_DATE, Field("birthday"), "dates"),
        (_PHONE, Field("phone"), "telephone numbers"),
    ):
        if _share(some, pattern) >= _ENOUGH:
            return field, f"its values are {told}"
    return None


def names(columns: Sequence[tuple[int, Sequence[str]]]) -> dict[int, tuple[Field, str]]:
    """The columns with names, among those that nothing else shows: one of full names, or two of single words."""
    worded: list[tuple[int, bool]] = []
    for at, values in columns:
        some = [text for value in values if (text := value.strip())]
        if some and all(len(text) <= _LONGEST for text in some) and _share(some, _WORDS) >= _ENOUGH:
            has_spaces = sum(" " in text for text in some) / len(some) >= 0.5
            is_distinct = len(set(some)) > len(some) / 2
            if is_distinct or len(some) < 3:
                worded.append((at, has_spaces))
    if worded and worded[0][1]:
        return {worded[0][0]: (Field("full_name"), "its values look like names")}
    single = [at for at, has_spaces in worded if not has_spaces][:2]
    if len(single) == 1:
        return {single[0]: (Field("full_name"), "its values look like names")}
    fields = (Field("given_name"), Field("family_name"))
    return {at: (field, "its values look like names") for at, field in zip(single, fields, strict=False)}
