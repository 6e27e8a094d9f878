"""Access control: which domain asks, and whether the import is its own.

The key pair comes by HTTP Basic, or as the arguments `domain_key` and `domain_password`.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import TypeVar

from sqlalchemy import Connection
from starlette.requests import Request

from contactport.errors import Code, Refusal
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.forms import decoded
from contactport.store import imports
from contactport.store.database import Database
from contactport.store.domains import Domain, authenticate
from contactport.store.imports import Import

LARGEST_ID = 2**31 - 1
T = TypeVar("T")


def key_pair(request: Request, arguments: Mapping[str, str]) -> tuple[str, str]:
    """The key and password that came with the request. Raises Refusal 401 when none did.

    Basic wins over arguments. A browser that once learnt a key pair sends it along with whatever page asks, so
    Basic does not count for JSONP, nor where the browser says that the page is another site's.
    """
    given = _basic(request) if _may_be_basic(request) else None
    if given is None and "domain_key" in arguments and "domain_password" in arguments:
        given = arguments["domain_key"], arguments["domain_password"]
    if given is None:
        raise Refusal(
            Code.NOT_AUTHENTICATED,
            "No domain key and password came with the request. Send the pair that `contactport domain add` printed "
            "by HTTP Basic, or as `domain_key` and `domain_password` (JSONP and other sites' pages: the latter).",
        )
    return given


async def domain_of(database: Database, request: Request, arguments: Mapping[str, str]) -> Domain:
    """The domain of the request's key pair. Raises Refusal 401."""
    domain = await database.read(authenticate, *key_pair(request, arguments))
    if domain is None:
        raise Refusal(Code.NOT_AUTHENTICATED)
    return domain


async def note_origins(database: Database, request: Request, arguments: Mapping[str, str]) -> None:
    """Note whose pages may read an answer that anybody may have: those of the domain whose key pair came with it."""
    try:
        domain = await domain_of(database, request, arguments)
    except Refusal:
        return
    context_of(request.scope).origins = domain.origins


async def authorized_import(
    service: Service,
    request: Request,
    name: str,
    arguments: Mapping[str, str],
    more: Callable[[Connection, Import], T],
) -> tuple[Import, T]:
    """The import of this id, the caller's own, and what `more` reads of it.

    All of it is read at once: polls are what this service does most. A poll above the domain's rate is held before
    anything is read, so that it costs nobody else anything. Raises Refusal: 401, the same for unknown and foreign;
    429.
    """
    key, password = pair = key_pair(request, arguments)
    known = service.rate_limiter.recall(pair)
    if known is not None:
        await service.rate_limiter.acquire(known, service.settings.polls_per_second)
    import_id = int(name) if name.isascii() and name.isdigit() and len(name) <= 10 else 0

    def look(connection: Connection) -> tuple[Domain | None, tuple[Import, T] | None]:
        domain = authenticate(connection, key, password)
        if domain is None or not 0 < import_id <= LARGEST_ID:
            return domain, None
        one = imports.get(connection, service.store.ring, import_id, domain.id)
        return domain, None if one is None else (one, more(connection, one))

    domain, found = await service.store.database.read(look)
    if domain is None:
        raise Refusal(Code.NOT_AUTHENTICATED)
    context = context_of(request.scope)
    context.origins = domain.origins
    if known != domain.id:
        service.rate_limiter.remember(pair, domain.id)
        await service.rate_limiter.acquire(domain.id, service.settings.polls_per_second)
    if found is None:
        raise Refusal(Code.NOT_AUTHENTICATED)
    context.user_id = found[0].user_id
    context.import_id = found[0].id
    return found


def _may_be_basic(request: Request) -> bool:
    crosses = request.headers.get("sec-fetch-site", "").strip().lower() == "cross-site"
    return not crosses and context_of(request.scope).callback is None


def _basic(request: Request) -> tuple[str, str] | None:
    """Key and password of the header (RFC 7617), None without one. Raises Refusal for a broken one."""
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, colon, password = decoded(b64decode(word.strip(), validate=True)).partition(":")
    except (binascii.Error, ValueError):
        colon = key = password = ""
    if not colon:
        raise Refusal(
            Code.NOT_AUTHENTICATED,
            "The Authorization header can't be read. Send the Base64 of `key:password`, in UTF-8, after `Basic`.",
        )
    return key, password
