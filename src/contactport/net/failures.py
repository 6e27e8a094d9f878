"""How a request fails: a tree of kinds with facts, without codes and without sentences for a user.

None of them holds a URL, a user name or a word of the server's. `imports/to_error.py` turns a kind into the code and
the text that the application reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import aiohttp

Limit = Literal[
    "import_bytes",
    "received_bytes",
    "response_bytes",
    "response_ratio",
    "short_response",
    "requests",
    "hosts",
    "books",
    "locations",
    "members",
    "contacts",
    "processor_time",
]
"""What a provider gave too much of. `to_error` knows which setting raises each."""


class NetworkFailure(Exception):
    """Root of what a request can fail with.

    `provider_failed` says that a provider was really asked and failed by itself: it could not be reached, was silent,
    too slow or out of order. It is False for what the user, the caller or this service's operator is the cause of.
    """

    provider_failed: bool = False
    retry_after: int | None = None
    """Seconds. Nothing in this tree asks for a rest; what a source raises may."""
    tries: int = 1
    """How often the request was sent and failed so."""


class Unreachable(NetworkFailure):
    """No connection, or none that may be made: to strangers the two look the same.

    `dialled` says that an address was really tried. Where none was, because the name leads nowhere or only where
    nothing may be dialled, no provider has failed.
    """

    def __init__(self, *, dialled: bool = False) -> None:
        self.provider_failed = dialled
        super().__init__()


class ConnectTimeout(Unreachable):
    """Nothing answers the attempt to connect; the system has tried again by itself already."""

    def __init__(self) -> None:
        super().__init__(dialled=True)


class ConnectionLost(Unreachable):
    """The connection ended before the answer did."""

    def __init__(self) -> None:
        super().__init__(dialled=True)


class AnswerLost(ConnectionLost):
    """A request that may be sent only once was sent, and no whole answer came: it may have been acted on or not."""


class CertificateInvalid(Unreachable):
    """The server's certificate is not one that can be trusted for its name.

    The provider counts as sound: whoever meets this should read why, and not that the provider is down.
    """

    def __init__(self) -> None:
        super().__init__()


class ProxyUnavailable(NetworkFailure):
    """The operator's own proxy can't be reached, or lets nobody through."""


class TimedOut(NetworkFailure):
    """No byte, or hardly any, in the time that the settings allow."""

    provider_failed = True


class TooLarge(NetworkFailure):
    """More than the settings allow: `limit` says of what, `most` how much is allowed where that is a number."""

    def __init__(self, limit: Limit, most: int = 0) -> None:
        self.limit: Limit = limit
        self.most = most
        super().__init__(f"{limit}: more than {most}" if most else limit)


class Unreadable(NetworkFailure):
    """An answer that can't be understood: a coding nobody asked for, redirects in a circle, broken XML.

    `fault` says what was found, as a clause: `its redirects form a circle`.
    """

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(fault)


class NotHttp(Unreadable):
    """What came is not HTTP: mostly the rest of an earlier answer, on a connection that was used before."""

    def __init__(self) -> None:
        super().__init__("it is not HTTP")


def network_stage(errors: Sequence[BaseException]) -> str:
    """How far a request came whose failure has these causes: `resolve`, `connect`, `tls`, `proxy` or `answer`.

    Empty where no request failed.
    """
    for kinds, stage in _STAGES:
        if any(isinstance(error, kinds) for error in errors):
            return stage
    return ""


_STAGES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((aiohttp.ClientConnectorDNSError,), "resolve"),
    ((CertificateInvalid, aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError), "tls"),
    ((ProxyUnavailable, aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError), "proxy"),
    ((ConnectionLost, TimedOut, TooLarge, Unreadable), "answer"),
    ((Unreachable,), "connect"),
)
