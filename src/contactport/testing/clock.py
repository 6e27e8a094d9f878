"""A clock to set: what waits, expires or is purged can be tested without waiting."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from contactport.store.clock import clock_replaced, system_clock


class SettableClock:
    """Stands still until it is moved. `now` is in milliseconds since 1970."""

    def __init__(self, now: int | None = None) -> None:
        self.now = system_clock() if now is None else now

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let so much time pass."""
        self.now += int(seconds * 1000)


@contextmanager
def settable_clock(now: int | None = None) -> Generator[SettableClock]:
    """This process's clock meanwhile; it begins at `now`, or at the machine's time."""
    clock = SettableClock(now)
    with clock_replaced(clock):
        yield clock
