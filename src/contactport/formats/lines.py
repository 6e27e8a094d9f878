"""From a card's physical lines to its properties, for the cards that need care.

What the quick way of `vcard.py` can't take is taken here: quoted-printable with its soft breaks, character sets
other than UTF-8, base64 without indentation, folds by a tab, raw line ends inside a note.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from contactport.formats.charsets import decode, is_utf8
from contactport.formats.heads import Head, cut
from contactport.formats.pictures import unbase64
from contactport.formats.properties import FREE_TEXT, resolve
from contactport.formats.values import Add, ignore

_BASE64 = re.compile(rb"[A-Za-z0-9+/=]+\s*")
_LITERAL = re.compile(rb"=5C(?![,;:\\]|=2C|=3B|=3A|=5C)", re.IGNORECASE)


class BrokenLine(ValueError):
    """`at` counts physical lines from the first that was given, which is 0."""

    def __init__(self, at: int) -> None:
        self.at = at
        super().__init__("a line is neither a property nor the rest of one")


class Property:
    """One property. `value` is as it came, unfolded, its soft breaks removed."""

    __slots__ = ("add", "head", "value")

    def __init__(self, head: Head, add: Add, value: bytes) -> None:
        self.head, self.add = head, add
        self.value: bytes | bytearray = value

    def extend(self, more: bytes) -> None:
        """Take in a further line. In place: there may be very many."""
        if isinstance(self.value, bytes):
            self.value = bytearray(self.value)
        self.value += more

    def utf8(self) -> bytes:
        """The value as `Add` wants it."""
        head, value = self.head, bytes(self.value)
        if head.encoding == "Q":
            value = _unquote(value)
        elif head.encoding == "B" and head.name != "PHOTO":
            value = _unix(unbase64(value))
        elif head.encoding == "B":
            return value
        if head.charset and not is_utf8(head.charset):
            return decode(value, head.charset).encode()
        return value if _is_utf8(value) else decode(value).encode()


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unquote(value: bytes) -> bytes:
    """Quoted-printable undone. An encoded separator separates nothing, an encoded line end is a line end."""
    value = (
        value.replace(b"=3B", b"\\;").replace(b"=3b", b"\\;").replace(b"=2C", b"\\,").replace(b"=2c", b"\\,")
    )
    return _unix(binascii.a2b_qp(_LITERAL.sub(rb"\\\\", value)))


def _unix(value: bytes) -> bytes:
    return value.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _logical(lines: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each unfolded line and where it begins. A soft break of quoted-printable is no fold: nothing is cut off."""
    at, count = 0, len(lines)
    while at < count:
        first = at
        parts = [lines[at]]
        at += 1
        quoted = _is_quoted(parts[0])
        while at < count:
            line = lines[at]
            if quoted and parts[-1].rstrip(b" \t")[-1:] == b"=":
                parts[-1] = parts[-1].rstrip(b" \t")[:-1]
                parts.append(line)
            elif line[:1] in _BLANKS:
                parts.append(line[1:])
                # The head itself may be folded.
                quoted = quoted or (len(parts) < 8 and _is_quoted(b"".join(parts)))
            else:
                break
            at += 1
        yield first, b"".join(parts) if len(parts) > 1 else parts[0]


_BLANKS = (b" ", b"\t")


def _is_quoted(line: bytes) -> bool:
    return len(line) > 16 and b"QUOTED-PRINTABLE" in line.partition(b":")[0].upper()


def properties(lines: list[bytes]) -> Iterator[Property]:
    """The properties between BEGIN and END.

    Raises BrokenLine for a line that is no property and that no value before it can take in.
    """
    last: Property | None = None
    for at, line in _logical(lines):
        if last is not None and last.head.encoding == "B" and _BASE64.fullmatch(line):
            # vCard 2.1's base64 need not be indented; a blank line ends it.
            last.extend(line)
            continue
        if not line.strip(b" \t\0\x1a"):
            continue
        read = add = None
        head, colon, value = cut(line)
        if colon and (known := resolve(head)) is not None:
            read, add = known
        free = last is not None and (last.head.name in FREE_TEXT or last.head.name.startswith("X-"))
        if read is not None and (add is not None or not free):
            if last is not None:
                yield last
            last = Property(read, add or ignore, value)
        elif last is not None and free:
            last.extend(b"\n")
            last.extend(line)
        else:
            raise BrokenLine(at)
    if last is not None:
        yield last
