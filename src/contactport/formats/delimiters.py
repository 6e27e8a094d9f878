"""Delimiter of a table: the character that cuts its lines into the same number of cells."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

DELIMITERS = (",", ";", "\t", "|")
"""The characters that are tried, the likelier first."""
_SAMPLE = 32 * 1024
_ROWS = 200
_LEAST_SHARE = 0.5
"""A smaller share of rows with one number of cells is no table."""
_NAMED = re.compile(r"""["']?sep=(.)["']?[ \t;,]*(?:\r\n|\r|\n|$)""", re.IGNORECASE)
"""The first line by which Excel is told the delimiter."""
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class Delimiter(NamedTuple):
    """The delimiter of a table, the usual number of its columns, and how sure that is: 0 if it is no table.

    `skip` is the length of a first line `sep=;`, which is no row.
    """

    delimiter: str
    columns: int
    confidence: float
    skip: int = 0


_NO_TABLE = Delimiter(",", 0, 0.0)


class _Cut(NamedTuple):
    columns: int
    share: float
    rows: int


def delimiter_of(text: str, *, is_whole: bool = True) -> Delimiter:
    """The delimiter of a table, by its beginning. `is_whole` says whether that is the whole table."""
    named = _NAMED.match(text)
    skip = named.end() if named is not None else 0
    sample = text[skip : skip + _SAMPLE]
    is_whole = is_whole and len(text) - skip <= _SAMPLE
    if named is not None:
        cut = _cut(sample, named[1], is_whole)
        return Delimiter(named[1], cut.columns, 1.0, skip)
    cuts = [
        (_worth(cut), delimiter, cut)
        for delimiter in DELIMITERS
        if (cut := _cut(sample, delimiter, is_whole))
    ]
    # Of equals the likelier comes first, as the sort is stable.
    ranked = sorted(cuts, key=lambda one: -one[0])
    worth, delimiter, cut = ranked[0]
    if cut.columns < 2 or cut.share < _LEAST_SHARE:
        return _list(sample)
    confidence = cut.share if cut.rows > 1 else 0.3 if cut.columns == 2 else 0.7
    if ranked[1][0] > 0.9 * worth:
        confidence *= 0.6
    return Delimiter(delimiter, cut.columns, confidence)


def _worth(cut: _Cut) -> float:
    """More rows of one width are better, and so are more columns, but less and less."""
    return cut.share * (1 - 1 / cut.columns) if cut.columns > 1 else 0.0


def _cut(sample: str, delimiter: str, is_whole: bool) -> _Cut:
    rows = _rows(sample, delimiter)
    if not is_whole and len(rows) > 1:
        rows.pop()
    widths = Counter(len(row) for row in rows)
    if not widths:
        return _Cut(0, 0.0, 0)
    # Lines without the delimiter stand before many tables.
    columns = max(widths, key=lambda width: widths[width] * (width > 1) * (1 - 1 / width))
    shorter = sum(count for width, count in widths.items() if 1 < width < columns)
    return _Cut(columns, (widths[columns] + shorter / 2) / len(rows), len(rows))


def _rows(sample: str, delimiter: str) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if any(row):
                rows.append(row)
            if len(rows) >= _ROWS:
                break
    except csv.Error:
        pass
    return rows


def _list(sample: str) -> Delimiter:
    """A list of addresses, one in a line, is a table of one column."""
    lines = [line for line in sample.splitlines()[:_ROWS] if line.strip()]
    share = sum(_ADDRESS.search(line) is not None for line in lines) / max(len(lines), 1)
    return Delimiter(",", 1, 0.6 * share) if share >= _LEAST_SHARE else _NO_TABLE
