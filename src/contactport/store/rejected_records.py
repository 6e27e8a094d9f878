"""Records that could not be read, as they came: sealed beside their rejects, and read a few at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from hashlib import blake2b

import msgspec
from sqlalchemy import Connection, func, select

from contactport.batch import KEPT_BYTES
from contactport.contact import Reject, RejectedRecord
from contactport.store import vault
from contactport.store.database import Database
from contactport.store.imports import AnyImport, RunningImport
from contactport.store.schema import reject
from contactport.store.vault import context

TOGETHER = 1024 * 1024
"""Bytes of records that are read at once, unless one alone has more."""


def table_of(record: RejectedRecord) -> str:
    """A short name of the header row that a record stands under; empty where it stands under none."""
    return blake2b(record.head, digest_size=8).hexdigest() if record.head else ""


def sealed(
    connection: Connection, one: RunningImport, before: int, rejects: Sequence[Reject]
) -> dict[int, bytes]:
    """The records that there is room for, sealed, by the number of their reject; `before` is that of the first."""
    given = [(n, each.record) for n, each in enumerate(rejects, before) if each.record is not None]
    if not given:
        return {}
    stored = select(func.sum(func.length(reject.c.sealed_record))).where(reject.c.import_id == one.id)
    room = KEPT_BYTES - (connection.execute(stored).scalar() or 0)
    found: dict[int, bytes] = {}
    for n, record in given:
        box = vault.seal(one.key, msgspec.msgpack.encode(record), _context(one.id, n))
        if len(box) <= room:
            room -= len(box)
            found[n] = box
    return found


async def read(database: Database, one: AnyImport, numbers: Sequence[int]) -> AsyncIterator[RejectedRecord]:
    """The records of these rejects, in this order. A purge in the middle ends it early."""
    sizes = await database.read(_sizes, one)
    some: list[int] = []
    size = 0
    for n in numbers:
        more = sizes.get(n, 0)
        if some and size + more > TOGETHER:
            for record in await database.read(_opened, one, some):
                yield record
            some, size = [], 0
        some.append(n)
        size += more
    for record in await database.read(_opened, one, some):
        yield record


def _sizes(connection: Connection, one: AnyImport) -> dict[int, int]:
    rows = connection.execute(
        select(reject.c.n, func.length(reject.c.sealed_record)).where(
            reject.c.import_id == one.id, reject.c.sealed_record.is_not(None)
        )
    )
    return {row[0]: row[1] for row in rows}


def _opened(connection: Connection, one: AnyImport, numbers: Sequence[int]) -> list[RejectedRecord]:
    if one.key is None:
        return []
    rows = connection.execute(
        select(reject.c.n, reject.c.sealed_record).where(
            reject.c.import_id == one.id, reject.c.n.in_(numbers), reject.c.sealed_record.is_not(None)
        )
    )
    boxes = {row.n: row.sealed_record for row in rows}
    return [
        msgspec.msgpack.decode(vault.unseal(one.key, boxes[n], _context(one.id, n)), type=RejectedRecord)
        for n in numbers
        if n in boxes
    ]


def _context(import_id: int, n: int) -> str:
    return context(import_id, "reject", "record", n)
