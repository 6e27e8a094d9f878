"""What one book may cost its server and us: requests that fail, pieces that bring little, answers that take long."""

from __future__ import annotations

import itertools

import pytest

from contactport.errors import Code
from contactport.grant import Password
from contactport.net import processor_budget
from contactport.net.client import open_client
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from contactport.sources.carddav.book_reader import CONTINUATIONS, LOOKS, MEMBERS_EACH
from contactport.sources.failures import FAILURES
from tests.import_fails import import_fails
from tests.servers.scripted_books import (
    Books,
    book,
    carried,
    full,
    multistatus,
    scripted_books,
)
from tests.servers.source_run import PASSWORD, QUICK, provider, settings
from tests.unit.net.little_server import Last, LittleServer, ReceivedRequest, Reply

PATH = "/home/one/"


def account(server: LittleServer) -> Account:
    return Account(provider=provider(), grant=Password("alice", PASSWORD, server.url()))


async def count(server: LittleServer) -> int:
    """The cards that come of it."""
    async with open_client(settings(host_requests_per_second=1000), QUICK) as client:
        return sum([len(page.records) async for page in CardDav().pages(account(server), client, ())])


@pytest.mark.parametrize(
    ("answer", "most"),
    [
        (None, 3),
        (Last(b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 5000\r\n\r\n<D:multistatus"), LOOKS),
        (multistatus(b"<D:response><D:href>"), LOOKS),
        (Last(b"nonsense\r\n\r\n"), 3),
    ],
    ids=["no answer", "a broken connection", "broken XML", "no HTTP"],
)
async def test_a_bad_listing_is_not_asked_for_again_and_again(answer: Reply, most: int) -> None:
    def replace(what: str, request: ReceivedRequest) -> Reply | bool:
        return answer if what == "listing" else True

    books: Books = {PATH: book(PATH, 5)}
    async with scripted_books(books, replace, "addressbook-multiget") as (one, server):
        with pytest.raises(FAILURES):
            await count(server)
    assert 0 < one.kinds.count(("listing", PATH)) <= most


@pytest.mark.parametrize(("each", "whole"), [(1, False), (40, True)])
async def test_pieces_that_bring_little_are_not_gone_on_with_for_ever(each: int, whole: bool) -> None:
    cards = book(PATH, 6000)
    numbers = itertools.count()
    listed = list(cards.items())

    def replace(what: str, request: ReceivedRequest) -> Reply | bool:
        if what == "listing":
            return multistatus(full(PATH))
        if what != "sync":
            return True
        at = next(numbers) * each
        piece = [carried(href, data) for href, data in listed[at : at + each]]
        more = [] if at + each >= len(listed) else [full(PATH)]
        token = b"<D:sync-token>t%d</D:sync-token>" % at
        return multistatus(*piece, *more, token)

    async with scripted_books({PATH: cards}, replace, "sync-collection") as (one, server):
        if whole:
            assert await count(server) == len(cards)
        else:
            await count(server)
    asked = one.kinds.count(("sync", PATH))
    assert asked <= CONTINUATIONS + len(cards) // MEMBERS_EACH
    assert (asked == len(cards) // each) is whole


async def test_the_time_to_read_answers_counts_towards_the_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor_budget, "FLOOR", 0)
    async with scripted_books({PATH: book(PATH, 50)}) as (_, server):
        with import_fails("more work") as caught:
            async with open_client(settings(processor_seconds=1e-9), QUICK) as client:
                async for _ in CardDav().pages(account(server), client, ()):
                    pass
    assert caught.value.code == Code.IMPORT_FAILED
