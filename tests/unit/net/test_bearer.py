from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from yarl import URL

from contactport.net.auth import Bearer
from contactport.net.client import open_client
from contactport.net.failures import Unreachable
from contactport.net.trusted_hosts import TrustedHosts
from contactport.settings import Settings
from tests.unit.net.authority import make_authority
from tests.unit.net.little_server import Handler, ReceivedRequest, Reply, little_server, reply
from tests.unit.net.test_client import QUICK, exchange, fetch, settings

ASK = reply(401, b"", 'WWW-Authenticate: Bearer error="invalid_token"')


def hosts() -> TrustedHosts:
    return TrustedHosts(["127.0.0.1"], siblings=False)


class Tokens:
    """Gives the tokens of a list, one after the other, and counts how often it was asked."""

    def __init__(self, *tokens: str | None) -> None:
        self.left = list(tokens)
        self.asked = 0

    async def __call__(self) -> str | None:
        self.asked += 1
        await asyncio.sleep(0)
        return self.left.pop(0)


def accepting(*tokens: str) -> tuple[list[str], Handler]:
    """A server that takes the tokens of a list."""
    accepted = list(tokens)

    def answer(request: ReceivedRequest) -> Reply:
        _, _, token = request.headers.get("authorization", "").partition("Bearer ")
        return reply(200, b"{}") if token in accepted else ASK

    return accepted, answer


async def test_it_is_sent_unasked() -> None:
    async with exchange(lambda _: reply(200, b"{}")) as (server, client):
        assert await fetch(client, server.url(), "GET", auth=Bearer("t1", hosts())) == (200, b"{}")
    (request,) = server.requests
    assert request.headers["authorization"] == "Bearer t1"


async def test_it_goes_over_tls(tmp_path: Path) -> None:
    authority, context = make_authority(tmp_path)
    async with (
        little_server(lambda _: reply(200), tls=context) as server,
        open_client(settings(ca_file=str(authority)), QUICK) as client,
    ):
        assert (await fetch(client, server.url(), "GET", auth=Bearer("t1", hosts())))[0] == 200
    assert server.requests[0].headers["authorization"] == "Bearer t1"


async def test_nothing_goes_out_in_the_clear_where_the_operator_has_not_allowed_it() -> None:
    async with little_server(lambda _: reply(200)) as server, open_client(Settings(), QUICK) as client:
        with pytest.raises(Unreachable):
            await fetch(client, server.url(), "GET", auth=Bearer("t1", hosts()))
    assert not server.connections


async def test_it_is_not_sent_to_a_host_that_is_not_trusted() -> None:
    async with little_server(lambda _: ASK, host="127.0.0.2") as stranger:
        lead = reply(302, b"", f"Location: {stranger.url()}")
        async with (
            little_server(lambda _: lead) as server,
            open_client(Settings(allow_network=["127.0.0.0/8"]), QUICK) as client,
            client.request("GET", URL(server.url()), auth=Bearer("t1", hosts())) as response,
        ):
            assert (response.status, response.withheld) == (401, True)
    assert stranger.requests
    assert all("authorization" not in request.headers for request in stranger.requests)


async def test_a_refusal_without_a_way_to_a_fresh_token_stands() -> None:
    async with exchange(lambda _: ASK) as (server, client):
        assert (await fetch(client, server.url(), "GET", auth=Bearer("t1", hosts())))[0] == 401
    assert len(server.requests) == 1


async def test_a_token_that_ended_is_replaced_and_the_request_sent_again() -> None:
    accepted, answer = accepting("t1")
    tokens = Tokens("t2", "t3")
    auth = Bearer("t1", hosts(), tokens)
    async with exchange(answer) as (server, client):
        assert (await fetch(client, server.url(), "GET", auth=auth))[0] == 200
        for token in ("t2", "t3"):
            accepted[:] = [token]
            assert (await fetch(client, server.url(), "GET", auth=auth))[0] == 200
    assert auth.token == "t3"
    assert tokens.asked == 2


async def test_many_requests_at_once_ask_for_one_fresh_token() -> None:
    _, answer = accepting("t2")
    tokens = Tokens("t2")
    auth = Bearer("t1", hosts(), tokens)
    async with exchange(answer) as (server, client):
        found = await asyncio.gather(*(fetch(client, server.url(), "GET", auth=auth) for _ in range(6)))
    assert {status for status, _ in found} == {200}
    assert tokens.asked == 1


@pytest.mark.parametrize("fresh", [None, "t1", ""])
async def test_without_another_token_the_refusal_stands_and_nobody_is_asked_again(fresh: str | None) -> None:
    tokens = Tokens(fresh)
    auth = Bearer("t1", hosts(), tokens)
    async with exchange(lambda _: ASK) as (server, client):
        for _ in range(3):
            assert (await fetch(client, server.url(), "GET", auth=auth))[0] == 401
    assert tokens.asked == 1
    assert len(server.requests) == 3


async def test_a_host_that_refuses_every_token_gets_two() -> None:
    tokens = Tokens("t2", "t3", "t4")
    async with exchange(lambda _: ASK) as (server, client):
        auth = Bearer("t1", hosts(), tokens)
        for _ in range(3):
            assert (await fetch(client, server.url(), "GET", auth=auth))[0] == 401
    assert tokens.asked == 1
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer t1", "Bearer t2"}


async def test_what_is_forbidden_is_no_reason_for_a_fresh_token() -> None:
    tokens = Tokens("t2")
    async with exchange(lambda _: reply(403)) as (server, client):
        assert (await fetch(client, server.url(), "GET", auth=Bearer("t1", hosts(), tokens)))[0] == 403
    assert tokens.asked == 0


def test_nothing_shows_the_token() -> None:
    assert "t1" not in repr(Bearer("t1", hosts()))
