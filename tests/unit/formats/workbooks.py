"""Workbooks of the tests, written part by part, so that each can be as odd as a test needs it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return file.getvalue()


def column(at: int) -> str:
    return (chr(64 + at // 26) if at >= 26 else "") + chr(65 + at % 26)


def sheet(rows: Sequence[Sequence[str]], first: int = 1) -> str:
    """Rows of texts. A cell that begins with `<` is the XML of a cell without its place (`<c t="b"><v>1</v></c>`)."""
    made: list[str] = []
    for number, row in enumerate(rows, first):
        cells: list[str] = []
        for at, cell in enumerate(row):
            place = f'r="{column(at)}{number}"'
            if cell.startswith("<c"):
                cells.append(cell.replace("<c", f"<c {place}", 1))
            elif cell:
                cells.append(f'<c {place} t="inlineStr"><is><t>{escape(cell)}</t></is></c>')
        made.append(f'<row r="{number}">{"".join(cells)}</row>')
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(made)}</sheetData></worksheet>'


def workbook(
    *sheets: str | bytes,
    strings: str = "",
    styles: str = "",
    properties: str = "",
    states: Sequence[str] = (),
    more: Mapping[str, str | bytes] = {},
) -> bytes:
    """A workbook of these sheets (XML). `strings` stands in `<sst>`, `styles` in `<styleSheet>`."""
    listed = "".join(
        f'<sheet name="S{at}" sheetId="{at}" r:id="r{at}"{_state(states, at)}/>'
        for at in range(1, len(sheets) + 1)
    )
    related = "".join(
        f'<Relationship Id="r{at}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(sheets) + 1)
    )
    parts: dict[str, str | bytes] = {
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{properties}'
        f"<sheets>{listed}</sheets></workbook>",
        **{f"xl/worksheets/sheet{at}.xml": content for at, content in enumerate(sheets, 1)},
    }
    for name, kind, content in (("sharedStrings", "sst", strings), ("styles", "styleSheet", styles)):
        if content:
            related += f'<Relationship Id="{name}" Type="{_OFFICE}/{name}" Target="/xl/{name}.xml"/>'
            parts[f"xl/{name}.xml"] = f'<{kind} xmlns="{_MAIN}">{content}</{kind}>'
    parts["xl/_rels/workbook.xml.rels"] = f'<Relationships xmlns="{_PACKAGE}">{related}</Relationships>'
    return packed({**parts, **more})


def _state(states: Sequence[str], at: int) -> str:
    return f' state="{states[at - 1]}"' if at <= len(states) and states[at - 1] else ""
