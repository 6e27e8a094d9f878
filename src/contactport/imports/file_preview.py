"""An uploaded file as its user sees it before it is imported: what it is, and how the columns of a table are read.

Where two character sets read a file about equally well, there is a reading of each, and the user chooses.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice

import msgspec

from contactport.contact import Contact, Reject
from contactport.formats import registry
from contactport.formats.columns import Column, Table
from contactport.formats.columns.values import looks_like_data
from contactport.formats.detect import Detection

ROWS = 5
"""First rows that are shown."""
COLUMNS = 200
"""Columns that are shown, at most. Those without a value in the first rows are not."""
SURE = 0.5
"""A table of less confidence is shown to its user."""
CLOSE = 0.1
"""A character set of so much confidence beside the likeliest is offered."""
_DOUBTED = 0.7
"""If the likeliest has less confidence than this, half of CLOSE is enough."""
_READINGS = 4
_CELL = 60
"""Characters of a cell that are shown."""
_SECONDS = 5.0
"""How long the first contact is looked for."""
NO_ROWS = "The table has no rows below its header. Export the contacts again, and upload that file."
NO_CONTACT = (
    "No contact can be read in this file. Export the contacts again as vCard (.vcf) or CSV, and upload "
    "that file."
)
ESSENTIAL = frozenset({"full_name", "given_name", "family_name", "nickname", "email", "phone"})
"""A table without a column of these has no contacts."""


class PreviewColumn(msgspec.Struct, frozen=True):
    """One column: its number from 1, its header, the field that it is read as ("" for none), and its first values."""

    number: int
    header: str
    field: str
    values: tuple[str, ...]


class FileReading(msgspec.Struct, frozen=True):
    """One way to read a table. `charset` is empty where the file says it itself. `sample` are words to tell it by.

    `first_row` are the cells of the first row, by the number of their columns, where no row looks like a header and
    this one might be it. Empty otherwise.
    """

    charset: str
    columns: tuple[PreviewColumn, ...]
    sample: str = ""
    first_row: dict[int, str] = {}


class FilePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What an uploaded file is. Without `readings` there is nothing to correct.

    `is_sure` says that it can be imported without a look at its columns. `empty_columns` are not shown.
    """

    format: str
    kind: str
    size: int
    readings: tuple[FileReading, ...] = ()
    is_sure: bool = True
    empty_columns: int = 0

    def __repr__(self) -> str:
        return f"FilePreview({self.format!r})"


def preview(data: Sequence[bytes], detection: Detection, size: int) -> FilePreview | str:
    """The preview of a file that was recognised; or why nothing in it can be imported, in a sentence.

    `data` is its beginning, or all of it for a workbook or an archive. Takes seconds for a large workbook.
    """
    format_ = registry.get(detection.format)
    shown = FilePreview(format=format_.name, kind=detection.kind, size=size)
    tables = list(islice(format_.tables(data), 2))
    if len(tables) != 1:
        # No table; or several in an archive, and then a column's number says too little.
        return _without_contacts(format_, data) or shown
    table = tables[0]
    if not any(_filled(table, column) for column in table.understood.columns):
        return NO_ROWS
    readings = _readings(format_, data, detection, table)
    return msgspec.structs.replace(
        shown,
        readings=readings,
        is_sure=table.understood.confidence >= SURE and len(readings) == 1,
        empty_columns=len(table.understood.columns) - len(readings[0].columns),
    )


def _without_contacts(format_: registry.FileFormat, data: Sequence[bytes]) -> str:
    """Why no contact can be read; empty if one can be, or if it takes long to see that."""
    end = time.monotonic() + _SECONDS
    reason = ""
    for item in format_.steps(data):
        if isinstance(item, Contact) or time.monotonic() > end:
            return ""
        if isinstance(item, Reject):
            reason = reason or item.reason
    return NO_CONTACT + (f" The first reason is: {reason}." if reason else "")


def _readings(
    format_: registry.FileFormat, data: Sequence[bytes], detection: Detection, table: Table
) -> tuple[FileReading, ...]:
    """The likeliest reading first. Only readings that show something else count."""
    found = [_reading(detection.encoding if format_.name == "csv" else "", table)]
    if format_.name == "csv":
        enough = CLOSE if detection.confidence >= _DOUBTED else CLOSE / 2
        close = [guess.codec for guess in detection.other_encodings if guess.confidence >= enough]
        for codec in close[: _READINGS - 1]:
            other = _reading(codec, next(format_.tables(data, charset=codec)))
            if all(_texts(other) != _texts(known) for known in found):
                found.append(other)
    if len(found) == 1:
        return tuple(found)
    return tuple(msgspec.structs.replace(one, sample=_sample(one)) for one in found)


def _reading(charset: str, table: Table) -> FileReading:
    return FileReading(charset, _columns(table), first_row=_first_row(table))


def _first_row(table: Table) -> dict[int, str]:
    """The cells that a person may call headers: words, each another one."""
    if table.understood.header is not None or len(table.rows) < 2:
        return {}
    cells = {number: cell.strip() for number, cell in enumerate(table.rows[0], 1) if cell.strip()}
    is_words = all(
        len(cell) <= _CELL and cell.isprintable() and not looks_like_data(cell) for cell in cells.values()
    )
    is_distinct = len({cell.casefold() for cell in cells.values()}) == len(cells)
    return cells if is_words and is_distinct else {}


def _columns(table: Table) -> tuple[PreviewColumn, ...]:
    filled = [column for column in table.understood.columns if _filled(table, column)]
    return tuple(
        PreviewColumn(
            column.index + 1,
            _cut(column.header),
            "" if column.field == "ignore" else column.field,
            tuple(_cut(row[column.index]) if column.index < len(row) else "" for row in table.rows[:ROWS]),
        )
        for column in filled[:COLUMNS]
    )


def _filled(table: Table, column: Column) -> bool:
    return any(column.index < len(row) and row[column.index].strip() for row in table.rows)


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def _texts(reading: FileReading) -> list[str]:
    return [text for column in reading.columns for text in (column.header, *column.values)]


def _sample(reading: FileReading) -> str:
    """The first words with letters beyond ASCII."""
    words = dict.fromkeys(text for text in _texts(reading) if not text.isascii())
    return ", ".join(list(words)[:3])
