"""The sound provider behind the fault proxies of a consent: its token endpoint, and its contacts for a token."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from tests.faults.matrix.paged_book import PagedAnswer, PagedBook, PagedRequest, Stage
from tests.servers.hosted_api import ApiError, Call, HostedApi

JSON = {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-store"}
CODE = "4/0A-the-code-of-this-consent"
INVALID: dict[str, str] = {"error": "invalid_grant", "error_description": "It is not good any more."}
_LISTING = re.compile(r"/connections$|/contacts$")


class TokenEndpoint:
    """Gives a token for a code, once, and rotates refresh tokens; a refresh token that is used twice ends them all.

    Tokens are accepted by whoever asks `accepted`. `codes`, `refreshes` and `revocations` are what came.
    """

    def __init__(self) -> None:
        self.challenge = ""
        """What the browser was sent to the provider with."""
        self.accepted: set[str] = set()
        self.secrets: list[str] = []
        """Every token that was given, and every verifier that came."""
        self.codes: list[str] = []
        self.refreshes: list[str] = []
        self.revocations: list[str] = []
        self._current = ""
        self._number = 0

    def knows(self, request: PagedRequest) -> bool:
        del request
        return True

    def is_page(self, request: PagedRequest) -> bool:
        del request
        return False

    def is_at(self, stage: Stage, request: PagedRequest, page: int) -> bool:
        del page
        if urlsplit(request.target).path == "/revoke":
            return stage == "revocation"
        form = _form(request)
        return stage == ("refresh" if form.get("grant_type") == "refresh_token" else "token")

    def answer(self, request: PagedRequest) -> PagedAnswer:
        form = _form(request)
        if urlsplit(request.target).path == "/revoke":
            self.revocations.append(form.get("token", ""))
            return PagedAnswer(200, JSON, b"{}")
        if form.get("grant_type") == "refresh_token":
            self.refreshes.append(form.get("refresh_token", ""))
            return self._given(form.get("refresh_token") == self._current)
        self.codes.append(form.get("code", ""))
        self.secrets.append(form.get("code_verifier", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge
        return self._given(proven and self.codes == [CODE])

    def _given(self, good: bool) -> PagedAnswer:
        self.accepted.clear()
        if not good:
            self._current = ""
            return _json(400, INVALID)
        self._number += 1
        access, self._current = (
            f"{kind}-{self._number}-{secrets.token_hex(16)}" for kind in ("access", "refresh")
        )
        self.secrets += [access, self._current]
        self.accepted.add(access)
        members = {"access_token": access, "refresh_token": self._current, "expires_in": 3600}
        return _json(200, members | {"token_type": "Bearer"})


class HostedBook:
    """Contacts behind a token: those of an emulator, or of a CardDAV server.

    With `lasting` pages the first tokens are good for no more than so many pages. `shown` hears of each token.
    """

    def __init__(
        self,
        contacts: HostedApi | PagedBook,
        scopes: tuple[str, ...],
        tokens: TokenEndpoint,
        shown: Callable[[str], None],
        lasting: int | None,
    ) -> None:
        self.url = ""
        """Where the proxy before it listens."""
        self._contacts = contacts
        self._scopes = frozenset(scopes)
        self._tokens = tokens
        self._shown = shown
        self._lasting = lasting
        self._pages = 0

    def knows(self, request: PagedRequest) -> bool:
        return _token(request) in self._tokens.accepted

    def is_page(self, request: PagedRequest) -> bool:
        if isinstance(self._contacts, PagedBook):
            return self._contacts.is_page(request)
        return bool(_LISTING.search(urlsplit(request.target).path))

    def is_at(self, stage: Stage, request: PagedRequest, page: int) -> bool:
        if stage == "first page":
            return True
        if isinstance(self._contacts, PagedBook):
            return self._contacts.is_at("pages", request, page)
        return page > 1 and self.is_page(request)

    def answer(self, request: PagedRequest) -> PagedAnswer:
        token = _token(request)
        self._shown(token)
        self._pages += self.is_page(request)
        if token.startswith("access-1-") and self._lasting is not None and self._pages > self._lasting:
            self._tokens.accepted.discard(token)
        if not self.knows(request):
            return _json(401, {"error": {"code": 401, "status": "UNAUTHENTICATED"}})
        if isinstance(self._contacts, PagedBook):
            return self._contacts.given(request)
        parts = urlsplit(request.target)
        call = Call(path=unquote(parts.path), query=parse_qsl(parts.query), token=token)
        try:
            payload, status, headers = self._contacts.answer(call, self._scopes), 200, JSON
        except ApiError as error:
            payload, status, headers = error.payload, error.status, JSON | error.headers
        written = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
        # Links to next pages lead through the proxy as well.
        return PagedAnswer(status, headers, written.replace(self._contacts.url.encode(), self.url.encode()))


def _token(request: PagedRequest) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _form(request: PagedRequest) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("latin-1")))


def _json(status: int, members: dict[str, Any]) -> PagedAnswer:
    return PagedAnswer(status, JSON, msgspec.json.encode(members))
