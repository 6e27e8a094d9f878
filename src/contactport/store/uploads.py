"""Uploaded files: sealed in pieces under their import's data key, in order, and gone with the import."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import Connection, delete, func, insert, select

from contactport.store import vault
from contactport.store.database import Database
from contactport.store.imports import Fenced, RunningImport
from contactport.store.schema import import_, upload_piece
from contactport.store.vault import context

PIECE = 256 * 1024
"""Bytes of a piece, at most: what one transaction writes, and what a reader holds beside the file."""


def put_piece(connection: Connection, ring: vault.Ring, import_id: int, n: int, data: bytes) -> None:
    """Keep the `n`th piece of a pending import's file, from 0 on.

    Raises Fenced where the import is not pending any more, as when it was cancelled, and vault.SealBroken, RingError.
    """
    box = connection.execute(
        select(import_.c.sealed_key)
        .where(import_.c.id == import_id, import_.c.state == "pending")
        .with_for_update()
    ).scalar()
    if box is None:
        raise Fenced
    key = ring.open_data_key(box, context(import_id, "import", "key"))
    connection.execute(
        insert(upload_piece).values(
            import_id=import_id, n=n, sealed_data=vault.seal(key, data, _context(import_id, n))
        )
    )


def beginning(connection: Connection, ring: vault.Ring, import_id: int, most: int | None) -> list[bytes]:
    """The first pieces of a pending import's file: `most` bytes or a little more, all of them for None."""
    box = connection.execute(select(import_.c.sealed_key).where(import_.c.id == import_id)).scalar()
    if box is None:
        raise Fenced
    key = ring.open_data_key(box, context(import_id, "import", "key"))
    query = select(upload_piece.c.n, upload_piece.c.sealed_data).where(upload_piece.c.import_id == import_id)
    if most is not None:
        query = query.where(upload_piece.c.n <= most // PIECE)
    return [
        vault.unseal(key, row.sealed_data, _context(import_id, row.n))
        for row in connection.execute(query.order_by(upload_piece.c.n))
    ]


async def pieces(database: Database, one: RunningImport) -> AsyncIterator[bytes]:
    """The file of an import that is running, piece by piece. Raises vault.SealBroken."""
    here = upload_piece.c.import_id == one.id
    count = await database.read(
        lambda connection: connection.execute(
            select(func.count()).select_from(upload_piece).where(here)
        ).scalar_one()
    )
    for n in range(count):
        yield await database.read(_piece, one, n)


def _piece(connection: Connection, one: RunningImport, n: int) -> bytes:
    box = connection.execute(
        select(upload_piece.c.sealed_data).where(upload_piece.c.import_id == one.id, upload_piece.c.n == n)
    ).scalar()
    if box is None:
        # It was erased meanwhile.
        raise Fenced
    return vault.unseal(one.key, box, _context(one.id, n))


def remove(connection: Connection, import_id: int) -> None:
    """Destroy the file of an import that has ended."""
    connection.execute(delete(upload_piece).where(upload_piece.c.import_id == import_id))


def _context(import_id: int, n: int) -> str:
    return context(import_id, "upload_piece", "data", n)
