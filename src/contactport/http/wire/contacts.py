"""Step 3: the contacts, streamed. Only one chunk is in memory, for an answer of any size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from contactport.contact import Contact
from contactport.errors import Code, Refusal
from contactport.formats import registry
from contactport.formats.cloudsponge import UNKNOWN, WireOwner, owner_from_username, to_owner
from contactport.formats.registry import Groups
from contactport.http.access import authorized_import
from contactport.http.context import RequestContext, context_of
from contactport.http.dependencies import Service
from contactport.http.wire import arguments
from contactport.http.wire.compression import Coding, accepted, compressed
from contactport.http.wire.events import why_failed
from contactport.http.wire.paths import read_id
from contactport.http.wire.schemas import ContactsTail
from contactport.http.wire.streaming import (
    ContactsEncoder,
    FileEncoder,
    JsonEncoder,
    JsonpEncoder,
    XmlEncoder,
)
from contactport.store import contacts, events
from contactport.store.events import Event
from contactport.store.imports import Import

FORMATS = ("json", "xml", *(each.name for each in registry.SERVED))
PIECE_BYTES = 32 * 1024
"""An answer is made and sent in pieces of this size and one contact: between two of them others get their turn."""
SMALL_BYTES = 128 * 1024
"""An answer up to this size is sent as one, with its length."""


class CutShort(Exception):
    """The book was purged while it was read. The answer breaks off: a short book must not look like a whole one."""


class _ContactsContext(msgspec.Struct):
    """What an answer needs beside the contacts themselves."""

    events: list[Event]
    owner: WireOwner
    groups: Groups


def _read_beside(connection: Connection, one: Import, unknown: str | None) -> _ContactsContext:
    card = contacts.owner(connection, one)
    return _ContactsContext(
        events.read(connection, one.id),
        owner_from_username(one.username or "", unknown) if card is None else to_owner(card, (), unknown),
        contacts.groups(connection, one),
    )


async def show_contacts(service: Service, request: Request) -> Response:
    """The contacts of a finished import, from `start` on and `count` of them; without `start` all."""
    given = await arguments.read(request, service.settings, arguments.CONTACTS)
    start = arguments.number(given, "start")
    count = 0 if start is None else arguments.number(given, "count") or 0
    name = read_id(request, FORMATS)
    context = context_of(request.scope)
    unknown = None if context.format == "xml" else UNKNOWN

    def read(connection: Connection, one: Import) -> _ContactsContext:
        return _read_beside(connection, one, unknown)

    one, beside = await authorized_import(service, request, name, given, read)
    _check_ready(one, beside.events)
    start = start or 0
    expected = max(0, min(count or one.delivered, one.delivered - start))
    end = ContactsTail(
        contacts_owner=beside.owner,
        start=start,
        count=expected,
        total=one.delivered,
        import_id=one.id,
        user_id=one.user_id,
        id=one.id,
        echo=context.echo,
    )
    encoder = _encoder(context)
    coding = _coding(request, context)
    headers = {"content-type": encoder.media_type, "vary": "accept-encoding"}
    if coding != "identity":
        headers["content-encoding"] = coding
    if request.method == "HEAD":
        return StreamingResponse(_nothing(), headers=headers)
    chunks = _chunks(service, one, start, expected)
    pieces = _pieces(encoder, chunks, beside.groups, end)
    begun: list[bytes] = []
    try:
        async for piece in pieces:
            begun.append(piece)
            if sum(map(len, begun)) > SMALL_BYTES:
                return StreamingResponse(compressed(_after(begun, pieces), coding), headers=headers)
    except CutShort:
        # Before a word was sent there is still time to say so.
        raise deleted() from None
    whole = [piece async for piece in compressed(_after(begun), coding)]
    return Response(b"".join(whole), headers=headers)


def deleted() -> Refusal:
    return Refusal(
        Code.INVALID_PARAMETERS,
        "The contacts have been deleted, as they are some minutes after every import. Begin a new import to get them "
        "again.",
        http=410,
    )


def _coding(request: Request, context: RequestContext) -> Coding:
    """How the answer is compressed. Raises Refusal 406. A script is not: other sites' pages may ask for one."""
    if context.callback is not None:
        return "identity"
    coding = accepted(request.headers.get("accept-encoding"))
    if coding is None:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            "The Accept-Encoding header takes no coding that there is here. Send one that takes gzip, zstd or "
            "identity, or none.",
            http=406,
        )
    return coding


def _check_ready(one: Import, events: list[Event]) -> None:
    """Raises Refusal: 404 with 528 before the end and with the import's own code after a failure, 410 at last."""
    if one.state == "purged":
        raise deleted()
    if one.state == "failed":
        raise why_failed(one, events)
    if one.state != "complete":
        raise Refusal(Code.NOT_YET)
    if one.lost:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            "The key that these contacts were sealed with is gone, so they can't be delivered any more. Begin a new "
            "import to get them again.",
            http=410,
        )


def _encoder(context: RequestContext) -> ContactsEncoder:
    if context.callback is not None:
        return JsonpEncoder(context.callback)
    if context.format == "json":
        return JsonEncoder()
    if context.format == "xml":
        return XmlEncoder()
    return FileEncoder(registry.get(context.format))


async def _chunks(service: Service, one: Import, start: int, count: int) -> AsyncIterator[list[Contact]]:
    """The book from `start` on, as it is stored. Raises CutShort."""
    left = count
    if count:
        async for chunk in contacts.read(service.store.database, one, start, count):
            left -= len(chunk)
            yield chunk
    if left:
        raise CutShort


async def _pieces(
    encoder: ContactsEncoder, chunks: AsyncIterator[list[Contact]], groups: Groups, end: ContactsTail
) -> AsyncIterator[bytes]:
    piece = bytearray(encoder.start())
    first = True
    async for chunk in chunks:
        for made in encoder.some(chunk, groups, first):
            piece += made
            if len(piece) >= PIECE_BYTES:
                yield bytes(piece)
                piece.clear()
                await asyncio.sleep(0)
        first = False
    yield bytes(piece) + encoder.end(end)


async def _after(begun: list[bytes], pieces: AsyncIterator[bytes] | None = None) -> AsyncIterator[bytes]:
    """What was made before its size was known, and then the rest."""
    while begun:
        yield begun.pop(0)
    if pieces is not None:
        async for piece in pieces:
            yield piece


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
