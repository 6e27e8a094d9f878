"""Cards one by one, by GET: the last step of the ladder.

A card that is not handed out is left out, and told; a server that hands out none any more must not cost the rest of
the book that way. What tells the two apart is a card that came before: where it still comes, the trouble is the
other card's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from contactport.net.failures import ConnectionLost, TimedOut, TooLarge, Unreachable, Unreadable
from contactport.net.redirects import resolve_reference
from contactport.sources.carddav.dav_client import DavClient
from contactport.sources.carddav.members import GONE, BookMembers, is_truncated
from contactport.sources.carddav.model import AddressBook, Malformed
from contactport.sources.carddav.refusal import UnexpectedStatus, is_final

SPECIMENS = 5
"""GETs that may fail in a row before the server has to show that it still gives anything."""
NOT_GIVEN = "the server lists this card, but does not give it"
ELSEWHERE = "its address is on another host than the address book"
NO_ADDRESS = "its address is none that can be asked"


class _Open(msgspec.Struct):
    """A card that could not be had, until it is known whose fault that is; `part` is what came of it."""

    error: UnexpectedStatus | Malformed
    reason: str
    part: bytes = b""


class IndividualGets:
    """One book's. `reasons` says of some cards why they could not be read in another way."""

    def __init__(
        self, dav: DavClient, book: AddressBook, members: BookMembers, reasons: Mapping[str, str]
    ) -> None:
        self._dav = dav
        self._book = book
        self._members = members
        self._reasons = reasons
        self._open: dict[str, _Open] = {}

    async def read(self, hrefs: Iterable[str]) -> None:
        """Asks for each.

        Raises UnexpectedStatus, Malformed and the client's errors once the server gives nothing any more.
        """
        for href in hrefs:
            await self._dav.time_slice.yield_if_due()
            await self._one(href)
            if len(self._open) >= SPECIMENS:
                await self._decide()
            await self._members.room()
        if self._open:
            await self._decide()

    async def mend(self, cards: dict[str, bytes]) -> None:
        """Asks once for each card that a report cut short; where it is not to be had, what came is taken.

        Raises what says no to the user, or asks for a rest.
        """
        in_vain = 0
        for href in list(cards):
            await self._dav.time_slice.yield_if_due()
            whole: bytes | None = None
            if in_vain < SPECIMENS:
                try:
                    url = resolve_reference(self._book.url, href)
                    if url.host == self._book.url.host or self._dav.auth.hosts.belongs(url):
                        whole = await self._dav.get(url, self._book.url)
                except UnexpectedStatus as refused:
                    if is_final(refused):
                        raise
                except (Malformed, Unreadable, Unreachable, TimedOut):
                    pass
                except TooLarge:
                    if self._dav.client.byte_budget.is_spent or self._dav.client.request_budget.is_spent:
                        raise
            # A report has no control characters left: the XML forbids them.
            whole = None if whole is None else whole.replace(b"\0", b"")
            found = whole is not None and _is_card(whole)
            in_vain = 0 if found else in_vain + 1
            part = cards.pop(href)
            self._members.put(href, whole if found and whole is not None else part)
            await self._members.room()

    async def _one(self, href: str) -> None:
        here = self._book.url
        try:
            url = resolve_reference(here, href)
        except Unreadable:
            self._members.reject(href, NO_ADDRESS)
            return
        elsewhere = (url.host, url.port) != (here.host, here.port)
        if elsewhere and not self._dav.auth.hosts.belongs(url):
            # Whoever is there has asked for nothing: a book must not send us to them, card after card.
            self._members.reject(href, ELSEWHERE)
            return
        try:
            data = (await self._dav.get(url, here)).replace(b"\0", b"")
        except UnexpectedStatus as refused:
            if is_final(refused):
                raise
            self._open[href] = _Open(refused, GONE if refused.status in (404, 410) else self._why(href))
        except Unreadable:
            # An answer that is none: of this card, or of every one.
            self._open[href] = _Open(Malformed("the answer can't be read"), self._why(href))
        except Unreachable:
            if not elsewhere:
                raise
            # A server that writes its own inner name into one card's address is itself well.
            self._open[href] = _Open(Malformed("a card's address leads nowhere"), NOT_GIVEN)
        except TooLarge:
            if self._dav.client.byte_budget.is_spent or self._dav.client.request_budget.is_spent:
                raise
            self._members.reject(href)
        else:
            if _is_card(data):
                self._settle()
                self._members.card(href, data, again=True)
            elif data.strip():
                error = Malformed("what is sent is not a whole card")
                self._open[href] = _Open(error, "what the server sends is not a card", data)
            else:
                self._members.reject(href, "the server sends an empty card")

    def _why(self, href: str) -> str:
        return self._reasons.get(href) or NOT_GIVEN

    async def _decide(self) -> None:
        """Settles what is open where the server still gives a card of before; else raises the last error."""
        specimen = self._members.specimen
        if specimen is None or not (
            await self._gets(specimen) or await self._dav.reports(self._book, specimen)
        ):
            raise next(reversed(self._open.values())).error
        self._settle()

    def _settle(self) -> None:
        """The server is well: what is open is those cards' own."""
        for href, one in self._open.items():
            if _begins(one.part):
                # It lies there without its end.
                self._members.card(href, one.part, again=True, final=True)
            else:
                self._members.reject(href, one.reason)
        self._open.clear()

    async def _gets(self, href: str) -> bool:
        try:
            return _is_card(await self._dav.get(resolve_reference(self._book.url, href), self._book.url))
        except (UnexpectedStatus, Malformed, Unreadable, ConnectionLost, TimedOut, TooLarge):
            return False


def _begins(data: bytes) -> bool:
    return b"BEGIN:VCARD" in data[:1024].upper()


def _is_card(data: bytes) -> bool:
    return _begins(data) and not is_truncated(data)
