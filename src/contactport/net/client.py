"""HTTP client for servers outside: one client for each import.

Everything that keeps an import safe from a server, and a server from an import, is done here, whichever protocol
asks: the guard at the socket, budgets of bytes and time, tries, redirects by hand, and to whom a password goes.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from msgspec import structs
from yarl import URL

from contactport.net.auth import Auth
from contactport.net.budgets import ByteBudget, RequestBudget
from contactport.net.connection import Connection
from contactport.net.dialler import Dialler
from contactport.net.dns_resolver import AiohttpResolver, DnsResolver
from contactport.net.failures import (
    AnswerLost,
    CertificateInvalid,
    ConnectionLost,
    ConnectTimeout,
    NotHttp,
    ProxyUnavailable,
    TimedOut,
    Unreachable,
)
from contactport.net.guard import Guard, Hop, parse_network
from contactport.net.processor_budget import ProcessorBudget
from contactport.net.proxy import ProxyRoutes, parse_proxy
from contactport.net.redirects import STATUSES, RedirectChain
from contactport.net.response import Response
from contactport.net.retries import TRANSIENT, RetryPolicy, retry_after
from contactport.net.sessions import Sessions, forget_urls, unrepeated
from contactport.settings import SettingError, Settings

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "PUT", "DELETE"})
"""Methods whose requests may be sent again (RFC 9110 section 9.2.2, RFC 4918, RFC 3253)."""


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    """What one call of `Client.request` asks for. A redirect changes `url` and `via` alone."""

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes
    auth: Auth | None
    via: URL | None

    def __repr__(self) -> str:
        return "_Request()"


class Client:
    """Requests of one import. Made by `open_client`; `dns` asks the DNS.

    `byte_budget` counts the bytes of all answers together, `request_budget` the requests, `processor_budget` the
    processor time of reading them. `observe` is called with
    the seconds from each request to the beginning of its answer.
    """

    def __init__(
        self,
        settings: Settings,
        sessions: Sessions,
        dialler: Dialler,
        guard: Guard,
        proxy_routes: ProxyRoutes,
        retry_policy: RetryPolicy,
        budget: ByteBudget,
    ) -> None:
        self.settings = settings
        self.byte_budget = budget
        self.request_budget = RequestBudget(settings)
        self.processor_budget = ProcessorBudget(settings.processor_seconds)
        self.dns = DnsResolver(settings.resolver, trusted=settings.resolver_trusted)
        self.observe: Callable[[float], None] | None = None
        self.answers: Counter[str] = Counter()
        """How often each status came to each method, as `PROPFIND 404`: for the operator's log."""
        self._sessions = sessions
        self._dialler = dialler
        self._guard = guard
        self._proxy_routes = proxy_routes
        self._retry_policy = retry_policy

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        auth: Auth | None = None,
        via: URL | None = None,
        once: bool = False,
    ) -> AsyncGenerator[Response]:
        """One request, with its redirects, its sign-in and its tries.

        `via` is the URL whose answer named `url`, or None where the user did. Any status may come back: 401 means
        that `auth` was refused in every form (or `withheld`, or `doubtful`), 429 and 5xx that further tries did not
        help, or that the server asks for more patience than a request has. Raises Unreachable, CertificateInvalid,
        ConnectionLost, TimedOut, Unreadable, TooLarge.

        With `once` the request is sent a single time, on a connection of its own, and may have any method: no tries,
        no redirects, and of the sign-in only what is sent unasked. Raises AnswerLost where it may have arrived and no
        whole answer came, in the block too.
        """
        request = _Request(method=method, url=url, headers=headers or {}, body=body, auth=auth, via=via)
        if once:
            response = await self._sent_once(request)
        elif method in REPEATABLE:
            response = await self._followed(request)
        else:
            raise ValueError(f"{method} may be sent once only")
        try:
            yield response
        except BaseException as error:
            response.abort()
            if once and isinstance(error, ConnectionLost | TimedOut):
                raise AnswerLost from error
            raise
        await response.discard()

    async def dial(self, host: str, port: int, *, tls: bool = True, via: str | None = None) -> Connection:
        """A connection for another protocol than HTTP, to be closed by the caller.

        It passes the guard as requests do, and goes through the operator's proxy where they do. `via` is the host
        whose answer named this one, or None where the user did. Raises Unreachable, ConnectTimeout,
        CertificateInvalid, ProxyUnavailable, and as `RequestBudget.take`.
        """
        await self.request_budget.take(host, trusted=True)
        return await self._dialler.dial(host, port, tls=tls, via=via)

    def allow(self, networks: Iterable[str]) -> None:
        """Reach further networks, those of one provider's row, beside the ones that the settings allow.

        Raises SettingError.
        """
        self._guard.allow([parse_network(network) for network in networks])

    @property
    def refused(self) -> str:
        """The guard's rule that refused an address of this import, in words without it; empty where none did."""
        return self._guard.refused

    async def pause(self, tries: int) -> None:
        """Waits before something is tried again, `tries` of which have failed."""
        await asyncio.sleep(self._retry_policy.pause(tries))

    async def _followed(self, request: _Request) -> Response:
        trail = RedirectChain(request.url, self.settings.redirects)
        while True:
            response = await self._signed_in(request)
            location = response.headers.get("Location")
            if response.status not in STATUSES or not location:
                return response
            await response.discard()
            request = structs.replace(request, url=trail.follow(request.url, location), via=request.url)

    async def _signed_in(self, request: _Request) -> Response:
        auth = request.auth
        trusted = auth is None or auth.hosts.trusts(request.url)
        if auth is None or not trusted:
            response = await self._tried(request, request.headers, trusted=trusted)
            response.withheld = auth is not None and response.status in (401, 403)
            return response
        flow = auth.begin(request.method, request.url)
        doubted = False
        while True:
            response = await self._tried(request, _signed(request.headers, flow.authorization()))
            if response.status == 401:
                if await flow.refused(response.header_lines("WWW-Authenticate")):
                    await response.discard()
                    continue
                response.doubtful = flow.doubtful
                if response.doubtful and not doubted:
                    # It was right a moment ago, so the slip may be the server's: once more, and no more than that.
                    doubted = True
                    await response.discard()
                    await self.pause(1)
                    continue
            elif response.status < 400:
                flow.accepted(response.headers.get("Authentication-Info", ""))
            return response

    async def _sent_once(self, request: _Request) -> Response:
        auth, headers = request.auth, request.headers
        trusted = auth is None or auth.hosts.trusts(request.url)
        await self.request_budget.take(request.url.host or "", trusted=trusted)
        if auth is not None and trusted:
            headers = _signed(headers, auth.begin(request.method, request.url).authorization())
        try:
            response = await self._sent(request, headers, once=True)
        except (ConnectionLost, NotHttp, TimedOut) as error:
            raise AnswerLost from error
        response.withheld = not trusted and response.status in (401, 403)
        return response

    async def _tried(
        self,
        request: _Request,
        headers: Mapping[str, str],
        *,
        trusted: bool = True,
    ) -> Response:
        tries = 0
        while True:
            tries += 1
            last = tries >= self.settings.tries
            await self.request_budget.take(request.url.host or "", trusted=trusted)
            try:
                response = await self._sent(request, headers)
            except (ConnectionLost, NotHttp) as error:
                # Mostly a kept-alive connection that the server had given up: the first time, at once.
                error.tries = tries
                if last:
                    raise
                if tries > 1:
                    await self.pause(tries)
                continue
            except ConnectTimeout:
                raise
            except Unreachable as error:
                # An untrusted certificate too: of many machines one may have been left without its new one.
                error.tries = tries
                if last:
                    raise
                await self.pause(tries)
                continue
            if response.status not in TRANSIENT or last:
                return response
            asked = retry_after(response.headers.get("Retry-After"))
            if asked is not None and asked > self._retry_policy.patience:
                return response
            await response.discard()
            await asyncio.sleep(max(asked or 0.0, self._retry_policy.pause(tries)))

    async def _sent(
        self,
        request: _Request,
        headers: Mapping[str, str],
        *,
        once: bool = False,
    ) -> Response:
        url, via = request.url, request.via
        host = url.host or ""
        hop: Hop | None = None
        wait = self.settings.connect_seconds + self.settings.first_byte_seconds
        began = time.monotonic()
        try:
            proxy = await self._proxy_routes.proxy_for(url)
            with self._guard.hop(
                host,
                tls=url.scheme == "https",
                via=via.host if via is not None else None,
                proxied=proxy is not None,
            ) as hop:
                async with asyncio.timeout(wait):
                    session = self._sessions.fresh if once else self._sessions.pooled
                    raw = await session.request(
                        request.method,
                        url,
                        headers={**headers, "Accept-Encoding": self._codings(host)},
                        data=request.body or None,
                        allow_redirects=False,
                        proxy=None if proxy is None else proxy.url,
                        proxy_headers=None if proxy is None else proxy.headers,
                        middlewares=[unrepeated] if once else [],
                    )
        except aiohttp.ClientConnectorCertificateError:
            raise CertificateInvalid from None
        except aiohttp.ConnectionTimeoutError:
            raise ConnectTimeout from None
        except aiohttp.ClientProxyConnectionError:
            raise ProxyUnavailable from None
        except aiohttp.ClientHttpProxyError as error:
            # 502 to 504 are what a proxy says where the server could not be had.
            raise (
                Unreachable(dialled=True) if error.status in (502, 503, 504) else ProxyUnavailable()
            ) from None
        except (aiohttp.ClientConnectorError, ConnectionRefusedError):
            raise Unreachable(dialled=hop is not None and hop.dialled) from None
        except TimeoutError:
            raise TimedOut from None
        except aiohttp.ClientResponseError:
            raise NotHttp from None
        except (aiohttp.InvalidURL, ValueError):
            raise Unreachable from None
        except (aiohttp.ClientError, ConnectionError, OSError):
            raise ConnectionLost from None
        self.answers[f"{request.method} {raw.status}"] += 1
        if self.observe is not None:
            self.observe(time.monotonic() - began)
        return Response(raw, self.byte_budget, self.settings)

    def _codings(self, host: str) -> str:
        # In the operator's own network bytes are cheaper than the server's time to pack them.
        return "identity" if self._guard.is_private(host) else "gzip, deflate"


def _signed(headers: Mapping[str, str], authorization: str | None) -> Mapping[str, str]:
    return headers if authorization is None else {**headers, "Authorization": authorization}


@asynccontextmanager
async def open_client(settings: Settings, retry_policy: RetryPolicy | None = None) -> AsyncGenerator[Client]:
    """The client of one import; its connections end with it. Raises SettingError for settings it can't use."""
    guard = Guard([parse_network(network) for network in settings.allow_network])
    proxy = parse_proxy(settings.proxy)
    resolver = AiohttpResolver(settings.resolver) if settings.resolver else None
    budget = ByteBudget(settings.import_bytes)
    context = trust(settings.ca_file)
    sessions = Sessions(
        budget,
        ssl=context,
        resolver=resolver,
        socket_factory=guard.socket,
        connect_seconds=settings.connect_seconds,
    )
    proxy_routes = ProxyRoutes(proxy, guard, resolver)
    dialler = Dialler(settings, guard, proxy_routes, resolver, context, budget)
    try:
        yield Client(settings, sessions, dialler, guard, proxy_routes, retry_policy or RetryPolicy(), budget)
    finally:
        await sessions.close()
        forget_urls()


@functools.cache
def trust(ca_file: str) -> ssl.SSLContext:
    """The certificate authorities of the system, and those of a file. Raises SettingError."""
    # Reading the system's authorities takes tens of milliseconds: once a process.
    context = ssl.create_default_context()
    context.options |= ssl.OP_NO_RENEGOTIATION
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise SettingError(f"ca_file: {ca_file!r} can't be read: {error.strerror or error}") from None
    return context


def reread_authorities() -> None:
    """Read the certificate authorities again for the imports that begin from now on."""
    trust.cache_clear()
