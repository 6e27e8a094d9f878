"""Photos of contacts: their media types, data URIs, and which URIs are safe to deliver.

An application shows the pictures in a page. So a picture must be an image, and its URI must be `https:` or
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
"""The first bytes of pictures, for cards that name no media type or a wrong one."""
_NONE_NAMED = "text/plain"
"""The media type of a data URI that names none (RFC 2397)."""
_HTTPS = re.compile(r"https://[^\s\x00-\x20\x7f\\\"<>^`{|}]+", re.IGNORECASE)
_ABOUT = 200
"""Bytes of a data URI before its comma."""
_TEXT_BYTES = 64 * 1024
_OF_URLS = bytes.maketrans(b"-_", b"+/")
_WORD = re.compile(r"[a-z0-9.+-]+")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")


def unbase64(value: bytes) -> bytes:
    """The bytes, as far as they can be read. The alphabet for URLs is read too."""
    if value.find(b"-") >= 0 or value.find(b"_") >= 0:
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
    """The media type in lower case. A single word is a kind of image. "" for what can't be a media type."""
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
    """Whether a picture's URI may be delivered. It must not have characters that RFC 3986 encodes."""
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
    """A photo of these bytes; None if they are not an image."""
    kind = image_type(media, data) if data else None
    return None if kind is None else Photo(kind, data)
