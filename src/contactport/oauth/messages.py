"""OAuth 2.1 messages, built and read without I/O.

Whoever sends them brings the HTTP client. What comes from a provider or through a browser is never trusted: any
answer is read without an exception, everything kept of it is bounded, and no secret shows in a `repr`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

RESPONSE_BYTES = 256 * 1024
"""A longer token response is not read."""
TOKEN_LENGTH = 16 * 1024
"""Of a token or a code. Microsoft's have some thousand characters."""
STATE_LENGTH = 4096
DESCRIPTION_LENGTH = 1000
SCOPES = 200
YEAR = 366 * 24 * 3600

_STATE = re.compile(rf"[\x20-\x7e]{{0,{STATE_LENGTH}}}")
_CODE = re.compile(rf"[\x20-\x7e]{{1,{TOKEN_LENGTH}}}")
_TOKEN = re.compile(rf"[\x21-\x7e]{{1,{TOKEN_LENGTH}}}")
_ERROR = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,100}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,500}")
_DIGITS = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,20})?")

_Form = Sequence[tuple[str, str]]
_Kind = TypeVar("_Kind", bound=type[msgspec.Struct])


def _no_repr(kind: _Kind) -> _Kind:
    """The decorated struct's `repr` is its name alone."""
    kind.__repr__ = lambda self: f"{type(self).__name__}()"
    return kind


@_no_repr
class OAuthClient(msgspec.Struct, frozen=True):
    """What an operator registered at the provider. `method` has the names of RFC 7591."""

    client_id: str
    client_secret: str = ""
    method: Literal["client_secret_basic", "client_secret_post", "none"] = "client_secret_post"


@_no_repr
class AuthorizationCode(msgspec.Struct, frozen=True):
    """The user agreed (RFC 6749 section 4.1.2). `issuer` is empty where the provider did not send it (RFC 9207)."""

    code: str
    state: str
    issuer: str = ""


@_no_repr
class ErrorResponse(msgspec.Struct, frozen=True):
    """The provider's own word (RFC 6749 sections 4.1.2.1 and 5.2). `description` may name the user: never log it."""

    error: str
    description: str = ""
    state: str = ""
    issuer: str = ""


class MalformedResponse(msgspec.Struct, frozen=True):
    """No message of OAuth. `reason` is this program's own words."""

    reason: str


@_no_repr
class TokenResponse(msgspec.Struct, frozen=True):
    """RFC 6749 section 5.1. `expires_in` is None where it can't be known; `scopes` are those in effect."""

    access_token: str
    refresh_token: str = ""
    expires_in: int | None = None
    scopes: tuple[str, ...] = ()


@_no_repr
class FormRequest(msgspec.Struct, frozen=True):
    """The headers and the body of a POST."""

    headers: dict[str, str]
    body: bytes


def new_verifier() -> str:
    """A PKCE code verifier of 256 random bits (RFC 7636 section 4.1)."""
    return secrets.token_urlsafe(32)


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 section 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def authorization_url(
    endpoint: str,
    client: OAuthClient,
    *,
    redirect_uri: str,
    scopes: Sequence[str],
    state: str,
    verifier: str,
    extra: Mapping[str, str] | None = None,
) -> str:
    """Where the browser goes to ask for the user's consent (RFC 6749 section 4.1.1, RFC 7636 section 4.3).

    The endpoint keeps its own query; `extra` holds what one provider wants beside (`prompt`, `access_type`). Raises
    ValueError where either of them names a parameter that is set here, or the endpoint has a fragment.
    """
    parts = urlsplit(endpoint)
    parameters = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
    }
    named = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    twice = (named | set(parameters)) & set(extra or ()) | named & set(parameters)
    if twice or "#" in endpoint:
        raise ValueError(f"an authorization endpoint can't have a fragment, nor name {sorted(twice)} twice")
    query = _encode([*parameters.items(), *(extra or {}).items()])
    return endpoint.removesuffix("?").removesuffix("&") + ("&" if parts.query else "?") + query


def read_authorization_response(
    parameters: Iterable[tuple[str, str]],
) -> AuthorizationCode | ErrorResponse | MalformedResponse:
    """What came back by the browser, or by an application's own page, as decoded pairs.

    An empty parameter counts as absent (RFC 6749 section 3.1).
    """
    given: dict[str, str] = {}
    for name, value in parameters:
        if name not in ("code", "state", "iss", "error", "error_code", "error_description") or not value:
            continue
        if given.setdefault(name, value) != value:
            return MalformedResponse("a parameter comes twice with different values")
    state, issuer = given.get("state", ""), given.get("iss", "")
    if not (_STATE.fullmatch(state) and _STATE.fullmatch(issuer)):
        return MalformedResponse("the state or the issuer has characters that none has, or is too long")
    # Relaying pages of applications written for the older service pass on `error_code`.
    error = given.get("error") or given.get("error_code")
    if error is not None:
        return ErrorResponse(_error(error), _text(given.get("error_description")), state, issuer)
    code = given.get("code")
    if code is None:
        return MalformedResponse("there is neither a code nor an error")
    if not _CODE.fullmatch(code):
        return MalformedResponse("the code has characters that no code has, or is too long")
    return AuthorizationCode(code, state, issuer)


def issuer_fits(issuer: str, expected: str) -> bool:
    """Whether an answer may come from this provider (RFC 9207 section 2.4). Relaying pages do not pass `iss` on."""
    return issuer in ("", expected)


def code_request(client: OAuthClient, *, code: str, redirect_uri: str, verifier: str) -> FormRequest:
    """Exchanges a code for tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
    form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)]
    return _post(client, [*form, ("code_verifier", verifier)])


def refresh_request(client: OAuthClient, refresh_token: str, scopes: Sequence[str] = ()) -> FormRequest:
    """Exchanges a refresh token (RFC 6749 section 6). Without `scopes` they stay as they are."""
    form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)]
    return _post(client, [*form, ("scope", " ".join(scopes))] if scopes else form)


def revocation_request(
    client: OAuthClient, token: str, hint: Literal["access_token", "refresh_token"]
) -> FormRequest:
    """Ends a token at the provider (RFC 7009 section 2.1). 200 says that the token is no longer valid."""
    return _post(client, [("token", token), ("token_type_hint", hint)])


def read_token_response(
    status: int, body: bytes, asked: Sequence[str] = ()
) -> TokenResponse | ErrorResponse | MalformedResponse:
    """The answer to a request for tokens (RFC 6749 sections 5.1 and 5.2), whatever it is.

    `asked` are the scopes in effect where the answer names none. A revocation's answer with an error is read here
    as well (RFC 7009 section 2.2.1).
    """
    members = _members(body)
    if isinstance(members, MalformedResponse):
        return members
    error = members.get("error")
    if error:
        if not isinstance(error, str):
            return MalformedResponse("the error is no text")
        return ErrorResponse(_error(error), _text(members.get("error_description")))
    if not 200 <= status < 300:
        return MalformedResponse("the status is that of a failure, and the answer names no error")
    kind = members.get("token_type") or "Bearer"
    if not isinstance(kind, str) or kind.lower() != "bearer":
        return MalformedResponse("the token is not a bearer token")
    access, refresh = members.get("access_token"), members.get("refresh_token") or ""
    if not isinstance(access, str) or not _TOKEN.fullmatch(access):
        return MalformedResponse("there is no access token, or one with characters that no token has")
    if not isinstance(refresh, str) or (refresh and not _TOKEN.fullmatch(refresh)):
        return MalformedResponse("the refresh token has characters that no token has, or is too long")
    scopes = _scopes(members.get("scope")) or tuple(asked)
    return TokenResponse(access, refresh, _seconds(members.get("expires_in")), scopes)


class _Object(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that one named twice is seen."""


def _members(body: bytes) -> dict[str, Any] | MalformedResponse:
    if len(body) > RESPONSE_BYTES:
        return MalformedResponse("the answer is too long")
    try:
        # The scanner of the standard library takes NaN and numbers of any length, as some providers' libraries do.
        value = json.loads(body, object_pairs_hook=_Object, parse_int=float)
    except (ValueError, RecursionError):
        return MalformedResponse("the answer is not JSON")
    if not isinstance(value, _Object):
        return MalformedResponse("the answer is not a JSON object")
    members = dict(value)
    if len(members) != len(value):
        return MalformedResponse("a member of the answer comes twice")
    return members


def _post(client: OAuthClient, form: _Form) -> FormRequest:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if client.method == "client_secret_basic":
        # Both are form-encoded first (RFC 6749 section 2.3.1), so that a colon in them ends nothing.
        pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")
    else:
        form = [*form, ("client_id", client.client_id)]
        if client.method == "client_secret_post":
            form = [*form, ("client_secret", client.client_secret)]
    return FormRequest(headers, _encode(form).encode("ascii"))


def _encode(form: _Form) -> str:
    # %20 for a space: not every server reads a plus sign so.
    return urlencode(form, quote_via=quote, safe="")


def _error(value: str) -> str:
    return value if _ERROR.fullmatch(value) else "unknown"


def _text(value: object) -> str:
    """One bounded line of something printable."""
    if not isinstance(value, str):
        return ""
    return "".join(letter if letter.isprintable() else " " for letter in value[:DESCRIPTION_LENGTH]).strip()


def _scopes(value: object) -> tuple[str, ...]:
    """RFC 6749 section 3.3; a list is what some servers make of it. What is no scope is left out."""
    parts: Iterable[object] = value.split() if isinstance(value, str) else ()
    if isinstance(value, list):
        parts = cast(list[object], value)
    found = dict.fromkeys(part for part in parts if isinstance(part, str) and _SCOPE.fullmatch(part))
    return tuple(found)[:SCOPES]


def _seconds(value: object) -> int | None:
    """A lifetime, a year at most. None for everything that is not a time still to come."""
    if isinstance(value, str):
        value = float(value) if _DIGITS.fullmatch(value) else None
    if not isinstance(value, float) or math.isnan(value) or value < 1:
        return None
    return int(min(value, YEAR))
