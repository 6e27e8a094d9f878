"""Text values of vCard: their escapes and lists (RFC 6350 sections 3.4 and 4), and the functions that read values."""

from __future__ import annotations

import re
from collections.abc import Callable

from contactport.contact import Contact
from contactport.formats.budgets import LONG
from contactport.formats.vcard.builder import CardBuilder
from contactport.formats.vcard.params import Params

Add = Callable[[Contact, CardBuilder, bytes], None]
"""Adds a value to the contact. The value is UTF-8. Quoted-printable is decoded, base64 is not."""
Maker = Callable[[Params], Add]
"""Looks at a prefix once, for all values under it."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TEXT = 2 * (LONG + 1)
"""Characters of an escaped text that are enough to fill any budget, so that what is cut is told."""
_MEANS = {"n": "\n", "N": "\n", ",": ",", ";": ";", ":": ":", "\\": "\\"}
_PIECE = {mark: re.compile(rf"(?:[^\\{mark}]++|\\.|\\$)*+", re.DOTALL) for mark in ",;"}
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", ",": "\\,", ";": "\\;"})
_ESCAPES_URI = str.maketrans({"\\": "\\\\", "\n": "\\n"})


def _meaning(found: re.Match[str]) -> str:
    return _MEANS.get(found[1], found[0])


def unescape(text: str) -> str:
    """Undo escapes. A backslash before any other character stays: some writers leave `C:\\temp` as it is."""
    if "\\" not in text:
        return text
    if len(text) > _TEXT:
        text = text[:_TEXT]
    if "\\\\" in text:
        if "\0" in text:
            return _ESCAPED.sub(_meaning, text)
        # A character that no text has stands in for the escaped backslashes.
        return unescape(text.replace("\\\\", "\0")).replace("\0", "\\")
    # No backslash is itself escaped: the escapes can be undone one after another, which is quick.
    text = text.replace("\\n", "\n").replace("\\N", "\n").replace("\\,", ",")
    return text.replace("\\;", ";").replace("\\:", ":")


def pieces(text: str, mark: str) -> list[str]:
    """The text cut at each unescaped `mark` (a comma or a semicolon), still escaped."""
    if "\\" not in text:
        return text.split(mark)
    if "\0" not in text and "\1" not in text:
        # Characters that no text has stand in for what is escaped.
        escaped = f"\\{mark}"
        cut = text.replace("\\\\", "\0").replace(escaped, "\1").split(mark)
        return [piece.replace("\1", escaped).replace("\0", "\\\\") for piece in cut]
    found: list[str] = []
    at, match = 0, _PIECE[mark].match
    while piece := match(text, at):
        found.append(piece[0])
        at = piece.end() + 1
        if at > len(text):
            break
    return found


def parts(text: str) -> list[str]:
    """The parts of a structured value, cut at each unescaped semicolon, unescaped."""
    if "\\" not in text:
        return text.split(";")
    if "\\\\" not in text and "\0" not in text:
        # A character that no text has stands in for the escaped semicolons.
        cut = unescape(text.replace("\\;", "\0")).split(";")
        return [part.replace("\0", ";") for part in cut] if "\\;" in text else cut
    return list(map(unescape, pieces(text, ";")))


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def escape(text: str) -> str:
    """As a text value: backslash, newline, comma and semicolon escaped; every line end is `\\n`."""
    return _newlines(text).translate(_ESCAPES)


def escape_uri(text: str) -> str:
    """As a URI value, where commas and semicolons have a meaning of their own."""
    return _newlines(text).translate(_ESCAPES_URI)


def text_of(value: bytes) -> str:
    text = value.decode()
    return unescape(text) if "\\" in text else text


def words_of(value: bytes) -> list[str]:
    """A list separated by commas, without its empties."""
    text = value.decode()
    words = map(unescape, pieces(text, ",")) if "\\" in text else text.split(",")
    return [word for word in map(str.strip, words) if word]


def without(scheme: str, text: str) -> str:
    """The value without a scheme before it, which may be there several times."""
    at, width = 0, len(scheme)
    while text[at : at + width].lower() == scheme:
        at += width
    return text[at:]


def ignore(contact: Contact, builder: CardBuilder, value: bytes) -> None:
    """For properties that say nothing about a person."""
