"""Requests that may be sent only once: exactly one comes, whatever the server does with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from yarl import URL

from contactport.net.client import open_client
from contactport.net.failures import AnswerLost, CertificateInvalid, ConnectionLost, TooLarge, Unreachable
from tests.unit.net.authority import make_authority
from tests.unit.net.little_server import Last, ReceivedRequest, Reply, little_server, reply
from tests.unit.net.test_client import QUICK, alice, exchange, fetch, settings


async def test_any_method_goes_out_with_its_body() -> None:
    async with exchange(lambda _: reply(200, b"{}")) as (server, client):
        found = await fetch(client, server.url("/token"), "POST", body=b"code=1", once=True)
    assert found == (200, b"{}")
    (request,) = server.requests
    assert (request.method, request.target, request.body) == ("POST", "/token", b"code=1")


async def test_a_method_that_may_not_be_sent_again_has_to_be_sent_once() -> None:
    async with exchange(lambda _: reply(200)) as (server, client):
        with pytest.raises(ValueError, match="once"):
            await fetch(client, server.url(), "POST")
    assert not server.requests


@pytest.mark.parametrize("status", [301, 307, 401, 429, 500, 502, 503])
async def test_no_answer_makes_it_go_out_again(status: int) -> None:
    answer = reply(status, b"", "Location: /other", 'WWW-Authenticate: Basic realm="x"', "Retry-After: 0")
    async with exchange(lambda _: answer) as (server, client):
        assert (await fetch(client, server.url(), "POST", auth=alice(), once=True))[0] == status
    assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "answer",
    [
        None,
        Last(b""),
        Last(b"HTTP/1.1 200 O"),
        Last(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"),
        Last(b"hello\r\n\r\n"),
    ],
)
async def test_a_lost_answer_has_a_kind_of_its_own(method: str, answer: Reply) -> None:
    async with exchange(lambda _: answer) as (server, client):
        with pytest.raises(AnswerLost):
            await fetch(client, server.url(), method, once=True)
    assert len(server.requests) == 1


async def test_a_silent_server_is_a_lost_answer() -> None:
    async def silent(_: ReceivedRequest) -> Reply:
        return b""

    async with exchange(silent, connect_seconds=1, first_byte_seconds=0.05) as (server, client):
        with pytest.raises(AnswerLost):
            await fetch(client, server.url(), "POST", once=True)
    assert len(server.requests) == 1


async def test_where_nothing_listens_nothing_was_lost() -> None:
    async with exchange(lambda _: reply(200)) as (server, client):
        url = server.url()
    async with open_client(settings(), QUICK) as client:
        with pytest.raises(Unreachable) as caught:
            await fetch(client, url, "POST", once=True)
    assert not isinstance(caught.value, ConnectionLost)


async def test_a_certificate_of_nobody_is_told_apart_and_nothing_is_sent(tmp_path: Path) -> None:
    _, context = make_authority(tmp_path)
    async with (
        little_server(lambda _: reply(200), tls=context) as server,
        open_client(settings(), QUICK) as client,
    ):
        with pytest.raises(CertificateInvalid):
            await fetch(client, server.url(), "POST", once=True)
    assert not server.requests


async def test_it_never_goes_out_on_a_connection_that_was_used_before() -> None:
    """The server may have given that one up in the meantime, and the answer would be lost for nothing."""
    async with exchange(lambda _: reply(200, b"x")) as (server, client):
        await fetch(client, server.url(), "GET")
        for _ in range(2):
            await fetch(client, server.url(), "POST", once=True)
        await fetch(client, server.url(), "GET")
    assert [request.connection for request in server.requests] == [1, 2, 3, 1]


async def test_an_answer_that_is_too_long_is_not_a_lost_one() -> None:
    async with exchange(lambda _: reply(200, bytes(5000))) as (server, client):
        with pytest.raises(TooLarge):
            async with client.request("POST", URL(server.url()), once=True) as response:
                await response.read(4000)
    assert len(server.requests) == 1
