"""The report of an import: its rejects, notes, merges and address books, sealed, the first thousand of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Table, func, insert, select, update

from contactport.batch import KEPT, shortened
from contactport.contact import BookOutcome, Merge, Note, Reject
from contactport.store import rejected_records, vault
from contactport.store.imports import Import, RunningImport
from contactport.store.schema import book, import_, merge, note, reject
from contactport.store.vault import context

T = TypeVar("T", bound=msgspec.Struct)


class KeptReject(msgspec.Struct, omit_defaults=True):
    """A reject as it is kept. `format` is empty where its record is not; `table` tells apart header rows."""

    place: str
    reason: str
    format: str = ""
    table: str = ""


class Report(msgspec.Struct, frozen=True):
    """What `GET /imports/ID` tells beside the ledger; every list is empty after the purge."""

    rejects: list[KeptReject] = []
    notes: list[Note] = []
    merges: list[Merge] = []
    books: list[BookOutcome] = []


def read(connection: Connection, one: Import) -> Report:
    """An import's report, opened."""
    if one.key is None:
        return Report()
    return Report(
        rejects_of(connection, one),
        _opened(connection, one.key, one.id, note, Note),
        _opened(connection, one.key, one.id, merge, Merge),
        _opened(connection, one.key, one.id, book, BookOutcome),
    )


def put_rejects(connection: Connection, one: RunningImport, before: int, rejects: list[Reject]) -> None:
    """Keep rejects, and their records, while there is room; `before` is how many there were."""
    given = rejects[: max(0, KEPT - before)]
    records = rejected_records.sealed(connection, one, before, given)
    rows: list[dict[str, Any]] = []
    for n, each in enumerate(given, before):
        kept = KeptReject(each.place, each.reason)
        if each.record is not None and n in records:
            kept.format, kept.table = each.record.format, rejected_records.table_of(each.record)
        rows.append(
            {
                "import_id": one.id,
                "n": n,
                "sealed_reject": _sealed(one, reject, n, kept),
                "sealed_record": records.get(n),
            }
        )
    if rows:
        connection.execute(insert(reject), rows)


def rejects_of(connection: Connection, one: Import) -> list[KeptReject]:
    """The rejects that are kept, in their order: the first has the number 0."""
    return [] if one.key is None else _opened(connection, one.key, one.id, reject, KeptReject)


def put_notes(connection: Connection, one: RunningImport, before: int, notes: list[Note]) -> None:
    """Keep notes while there is room; `before` is how many there were."""
    _put(connection, one, note, before, notes)


def put_merges(connection: Connection, one: RunningImport, before: int, merges: list[Merge]) -> None:
    """Keep merges while there is room; `before` is how many there were."""
    _put(connection, one, merge, before, merges)


def put_books(connection: Connection, one: RunningImport, books: list[BookOutcome]) -> None:
    """Keep what became of books; the last word on a place counts.

    A book beyond the thousandth that was not read to its end is remembered in the import's row.
    """
    for outcome in books:
        _put_book(connection, one, outcome)


def book_states(connection: Connection, one: RunningImport) -> Counter[str]:
    """How many address books ended in each state."""
    rows = connection.execute(
        select(book.c.state, func.count()).where(book.c.import_id == one.id).group_by(book.c.state)
    )
    return Counter({row[0]: row[1] for row in rows})


def _put_book(connection: Connection, one: RunningImport, outcome: BookOutcome) -> None:
    here = book.c.import_id == one.id
    place = outcome.place.encode("utf-8", "surrogatepass")
    mark = blake2b(place, digest_size=16, key=one.key, person=b"book").digest()
    outcome = BookOutcome(shortened(outcome.place), outcome.state, shortened(outcome.reason))
    n = connection.execute(select(book.c.n).where(here, book.c.place_mark == mark)).scalar()
    if n is not None:
        values = {"state": outcome.state, "sealed_book": _sealed(one, book, n, outcome)}
        connection.execute(update(book).where(here, book.c.n == n).values(values))
        return
    n = connection.execute(select(func.count()).where(here)).scalar_one()
    if n < KEPT:
        connection.execute(
            insert(book).values(
                import_id=one.id,
                n=n,
                place_mark=mark,
                state=outcome.state,
                sealed_book=_sealed(one, book, n, outcome),
            )
        )
    elif outcome.state != "complete":
        connection.execute(update(import_).where(import_.c.id == one.id).values(incomplete=True))


def _put(connection: Connection, one: RunningImport, table: Table, before: int, items: Sequence[T]) -> None:
    kept = items[: max(0, KEPT - before)]
    if kept:
        field = f"sealed_{table.name}"
        connection.execute(
            insert(table),
            [
                {"import_id": one.id, "n": n, field: _sealed(one, table, n, item)}
                for n, item in enumerate(kept, before)
            ],
        )


def _sealed(one: RunningImport, table: Table, n: int, item: msgspec.Struct) -> bytes:
    return vault.seal(one.key, msgspec.json.encode(item), context(one.id, table.name, table.name, n))


def _opened(connection: Connection, key: bytes, import_id: int, table: Table, kind: type[T]) -> list[T]:
    box = table.c[f"sealed_{table.name}"]
    rows = connection.execute(
        select(table.c.n, box).where(table.c.import_id == import_id).order_by(table.c.n)
    )
    return [
        msgspec.json.decode(
            vault.unseal(key, sealed, context(import_id, table.name, table.name, n)), type=kind
        )
        for n, sealed in rows
    ]
