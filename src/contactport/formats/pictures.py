"""Pictures: inline as base64, as a data URI, or as the URI where they lie (RFC 6350 section 6.2.4)."""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from contactport.contact import Photo
from contactport.formats.charsets import decode
from contactport.formats.heads import Head
from contactport.formats.text import unescape

_PROVEN = (b"/9j/", b"iVBORw0KGgo", b"R0lGOD", b"UklGR")
"""How base64 of JPEG, PNG, GIF and WebP begins: some writers leave ENCODING out."""
_WORD = re.compile(r"[a-z0-9.+-]+")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")


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
    return media_type(head.others.get("MEDIATYPE") or (head.kinds[0] if head.kinds else ""))


def media_type(text: str) -> str:
    """In lower case; a word alone is a kind of image; what can't be a media type is none."""
    text = text.strip().lower()
    if _WORD.fullmatch(text):
        return f"image/{text}"
    return text if _MEDIA_TYPE.fullmatch(text) else ""


def _data_uri(value: bytes) -> Photo | None:
    """RFC 2397. Some writers escape the comma as if it were text."""
    about, _, data = value[5:].partition(b",")
    words = about.decode(errors="replace").replace("\\", "").split(";")
    base64 = any(word.strip().lower() == "base64" for word in words[1:])
    if not base64:
        data = decode(value).encode().partition(b",")[2]
    found = unbase64(data) if base64 else unquote_to_bytes(data)
    return Photo(media_type(words[0]), found) if found else None


def photo(head: Head, value: bytes) -> Photo | None:
    """None where nothing is left of the picture: that is no reason to lose the person."""
    if value[:5].lower() == b"data:":
        return _data_uri(value)
    is_uri = head.value == "uri" or value[:8].lower().startswith((b"http:", b"https:"))
    if not is_uri and (head.encoding == "B" or value.startswith(_PROVEN)):
        data = unbase64(value)
        return Photo(_media_type(head), data) if data else None
    uri = unescape(decode(value)).strip()
    return Photo(_media_type(head), uri=uri) if uri else None
