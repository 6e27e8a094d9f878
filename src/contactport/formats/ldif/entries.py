"""The entries of LDIF (RFC 2849): physical lines unfolded, comments left out, values decoded; bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from contactport.formats.budgets import PROPERTIES
from contactport.formats.photos import unbase64

ENTRY_BYTES = 2 * 1024 * 1024
"""The largest entry that is read."""
TOO_LARGE = f"this entry is larger than {ENTRY_BYTES} bytes"
ELSEWHERE = "a value that stands in another file is left out"
NO_ATTRIBUTE = "a line that is no attribute is left out"
TOO_MANY = f"only {PROPERTIES} attributes of this entry are read"


class LdifEntry(msgspec.Struct):
    """One entry: the number of its first line, its attributes in their order, and what was left out of it.

    Names are in lower case, without options (`cn;lang-en`).
    """

    line: int
    attributes: list[tuple[str, bytes]]
    told: dict[str, None]
    """In words; where TOO_LARGE is among them, the entry has no attributes."""
    raw: list[bytes]
    """Its physical lines, with their ends."""


def entries(chunks: Iterable[bytes]) -> Iterator[LdifEntry]:
    """Every entry of a file. The chunks may be cut anywhere."""
    entry: LdifEntry | None = None
    size = 0
    waiting: list[bytes] = []
    """The physical lines of the attribute that may go on."""
    for number, line in enumerate(_lines(chunks), 1):
        bare = line.rstrip(b"\r\n")
        if not bare:
            if entry is not None:
                _take(entry, waiting)
                yield entry
            entry, size, waiting = None, 0, []
            continue
        if entry is None:
            entry = LdifEntry(number, [], {}, [])
        size += len(bare)
        if size > ENTRY_BYTES:
            entry.attributes, entry.raw, waiting = [], [], []
            entry.told = {TOO_LARGE: None}
            continue
        entry.raw.append(line)
        if bare[:1] in (b" ", b"\t") and waiting:
            waiting.append(bare[1:])
        else:
            _take(entry, waiting)
            waiting = [bare]
    if entry is not None:
        _take(entry, waiting)
        yield entry


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Physical lines with their ends; of one that is larger than an entry may be, the beginning."""
    rest = bytearray()
    overlong = False
    for chunk in chunks:
        rest += chunk
        if b"\n" not in chunk and b"\r" not in chunk:
            if len(rest) > ENTRY_BYTES:
                if not overlong:
                    # Large enough to be told, whatever follows it.
                    yield bytes(rest[: ENTRY_BYTES + 1])
                overlong = True
                rest.clear()
            continue
        lines = bytes(rest).splitlines(keepends=True)
        # A carriage return at the end may be half of a line end.
        last = lines.pop() if lines[-1][-1:] != b"\n" else b""
        if overlong and lines:
            lines.pop(0)
            overlong = False
        yield from lines
        rest = bytearray(last)
    if rest and not overlong:
        yield from bytes(rest).splitlines(keepends=True)


def _take(entry: LdifEntry, parts: list[bytes]) -> None:
    """Add the attribute of these physical lines."""
    if not parts or parts[0][:1] == b"#" or TOO_LARGE in entry.told:
        return
    line = b"".join(parts)
    name, colon, value = line.partition(b":")
    name = name.partition(b";")[0].strip().lower()
    if not colon or not name or len(name) > 100:
        entry.told[NO_ATTRIBUTE] = None
        return
    if len(entry.attributes) >= PROPERTIES:
        entry.told[TOO_MANY] = None
        return
    if value[:1] == b":":
        value = unbase64(value[1:].strip())
    elif value[:1] == b"<":
        # A URL, which may name a file of this machine.
        entry.told[ELSEWHERE] = None
        return
    else:
        value = value.lstrip(b" ")
    entry.attributes.append((name.decode("ascii", "replace"), value))
