"""Reader of CSV: rows of any program's table to contacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from contactport.contact import Item, Reject, RejectedRecord
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.charsets.files import texts
from contactport.formats.columns import SAMPLE, Table, described, understand
from contactport.formats.csv import dialect
from contactport.formats.csv.lines import Lines, lines
from contactport.formats.csv.records import TOO_LARGE, Records, Rows
from contactport.formats.csv.writer import HEADER, restored

NO_COLUMNS = "no column of this table is understood: it needs a row of headers, such as Name and E-mail"
_HEADER = list(HEADER)


def read(
    chunks: Iterable[bytes],
    *,
    evidence: Evidence | None = None,
    overrides: Mapping[str, str] | None = None,
    charset: str = "",
    partly: bool = False,
) -> Iterator[Item]:
    """The contact of each row, in order. Never raises for bad input.

    `overrides` are fields by header, as `columns.understand` takes them; it raises LookupError for one that is not
    there, but not with `partly`. `charset` is the character set, where a person has named it.
    """
    table = CsvTable(chunks, evidence=evidence, overrides=overrides, charset=charset, partly=partly)
    return table.items()


def tables(
    chunks: Iterable[bytes],
    *,
    overrides: Mapping[str, str] | None = None,
    charset: str = "",
    partly: bool = False,
) -> Iterator[Table]:
    """The one table of a file, as it would be read. Raises LookupError as `read` does."""
    yield CsvTable(chunks, overrides=overrides, charset=charset, partly=partly).columns.table()


class CsvTable:
    """A file whose first rows are read and understood, before its contacts are."""

    def __init__(
        self,
        chunks: Iterable[bytes],
        *,
        evidence: Evidence | None = None,
        overrides: Mapping[str, str] | None = None,
        charset: str = "",
        partly: bool = False,
    ) -> None:
        blocks = lines(texts(chunks, charset, evidence))
        first: list[Lines | None] = []
        shown: Lines = []
        for block in blocks:
            first.append(block)
            shown += block or ()
            if len(shown) >= dialect.SAMPLE:
                break
        self.dialect = dialect.find(shown)
        """The delimiter."""
        self._rows = Records(self.dialect, 1 if self.dialect.is_named else 0).read(chain(first, blocks))
        self._first: list[Rows] = []
        """The rows that are already read."""
        sample: list[list[str]] = []
        for rows in self._rows:
            self._first.append(rows)
            sample += rows.cells
            if len(sample) >= SAMPLE:
                break
        del sample[SAMPLE:]
        self._exact = bool(sample) and sample[0] == _HEADER
        self.columns = understand(sample, overrides, exact=self._exact, partly=partly)
        """How the columns were understood."""
        self._head = self._header()

    def _header(self) -> bytes:
        """What stands above the rows, as it came."""
        named = f"sep={self.dialect.delimiter}\r\n" if self.dialect.is_named else ""
        texts = [text for rows in self._first for text in rows.texts]
        at = self.columns.understood.header
        return (named if at is None else f"{named}{texts[at]}\r\n").encode(errors="replace")

    def items(self) -> Iterator[Item]:
        """All contacts. Can be called once."""
        columns = self.columns
        if not any(column.field for column in columns.understood.columns):
            numbered = (pair for rows in self._first for pair in zip(rows.lines, rows.cells, strict=True))
            filled = next((line for line, cells in numbered if any(cells)), None)
            if filled is not None:
                yield Reject(f"line {filled}", NO_COLUMNS)
            return
        skipped = columns.understood.start
        contact_of, exact = columns.contact, self._exact
        told: list[str] = []
        for rows in chain(self._first, self._rows):
            if rows.told == TOO_LARGE:
                skipped = max(0, skipped - 1)
                yield Reject(f"line {rows.lines[0]}", TOO_LARGE)
                continue
            for line, cells, text in zip(rows.lines, rows.cells, rows.texts, strict=True):
                if skipped:
                    skipped -= 1
                    continue
                if exact:
                    cells = [restored(cell) for cell in cells]
                contact = contact_of(cells, len(text), told)
                if rows.told and contact is not None:
                    told.append(rows.told)
                if contact is not None and not told:
                    yield contact
                    continue
                yield from described(contact, told, f"line {line}", lambda text=text: self._record(text))
                told.clear()

    def _record(self, text: str) -> RejectedRecord:
        return RejectedRecord(text.encode(errors="replace"), "csv", self._head)
