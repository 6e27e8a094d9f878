"""Character set of a whole file of text, and its text: for formats that name none, such as CSV.

A byte order mark counts first, then the zeros of UTF-16, then whether it is UTF-8, then the letters of its words
(`evidence.py`). As in a vCard, a line that doesn't fit the set of its file is read by itself.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from contactport.formats.charsets.candidates import HOME
from contactport.formats.charsets.decode import composed, decode
from contactport.formats.charsets.evidence import Evidence, Guess
from contactport.formats.charsets.labels import codec_of
from contactport.formats.charsets.unicode_forms import of_mark, of_zeros

HEAD = 64 * 1024
"""How many bytes of a file show whether it is UTF-16."""
HELD = 1024 * 1024
"""How many bytes are read before the set is chosen, at most, from the first line on that is not ASCII."""
PIECE = 1024 * 1024
"""The longest line that is decoded as one."""
_COMPARED = 16 * 1024
"""How many bytes of lines are decoded to see which sets read them alike."""
_OTHERS = 4
_SOUND_LINES = 100
"""So many lines that are UTF-8, and none that is not, are enough."""
_WORTH_NAMING = 0.01
_UTF8_IN_LATIN = re.compile(rb"[\xc3-\xcb][\x80-\xbf]")
"""What a letter in UTF-8 looks like in a Latin set: a capital with an accent, then a sign."""


class FileCharset(NamedTuple):
    """The character set of a file: Python's name of it, how sure that is, why, and other readings.

    `others` are sets that read the file differently, the likeliest first. `mark` is the size of the byte order mark.
    """

    codec: str
    confidence: float
    why: str
    others: tuple[Guess, ...] = ()
    mark: int = 0

    @property
    def is_unicode(self) -> bool:
        """Whether the set is a form of Unicode."""
        return self.codec.startswith("utf_")


def charset_of(head: bytes, *, is_whole: bool = True) -> FileCharset:
    """The set of a file, by its beginning. `is_whole` says whether that is the whole file."""
    found = _unicode(head[:HEAD])
    if found is not None:
        return found
    if not is_whole:
        # The last line may end within a character.
        head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1] or head
    gathered = _Lines(Evidence())
    for line in head.splitlines(keepends=True):
        if gathered.is_enough:
            break
        gathered.add(line)
    return gathered.charset()


def _unicode(head: bytes) -> FileCharset | None:
    """The set that a mark or zeros show."""
    codec, size = of_mark(head)
    if codec:
        return FileCharset(codec, 1.0, "it begins with a byte order mark", mark=size)
    codec = of_zeros(head)
    return FileCharset(codec, 0.99, "every second byte of its plain letters is zero") if codec else None


class _Lines:
    """The lines of a file from the first on that is not ASCII, and what they show."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._some = bytearray()
        self._sound = self._other = self._size = 0

    def add(self, line: bytes) -> None:
        """Add the next line."""
        is_ascii = line.isascii()
        if self._size or not is_ascii:
            self._size += len(line)
        if is_ascii:
            return
        if len(self._some) < _COMPARED:
            self._some += line[:_COMPARED]
        try:
            line.decode()
        except UnicodeDecodeError:
            self._other += 1
            self._evidence.add(line)
        else:
            self._sound += 1
            self._evidence.add_utf8(line)

    @property
    def is_enough(self) -> bool:
        """Whether more lines would hardly change the set, or must not."""
        if self._size > HELD:
            return True
        return self._evidence.is_settled if self._other else self._sound >= _SOUND_LINES

    def charset(self) -> FileCharset:
        """The set of all lines together."""
        if not self._sound and not self._other:
            return FileCharset("utf_8", 1.0, "all of its characters are ASCII")
        if not self._other:
            return FileCharset("utf_8", 0.99 if self._sound > 1 else 0.95, "it is valid UTF-8")
        if self._evidence.is_utf8:
            return FileCharset("utf_8", 0.9, f"{self._sound} lines are valid UTF-8, {self._other} are not")
        return self._guessed()

    def _guessed(self) -> FileCharset:
        ranked = self._evidence.ranked()
        some = bytes(self._some)
        first: tuple[str, str] | None = None
        sure = 0.0
        others: dict[str, Guess] = {}
        for codec, confidence in ranked:
            text = some.decode(codec, "replace")
            if first is None:
                first = codec, text
                sure = confidence
            elif text == first[1]:
                sure += confidence
            elif text not in others and confidence >= _WORTH_NAMING and len(others) < _OTHERS:
                others[text] = Guess(codec, confidence)
        assert first is not None
        return FileCharset(first[0], sure, "its words look like names in this set", tuple(others.values()))


def texts(chunks: Iterable[bytes], charset: str = "", evidence: Evidence | None = None) -> Iterator[str]:
    """The text of a file, in pieces that end at line ends; longer lines than PIECE are cut. Never raises.

    The chunks may be cut anywhere. `charset` is the label of the set, if it is known; a byte order mark is believed
    more. Otherwise up to HELD bytes wait until the set is clear. Line ends stay as they are.
    """
    evidence = Evidence() if evidence is None else evidence
    chunks = iter(chunks)
    head = bytearray()
    while len(head) < HEAD and (more := next(chunks, None)) is not None:
        head += more
    found = _unicode(bytes(head[:HEAD]))
    codec = codec_of(charset) if charset else None
    if found is not None and (found.mark or codec is None):
        codec = found.codec
        del head[: found.mark]
    rest = itertools.chain((bytes(head),), chunks)
    if codec is not None and codec.startswith(("utf_16", "utf_32", "iso2022", "hz")):
        return _stateful(rest, codec)
    return _by_lines(_pieces(rest), codec, evidence)


def _stateful(chunks: Iterable[bytes], codec: str) -> Iterator[str]:
    """Text of a set in which a line end may be part of a character."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    waiting: list[str] = []
    size = 0
    for chunk in chunks:
        text = decoder.decode(chunk)
        at = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
        size += len(text)
        if at or size > PIECE:
            at = at or len(text)
            yield "".join((*waiting, text[:at]))
            waiting, size = [], len(text) - at
            text = text[at:]
        waiting.append(text)
    yield from filter(None, ("".join((*waiting, decoder.decode(b"", final=True))),))


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that end with a line. A line longer than PIECE is cut."""
    waiting: list[bytes] = []
    size = 0
    for chunk in chunks:
        # A carriage return at the end may be half of a line end.
        at = max(chunk.rfind(b"\n"), chunk.rfind(b"\r", 0, -1)) + 1
        if at:
            yield from _cut(b"".join((*waiting, chunk[:at])))
            waiting, size = [], 0
            chunk = chunk[at:]
        if chunk:
            waiting.append(chunk)
            size += len(chunk)
        while size > PIECE:
            whole = b"".join(waiting)
            yield whole[:PIECE]
            waiting, size = [whole[PIECE:]], size - PIECE
    if size:
        yield b"".join(waiting)


def _cut(piece: bytes) -> Iterator[bytes]:
    if len(piece) <= PIECE:
        yield piece
        return
    for line in piece.splitlines(keepends=True):
        yield from (line[at : at + PIECE] for at in range(0, len(line), PIECE))


def _by_lines(pieces: Iterator[bytes], codec: str | None, evidence: Evidence) -> Iterator[str]:
    """The text of pieces, after the set is chosen by those that are not ASCII."""
    held: list[bytes] = []
    if codec is None:
        for piece in pieces:
            if not piece.isascii():
                held.append(piece)
                break
            yield piece.decode()
        codec = _chosen(held, pieces, evidence) if held else "utf_8"
    for piece in itertools.chain(held, pieces):
        yield _decoded(piece, codec, evidence)


def _chosen(held: list[bytes], pieces: Iterator[bytes], evidence: Evidence) -> str:
    """The set of the pieces that are held and of further ones, which are held too."""
    gathered = _Lines(evidence)
    at = 0
    while True:
        for line in held[at].splitlines(keepends=True):
            gathered.add(line)
            if gathered.is_enough:
                return gathered.charset().codec
        at += 1
        piece = next(pieces, None)
        if piece is None:
            return gathered.charset().codec
        held.append(piece)


def _decoded(piece: bytes, codec: str, evidence: Evidence) -> str:
    """The text of a piece: whole if all of it fits its set, else line by line."""
    if codec not in HOME or _UTF8_IN_LATIN.search(piece) is None:
        try:
            return composed(piece.decode(codec), codec)
        except UnicodeDecodeError:
            pass
    return "".join(_line(line, codec, evidence) for line in piece.splitlines(keepends=True))


def _line(line: bytes, codec: str, evidence: Evidence) -> str:
    if codec in HOME and _UTF8_IN_LATIN.search(line) is not None:
        try:
            return line.decode()
        except UnicodeDecodeError:
            pass
    try:
        return composed(line.decode(codec), codec)
    except UnicodeDecodeError:
        return decode(line, evidence=evidence, judges=False)
