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

from contactport.sources.carddav.item import Item, Limits

LONGEST = 8 * 1024
"""Bytes of tags and small texts that a shape may have."""

_TAG = re.compile(rb"(<[^>]*>)")
_LOCAL = re.compile(rb"<(?:[^\s:/>]*:)?([^\s:/>]+)[^>]*>")
_REFERENCE = re.compile(rb"&(?:#(\d+)|#x([0-9A-Fa-f]+)|(amp|lt|gt|quot|apos));")
_NAMED = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
_TEXT = b"[^<]*+"
_SOME_TEXT = b"[^<]++"


class Shape:
    """The pattern of one response; made by `learn`."""

    def __init__(self, pattern: re.Pattern[bytes], limits: Limits) -> None:
        self._match = pattern.match
        self._longest = limits.card

    def read(self, data: bytes, at: int) -> tuple[Item, int] | None:
        """The response that begins at `at`, and where it ends; None where it has another shape or is not whole."""
        found = self._match(data, at)
        if found is None:
            return None
        raw_href, card = found.group("href", "card")
        href = (unescape(raw_href) if b"&" in raw_href else raw_href).decode("utf-8", "replace").strip()
        if b"&" in card:
            card = unescape(card)
        if len(card) > self._longest and len(card.decode("utf-8", "replace")) > self._longest:
            return Item(href, 0, b"", True), found.end()
        return Item(href, 0, card), found.end()


def learn(response: bytes, item: Item, limits: Limits) -> Shape | None:
    """The shape of a whole response that expat has read as `item`; None for one that is better left to expat."""
    if not item.data or item.status or item.refused is not None or b"<!" in response or b"<?" in response:
        return None
    parts = _TAG.split(response)
    pattern: list[bytes] = [rb"\s*+"]
    seen: set[bytes] = set()
    size = 0
    for place, part in enumerate(parts):
        if place % 2:
            if part.count(b'"') % 2 or part.count(b"'") % 2:
                # An attribute that holds a `>`: what looks like text is none.
                return None
            pattern.append(re.escape(part))
            size += len(part)
            continue
        local = _LOCAL.fullmatch(parts[place - 1]) if place else None
        name = b"" if local is None or parts[place - 1].endswith(b"/>") else local[1]
        if name in (b"href", b"address-data"):
            group = b"href" if name == b"href" else b"card"
            if group in seen:
                return None
            seen.add(group)
            pattern.append(b"(?P<%b>%b)" % (group, _TEXT if group == b"href" else _SOME_TEXT))
        elif not part.strip() or name == b"status":
            if place:
                pattern.append(re.escape(part))
        else:
            pattern.append(_TEXT)
    if len(seen) != 2 or size > LONGEST:
        return None
    shape = Shape(re.compile(b"".join(pattern)), limits)
    read = shape.read(response, 0)
    if read is None or read[1] != len(response):
        return None
    again = read[0]
    same = (again.href, again.data, again.too_long) == (item.href, item.data, item.too_long)
    return shape if same else None


def unescape(text: bytes) -> bytes:
    """The characters that XML text stands for."""
    return _REFERENCE.sub(_resolved, text)


def _resolved(found: re.Match[bytes]) -> bytes:
    decimal, hexadecimal, name = found.groups()
    if name is not None:
        return _NAMED[name]
    return chr(int(decimal) if decimal is not None else int(hexadecimal, 16)).encode("utf-8", "replace")
