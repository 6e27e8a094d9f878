"""Forms of Unicode that the first bytes of a file show: a byte order mark, or the zeros of UTF-16 and UTF-32."""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Iterable, Iterator

FIRST = 4
"""How many bytes `of_mark` and `of_first_letters` look at."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf_32_le"),
    (codecs.BOM_UTF32_BE, "utf_32_be"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
    (codecs.BOM_UTF8, "utf_8"),
)
_PLAIN = frozenset(map(chr, (*range(0x20, 0x7F), 9, 10, 13)))


_ACCIDENTS = 20


def of_mark(first: bytes) -> tuple[str, int]:
    """The codec that a byte order mark names, and how long the mark is; ("", 0) where there is none."""
    return next(((codec, len(mark)) for mark, codec in _MARKS if first.startswith(mark)), ("", 0))


def of_first_letters(first: bytes) -> str:
    """The codec of a text that begins with two letters of ASCII in UTF-16 without a mark; "" for others."""
    if first[1:4:2] == b"\0\0" and 0 not in first[:4:2]:
        return "utf_16_le"
    if first[:4:2] == b"\0\0" and 0 not in first[1:4:2]:
        return "utf_16_be"
    return ""


def of_zeros(head: bytes) -> str:
    """The codec of a text in UTF-16 or UTF-32 without a mark; "" for others. `head` is its beginning.

    Blanks, line ends and commas have a zero in UTF-16, in every language. Another text has a few by accident.
    """
    zeros = head.count(0)
    if not zeros or (zeros * _ACCIDENTS < len(head) and _is_utf8(head)):
        return ""
    best, found = 0, ""
    # Where three of four bytes are zeros, it is not UTF-16.
    wide = ("utf_32_le", "utf_32_be") if zeros > len(head) // 2 else ("utf_16_le", "utf_16_be")
    for codec in wide:
        text = codecs.getincrementaldecoder(codec)("replace").decode(head)
        plain = sum(map(text.count, _PLAIN))
        if plain > best and "\0" not in text and text.count("\ufffd") * 50 <= len(text):
            best, found = plain, codec
    return found


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf_8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def in_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8 if its first bytes show another form of Unicode; otherwise the same bytes.

    For formats that begin with letters of ASCII.
    """
    chunks = iter(chunks)
    first = next(chunks, b"")
    while len(first) < FIRST and (more := next(chunks, None)) is not None:
        first += more
    codec, size = of_mark(first)
    codec = codec or of_first_letters(first)
    if codec in ("", "utf_8"):
        return itertools.chain((first,), chunks)
    decoder = codecs.getincrementaldecoder(codec)("replace")
    return (
        text.encode(errors="replace")
        for chunk in itertools.chain((first[size:],), chunks, (None,))
        if (text := decoder.decode(b"", final=True) if chunk is None else decoder.decode(chunk))
    )
