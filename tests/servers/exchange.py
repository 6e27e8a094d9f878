"""The steps of an OAuth flow for tests: sends the messages of `contactport.oauth` with the service's HTTP client."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from yarl import URL

from contactport.net.client import Client, open_client
from contactport.oauth.messages import (
    AuthorizationCode,
    ErrorResponse,
    FormRequest,
    MalformedResponse,
    OAuthClient,
    TokenResponse,
    authorization_url,
    code_request,
    new_verifier,
    read_authorization_response,
    read_token_response,
    refresh_request,
    revocation_request,
)
from tests.servers.source_run import settings
from tests.servers.user_agent import user_agent

STATE = "import_id=7&n=Zm9v"
Tokens = TokenResponse | ErrorResponse | MalformedResponse


class Exchange(msgspec.Struct):
    """One client at one server of authorization."""

    http: Client
    client: OAuthClient
    authorize: str
    token: str
    revocation: str
    redirect_uri: str
    scopes: tuple[str, ...]
    verifier: str = msgspec.field(default_factory=new_verifier)

    def url(self, **extra: str) -> str:
        return authorization_url(
            self.authorize,
            self.client,
            redirect_uri=self.redirect_uri,
            scopes=self.scopes,
            state=STATE,
            verifier=self.verifier,
            extra=extra,
        )

    async def consent(self, button: str) -> AuthorizationCode | ErrorResponse | MalformedResponse:
        async with user_agent() as browser:
            parameters = await browser.consent(self.url(), self.redirect_uri, button)
        return read_authorization_response(parameters)

    async def code(self, button: str) -> str:
        answer = await self.consent(button)
        assert isinstance(answer, AuthorizationCode), answer
        assert answer.state == STATE
        return answer.code

    async def redeem(self, code: str, verifier: str = "") -> Tokens:
        request = code_request(
            self.client, code=code, redirect_uri=self.redirect_uri, verifier=verifier or self.verifier
        )
        return read_token_response(*await self.post(self.token, request), self.scopes)

    async def tokens(self, button: str) -> TokenResponse:
        answer = await self.redeem(await self.code(button))
        assert isinstance(answer, TokenResponse), answer
        return answer

    async def refresh(self, refresh_token: str) -> Tokens:
        return read_token_response(
            *await self.post(self.token, refresh_request(self.client, refresh_token)), self.scopes
        )

    async def revoke(self, refresh_token: str, access_token: str = "") -> int:
        """The status of the first answer. An access token is revoked by a request of its own."""
        first = revocation_request(self.client, refresh_token, "refresh_token")
        status, _ = await self.post(self.revocation, first)
        if access_token:
            await self.post(self.revocation, revocation_request(self.client, access_token, "access_token"))
        return status

    async def post(self, url: str, request: FormRequest) -> tuple[int, bytes]:
        async with self.http.request(
            "POST", URL(url), headers=request.headers, body=request.body, once=True
        ) as answer:
            return answer.status, b"".join([chunk async for chunk in answer.chunks()])

    async def get(self, url: str, access_token: str) -> int:
        headers = {"Authorization": f"Bearer {access_token}"}
        async with self.http.request("GET", URL(url), headers=headers) as answer:
            return answer.status


@asynccontextmanager
async def exchange(**values: Any) -> AsyncGenerator[Exchange]:
    """`values` are fields of Exchange."""
    async with open_client(settings(tries=1)) as http:
        yield Exchange(http=http, **values)
