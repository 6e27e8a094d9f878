"""Connections for protocols other than HTTP (LDAP): the same guard, proxy and authorities of certificates."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable

from aiohttp.abc import AbstractResolver
from yarl import URL

from contactport.net.budgets import ByteBudget
from contactport.net.connection import Connection
from contactport.net.dns_resolver import addresses_of
from contactport.net.failures import Unreachable
from contactport.net.guard import AddressInfo, Guard
from contactport.net.proxy import ProxyRoutes, tunnel_to
from contactport.net.registrable_domain import is_host
from contactport.settings import Settings


class Dialler:
    """Of one client."""

    def __init__(
        self,
        settings: Settings,
        guard: Guard,
        proxy_routes: ProxyRoutes,
        resolver: AbstractResolver | None,
        context: ssl.SSLContext,
        budget: ByteBudget,
    ) -> None:
        self._settings = settings
        self._guard = guard
        self._proxy_routes = proxy_routes
        self._resolver = resolver
        self._context = context
        self._budget = budget

    async def dial(self, host: str, port: int, *, tls: bool, via: str | None) -> Connection:
        """As `Client.dial`."""
        if not is_host(host):
            raise Unreachable
        url = URL.build(scheme="https" if tls else "http", host=host, port=port)
        try:
            proxy = await self._proxy_routes.proxy_for(url)
        except ConnectionRefusedError:
            raise Unreachable from None
        there = (host, port) if proxy is None else (proxy.url.host or "", proxy.url.port or 80)
        reader, writer = await self._guard.dial(
            host,
            _infos(await addresses_of(*there, self._resolver), there[1]),
            tls=self._context if tls else None,
            seconds=self._settings.connect_seconds,
            via=via,
            tunnel=None if proxy is None else tunnel_to(host, port, proxy),
        )
        return Connection(reader, writer, self._budget, self._settings.idle_seconds)


def _infos(addresses: Iterable[str], port: int) -> list[AddressInfo]:
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port, 0, 0))
        if ":" in address
        else (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
        for address in addresses
    ]
