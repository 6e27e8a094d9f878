"""What every property's reading shares: the kind of function that it is, and texts out of a value."""

from __future__ import annotations

from collections.abc import Callable

from contactport.contact import Contact
from contactport.formats.draft import Draft
from contactport.formats.heads import Head
from contactport.formats.text import pieces, unescape

Add = Callable[[Contact, Draft, bytes], None]
"""Adds a value to the contact. The value is UTF-8, quoted-printable undone, base64 not."""
Maker = Callable[[Head], Add]
"""Looks at a head once, for all values under it."""


def text_of(value: bytes) -> str:
    text = value.decode()
    return unescape(text) if "\\" in text else text


def words_of(value: bytes) -> list[str]:
    """A list separated by commas, without its empties."""
    text = value.decode()
    words = map(unescape, pieces(text, ",")) if "\\" in text else text.split(",")
    return [word for word in map(str.strip, words) if word]


def without(scheme: str, text: str) -> str:
    """However often a scheme stands before a value, it is no part of it."""
    at, width = 0, len(scheme)
    while text[at : at + width].lower() == scheme:
        at += width
    return text[at:]


def ignore(contact: Contact, draft: Draft, value: bytes) -> None:
    """For the properties that say nothing about a person."""
