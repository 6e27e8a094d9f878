"""Long poll: a request that waits until there is a change, and what ends the wait early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.types import Receive

from contactport.http.dependencies import Service
from contactport.store.signals import Watcher

LOOK_SECONDS = 1.0
"""Whoever waits looks by itself as often: what no signal tells is late by no more."""


class LongPoll:
    """One request that is held. `ending` is done once its caller has left or the process is to stop."""

    def __init__(self, watcher: Watcher, stopping: asyncio.Event) -> None:
        self._watcher = watcher
        self._stopping = stopping
        self.left = asyncio.Event()
        """The caller has gone, or what is left of it: its connection is closed."""
        self.ending: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait(self, seconds: float = LOOK_SECONDS) -> None:
        """Until it is time to look again: something is new, it is to end, or `seconds`, one at most, are over."""
        await self._watcher.wait(max(0.0, min(seconds, LOOK_SECONDS)))

    async def notice_leaving(self, receive: Receive) -> None:
        """Until the caller has left."""
        while (await receive())["type"] != "http.disconnect":
            # What is left of a body that nobody asked for.
            pass
        self.left.set()
        self._end()

    async def notice_stop(self) -> None:
        """Until the process is to stop."""
        await self._stopping.wait()
        self._end()

    def _end(self) -> None:
        if not self.ending.done():
            self.ending.set_result(None)
        self._watcher.wake()


@asynccontextmanager
async def long_poll(
    service: Service, receive: Receive, domain_id: int, import_id: int
) -> AsyncGenerator[LongPoll]:
    """Hold a domain's request open that waits for this import. Raises Refusal when none is free."""
    with service.connection_limiter.slot(domain_id), service.store.signals.watch(import_id) as watcher:
        held = LongPoll(watcher, service.stopping)
        noticing = [
            asyncio.create_task(held.notice_leaving(receive)),
            asyncio.create_task(held.notice_stop()),
        ]
        try:
            yield held
        finally:
            for task in noticing:
                task.cancel()
            await asyncio.gather(*noticing, return_exceptions=True)
