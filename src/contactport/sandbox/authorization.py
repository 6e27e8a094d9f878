"""The sandbox's authorization server: which requests, codes and tokens are good. No I/O.

Authorization code with PKCE (RFC 6749, RFC 7636). Codes and tokens live in memory, as many as there is room for.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

import msgspec

from contactport.oauth.messages import challenge

CLIENT_ID = "contactport-sandbox"
SCOPE = "contacts.read"
WITHOUT_CONTACTS = "profile"
"""What is granted to a client whose user has signed in and left the contacts out."""
CODE_SECONDS = 60
TOKEN_SECONDS = 3600
MOST = 1000
"""Codes, and tokens. The oldest give way."""
STATE_LENGTH = 4096
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_T = TypeVar("_T")

Decision = Literal["allow", "deny", "without_contacts", "crash"]
"""What a user decides: `crash` agrees, and then the server fails as the code is exchanged."""


class Untrusted(Exception):
    """No client of this server asks, or not for a page of its own: the browser must not be sent there."""


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """A sound request for consent, or one whose `error` the client is to be told (RFC 6749 section 4.1.2.1)."""

    state: str
    challenge: str
    error: str = ""

    def __repr__(self) -> str:
        return "AuthorizationRequest()"


class TokenRefusal(Exception):
    """The word that the client is told (RFC 6749 section 5.2)."""

    def __init__(self, error: str) -> None:
        self.error = error
        super().__init__(error)


class ServerCrash(Exception):
    """The server is to fail here, as its user wished."""


class _Code(msgspec.Struct):
    challenge: str
    scope: str
    crashes: bool
    expires_at: float
    token: str = ""
    """What it was exchanged for: empty until it was used."""


class _Token(msgspec.Struct, frozen=True):
    scope: str
    expires_at: float


class AuthorizationServer:
    """One client, which is the service, and its one redirect URI."""

    def __init__(
        self, redirect_uri: str, client_secret: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.redirect_uri = redirect_uri
        self._client_secret = client_secret
        self._clock = clock
        self._codes: OrderedDict[str, _Code] = OrderedDict()
        self._tokens: OrderedDict[str, _Token] = OrderedDict()

    def read_request(self, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """The parameters of the authorization endpoint. Raises Untrusted."""
        if parameters.get("client_id") != CLIENT_ID or parameters.get("redirect_uri") != self.redirect_uri:
            raise Untrusted
        state = parameters.get("state", "")
        if len(state) > STATE_LENGTH:
            raise Untrusted
        given = parameters.get("code_challenge", "")
        error = ""
        if parameters.get("response_type") != "code":
            error = "unsupported_response_type"
        elif parameters.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(given):
            error = "invalid_request"
        elif parameters.get("scope", "").split() != [SCOPE]:
            error = "invalid_scope"
        return AuthorizationRequest(state, given, error)

    def decide(self, request: AuthorizationRequest, decision: Decision) -> dict[str, str]:
        """The authorization response, which the browser carries to the redirect URI."""
        if request.error or decision == "deny":
            return {"error": request.error or "access_denied", "state": request.state}
        code = secrets.token_urlsafe(32)
        scope = WITHOUT_CONTACTS if decision == "without_contacts" else SCOPE
        _keep(
            self._codes,
            code,
            _Code(request.challenge, scope, decision == "crash", self._clock() + CODE_SECONDS),
        )
        return {"code": code, "state": request.state}

    def check_client(self, client_id: str, client_secret: str) -> None:
        """Raises TokenRefusal."""
        good = hmac.compare_digest(client_secret.encode(), self._client_secret.encode())
        if client_id != CLIENT_ID or not good:
            raise TokenRefusal("invalid_client")

    def exchange(self, form: Mapping[str, str]) -> dict[str, str | int]:
        """The token of a code, for a client that was checked. Raises TokenRefusal, ServerCrash.

        A code that comes twice takes back the token that it was exchanged for (RFC 6749 section 4.1.2).
        """
        if form.get("grant_type") != "authorization_code":
            raise TokenRefusal("unsupported_grant_type")
        code = self._codes.get(form.get("code", ""))
        if code is None or code.expires_at <= self._clock():
            raise TokenRefusal("invalid_grant")
        if code.token:
            self._tokens.pop(code.token, None)
            raise TokenRefusal("invalid_grant")
        verifier = form.get("code_verifier", "")
        code.token = secrets.token_urlsafe(32)
        # From here on it is used, whatever comes of it.
        if form.get("redirect_uri") != self.redirect_uri or not _VERIFIER.fullmatch(verifier):
            raise TokenRefusal("invalid_grant")
        if not hmac.compare_digest(challenge(verifier), code.challenge):
            raise TokenRefusal("invalid_grant")
        if code.crashes:
            raise ServerCrash
        _keep(self._tokens, code.token, _Token(code.scope, self._clock() + TOKEN_SECONDS))
        return {
            "access_token": code.token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": code.scope,
        }

    def revoke(self, token: str) -> None:
        """End a token, for a client that was checked. One that nobody knows is no error (RFC 7009 section 2.2)."""
        self._tokens.pop(token, None)

    def scope_of(self, token: str) -> str | None:
        """What a token is good for; None where it is not good."""
        found = self._tokens.get(token)
        return None if found is None or found.expires_at <= self._clock() else found.scope


def _keep(kept: OrderedDict[str, _T], name: str, value: _T) -> None:
    kept[name] = value
    if len(kept) > MOST:
        kept.popitem(last=False)
