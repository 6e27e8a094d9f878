"""The habits of Google's and Microsoft's servers of authorization, as far as emulate has them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from contactport.oauth.messages import ErrorResponse, OAuthClient, TokenResponse
from tests.servers.emulate import CLIENT_ID, REDIRECT, SECRET, Emulate, Issuer, emulate
from tests.servers.exchange import Exchange, exchange
from tests.servers.people import people_api

SCOPES = {
    "google": ("https://www.googleapis.com/auth/contacts.readonly",),
    "microsoft": ("Contacts.Read", "offline_access"),
}


@pytest.fixture(scope="module")
def server() -> Generator[Emulate]:
    with emulate() as running:
        yield running


@pytest.fixture(params=["google", "microsoft"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def issuer(server: Emulate, name: str) -> Issuer:
    return server.google if name == "google" else server.microsoft


@asynccontextmanager
async def at(
    server: Emulate,
    name: str,
    method: Literal["client_secret_basic", "client_secret_post"] = "client_secret_post",
) -> AsyncGenerator[Exchange]:
    one = issuer(server, name)
    async with exchange(
        client=OAuthClient(CLIENT_ID, SECRET, method),
        authorize=one.authorize,
        token=one.token,
        revocation=one.revocation,
        redirect_uri=REDIRECT,
        scopes=SCOPES[name],
    ) as made:
        yield made


async def test_a_code_becomes_tokens(server: Emulate, name: str) -> None:
    async with at(server, name) as made:
        tokens = await made.tokens("ann@example.com")
        assert tokens.refresh_token
        assert tokens.expires_in == 3600
        assert tokens.scopes == SCOPES[name]
        scopes_of = issuer(server, name).judge(*tokens.scopes)
        assert await scopes_of(tokens.access_token) == tokens.scopes
        assert await scopes_of("never") is None


async def test_google_keeps_its_refresh_token_and_microsoft_rotates(server: Emulate, name: str) -> None:
    async with at(server, name) as made:
        first = await made.tokens("bob@example.com")
        second = await made.refresh(first.refresh_token)
        assert isinstance(second, TokenResponse)
        assert second.access_token != first.access_token
        again = await made.refresh(first.refresh_token)
        if name == "google":
            assert second.refresh_token == ""
            assert isinstance(again, TokenResponse)
        else:
            assert second.refresh_token not in ("", first.refresh_token)
            assert isinstance(again, ErrorResponse)


async def test_a_wrong_verifier_and_a_replayed_code_get_nothing(server: Emulate, name: str) -> None:
    async with at(server, name) as made:
        code = await made.code("ann@example.com")
        assert await made.redeem(code, "x" * 43) == ErrorResponse(
            "invalid_grant", "PKCE verification failed."
        )
        assert isinstance(await made.redeem(code), TokenResponse)
        assert await made.redeem(code) == ErrorResponse("invalid_grant", "The code is incorrect or expired.")


async def test_a_revocation_ends_a_refresh_token(server: Emulate, name: str) -> None:
    async with at(server, name) as made:
        tokens = await made.tokens("ann@example.com")
        assert await made.revoke(tokens.refresh_token) == 200
        assert isinstance(await made.refresh(tokens.refresh_token), ErrorResponse)
        # The access token stays good: it is revoked by a request of its own.
        assert await issuer(server, name).judge("x")(tokens.access_token) == ("x",)


async def test_a_secret_by_basic_is_for_microsoft_alone(server: Emulate, name: str) -> None:
    async with at(server, name, "client_secret_basic") as made:
        answer = await made.redeem(await made.code("ann@example.com"))
        assert isinstance(answer, TokenResponse if name == "microsoft" else ErrorResponse)


async def test_its_tokens_are_good_at_the_apis_beside_until_they_are_revoked(server: Emulate) -> None:
    scope = SCOPES["google"][0]
    with people_api(3, judge=server.google.judge(scope)) as api:
        async with at(server, "google") as made:
            tokens = await made.tokens("ann@example.com")
            url = f"{api.url}/v1/people/me/connections?personFields=names"
            assert await made.get(url, tokens.access_token) == 200
            await made.revoke(tokens.refresh_token, tokens.access_token)
            assert await made.get(url, tokens.access_token) == 401
            assert await made.get(url, "never") == 401
