"""The messages of OAuth against a certified server that rotates refresh tokens."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from contactport.oauth.messages import (
    AuthorizationCode,
    ErrorResponse,
    OAuthClient,
    TokenResponse,
    issuer_fits,
    revocation_request,
)
from tests.servers.exchange import STATE, Exchange, exchange
from tests.servers.oidc_provider import REDIRECT, SECRET, OidcProvider, oidc_provider

CLIENTS = [
    OAuthClient("by:basic", SECRET, "client_secret_basic"),
    OAuthClient("by post", SECRET, "client_secret_post"),
    OAuthClient("public", "", "none"),
]


@pytest.fixture(scope="module")
def server() -> Generator[OidcProvider]:
    with oidc_provider() as running:
        yield running


@pytest.fixture(params=CLIENTS, ids=lambda client: client.method)
def client(request: pytest.FixtureRequest) -> OAuthClient:
    return request.param


@asynccontextmanager
async def at(server: OidcProvider, client: OAuthClient = CLIENTS[0]) -> AsyncGenerator[Exchange]:
    async with exchange(
        client=client,
        authorize=server.authorize,
        token=server.token,
        revocation=server.revocation,
        redirect_uri=REDIRECT,
        scopes=("contacts.read", "email"),
    ) as made:
        yield made


async def is_active(server: OidcProvider, made: Exchange, token: str) -> bool:
    """The introspection of RFC 7662: its request is that of a revocation."""
    request = revocation_request(made.client, token, "access_token")
    status, body = await made.post(server.introspection, request)
    assert status == 200
    answer: dict[str, Any] = json.loads(body)
    return answer["active"]


async def test_a_code_becomes_tokens_for_every_kind_of_client(
    server: OidcProvider, client: OAuthClient
) -> None:
    async with at(server, client) as made:
        answer = await made.consent("Allow")
        assert isinstance(answer, AuthorizationCode)
        assert answer.state == STATE
        assert answer.issuer
        assert issuer_fits(answer.issuer, server.url)
        tokens = await made.redeem(answer.code)
        assert isinstance(tokens, TokenResponse), tokens
        assert tokens.refresh_token
        assert tokens.expires_in == 3600
        assert set(tokens.scopes) == {"contacts.read", "email"}
        assert await is_active(server, made, tokens.access_token)


async def test_a_refresh_token_is_good_once_and_its_replay_ends_all(
    server: OidcProvider, client: OAuthClient
) -> None:
    async with at(server, client) as made:
        first = await made.tokens("Allow")
        second = await made.refresh(first.refresh_token)
        assert isinstance(second, TokenResponse), second
        assert second.refresh_token not in ("", first.refresh_token)
        assert await is_active(server, made, second.access_token)
        replayed = await made.refresh(first.refresh_token)
        assert isinstance(replayed, ErrorResponse)
        assert replayed.error == "invalid_grant"
        assert not await is_active(server, made, second.access_token)
        assert isinstance(await made.refresh(second.refresh_token), ErrorResponse)


async def test_a_wrong_verifier_gets_nothing(server: OidcProvider) -> None:
    async with at(server) as made:
        code = await made.code("Allow")
        answer = await made.redeem(code, "x" * 43)
        assert isinstance(answer, ErrorResponse)
        assert answer.error == "invalid_grant"


async def test_a_replayed_code_kills_the_tokens_that_were_made_with_it(server: OidcProvider) -> None:
    async with at(server) as made:
        code = await made.code("Allow")
        tokens = await made.redeem(code)
        assert isinstance(tokens, TokenResponse)
        assert await is_active(server, made, tokens.access_token)
        again = await made.redeem(code)
        assert isinstance(again, ErrorResponse)
        assert again.error == "invalid_grant"
        assert not await is_active(server, made, tokens.access_token)
        assert isinstance(await made.refresh(tokens.refresh_token), ErrorResponse)


async def test_a_revocation_ends_the_grant(server: OidcProvider, client: OAuthClient) -> None:
    async with at(server, client) as made:
        tokens = await made.tokens("Allow")
        assert await made.revoke(tokens.refresh_token) == 200
        assert isinstance(await made.refresh(tokens.refresh_token), ErrorResponse)
        assert not await is_active(server, made, tokens.access_token)
        # A token that is unknown is revoked already (RFC 7009 section 2.2).
        assert await made.revoke(tokens.refresh_token) == 200


async def test_a_refusal_is_the_provider_s_word_with_our_state(server: OidcProvider) -> None:
    async with at(server) as made:
        answer = await made.consent("Deny")
    assert answer == ErrorResponse("access_denied", "The user refused.", STATE, server.url)


async def test_a_consent_without_contacts_says_so_in_its_scopes(server: OidcProvider) -> None:
    async with at(server) as made:
        assert (await made.tokens("Allow without contacts")).scopes == ("email",)


async def test_the_scopes_and_the_end_of_a_token_are_known_to_an_api_beside(server: OidcProvider) -> None:
    async with at(server) as made:
        tokens = await made.tokens("Allow without contacts")
        assert await server.judge(tokens.access_token) == ["email"]
        await made.revoke(tokens.refresh_token)
        assert await server.judge(tokens.access_token) is None


async def test_a_wrong_secret_is_told_from_a_wrong_code(server: OidcProvider) -> None:
    async with at(server, OAuthClient("by:basic", SECRET + "x", "client_secret_basic")) as made:
        answer = await made.redeem(await made.code("Allow"))
    assert isinstance(answer, ErrorResponse)
    assert answer.error == "invalid_client"
