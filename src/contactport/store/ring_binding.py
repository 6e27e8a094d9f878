"""Binding of a database to its key ring, and what is lost without the right ring."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec
from sqlalchemy import Connection, func, select

from contactport.quantities import counted
from contactport.store import oauth_clients
from contactport.store.data_keys import HOLDING
from contactport.store.database import Database
from contactport.store.imports import UNFINISHED
from contactport.store.ring_file import RingError, RingLost
from contactport.store.schema import import_
from contactport.store.schema import ring as table
from contactport.store.upsert import insert_into
from contactport.store.vault import Ring


class Known(msgspec.Struct, frozen=True):
    """What the database knows of its ring; `newest_key` is the newest that has sealed anything, 0 where none has."""

    fingerprint: str
    newest_key: int


class Loss(msgspec.Struct, frozen=True):
    """What can't be opened: imports that have not ended, those that have and whose contacts are still kept, and the
    secrets of OAuth clients.
    """

    under_way: int = 0
    finished: int = 0
    clients: int = 0

    def __str__(self) -> str:
        under_way = f"{counted(self.under_way, 'import')} under way"
        finished = f"what {self.finished} finished {'one has' if self.finished == 1 else 'ones have'} brought"
        if not self.clients:
            return f"{under_way} and {finished}"
        clients = (
            "secret of 1 OAuth client" if self.clients == 1 else f"secrets of {self.clients} OAuth clients"
        )
        return f"{under_way}, {finished} and the {clients}"


def known(connection: Connection) -> Known | None:
    """None for a database that has never had a ring."""
    row = connection.execute(select(table.c.fingerprint, table.c.newest_key)).first()
    return None if row is None else Known(*row)


def loss(connection: Connection, present: Collection[int] | None = None) -> Loss:
    """What can't be opened by the database's own ring with these daily keys; None: without that ring."""
    rows = connection.execute(
        select(import_.c.state, func.count())
        .where(import_.c.state.in_(HOLDING), import_.c.key_number.not_in(present or ()))
        .group_by(import_.c.state)
    )
    by_state: dict[str, int] = {row[0]: row[1] for row in rows}
    under_way = sum(by_state.get(state, 0) for state in UNFINISHED)
    # The lasting key is in every copy of a ring.
    clients = oauth_clients.count_secrets(connection) if present is None else 0
    return Loss(under_way, sum(by_state.values()) - under_way, clients)


def open_ring(database: Database, path: Path) -> tuple[Ring, tuple[str, ...]]:
    """The database's own ring, made for a database that has none; and what was made, in words.

    Raises RingError, whose text says what is lost and what is not.
    """
    before = database.read_now(known)
    if before is None:
        return _first(database, path)
    try:
        ring, _ = Ring.open(path, make=False)
    except RingLost as error:
        raise RingError(f"{error} {_advice(database)}") from None
    if ring.fingerprint != before.fingerprint:
        raise RingError(f"the key ring {path} belongs to another database. {_advice(database)}")
    if ring.next_number > before.newest_key:
        return ring, ()
    key = ring.add(before.newest_key)
    lost = database.read_now(loss, list(ring.days()))
    return ring, (
        f"key {key.id} in the key ring, which is an older copy: it lacks keys that this database has used, and so "
        f"{lost} can't be opened any more; domains and their key pairs are not concerned",
    )


def _first(database: Database, path: Path) -> tuple[Ring, tuple[str, ...]]:
    ring, made = Ring.open(path)
    if not made and ring.days():
        raise RingError(
            f"the key ring {path} has been used, and the database beside it is new and empty: it is another one's. "
            "Put the right database back from its copy, or move the key ring away to begin with nothing."
        )
    try:
        found = database.write_now(_introduce, ring.fingerprint)
        if found.fingerprint != ring.fingerprint:
            raise RingError(
                f"another process has just given this database a key ring, and it is not {path}: all processes of "
                "one database must share one file."
            )
    except Exception:
        # A ring made a moment ago is nobody's: left there, it would hide that the right one is elsewhere.
        if made:
            path.unlink()
        raise
    return ring, ((f"key ring {path} (mode 0600; a backup without it can't be read)",) if made else ())


def _introduce(connection: Connection, fingerprint: str) -> Known:
    connection.execute(
        insert_into(connection.dialect.name, table)
        .values(id=1, fingerprint=fingerprint, newest_key=0)
        .on_conflict_do_nothing()
    )
    found = known(connection)
    assert found is not None
    return found


def _advice(database: Database) -> str:
    return (
        "Put the right one back from its copy; where several hosts share the database, they share this file. Without "
        f"it {database.read_now(loss)} can't be opened any more; domains and their key pairs are not concerned. "
        "`contactport keys replace` goes on without it, with a new ring."
    )
