"""Facts learnt about providers' hosts. They are kept over restarts and shared by all imports."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from contactport.store.clock import now_ms
from contactport.store.schema import host as table
from contactport.store.upsert import upsert
from contactport.store.vault import Ring

KEPT_MS = 30 * 86_400_000
"""Servers are upgraded, so older facts are learnt again."""


def get(connection: Connection, ring: Ring, host: str) -> str | None:
    """The facts about a `host:port`, as they were stored; None if there are none, or they are too old."""
    return connection.execute(
        select(table.c.facts).where(
            table.c.mark == ring.lasting_mark("host", host), table.c.at > now_ms() - KEPT_MS
        )
    ).scalar_one_or_none()


def put(connection: Connection, ring: Ring, host: str, facts: str) -> None:
    """Store facts, in place of the old ones; at most 1,000 characters."""
    upsert(connection, table, {"mark": ring.lasting_mark("host", host)}, {"facts": facts, "at": now_ms()})


def forget(connection: Connection, ring: Ring, host: str) -> None:
    """Delete facts that were wrong."""
    connection.execute(delete(table).where(table.c.mark == ring.lasting_mark("host", host)))


def forget_old(connection: Connection) -> None:
    """Delete facts that are too old."""
    connection.execute(delete(table).where(table.c.at <= now_ms() - KEPT_MS))
