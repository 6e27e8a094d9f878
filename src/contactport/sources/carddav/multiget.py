"""addressbook-multiget in batches that fit the server (RFC 6352 section 8.7).

A batch that works lets the next be larger; one that is refused, times out or breaks off comes again smaller. A
batch whose XML is broken is halved until one card stands alone, and only that card is lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from contactport.net.failures import Interrupted, TooSlow
from contactport.net.retries import PASSING
from contactport.sources.base import Page
from contactport.sources.carddav import questions
from contactport.sources.carddav.book import Book
from contactport.sources.carddav.dav import Dav
from contactport.sources.carddav.item import CutShort, Malformed
from contactport.sources.carddav.refusal import Refused, is_final, is_passing
from contactport.sources.carddav.tray import GONE, Tray, mark

FIRST = 100
MOST = 500
FEW = 10
BYTES = 8 * 1024 * 1024
"""The answer to aim at, at most."""
PATIENCE = 8
"""Failures in a row before the step is given up."""
SOME_PATIENCE = 4
"""The same for connections that break off: batches have become small enough by then."""
LITTLE_PATIENCE = 2
"""The same for those that cost minutes, or that the client has tried again: smaller batches help little."""
SPOILT = 5
"""Cards in a row that can't be read, each alone, before it is the server and not the cards."""

_NEVER = frozenset({403, 404, 405, 415, 501})
_TOO_MANY = frozenset({400, 413, 414, 431, 507})


class Multiget:
    """One book's. `left` holds what it could not tell about: omitted from answers, or failing alone."""

    def __init__(
        self, dav: Dav, book: Book, tray: Tray, *, first: int = 0, most: int = 0, concurrency: int = 1
    ) -> None:
        self.left: list[str] = []
        self._dav = dav
        self._book = book
        self._tray = tray
        self._most = most or MOST
        self.size = min(first or FIRST, self._most)
        self._concurrency = concurrency
        self._waiting: deque[str] = deque()
        self._halves: list[list[str]] = []
        self._works = False
        self._streak = 0
        self._spoilt: dict[str, str] = {}
        """Cards that can't be read, with the reason: theirs, unless the next ones can't be read either."""
        self._room = asyncio.Event()
        self._wake = asyncio.Event()

    async def pages(self, hrefs: Iterable[str]) -> AsyncGenerator[Page]:
        """Raises what a request raises, once the server is found not to do it; what was not asked is in `left`."""
        self._waiting.extend(hrefs)
        self._room.set()
        workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        for worker in workers:
            worker.add_done_callback(lambda _: self._wake.set())
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                done = all(worker.done() for worker in workers)
                while self._tray.full:
                    yield self._tray.page()
                self._room.set()
                for worker in workers:
                    if worker.done():
                        worker.result()
                if done:
                    break
            self._reject_spoilt()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            self.left += self._waiting
            self._waiting.clear()
            for half in self._halves:
                self.left += half
            self._halves.clear()
            self.left += self._spoilt
            self._spoilt.clear()

    async def _work(self) -> None:
        while self._halves or self._waiting:
            if self._halves:
                batch = self._halves.pop()
            else:
                batch = [self._waiting.popleft() for _ in range(min(self.size, len(self._waiting)))]
            asked = {mark(href): href for href in batch}
            try:
                size = await self._ask(batch, asked)
            except (Refused, Malformed, Interrupted, TooSlow) as error:
                self._failed(list(asked.values()), error)
                if isinstance(error, Interrupted) or (isinstance(error, Refused) and is_passing(error)):
                    await self._dav.client.pause(self._streak)
            except BaseException:
                self._waiting.extendleft(asked.values())
                raise
            else:
                self._worked(len(batch), size, list(asked.values()))

    async def _ask(self, batch: list[str], asked: dict[int, str]) -> int:
        """Takes out of `asked` what was answered; returns the characters of the cards."""
        tray = self._tray
        size = 0
        cards = 0
        gone: list[str] = []
        body = questions.multiget(batch)
        async with aclosing(self._dav.stream("REPORT", self._book, body, depth=1)) as stream:
            async for items in stream:
                for item in items:
                    href = asked.pop(mark(tray.key(item.href)), None)
                    if href is None:
                        key = tray.key(item.href)
                        if item.data and tray.has(key):
                            tray.card(key, item.data)
                    elif item.too_long:
                        tray.reject(href)
                    elif item.data:
                        tray.card(href, item.data)
                        size += len(item.data)
                        cards += 1
                    elif item.status in (404, 410):
                        gone.append(href)
                    else:
                        self.left.append(href)
                if tray.full:
                    self._room.clear()
                    self._wake.set()
                    await self._room.wait()
        if cards:
            self._works = True
        elif not self._works and len(gone) == len(batch) > 1:
            # All gone at once: more likely the server does not know its own hrefs in this request.
            self.left += gone
            raise Refused(404)
        for href in gone:
            tray.reject(href, GONE)
        return size

    def _worked(self, count: int, size: int, omitted: list[str]) -> None:
        self.left += omitted
        if not self._works and count > 1:
            raise Refused(404)
        self._streak = 0
        self._reject_spoilt()
        fits = max(1, BYTES * count // size) if size else self._most
        if count >= self.size:
            self.size = max(1, min(self._most, self.size * 2, fits))

    def _reject_spoilt(self) -> None:
        for href, reason in self._spoilt.items():
            self._tray.reject(href, reason)
        self._spoilt.clear()

    def _failed(self, batch: list[str], error: Refused | Malformed | Interrupted | TooSlow) -> None:
        """Puts what is still wanted back in smaller portions; raises the error when that can't help."""
        if not batch:
            return
        if isinstance(error, Malformed) and not isinstance(error, CutShort):
            if len(batch) == 1:
                self._spoilt[batch[0]] = f"the server's answer can't be read: {error}"
                if len(self._spoilt) > SPOILT:
                    raise error
            else:
                middle = len(batch) // 2
                self._halves += [batch[middle:], batch[:middle]]
            return
        self._streak += 1
        hopeless = isinstance(error, Refused) and (
            is_final(error) or (error.status in _NEVER and not self._works)
        )
        if hopeless or self._streak > _patience(error):
            self._waiting.extendleft(reversed(batch))
            raise error
        if len(batch) == 1:
            if not self._works and self._streak > 1:
                self._waiting.append(batch[0])
                raise error
            self.left.append(batch[0])
            return
        self._waiting.extendleft(reversed(batch))
        if isinstance(error, Refused) and error.status in _TOO_MANY:
            self.size = FEW if len(batch) > FEW else 1
        else:
            self.size = max(1, min(self.size, len(batch)) // 2)


def _patience(error: Exception) -> int:
    if isinstance(error, Interrupted):
        return SOME_PATIENCE
    if isinstance(error, TooSlow) or (isinstance(error, Refused) and error.status in PASSING):
        return LITTLE_PATIENCE
    return PATIENCE
