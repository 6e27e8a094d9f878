"""An answer whose body is read as a stream, within the budgets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import aiohttp
from yarl import URL

from contactport.net.budgets import ByteBudget
from contactport.net.decoding import Decoder
from contactport.net.failures import ConnectionLost, TimedOut, TooLarge, Unreadable
from contactport.settings import Settings

DISCARD = 64 * 1024
"""An unwanted body up to this size is read to its end, so that the connection can be used again."""
DISCARD_SECONDS = 1.0
LEAST = 4 * 1024
"""Bytes that must come in `idle_seconds` of waiting: else a byte a second would hold an import to its deadline."""


class Response:
    """One answer. `url` is the one that gave it, after redirects; header names are case-insensitive.

    `withheld` says that the credentials were not sent, because they may not go to this host; `doubtful` that this
    host refuses credentials which it had accepted before.
    """

    def __init__(
        self, raw: aiohttp.ClientResponse, budget: ByteBudget, settings: Settings, *, withheld: bool = False
    ) -> None:
        self._raw = raw
        self._budget = budget
        self._settings = settings
        self.withheld = withheld
        self.doubtful = False
        self.status: int = raw.status
        self.headers: Mapping[str, str] = raw.headers
        self.url: URL = raw.url

    def __repr__(self) -> str:
        return f"Response({self.status})"

    def header_lines(self, name: str) -> list[str]:
        """Every header of this name, each as it stood."""
        return self._raw.headers.getall(name, [])

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The decoded body, in pieces of at most a few hundred kilobytes, as they arrive.

        Raises TimedOut when `idle_seconds` were spent waiting for less than LEAST bytes, ConnectionLost, TooLarge,
        Unreadable.
        """
        decoder = Decoder(
            self.headers.get("Content-Encoding", ""),
            limit=self._settings.response_bytes,
            ratio=self._settings.response_ratio,
        )
        time = asyncio.get_running_loop().time
        waited, received = 0.0, 0
        try:
            while True:
                since = time()
                async with asyncio.timeout(max(0.0, self._settings.idle_seconds - waited)):
                    data = await self._raw.content.readany()
                if not data:
                    break
                waited += time() - since
                received += len(data)
                if received >= LEAST:
                    waited, received = 0.0, 0
                for piece in decoder.feed(data):
                    self._budget.spend(len(piece))
                    yield piece
                # Where nothing comes of what was received, nobody else would get a turn.
                await asyncio.sleep(0)
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, ConnectionError):
            raise ConnectionLost from None
        decoder.finish()

    async def read(self, limit: int = 1024 * 1024) -> bytes:
        """The whole body. Raises TooLarge when it is longer than `limit` bytes, and as `chunks()` does."""
        body = bytearray()
        async with aclosing(self.chunks()) as chunks:
            async for piece in chunks:
                body += piece
                if len(body) > limit:
                    raise TooLarge("short_response")
        return bytes(body)

    async def start(self, limit: int) -> bytes:
        """At most the first `limit` bytes of the body, and none where it can't be read: to judge a refusal."""
        body = bytearray()
        try:
            async with aclosing(self.chunks()) as chunks:
                async for piece in chunks:
                    body += piece
                    if len(body) >= limit:
                        break
        except (ConnectionLost, TooLarge, TimedOut, Unreadable):
            return bytes(body[:limit])
        return bytes(body[:limit])

    async def discard(self) -> None:
        """Done with this answer: a short rest is read away, a long or slow one ends the connection."""
        length = self._raw.content_length
        if not self._raw.content.at_eof() and (length is None or length <= DISCARD):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DISCARD_SECONDS):
                    await self.start(DISCARD)
        if self._raw.content.at_eof():
            self._raw.release()
        else:
            self._raw.close()

    def abort(self) -> None:
        """Ends the connection at once, whatever is still on its way."""
        self._raw.close()
