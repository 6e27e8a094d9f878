"""addressbook-multiget in batches that fit the server (RFC 6352 section 8.7).

A batch that works lets the next be larger; one that times out or breaks off comes again smaller. A single bad card
may spoil the answer about all of its batch. Where the answer breaks off in that card's response, the others are asked
for again without it. Where nothing tells which card it is, the batch is halved: if the first half is sound, the card
is in the second, which is halved at once. A server that is in trouble itself is told from one with a bad card by a
card that came before: where that still comes, nobody has to wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

import msgspec

from contactport.net.failures import ConnectionLost, TimedOut
from contactport.net.retries import TRANSIENT
from contactport.sources.carddav import request_bodies
from contactport.sources.carddav.dav_client import DavClient
from contactport.sources.carddav.element_parser import FULL
from contactport.sources.carddav.members import GONE, BookMembers, href_hash
from contactport.sources.carddav.model import AddressBook, Malformed, MultistatusResponse, TruncatedXml
from contactport.sources.carddav.multistatus import Multistatus
from contactport.sources.carddav.refusal import UnexpectedStatus, is_final, is_transient

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
MANY_SPOILT = 20
"""Cards that can't be read, in a row or not, before it is the server once they are a tenth of what came."""
SEARCH = 30.0
"""Seconds of answers in vain before bad cards are no longer looked for: what is in doubt is asked for one by one."""

_NEVER = frozenset({403, 404, 405, 415, 501})
_TOO_MANY = frozenset({400, 413, 414, 431, FULL})

Failure = UnexpectedStatus | Malformed | ConnectionLost | TimedOut
_FAILURES = (UnexpectedStatus, Malformed, ConnectionLost, TimedOut)


class _HrefBatch(msgspec.Struct, eq=False):
    """A batch, or a half of one that failed; `other` is the other half."""

    hrefs: list[str]
    other: _HrefBatch | None = None


class Multiget:
    """One book's.

    `left` holds what answers omitted or nobody came to ask about; `alone` what fails by itself, with the reason where
    one is known.
    """

    def __init__(
        self,
        dav: DavClient,
        book: AddressBook,
        members: BookMembers,
        *,
        first: int = 0,
        most: int = 0,
        concurrency: int = 1,
    ) -> None:
        self.left: list[str] = []
        self.alone: dict[str, str] = {}
        self._dav = dav
        self._book = book
        self._members = members
        self._most = most or MOST
        self.size = min(first or FIRST, self._most)
        self._concurrency = concurrency
        self._waiting: deque[str] = deque()
        self._parts: deque[_HrefBatch] = deque()
        self._works = False
        self._streak = 0
        self._failures = 0
        """Batches in a row, halves not among them, that had a bad card."""
        self._in_vain = 0.0
        self._spoilt: dict[str, str] = {}
        """Cards that can't be read, with the reason: theirs, unless the next ones can't be read either."""
        self._doubted: set[str] = set()
        """Where an answer broke off once."""
        self._busy = 0
        self._more = asyncio.Event()
        self._time = asyncio.get_running_loop().time

    async def read(self, hrefs: Iterable[str]) -> None:
        """Raises what a request raises, once the server is found not to do it; what was not asked is in `left`."""
        self._waiting.extend(hrefs)
        workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        try:
            done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
            for worker in done:
                worker.result()
            self._settle()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            self.left += self._waiting
            self._waiting.clear()
            for part in self._parts:
                self.left += part.hrefs
            self._parts.clear()
            self.left += self._spoilt
            self._spoilt.clear()

    async def _work(self) -> None:
        while True:
            part = self._next()
            if part is None:
                if not self._busy:
                    return
                # Another's batch may fail yet, and be shared out.
                self._more.clear()
                await self._more.wait()
                continue
            self._busy += 1
            try:
                await self._try(part)
            finally:
                self._busy -= 1
                self._more.set()

    def _next(self) -> _HrefBatch | None:
        if self._parts:
            return self._parts.popleft()
        if self._waiting:
            return _HrefBatch([self._waiting.popleft() for _ in range(min(self.size, len(self._waiting)))])
        return None

    async def _try(self, part: _HrefBatch) -> None:
        asked = {href_hash(href): href for href in part.hrefs}
        parser = Multistatus(self._dav.limits)
        since = self._time()
        try:
            size, cut = await self._ask(asked, parser)
        except _FAILURES as error:
            self._in_vain += self._time() - since
            if len(asked) < len(part.hrefs):
                self._streak = 0
            broken = asked.get(href_hash(self._members.key(parser.at))) if parser.at else None
            await self._failed(part, list(asked.values()), broken, error)
        except BaseException:
            self._waiting.extendleft(asked.values())
            raise
        else:
            await self._worked(part, size, list(asked.values()), cut=cut)

    async def _ask(self, asked: dict[int, str], parser: Multistatus) -> tuple[int, bool]:
        """Takes out of `asked` what was answered; the characters of the cards, and whether more was held back."""
        members = self._members
        size = cards = 0
        cut = False
        gone: list[str] = []
        count = len(asked)
        body = request_bodies.multiget(asked.values())

        async def take(items: list[MultistatusResponse]) -> None:
            nonlocal size, cards, cut
            for item in items:
                await self._dav.time_slice.yield_if_due()
                if item.status == FULL:
                    # What it did not have the room for is asked for once more.
                    cut = True
                    continue
                href = asked.pop(href_hash(members.key(item.href)), None)
                if href is None:
                    key = members.key(item.href)
                    if item.data and members.has(key):
                        members.card(key, item.data)
                elif item.too_long:
                    members.reject(href)
                elif item.data:
                    members.card(href, item.data)
                    size += len(item.data)
                    cards += 1
                elif item.status in (404, 410):
                    gone.append(href)
                else:
                    self.alone[href] = ""
            if cards:
                self._works = True
                self._settle()
            await members.room()

        await self._dav.ask("REPORT", self._book, body, take, depth=1, parser=parser)
        if not self._works and len(gone) == count > 1:
            # All gone at once: more likely the server does not know its own hrefs in this request.
            self.left += gone
            raise UnexpectedStatus(404)
        for href in gone:
            await self._dav.time_slice.yield_if_due()
            members.reject(href, GONE)
        return size, cut or parser.more

    async def _worked(self, part: _HrefBatch, size: int, omitted: list[str], *, cut: bool) -> None:
        count = len(part.hrefs)
        if cut and omitted:
            if len(omitted) == count:
                await self._failed(part, omitted, None, UnexpectedStatus(FULL))
                return
            self._waiting.extendleft(reversed(omitted))
            self._most = self.size = count - len(omitted)
            return
        self.left += omitted
        if not self._works and count > 1:
            raise UnexpectedStatus(404)
        self._streak = 0
        self._settle()
        other = part.other
        if other is not None:
            if other in self._parts and len(other.hrefs) > 1:
                # The whole was bad and this half is not: so is the other.
                self._parts.remove(other)
                self._halve(other.hrefs)
            return
        self._failures = 0
        fits = max(1, BYTES * count // size) if size else self._most
        if count >= self.size:
            self.size = max(1, min(self._most, self.size * 2, fits))

    def _settle(self) -> None:
        """The server is well: what is spoilt is those cards' own."""
        self.alone |= self._spoilt
        self._spoilt.clear()

    def _halve(self, batch: list[str]) -> None:
        one, other = (_HrefBatch(half) for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]))
        one.other, other.other = other, one
        self._parts += (one, other)

    async def _failed(self, part: _HrefBatch, batch: list[str], broken: str | None, error: Failure) -> None:
        """Sees to what is still wanted after an answer that failed, at the card `broken` if that is known; raises
        the error when nothing can help."""
        if not batch:
            return
        if isinstance(error, Malformed) and not isinstance(error, TruncatedXml):
            self._unreadable(batch, broken, error)
            return
        if isinstance(error, Malformed | ConnectionLost) and broken is not None:
            if broken in self._doubted:
                # A second time at the same card: it is the card.
                self.alone[broken] = ""
                self._again([href for href in batch if href != broken])
                return
            self._doubted.add(broken)
        self._streak += 1
        hopeless = isinstance(error, UnexpectedStatus) and (
            is_final(error) or (error.status in _NEVER and not self._works)
        )
        if hopeless or self._streak > _patience(error):
            self._waiting.extendleft(reversed(batch))
            raise error
        if len(batch) == 1:
            if not self._works and self._streak > 1:
                self._waiting.append(batch[0])
                raise error
            self.alone[batch[0]] = ""
        elif isinstance(error, UnexpectedStatus) and error.status not in _TOO_MANY | TRANSIENT:
            self._search(part, batch)
        else:
            self._waiting.extendleft(reversed(batch))
            if isinstance(error, UnexpectedStatus) and error.status in _TOO_MANY:
                self.size = FEW if len(batch) > FEW else 1
            else:
                self.size = max(1, min(self.size, len(batch)) // 2)
        await self._pause(error)

    def _search(self, part: _HrefBatch, batch: list[str]) -> None:
        """Looks for the bad card in a batch that failed as a whole."""
        if self._in_vain > SEARCH:
            self.alone |= dict.fromkeys(batch, "")
            return
        if part.other is None:
            self._failures += 1
            if self._failures > 1:
                # Bad cards stand close to each other: smaller batches have fewer.
                self.size = max(FEW, self.size // 2)
        self._halve(batch)

    def _unreadable(self, batch: list[str], broken: str | None, error: Malformed) -> None:
        if broken is None and len(batch) > 1:
            if self._in_vain > SEARCH:
                self.alone |= dict.fromkeys(batch, "")
            else:
                self._halve(batch)
            return
        bad = batch[0] if broken is None else broken
        self._spoilt[bad] = f"the server's answer can't be read: {error}"
        many = len(self.alone) + len(self._spoilt)
        if len(self._spoilt) > SPOILT or (many > MANY_SPOILT and many * 10 > self._members.received):
            self._waiting.extendleft(href for href in batch if href != bad)
            raise error
        self._again([href for href in batch if href != bad])

    def _again(self, batch: list[str]) -> None:
        if batch:
            self._parts.appendleft(_HrefBatch(batch))

    async def _pause(self, error: Failure) -> None:
        """Waits before the next request, unless the server is well and only a card is not."""
        if isinstance(error, ConnectionLost):
            await self._dav.client.pause(self._streak)
        elif isinstance(error, UnexpectedStatus) and is_transient(error):
            if error.status in TRANSIENT or self._members.specimen is None:
                if error.status in TRANSIENT or self._streak > 2:
                    await self._dav.client.pause(self._streak)
            elif self._streak > 1:
                if await self._dav.reports(self._book, self._members.specimen):
                    self._streak = 0
                else:
                    await self._dav.client.pause(self._streak)


def _patience(error: Exception) -> int:
    if isinstance(error, ConnectionLost):
        return SOME_PATIENCE
    if isinstance(error, TimedOut) or (isinstance(error, UnexpectedStatus) and error.status in TRANSIENT):
        return LITTLE_PATIENCE
    return PATIENCE
