"""The list of services, for menus of services."""

from __future__ import annotations

import functools

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from contactport.http.access import note_origins
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.wire import arguments
from contactport.http.wire.responses import success
from contactport.sources.providers import Method, Provider, Providers, SecretPrompt, Way
from contactport.store import breakers
from contactport.store.open import Store
from contactport.store.single_flight import SingleFlightCache

FRESH_SECONDS = 1.0
PATIENCE_SECONDS = 1.0


class ServiceEntry(msgspec.Struct, kw_only=True):
    """One service under its code, or under an alias, which names the code as `alias_of`.

    `method` is the preferred way to read it, `methods` are all the ways that work. `secret` is what to ask the user
    for, where a password works; `instead` is what to do where nothing does.
    `available`: an import that is begun now would ask the provider.
    """

    name: str
    method: Method
    methods: tuple[Way, ...]
    aliases: tuple[str, ...]
    domains: tuple[str, ...]
    server: bool
    experimental: bool
    available: bool
    secret: SecretPrompt | UnsetType = UNSET
    instead: str | UnsetType = UNSET
    alias_of: str | UnsetType = UNSET


class ServiceList:
    """Every service by its code, in the order of the rows, and by each alias after that. An endpoint.

    Anybody may ask, without a key pair: the database is asked once a second at most. While it is away nobody knows
    which providers are failing, so all that are served are available.
    """

    def __init__(self, store: Store) -> None:
        self._failing = SingleFlightCache(
            lambda: store.database.read(breakers.failing), keep=FRESH_SECONDS, patience=PATIENCE_SECONDS
        )

    async def __call__(self, service: Service, request: Request) -> Response:
        asked_by_page = "origin" in request.headers
        known = arguments.SERVICES | arguments.PAIR if asked_by_page else arguments.SERVICES
        given = await arguments.read(request, service.settings, known)
        if asked_by_page:
            await note_origins(service.store.database, request, given)
        failing = await self._failing() or frozenset[str]()
        return success(context_of(request.scope), "result", _rows(service.providers, failing))


@functools.lru_cache(maxsize=4)
def _rows(providers: Providers, failing: frozenset[str]) -> dict[str, ServiceEntry]:
    rows: dict[str, ServiceEntry] = {}
    for provider in providers:
        row = rows[provider.code] = _row(provider, provider.code in failing)
        for alias in provider.aliases:
            rows[alias] = replace(row, alias_of=provider.code)
    return rows


def _row(provider: Provider, failing: bool) -> ServiceEntry:
    works = bool(provider.methods)
    return ServiceEntry(
        name=provider.name,
        method=provider.method,
        methods=provider.methods,
        aliases=provider.aliases,
        domains=provider.domains,
        server=provider.self_hosted,
        experimental=provider.experimental,
        available=works and not failing,
        secret=_prompt(provider) if "password" in provider.methods else UNSET,
        instead=UNSET if works else provider.unavailable_message,
    )


def _prompt(provider: Provider) -> SecretPrompt:
    secret = provider.secret
    return SecretPrompt(secret.kind, secret.help, secret.url)
