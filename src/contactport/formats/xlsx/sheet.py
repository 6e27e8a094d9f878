"""Rows of a sheet: the text of each cell, as people see it in the spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contactport.formats.columns import COLUMNS
from contactport.formats.xlsx.number_formats import number
from contactport.formats.xlsx.workbook import Sheet, Workbook, unescaped
from contactport.formats.xlsx.xml_part import Begin, UnreadableWorkbook, XmlPart
from contactport.formats.zip_parts import UnreadableZip

ROW = 2 * 1024 * 1024
"""Characters of the largest row that is read."""
TOO_LARGE = f"this row is larger than {ROW} characters"
BEYOND = f"only {COLUMNS} columns are read: a cell beyond them is left out"
CHARACTERS = 1024**3
"""Characters of all rows that are read. Few shared texts can make many long rows."""
TOO_MUCH = f"the rows of this sheet have more than {CHARACTERS} characters: the rest is not read"
_LETTERS = {chr(65 + at): at + 1 for at in range(26)} | {chr(97 + at): at + 1 for at in range(26)}
_LAST_ROW = 1_048_576


class SheetRow(msgspec.Struct, gc=False):
    """One row with at least one cell: its number in the spreadsheet, its texts, and what was left out of it."""

    number: int
    cells: list[str]
    told: str = ""


class _Cells:
    """Takes the events of a sheet's XML and makes rows."""

    def __init__(self, book: Workbook) -> None:
        self._strings = book.strings
        self._shown = book.shown
        self.rows: list[SheetRow] = []
        """Rows that are complete."""
        self.characters = 0
        """Of all rows."""
        self._row = SheetRow(0, [])
        self._number = 0
        self._is_filled = False
        self._column = -1
        self._type = self._style = ""
        self._takes = self._is_first = False
        """Whether text that comes belongs to the cell, and whether it is the first after the tag."""
        self._is_phonetic = False
        self._parts: list[str] = []
        self._size = 0
        self._columns: dict[str, int] = {}

    def begins(self) -> dict[str, Begin]:
        return {
            "row": self.row,
            "c": self.cell,
            "v": self.value,
            "t": self.text,
            "rPh": self.phonetic,
            "sheetData": self.other,
        }

    def row(self, attributes: list[str]) -> None:
        self.close()
        self._number += 1
        for at in range(0, len(attributes), 2):
            if attributes[at] == "r":
                said = attributes[at + 1]
                if said.isdecimal() and len(said) < 8 and 0 < int(said) <= _LAST_ROW:
                    self._number = int(said)
        self._row = SheetRow(self._number, [])

    def close(self) -> None:
        """End the cell and the row."""
        if self._parts:
            self._end()
        row = self._row
        if self._is_filled:
            self.rows.append(row)
        self._row = SheetRow(row.number, [])
        self._is_filled = False
        self._column = -1
        self.characters += self._size
        self._size = 0
        self._takes = False

    def cell(self, attributes: list[str]) -> None:
        if self._parts:
            self._end()
        self._type = self._style = ""
        self._takes = False
        self._is_phonetic = False
        self._column += 1
        for at in range(0, len(attributes), 2):
            name = attributes[at]
            if name == "r":
                said = attributes[at + 1]
                column = self._columns.get(said.rstrip("0123456789"))
                self._column = self._read_column(said) if column is None else column
            elif name == "t":
                self._type = attributes[at + 1]
            elif name == "s":
                self._style = attributes[at + 1]

    def _read_column(self, said: str) -> int:
        """The column of a cell, from 0: of `AB12`, 27."""
        letters = said.rstrip("0123456789")
        column = 0
        for letter in letters[:4]:
            column = column * 26 + _LETTERS.get(letter, 0)
        if not letters or not column:
            return self._column
        if column <= COLUMNS:
            self._columns[letters] = column - 1
        return column - 1

    def value(self, _: list[str]) -> None:
        self._takes = self._is_first = True

    def text(self, _: list[str]) -> None:
        self._takes = self._is_first = not self._is_phonetic

    def phonetic(self, _: list[str]) -> None:
        self._takes, self._is_phonetic = False, True

    def other(self, _: list[str]) -> None:
        self._takes = False

    def data(self, data: str) -> None:
        if self._takes and (self._is_first or not data.isspace()):
            self._is_first = False
            self._size += len(data)
            if self._size <= ROW:
                self._parts.append(data)
            else:
                self._refuse()

    def _refuse(self) -> None:
        """Give up the row."""
        self._row.told = TOO_LARGE
        self._row.cells.clear()
        self._is_filled = True

    def _end(self) -> None:
        """Put the text of the cell into the row."""
        parts = self._parts
        raw = parts[0] if len(parts) == 1 else "".join(parts)
        self._parts = []
        type_ = self._type
        if type_ == "s":
            text = self._strings.get(raw)
            self._size += len(text)
            if self._size > ROW:
                self._refuse()
        elif type_ in ("inlineStr", "str"):
            text = unescaped(raw)
        elif type_ == "e":
            return
        elif type_ == "b":
            text = {"0": "FALSE", "1": "TRUE"}.get(raw.strip(), raw.strip())
        elif type_ == "d":
            text = raw.strip().partition("T")[0]
        else:
            text = self._number_text(raw.strip())
        if not text or self._row.told is TOO_LARGE:
            return
        cells, column = self._row.cells, self._column
        if column >= COLUMNS:
            self._row.told = self._row.told or BEYOND
            return
        missing = column - len(cells)
        if missing >= 0:
            if missing:
                cells += [""] * missing
            cells.append(text)
        else:
            cells[column] = text
        self._is_filled = True

    def _number_text(self, raw: str) -> str:
        style = self._style
        if not style:
            return number(raw)
        at = int(style) if style.isdecimal() and len(style) < 10 else 0
        shown = self._shown
        return shown[at](raw) if at < len(shown) else number(raw)


def rows(book: Workbook, sheet: Sheet) -> Iterator[SheetRow]:
    """The rows of a sheet that have a cell with a value. Raises UnreadableWorkbook, also after some rows."""
    cells = _Cells(book)
    part = XmlPart(cells.begins(), cells.data, cells.other)
    try:
        for _ in part.read(book.pieces(sheet.part)):
            if cells.characters > CHARACTERS:
                raise UnreadableWorkbook(TOO_MUCH)
            yield from cells.rows
            cells.rows.clear()
    except (UnreadableWorkbook, UnreadableZip) as error:
        yield from cells.rows
        raise UnreadableWorkbook(str(error)) from None
    cells.close()
    yield from cells.rows
