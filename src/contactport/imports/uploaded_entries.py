"""Entries of an uploaded file, for the source that delivers them: the file is unsealed, and read by its format."""

from __future__ import annotations

from collections.abc import Iterator

from contactport.contact import Item, Reject
from contactport.formats import registry
from contactport.formats.columns import UnknownColumn, UnknownField
from contactport.grant import Upload
from contactport.store import uploads
from contactport.store.database import Database
from contactport.store.imports import RunningImport

FILE = "file"
"""The place of what concerns a file as a whole, as the formats name it."""


async def uploaded_entries(database: Database, one: RunningImport, grant: Upload) -> Iterator[Item | None]:
    """What the file of an import holds, in order, with None for a pause.

    The whole file is in memory while it is read, because a workbook or an archive can only be read so; a setting
    limits its size. Raises vault.SealBroken.
    """
    pieces = [piece async for piece in uploads.pieces(database, one)]
    return _entries(pieces, grant)


def _entries(pieces: list[bytes], grant: Upload) -> Iterator[Item | None]:
    try:
        yield from registry.get(grant.format).steps(
            _handed_over(pieces), overrides=grant.columns or None, charset=grant.charset
        )
    except (UnknownColumn, UnknownField) as error:
        yield Reject(FILE, str(error))


def _handed_over(pieces: list[bytes]) -> Iterator[bytes]:
    """Each piece, which is let go of once it was taken."""
    pieces.reverse()
    while pieces:
        yield pieces.pop()
