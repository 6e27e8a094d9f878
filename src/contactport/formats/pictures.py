"""Pictures: inline as base64, as a data URI, or as the URI where they lie (RFC 6350 section 6.2.4).

An application puts what it gets into a page. So a picture is an image, and the only URIs are `https:` and
`data:image/…`: another scheme may run a script, read a file, or tell a third party over an open line.
"""

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
_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)
"""How pictures begin, for cards that don't say, or say what is not so."""
_NONE_NAMED = "text/plain"
"""What a data URI holds that names no media type (RFC 2397)."""
_SCHEME = re.compile(rb"\s*[A-Za-z][A-Za-z0-9+.-]*:")
_HTTPS = re.compile(r"https://[^\s\x00-\x20\x7f\\\"<>^`{|}]+", re.IGNORECASE)
_OF_URLS = bytes.maketrans(b"-_", b"+/")
_WORD = re.compile(r"[a-z0-9.+-]+")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")


def unbase64(value: bytes) -> bytes:
    """The bytes, as far as they can be read; empty where nothing can. The alphabet for URLs is read too."""
    if b"-" in value or b"_" in value:
        value = value.translate(_OF_URLS)
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


def image_type(media: str, data: bytes) -> str | None:
    """The media type of an image: the one that was told, or as its first bytes say; None where it is no image.

    "" where neither says anything.
    """
    if media.startswith("image/"):
        return media
    found = next((type_ for start, type_ in _SIGNATURES if data.startswith(start)), None)
    return found or (None if media else "")


def is_safe(uri: str) -> bool:
    """Whether a picture's URI may be handed on. What RFC 3986 has to encode is no part of a URI."""
    return _HTTPS.fullmatch(uri) is not None


def _data_uri(value: bytes) -> Photo | None:
    """RFC 2397. Some writers escape the comma as if it were text."""
    about, _, data = value[5:].partition(b",")
    words = about.decode(errors="replace").replace("\\", "").split(";")
    base64 = any(word.strip().lower() == "base64" for word in words[1:])
    if not base64:
        data = decode(value).encode().partition(b",")[2]
    found = unbase64(data) if base64 else unquote_to_bytes(data)
    return _image(media_type(words[0]) or ("" if base64 else _NONE_NAMED), found)


def _image(media: str, data: bytes) -> Photo | None:
    kind = image_type(media, data) if data else None
    return None if kind is None else Photo(kind, data)


def photo(head: Head, value: bytes) -> Photo | None:
    """None where nothing is left of the picture: that is no reason to lose the person."""
    if value[:5].lower() == b"data:":
        return _data_uri(value)
    is_uri = head.value == "uri" or (b":" in value[:40] and _SCHEME.match(value) is not None)
    if not is_uri and (head.encoding == "B" or value.startswith(_PROVEN)):
        return _image(_media_type(head), unbase64(value))
    uri = unescape(decode(value)).strip()
    return Photo(_media_type(head), uri=uri) if is_safe(uri) else None
