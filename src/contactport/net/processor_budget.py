"""An import's processor time: taken in slices, so that others have their turns, and bounded by what it reads.

Its source counts what it takes to read a server's answers, and `imports/run.py` what it takes to read the cards.
"""

from __future__ import annotations

import asyncio
import time

from contactport.net.failures import TooLarge
from contactport.net.time_slice import TimeSlice

FLOOR = 30.0
"""Seconds of the processor that every import may use, whatever its size."""
_MIB = 1024 * 1024


class ProcessorBudget:
    """The processor time of one attempt.

    `per_mib` are the seconds that each MiB of cards may take. Time counts between `begin()` and `end()`, and only
    what this thread works itself.
    """

    def __init__(self, per_mib: float) -> None:
        self._per_mib = per_mib
        self.received = 0
        """Bytes of the cards so far."""
        self._used = 0.0
        self._since = 0.0
        self._time_slice = TimeSlice()

    def begin(self) -> None:
        """The next slice."""
        self._since = time.thread_time()
        self._time_slice.begin()

    def end(self) -> None:
        """Add up what the slice took. Raises TooLarge where the import has used up what it may."""
        self._used += time.thread_time() - self._since
        self._judge()

    def _judge(self) -> None:
        if self._used > max(FLOOR, self._per_mib * self.received / _MIB):
            raise TooLarge("processor_time")

    def spend(self, seconds: float) -> None:
        """So much was used outside of the slices. Raises as `end()`."""
        self._used += seconds
        self._judge()

    async def yield_if_due(self) -> None:
        """Let others go on, if the slice is over."""
        if self._time_slice.due:
            self.end()
            await asyncio.sleep(0)
            self.begin()
