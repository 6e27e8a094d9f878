"""WebDAV's questions to one account: PROPFIND and REPORT, with answers as they arrive."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import msgspec
from yarl import URL

from contactport.net.auth import Auth, Bearer
from contactport.net.client import Client
from contactport.net.failures import ConnectionLost, TimedOut, TooLarge, Unreadable
from contactport.net.response import Response
from contactport.net.retries import retry_after
from contactport.net.time_slice import TimeSlice
from contactport.sources.carddav import request_bodies
from contactport.sources.carddav.model import AddressBook, Malformed, MultistatusLimits, MultistatusResponse
from contactport.sources.carddav.multistatus import Multistatus
from contactport.sources.carddav.refusal import WORDS, UnexpectedStatus

SLICE = 16 * 1024
"""Bytes parsed before others get their turn on the event loop: less than a millisecond."""
_NEXT = re.compile(r""";\s*rel\s*=\s*["']?next\b""", re.IGNORECASE)
MOST_ITEMS = 5000
"""Responses to a question of discovery."""
TEXTS = 256 * 1024
"""Characters of one response beside its card: names, tokens and hrefs."""
DISCOVERY = 8 * 1024 * 1024
"""Bytes of an answer to one: a book has a name and some reports."""


Take = Callable[[list[MultistatusResponse]], Awaitable[None]]
"""Gets the responses of an answer, a few at a time, as they come from the socket."""


class PropfindResult(msgspec.Struct):
    """A short multistatus, whole. `url` is where it came from, after redirects."""

    url: URL
    items: list[MultistatusResponse]


class DavClient:
    """One account on one or several hosts. All questions raise UnexpectedStatus, Malformed, and the client's errors.

    Without `photos` a card may be as long as any text: what makes it so long may be a picture that nobody wants.
    """

    def __init__(self, client: Client, auth: Auth, *, photos: bool = False) -> None:
        self.client = client
        self.auth = auth
        self.time_slice = TimeSlice()
        """For every loop over what a server has sent."""
        settings = client.settings
        longest = settings.card_bytes if photos else max(settings.card_bytes, settings.text_bytes)
        self.limits = MultistatusLimits(
            card=longest,
            text=TEXTS,
            depth=settings.xml_depth,
            responses=2 * settings.import_members + MOST_ITEMS,
        )

    async def propfind(self, url: URL, body: bytes, *, depth: int, via: URL | None = None) -> PropfindResult:
        """A PROPFIND of discovery, whose answer is short."""
        async with self.client.request(
            "PROPFIND", url, headers=_headers(depth), body=body, auth=self.auth, via=via
        ) as response:
            items: list[MultistatusResponse] = []

            async def take(some: list[MultistatusResponse]) -> None:
                items.extend(some)
                if len(items) > MOST_ITEMS:
                    raise TooLarge("books")

            await self._read(response, Multistatus(self.limits), take, DISCOVERY)
            return PropfindResult(response.url, items)

    async def ask(
        self,
        method: str,
        book: AddressBook,
        body: bytes,
        take: Take,
        *,
        depth: int,
        parser: Multistatus | None = None,
    ) -> None:
        """A book's listing or report, whose responses `take` gets. Raises what `take` raises too."""
        async with self.client.request(
            method, book.url, headers=_headers(depth), body=body, auth=self.auth, via=book.via
        ) as response:
            await self._read(response, parser or Multistatus(self.limits), take)

    async def reports(self, book: AddressBook, href: str) -> bool:
        """Whether the server gives this card by a multiget."""
        given = False

        async def take(items: list[MultistatusResponse]) -> None:
            nonlocal given
            given = given or any(item.data for item in items)

        try:
            await self.ask("REPORT", book, request_bodies.multiget([href]), take, depth=1)
        except (UnexpectedStatus, Malformed, Unreadable, ConnectionLost, TimedOut):
            return False
        return given

    async def get(self, url: URL, via: URL) -> bytes:
        """One resource by GET. Raises UnexpectedStatus, and TooLarge past the longest card."""
        headers = {"Accept": "text/vcard, */*;q=0.5"}
        async with self.client.request("GET", url, headers=headers, auth=self.auth, via=via) as response:
            if response.status != 200:
                raise await self._refused(response)
            return await response.read(self.limits.card)

    async def _read(
        self, response: Response, parser: Multistatus, take: Take, longest: int | None = None
    ) -> None:
        if response.status != 207:
            raise await self._refused(response)
        parser.more = _NEXT.search(response.headers.get("Link", "")) is not None
        received = 0
        async with aclosing(response.chunks()) as chunks:
            # Whatever length was promised: nothing further belongs to a document that is whole.
            while not parser.is_whole and (chunk := await _next(chunks)) is not None:
                received += len(chunk)
                if longest is not None and received > longest:
                    raise TooLarge("short_response")
                for at in range(0, len(chunk), SLICE):
                    broken: Malformed | None = None
                    began = time.thread_time()
                    try:
                        parser.feed(chunk[at : at + SLICE])
                    except Malformed as error:
                        broken = error
                    # What stands before the broken place is sound.
                    items = parser.take()
                    self.client.processor_budget.spend(time.thread_time() - began)
                    await self._pass(items, take)
                    if broken is not None:
                        raise broken
                    await asyncio.sleep(0)
        parser.close()
        await self._pass(parser.take(), take)

    async def _pass(self, items: list[MultistatusResponse], take: Take) -> None:
        if items:
            self.client.request_budget.listed(len(items))
            await take(items)

    async def _refused(self, response: Response) -> UnexpectedStatus:
        status = response.status
        words = await response.start(WORDS) if status in (401, 403, 423) else b""
        return UnexpectedStatus(
            status,
            words,
            withheld=response.withheld,
            doubtful=response.doubtful,
            unsupported=status == 401 and self.auth.unsupported,
            by_token=isinstance(self.auth, Bearer),
            retry_after=retry_after(response.headers.get("Retry-After")) if status in (429, 503) else None,
        )


async def _next(chunks: AsyncGenerator[bytes]) -> bytes | None:
    """The next piece of a body, or None at its end."""
    try:
        return await anext(chunks, None)
    except Unreadable:
        raise Malformed("its compressed form is damaged") from None


def _headers(depth: int) -> dict[str, str]:
    return {"Content-Type": "application/xml; charset=utf-8", "Depth": str(depth)}
