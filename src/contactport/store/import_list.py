"""Imports as an operator sees them: states, times and numbers, without contacts."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from contactport.store.clock import now_ms
from contactport.store.schema import domain, import_

STATES = ("pending", "waiting", "deferred", "running", "complete", "failed", "purged")


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One import. Times are in ms since 1970; `code` is the wire's code of a failure."""

    id: int
    domain: str
    service: str
    state: str
    """One of STATES; `deferred` waits because of a limit of its provider or account."""
    created_at: int
    deadline: int
    ended_at: int | None
    purge_at: int | None
    deferred_until: int | None
    attempts: int
    code: int | None
    found: int
    delivered: int
    merged: int
    rejected: int
    notes: int
    incomplete: bool
    erased_at: int | None
    erased_by: str | None


def newest(
    connection: Connection, limit: int, *, domain_name: str | None = None, state: str | None = None
) -> list[Listed]:
    """The newest imports, the last begun first."""
    query = _query().order_by(import_.c.created_at.desc(), import_.c.id.desc()).limit(limit)
    if domain_name is not None:
        query = query.where(domain.c.name == domain_name)
    if state is not None:
        deferred = import_.c.not_before > now_ms()
        if state == "deferred":
            query = query.where(import_.c.state == "waiting", deferred)
        elif state == "waiting":
            query = query.where(import_.c.state == "waiting", deferred.isnot(True))
        else:
            query = query.where(import_.c.state == state)
    return [_listed(row) for row in connection.execute(query)]


def one(connection: Connection, import_id: int) -> Listed | None:
    """The import with this id; None if there is none, or none any more."""
    row = connection.execute(_query().where(import_.c.id == import_id)).first()
    return None if row is None else _listed(row)


def _query() -> Any:
    columns = import_.c
    return select(
        *(columns.id, columns.service, columns.state, columns.epoch, columns.created_at, columns.deadline),
        *(
            columns.ended_at,
            columns.purge_at,
            columns.not_before,
            columns.code,
            columns.found,
            columns.delivered,
        ),
        *(columns.merged, columns.rejected, columns.notes, columns.incomplete),
        *(columns.erased_at, columns.erased_by, domain.c.name.label("domain")),
    ).join(domain, domain.c.id == columns.domain_id)


def _listed(row: Row[Any]) -> Listed:
    deferred = row.not_before if row.state == "waiting" and (row.not_before or 0) > now_ms() else None
    return Listed(
        id=row.id,
        domain=row.domain,
        service=row.service,
        state="deferred" if deferred else row.state,
        created_at=row.created_at,
        deadline=row.deadline,
        ended_at=row.ended_at,
        purge_at=row.purge_at,
        deferred_until=deferred,
        attempts=row.epoch,
        code=row.code,
        found=row.found,
        delivered=row.delivered,
        merged=row.merged,
        rejected=row.rejected,
        notes=row.notes,
        incomplete=row.incomplete,
        erased_at=row.erased_at,
        erased_by=row.erased_by,
    )
