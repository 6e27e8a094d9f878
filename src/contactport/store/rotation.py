"""Rotation: new daily key, every data key sealed anew, old daily keys destroyed; while the service runs.

A stolen copy of the ring opens nothing of a user's afterwards, neither what was written before (its data keys' boxes
are of the new key now) nor what is written later. The secrets of OAuth clients are sealed under the lasting key,
which stays: only the provider can make a copied one worthless. It may be cut off at any point: the next rotation does
what is left.
"""

from __future__ import annotations

import time

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from contactport.store import oauth_clients
from contactport.store.data_keys import HOLDING, retire_before
from contactport.store.database import Database
from contactport.store.schema import import_
from contactport.store.vault import DailyKey, Ring, SealBroken, context, seal_data_key

BATCH = 200
"""Data keys of one transaction: their imports wait for it."""
GRACE_SECONDS = 5.0
"""Old keys outlive the last box of theirs by this much: whoever has just read such a box still opens it."""


class Rotation(msgspec.Struct, frozen=True):
    """`number` is the new key's; `unreadable` are data keys of daily keys that were gone before.

    `lasting` are the secrets of OAuth clients: a copy of the ring opens them as before.
    """

    number: int
    resealed: int
    unreadable: int
    destroyed: list[int]
    lasting: int = 0


def rotate(database: Database, ring: Ring, grace: float | None = None) -> Rotation:
    """Do all of it, in this thread; `grace` in seconds. Raises RingError, and what the database raises."""
    key = ring.add()
    database.write_now(retire_before, key.id)
    resealed = unreadable = last = 0
    while True:
        batch = database.write_now(_reseal, ring, key, last)
        if batch is None:
            break
        last, done, broken = batch
        resealed += done
        unreadable += broken
    time.sleep(GRACE_SECONDS if grace is None else grace)
    destroyed = ring.destroy_before(key.id)
    database.truncate_log()
    lasting = database.read_now(oauth_clients.count_secrets)
    return Rotation(key.id, resealed, unreadable, destroyed, lasting)


def _reseal(connection: Connection, ring: Ring, key: DailyKey, after: int) -> tuple[int, int, int] | None:
    """The next batch: its last import, how many were sealed anew, and how many can't be; None after the last one."""
    rows = connection.execute(
        select(import_.c.id, import_.c.sealed_key)
        .where(import_.c.id > after, import_.c.state.in_(HOLDING), import_.c.key_number < key.id)
        .order_by(import_.c.id)
        .limit(BATCH)
        .with_for_update(key_share=True)
    ).all()
    if not rows:
        return None
    changes: list[dict[str, object]] = []
    for row in rows:
        where = context(row.id, "import", "key")
        try:
            data_key = ring.open_data_key(row.sealed_key, where)
        except SealBroken:
            continue
        changes.append(
            {"row": row.id, "sealed_key": seal_data_key(key, data_key, where), "key_number": key.id}
        )
    if changes:
        connection.execute(update(import_).where(import_.c.id == bindparam("row")), changes)
    return rows[-1].id, len(changes), len(rows) - len(changes)
