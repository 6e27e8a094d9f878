"""Elements of a text, such as the cards of a JSON array: each is found by how it begins, and decoded alone.

The text around the elements is of no interest, so that one array, several of them one after another, and one element
on each line are all the same. A broken element costs only itself: the next one is found by its beginning again.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

import msgspec

from contactport.contact import Reject, RejectedRecord
from contactport.formats.charsets.decode import decode
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.charsets.unicode_forms import FIRST, of_first_letters, of_mark

ELEMENT = 2 * 1024 * 1024
"""The largest element that is read, in characters."""
TOO_LARGE = f"this card is larger than {ELEMENT} characters"
CUT_OFF = "the input ends within this card"
OUTSIDE = "this is outside of any card"
HELD = 4096
"""What is kept of a text without an element. It is longer than the beginning of any, and than `between`'s parts."""
MARGIN = 64
"""How near to the end of the text an error may be that more text would mend."""
REWOUND = 64 * 1024
_REWINDS = 3
"""After so many broken elements in a row, what a broken one holds is not searched for others."""
_HEAD = 256


class IncompleteElement(Exception):
    """The text ends within the element."""


class Broken(Exception):
    """The element can't be decoded, and more text would not change it. `at` is the place of the error."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.reason, self.at = reason, at


class Syntax(msgspec.Struct, frozen=True):
    """How the elements of a text look.

    A group of `opening` begins an element. `resumed` does so after a broken element, where `opening` may also match
    within it. `between` matches everything that may stand between elements, however little of it there is.
    `decode` gives the value of an element and its end, or raises IncompleteElement or Broken. `extent` gives the end
    of a broken one that a text begins with, as far as it shows. `codec` names the character set that the first bytes
    show.
    """

    format: str

    opening: re.Pattern[str]
    resumed: re.Pattern[str]
    between: re.Pattern[str]
    decode: Callable[[str, int], tuple[Any, int]]
    extent: Callable[[str], int]
    codec: Callable[[bytes], str]


class Element(msgspec.Struct, gc=False):
    """An element: its value, the number of its first line, its text, the name of its format."""

    value: Any
    line: int
    text: str
    format: str
    is_resumed: bool
    """Whether it was found by searching in or after a broken one, so that it may be a part of that."""

    @property
    def size(self) -> int:
        """Its characters."""
        return len(self.text)

    def reject(self, reason: str) -> Reject:
        """The reject of an element that is no card."""
        return Reject(f"line {self.line}", reason, _record(self.text, self.format))


def _record(text: str, format: str) -> RejectedRecord:
    return RejectedRecord(text.encode(errors="surrogateescape"), format)


def codec_of(head: bytes) -> str:
    """The character set that a byte order mark or the zeros of UTF-16 show; otherwise UTF-8."""
    codec = of_mark(head)[0] or of_first_letters(head[:FIRST])
    return "utf-8-sig" if codec in ("", "utf_8") else codec


def _text(chunks: Iterable[bytes], codec: Callable[[bytes], str]) -> Iterator[str]:
    """The text in pieces. Bytes that are not UTF-8 become surrogates, to be decoded with their element."""
    chunks = iter(chunks)
    head = b""
    while len(head) < _HEAD and (chunk := next(chunks, None)) is not None:
        head += chunk
    name = codec(head)
    errors = "surrogateescape" if name.startswith("utf-8") else "replace"
    decoder = codecs.getincrementaldecoder(name)(errors)
    yield decoder.decode(head)
    for chunk in chunks:
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def elements(chunks: Iterable[bytes], syntax: Syntax, evidence: Evidence) -> Iterator[Element | Reject]:
    """Every element of the chunks, which may be cut anywhere, and a Reject for each stretch that is none.

    A Reject comes when its stretch is over, with the text up to the next one or to the next element.
    """
    reader = _ElementReader(syntax, evidence)
    waiting: list[str] = []
    size = wanted = 0
    for piece in _text(chunks, syntax.codec):
        waiting.append(piece)
        size += len(piece)
        if size < wanted:
            continue
        text = "".join(waiting)
        at = yield from reader.take(text, final=False)
        waiting = [text[at:]]
        size -= at
        # Looking again at every chunk would take quadratic time where chunks are small and an element is large.
        wanted = 0 if at else 2 * size
    yield from reader.take("".join(waiting), final=True)
    yield from reader.told()


class _Stretch:
    """A text that is no element, while it goes on. `at` is how far it is held, in the present part of the text."""

    def __init__(self, reject: Reject, is_element: bool, at: int) -> None:
        self._reject = reject
        self._is_element = is_element
        self._parts: list[str] = []
        self._size = 0
        self.at = at

    def extend(self, text: str, stop: int) -> None:
        """It reaches to here."""
        if self._size <= ELEMENT and stop > self.at:
            self._parts.append(text[self.at : stop])
            self._size += stop - self.at
        self.at = stop

    def told(self, syntax: Syntax) -> Reject:
        """The Reject, with the text if it is not too long."""
        text = "".join(self._parts)
        if self._is_element:
            text = text[: syntax.extent(text)]
        text = text.rstrip(" \t\r\n,")
        if text and self._size <= ELEMENT:
            self._reject.record = _record(text, syntax.format)
        return self._reject


class _ElementReader:
    """One run over one text."""

    def __init__(self, syntax: Syntax, evidence: Evidence) -> None:
        self._syntax, self._evidence = syntax, evidence
        self._line = 1
        self._is_told = False
        """Whether a Reject says that the text since the last element is none."""
        self._stretch: _Stretch | None = None
        """The text that the last Reject is about, while it goes on."""
        self._broken = 0
        """The number of broken elements since the last sound one."""

    def take(self, text: str, *, final: bool) -> Generator[Element | Reject, None, int]:
        """The elements of a text that begins where the last call has stopped; returns how far it came."""
        at = yield from self._take(text, final=final)
        if self._stretch is not None:
            self._stretch.extend(text, at)
            self._stretch.at = 0
        return at

    def told(self, text: str = "", at: int = 0) -> Iterator[Reject]:
        """The Reject whose text ends here, if there is one."""
        stretch, self._stretch = self._stretch, None
        if stretch is not None:
            stretch.extend(text, at)
            yield stretch.told(self._syntax)

    def _tell(self, text: str, at: int, line: int, reason: str, *, is_element: bool) -> Iterator[Reject]:
        """A stretch that is no element begins here."""
        yield from self.told(text, at)
        self._is_told = True
        self._stretch = _Stretch(Reject(f"line {line}", reason), is_element, at)

    def _take(self, text: str, *, final: bool) -> Generator[Element | Reject, None, int]:
        syntax = self._syntax
        at = 0
        while True:
            found = (syntax.resumed if self._broken else syntax.opening).search(text, at)
            if found is None:
                return (yield from self._without(text, at, final=final))
            start = found.start(found.lastindex or 0)
            yield from self._tell_outside(text, at, start)
            self._line += text.count("\n", at, start)
            try:
                value, end = syntax.decode(text, start)
            except IncompleteElement:
                size = len(text) - start
                if not final and size <= ELEMENT + MARGIN:
                    # What stands before the element may be needed to find it again.
                    self._line -= text.count("\n", found.start(), start)
                    return found.start()
                reason, stop = CUT_OFF, len(text)
            except Broken as broken:
                reason, stop = broken.reason, broken.at
            else:
                if end - start <= ELEMENT:
                    raw = text[start:end]
                    value = self._decoded(raw, value)
                    yield from self.told(text, start)
                    yield Element(value, self._line, raw, syntax.format, self._broken > 0)
                    self._line += text.count("\n", start, end)
                    self._broken, self._is_told = 0, False
                    at = end
                    continue
                reason, stop = "", end
            if stop - start > ELEMENT:
                reason, stop = TOO_LARGE, start + ELEMENT
            yield from self._tell(text, start, self._line, reason, is_element=True)
            self._broken += 1
            at = start + 1 if stop - start <= REWOUND and self._broken <= _REWINDS else stop
            self._line += text.count("\n", start, at)

    def _decoded(self, raw: str, value: Any) -> Any:
        """The value; if the element's bytes are not UTF-8, as the source's other texts are read."""
        if raw.isascii():
            return value
        try:
            raw.encode()
        except UnicodeEncodeError:
            octets = raw.encode(errors="surrogateescape")
            self._evidence.add(octets)
            try:
                return self._syntax.decode(decode(octets, evidence=self._evidence), 0)[0]
            except (Broken, IncompleteElement):
                return None
        return value

    def _tell_outside(self, text: str, at: int, stop: int) -> Iterator[Reject]:
        if at == stop or self._is_told:
            return
        match = self._syntax.between.match(text, at, stop)
        end = at if match is None else match.end()
        if end < stop:
            line = self._line + text.count("\n", at, end)
            yield from self._tell(text, end, line, OUTSIDE, is_element=False)

    def _without(self, text: str, at: int, *, final: bool) -> Generator[Reject, None, int]:
        """The rest of the text, in which no element begins; returns from where it has to be kept."""
        if final:
            yield from self._tell_outside(text, at, len(text))
            return len(text)
        stop = max(at, len(text) - HELD)
        if not self._is_told:
            match = self._syntax.between.match(text, at)
            end = at if match is None else match.end()
            if end < stop:
                line = self._line + text.count("\n", at, end)
                yield from self._tell(text, end, line, OUTSIDE, is_element=False)
            elif stop > at:
                # At the beginning of a part, where the next call can go on.
                match = self._syntax.between.match(text, at, stop)
                stop = at if match is None else match.end()
        self._line += text.count("\n", at, stop)
        return stop
