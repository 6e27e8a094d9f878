"""Cards on their way out of one book: gathered into pages, doubles noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from urllib.parse import unquote_to_bytes

import msgspec

from contactport.contact import Reject
from contactport.net.budgets import size
from contactport.net.failures import TooLarge, Unreadable
from contactport.net.redirects import resolve_reference
from contactport.sources.base import Page, RawRecord
from contactport.sources.carddav.book import AddressBook
from contactport.sources.carddav.pictures import without_pictures

CARDS = 500
BYTES = 1024 * 1024
SECONDS = 1.0
"""A page is full with so many cards or bytes; and what a slow server has sent is passed on after a second."""
GONE = "gone between listing and reading"


class MemberCount(msgspec.Struct):
    """Over all books of an account: members received, members listed (None while nothing was), and the limit."""

    limit: int
    received: int = 0
    listed: int | None = None


def href_hash(href: str) -> int:
    """Stands for an href in the set of those seen, at a third of its size.

    Two hrefs have one hash only where their octets, unescaped (RFC 3986 section 2.1), are the same, whether or not
    these are UTF-8. `%40` and `@` are the same, and so are `%C3%BC` and an unescaped `ü`; an escaped slash is part of
    a name, and not the one that ends a folder's (section 2.2).
    """
    octets = href.encode("utf-8", "surrogatepass")
    if b"%" not in octets:
        return hash(octets)
    if b"%2F" in octets or b"%2f" in octets:
        return hash(tuple(map(unquote_to_bytes, octets.split(b"/"))))
    return hash(unquote_to_bytes(octets))


_ENDS = (b"END:VCARD\r\n", b"END:VCARD\n", b"END:VCARD")


def is_truncated(data: bytes) -> bool:
    """Whether a card begins and does not end."""
    if data.endswith(_ENDS):
        return False
    return b"BEGIN:VCARD" in data[:1024].upper() and b"END:VCARD" not in data[-1024:].upper()


class PageBuilder:
    """One book's. A card whose key is in `known` counts as seen and is not passed on."""

    def __init__(
        self,
        book: AddressBook,
        known: Container[str],
        member_count: MemberCount,
        *,
        longest: int,
        photos: bool = False,
        owner: str | None = None,
    ) -> None:
        self._book = book
        self._path = book.path
        self._known = known
        self._member_count = member_count
        self._longest = longest
        self._photos = photos
        self._owner = None if owner is None else href_hash(self.key(owner))
        self._owner_key: str | None = None
        self._seen: set[int] = set()
        self._cards: list[RawRecord] = []
        self._rejects: list[Reject] = []
        self._repeats = 0
        self._bytes = 0
        self._time = asyncio.get_running_loop().time
        self._since = self._time()
        self._cut_bytes = 0
        self.truncated: dict[str, bytes] = {}
        """Cards that came without their end, to be asked for once more each; some, not many."""
        self.specimen: str | None = None
        """A card that came."""

    def key(self, href: str) -> str:
        """The server's own path for an href, whatever form it came in; it stays escaped as it was."""
        if href.startswith("/") and not href.startswith("//"):
            return href
        try:
            url = resolve_reference(self._book.url, href)
        except Unreadable:
            return href
        same = (url.scheme, url.host, url.port) == (
            self._book.url.scheme,
            self._book.url.host,
            self._book.url.port,
        )
        return url.raw_path_qs if same else str(url)

    def has(self, href: str) -> bool:
        """Whether this member was received, rejected, or is known from an earlier attempt."""
        return href_hash(href) in self._seen or href in self._known

    def card(self, key: str, data: bytes, *, again: bool = False, final: bool = False) -> None:
        """Takes a card. `again` says that we asked a second time, so that a double is not the server's doing; `final`
        that nothing better is to be had, whether or not it is whole.

        Raises TooLarge past the members that an import may have.
        """
        found = href_hash(key)
        if found in self._seen:
            self._repeats += not again
            return
        self._see(found)
        if key in self._known:
            self.specimen = key
            return
        if not final and is_truncated(data) and self._cut_bytes + len(data) <= BYTES:
            # A server that ends strings at a NUL cuts its report there, and may hand out the whole card by itself.
            self._cut_bytes += len(data)
            self.truncated[key] = data
            self.specimen = self.specimen or key
            return
        self.specimen = key
        self.put(key, data)

    def put(self, key: str, data: bytes) -> None:
        """Lays a card that was seen already, and is as good as it gets, into the page."""
        if len(data) > self._longest and not self._photos:
            data = without_pictures(data)
        if len(data) > self._longest:
            self._rejects.append(Reject(key, self._too_long))
            return
        if self._owner is not None and href_hash(key) == self._owner:
            self._owner_key = key
        self._bytes += len(data)
        self._cards.append(RawRecord(key, data, "vcf", self._path))

    def put_truncated(self) -> None:
        """Lays every card into the page that came without its end, as it came."""
        for key, data in self.truncated.items():
            self.put(key, data)
        self.truncated.clear()

    def reject(self, key: str, reason: str = "") -> None:
        """Leaves a member out, for a reason; without one because it is too long."""
        found = href_hash(key)
        if found not in self._seen:
            self._see(found)
            if key not in self._known:
                self._rejects.append(Reject(key, reason or self._too_long))

    @property
    def _too_long(self) -> str:
        return f"the card is larger than {size(self._longest)}"

    def _see(self, found: int) -> None:
        self._seen.add(found)
        self._member_count.received += 1
        if self._member_count.received > self._member_count.limit:
            raise TooLarge("members", self._member_count.limit)

    @property
    def received(self) -> int:
        """How many members have come, known and rejected ones among them."""
        return len(self._seen)

    def listed(self, count: int) -> None:
        """So many members stand in this book's listing."""
        self._member_count.listed = (self._member_count.listed or 0) + count

    @property
    def full(self) -> bool:
        """Whether a page should go out now."""
        count = len(self._cards) + len(self._rejects)
        return count >= CARDS or self._bytes >= BYTES or (count > 0 and self._time() - self._since >= SECONDS)

    @property
    def empty(self) -> bool:
        return not (self._cards or self._rejects or self._repeats)

    def page(self) -> Page:
        """What was gathered, at most CARDS of it; the rest stays."""
        cards, self._cards = self._cards[:CARDS], self._cards[CARDS:]
        rejects, self._rejects = self._rejects, []
        repeats, self._repeats = self._repeats, 0
        self._bytes = sum(len(card.data) for card in self._cards) if self._cards else 0
        self._since = self._time()
        return Page(cards, rejects, repeats, self._member_count.listed, self._owner_key)
