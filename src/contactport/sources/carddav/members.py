"""Members of one book: which have come, which are left out, and what of them is passed on."""

from __future__ import annotations

import re
from collections.abc import Container
from urllib.parse import unquote_to_bytes

from contactport.contact import Reject, RejectedRecord
from contactport.net.failures import Unreadable
from contactport.net.redirects import resolve_reference
from contactport.quantities import size
from contactport.sources.base import RawRecord
from contactport.sources.carddav.model import AddressBook
from contactport.sources.carddav.page_builder import BYTES, PageBuilder

GONE = "gone between listing and reading"

_ENDS = (b"END:VCARD\n", b"END:VCARD\r\n", b"END:VCARD")
_PHOTO = re.compile(
    rb"^(?:[\w-]+\.)?PHOTO[;:][^\n]*\n"
    # Folded lines; in vCard 2.1 bare ones of base64, which hold no colon as every property does, and a blank one.
    rb"(?:[ \t][^\n]*\n|[A-Za-z0-9+/=]+\r?\n)*+(?:\r?\n)?",
    re.IGNORECASE | re.MULTILINE,
)


def href_hash(href: str) -> int:
    """Stands for an href in the set of those seen, at a third of its size.

    Two hrefs have one hash only where their octets, unescaped (RFC 3986 section 2.1), are the same, whether or not
    these are UTF-8. `%40` and `@` are the same, and so are `%C3%BC` and an unescaped `ü`; an escaped slash is part of
    a name, and not the one that ends a folder's (section 2.2).
    """
    octets = href.encode("utf-8", "surrogatepass")
    if "%" not in href:
        return hash(octets)
    if "%2F" in href or "%2f" in href:
        return hash(tuple(map(unquote_to_bytes, octets.split(b"/"))))
    return hash(unquote_to_bytes(octets))


def is_truncated(card: bytes) -> bool:
    """Whether a card begins and does not end."""
    if card.endswith(_ENDS):
        return False
    return b"BEGIN:VCARD" in card[:1024].upper() and b"END:VCARD" not in card[-1024:].upper()


def without_pictures(card: bytes) -> bytes:
    """The card without its PHOTO properties (RFC 6350 section 6.2.4); all else stays byte for byte."""
    return _PHOTO.sub(b"", card)


class BookMembers:
    """Of one book. A card whose key is in `known` counts as seen and is not passed on to `builder`."""

    def __init__(
        self,
        book: AddressBook,
        known: Container[str],
        builder: PageBuilder,
        *,
        longest: int,
        photos: bool = False,
        owner: str | None = None,
    ) -> None:
        self._book = book
        self._path = book.path
        self._known = known
        self._builder = builder
        self._longest = longest
        self._photos = photos
        self._owner = None if owner is None else href_hash(self.key(owner))
        self._seen: set[int] = set()
        self._truncated_bytes = 0
        self.truncated: dict[str, bytes] = {}
        """Cards that came without their end, to be asked for once more each; some, not many."""
        self.specimen: str | None = None
        """A card that came."""
        self.room = builder.room
        """To be awaited between records."""

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
            if not again:
                self._builder.repeat()
            return
        self._see(found)
        if key in self._known:
            self.specimen = key
            return
        if not final and is_truncated(data) and self._truncated_bytes + len(data) <= BYTES:
            # A server that ends strings at a NUL cuts its report there, and may hand out the whole card by itself.
            self._truncated_bytes += len(data)
            self.truncated[key] = data
            self.specimen = self.specimen or key
            return
        self.specimen = key
        self.put(key, data)

    def put(self, key: str, data: bytes) -> None:
        """Passes on a card that was seen already, and is as good as it gets."""
        whole = data
        if len(data) > self._longest and not self._photos:
            data = without_pictures(data)
        if len(data) > self._longest:
            self._builder.reject(Reject(key, self._too_long, RejectedRecord(whole, "vcf")))
            return
        if self._owner is not None and href_hash(key) == self._owner:
            self._builder.owner = key
        self._builder.record(RawRecord(key, data, "vcf", self._path))

    def put_truncated(self) -> None:
        """Passes on every card that came without its end, as it came."""
        for key, data in self.truncated.items():
            self.put(key, data)
        self.truncated.clear()

    def reject(self, key: str, reason: str = "") -> None:
        """Leaves a member out, for a reason; without one because it is too long."""
        found = href_hash(key)
        if found not in self._seen:
            self._see(found)
            if key not in self._known:
                self._builder.reject(Reject(key, reason or self._too_long))

    def listed(self, count: int) -> None:
        """So many members stand in this book's listing."""
        self._builder.listed(count)

    @property
    def received(self) -> int:
        """How many members have come, known and rejected ones among them."""
        return len(self._seen)

    @property
    def _too_long(self) -> str:
        return f"the card is larger than {size(self._longest)}"

    def _see(self, found: int) -> None:
        self._seen.add(found)
        self._builder.member()
