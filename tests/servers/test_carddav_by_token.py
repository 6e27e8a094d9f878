"""CardDAV with an access token instead of a password: Yahoo and AOL give contacts no other way after a consent."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from contactport.grant import OAuthToken, Upload
from contactport.net.auth import Refresh
from contactport.net.failures import NetworkFailure
from contactport.sources.base import Account
from contactport.sources.failures import (
    AccessDenied,
    ConsentWithdrawn,
    PasswordNotSent,
    ServerRequired,
)
from contactport.sources.providers import Provider
from tests.servers.scripted_books import HOME, Books, book, scripted_books
from tests.servers.source_run import SourceRun, provider, read, settings, source, with_table
from tests.unit.net.little_server import LittleServer, ReceivedRequest, Reply, little_server, reply

PATHS = ("/home/one/", "/home/two/")
TOKEN_REFUSED = reply(401, b"<error/>", 'WWW-Authenticate: Bearer error="invalid_token"')


class TokenServer:
    """Takes the tokens in `accepted`, whoever shows them; `shown` are those that came, in order."""

    def __init__(self, *accepted: str) -> None:
        self.accepted = set(accepted)
        self.shown: list[str] = []
        self.after: dict[str, set[str]] = {}
        """What is accepted once a request of this kind has come."""

    def judge(self, what: str, request: ReceivedRequest) -> Reply | bool:
        self.accepted = self.after.pop(what, self.accepted)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.shown.append(token)
        return True if token in self.accepted else TOKEN_REFUSED


def row_at(server: LittleServer, code: str = "yahoo") -> Provider:
    return with_table(provider(code), start=server.url("/.well-known/carddav"))


def account(row: Provider, token: str = "t1", refresh: Refresh | None = None) -> Account:
    grant = OAuthToken(access_token=token, email="alice@yahoo.com")
    return Account(provider=row, grant=grant, refresh=refresh)


@asynccontextmanager
async def token_books(judge: TokenServer) -> AsyncGenerator[LittleServer]:
    books: Books = {path: book(path, 60) for path in PATHS}
    async with scripted_books(books, judge.judge) as (_, server):
        yield server


def refreshing(*tokens: str | None) -> tuple[Refresh, list[str | None]]:
    """Gives one token after the other; the list is what is left."""
    left = list(tokens)

    async def refresh() -> str | None:
        return left.pop(0)

    return refresh, left


async def run(one: Account) -> SourceRun:
    return await read(source("carddav"), one, using=settings())


@pytest.mark.parametrize("code", ["yahoo", "aol"])
async def test_every_book_is_read_with_the_token_and_without_a_question(code: str) -> None:
    judge = TokenServer("t1")
    async with token_books(judge) as server:
        found = await run(account(row_at(server, code)))
    assert len(set(found.uids)) == len(found.uids) == 120
    assert [result.state for page in found.pages for result in page.books] == ["complete", "complete"]
    assert set(judge.shown) == {"t1"}


async def test_a_token_that_ends_in_the_middle_is_replaced_and_the_book_goes_on() -> None:
    judge = TokenServer("t1")
    judge.after["sync"] = {"t2"}
    refresh, left = refreshing("t2", "t3")
    async with token_books(judge) as server:
        found = await run(account(row_at(server), refresh=refresh))
    assert len(set(found.uids)) == 120
    assert found.rejects == []
    assert left == ["t3"]


async def test_a_consent_that_was_taken_back_is_told_as_such() -> None:
    refresh, left = refreshing(None, "t3")
    async with token_books(TokenServer()) as server:
        with pytest.raises(ConsentWithdrawn):
            await run(account(row_at(server), refresh=refresh))
    assert left == ["t3"]


async def test_without_a_way_to_another_token_the_refusal_counts_at_once() -> None:
    judge = TokenServer()
    async with token_books(judge) as server:
        with pytest.raises(ConsentWithdrawn):
            await run(account(row_at(server)))
    assert judge.shown == ["t1"]


async def test_a_consent_that_does_not_reach_to_contacts_is_no_wrong_password() -> None:
    async with little_server(lambda _: reply(403)) as server:
        with pytest.raises(AccessDenied):
            await run(account(row_at(server)))


async def test_a_stranger_that_the_server_leads_to_gets_no_token() -> None:
    async with little_server(lambda _: TOKEN_REFUSED, host="127.0.0.2") as stranger:
        lead = reply(302, b"", f"Location: {stranger.url(HOME)}")
        async with little_server(lambda _: lead) as server:
            with pytest.raises(PasswordNotSent):
                await run(account(row_at(server)))
    assert stranger.requests
    assert all("authorization" not in request.headers for request in stranger.requests)


async def test_no_address_of_the_users_leads_a_token_anywhere() -> None:
    with pytest.raises(ServerRequired):
        await run(account(provider("carddav")))


async def test_a_file_is_not_read_by_this_protocol() -> None:
    with pytest.raises(TypeError, match="Upload"):
        await run(Account(provider=provider("yahoo"), grant=Upload()))


async def test_a_failed_refresh_ends_the_import_as_it_failed() -> None:
    class TokenServerAway(NetworkFailure):
        pass

    async def refresh() -> str | None:
        raise TokenServerAway

    async with token_books(TokenServer()) as server:
        with pytest.raises(TokenServerAway):
            await run(account(row_at(server), refresh=refresh))
