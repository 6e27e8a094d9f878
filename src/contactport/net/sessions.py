"""aiohttp's sessions of one client: for requests that may be sent again, and for those that may not."""

from __future__ import annotations

import functools
import importlib
import ssl
from collections.abc import Callable
from socket import socket

import aiohttp
from aiohttp.abc import AbstractResolver

from contactport import __version__
from contactport.net.budgets import ByteBudget
from contactport.net.connector import CountingConnector
from contactport.net.guard import AddressInfo

AGENT = f"contactport/{__version__}"
CONNECTIONS = 8


class Sessions:
    """Made as they are needed. The keyword arguments are aiohttp's, but for the seconds of an attempt to connect."""

    def __init__(
        self,
        budget: ByteBudget,
        *,
        ssl: ssl.SSLContext,
        resolver: AbstractResolver | None,
        socket_factory: Callable[[AddressInfo], socket],
        connect_seconds: float,
    ) -> None:
        self._connector = functools.partial(
            CountingConnector,
            budget,
            ssl=ssl,
            resolver=resolver,
            socket_factory=socket_factory,
            limit=CONNECTIONS,
        )
        self._connect_seconds = connect_seconds
        self._made: dict[bool, aiohttp.ClientSession] = {}

    @property
    def pooled(self) -> aiohttp.ClientSession:
        """The session that keeps its connections for further requests."""
        return self._session(pooled=True)

    @property
    def fresh(self) -> aiohttp.ClientSession:
        """The session that opens a connection for each request: none is sent on one that the server has given up."""
        return self._session(pooled=False)

    def _session(self, *, pooled: bool) -> aiohttp.ClientSession:
        if pooled not in self._made:
            self._made[pooled] = aiohttp.ClientSession(
                connector=self._connector(force_close=not pooled),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": AGENT},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_seconds),
                auto_decompress=False,
                trust_env=False,
                read_bufsize=128 * 1024,
            )
        return self._made[pooled]

    async def close(self) -> None:
        """Ends every connection."""
        for session in self._made.values():
            await session.close()


class _Lost(aiohttp.ClientError):
    """Any loss of a connection, as a kind after which aiohttp does not send the request again by itself."""


async def unrepeated(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """A middleware: the request goes out a single time, which aiohttp does not promise for every method."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise _Lost from None


def forget_urls() -> None:
    """Empty the caches of libraries that are keyed by URLs and heads: they hold users' names and hosts.

    They would keep them for as long as the process lives.
    """
    for name in ("yarl._url", "yarl._parse", "urllib.parse", "aiohttp.helpers"):
        for member in list(vars(importlib.import_module(name)).values()):
            if isinstance(member, functools._lru_cache_wrapper):  # pyright: ignore[reportPrivateUsage]
                member.cache_clear()
