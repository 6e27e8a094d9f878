"""Replacement of a lost ring by a new one. What only the old ring could open is deleted.

Domains are kept, and OAuth clients without their secrets.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
from sqlalchemy import Connection, delete, update

from contactport.store import endings, oauth_clients, ring_binding, ring_file
from contactport.store.database import Database
from contactport.store.ring_binding import Loss
from contactport.store.ring_file import RingError, RingLost
from contactport.store.schema import breaker, budget, host, idempotency, login_failure
from contactport.store.schema import ring as table
from contactport.store.vault import Ring


class Recovered(msgspec.Struct, frozen=True):
    """What was deleted, and the new path of the old ring file, if there was one."""

    lost: Loss
    kept: Path | None


def is_lost(database: Database, path: Path) -> bool:
    """Whether this database has a ring, and the file is not that ring. Raises RingError if it can't be read."""
    before = database.read_now(ring_binding.known)
    if before is None:
        return False
    try:
        return Ring.open(path, make=False)[0].fingerprint != before.fingerprint
    except RingLost:
        return True


def replace(database: Database, path: Path) -> Recovered:
    """Replace the ring. Only if `is_lost`, and while no other process uses the database. Raises RingError.

    If it is interrupted, the next call completes it: the database stores the new ring's fingerprint last.
    """
    before = database.read_now(ring_binding.known)
    assert before is not None
    lost = database.read_now(ring_binding.loss)
    kept = None
    if path.exists():
        # Not deleted: it may be another database's, or be mended.
        kept = path.with_name(f"{path.name}.replaced-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
        try:
            path.rename(kept)
        except OSError as error:
            raise RingError(f"the key ring {path} can't be moved away: {error.strerror}") from None
    # Numbered above the old ones, so that a receipt's key is never taken for one of the new ring.
    ring_file.create(path, ring_file.new_keys(before.newest_key + 1))
    ring, _ = Ring.open(path, make=False)
    database.write_now(_forget, ring.fingerprint)
    database.truncate_log()
    return Recovered(lost, kept)


def _forget(connection: Connection, fingerprint: str) -> None:
    endings.lose_all(connection)
    oauth_clients.lose_secrets(connection)
    # Marks under the old ring's keys: nothing will ever match them again.
    for marks in (login_failure, idempotency, host, budget, breaker):
        connection.execute(delete(marks))
    connection.execute(update(table).values(fingerprint=fingerprint))
