"""Authentication of requests: the protocol of all schemes, and the scheme for access tokens.

A scheme knows what to send, and what to try after a refusal. It does not know where a secret may go:
that is `trusted_hosts.py`, and the client asks it before it asks the scheme. `password_auth.py` has the schemes for a
name and a password, Basic and Digest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from yarl import URL

from contactport.net.trusted_hosts import TrustedHosts

Refresh = Callable[[], Awaitable[str | None]]
"""Gets a fresh access token, and keeps it where it has to be kept; None where there is none to be had."""


class AuthFlow(Protocol):
    """The sign-in of one request to a trusted host, through all its tries."""

    @property
    def doubtful(self) -> bool:
        """After a refusal: whether this host accepted the secret before, so that the refusal may be a slip."""
        ...

    def authorization(self) -> str | None:
        """The value of Authorization for the next try, or None to send none."""
        ...

    async def refused(self, challenges: Sequence[str]) -> bool:
        """After a 401 with these WWW-Authenticate headers: whether the request should be sent again."""
        ...

    def accepted(self, info: str) -> None:
        """After a success; `info` is the answer's Authentication-Info."""
        ...


class Auth(Protocol):
    """One account's secret with the scheme that sends it, for the time of one import."""

    hosts: TrustedHosts
    unsupported: bool
    """Whether the server only offered schemes that this secret can't serve."""

    def begin(self, method: str, url: URL) -> AuthFlow:
        """The sign-in of one request, whose host is trusted."""
        ...

    def insist(self, url: URL) -> bool:
        """Send the secret unasked from now on; False where that is already so, or not safe."""
        ...


class Bearer:
    """An OAuth access token (RFC 6750), sent unasked.

    Over TLS, or in the clear to networks that the operator allows: the guard lets no other request out. After a
    401 `refresh` is called, once for each token. Where it has no other token, or where the refused one was never
    accepted, the 401 stands. What `refresh` raises ends each request that needs another token.
    """

    def __init__(self, token: str, hosts: TrustedHosts, refresh: Refresh | None = None) -> None:
        self.hosts = hosts
        self.unsupported = False
        self._token = token
        self._refresh = refresh
        self._lock = asyncio.Lock()
        self._given_up = refresh is None
        self._failure: Exception | None = None

    def __repr__(self) -> str:
        return "Bearer()"

    def begin(self, method: str, url: URL) -> AuthFlow:
        return _BearerFlow(self)

    def insist(self, url: URL) -> bool:
        return False

    @property
    def token(self) -> str:
        """The latest token."""
        return self._token

    async def replace(self, refused: str) -> bool:
        """After a 401 to `refused`: whether there is another token now."""
        async with self._lock:
            if self._token != refused:
                # Another request of the same time has replaced it already.
                return True
            if self._failure is not None:
                # Requests of the same time fail for the same reason, not for a token that is refused.
                raise self._failure
            if self._given_up or self._refresh is None:
                return False
            # Until the next one is accepted: a host that refuses every token must not make us ask for more of them.
            self._given_up = True
            try:
                fresh = await self._refresh()
            except Exception as error:
                self._failure = error
                raise
            if not fresh or fresh == refused:
                return False
            self._token = fresh
            return True

    def accept(self, token: str) -> None:
        """A host has accepted this token: should it be refused later, it may be replaced."""
        if token == self._token:
            self._given_up = self._refresh is None


class _BearerFlow:
    doubtful = False

    def __init__(self, bearer: Bearer) -> None:
        self._bearer = bearer
        self._sent = ""

    def authorization(self) -> str:
        self._sent = self._bearer.token
        return f"Bearer {self._sent}"

    async def refused(self, challenges: Sequence[str]) -> bool:
        return await self._bearer.replace(self._sent)

    def accepted(self, info: str) -> None:
        self._bearer.accept(self._sent)
