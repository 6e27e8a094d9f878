"""WebDAV's questions to one account: PROPFIND and REPORT, with answers as they arrive."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
from yarl import URL

from contactport.net.auth import Auth
from contactport.net.client import Client
from contactport.net.failures import TooLarge, Unreadable
from contactport.net.response import Response
from contactport.net.retries import retry_after
from contactport.net.time_slice import TimeSlice
from contactport.sources.carddav.book import AddressBook
from contactport.sources.carddav.model import Malformed, MultistatusLimits, MultistatusResponse
from contactport.sources.carddav.multistatus import Multistatus
from contactport.sources.carddav.refusal import WORDS, UnexpectedStatus

SLICE = 16 * 1024
"""Bytes parsed before others get their turn on the event loop: less than a millisecond."""
_NEXT = re.compile(r""";\s*rel\s*=\s*["']?next\b""", re.IGNORECASE)
MOST_ITEMS = 5000
"""Responses to a question of discovery."""
DISCOVERY = 8 * 1024 * 1024
"""Bytes of an answer to one: a book has a name and some reports."""


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
            text=settings.text_bytes,
            depth=settings.xml_depth,
            responses=2 * settings.import_members + MOST_ITEMS,
        )

    async def propfind(self, url: URL, body: bytes, *, depth: int, via: URL | None = None) -> PropfindResult:
        """A PROPFIND of discovery, whose answer is short."""
        async with self.client.request(
            "PROPFIND", url, headers=_headers(depth), body=body, auth=self.auth, via=via
        ) as response:
            items: list[MultistatusResponse] = []
            async with aclosing(self._items(response, Multistatus(self.limits), DISCOVERY)) as answers:
                async for some in answers:
                    items += some
                    if len(items) > MOST_ITEMS:
                        raise TooLarge("books")
            return PropfindResult(response.url, items)

    async def stream(
        self, method: str, book: AddressBook, body: bytes, *, depth: int, parser: Multistatus | None = None
    ) -> AsyncGenerator[list[MultistatusResponse]]:
        """The responses of a book's listing or report, a few at a time, as they come from the socket."""
        async with (
            self.client.request(
                method,
                book.url,
                headers=_headers(depth),
                body=body,
                auth=self.auth,
                via=book.via,
            ) as response,
            aclosing(self._items(response, parser or Multistatus(self.limits))) as answers,
        ):
            async for some in answers:
                yield some

    async def get(self, url: URL, via: URL) -> bytes:
        """One resource by GET. Raises UnexpectedStatus, and TooLarge past the longest card."""
        headers = {"Accept": "text/vcard, */*;q=0.5"}
        async with self.client.request("GET", url, headers=headers, auth=self.auth, via=via) as response:
            if response.status != 200:
                raise await self._refused(response)
            return await response.read(self.limits.card)

    async def _items(
        self, response: Response, parser: Multistatus, longest: int | None = None
    ) -> AsyncGenerator[list[MultistatusResponse]]:
        if response.status != 207:
            raise await self._refused(response)
        parser.more = _NEXT.search(response.headers.get("Link", "")) is not None
        pace = self.client.request_budget
        received = 0
        try:
            async with aclosing(response.chunks()) as chunks:
                async for chunk in chunks:
                    received += len(chunk)
                    if longest is not None and received > longest:
                        raise TooLarge("short_response")
                    for at in range(0, len(chunk), SLICE):
                        broken: Malformed | None = None
                        try:
                            parser.feed(chunk[at : at + SLICE])
                        except Malformed as error:
                            broken = error
                        # What stands before the broken place is sound.
                        items = parser.take()
                        if items:
                            pace.listed(len(items))
                            yield items
                        if broken is not None:
                            raise broken
                        await asyncio.sleep(0)
                    if parser.is_whole:
                        # Whatever length was promised: nothing further can belong to it.
                        break
        except Unreadable:
            raise Malformed("its compressed form is damaged") from None
        parser.close()
        items = parser.take()
        if items:
            pace.listed(len(items))
            yield items

    async def _refused(self, response: Response) -> UnexpectedStatus:
        status = response.status
        words = await response.start(WORDS) if status in (401, 403, 423) else b""
        return UnexpectedStatus(
            status,
            words,
            withheld=response.withheld,
            doubtful=response.doubtful,
            unsupported=status == 401 and self.auth.unsupported,
            retry_after=retry_after(response.headers.get("Retry-After")) if status in (429, 503) else None,
        )


def _headers(depth: int) -> dict[str, str]:
    return {"Content-Type": "application/xml; charset=utf-8", "Depth": str(depth)}
