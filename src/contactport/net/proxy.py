"""The operator's outbound proxy: the one way to the internet that some networks have.

What is public goes through it, by CONNECT (RFC 9110 section 9.3.6); a network that the operator allows is dialled
directly, as without one. The proxy looks names up by itself, so what a name led to here is no proof of what it dials:
a name that leads to a private address here is refused here, and beyond that it is the proxy's own rules that count.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver
from yarl import URL

from contactport.net.guard import PORTS, Guard, rule
from contactport.settings import SettingError


class Proxy(msgspec.Struct, frozen=True):
    """Where it is, and what it asks for."""

    url: URL
    headers: Mapping[str, str] = {}
    """What it is told with each tunnel: the name and password that it asks for."""

    def __repr__(self) -> str:
        return "Proxy()"


def parse_proxy(setting: str) -> Proxy | None:
    """`http://HOST:PORT`, with `USER:PASSWORD@` where it asks for them; empty is none. Raises SettingError."""
    if not setting:
        return None
    try:
        url = URL(setting)
        if url.scheme != "http" or not url.host or url.path not in ("", "/") or url.query_string:
            raise ValueError
        if url.user is None:
            return Proxy(url)
        word = aiohttp.encode_basic_auth(url.user, url.password or "", "utf-8")
        return Proxy(url.with_user(None), {"Proxy-Authorization": word})
    except ValueError:
        # Nothing of it: it may hold a password.
        raise SettingError(
            "proxy: this is not an HTTP proxy's address. Write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT."
        ) from None


class ProxyRoutes:
    """Which requests of one client go through the proxy."""

    def __init__(self, proxy: Proxy | None, guard: Guard, resolver: AbstractResolver | None) -> None:
        self._proxy = proxy
        self._guard = guard
        self._resolver = resolver
        self._through: dict[tuple[str, int], bool] = {}

    async def proxy_for(self, url: URL) -> Proxy | None:
        """The proxy, or None where the server is dialled directly.

        Raises ConnectionRefusedError for what may not be dialled, as the guard does.
        """
        if self._proxy is None:
            return None
        where = (url.host or "", url.port or 0)
        if where not in self._through:
            self._through[where] = await self._goes_through(*where, tls=url.scheme == "https")
        return self._proxy if self._through[where] else None

    async def _goes_through(self, host: str, port: int, *, tls: bool) -> bool:
        addresses = await self._addresses(host, port)
        if not addresses:
            # No name server here knows it: the proxy may.
            if tls and port in PORTS:
                return True
            raise self._guard.refuse("unknown name without TLS or on an unusual port")
        verdicts = {address: self._guard.verdict(address, port, tls=tls) for address in addresses}
        for address, verdict in verdicts.items():
            if verdict is None:
                raise self._guard.refuse(rule(address, port, tls=tls))
        return set(verdicts.values()) == {"public"}

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host.strip("[]")))]
        except ValueError:
            pass
        try:
            if self._resolver is not None:
                return [found["host"] for found in await self._resolver.resolve(host, port, socket.AF_UNSPEC)]
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return [str(address[0]) for *_, address in found]
        except (OSError, UnicodeError):
            return []
