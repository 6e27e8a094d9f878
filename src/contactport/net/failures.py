"""How a request can fail, each as the error of the wire that it becomes when nobody catches it.

None of them holds a URL, a user name or a word of the server's. Which of them are the provider's own failures is
told by WireError's `provider_failed`.
"""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp

from contactport.errors import Code, WireError

UNREACHABLE = (
    "The address book's server can't be reached. Check the server's address; if it is right, try again in a few "
    "minutes."
)
BROKEN_OFF = (
    "The address book's server breaks off the connection before its answer is complete. Check the server's "
    "address; if it is right, try again in a few minutes."
)


class Unreachable(WireError):
    """No connection, or none that may be made: to strangers the two look the same.

    `dialled` says that an address was really tried. Where none was, because the name leads nowhere or only where
    nothing may be dialled, no provider has failed.
    """

    def __init__(self, text: str = UNREACHABLE, *, dialled: bool = False) -> None:
        super().__init__(Code.IMPORT_FAILED, text, provider_failed=dialled)


class ConnectTimeout(Unreachable):
    """Nothing answers the attempt to connect; the system has tried again by itself already."""

    def __init__(self) -> None:
        super().__init__(dialled=True)


class ConnectionLost(Unreachable):
    """The connection ended before the answer did."""

    def __init__(self) -> None:
        super().__init__(BROKEN_OFF, dialled=True)


class CertificateInvalid(Unreachable):
    """The server's certificate is not one that can be trusted for its name.

    No failure of the provider's in the sense of `provider_failed`: whoever meets it should read why, and not that
    the provider is down.
    """

    def __init__(self) -> None:
        super().__init__(
            "The server's certificate can't be verified, so the password was not sent. Its operator should "
            "install a certificate for this name; a private authority can be named in this service's settings "
            "(ca_file)."
        )


class ProxyUnavailable(WireError):
    """The operator's own proxy can't be reached, or lets nobody through."""

    def __init__(self) -> None:
        super().__init__(
            Code.UNEXPECTED,
            "This service has no way out to the provider at the moment: its own proxy does not let it through. "
            "Please try again later; the service's operator checks the proxy (CONTACTPORT_PROXY).",
        )


class TimedOut(WireError):
    """No byte, or hardly any, in the time that the settings allow."""

    def __init__(self) -> None:
        super().__init__(Code.TIMEOUT)


class TooLarge(WireError):
    """The server sent more than the settings allow; the text says what was too much."""

    def __init__(self, what: str) -> None:
        super().__init__(
            Code.IMPORT_FAILED,
            f"The address book was not read to its end: {what}. This service's operator can raise the limit.",
        )


class Unreadable(WireError):
    """An answer that can't be understood: a coding nobody asked for, redirects in a circle, broken XML."""

    def __init__(self, what: str) -> None:
        super().__init__(
            Code.IMPORT_FAILED,
            f"The server's answer can't be read: {what}. Check the server's address, or upload the contacts as "
            "a file.",
        )


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
