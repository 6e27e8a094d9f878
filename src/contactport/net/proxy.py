"""The operator's outbound proxy, for networks without another way to the internet.

What is public goes through it, by CONNECT (RFC 9110 section 9.3.6); a network that the operator allows is dialled
directly, as without one. The proxy looks names up by itself, so what a name led to here is no proof of what it dials:
a name that leads to a private address here is refused here, and beyond that it is the proxy's own rules that count.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver
from yarl import URL

from contactport.net.dns_resolver import addresses_of
from contactport.net.failures import ProxyUnavailable, Unreachable
from contactport.net.guard import PORTS, Guard, Tunnel, rule
from contactport.settings import SettingError

UNREACHED = frozenset({b"502", b"503", b"504"})
"""What a proxy says where the server could not be had."""


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
        addresses = await addresses_of(host, port, self._resolver)
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


def tunnel_to(host: str, port: int, proxy: Proxy) -> Tunnel:
    """Asks a proxy for the way to a host (RFC 9110 section 9.3.6)."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
    lines += [f"{name}: {value}" for name, value in proxy.headers.items()]

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        try:
            answer = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise ProxyUnavailable from None
        status = answer.split(b" ", 2)[1:2]
        if status == [b"200"]:
            return
        if status and status[0] in UNREACHED:
            raise Unreachable(dialled=True)
        raise ProxyUnavailable

    return ask
