"""An import: its state, ledger and report (what was left out or merged, and why), and its erasure."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from contactport.http.access import authorized_import
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.wire import arguments, schemas
from contactport.http.wire.events import why_failed
from contactport.http.wire.paths import read_id
from contactport.http.wire.responses import success
from contactport.store import events, report
from contactport.store.events import Event
from contactport.store.imports import Import
from contactport.store.report import Report
from contactport.store.vault import Ring


class _ImportContext(msgspec.Struct):
    """What the answer needs beside the import's row."""

    events: list[Event]
    report: Report
    erasure: schemas.ErasureBody | UnsetType


async def serve_import(service: Service, request: Request) -> Response:
    """GET shows an import, DELETE erases it."""
    return await (_erase if request.method == "DELETE" else _show)(service, request)


async def _erase(service: Service, request: Request) -> Response:
    """204: it is cancelled, and nothing of its user is left; the same for one that was purged before."""
    given = await arguments.read(request, service.settings, arguments.POLL)
    name = read_id(request, ("json", "xml"))
    one, _ = await authorized_import(service, request, name, given, lambda _connection, _one: None)
    await service.erase(one.id)
    return Response(status_code=204)


async def _show(service: Service, request: Request) -> Response:
    """The import's row, without a word of its contacts."""
    given = await arguments.read(request, service.settings, arguments.POLL)
    name = read_id(request, ("json", "xml"))

    def beside(connection: Connection, one: Import) -> _ImportContext:
        return _read_beside(connection, one, service.store.ring)

    one, found = await authorized_import(service, request, name, given, beside)
    context = context_of(request.scope)
    error = None if one.code is None else why_failed(one, found.events)
    body = schemas.ImportBody(
        import_id=one.id,
        state=one.state,
        service=one.service,
        include=sorted(one.include),
        created_at=schemas.stamp(one.created_at),
        ended_at=None if one.ended_at is None else schemas.stamp(one.ended_at),
        purge_at=None if one.purge_at is None else schemas.stamp(one.purge_at),
        ledger=schemas.LedgerBody(one.found, one.delivered, one.merged, one.rejected),
        rejects=[
            schemas.RejectBody(each.place, each.reason, bool(each.format)) for each in found.report.rejects
        ],
        note_count=one.notes,
        notes=found.report.notes,
        merges=found.report.merges,
        incomplete=True if one.incomplete and one.state in ("complete", "purged") else UNSET,
        books=found.report.books,
        error=UNSET if error is None else schemas.ErrorBody(int(error.code), error.text),
        erasure=found.erasure,
        user_id=one.user_id,
        id=one.id,
        echo=context.echo,
    )
    return success(context, "importResponse", body)


def _erasure(one: Import, ring: Ring) -> schemas.ErasureBody | UnsetType:
    """When, by whom and how many; and whether anything can still open a copy of them."""
    if one.erased_at is None or one.erased_by is None or one.key_number is None:
        return UNSET
    return schemas.ErasureBody(
        erased_at=schemas.stamp(one.erased_at),
        by=one.erased_by,
        contacts=one.delivered,
        key_number=one.key_number,
        key_destroyed=one.key_number not in ring.days(),
    )


def _read_beside(connection: Connection, one: Import, ring: Ring) -> _ImportContext:
    return _ImportContext(events.read(connection, one.id), report.read(connection, one), _erasure(one, ring))
