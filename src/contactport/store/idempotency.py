"""Idempotency-Keys: the same key within 24 hours is the same import.

Only truncated HMACs are stored, of the key and of the arguments with it, so that a stolen database shows
neither.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from contactport.store.clock import now_ms
from contactport.store.schema import idempotency as table
from contactport.store.upsert import upsert
from contactport.store.vault import Ring

KEPT_MS = 24 * 3_600_000


class KeyReusedError(ValueError):
    """The key was used before, with other arguments."""


def recall(
    connection: Connection, ring: Ring, domain_id: int, key: str, arguments: tuple[str, ...]
) -> int | None:
    """The import that began with this key; None for a new key. Raises KeyReusedError."""
    row = connection.execute(
        select(table).where(
            table.c.domain_id == domain_id,
            table.c.key_mark == ring.lasting_mark("key", key),
            table.c.at > now_ms() - KEPT_MS,
        )
    ).first()
    if row is None:
        return None
    if row.arguments_mark != ring.lasting_mark("arguments", *arguments):
        raise KeyReusedError
    return row.import_id


def remember(
    connection: Connection, ring: Ring, domain_id: int, key: str, arguments: tuple[str, ...], import_id: int
) -> None:
    """Store that this key began this import, in the same transaction as `recall`."""
    upsert(
        connection,
        table,
        {"domain_id": domain_id, "key_mark": ring.lasting_mark("key", key)},
        {
            "arguments_mark": ring.lasting_mark("arguments", *arguments),
            "import_id": import_id,
            "at": now_ms(),
        },
    )


def forget_old(connection: Connection) -> None:
    """Delete keys that are older than 24 hours."""
    connection.execute(delete(table).where(table.c.at <= now_ms() - KEPT_MS))
