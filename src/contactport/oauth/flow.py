"""The requests of OAuth, sent by the service's own client: each once, without a redirect.

A code that comes a second time kills the tokens that were made with it, and a refresh token that comes again may end
the whole grant. So a lost answer is lost: whoever calls decides what that ends, and nobody tries again.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from typing import Literal
from urllib.parse import parse_qs, urlencode

import msgspec
from yarl import URL

from contactport.net.client import Client
from contactport.oauth.messages import (
    RESPONSE_BYTES,
    ErrorResponse,
    FormRequest,
    MalformedResponse,
    OAuthClient,
    TokenResponse,
    code_request,
    read_token_response,
    refresh_request,
    revocation_request,
)

TokenAnswer = TokenResponse | ErrorResponse | MalformedResponse
_NOT_READING = frozenset({"offline_access", "openid", "profile", "email"})
"""Scopes that no provider repeats reliably, and that give no contacts."""


class OAuthEndpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider is asked. `revocation` is empty where it has none, `issuer` where it names none."""

    authorization: str
    token: str
    revocation: str = ""
    issuer: str = ""


def new_state(import_id: int) -> str:
    """256 random bits, and the import: applications' own pages read `import_id` from it, as from a query."""
    return urlencode({"import_id": import_id, "n": secrets.token_urlsafe(32)})


def import_of(state: str) -> int | None:
    """Which import a state is of, by its own word; None where it names none."""
    given = parse_qs(state, max_num_fields=10).get("import_id", []) if len(state) <= 200 else []
    if len(given) != 1 or not (given[0].isascii() and given[0].isdigit() and len(given[0]) <= 10):
        return None
    return int(given[0])


async def exchange(
    http: Client,
    endpoints: OAuthEndpoints,
    client: OAuthClient,
    *,
    code: str,
    redirect_uri: str,
    verifier: str,
    asked: Sequence[str],
) -> TokenAnswer:
    """The tokens of a code. Raises AnswerLost where the code may be used up, and other kinds of `net/failures.py`."""
    request = code_request(client, code=code, redirect_uri=redirect_uri, verifier=verifier)
    return read_token_response(*await _post(http, endpoints.token, request), asked)


async def refresh(
    http: Client, endpoints: OAuthEndpoints, client: OAuthClient, refresh_token: str, scopes: Sequence[str]
) -> TokenAnswer:
    """Fresh tokens; `scopes` are those in effect. Raises as `exchange` does."""
    request = refresh_request(client, refresh_token)
    return read_token_response(*await _post(http, endpoints.token, request), scopes)


async def revoke(
    http: Client,
    endpoints: OAuthEndpoints,
    client: OAuthClient,
    token: str,
    hint: Literal["access_token", "refresh_token"],
) -> bool:
    """Whether the provider says that the token is good no more. Raises as `exchange` does."""
    status, _ = await _post(http, endpoints.revocation, revocation_request(client, token, hint))
    return 200 <= status < 300


async def _post(http: Client, url: str, request: FormRequest) -> tuple[int, bytes]:
    # `encoded`: the provider's own spelling is sent.
    async with http.request(
        "POST", URL(url, encoded=True), headers=request.headers, body=request.body, once=True
    ) as answer:
        return answer.status, await answer.read(RESPONSE_BYTES)


def lacking(wanted: Collection[str], granted: Collection[str]) -> list[str]:
    """The scopes that were asked for and are not granted.

    Microsoft writes its own with or without their host, and in any case of letters.
    """
    have = {_plain(scope) for scope in granted}
    return [scope for scope in wanted if _plain(scope) not in have and scope not in _NOT_READING]


def _plain(scope: str) -> str:
    return scope.lower().removeprefix("https://graph.microsoft.com/")
