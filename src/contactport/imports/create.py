"""The row of a new import, which waits for its user's grant; and what may be created."""

from __future__ import annotations

from sqlalchemy import Connection

from contactport.errors import Code, Refusal
from contactport.grant import Way
from contactport.settings import Settings
from contactport.sources.base import INCLUDES
from contactport.sources.providers import Provider, Providers
from contactport.store import domains, imports, pending_imports
from contactport.store.clock import now_ms
from contactport.store.domains import Domain
from contactport.store.open import Store


def create(
    connection: Connection,
    store: Store,
    settings: Settings,
    domain: Domain,
    provider: Provider,
    way: Way,
    *,
    include: frozenset[str] = frozenset(),
    user_id: str | None = None,
    at_once: bool = False,
) -> int:
    """A pending import's id; its events are `INITIALIZING INPROGRESS`. Raises Refusal 429 over the domain's limits.

    It takes part in the caller's transaction. With `at_once`, `start` (`imports/start.py`) follows in the same one,
    and the import counts as one in flight. One that is not started within `pending_seconds` is ended by the
    housekeeping (`imports/pending.py`). How long an import is kept after its end is settled here, for good: the
    domain's own
    retention, or the setting.
    """
    store.database.reserve.check()
    # One at a time of a domain: its limits and its Idempotency-Keys hold however many processes it asks at once.
    domains.lock(connection, domain.id)
    _check_limits(connection, settings, domain, at_once=at_once)
    return pending_imports.create(
        connection,
        store.ring,
        pending_imports.NewImport(
            domain_id=domain.id,
            service=provider.code,
            way=way,
            include=include,
            user_id=user_id,
            seconds=settings.pending_seconds,
            retention=domain.retention or settings.retention,
        ),
    )


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
    "A file of contacts works: call /begin_import/user_consent with service=csv, and send the user to the `url` that "
    "it answers. The user's name and password work for any CardDAV server (service=carddav, with its address as "
    "`server`), and for those of /services.json that have `password` among their `methods`."
)


def _check_limits(connection: Connection, settings: Settings, domain: Domain, *, at_once: bool) -> None:
    """Raises Refusal 429 when the domain begins too many imports a minute, or has too many in flight."""
    now = now_ms()
    if imports.count_since(connection, domain.id, now - 60_000) >= settings.begins_per_minute:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            f"This domain may begin {settings.begins_per_minute} imports a minute. Wait a little, then try again.",
            http=429,
            retry_after=30,
        )
    if not at_once:
        if imports.count_pending(connection, domain.id) >= settings.pending_imports:
            raise Refusal(
                Code.INVALID_PARAMETERS,
                f"This domain has {settings.pending_imports} imports that wait for their users, which is its limit. "
                "Try again when some have ended.",
                http=429,
                retry_after=60,
            )
        return
    if imports.count_in_flight(connection, domain.id) >= settings.imports_in_flight:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            f"This domain has {settings.imports_in_flight} imports under way, which is its limit. "
            "Try again when some have ended.",
            http=429,
            retry_after=5,
        )
