"""Stall detection: ends an import whose server sends too little for too long."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from contactport.settings import Settings

LOOKS = 12
"""So often the progress is noted in each grace."""


class StallDetector:
    """`measure` tells the bytes received and the records read until now."""

    def __init__(self, settings: Settings, measure: Callable[[], tuple[int, int]]) -> None:
        self._settings = settings
        self._measure = measure

    async def until_too_slow(self) -> None:
        """Returns once a whole grace has brought neither the bytes nor the records that it must.

        Time counts by looks and not by a clock, so that a process that was stopped blames nobody.
        """
        noted = deque([self._measure()], maxlen=LOOKS + 1)
        while True:
            grace = self._settings.progress_seconds
            await asyncio.sleep(grace / LOOKS)
            noted.append(self._measure())
            if len(noted) <= LOOKS:
                continue
            received, records = (last - first for first, last in zip(noted[0], noted[-1], strict=True))
            minutes = grace / 60
            if (
                received < self._settings.progress_bytes * minutes
                and records < self._settings.progress_records * minutes
            ):
                return
