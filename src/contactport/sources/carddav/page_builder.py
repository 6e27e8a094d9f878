"""Pages of one account: the steps push what they read, and the pages go out from here alone.

The steps run in a task of their own. It stops while a full page has not been taken, so that no more than one is
ever kept, however quick the server is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine

from contactport.contact import Reject
from contactport.net.failures import TooLarge
from contactport.sources.base import BookResult, Page, RawRecord

CARDS = 500
BYTES = 1024 * 1024
SECONDS = 1.0
"""A page is full with so many cards or bytes; and what a slow server has sent is passed on after a second."""


class PageBuilder:
    """Of one account. `limit` is how many members all its books may have together."""

    def __init__(self, limit: int) -> None:
        self.owner: str | None = None
        """The key of the account's own card, once known."""
        self._limit = limit
        self._received = 0
        self._listed: int | None = None
        self._records: list[RawRecord] = []
        self._rejects: list[Reject] = []
        self._repeats = 0
        self._books: list[BookResult] = []
        self._bytes = 0
        self._since = time.monotonic()
        self._all = False
        self._ready = asyncio.Event()
        self._taken = asyncio.Event()

    def member(self) -> None:
        """One more member was received or rejected. Raises TooLarge past the limit."""
        self._received += 1
        if self._received > self._limit:
            raise TooLarge("members", self._limit)

    def listed(self, count: int) -> None:
        """So many members more stand in a listing."""
        self._listed = (self._listed or 0) + count

    def record(self, record: RawRecord) -> None:
        """A card to be passed on."""
        self._bytes += len(record.data)
        self._records.append(record)

    def reject(self, reject: Reject) -> None:
        """A member that is left out."""
        if reject.record is not None:
            self._bytes += len(reject.record.data)
        self._rejects.append(reject)

    def repeat(self) -> None:
        """A card that the server has sent a second time."""
        self._repeats += 1

    def book(self, result: BookResult) -> None:
        """What became of a book all of whose records were pushed."""
        self._books.append(result)

    async def room(self) -> None:
        """Waits while a page is full, until it was taken. Every step comes here between its records."""
        if self.full:
            await self._hand_over()

    async def flush(self) -> None:
        """Waits until everything was taken that was pushed."""
        if not self.empty:
            self._all = True
            await self._hand_over()

    async def pages(self, steps: Callable[[], Coroutine[None, None, None]]) -> AsyncGenerator[Page]:
        """Runs the steps, and yields what they push. Raises what they raise; what was not flushed is lost then."""
        reading = asyncio.create_task(steps())
        reading.add_done_callback(lambda _: self._ready.set())
        try:
            while True:
                await self._ready.wait()
                self._ready.clear()
                if reading.done():
                    break
                while self.full or (self._all and not self.empty):
                    yield self.page()
                self._all = False
                self._taken.set()
            await reading
            while not self.empty:
                yield self.page()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _hand_over(self) -> None:
        self._taken.clear()
        self._ready.set()
        await self._taken.wait()

    @property
    def full(self) -> bool:
        """Whether a page should go out now."""
        count = len(self._records) + len(self._rejects)
        return (
            count >= CARDS
            or self._bytes >= BYTES
            or (count > 0 and time.monotonic() - self._since >= SECONDS)
        )

    @property
    def empty(self) -> bool:
        return not (self._records or self._rejects or self._repeats or self._books)

    def page(self) -> Page:
        """What was gathered, at most CARDS of it; the rest stays."""
        records, self._records = self._records[:CARDS], self._records[CARDS:]
        rejects, self._rejects = self._rejects, []
        repeats, self._repeats = self._repeats, 0
        self._bytes = sum(len(record.data) for record in self._records) if self._records else 0
        self._since = time.monotonic()
        page = Page(records, rejects, repeats, self._listed, self.owner)
        if not self._records:
            # After the last record of the book.
            page.books, self._books = self._books, []
        return page
