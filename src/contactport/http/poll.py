"""What every question about an import begins with: whose it is, how often they ask, and whether it is theirs."""

from __future__ import annotations

from starlette.requests import Request

from contactport.errors import Code, WireError
from contactport.http.answer import answer_of
from contactport.http.arguments import Arguments
from contactport.http.auth import domain_of
from contactport.http.service import Service
from contactport.store import imports
from contactport.store.imports import Import

LARGEST_ID = 2**31 - 1
_CODES = {int(code) for code in Code}


async def asked_import(service: Service, request: Request, name: str, arguments: Arguments) -> Import:
    """The import of this id, the caller's own. Raises WireError: 401, the same for unknown and foreign; 429."""
    domain = await domain_of(service.store.database, request, arguments)
    wait = service.polls.take(domain.id, service.settings.polls_per_second)
    if wait:
        raise WireError(
            Code.INVALID_PARAMETERS,
            f"This domain may poll {service.settings.polls_per_second} times a second. Once a second an import is "
            "enough.",
            http=429,
            retry_after=wait,
        )
    one = None
    if name.isascii() and name.isdigit() and len(name) <= 10 and int(name) <= LARGEST_ID:
        one = await imports.get(service.store.database, service.store.ring, int(name), domain.id)
    if one is None:
        raise WireError(Code.NOT_AUTHENTICATED)
    answer = answer_of(request.scope)
    answer.user_id = one.user_id
    answer.import_id = one.id
    return one


async def why_failed(service: Service, one: Import) -> WireError:
    """The error that a failed import ended with, in the words of its COMPLETE event; its status is 404."""
    code = Code(one.code) if one.code in _CODES else Code.UNEXPECTED
    told = [
        event.description
        for event in await imports.events(service.store.database, one.id)
        if event.status == "ERROR" and event.type == "COMPLETE"
    ]
    return WireError(code, next(iter(told), None) or "", http=404)
