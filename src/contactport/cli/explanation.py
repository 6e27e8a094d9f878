"""What `convert --explain` prints: how a file was recognised, and how each column of its tables is understood."""

from __future__ import annotations

from collections.abc import Iterator

from contactport.cli.output import plain
from contactport.formats.columns import Column, Table
from contactport.formats.detect import Detection

_VALUES = 3
"""First values of a column that are shown."""
_WIDTH = 24
"""Characters of a header or a value."""
_SURE = 0.5


def explained(name: str, detection: Detection, tables: list[Table]) -> Iterator[str]:
    """The lines, for people. Nothing in them can move a terminal's cursor."""
    yield f"{name} is {detection.kind}. {detection.why}"
    yield from _facts(detection)
    if not tables:
        yield "It has no columns."
    for table in tables:
        yield ""
        if table.detection is not None:
            yield f"{table.place} is {table.detection.kind}. {table.detection.why}"
            yield from _facts(table.detection)
        yield from _table(table)


def _facts(detection: Detection) -> Iterator[str]:
    yield f"  format      {detection.format}"
    if detection.encoding:
        others = ", ".join(f"{other.codec} {other.confidence:.2f}" for other in detection.other_encodings)
        yield f"  encoding    {detection.encoding}" + (f" (or {others})" if others else "")
    if detection.delimiter:
        yield f"  delimiter   {detection.delimiter!r}"
    yield f"  confidence  {detection.confidence:.2f}"


def _table(table: Table) -> Iterator[str]:
    understood = table.understood
    header = "none" if understood.header is None else f"row {understood.header + 1}"
    language = f", in {understood.language}" if understood.language else ""
    yield f"  header      {header}{language}"
    advice = "" if understood.confidence >= _SURE else ": please check the columns, and use --map"
    yield f"  columns     {understood.confidence:.2f}{advice}"
    rows = [("#", "column", "field", "sure", "why", "first values")]
    rows += [_row(column, table) for column in understood.columns]
    widths = [max(len(row[at]) for row in rows) for at in range(5)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, (*widths, 0), strict=True))
        yield "  ".join(cells).rstrip()


def _row(column: Column, table: Table) -> tuple[str, str, str, str, str, str]:
    at = column.index
    filled = (row[at] for row in table.rows if at < len(row) and row[at].strip())
    some = [_cut(value) for value, _ in zip(filled, range(_VALUES), strict=False)]
    return (
        str(at + 1),
        _cut(column.header) or "(none)",
        column.field or "(not read)",
        f"{column.confidence:.2f}",
        plain(column.why),
        ", ".join(some),
    )


def _cut(text: str) -> str:
    text = plain(" ".join(text.split()))
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
