"""Step 1: `begin_import` and its three ways."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.errors import Code, Refusal
from contactport.grant import Password
from contactport.http.access import domain_of
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.origins import check_redirect_url, own_origin
from contactport.http.wire import arguments, schemas
from contactport.http.wire.arguments import Arguments
from contactport.http.wire.responses import success
from contactport.imports import begin, create
from contactport.imports.consent import ConsentRequest
from contactport.sources.providers import Provider
from contactport.store.domains import Domain

LONGEST_KEY = 255
SEND_BOTH = (
    "{name} is read by the user's name and password: send both, as `username` and `password`, to "
    "/begin_import/import."
)
NO_UPLOAD = (
    "Taking a file is not built yet. Send the user's `username` and `password` to /begin_import/import, for the "
    "services that /services.json gives the method `password`."
)


async def begin_password(service: Service, request: Request) -> Response:
    """By the user's name and password."""
    given = await arguments.read(request, service.settings, arguments.BEGIN)
    return await _begin(service, request, given)


async def begin_consent(service: Service, request: Request) -> Response:
    """By the user's consent; a name and a password make it a password import, for one client asks so by mistake."""
    given = await arguments.read(request, service.settings, arguments.CONSENT)
    if "username" in given and "password" in given:
        return await _begin(service, request, given)
    domain = await domain_of(service.store.database, request, given)
    if "service" not in given and given.get("csv", "").lower() == "true":
        raise Refusal(Code.INVALID_PARAMETERS, NO_UPLOAD)
    own_origin(service.settings)
    provider = create.provider_of(service.providers, given.get("service", ""), domain)
    redirect_url = given.get("redirect_url", "")
    context = context_of(request.scope)
    asked = ConsentRequest(
        domain=domain,
        provider=provider,
        redirect_url=check_redirect_url(domain, redirect_url) if redirect_url else "",
        client_name=given.get("oauth_client", ""),
        include=create.read_include(given.get("include", "")),
        user_id=context.user_id,
        idempotency_key=_idempotency_key(request),
    )
    if await _is_consented_to(service, domain, provider, given):
        begun = await service.consents.begin(asked)
    elif "password" in provider.methods:
        begun = await service.sign_ins.begin(asked)
    else:
        raise create.not_served(provider)
    context.import_id = begun.import_id
    body = schemas.ConsentBegunBody(
        url=begun.url,
        echo=context.echo,
        import_type="OAUTH",
        import_id=begun.import_id,
        user_id=context.user_id,
        id=begun.import_id,
    )
    return success(context, "result", body)


async def _is_consented_to(service: Service, domain: Domain, provider: Provider, given: Arguments) -> bool:
    """Whether an import from this provider is begun by consent.

    Where a password is the preferred way, only if the operator has registered a client: else that way is named.
    """
    if "consent" not in provider.methods:
        return False
    if provider.method == "consent" or "oauth_client" in given:
        return True
    access = await service.store.database.read(service.consents.access, domain, provider)
    return access is not None


async def begin_applet(service: Service, request: Request) -> Response:
    """By a program on the user's computer, of old."""
    given = await arguments.read(request, service.settings, arguments.BEGIN)
    domain = await domain_of(service.store.database, request, given)
    if "service" not in given and given.get("csv", "").lower() == "true":
        raise Refusal(Code.INVALID_PARAMETERS, NO_UPLOAD)
    raise _way_that_works(create.provider_of(service.providers, given.get("service", ""), domain))


def _way_that_works(provider: Provider) -> Refusal:
    """The refusal of a way that this provider does not have. It names the way that works today."""
    if "password" not in provider.methods:
        return create.not_served(provider)
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
            include=create.read_include(given.get("include", "")),
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
