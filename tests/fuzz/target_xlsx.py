"""`formats.xlsx`: any XML in a sheet, in the shared texts and in the styles, and any bytes as a file."""

from __future__ import annotations

from contextlib import suppress

from contactport.contact import Contact, Note, Reject
from contactport.formats import xlsx
from contactport.formats.xlsx.sheet import rows
from contactport.formats.xlsx.workbook import opened
from contactport.formats.xlsx.xml_part import UnreadableWorkbook
from tests.unit.formats.workbooks import sheet, workbook

HEAD = sheet([["First Name", "E-mail"], ["Ada", "ada@example.org"]])


def check(data: bytes) -> None:
    """Raises AssertionError, or whatever reading should not have raised."""
    inner = data.decode("utf-8", "replace")
    kind = data[:1]
    book = workbook(
        HEAD.replace("</sheetData>", f"{inner}</sheetData>") if kind != b"!" else data[1:],
        strings=inner if kind == b"s" else "<si><t>shared</t></si>",
        styles=inner if kind == b"f" else "<cellXfs><xf numFmtId='14'/></cellXfs>",
    )
    for whole in (book, data, b"PK\3\4" + data, book[: len(book) // 2] + data):
        for item in xlsx.read([whole]):
            assert isinstance(item, Contact | Reject | Note)
    with suppress(UnreadableWorkbook):
        opening = opened(book)
        for row in rows(opening, opening.sheets[0]):
            assert any(row.cells) or row.told
            assert row.number > 0
