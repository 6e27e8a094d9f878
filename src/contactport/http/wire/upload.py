"""Step 1 with the file itself: `begin_import/upload`, as the body or as the field `file` of a form."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from contactport.errors import Code, Refusal
from contactport.http.access import domain_of
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.forms import FileForm
from contactport.http.wire import arguments, schemas
from contactport.http.wire.responses import success
from contactport.imports import create
from contactport.imports.upload import UploadRequest, too_large

SERVICE = "csv"
"""The row of files, where the caller names no service."""


LATE = "Send the other fields before the field `file`: `{name}` came after it. Nothing of the file was kept."


async def begin_upload(service: Service, request: Request) -> Response:
    """Take a file. A form's other fields have to come before it: whose it is must be known before it is kept."""
    settings = service.settings
    most = settings.upload_bytes
    length = request.headers.get("content-length", "")
    form = FileForm.of(request.headers.get("content-type", ""), settings.body_bytes)
    if length.isdigit() and int(length) > most + (settings.body_bytes if form is not None else 0):
        raise too_large(most)
    context = context_of(request.scope)
    try:
        fields = [] if form is None else await form.fields(request.stream())
        file = request.stream() if form is None else _file_of(form)
        given = arguments.of_pairs(request, context.query + fields, settings, arguments.UPLOAD)
        domain = await domain_of(service.store.database, request, given)
        asked = UploadRequest(
            domain=domain,
            provider=create.provider_of(service.providers, given.get("service", SERVICE), domain),
            include=create.read_include(given.get("include", "")),
            user_id=context.user_id,
        )
        import_id = await service.uploads.take(asked, file)
    except ClientDisconnect:
        # Nobody is there to read it.
        raise Refusal(Code.INVALID_PARAMETERS, "The file did not come whole. Send it again.") from None
    context.import_id = import_id
    body = schemas.BegunBody(echo=context.echo, import_id=import_id, user_id=context.user_id, id=import_id)
    return success(context, "result", body)


async def _file_of(form: FileForm) -> AsyncIterator[bytes]:
    """The file of a form. Raises Refusal where an argument comes after it: it would not count."""
    async for data in form.file():
        yield data
    late = form.late & arguments.UPLOAD
    if late:
        raise Refusal(Code.INVALID_PARAMETERS, LATE.format(name=min(late).decode()))
