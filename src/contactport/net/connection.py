"""One connection that speaks another protocol than HTTP, under the same budgets."""

from __future__ import annotations

import asyncio

from contactport.net.budgets import ByteBudget
from contactport.net.failures import ConnectionLost, TimedOut

PIECE = 64 * 1024
"""Bytes that one read returns at most."""


class Connection:
    """Made by `Client.dial`. What comes counts towards the import's bytes."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        budget: ByteBudget,
        idle_seconds: float,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._budget = budget
        self._idle_seconds = idle_seconds

    def __repr__(self) -> str:
        return "Connection()"

    async def read(self) -> bytes:
        """What has come, at most PIECE bytes; nothing at the end.

        Raises TimedOut, ConnectionLost, and TooLarge once the import has received too much.
        """
        try:
            async with asyncio.timeout(self._idle_seconds):
                data = await self._reader.read(PIECE)
        except TimeoutError:
            raise TimedOut from None
        except OSError:
            raise ConnectionLost from None
        self._budget.receive(len(data))
        return data

    async def write(self, data: bytes) -> None:
        """Sends all of it. Raises TimedOut where the other side does not take it, and ConnectionLost."""
        try:
            self._writer.write(data)
            async with asyncio.timeout(self._idle_seconds):
                await self._writer.drain()
        except TimeoutError:
            raise TimedOut from None
        except OSError:
            raise ConnectionLost from None

    def close(self) -> None:
        """Ends it at once."""
        self._writer.transport.abort()
