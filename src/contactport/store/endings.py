"""How an import ends: complete, failed, erased at its application's wish, and at last purged."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, select, update

from contactport import telemetry
from contactport.errors import Code
from contactport.quantities import counted
from contactport.store import events, report, uploads
from contactport.store.clock import now_ms
from contactport.store.database import after_commit
from contactport.store.imports import UNFINISHED, RunningImport, State, check_epoch
from contactport.store.receipts import ErasedBy
from contactport.store.schema import (
    book,
    consent,
    contact_chunk,
    event,
    import_,
    merge,
    note,
    reject,
    secret,
    upload_piece,
)

TOMBSTONE_MS = 30 * 86_400_000
"""How long a purged import is remembered as one, so that its contacts answer 410 and not 401."""
KEY_GONE = (
    "The key that this import was sealed with is gone, so it can't be had any more. Please begin it again."
)


def complete(connection: Connection, one: RunningImport) -> None:
    """The good end of an attempt: its events, and the time of the purge.

    Raises Fenced when the attempt is no longer the import's own.
    """
    check_epoch(connection, one.id, one.epoch)
    row = connection.execute(
        select(import_.c.found, import_.c.delivered, import_.c.rejected, import_.c.incomplete).where(
            import_.c.id == one.id
        )
    ).one()
    states = report.book_states(connection, one)
    told = _left_out(one.id, row.found, row.rejected, states, other_books=row.incomplete)
    if states["failed"] or states["incomplete"]:
        connection.execute(update(import_).where(import_.c.id == one.id).values(incomplete=True))
    events.finish_initializing(connection, one.id)
    events.put(connection, one.id, "GATHERING", "COMPLETED", row.delivered)
    events.put(connection, one.id, "COMPLETE", "COMPLETED", 0, told)
    _end(connection, one.id, "complete", None)


def _left_out(
    import_id: int, found: int, rejected: int, states: Counter[str], *, other_books: bool
) -> str | None:
    """What a complete import lacks, in words; None where it lacks nothing.

    `other_books` says that books which are not counted were not read to their end.
    """
    books = states.total()
    of = counted(books, "address book")
    parts: list[str] = []
    if states["failed"]:
        parts.append(f"{states['failed']} of {of} could not be read")
    if states["incomplete"]:
        parts.append(f"the server did not give all of {states['incomplete']} of {of}")
    if other_books and not parts:
        parts.append("not every address book could be read")
    if rejected:
        parts.append(f"{rejected:,} of {counted(found, 'card')} could not be read")
    if not parts:
        return None
    text = ", and ".join(parts)
    one = not other_books and states["failed"] + states["incomplete"] + rejected == 1
    return f"{text[0].upper()}{text[1:]}; GET /imports/{import_id} lists {'it' if one else 'them'}."


def fail(connection: Connection, import_id: int, code: int, text: str) -> None:
    """The bad end of an import that has not ended, pending ones among them: its events, and the time of the purge."""
    row = connection.execute(
        select(import_.c.state, import_.c.found, import_.c.delivered)
        .where(import_.c.id == import_id, import_.c.state.in_(UNFINISHED))
        .with_for_update()
    ).first()
    if row is None:
        return
    _put_failure(connection, import_id, row, code, text)
    _end(connection, import_id, "failed", code)


def _put_failure(
    connection: Connection, import_id: int, row: Row[Any, Any, Any], code: int, text: str
) -> None:
    """The events of an import that failed: how far it came, or nothing of that where it found nothing."""
    if row.state == "pending":
        events.put(connection, import_id, "INITIALIZING", "ERROR", 0)
    else:
        events.finish_initializing(connection, import_id)
    if row.found:
        events.put(connection, import_id, "GATHERING", "ERROR", row.delivered)
    events.put(connection, import_id, "COMPLETE", "ERROR", code, text)
    if not row.found:
        # Not before: it may have the highest version, which would be given a second time.
        connection.execute(delete(event).where(event.c.import_id == import_id, event.c.type == "GATHERING"))


def _end(connection: Connection, import_id: int, state: State, code: int | None) -> None:
    now = now_ms()
    connection.execute(
        update(import_)
        .where(import_.c.id == import_id)
        .values(
            state=state,
            code=code,
            ended_at=now,
            purge_at=now + import_.c.retention * 1000,
            not_before=None,
            provider_key=None,
            account_key=None,
        )
    )
    connection.execute(delete(secret).where(secret.c.import_id == import_id))
    uploads.remove(connection, import_id)
    _count(connection, import_id)


def _count(connection: Connection, import_id: int) -> None:
    """Let the process count an import that ends here, once that is stored."""
    row = connection.execute(
        select(
            import_.c.service,
            import_.c.code,
            (import_.c.ended_at - import_.c.started_at).label("life"),
            import_.c.delivered,
            import_.c.merged,
            import_.c.rejected,
        ).where(import_.c.id == import_id)
    ).one()
    ended = telemetry.Ended(
        provider=row.service,
        code=row.code,
        seconds=None if row.code == Code.ABANDONED or row.life is None else row.life / 1000,
        delivered=row.delivered,
        merged=row.merged,
        rejected=row.rejected,
    )
    after_commit(connection, partial(telemetry.import_ended, ended))


def purge_due(connection: Connection, limit: int = 200, *, rows: bool = True) -> list[int]:
    """Purge what is due, `limit` at most: the data key and every sealed row go; the ids that went.

    Without `rows` the keys go alone, which takes little room; `delete_left` is to delete the rows then.

    What stays for 30 days is a tombstone without a word of the user's.
    """
    now = now_ms()
    due = [
        row.id
        for row in connection.execute(
            select(import_.c.id)
            .where(import_.c.state.in_(("complete", "failed")), import_.c.purge_at <= now)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ]
    _wipe(connection, due, "retention", rows=rows)
    connection.execute(delete(import_).where(import_.c.state == "purged", import_.c.purge_at <= now))
    return due


def erase(
    connection: Connection,
    import_id: int,
    text: str,
    *,
    by: Literal["request", "operator"] = "request",
    rows: bool = True,
) -> None:
    """Purge an import now, whatever its state; its events end with 517 and this text. `rows` as in `purge_due`.

    `by` says who wants it, for the receipt: the application by a request, or the operator by a command.

    An attempt that is under way can write nothing more: it is fenced by the import's state.
    """
    row = connection.execute(
        select(import_.c.state, import_.c.found, import_.c.delivered)
        .where(import_.c.id == import_id)
        .with_for_update()
    ).first()
    if row is None or row.state == "purged":
        return
    if row.state in UNFINISHED:
        _put_failure(connection, import_id, row, Code.ABANDONED, text)
    else:
        events.put(connection, import_id, "COMPLETE", "ERROR", Code.ABANDONED, text)
    connection.execute(
        update(import_)
        .where(import_.c.id == import_id)
        .values(code=Code.ABANDONED, ended_at=func.coalesce(import_.c.ended_at, now_ms()))
    )
    if row.state in UNFINISHED:
        _count(connection, import_id)
    _wipe(connection, [import_id], by, rows=rows)


def lose_all(connection: Connection) -> None:
    """Leave a tombstone of every import, for the ring is lost: its events end with 256."""
    ids = [
        row.id
        for row in connection.execute(
            select(import_.c.id).where(import_.c.state != "purged").with_for_update()
        )
    ]
    for import_id in ids:
        fail(connection, import_id, Code.UNEXPECTED, KEY_GONE)
        row = connection.execute(select(import_.c.state).where(import_.c.id == import_id)).one()
        if row.state == "complete":
            events.put(connection, import_id, "COMPLETE", "ERROR", Code.UNEXPECTED, KEY_GONE)
            connection.execute(update(import_).where(import_.c.id == import_id).values(code=Code.UNEXPECTED))
    _wipe(connection, ids, "lost")


_SEALED = (contact_chunk, upload_piece, reject, note, merge, book, secret, consent)


def delete_left(connection: Connection) -> bool:
    """Delete one chunk, or the other rows, that are left of an import whose key is gone; whether there were any."""
    gone = select(import_.c.id).where(import_.c.state == "purged")
    here = contact_chunk.c.import_id.in_(gone)
    chunk = connection.execute(
        select(contact_chunk.c.import_id, contact_chunk.c.n).where(here).limit(1)
    ).first()
    if chunk is not None:
        connection.execute(
            delete(contact_chunk).where(
                contact_chunk.c.import_id == chunk.import_id, contact_chunk.c.n == chunk.n
            )
        )
        return True
    found = [
        connection.execute(delete(table).where(table.c.import_id.in_(gone))).rowcount for table in _SEALED
    ]
    return any(found)


def _wipe(
    connection: Connection,
    import_ids: list[int],
    by: ErasedBy,
    *,
    rows: bool = True,
) -> None:
    """Leave a tombstone of each import, with its receipt: no key, no sealed row, no word of the user's."""
    if not import_ids:
        return
    for table in _SEALED if rows else ():
        connection.execute(delete(table).where(table.c.import_id.in_(import_ids)))
    connection.execute(
        update(import_)
        .where(import_.c.id.in_(import_ids))
        .values(
            state="purged",
            purge_at=now_ms() + TOMBSTONE_MS,
            erased_at=now_ms(),
            erased_by=by,
            not_before=None,
            provider_key=None,
            account_key=None,
            sealed_key=None,
            sealed_user_id=None,
            sealed_username=None,
            sealed_owner=None,
        )
    )
    if by != "lost":
        after_commit(connection, partial(telemetry.imports_purged, len(import_ids), by))
