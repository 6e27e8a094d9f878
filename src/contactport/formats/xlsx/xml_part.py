"""XML of a workbook's part: events for the beginnings of elements and for text, within budgets.

Only names without their prefix are told apart, as the namespaces of the two kinds of workbooks (transitional and
strict) differ and their names don't. Ends of elements are only counted: to report them would take a third of the
time. What follows the end of an element comes to `text` by itself.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple
from xml.parsers import expat

Begin = Callable[[list[str]], None]
"""Takes the attributes of an element: names and values in turn."""
_TOKEN = 1024 * 1024
"""The longest tag."""
_WAITING = 256 * 1024
"""Characters of an element of the usual shape, at most."""
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding=["']([^"']*)""")
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


TEXT = r"[^<>&\x00-\x08\x0b-\x1f]*+"
"""A pattern of texts that stand in XML as they are."""


class Usual(NamedTuple):
    """Elements that are taken by their shape, three times as fast as expat reads them.

    `begin` is how the first begins, `end` the end tag, and `depth` the number of elements that they are in.
    """

    begin: bytes
    end: str
    depth: int
    shape: re.Pattern[str]


class XmlPart:
    """Reader of one part. `begin` takes each element, and `text` what stands in it."""

    def __init__(self) -> None:
        self.begun = 0
        """Elements that have begun. `begin` counts them, so that no call is needed only for that."""
        self._ended: list[str] = []
        parser: Any = expat.ParserCreate()
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.specified_attributes = True
        parser.StartElementHandler = self.begin
        parser.EndElementHandler = self._ended.append
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = _refuse
        self._parser = parser

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return self.begun - len(self._ended)

    def begin(self, name: str, attributes: list[str]) -> None:
        """An element begins: its name with its prefix, and the names and values of its attributes in turn."""
        raise NotImplementedError

    def text(self, data: str) -> None:
        """Text comes."""
        raise NotImplementedError

    def read(self, pieces: Iterable[bytes]) -> Iterator[None]:
        """Read the part. Pauses after each piece. Raises UnreadableWorkbook."""
        size = 0
        try:
            for piece in pieces:
                size += len(piece)
                self._parser.Parse(piece, False)
                self.begun -= len(self._ended)
                self._ended.clear()
                is_long = size - self._parser.CurrentByteIndex > _TOKEN
                if is_long or self.begun > _DEPTH or len(self._parser.intern) > _NAMES:
                    raise UnreadableWorkbook(TOO_LONG)
                yield
            self._parser.Parse(b"", True)
            yield
        except expat.ExpatError:
            raise UnreadableWorkbook(BROKEN) from None

    def without(
        self, usual: Usual, pieces: Iterator[bytes], take: Callable[[re.Match[str]], None]
    ) -> Iterator[bytes]:
        """The pieces for `read` without the elements of the usual shape, which `take` gets.

        Every byte of such an element is known, so to take it out from between two others changes nothing for expat.
        """
        first = next(pieces, b"")
        at = first.find(usual.begin)
        named = _ENCODING.match(first)
        yield first if at < 0 else first[:at]
        if at < 0 or self.depth != usual.depth or (named is not None and named[1].lower() != b"utf-8"):
            yield first[at:] if at >= 0 else b""
            yield from pieces
            return
        decoder = codecs.getincrementaldecoder("utf-8")()
        rest = ""
        for piece in chain((first[at:],), pieces):
            try:
                rest += decoder.decode(piece)
            except UnicodeDecodeError:
                # The parser says that it is not UTF-8.
                yield rest.encode() + decoder.getstate()[0] + piece
                yield from pieces
                return
            at = 0
            while True:
                found = usual.shape.match(rest, at) if self.depth == usual.depth else None
                if found is not None:
                    take(found)
                    at = found.end()
                    continue
                end = rest.find(usual.end, at)
                if end < 0:
                    break
                end += len(usual.end)
                yield rest[at:end].encode()
                at = end
            rest = rest[at:]
            if len(rest) > _WAITING:
                yield rest.encode()
                rest = ""
        yield rest.encode() + decoder.getstate()[0]


class SmallPart(XmlPart):
    """A part whose elements each have a function; others come to `other`."""

    def __init__(self, begins: dict[str, Begin], text: Callable[[str], None], other: Begin) -> None:
        super().__init__()
        self._begins, self._text, self._other = begins, text, other

    def begin(self, name: str, attributes: list[str]) -> None:
        self.begun += 1
        self._begins.get(name.rpartition(":")[2], self._other)(attributes)

    def text(self, data: str) -> None:
        self._text(data)


def attribute(attributes: list[str], name: str) -> str:
    """The value of an attribute, whatever its prefix; "" where there is none."""
    for at in range(0, len(attributes), 2):
        if attributes[at].rpartition(":")[2] == name:
            return attributes[at + 1]
    return ""
