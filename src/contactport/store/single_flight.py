"""Cached single-flight database read: many callers get the answer of one query, and nobody waits for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger()

T = TypeVar("T")


class SingleFlightCache(Generic[T]):
    """Calls `ask` once at a time. Keeps its answer for `keep` seconds, and waits `patience` seconds for it.

    While one query hangs, no second one begins. For one event loop.
    """

    def __init__(self, ask: Callable[[], Awaitable[T]], *, keep: float, patience: float = 2.0) -> None:
        self._ask = ask
        self._keep = keep
        self._patience = patience
        self._question: asyncio.Future[T] | None = None
        self._looking: asyncio.Task[T | None] | None = None
        self._until = 0.0

    async def __call__(self) -> T | None:
        """The answer; None if none came in time, or if there was an error."""
        if self._looking is None or (self._looking.done() and time.monotonic() >= self._until):
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> T | None:
        if self._question is None:
            self._question = asyncio.ensure_future(self._ask())
        question = self._question
        await asyncio.wait([question], timeout=self._patience)
        self._until = time.monotonic() + self._keep
        if not question.done():
            log.warning("database_read_slow", seconds=self._patience)
            return None
        self._question = None
        # Whatever the error is, the database did not answer.
        error = asyncio.CancelledError() if question.cancelled() else question.exception()
        if error is not None:
            log.warning("database_read_failed", error=type(error).__name__)
            return None
        return question.result()
