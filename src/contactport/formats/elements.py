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

from contactport.contact import Reject
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
    `decode` gives the value of an element and its end, or raises IncompleteElement or Broken. `codec` names the
    character set that the first bytes show.
    """

    opening: re.Pattern[str]
    resumed: re.Pattern[str]
    between: re.Pattern[str]
    decode: Callable[[str, int], tuple[Any, int]]
    codec: Callable[[bytes], str]


class Element(msgspec.Struct, gc=False):
    """An element: its value, the number of its first line, its size in characters."""

    value: Any
    line: int
    size: int
    is_resumed: bool
    """Whether it was found by searching in or after a broken one, so that it may be a part of that."""


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
    """Every element of the chunks, which may be cut anywhere, and a Reject for each stretch that is none."""
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


class _ElementReader:
    """One run over one text."""

    def __init__(self, syntax: Syntax, evidence: Evidence) -> None:
        self._syntax, self._evidence = syntax, evidence
        self._line = 1
        self._is_told = False
        """Whether a Reject says that the text since the last element is none."""
        self._broken = 0
        """The number of broken elements since the last sound one."""

    def take(self, text: str, *, final: bool) -> Generator[Element | Reject, None, int]:
        """The elements of a text that begins where the last call has stopped; returns how far it came."""
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
                    value = self._decoded(text, start, end, value)
                    yield Element(value, self._line, end - start, self._broken > 0)
                    self._line += text.count("\n", start, end)
                    self._broken, self._is_told = 0, False
                    at = end
                    continue
                reason, stop = "", end
            if stop - start > ELEMENT:
                reason, stop = TOO_LARGE, start + ELEMENT
            yield Reject(f"line {self._line}", reason)
            self._is_told = True
            self._broken += 1
            at = start + 1 if stop - start <= REWOUND and self._broken <= _REWINDS else stop
            self._line += text.count("\n", start, at)

    def _decoded(self, text: str, start: int, end: int, value: Any) -> Any:
        """The value; if the element's bytes are not UTF-8, as the source's other texts are read."""
        raw = text[start:end]
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
            self._is_told = True
            yield Reject(f"line {self._line + text.count(chr(10), at, end)}", OUTSIDE)

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
                self._is_told = True
                yield Reject(f"line {self._line + text.count(chr(10), at, end)}", OUTSIDE)
            elif stop > at:
                # At the beginning of a part, where the next call can go on.
                match = self._syntax.between.match(text, at, stop)
                stop = at if match is None else match.end()
        self._line += text.count("\n", at, stop)
        return stop
