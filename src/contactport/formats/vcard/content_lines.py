"""Physical lines of a card to its properties, for the careful reader.

This reads what the quick way of `reader.py` can't read: quoted-printable with its soft breaks, character sets
other than UTF-8, base64 without indentation, folds by a tab, raw line ends inside a note.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from contactport.formats import budgets
from contactport.formats.charsets.decode import decode, doubted, is_multibyte, is_utf8, named
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.photos import unbase64
from contactport.formats.vcard.params import Params, cut
from contactport.formats.vcard.properties import FREE_TEXT, LONG_TEXT, PROPERTIES, resolve
from contactport.formats.vcard.values import Add, ignore

_BASE64 = re.compile(rb"[A-Za-z0-9+/=]+\s*")
_OCTET = re.compile(rb"=[0-9A-Fa-f]{2}")
_NAMED = re.compile(rb"(?:[\w-]{1,64}\.)?([A-Za-z0-9-]{1,64})[:;]")
_EXPANDED = 3
"""How many times larger quoted-printable and base64 may be than the decoded bytes."""
_LAST_WORD = 200
_FULL = 70
"""Octets of a line that a writer of quoted-printable breaks because it is full."""
_PREFIX_LINES = 7
"""The first lines of a folded property: a prefix that is folded more often is not looked at."""
_PAUSE_LINES = 2048
_PAUSE_BYTES = 64 * 1024
_LINE_WORK = 200
"""The cost of a line for itself, in octets."""
_LITERALS = 1000
"""More encoded backslashes than any text has are not looked at one by one."""
_LITERAL = re.compile(rb"=5C(?![,;:\\]|=2C|=3B|=3A|=5C)", re.IGNORECASE)
_LITERAL_ALONE = re.compile(rb"(?<!=[89A-F][0-9A-F])" + _LITERAL.pattern, re.IGNORECASE)


class Property:
    """One property. `value` is as it came, unfolded, its soft breaks removed."""

    __slots__ = ("_semicolons", "add", "is_cut", "params", "value")

    def __init__(self, params: Params, add: Add, value: bytes) -> None:
        self.params, self.add = params, add
        self.value: bytes | bytearray = value
        self._semicolons = -1
        self.is_cut = params.is_cut
        """Whether anything of it was too long to be read."""

    def extend(self, more: bytes) -> None:
        """Add a line to the value, in place, because there may be very many."""
        if isinstance(self.value, bytes):
            self.value = bytearray(self.value)
        self.value += more
        if self._semicolons >= 0:
            self._semicolons += _semicolons(more)

    def takes_lines(self) -> bool:
        """Whether a line that is not a property belongs to the value: some writers leave raw line ends in a text."""
        name = self.params.name
        if name == "ADR":
            # All seven parts are there after six semicolons.
            if self._semicolons < 0:
                self._semicolons = _semicolons(self.value)
            return self._semicolons < 6
        return name in FREE_TEXT or (name[:2] == "X-" and self.add is ignore and self.value[:1] == b"<")

    def octets(self, *, multibyte: bool = False) -> bytes:
        """The value without its encoding. `multibyte` says that a backslash in it may be half a character."""
        encoding, name = self.params.encoding, self.params.name
        if name == "PHOTO":
            return _unquote(bytes(self.value)) if encoding == "Q" else bytes(self.value)
        most = budgets.LONG_VALUE if name in LONG_TEXT else budgets.VALUE
        value = self._cut(self.value, _EXPANDED * most if encoding else most)
        if not encoding:
            return value
        decoded = _unquote(value, multibyte=multibyte) if encoding == "Q" else _unix(unbase64(value))
        decoded = self._cut(decoded, most)
        return _whole_characters(decoded) if self.is_cut else decoded

    def _cut(self, value: bytes | bytearray, most: int) -> bytes:
        """As much of a value as may be read, cut between two words where there are any."""
        if len(value) <= most:
            return bytes(value)
        self.is_cut = True
        at = max(value.rfind(b" ", most - _LAST_WORD, most), value.rfind(b"\n", most - _LAST_WORD, most))
        kept = bytes(value[: at if at > 0 else most])
        if b"=" in kept[-2:]:
            kept = kept[: kept.rindex(b"=")]
        return _whole_characters(kept)

    def undecided(self) -> bytes | None:
        """The octets, if nothing says their character set; None if it is known."""
        if (
            self.add is ignore
            or (not self.params.encoding and self.value.isascii())
            or self.params.name == "PHOTO"
        ):
            return None
        octets = self.octets(multibyte=is_multibyte(self.params.charset))
        if octets.isascii() or is_sound(octets) or named(octets, self.params.charset) is not None:
            return None
        return octets

    def tell_utf8(self, evidence: Evidence) -> None:
        """Add the value to the evidence if it is UTF-8 with characters beyond ASCII."""
        octets = self.octets()
        if not octets.isascii() and is_sound(octets):
            evidence.add_utf8(octets)

    def utf8(self, evidence: Evidence | None = None, hint: str = "", *, judges: bool = True) -> bytes:
        """The value as `Add` wants it. `hint` is the character set that another property of the card names."""
        params = self.params
        octets = self.octets(multibyte=is_multibyte(params.charset))
        if params.name == "PHOTO":
            return octets
        if params.charset and not is_utf8(params.charset):
            # Some sets have ASCII bytes alone.
            text = named(octets, params.charset)
            if text is not None:
                return text.encode(errors="replace")
        if octets.isascii():
            return octets
        if is_sound(octets):
            return octets if evidence is None else doubted(octets, evidence, judges=judges).encode()
        text = named(self.octets(multibyte=is_multibyte(hint)), hint)
        if text is not None:
            return text.encode(errors="replace")
        if evidence is not None and params.encoding == "Q" and evidence.doubts_utf8:
            octets = self.octets(multibyte=True)
        return decode(octets, evidence=evidence, judges=judges).encode(errors="replace")


def _whole_characters(value: bytes) -> bytes:
    """The bytes without an incomplete UTF-8 character at the end."""
    for at in range(len(value) - 1, max(len(value) - 4, -1), -1):
        if value[at] < 0x80:
            break
        if value[at] >= 0xC0:
            return value if is_sound(value[at:]) else value[:at]
    return value


def _semicolons(value: bytes | bytearray) -> int:
    return value.count(b";") - value.count(b"\\;")


def is_sound(value: bytes) -> bool:
    """Whether the bytes are UTF-8."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unquote(value: bytes, *, multibyte: bool = False) -> bytes:
    """Decode quoted-printable. An encoded separator separates nothing, and an encoded line end is a line end.

    An encoded backslash is one, unless it is the second half of a character.
    """
    if value[-1:] == b"=" and _OCTET.search(value) is None:
        # No soft break: whoever wrote this has encoded nothing.
        value += b"3D"
    value = (
        value.replace(b"=3B", b"\\;").replace(b"=3b", b"\\;").replace(b"=2C", b"\\,").replace(b"=2c", b"\\,")
    )
    if value.count(b"=5C") + value.count(b"=5c") <= _LITERALS:
        value = (_LITERAL_ALONE if multibyte else _LITERAL).sub(rb"\\\\", value)
    return _unix(binascii.a2b_qp(value))


def _unix(value: bytes) -> bytes:
    return value.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def is_property(line: bytes) -> bool:
    """Whether a line begins with a known name and what follows one: group, name, and a colon or a semicolon."""
    found = _NAMED.match(line)
    if found is None:
        return False
    name = found[1].upper()
    return name[:2] == b"X-" or name.decode() in PROPERTIES


def _goes_on(before: bytes, line: bytes) -> bool:
    """Whether the line goes on with a quoted-printable value after a soft break at the end of the line before it.

    A value that ends in "=" by itself looks the same. A break where a line is full, or where the text has one, is
    meant.
    """
    if not is_property(line):
        return True
    before = before.rstrip(b" \t")
    return len(before) >= _FULL or before[-7:].upper() == b"=0D=0A=" or before[-4:].upper() == b"=0A="


def _logical(lines: list[bytes]) -> Iterator[tuple[int, bytes] | None]:
    """Each unfolded line and where it begins. A soft break of quoted-printable is no fold: nothing is cut off."""
    at, count = 0, len(lines)
    while at < count:
        first = at
        parts = [lines[at]]
        at += 1
        quoted: bool | None = None
        while at < count:
            line = lines[at]
            soft = parts[-1].rstrip(b" \t")[-1:] == b"="
            if soft and quoted is None:
                # Few lines end so. The prefix itself may be folded.
                quoted = _is_quoted(b"".join(parts[:_PREFIX_LINES]))
            if soft and quoted and _goes_on(lines[at - 1], line):
                parts[-1] = parts[-1].rstrip(b" \t")[:-1]
                parts.append(line)
            elif line[:1] in _BLANKS:
                parts.append(line[1:])
                if len(parts) <= _PREFIX_LINES:
                    quoted = quoted or None
            else:
                break
            at += 1
            if not at % _PAUSE_LINES:
                yield None
        yield first, b"".join(parts) if len(parts) > 1 else parts[0]


_BLANKS = (b" ", b"\t")


def _is_quoted(line: bytes) -> bool:
    return len(line) > 16 and line.partition(b":")[0].upper().find(b"QUOTED-PRINTABLE") >= 0


def properties(lines: list[bytes], told: dict[str, None]) -> Iterator[Property | int | None]:
    """The properties between BEGIN and END; what was left out of them is `told`.

    A number stands for a line that is no property and that no value before it can take in: it counts from the
    first that was given, which is 0. None is a pause, as in `reader.steps`.
    """
    last: Property | None = None
    open_ = False
    """Whether a line of base64 may follow."""
    work, count, most = 0, 0, budgets.PROPERTIES
    for logical in _logical(lines):
        if logical is None:
            yield None
            continue
        at, line = logical
        work += len(line) + _LINE_WORK
        if work > _PAUSE_BYTES:
            work = 0
            yield None
        if open_ and last is not None:
            if _BASE64.fullmatch(line):
                # vCard 2.1's base64 need not be indented; a blank line ends it, and so does its padding.
                last.extend(line)
                open_ = line[-1:] != b"="
                continue
            open_ = False
        if not line.strip(b" \t\0\x1a"):
            continue
        read = add = None
        prefix, colon, value = cut(line)
        if colon and (known := resolve(prefix)) is not None:
            read, add = known
        takes = add is None and last is not None and last.takes_lines()
        if read is not None and not takes:
            if last is not None and (count <= most or not last.params.counts):
                yield last
            count += read.counts
            last = Property(read, add or ignore, value)
            open_ = read.encoding == "B" and value[-1:] != b"="
        elif last is not None and takes:
            last.extend(b"\n")
            last.extend(line)
        else:
            yield at
    if last is not None and (count <= most or not last.params.counts):
        yield last
    if count > most:
        told[f"only {most} properties of this card are read"] = None
