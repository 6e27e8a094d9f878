"""The records of an import that could not be read, as they came, as one file of their own format."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from contactport.errors import Code, Refusal
from contactport.formats import registry
from contactport.formats.rejected import ARCHIVE, RejectedFile
from contactport.http.access import authorized_import
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.wire import arguments
from contactport.http.wire.contacts import CutShort, deleted
from contactport.store import rejected_records, report
from contactport.store.imports import Import


class _Selection(msgspec.Struct):
    """The numbers of the rejects whose records are kept, those of one file together, and the file's format."""

    numbers: list[int]
    format: registry.FileFormat
    archived: bool


async def show_rejects(service: Service, request: Request) -> Response:
    """One file; an archive where the records are of several formats, or of several tables. 204 where there are none.

    A failed import has its own too.
    """
    context = context_of(request.scope)
    # A file is no script.
    context.callback = None
    given = await arguments.read(request, service.settings, arguments.FILE)
    name: str = request.path_params["name"]
    one, found = await authorized_import(service, request, name, given, _select)
    if one.state == "purged":
        raise deleted()
    if one.state not in ("complete", "failed"):
        raise Refusal(Code.NOT_YET)
    if one.lost:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            "The key that these records were sealed with is gone, so they can't be delivered any more. Begin a new "
            "import to get them again.",
            http=410,
        )
    if found is None:
        return Response(status_code=204)
    ending = found.format.suffixes[0]
    headers = {
        "content-type": found.format.media_type,
        "content-disposition": f'attachment; filename="import-{one.id}-rejects{ending}"',
    }
    pieces = _nothing() if request.method == "HEAD" else _pieces(service, one, found)
    return StreamingResponse(pieces, headers=headers)


def _select(connection: Connection, one: Import) -> _Selection | None:
    files: dict[tuple[str, str], list[int]] = {}
    for n, each in enumerate(report.rejects_of(connection, one)):
        if each.format:
            files.setdefault((each.format, each.table), []).append(n)
    if not files:
        return None
    archived = len(files) > 1
    format_ = ARCHIVE if archived else registry.get(next(iter(files))[0])
    return _Selection([n for numbers in files.values() for n in numbers], format_, archived)


async def _pieces(service: Service, one: Import, found: _Selection) -> AsyncIterator[bytes]:
    """The file, a few records at a time. Raises CutShort."""
    made = RejectedFile(archived=found.archived)
    count = 0
    async for record in rejected_records.read(service.store.database, one, found.numbers):
        count += 1
        if piece := made.put(record):
            yield piece
    if count < len(found.numbers):
        raise CutShort
    yield made.end()


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
