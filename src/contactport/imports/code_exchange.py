"""From an authorization response to a grant: the code is exchanged once, and what was granted is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import structlog

from contactport.errors import ROWS, Code
from contactport.grant import OAuthToken
from contactport.imports.oauth_clients import Access
from contactport.net.client import Client
from contactport.net.failures import NetworkFailure
from contactport.oauth import faults, flow
from contactport.oauth.messages import (
    ErrorResponse,
    MalformedResponse,
    TokenResponse,
    issuer_fits,
    read_authorization_response,
)
from contactport.store.clock import now_ms

log = structlog.get_logger()

OpenClient = Callable[[], AbstractAsyncContextManager[Client]]
EXCHANGE_SECONDS = 30.0
"""A token endpoint has so long to answer."""

NOT_SET_UP = (
    "This service is not set up rightly at the provider, which refuses to ask for the contacts. The service's "
    "operator finds the reason with `contactport oauth check`."
)
ADMINISTRATOR = (
    "The organisation of this account wants its administrator to approve this service first. Ask the administrator, "
    "or begin again with another account."
)
NOT_TICKED = (
    "The user signed in at the provider, and did not allow reading the contacts. Please begin the import again, and "
    "leave the contacts ticked at the provider's page."
)


class ConsentFailed(Exception):
    """A consent that ends with `code` and `text`; `fault` is a fault of the operator's set-up, where it was one."""

    def __init__(self, code: Code, text: str = "", fault: str | None = None) -> None:
        self.code = code
        self.text = text or ROWS[code].text
        self.fault = fault
        super().__init__(int(code))


async def redeem(
    open_client: OpenClient,
    import_id: int,
    access: Access | None,
    response: list[tuple[str, str]],
    *,
    verifier: str,
) -> OAuthToken:
    """The grant that an authorization response stands for; `access` is None where its client is gone.

    Raises ConsentFailed.
    """
    if access is None:
        raise ConsentFailed(Code.PROVIDER_UNREACHABLE, NOT_SET_UP)
    read = read_authorization_response(response)
    if isinstance(read, MalformedResponse):
        raise ConsentFailed(Code.UNEXPECTED_CONSENT)
    expected = access.endpoints.issuer
    if expected and not issuer_fits(read.issuer, expected):
        # Somebody mixes up two providers (RFC 9207): the code is not shown to this one.
        raise ConsentFailed(Code.UNEXPECTED_CONSENT)
    if isinstance(read, ErrorResponse):
        raise _failed(read)
    try:
        async with asyncio.timeout(EXCHANGE_SECONDS), open_client() as http:
            http.allow(access.networks)
            answer = await flow.exchange(
                http,
                access.endpoints,
                access.credential.client,
                code=read.code,
                redirect_uri=access.redirect_uri,
                verifier=verifier,
                asked=access.scopes,
            )
    except (NetworkFailure, TimeoutError) as error:
        log.warning("token_request_failed", import_id=import_id, error=type(error).__name__)
        raise ConsentFailed(Code.PROVIDER_UNREACHABLE) from None
    if isinstance(answer, ErrorResponse):
        raise _failed(answer)
    if isinstance(answer, MalformedResponse):
        log.warning("token_answer_unreadable", import_id=import_id, reason=answer.reason)
        raise ConsentFailed(Code.PROVIDER_UNREACHABLE)
    if flow.lacking(access.required, answer.scopes):
        raise ConsentFailed(Code.CONSENT_REFUSED, NOT_TICKED)
    return token_grant(answer, access.credential.key)


def token_grant(answer: TokenResponse, client_key: int, before: OAuthToken | None = None) -> OAuthToken:
    """The grant of a token answer; a refresh token that is not renewed stays as it was."""
    expires_at = 0 if answer.expires_in is None else now_ms() // 1000 + answer.expires_in
    return OAuthToken(
        access_token=answer.access_token,
        refresh_token=answer.refresh_token or ("" if before is None else before.refresh_token),
        expires_at=expires_at,
        scopes=answer.scopes,
        client_key=client_key,
        email="" if before is None else before.email,
    )


def _failed(error: ErrorResponse) -> ConsentFailed:
    found = faults.meaning(error)
    if found.kind == "refused":
        return ConsentFailed(Code.CONSENT_REFUSED)
    if found.kind == "fault":
        text = ADMINISTRATOR if found.fault == "administrator" else NOT_SET_UP
        return ConsentFailed(Code.PROVIDER_UNREACHABLE, text, found.fault)
    if found.kind in ("provider", "expired"):
        return ConsentFailed(Code.PROVIDER_UNREACHABLE)
    return ConsentFailed(Code.UNEXPECTED_CONSENT)
