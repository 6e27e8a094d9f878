"""Photos of contacts: their media types, data URIs, and the URIs that are safe to hand on.

An application puts what it gets into a page. So a picture is an image, and the only URIs are `https:` and
`data:image/…`: another scheme may run a script, read a file, or tell a third party over an open line.
"""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from contactport.contact import Photo

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)
"""How pictures begin, for cards that don't say, or say what is not so."""
_NONE_NAMED = "text/plain"
"""What a data URI holds that names no media type (RFC 2397)."""
_HTTPS = re.compile(r"https://[^\s\x00-\x20\x7f\\\"<>^`{|}]+", re.IGNORECASE)
_ABOUT = 200
"""Bytes of a data URI before its comma."""
_TEXT_BYTES = 64 * 1024
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


def from_data_uri(value: bytes) -> Photo | None:
    """The photo in a data URI (RFC 2397). Some writers escape the comma as if it were text.

    A picture of text, with percent signs, is a small one. What is larger stays a URI, longer than any that is kept.
    """
    about, _, data = value[5:].partition(b",")
    if len(about) > _ABOUT:
        return None
    words = about.decode(errors="replace").replace("\\", "").split(";")
    base64 = any(word.strip().lower() == "base64" for word in words[1:])
    if not base64:
        if len(value) > _TEXT_BYTES:
            return Photo(uri=value[:_TEXT_BYTES].decode("ascii", "replace"))
        data = value.decode(errors="replace").encode().partition(b",")[2]
    found = unbase64(data) if base64 else unquote_to_bytes(data)
    return image(media_type(words[0]) or ("" if base64 else _NONE_NAMED), found)


def image(media: str, data: bytes) -> Photo | None:
    """A photo of these bytes; None where they are no image."""
    kind = image_type(media, data) if data else None
    return None if kind is None else Photo(kind, data)
