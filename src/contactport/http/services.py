"""The services that an import may be begun for, for whoever draws a menu of them."""

from __future__ import annotations

import functools

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from contactport.http import arguments
from contactport.http.answer import answer_of
from contactport.http.respond import success
from contactport.http.service import Service
from contactport.sources.providers import Method, Provider, Secret, providers


class Row(msgspec.Struct, kw_only=True):
    """One service. `secret` is what to ask the user for, where it is read by password; `instead` what to do else.

    `available`: an import that is begun now would ask the provider.
    """

    name: str
    method: Method
    aliases: tuple[str, ...]
    domains: tuple[str, ...]
    server: bool
    experimental: bool
    available: bool
    secret: Secret | UnsetType = UNSET
    instead: str | UnsetType = UNSET


async def show_services(service: Service, request: Request) -> Response:
    """Every service by its code, in the order of the table."""
    await arguments.read(request, service.settings, frozenset({b"callback"}))
    failing = await service.availability.failing(service.store.database)
    return success(answer_of(request.scope), "result", _rows(failing))


@functools.lru_cache(maxsize=4)
def _rows(failing: frozenset[str]) -> dict[str, Row]:
    return {code: _row(provider, code in failing) for code, provider in providers().items()}


def _row(provider: Provider, failing: bool) -> Row:
    return Row(
        name=provider.name,
        method=provider.method,
        aliases=provider.aliases,
        domains=provider.domains,
        server=provider.self_hosted,
        experimental=provider.experimental,
        available=provider.method == "password" and not failing,
        secret=provider.secret if provider.method == "password" else UNSET,
        instead=provider.sorry or UNSET,
    )
