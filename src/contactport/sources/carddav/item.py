"""What a DAV:multistatus (RFC 4918 section 13) is made of."""

from __future__ import annotations

import msgspec

DAV = "DAV: "
CARD = "urn:ietf:params:xml:ns:carddav "
"""The namespaces, as they stand before a local name."""


class Malformed(Exception):
    """The body is not a multistatus, or stopped being one; its text says why, in plain words."""


class CutShort(Malformed):
    """The body ends in the middle: more likely the connection's fault than a card's."""


class Limits(msgspec.Struct, frozen=True):
    """In characters the longest card and the longest other text; how deep elements may be nested."""

    card: int
    text: int
    depth: int


class Value(msgspec.Struct, gc=False):
    """A property: its text, the names of the elements in it, and the hrefs among them."""

    text: str
    names: tuple[str, ...] = ()
    hrefs: tuple[str, ...] = ()


class Item(msgspec.Struct):
    """One DAV:response. `status` is its own (0 where only its propstats have one).

    `data` is the card in UTF-8; None where none was sent, empty where it was longer than allowed and `too_long`.
    `props` holds what was found; `refused` what stood in a propstat of an error status and was not empty.
    """

    href: str
    status: int = 0
    data: bytes | None = None
    too_long: bool = False
    props: dict[str, Value] | None = None
    refused: dict[str, Value] | None = None

    def value(self, name: str) -> Value | None:
        """A property by its name, from an error propstat if there is no other: iCloud sends its principal so."""
        found = None if self.props is None else self.props.get(name)
        if found is None and self.refused is not None:
            found = self.refused.get(name)
        return found

    def found(self, name: str) -> Value | None:
        """A property that the server has, by its name."""
        return None if self.props is None else self.props.get(name)
