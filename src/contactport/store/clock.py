"""The time as the tables store it."""

from __future__ import annotations

import time

from sqlalchemy import Connection, text


def now_ms() -> int:
    """Milliseconds since 1970 in UTC."""
    return time.time_ns() // 1_000_000


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
