"""What servers answer with: address books, and what a DAV:multistatus (RFC 4918 section 13) is made of."""

from __future__ import annotations

from typing import Literal

import msgspec
from yarl import URL

DAV = "DAV: "
CARD = "urn:ietf:params:xml:ns:carddav "
"""The namespaces, as they stand before a local name."""


Engine = Literal["radicale", "other"]

_RADICALE = frozenset(
    {
        "expand-property",
        "principal-search-property-set",
        "principal-property-search",
        "sync-collection",
        "addressbook-multiget",
        "addressbook-query",
    }
)


class AddressBook(msgspec.Struct, frozen=True):
    """A collection with the resource type `C:addressbook`.

    `via` is the URL whose answer named it, `reports` are the local names of those that it supports.
    """

    url: URL
    via: URL
    reports: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """The collection's own path, as its server wrote it."""
        return self.url.raw_path

    @property
    def engine(self) -> Engine:
        """The server's software, told by what discovery has already answered; "other" where it is not sure."""
        return "radicale" if self.reports == _RADICALE else "other"


class Malformed(Exception):
    """The body is not a multistatus, or stopped being one; its text says why, in plain words."""


class TruncatedXml(Malformed):
    """The body ends in the middle: more likely the connection's fault than a card's."""


class MultistatusLimits(msgspec.Struct, frozen=True):
    """What one multistatus may hold. Lengths are in characters.

    A sound answer comes nowhere near: what is bounded is what a hostile one can make of a few bytes. expat keeps
    every name that it has seen, and Python an object for each element, text and href.
    """

    card: int
    """The longest card."""
    text: int
    """The texts of one response beside its card."""
    depth: int
    """How deep elements may be nested."""
    href: int = 2000
    """The longest href; a longer one costs its member."""
    names: int = 1000
    """Different names of elements, attributes and prefixes."""
    lengths: int = 64 * 1024
    """All those names together."""
    hrefs: int = 1000
    """Hrefs of one response."""
    elements: int = 10_000
    """Elements of one response, or between two."""
    responses: int = 250_000
    """Responses of one answer."""
    listed: int = 24 * 1024 * 1024
    """The hrefs of all responses without a card, together: they are kept until each has its card."""


class PropertyValue(msgspec.Struct, gc=False):
    """A property: its text, the names of the elements in it, and the hrefs among them."""

    text: str
    names: tuple[str, ...] = ()
    hrefs: tuple[str, ...] = ()


class MultistatusResponse(msgspec.Struct):
    """One DAV:response. `status` is its own (0 where only its propstats have one).

    `data` is the card in UTF-8; None where none was sent, empty where it was longer than allowed and `too_long`.
    `fault` says why the member can't be asked for by its href; the href is the beginning of what was sent, then.
    `props` holds what was found; `refused` what stood in a propstat of an error status and was not empty.
    """

    href: str
    status: int = 0
    data: bytes | None = None
    too_long: bool = False
    props: dict[str, PropertyValue] | None = None
    refused: dict[str, PropertyValue] | None = None
    fault: str = ""

    def value(self, name: str) -> PropertyValue | None:
        """A property by its name, from an error propstat if there is no other: iCloud sends its principal so."""
        found = None if self.props is None else self.props.get(name)
        if found is None and self.refused is not None:
            found = self.refused.get(name)
        return found

    def found(self, name: str) -> PropertyValue | None:
        """A property that the server has, by its name."""
        return None if self.props is None else self.props.get(name)
