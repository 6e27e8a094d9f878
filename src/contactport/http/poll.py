"""What every question about an import begins with: whose it is, how often they ask, and whether it is theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection
from starlette.requests import Request

from contactport.errors import Code, Refusal
from contactport.http.answer import answer_of
from contactport.http.arguments import Arguments
from contactport.http.auth import key_pair
from contactport.http.service import Service
from contactport.store import domains, imports
from contactport.store.domains import Domain
from contactport.store.events import Event
from contactport.store.imports import Import

LARGEST_ID = 2**31 - 1
_CODES = {int(code) for code in Code}
T = TypeVar("T")


async def asked_import(
    service: Service,
    request: Request,
    name: str,
    arguments: Arguments,
    more: Callable[[Connection, Import], T],
) -> tuple[Import, T]:
    """The import of this id, the caller's own, and what `more` reads of it.

    All of it is read at once: polls are what this service does most. A poll above the domain's rate is held before
    anything is read, so that it costs nobody else anything. Raises Refusal: 401, the same for unknown and foreign;
    429.
    """
    key, password = pair = key_pair(request, arguments)
    known = service.polls.recall(pair)
    if known is not None:
        await service.polls.turn(known, service.settings.polls_per_second)
    import_id = int(name) if name.isascii() and name.isdigit() and len(name) <= 10 else 0

    def look(connection: Connection) -> tuple[Domain | None, tuple[Import, T] | None]:
        domain = domains.authenticate(connection, key, password)
        if domain is None or not 0 < import_id <= LARGEST_ID:
            return domain, None
        one = imports.get(connection, service.store.ring, import_id, domain.id)
        return domain, None if one is None else (one, more(connection, one))

    domain, found = await service.store.database.read(look)
    if domain is None:
        raise Refusal(Code.NOT_AUTHENTICATED)
    if known != domain.id:
        service.polls.remember(pair, domain.id)
        await service.polls.turn(domain.id, service.settings.polls_per_second)
    if found is None:
        raise Refusal(Code.NOT_AUTHENTICATED)
    answer = answer_of(request.scope)
    answer.user_id = found[0].user_id
    answer.import_id = found[0].id
    return found


def why_failed(one: Import, events: Sequence[Event]) -> Refusal:
    """The error that a failed import ended with, in the words of its COMPLETE event; its status is 404."""
    code = Code(one.code) if one.code in _CODES else Code.UNEXPECTED
    told = [event.description for event in events if event.status == "ERROR" and event.type == "COMPLETE"]
    return Refusal(code, next(iter(told), None) or "", http=404)
