"""Workbook: the parts of an XLSX file (ECMA-376), its sheets, its shared strings and its formats of numbers."""

from __future__ import annotations

import posixpath
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from zipfile import ZipInfo

import msgspec

from contactport.formats.budgets import LONG
from contactport.formats.xlsx.number_formats import Shown, number, shown_by
from contactport.formats.xlsx.xml_part import TEXT, Begin, SmallPart, UnreadableWorkbook, Usual, attribute
from contactport.formats.zip_parts import Unpacking, UnreadableZip, ZipParts

STRINGS = 4_000_000
STRING_BYTES = 64 * 1024 * 1024
SHEETS = 100
_FORMATS = 65_536
_SHORT, _REMEMBERED = 40, 150_000
_TEXTS = Usual(
    begin=b"<si>",
    end="</si>",
    depth=1,
    shape=re.compile(rf'[ \n]*+<si><t(?: xml:space="preserve")?>({TEXT})</t></si>'),
)
TOO_MANY_STRINGS = (
    f"this workbook has more than {STRINGS} different texts, or more than {STRING_BYTES // 1024**2} MiB of them: "
    "send it as CSV"
)
NO_SHEETS = "this workbook has no sheet with cells"
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


class Sheet(msgspec.Struct, frozen=True):
    """One sheet: its place among all, from 1, whether people see it, and its part."""

    number: int
    is_visible: bool
    part: ZipInfo


class SharedStrings:
    """The texts that cells refer to by number, as UTF-8 in one piece: a list of them is three times as large."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", (0,))
        self.known: dict[str, str] = {}
        """The first short texts, by their numbers as cells write them: a look-up here takes a third of the time."""

    def append(self, text: str) -> None:
        """Add a text. Raises UnreadableWorkbook if there are too many."""
        if len(text) <= _SHORT and len(self.known) < _REMEMBERED:
            self.known[str(len(self))] = text
        self._bytes += text.encode("utf-8", "replace")
        self._ends.append(len(self._bytes))
        if len(self._bytes) > STRING_BYTES or len(self._ends) > STRINGS:
            raise UnreadableWorkbook(TOO_MANY_STRINGS)

    def get(self, index: str) -> str:
        """The text of this number; "" if there is none."""
        known = self.known.get(index)
        if known is not None:
            return known
        try:
            at = int(index)
            text = self._bytes[self._ends[at] : self._ends[at + 1]].decode() if at >= 0 else ""
        except (ValueError, IndexError):
            return ""
        return text

    def __len__(self) -> int:
        return len(self._ends) - 1


def unescaped(text: str) -> str:
    """A text with the characters that XML lacks, which are written `_x000D_`."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: _character(int(found[1], 16)), text)


def _character(code: int) -> str:
    return "" if 0xD800 <= code < 0xE000 else chr(code)


def _ignore(_: object) -> None:
    pass


class Workbook:
    """The parts of one file. Raises UnreadableWorkbook and UnreadableZip."""

    def __init__(self, zip_parts: ZipParts) -> None:
        self._zip = zip_parts
        self._parts: dict[str, ZipInfo] = {}
        for part in zip_parts.parts:
            self._parts.setdefault(_plain(part.filename), part)
        path = next(iter(self._related("", "officeDocument").values()), "xl/workbook.xml")
        book = self._parts.get(_plain(path)) or self._parts.get("xl/workbook.xml")
        if book is None:
            raise UnreadableWorkbook(NO_SHEETS)
        path = book.filename
        self.is_1904 = False
        self.sheets = self._sheets(book, self._related(path, "worksheet"))
        strings = self._related(path, "sharedStrings")
        self.strings = self._strings(self._parts.get(_plain(next(iter(strings.values()), ""))))
        styles = self._related(path, "styles")
        self.shown: Sequence[Shown] = self._formats(self._parts.get(_plain(next(iter(styles.values()), ""))))
        """By the number of a cell's style, how its number is shown."""

    def pieces(self, part: ZipInfo) -> Iterator[bytes]:
        """A part, unpacked."""
        return self._zip.unpacked(part)

    def _read(
        self,
        part: ZipInfo,
        begins: dict[str, Begin],
        text: Callable[[str], None] = _ignore,
        other: Begin = _ignore,
    ) -> None:
        for _ in SmallPart(begins, text, other).read(self._zip.unpacked(part)):
            pass

    def _related(self, path: str, kind: str) -> dict[str, str]:
        """The parts that a part refers to, by the id of the relationship."""
        folder, name = posixpath.split(path)
        part = self._parts.get(_plain(posixpath.join(folder, "_rels", f"{name}.rels")))
        found: dict[str, str] = {}

        def relationship(attributes: list[str]) -> None:
            if attribute(attributes, "Type").rpartition("/")[2] == kind and len(found) < 1_000:
                target = posixpath.join("/", folder, attribute(attributes, "Target"))
                found[attribute(attributes, "Id")] = posixpath.normpath(target)

        if part is not None:
            self._read(part, {"Relationship": relationship})
        return found

    def _sheets(self, book: ZipInfo, targets: dict[str, str]) -> list[Sheet]:
        found: list[Sheet] = []
        count = 0

        def sheet(attributes: list[str]) -> None:
            nonlocal count
            count += 1
            part = self._parts.get(_plain(targets.get(attribute(attributes, "id"), "")))
            if part is not None and len(found) < SHEETS:
                found.append(Sheet(count, attribute(attributes, "state") in ("", "visible"), part))

        def properties(attributes: list[str]) -> None:
            self.is_1904 = attribute(attributes, "date1904").lower() in ("1", "true", "on")

        self._read(book, {"sheet": sheet, "workbookPr": properties})
        return found

    def _strings(self, part: ZipInfo | None) -> SharedStrings:
        strings = SharedStrings()
        if part is None:
            return strings
        runs: list[str] = []
        size = count = inside = 0
        is_text = is_phonetic = False

        def item(_: list[str]) -> None:
            nonlocal size, count, is_text, is_phonetic
            if count:
                strings.append(unescaped("".join(runs))[:LONG])
            runs.clear()
            count += 1
            size = 0
            is_text = is_phonetic = False

        def run(_: list[str]) -> None:
            nonlocal is_text, inside
            is_text, inside = not is_phonetic, xml.depth

        def phonetic(_: list[str]) -> None:
            nonlocal is_text, is_phonetic
            is_text, is_phonetic = False, True

        def other(_: list[str]) -> None:
            nonlocal is_text
            is_text = False

        def text(data: str) -> None:
            nonlocal size
            if is_text and size < LONG and xml.depth == inside:
                runs.append(data)
                size += len(data)

        def take(found: re.Match[str]) -> None:
            nonlocal count
            item([])
            count = 0
            strings.append(unescaped(found[1])[:LONG])

        xml = SmallPart({"si": item, "t": run, "rPh": phonetic}, text, other)
        for _ in xml.read(xml.without(_TEXTS, self.pieces(part), take)):
            pass
        item([])
        return strings

    def _formats(self, part: ZipInfo | None) -> list[Shown]:
        spelled: dict[int, str] = {}
        shown: list[Shown] = []
        known: dict[int, Shown] = {}
        is_cell = False

        def spelling(attributes: list[str]) -> None:
            if len(spelled) < _FORMATS:
                spelled[_int(attribute(attributes, "numFmtId"))] = attribute(attributes, "formatCode")[:500]

        def cells_begin(_: list[str]) -> None:
            nonlocal is_cell
            is_cell = True

        def others_begin(_: list[str]) -> None:
            nonlocal is_cell
            is_cell = False

        def style(attributes: list[str]) -> None:
            if is_cell and len(shown) < _FORMATS:
                code = _int(attribute(attributes, "numFmtId"))
                if code not in known:
                    known[code] = shown_by(code, spelled.get(code, ""), is_1904=self.is_1904)
                shown.append(known[code])

        if part is not None:
            self._read(
                part,
                {
                    "numFmt": spelling,
                    "cellXfs": cells_begin,
                    "cellStyleXfs": others_begin,
                    "cellStyles": others_begin,
                    "dxfs": others_begin,
                    "xf": style,
                },
            )
        return shown or [number]


def _plain(path: str) -> str:
    """A path as it is compared: some writers use other cases, backslashes, or a slash in front."""
    return path.replace("\\", "/").lstrip("/").casefold()


def _int(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def opened(data: bytes, unpacking: Unpacking | None = None) -> Workbook:
    """The workbook of a whole file. Raises UnreadableWorkbook."""
    try:
        return Workbook(ZipParts(data, unpacking))
    except UnreadableZip as error:
        raise UnreadableWorkbook(str(error)) from None
