"""What providers' hosts were found to do, kept over restarts and shared by every import."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from contactport.store.clock import now_ms
from contactport.store.schema import host as table
from contactport.store.upsert import upsert
from contactport.store.vault import Ring

KEPT_MS = 30 * 86_400_000
"""Servers are upgraded: what was found longer ago is found anew."""


def get(connection: Connection, ring: Ring, host: str) -> str | None:
    """What is known of a `host:port`, as it was put; None where nothing is, or it is too old."""
    return connection.execute(
        select(table.c.facts).where(
            table.c.mark == ring.lasting_mark("host", host), table.c.at > now_ms() - KEPT_MS
        )
    ).scalar_one_or_none()


def put(connection: Connection, ring: Ring, host: str, facts: str) -> None:
    """Keep what was found, in the place of what was known; at most 1,000 characters."""
    upsert(connection, table, {"mark": ring.lasting_mark("host", host)}, {"facts": facts, "at": now_ms()})


def forget(connection: Connection, ring: Ring, host: str) -> None:
    """What was known is wrong."""
    connection.execute(delete(table).where(table.c.mark == ring.lasting_mark("host", host)))


def forget_old(connection: Connection) -> None:
    """Delete what was found too long ago."""
    connection.execute(delete(table).where(table.c.at <= now_ms() - KEPT_MS))
