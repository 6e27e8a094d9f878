"""Time slices: gives other tasks turns on the event loop by time, because a server can make a step long."""

from __future__ import annotations

import asyncio
import time

SLICE = 0.005
"""Seconds after which the event loop gets a turn: polls beside an import must not wait for a page, or for a card."""


class TimeSlice:
    """One worker's slices of time. `turn()` belongs into every loop whose length a server decides."""

    def __init__(self) -> None:
        self._until = 0.0

    def begin(self) -> None:
        """The next slice."""
        self._until = time.monotonic() + SLICE

    @property
    def due(self) -> bool:
        """Whether the slice is over."""
        return time.monotonic() >= self._until

    async def yield_if_due(self) -> None:
        """Let others go on, if the slice is over."""
        if self.due:
            await asyncio.sleep(0)
            self.begin()
