"""Reader of XLSX: rows of the sheet that looks most like contacts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice

from contactport.contact import Item, Note, Reject, RejectedRecord
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.columns import SAMPLE, Columns, Table, understand
from contactport.formats.csv import HEADER, neutral
from contactport.formats.detect import detect
from contactport.formats.xlsx.sheet import TOO_LARGE, SheetRow, rows
from contactport.formats.xlsx.workbook import NO_SHEETS, Sheet, Workbook, opened
from contactport.formats.xlsx.xml_part import UnreadableWorkbook
from contactport.formats.zip_parts import Unpacking, UnreadableZip, gathered

NO_COLUMNS = "no column of this workbook is understood: it needs a row of headers, such as Name and E-mail"
OTHER_SHEETS = "this sheet is left out: only the sheet that looks most like contacts is read"
_FILE = "file"
_HEADER = list(HEADER)
_BLANK = b"\0\t\n\r "


def read(
    chunks: Iterable[bytes],
    *,
    evidence: Evidence | None = None,
    overrides: Mapping[str, str] | None = None,
    charset: str = "",
    partly: bool = False,
    unpacking: Unpacking | None = None,
) -> Iterator[Item]:
    """The contact of each row, in order. The place of a row is its number in the spreadsheet. Never raises for bad
    input.

    `overrides` are fields by header, as `columns.understand` takes them; it raises LookupError for one that is not
    there, but not with `partly`. A workbook names its own character set, so `charset` is ignored. `unpacking` is the
    budget of the archive that the file is in. Other sheets with rows are told of at the end.
    """
    try:
        data = gathered(chunks)
    except UnreadableZip as error:
        yield Reject(_FILE, str(error))
        return
    if not data.strip(_BLANK):
        return
    if not data.startswith(b"PK"):
        found = detect(data)
        yield Reject(_FILE, f"this is {found.kind}, no workbook of Excel" if found.format else found.why)
        return
    try:
        table = Worksheet(data, overrides=overrides, partly=partly, unpacking=unpacking)
    except UnreadableWorkbook as error:
        yield Reject(_FILE, str(error))
        return
    del data
    yield from table.items()


def tables(
    chunks: Iterable[bytes],
    *,
    overrides: Mapping[str, str] | None = None,
    charset: str = "",
    partly: bool = False,
    unpacking: Unpacking | None = None,
) -> Iterator[Table]:
    """The sheet that would be read; nothing of a workbook that can't be read. Raises LookupError as `read` does."""
    with suppress(UnreadableZip, UnreadableWorkbook):
        data = gathered(chunks)
        yield Worksheet(data, overrides=overrides, partly=partly, unpacking=unpacking).columns.table()


class Worksheet:
    """A workbook whose sheet is chosen, and its first rows understood, before its contacts are read.

    Raises UnreadableWorkbook.
    """

    def __init__(
        self,
        data: bytes,
        *,
        overrides: Mapping[str, str] | None = None,
        partly: bool = False,
        unpacking: Unpacking | None = None,
    ) -> None:
        book = opened(data, unpacking)
        sheets = [sheet for sheet in book.sheets if sheet.is_visible] or book.sheets
        if not sheets:
            raise UnreadableWorkbook(NO_SHEETS)
        self.sheet, self._others = _chosen(book, sheets)
        self._rows = _Rows(book, self.sheet)
        self.sample = list(islice(self._rows, SAMPLE))
        """The first rows."""
        if not self.sample and self._rows.failure:
            raise UnreadableWorkbook(self._rows.failure)
        first = [row.cells for row in self.sample]
        is_ours = bool(first) and first[0] == _HEADER
        self.columns: Columns = understand(first, overrides, exact=is_ours, partly=partly)
        """How the columns were understood."""

    def items(self) -> Iterator[Item]:
        """All contacts. Can be called once."""
        columns = self.columns
        start = columns.understood.start
        if not any(column.field for column in columns.understood.columns):
            if self.sample:
                yield Reject(_place(self.sample[0]), NO_COLUMNS)
            return
        header = columns.understood.header
        head = b"" if header is None else _in_csv(self.sample[header].cells) + b"\r\n"
        last = self.sample[-1] if self.sample else None
        for row in chain(self.sample[start:], self._rows):
            last = row
            yield from _items(row, columns, head)
        if last is not None and self._rows.failure:
            yield Reject(f"after {_place(last)}", self._rows.failure)
        yield from (Note(f"sheet {sheet.number}", OTHER_SHEETS) for sheet in self._others)


class _Rows:
    """The rows of a sheet as far as they can be read, and why the rest can't."""

    def __init__(self, book: Workbook, sheet: Sheet) -> None:
        self._rows = rows(book, sheet)
        self.failure = ""

    def __iter__(self) -> Iterator[SheetRow]:
        return self

    def __next__(self) -> SheetRow:
        try:
            return next(self._rows)
        except UnreadableWorkbook as error:
            self.failure = str(error)
            raise StopIteration from None


def _chosen(book: Workbook, sheets: list[Sheet]) -> tuple[Sheet, list[Sheet]]:
    """The sheet whose columns are understood best, the first of several, and the others that have rows."""
    if len(sheets) == 1:
        return sheets[0], []
    found: list[tuple[float, Sheet]] = []
    for sheet in sheets:
        some = [row.cells for row in islice(_Rows(book, sheet), SAMPLE)]
        if some:
            found.append((understand(some).understood.confidence, sheet))
    if not found:
        return sheets[0], []
    best = max(found, key=lambda one: one[0])[1]
    return best, [sheet for _, sheet in found if sheet is not best]


def _place(row: SheetRow) -> str:
    return f"row {row.number}"


def _in_csv(cells: Sequence[str]) -> bytes:
    """A row as CSV without its line end. No spreadsheet runs a cell that this one only showed."""
    made = io.StringIO()
    csv.writer(made).writerow(map(neutral, cells))
    return made.getvalue().removesuffix("\r\n").encode(errors="replace")


def _items(row: SheetRow, columns: Columns, head: bytes) -> Iterator[Item]:
    place = _place(row)
    if row.told == TOO_LARGE:
        yield Reject(place, TOO_LARGE)
        return
    count = 0
    for item in columns.items(row.cells, place, lambda: RejectedRecord(_in_csv(row.cells), "csv", head)):
        count += 1
        yield item
    if row.told and count:
        yield Note(place, row.told)
