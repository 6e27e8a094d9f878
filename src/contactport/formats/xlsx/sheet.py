"""Rows of a sheet: the text of each cell, as people see it in the spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from contactport.formats.columns import COLUMNS
from contactport.formats.xlsx.number_formats import number
from contactport.formats.xlsx.workbook import Sheet, Workbook, unescaped
from contactport.formats.xlsx.xml_part import TEXT, UnreadableWorkbook, Usual, XmlPart, attribute
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


class _Cells(XmlPart):
    """Takes the events of a sheet's XML and makes rows.

    `begin` is one long function because it runs twice for each cell: calls would be half of its time.
    """

    def __init__(self, book: Workbook) -> None:
        super().__init__()
        self._string = book.strings.get
        self._strings = book.strings.known
        self._shown = book.shown
        self.rows: list[SheetRow] = []
        """Rows that are complete."""
        self.characters = 0
        """Of all rows."""
        self._row = SheetRow(0, [])
        self._cells = self._row.cells
        self._number = 0
        self._is_filled = False
        self._column = -1
        self._type = self._style = ""
        self._takes = False
        """Whether text that comes belongs to the cell, if it is in the element at this depth."""
        self._inside = 0
        self._is_phonetic = False
        self._parts: list[str] = []
        self._size = 0
        self._columns: dict[str, int] = {}

    def begin(self, name: str, attributes: list[str]) -> None:
        self.begun += 1
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "v":
            self._takes, self._inside = True, self.depth
        elif name == "c":
            if self._parts:
                self._end()
            self._type = self._style = ""
            self._takes = self._is_phonetic = False
            column = self._column + 1
            for at in range(0, len(attributes), 2):
                about, said = attributes[at], attributes[at + 1]
                if about == "r":
                    known = self._columns.get(said.rstrip("0123456789"))
                    column = self._read_column(said, column) if known is None else known
                elif about == "s":
                    self._style = said
                elif about == "t":
                    self._type = said
            self._column = column
        elif name == "t":
            self._takes, self._inside = not self._is_phonetic, self.depth
        elif name == "row":
            self._begin_row(attributes)
        else:
            self._takes = False
            self._is_phonetic = self._is_phonetic or name == "rPh"

    def _begin_row(self, attributes: list[str]) -> None:
        self.close()
        self._number += 1
        said = attribute(attributes, "r")
        if said.isdecimal() and len(said) < 8 and 0 < int(said) <= _LAST_ROW:
            self._number = int(said)
        self._row = SheetRow(self._number, [])
        self._cells = self._row.cells

    def close(self) -> None:
        """End the cell and the row."""
        if self._parts:
            self._end()
        row = self._row
        if self._is_filled:
            self.rows.append(row)
            self._row = SheetRow(row.number, [])
            self._cells = self._row.cells
            self._is_filled = False
        self._column = -1
        self.characters += self._size
        self._size = 0
        self._takes = False

    def _read_column(self, said: str, following: int) -> int:
        """The column of a cell, from 0: of `AB12`, 27."""
        letters = said.rstrip("0123456789")
        column = 0
        for letter in letters[:4]:
            column = column * 26 + _LETTERS.get(letter, 0)
        if not letters or not column:
            return following
        if column <= COLUMNS:
            self._columns[letters] = column - 1
        return column - 1

    def text(self, data: str) -> None:
        if self._takes and self.depth == self._inside:
            self._size += len(data)
            if self._size <= ROW:
                self._parts.append(data)
            else:
                self._refuse()

    def _refuse(self) -> None:
        """Give up the row."""
        self._row.told = TOO_LARGE
        self._cells.clear()
        self._is_filled = True

    def _end(self) -> None:
        """The cell ends."""
        raw = "".join(self._parts)
        self._parts.clear()
        # Text before the first cell of a row is in none.
        if self._column >= 0:
            self._put(raw, self._column)

    def _put(self, raw: str, column: int) -> None:
        """Put the text of a cell into the row."""
        text = self._shown_text(raw, self._type, self._style)
        if not text or self._row.told is TOO_LARGE:
            return
        self._size += len(text)
        if self._size > ROW:
            self._refuse()
            return
        cells = self._cells
        if column >= COLUMNS:
            self._row.told = BEYOND
            return
        missing = column - len(cells)
        if missing >= 0:
            cells += [""] * missing
            cells.append(text)
        else:
            cells[column] = text
        self._is_filled = True

    def _shown_text(self, raw: str, type_: str, style: str) -> str:
        """The text of a cell by its type and its style; "" for nothing."""
        if type_ == "s":
            return self._string(raw)
        if type_ in ("inlineStr", "str"):
            return unescaped(raw)
        raw = raw.strip()
        if not type_ or type_ == "n":
            at = int(style) if style.isdecimal() and len(style) < 10 else 0
            return self._shown[at](raw) if style and at < len(self._shown) else number(raw)
        if type_ == "b":
            return {"0": "FALSE", "1": "TRUE"}.get(raw, raw)
        if type_ == "d":
            return raw.partition("T")[0]
        return "" if type_ == "e" else raw

    def take(self, found: re.Match[str]) -> None:
        """A row of the usual shape."""
        self.close()
        self._number = int(found[1])
        row = SheetRow(self._number, [])
        cells, columns, strings = row.cells, self._columns, self._strings
        width = size = 0
        for letters, style, type_, value, text in _CELL.findall(found[2]):
            if type_ == "s":
                text = strings.get(value) or self._string(value)
            elif value or "_x" in text:
                text = self._shown_text(value or text, type_, style)
            if not text:
                continue
            column = columns.get(letters, -1)
            if column < 0:
                column = self._read_column(letters, width)
                if column >= COLUMNS:
                    row.told = BEYOND
                    continue
            size += len(text)
            if size > ROW:
                row.told = TOO_LARGE
                cells.clear()
                break
            if column != width:
                if column < width:
                    cells[column] = text
                    continue
                cells += [""] * (column - width)
            cells.append(text)
            width = column + 1
        self.characters += size
        if cells or row.told:
            self.rows.append(row)


_CELL_SHAPE = (
    r'<c r="(?P<c>[A-Z]{1,3})[0-9]{1,7}"(?: s="(?P<s>[0-9]{1,9})")?(?: t="(?P<t>s|n|b|inlineStr)")?'
    rf'(?:/>|>(?:<v>(?P<v>{TEXT})</v>|<is><t(?: xml:space="preserve")?>(?P<i>{TEXT})</t></is>)?</c>)'
)
_CELL = re.compile(_CELL_SHAPE)
_ROWS = Usual(
    begin=b"<row",
    end="</row>",
    depth=2,
    shape=re.compile(
        rf'[ \n]*+<row r="([1-9][0-9]{{0,6}})"[^<>&/]*+>((?:{re.sub("[?]P<.>", "?:", _CELL_SHAPE)})*+)</row>'
    ),
)


def rows(book: Workbook, sheet: Sheet) -> Iterator[SheetRow]:
    """The rows of a sheet that have a cell with a value. Raises UnreadableWorkbook, also after some rows."""
    cells = _Cells(book)
    try:
        for _ in cells.read(cells.without(_ROWS, book.pieces(sheet.part), cells.take)):
            if cells.characters > CHARACTERS:
                raise UnreadableWorkbook(TOO_MUCH)
            yield from cells.rows
            cells.rows.clear()
    except (UnreadableWorkbook, UnreadableZip) as error:
        yield from cells.rows
        raise UnreadableWorkbook(str(error)) from None
    cells.close()
    yield from cells.rows
