"""A listing of contacts, read page after page to its end.

Where a provider no longer knows the page that it named itself, or lists fewer members than it says there are, the
listing is read once more from its beginning: what came before is noticed, and does not come twice.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import msgspec
from yarl import URL

from contactport.net.failures import TooLarge, Unreadable
from contactport.sources.base import ContactRecord, Page
from contactport.sources.failures import MembersWithheld
from contactport.sources.hosted.api_client import ApiClient, ApiRefusal
from contactport.sources.hosted.record_collector import RecordCollector, ToContact

RESTARTS = 2
"""Times that a listing is begun again."""
EMPTY_PAGES = 100
"""Pages in a row that bring nothing new, of a listing that names a next one each time."""
SMALLEST = 10
"""Records that a page is asked for at the least."""
FINISHED_AT_ONCE = 20
"""Contacts whose pictures are fetched, and held in memory, together."""
_CIRCLE = "its pages go round in a circle"
_NOTHING_NEW = "its pages bring nothing new"


class Listing(msgspec.Struct, frozen=True):
    """How a provider lists one book.

    `first` is the URL of the first page, by how many records it may have (`largest` at most). `following` is the URL
    of the page after one, by that one's URL and values, None after the last; `total` the number of members that it
    says there are, 0 where it does not. The records stand under `field`, and each has its key under `key`. With
    `always` the provider writes an empty list too, so that an answer without one is no page.
    """

    place: str
    first: Callable[[int], URL]
    largest: int
    field: str
    key: str
    to_contact: ToContact
    following: Callable[[URL, dict[str, Any]], URL | None]
    total: Callable[[dict[str, Any]], int] = lambda _: 0
    always: bool = False


Finish = Callable[[list[ContactRecord]], Awaitable[None]]
"""Fetches what a page's contacts lack: their pictures."""


class ListingReader:
    """One listing on its way. After `pages()`, `held_back` says that the provider kept a part of it to itself."""

    def __init__(
        self, api: ApiClient, listing: Listing, collector: RecordCollector, finish: Finish | None = None
    ) -> None:
        self.held_back = False
        self._api = api
        self._listing = listing
        self._collector = collector
        self._finish = finish
        self._members = 0
        self._total = 0

    async def pages(self) -> AsyncGenerator[Page]:
        """Raises ApiRefusal, Unreadable, TooLarge, MembersWithheld, and the client's errors."""
        size = self._listing.largest
        restarts = 0
        before = self._collector.received
        while True:
            try:
                async with aclosing(self._once(size, again=restarts > 0)) as pages:
                    async for page in pages:
                        yield page
            except ApiRefusal as error:
                if not self._members or error.status not in (400, 404, 410) or restarts >= RESTARTS:
                    raise
            except TooLarge as error:
                if error.limit != "response_bytes" or size <= SMALLEST:
                    raise
                # Fewer at once; that costs no restart.
                size = max(SMALLEST, size // 10)
                restarts = max(restarts, 1)
                continue
            else:
                if self._members >= self._total or restarts:
                    break
            restarts += 1
        self.held_back = self._members < self._total
        if self.held_back and self._collector.received == before:
            raise MembersWithheld
        self._collector.listed = (self._collector.listed or 0) + self._collector.received - before
        while not self._collector.empty:
            yield self._collector.page()

    async def _once(self, size: int, *, again: bool) -> AsyncGenerator[Page]:
        """From the first page to the last."""
        listing, collector = self._listing, self._collector
        url: URL | None = listing.first(size)
        visited: set[str] = set()
        barren = 0
        self._members = 0
        while url is not None:
            address = str(url)
            if address in visited:
                raise Unreadable(_CIRCLE)
            visited.add(address)
            page = await self._api.page(url, listing.field, always=listing.always)
            self._api.client.request_budget.listed(len(page.items))
            self._total = max(self._total, min(listing.total(page.values), 2**31))
            before = collector.received
            gathered: list[ContactRecord] = []
            for number, item in enumerate(page.items, self._members + 1):
                await self._api.time_slice.yield_if_due()
                place = f"{listing.place}, record {number}"
                record = collector.take(
                    item, place, listing.key, listing.place, listing.to_contact, again=again
                )
                if record is not None:
                    gathered.append(record)
                if collector.full or (self._finish is not None and len(gathered) >= FINISHED_AT_ONCE):
                    await self._finished(gathered)
                    gathered = []
                    yield collector.page()
            await self._finished(gathered)
            if not collector.empty:
                yield collector.page()
            self._members += len(page.items)
            barren = 0 if collector.received > before or again else barren + 1
            if barren >= EMPTY_PAGES:
                raise Unreadable(_NOTHING_NEW)
            url = listing.following(url, page.values)

    async def _finished(self, gathered: list[ContactRecord]) -> None:
        if self._finish is None:
            return
        try:
            await self._finish(gathered)
        except BaseException:
            # They come again, whole, when the listing does.
            self._collector.drop(gathered)
            raise
