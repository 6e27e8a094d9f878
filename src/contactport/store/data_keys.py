"""The imports' data keys under the ring: which daily key may seal a new one, and which seals how many.

The database remembers the newest daily key that has sealed anything, and nothing new is sealed by an older one. That
is how a rotation knows all that an old key seals before it destroys that key, even if a process still has old data
in its memory, or a network file system in its cache.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, delete, func, select, update

from contactport.store.ring_file import DailyKey, RingError
from contactport.store.schema import import_, login_failure
from contactport.store.schema import ring as table
from contactport.store.vault import Ring, seal_data_key

HOLDING = ("pending", "waiting", "running", "complete", "failed")
"""The states of an import that has a data key."""
_LOCK = 7_306_919_002
"""Any number: the advisory lock of whoever seals a data key, and against them of whoever rotates."""


def present_key(connection: Connection, ring: Ring) -> DailyKey:
    """The daily key that this transaction seals with. A rotation waits until the transaction ends.

    Raises RingError where the ring's file is not what the database knows of it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))
    row = connection.execute(select(table.c.fingerprint, table.c.newest_key)).one()
    if row.fingerprint != ring.fingerprint:
        raise RingError("the database was given another key ring while this process ran: start it again.")
    key = ring.current(row.newest_key)
    if key.id > row.newest_key:
        _raise_to(connection, key.id)
    return key


def new_data_key(connection: Connection, ring: Ring, context: str) -> tuple[bytes, bytes]:
    """A new data key, and the same key sealed, for this transaction to store. Raises RingError."""
    data_key = secrets.token_bytes(32)
    return data_key, seal_data_key(present_key(connection, ring), data_key, context)


def retire_before(connection: Connection, number: int) -> None:
    """Once this is committed, nothing is sealed by a daily key below `number` any more, and all that is can be seen.

    The fingerprints of wrong passwords were made with such a key, so they are deleted.
    """
    if connection.dialect.name == "postgresql":
        # Waits for the end of every transaction that is about to seal something; later ones see the number.
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    _raise_to(connection, number)
    connection.execute(delete(login_failure))


def _raise_to(connection: Connection, number: int) -> None:
    connection.execute(update(table).where(table.c.newest_key < number).values(newest_key=number))


def newest_key(connection: Connection) -> int:
    """The newest daily key that has sealed anything; 0 where none has."""
    return connection.execute(select(table.c.newest_key)).scalar_one()


def counts(connection: Connection) -> dict[int, int]:
    """How many data keys each daily key seals: number → how many, by number."""
    rows = connection.execute(
        select(import_.c.key_number, func.count())
        .where(import_.c.state.in_(HOLDING))
        .group_by(import_.c.key_number)
        .order_by(import_.c.key_number)
    )
    return {row[0]: row[1] for row in rows}
