"""Step 1: `begin_import` by the user's password, and by a page that the user opens."""

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
FILE = "csv"
"""The service of files that no provider's row is about."""


async def begin_password(service: Service, request: Request) -> Response:
    """By the user's name and password."""
    given = await arguments.read(request, service.settings, arguments.BEGIN)
    return await _begin(service, request, given)


async def begin_consent(service: Service, request: Request) -> Response:
    """By the user's consent; a name and a password make it a password import, for one client asks so by mistake."""
    given = await arguments.read(request, service.settings, arguments.CONSENT)
    if "username" in given and "password" in given:
        return await _begin(service, request, given)
    return await _begin_page(service, request, given)


async def begin_applet(service: Service, request: Request) -> Response:
    """By a program on the user's computer, of old. Today the user gets a page: to upload a file, or to consent."""
    return await _begin_page(
        service, request, await arguments.read(request, service.settings, arguments.CONSENT)
    )


async def _begin_page(service: Service, request: Request, given: Arguments) -> Response:
    """A pending import, and the page that its user has to open."""
    domain = await domain_of(service.store.database, request, given)
    own_origin(service.settings)
    wants_file = given.get("csv", "").lower() == "true"
    named = given.get("service", "") or (FILE if wants_file else "")
    asked_for = create.provider_of(service.providers, named, domain)
    provider = asked_for
    if wants_file and "file" not in provider.methods:
        # Its contacts come as a file like any other.
        provider = service.providers.find(FILE) or provider
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
    if not wants_file and await _is_consented_to(service, domain, provider, given):
        begun = await service.consents.begin(asked)
    elif not wants_file and "password" in provider.methods:
        begun = await service.sign_ins.begin(asked)
    elif "file" in provider.methods:
        begun = await service.upload_pages.begin(asked, asked_for.code)
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
