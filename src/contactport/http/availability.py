"""Which services are not to be asked at this moment, for whoever draws a menu of them."""

from __future__ import annotations

import asyncio
import time

import structlog

from contactport.store import breakers
from contactport.store.database import Database, unavailable

log = structlog.get_logger()

FRESH_SECONDS = 1.0
"""Anybody may ask, without a key pair: the database is asked once a second at most."""
PATIENCE_SECONDS = 1.0


class Availability:
    """What the breakers say, as of a second ago at most."""

    def __init__(self) -> None:
        self._failing: frozenset[str] = frozenset()
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def failing(self, database: Database) -> frozenset[str]:
        """The codes of the services whose providers are failing; none while the database is away: nobody knows."""
        async with self._asking:
            if time.monotonic() >= self._until:
                self._failing = await self._ask(database)
                self._until = time.monotonic() + FRESH_SECONDS
            return self._failing

    async def _ask(self, database: Database) -> frozenset[str]:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await database.read(breakers.failing)
        except Exception as error:
            if not isinstance(error, TimeoutError) and not unavailable(error):
                raise
            log.warning("availability_unknown", error=type(error).__name__)
            return frozenset()
