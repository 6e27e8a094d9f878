"""Step 1: everything of a new import in one transaction, before its provider is contacted."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from contactport.errors import ROWS, Code, Refusal
from contactport.grant import Grant, Password, account_name
from contactport.imports.jobs import Job
from contactport.imports.to_error import to_error
from contactport.settings import Settings
from contactport.sources.base import INCLUDES
from contactport.sources.failures import ServerInvalid
from contactport.sources.providers import Provider, Providers
from contactport.sources.server_address import parse_server
from contactport.store import domains, endings, idempotency, imports, login_failures
from contactport.store.clock import now_ms
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.store.vault import Ring

Enqueue = Callable[[Connection, Job], None]
"""Hands an import's first job to the job engine, as part of the caller's transaction."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of `begin_import/import`, decoded; empty is absent."""

    domain: Domain
    service: str
    grant: Password
    include: frozenset[str] = frozenset()
    user_id: str | None = None
    idempotency_key: str = ""
    """The same one within 24 hours is the same import."""

    def __repr__(self) -> str:
        return f"Request({self.service!r})"


async def begin(
    store: Store, settings: Settings, providers: Providers, enqueue: Enqueue, request: Request
) -> int:
    """The new import's id. Raises Refusal for what can be refused without asking the provider."""
    provider = _provider(providers, request)
    grant = _checked(provider, request.grant)
    host = host_of(provider, grant)
    retention = request.domain.retention or settings.retention

    provider_key = store.ring.lasting_mark("provider", *learning_scope(provider, request.domain.id), host)
    # By domain, for any provider: nobody waits behind what another domain does with the same account.
    account_key = store.ring.lasting_mark(
        "account", str(request.domain.id), host, account_name(grant).strip().lower()
    )

    def transaction(connection: Connection) -> int:
        store.database.reserve.check()
        refused = login_failures.failed_recently(
            connection, store.ring, request.domain.id, host, grant.username, grant.password
        )
        # One at a time of a domain: its limits and its Idempotency-Keys hold however many processes it asks at once.
        domains.lock(connection, request.domain.id)
        if request.idempotency_key:
            begun = _recall(connection, store.ring, request)
            if begun is not None:
                return begun
        _check_limits(connection, settings, request.domain)
        rank = imports.rank(connection, request.domain.id, provider_key, ("waiting", "running"))
        import_id = imports.insert_import(
            connection,
            store.ring,
            imports.Beginning(
                domain_id=request.domain.id,
                service=provider.code,
                include=request.include,
                user_id=request.user_id,
                grant=grant,
                seconds=settings.import_seconds,
                provider_key=provider_key,
                account_key=account_key,
            ),
        )
        if refused:
            endings.fail(
                connection, import_id, Code.FAILED_RECENTLY, ROWS[Code.FAILED_RECENTLY].text, retention
            )
        else:
            enqueue(connection, Job(import_id, 0, rank))
        if request.idempotency_key:
            idempotency.remember(
                connection,
                store.ring,
                request.domain.id,
                request.idempotency_key,
                _arguments(request),
                import_id,
            )
        return import_id

    return await store.database.write(transaction)


def _recall(connection: Connection, ring: Ring, request: Request) -> int | None:
    try:
        return idempotency.recall(
            connection, ring, request.domain.id, request.idempotency_key, _arguments(request)
        )
    except idempotency.KeyReusedError:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            "This Idempotency-Key came before with other arguments. Send each import that is to be begun with a "
            "key of its own, and the same key only to repeat a request.",
        ) from None


def _arguments(request: Request) -> tuple[str, ...]:
    return (
        request.service.strip().lower(),
        request.grant.username,
        request.grant.password,
        request.grant.server,
        ",".join(sorted(request.include)),
        "" if request.user_id is None else f"={request.user_id}",
    )


def host_of(provider: Provider, grant: Grant) -> str:
    """The word under which a host's imports and an account's wrong passwords are counted.

    However the same server is spelt, with whatever path, it is the same word.
    """
    if not provider.self_hosted or not isinstance(grant, Password):
        return provider.code
    if not grant.server:
        return grant.username.rpartition("@")[2].strip().lower()
    named = parse_server(grant.server)
    if named.port in (None, 80 if named.scheme == "http" else 443):
        return named.host
    return f"{named.host}:{named.port}"


def learning_scope(provider: Provider, domain_id: int) -> tuple[str, ...]:
    """Whose imports are judged by what an import from this provider finds: everybody's, or one domain's.

    Where the caller names the server, it names a path too, and may be its owner: any failure, pause or habit can be
    made there. Only a row with hosts of its own teaches all domains.
    """
    return (f"domain {domain_id}",) if provider.self_hosted else ()


def read_include(text: str) -> frozenset[str]:
    """The words of a comma list that this service knows; others are ignored, as unknown arguments are."""
    return INCLUDES.intersection(part.strip().lower() for part in text.split(","))


def provider_of(providers: Providers, service: str, domain: Domain) -> Provider:
    """The provider of a service code. Raises Refusal: none is given, nobody knows it, the domain may not use it."""
    if not service:
        raise Refusal(Code.SERVICE_REQUIRED)
    provider = providers.find(service)
    if provider is None:
        raise Refusal(Code.SERVICE_UNKNOWN)
    if domain.sources is not None and provider.code not in domain.sources:
        raise Refusal(Code.SERVICE_NOT_PERMITTED)
    return provider


def not_served(provider: Provider) -> Refusal:
    """The refusal of a service that can't be read by password, with the way that works instead."""
    if provider.methods:
        text = _OTHER_WAY[provider.method].format(name=provider.name, code=provider.code)
        return Refusal(Code.INVALID_PARAMETERS, text)
    return Refusal(Code.SERVICE_UNKNOWN, f"{provider.unavailable_message} {_INSTEAD}")


_OTHER_WAY = {
    "consent": (
        "{name} takes no password here: the user allows the import at the provider's own page. Call "
        "/begin_import/user_consent with service={code}, and send the user to the `url` that it answers."
    ),
    "file": (
        "{name} takes no password here: its contacts come as a file. Call /begin_import/user_consent with "
        "service={code}, and send the user to the `url` that it answers, where the file is uploaded."
    ),
}
_INSTEAD = (
    "What works today is the user's name and password for another service: any CardDAV server by service=carddav "
    "with its address as `server`, and those of /services.json that have `password` among their `methods`."
)


def _provider(providers: Providers, request: Request) -> Provider:
    provider = provider_of(providers, request.service, request.domain)
    if "password" not in provider.methods:
        raise not_served(provider)
    if not request.grant.username or not request.grant.password:
        raise Refusal(Code.CREDENTIALS_REQUIRED)
    return provider


def _checked(provider: Provider, grant: Password) -> Password:
    """The grant with the caller's `server` where that counts. Raises Refusal for one that can't be right."""
    if not provider.self_hosted:
        return msgspec.structs.replace(grant, server="")
    if grant.server:
        _check_server(grant.server)
        return grant
    if "@" not in grant.username:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            f"service={provider.code} needs to know the address book's server: send its URL or domain as "
            "`server`, or an e-mail address as `username`.",
        )
    _check_server(grant.username.rpartition("@")[2])
    return grant


def _check_server(text: str) -> None:
    try:
        parse_server(text)
    except ServerInvalid as error:
        told = to_error(error, "password")
        raise Refusal(told.code, told.text) from None


def _check_limits(connection: Connection, settings: Settings, domain: Domain) -> None:
    """Raises Refusal 429 when the domain begins too many imports a minute, or has too many in flight."""
    now = now_ms()
    if imports.count_since(connection, domain.id, now - 60_000) >= settings.begins_per_minute:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            f"This domain may begin {settings.begins_per_minute} imports a minute. Wait a little, then try again.",
            http=429,
            retry_after=30,
        )
    if imports.count_in_flight(connection, domain.id) >= settings.imports_in_flight:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            f"This domain has {settings.imports_in_flight} imports under way, which is its limit. "
            "Try again when some have ended.",
            http=429,
            retry_after=5,
        )
