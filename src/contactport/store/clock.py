"""The time as the tables store it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from sqlalchemy import Connection, text


def system_clock() -> int:
    """The machine's time: milliseconds since 1970 in UTC."""
    return time.time_ns() // 1_000_000


_clock: Callable[[], int] = system_clock


def now_ms() -> int:
    """Milliseconds since 1970 in UTC, by this process's clock."""
    return _clock()


@contextmanager
def clock_replaced(clock: Callable[[], int]) -> Generator[None]:
    """Let this process take its time from another clock meanwhile, in all its threads: for tests."""
    global _clock
    before, _clock = _clock, clock
    try:
        yield
    finally:
        _clock = before


def ahead_ms(connection: Connection) -> int:
    """How far this machine's clock is ahead of the database server's; 0 for SQLite, which has none of its own.

    Half of the round trip counts as error.
    """
    if connection.dialect.name != "postgresql":
        return 0
    before = now_ms()
    theirs = float(
        connection.execute(text("SELECT extract(epoch FROM clock_timestamp()) * 1000")).scalar_one()
    )
    return round((before + now_ms()) / 2 - theirs)
