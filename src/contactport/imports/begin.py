"""An import by password: created and started in one transaction, before its provider is contacted."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from contactport.errors import Code, Refusal
from contactport.grant import Password
from contactport.imports.create import create, not_served, provider_of
from contactport.imports.start import Start
from contactport.imports.to_error import to_error
from contactport.settings import Settings
from contactport.sources.failures import ServerInvalid
from contactport.sources.providers import Provider, Providers
from contactport.sources.server_address import parse_server
from contactport.store import domains, idempotency
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.store.vault import Ring


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
    store: Store, settings: Settings, providers: Providers, start: Start, request: Request
) -> int:
    """The new import's id. Raises Refusal for what can be refused without asking the provider."""
    provider = _provider(providers, request)
    grant = checked_password(provider, request.grant)

    def transaction(connection: Connection) -> int:
        store.database.reserve.check()
        if request.idempotency_key:
            # `create` locks it again, which costs nothing: two requests of one key must not both find no import.
            domains.lock(connection, request.domain.id)
            begun = recall(
                connection, store.ring, request.domain.id, request.idempotency_key, _arguments(request)
            )
            if begun is not None:
                return begun
        import_id = create(
            connection,
            store,
            settings,
            request.domain,
            provider,
            "password",
            include=request.include,
            user_id=request.user_id,
            at_once=True,
        )
        start(connection, import_id, grant)
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


def recall(
    connection: Connection, ring: Ring, domain_id: int, key: str, arguments: tuple[str, ...]
) -> int | None:
    """The import that a request with this key has begun; None for a new key. Raises Refusal for other arguments."""
    try:
        return idempotency.recall(connection, ring, domain_id, key, arguments)
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


def _provider(providers: Providers, request: Request) -> Provider:
    provider = provider_of(providers, request.service, request.domain)
    if "password" not in provider.methods:
        raise not_served(provider)
    if not request.grant.username or not request.grant.password:
        raise Refusal(Code.CREDENTIALS_REQUIRED)
    return provider


def checked_password(provider: Provider, grant: Password) -> Password:
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
