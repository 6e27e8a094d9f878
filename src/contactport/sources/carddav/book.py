"""An address book that discovery found, and whose server it is."""

from __future__ import annotations

from typing import Literal

import msgspec
from yarl import URL

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
    name: str = ""
    reports: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """The collection's own path, as its server wrote it."""
        return self.url.raw_path

    @property
    def engine(self) -> Engine:
        """The server's software, told by what discovery has already answered; "other" where it is not sure."""
        return "radicale" if self.reports == _RADICALE else "other"
