"""Pictures: inline as base64, as a data URI, or as the URI where they lie (RFC 6350 section 6.2.4)."""

from __future__ import annotations

import binascii
from urllib.parse import unquote_to_bytes

from contactport.contact import Photo
from contactport.formats.heads import Head
from contactport.formats.text import unescape

_PROVEN = (b"/9j/", b"iVBORw0KGgo", b"R0lGOD", b"UklGR")
"""How base64 of JPEG, PNG, GIF and WebP begins: some writers leave ENCODING out."""


def unbase64(value: bytes) -> bytes:
    """The bytes, as far as they can be read; empty where nothing can."""
    try:
        return binascii.a2b_base64(value)
    except binascii.Error:
        pass
    for padding in (b"=", b"==", b"A=="):
        try:
            return binascii.a2b_base64(value + padding)
        except binascii.Error:
            continue
    return b""


def _media_type(head: Head) -> str:
    named = head.others.get("MEDIATYPE", "").lower()
    if named or not head.kinds:
        return named
    kind = head.kinds[0].lower()
    return kind if "/" in kind else f"image/{kind}"


def _data_uri(value: bytes) -> Photo | None:
    """RFC 2397. Some writers escape the comma as if it were text."""
    about, _, data = value[5:].partition(b",")
    words = unescape(about.decode()).rstrip("\\").split(";")
    base64 = any(word.strip().lower() == "base64" for word in words[1:])
    found = unbase64(data) if base64 else unquote_to_bytes(data)
    return Photo(words[0].strip().lower(), found) if found else None


def photo(head: Head, value: bytes) -> Photo | None:
    """None where nothing is left of the picture: that is no reason to lose the person."""
    if head.encoding == "B" or (head.value != "uri" and value.startswith(_PROVEN)):
        data = unbase64(value)
        return Photo(_media_type(head), data) if data else None
    if value[:5].lower() == b"data:":
        return _data_uri(value)
    uri = unescape(value.decode()).strip()
    return Photo(_media_type(head), uri=uri) if uri else None
