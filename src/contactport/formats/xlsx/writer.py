"""Writer of XLSX: one sheet with the columns of our CSV, row by row, the same bytes for the same contacts.

Cells are texts within the sheet (`inlineStr`), so that nothing is shared between rows, no number loses digits, and no
text is ever a formula.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from contactport.contact import Contact, Item
from contactport.formats.csv.writer import HEADER, row_of
from contactport.formats.registry import NO_GROUPS, Groups

CELL = 32_767
"""What a cell may hold, in units of UTF-16: Excel calls a file with more damaged."""
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET = "xl/worksheets/sheet1.xml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/{_SHEET}" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Contacts" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_UNSAFE = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def _letters(column: int) -> str:
    """The name of a column, by its place from 0."""
    letters = ""
    column += 1
    while column:
        column, at = divmod(column - 1, 26)
        letters = chr(65 + at) + letters
    return letters


_COLUMNS = tuple(map(_letters, range(len(HEADER))))


def _escape(found: re.Match[str]) -> str:
    """For XML, and as `_x000D_` what XML lacks or changes (ECMA-376 part 1, 22.9.2.19)."""
    character = found[0]
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    return _ESCAPED.get(character) or f"_x{ord(character):04X}_"


def _cut(text: str) -> str:
    if len(text) * 2 <= CELL:
        return text
    units = text.encode("utf-16-le", "replace")[: CELL * 2]
    return units.decode("utf-16-le", "ignore")


def _row(number: int, cells: Sequence[str]) -> bytes:
    made = [f'<row r="{number}">']
    for column, cell in zip(_COLUMNS, cells, strict=True):
        if cell:
            text = _UNSAFE.sub(_escape, _cut(cell))
            space = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
            made.append(f'<c r="{column}{number}" t="inlineStr"><is><t{space}>{text}</t></is></c>')
    made.append("</row>")
    return "".join(made).encode()


class _Sink:
    """A file for zipfile that keeps what was written since it was last taken."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        data = b"".join(self._written)
        self._written.clear()
        return data


def _info(name: str) -> zipfile.ZipInfo:
    """The entry of a part, without the time and the system."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 0
    return info


def write(items: Iterable[Item], groups: Groups = NO_GROUPS) -> Iterator[bytes]:
    """A workbook with a row for each contact. What is no contact is left out, and so are the bytes of pictures.

    `groups` are the names of the groups that a UID belongs to.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as file:  # type: ignore[arg-type]
        for name, text in _PARTS.items():
            file.writestr(_info(name), _XML + text)
        with file.open(_info(_SHEET), "w") as sheet:
            sheet.write(f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            sheet.write(_row(1, HEADER))
            number = 1
            yield sink.taken()
            for item in items:
                if isinstance(item, Contact):
                    number += 1
                    sheet.write(_row(number, row_of(item, groups.get(item.uid, ()))))
                yield sink.taken()
            sheet.write(b"</sheetData></worksheet>")
    yield sink.taken()
