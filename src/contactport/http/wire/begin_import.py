"""Step 1: `begin_import` and its three ways."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.errors import Code, Refusal
from contactport.grant import Password
from contactport.http.access import domain_of
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.wire import arguments, schemas
from contactport.http.wire.arguments import Arguments
from contactport.http.wire.responses import success
from contactport.imports import begin

LONGEST_KEY = 255
SEND_BOTH = (
    "{name} is read by the user's name and password: send both, as `username` and `password`, to "
    "/begin_import/import."
)
NO_CONSENT = (
    "Signing in at a provider's own page and taking a file are not built yet. Send the user's `username` and "
    "`password` to /begin_import/import, for the services that /services.json gives the method `password`."
)


async def begin_password(service: Service, request: Request) -> Response:
    """By the user's name and password."""
    given = await arguments.read(request, service.settings, arguments.BEGIN)
    return await _begin(service, request, given)


async def begin_consent(service: Service, request: Request) -> Response:
    """By the user's consent; a name and a password make it a password import, for one client asks so by mistake."""
    given = await arguments.read(request, service.settings, arguments.BEGIN)
    if "username" in given and "password" in given:
        return await _begin(service, request, given)
    raise await _way_that_works(service, request, given)


async def begin_applet(service: Service, request: Request) -> Response:
    """By a program on the user's computer, of old."""
    given = await arguments.read(request, service.settings, arguments.BEGIN)
    raise await _way_that_works(service, request, given)


async def _way_that_works(service: Service, request: Request, given: Arguments) -> Refusal:
    """The refusal of a way that is not built. It names the way that works today for this service."""
    domain = await domain_of(service.store.database, request, given)
    if "service" not in given and given.get("csv", "").lower() == "true":
        return Refusal(Code.INVALID_PARAMETERS, NO_CONSENT)
    provider = begin.provider_of(service.providers, given.get("service", ""), domain)
    if "password" not in provider.methods:
        return begin.not_served(provider)
    secret = f"{provider.secret.help} {provider.secret.url}".strip()
    text = SEND_BOTH.format(name=provider.name)
    return Refusal(Code.INVALID_PARAMETERS, f"{text} {secret}".strip())


async def _begin(service: Service, request: Request, given: Arguments) -> Response:
    domain = await domain_of(service.store.database, request, given)
    context = context_of(request.scope)
    import_id = await service.begin(
        begin.Request(
            domain=domain,
            service=given.get("service", ""),
            grant=Password(given.get("username", ""), given.get("password", ""), given.get("server", "")),
            include=begin.read_include(given.get("include", "")),
            user_id=context.user_id,
            idempotency_key=_idempotency_key(request),
        )
    )
    context.import_id = import_id
    body = schemas.BegunBody(echo=context.echo, import_id=import_id, user_id=context.user_id, id=import_id)
    return success(context, "result", body)


def _idempotency_key(request: Request) -> str:
    """The header of that name, empty without one. Raises Refusal for one that is too long or not printable."""
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise Refusal(
            Code.INVALID_PARAMETERS,
            f"The Idempotency-Key is not valid: send 1 to {LONGEST_KEY} printable ASCII characters, such as a UUID.",
        )
    return key
