"""XML of a workbook's part: events for the beginnings of elements and for text, within budgets.

Only names without their prefix are told apart, as the namespaces of the two kinds of workbooks (transitional and
strict) differ and their names don't. Ends of elements are only counted: to report them would take a third of the
time. What follows the end of an element comes to `text` by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from xml.parsers import expat

Begin = Callable[[list[str]], None]
"""Takes the attributes of an element: names and values in turn."""
_TOKEN = 1024 * 1024
"""The longest tag."""
_DEPTH = 64
_NAMES = 5_000
"""Different names of elements and attributes. expat keeps each of them."""
DOCTYPE = "a part of this workbook has a document type declaration, which no workbook has"
BROKEN = "a part of this workbook is not sound XML: save it again"
TOO_LONG = "a part of this workbook has tags that are too long, too deep or too many"


class UnreadableWorkbook(Exception):
    """The workbook, or a part of it, can't be read. The text says why, without any name."""


def _refuse(*_: object) -> None:
    raise UnreadableWorkbook(DOCTYPE)


class XmlPart:
    """Reader of one part. `begins` are what takes each element, by its name; others come to `other`."""

    def __init__(self, begins: dict[str, Begin], text: Callable[[str], None], other: Begin) -> None:
        self._known = dict(begins)
        self._other = other
        self._begun = 0
        self._ended: list[str] = []
        parser: Any = expat.ParserCreate()
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.specified_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._ended.append
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _refuse
        self._parser = parser

    def _start(self, name: str, attributes: list[str]) -> None:
        self._begun += 1
        begin = self._known.get(name)
        if begin is None:
            begin = self._known[name] = self._known.get(name.rpartition(":")[2], self._other)
        begin(attributes)

    def read(self, pieces: Iterable[bytes]) -> Iterator[None]:
        """Read the part. Pauses after each piece. Raises UnreadableWorkbook."""
        size = 0
        try:
            for piece in pieces:
                size += len(piece)
                self._parser.Parse(piece, False)
                self._begun -= len(self._ended)
                self._ended.clear()
                is_long = size - self._parser.CurrentByteIndex > _TOKEN
                if is_long or self._begun > _DEPTH or len(self._parser.intern) > _NAMES:
                    raise UnreadableWorkbook(TOO_LONG)
                yield
            self._parser.Parse(b"", True)
            yield
        except expat.ExpatError:
            raise UnreadableWorkbook(BROKEN) from None


def attribute(attributes: list[str], name: str) -> str:
    """The value of an attribute, whatever its prefix; "" where there is none."""
    for at in range(0, len(attributes), 2):
        if attributes[at].rpartition(":")[2] == name:
            return attributes[at + 1]
    return ""
