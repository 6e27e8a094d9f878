"""Responses that are all alike, read by their shape.

A server writes ten thousand responses with the same tags around other words. Calling Python for each tag costs more
than all the rest of an import, so the shape of one response, once expat has read it, becomes a pattern: the same
tags, byte by byte, around texts without `<`. What it matches has the same elements, attributes and namespaces as the
first, if it stands at the same place, right below the root; only the words differ. Anything else goes to expat.

The bytes are clean already (cleaning.py): UTF-8, no forbidden character, one kind of line end, every `&` a reference
that XML knows.
"""

from __future__ import annotations

import re

from contactport.sources.carddav.model import MultistatusLimits, MultistatusResponse, PropertyValue

LONGEST = 8 * 1024
"""Bytes of tags and small texts that a shape may have."""

_TAG = re.compile(rb"(<[^>]*>)")
_LOCAL = re.compile(rb"<(?:[^\s:/>]*:)?([^\s:/>]+)[^>]*>")
_REFERENCE = re.compile(rb"&(?:#(\d+)|#x([0-9A-Fa-f]+)|(amp|lt|gt|quot|apos));")
_NAMED = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
_FIXED = frozenset({b"status", b"getcontenttype"})
"""ElementParser whose text a pattern may hold: it is the protocol's, and no user's."""
_TEXT = b"[^<]*+"
_SOME_TEXT = b"[^<]++"


class ResponseTemplate:
    """The pattern of one response, made by `learn`; `props` is what all of them have beside the words that differ."""

    def __init__(
        self, pattern: re.Pattern[bytes], props: dict[str, PropertyValue] | None, limits: MultistatusLimits
    ) -> None:
        self._match = pattern.match
        self._has_card = "card" in pattern.groupindex
        self._props = props
        self._longest = limits.card
        self._longest_href = limits.href

    def read(self, data: bytes, at: int) -> tuple[MultistatusResponse, int] | None:
        """The response that begins at `at`, and where it ends; None where it has another shape or is not whole."""
        found = self._match(data, at)
        if found is None:
            return None
        raw_href = found["href"]
        if len(raw_href) > self._longest_href:
            return None
        if raw_href.find(b"&") >= 0:
            raw_href = unescape(raw_href)
        href = raw_href.decode("utf-8", "replace").strip()
        if not self._has_card:
            return MultistatusResponse(href, 0, None, False, self._props), found.end()
        card = found["card"]
        if card.find(b"&") >= 0:
            card = unescape(card)
        if len(card) > self._longest and len(card.decode("utf-8", "replace")) > self._longest:
            return MultistatusResponse(href, 0, b"", True), found.end()
        return MultistatusResponse(href, 0, card), found.end()


def derive_template(
    response: bytes, item: MultistatusResponse, limits: MultistatusLimits
) -> ResponseTemplate | None:
    """The shape of a whole response that expat has read as `item`; None for one that is better left to expat.

    Beside a card every text but the status may differ; without one only the href and the ETag may.
    """
    if (
        item.status
        or item.too_long
        or item.fault
        or item.refused is not None
        or b"<!" in response
        or b"<?" in response
    ):
        return None
    parts = _TAG.split(response)
    pattern: list[bytes] = [rb"\s*+"]
    groups: list[bytes] = []
    size = 0
    for place, part in enumerate(parts):
        if place % 2:
            if part.count(b'"') % 2 or part.count(b"'") % 2:
                # An attribute that holds a `>`: what looks like text is none.
                return None
            pattern.append(re.escape(part))
            size += len(part)
            continue
        name = _opened(parts[place - 1]) if place else b""
        if name == b"href":
            groups.append(name)
            pattern.append(b"(?P<href>%b)" % _TEXT)
        elif name == b"address-data":
            groups.append(name)
            pattern.append(b"(?P<card>%b)" % _SOME_TEXT)
        elif name == b"getetag" or (item.data and name not in (b"", b"status") and part.strip()):
            pattern.append(_TEXT)
        elif part.strip() and name not in _FIXED:
            # The process keeps patterns, and is not to keep what a user's book says.
            return None
        elif place:
            pattern.append(re.escape(part))
    if sorted(groups) != ([b"address-data", b"href"] if item.data else [b"href"]) or size > LONGEST:
        return None
    shape = ResponseTemplate(re.compile(b"".join(pattern)), item.props, limits)
    return shape if shape.read(response, 0) == (item, len(response)) else None


def _opened(tag: bytes) -> bytes:
    """The local name of an element that a tag begins; nothing for one that ends it, or is empty."""
    found = _LOCAL.fullmatch(tag)
    return b"" if found is None or tag.endswith(b"/>") else found[1]


def unescape(text: bytes) -> bytes:
    """The characters that XML text stands for."""
    return _REFERENCE.sub(_resolved, text)


def _resolved(found: re.Match[bytes]) -> bytes:
    decimal, hexadecimal, name = found.groups()
    if name is not None:
        return _NAMED[name]
    return chr(int(decimal) if decimal is not None else int(hexadecimal, 16)).encode("utf-8", "replace")
