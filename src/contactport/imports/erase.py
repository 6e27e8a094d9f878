"""Erasing an import at its application's wish, in mid-request too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy import Connection

from contactport.errors import ROWS, Code
from contactport.imports.revocation import Revocation, Revocations
from contactport.store import endings
from contactport.store.open import Store

log = structlog.get_logger()


async def erase(
    store: Store, cancel: Callable[[int], None], revocations: Revocations, import_id: int
) -> None:
    """Destroy the import's key and rows, then stop whoever still works on it. Erasing twice is erasing once.

    What may be revoked at a provider is, and nobody waits for that.
    """

    def end(connection: Connection) -> Revocation | None:
        revocation = revocations.plan(connection, import_id)
        # Where the disk is full the key goes at once, and the rows piece by piece in the housekeeping.
        rows = not store.database.reserve.full
        endings.erase(connection, import_id, ROWS[Code.ABANDONED].text, rows=rows)
        store.signals.announce(connection, import_id)
        return revocation

    revocation = await store.database.write(end)
    cancel(import_id)
    revocations.begin(revocation)
    await asyncio.to_thread(store.database.truncate_log)
    log.info("import_erased", import_id=import_id)
