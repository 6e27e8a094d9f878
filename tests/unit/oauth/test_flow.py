"""The requests of OAuth: each is sent once, and any answer is read."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.net.client import Client, open_client
from contactport.net.failures import AnswerLost, NetworkFailure
from contactport.oauth.flow import (
    OAuthEndpoints,
    exchange,
    import_of,
    lacking,
    new_state,
    refresh,
    revoke,
)
from contactport.oauth.messages import ErrorResponse, MalformedResponse, OAuthClient, TokenResponse
from contactport.settings import Settings
from tests.unit.net.little_server import Handler, LittleServer, little_server, reply

CLIENT = OAuthClient("id", "secret-canary")
TOKENS = {"access_token": "at", "refresh_token": "rt", "expires_in": 3600, "token_type": "Bearer"}


@asynccontextmanager
async def against(handler: Handler) -> AsyncGenerator[tuple[LittleServer, Client, OAuthEndpoints]]:
    async with (
        little_server(handler) as server,
        open_client(Settings(allow_network=["127.0.0.0/8"], idle_seconds=0.5)) as http,
    ):
        yield (
            server,
            http,
            OAuthEndpoints(authorization="", token=server.url("/token"), revocation=server.url("/revoke")),
        )


async def exchanged(http: Client, endpoints: OAuthEndpoints) -> object:
    return await exchange(
        http,
        endpoints,
        CLIENT,
        code="the-code",
        redirect_uri="https://a.example/auth",
        verifier="v",
        asked=["s"],
    )


async def test_a_code_becomes_tokens() -> None:
    async with against(lambda _: reply(200, json.dumps(TOKENS).encode())) as (server, http, endpoints):
        assert await exchanged(http, endpoints) == TokenResponse("at", "rt", 3600, ("s",))
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/token")
    form = parse_qs(request.body.decode())
    assert form["code"] == ["the-code"]
    assert form["client_secret"] == ["secret-canary"]


@pytest.mark.parametrize(
    "answer",
    [b"[]", b"null", b"<html>", b"", b"{", b'{"access_token": 1}', b"\xff", b'{"error": {"a": 1}}'],
)
async def test_any_answer_is_read(answer: bytes) -> None:
    async with against(lambda _: reply(200, answer)) as (_, http, endpoints):
        assert isinstance(await exchanged(http, endpoints), MalformedResponse)


async def test_a_refused_code_is_an_error() -> None:
    async with against(lambda _: reply(400, b'{"error": "invalid_grant"}')) as (_, http, endpoints):
        assert await exchanged(http, endpoints) == ErrorResponse("invalid_grant")


@pytest.mark.parametrize("answer", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"])
async def test_a_lost_answer_is_lost(answer: bytes | None) -> None:
    async with against(lambda _: answer) as (server, http, endpoints):
        with pytest.raises(AnswerLost):
            await exchanged(http, endpoints)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308, 429, 500, 503])
async def test_nothing_is_sent_twice_whatever_the_status(status: int) -> None:
    async with against(lambda _: reply(status, b"", "Location: /token", "Retry-After: 0")) as (
        server,
        http,
        endpoints,
    ):
        assert isinstance(await exchanged(http, endpoints), MalformedResponse)
    assert len(server.requests) == 1


async def test_an_answer_without_an_end_is_not_read_to_it() -> None:
    async with against(lambda _: reply(200, b" " * (1 << 20))) as (_, http, endpoints):
        with pytest.raises(NetworkFailure):
            await exchanged(http, endpoints)


async def test_a_refresh_keeps_the_scopes_that_are_not_named() -> None:
    async with against(lambda _: reply(200, b'{"access_token": "at2"}')) as (server, http, endpoints):
        assert await refresh(http, endpoints, CLIENT, "rt", ("a", "b")) == TokenResponse(
            "at2", "", None, ("a", "b")
        )
    assert parse_qs(server.requests[0].body.decode())["refresh_token"] == ["rt"]


@pytest.mark.parametrize(("status", "done"), [(200, True), (204, True), (400, False), (503, False)])
async def test_a_revocation_says_whether_it_was_done(status: int, done: bool) -> None:
    async with against(lambda _: reply(status)) as (server, http, endpoints):
        assert await revoke(http, endpoints, CLIENT, "rt", "refresh_token") is done
    (request,) = server.requests
    assert request.target == "/revoke"


@given(import_id=st.integers(1, 2**31 - 1))
def test_a_state_names_its_import(import_id: int) -> None:
    state = new_state(import_id)
    assert import_of(state) == import_id
    assert parse_qs(state)["import_id"] == [str(import_id)]
    assert new_state(import_id) != state


@pytest.mark.parametrize(
    "state",
    [
        "",
        "n=1",
        "import_id=",
        "import_id=-1",
        "import_id=1&import_id=2",
        "import_id=١",
        "import_id=12345678901",
    ],
)
def test_what_is_no_state_names_none(state: str) -> None:
    assert import_of(state) is None


@given(st.text())
def test_any_text_is_read_as_a_state(text: str) -> None:
    found = import_of(text)
    assert found is None or 0 <= found < 10**10


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (("Contacts.Read",), []),
        (("https://graph.microsoft.com/contacts.read", "profile"), []),
        (("profile", "openid"), ["Contacts.Read"]),
        ((), ["Contacts.Read"]),
    ],
)
def test_what_was_not_granted_is_noticed(granted: tuple[str, ...], missing: list[str]) -> None:
    assert lacking(("Contacts.Read", "offline_access"), granted) == missing
