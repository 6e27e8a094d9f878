"""Several books, of which some can't be read: the others are delivered, and each book is reported."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest

from contactport.contact import BookOutcome
from contactport.errors import Code
from contactport.grant import Password
from contactport.imports.to_error import to_error, to_outcome
from contactport.net.client import open_client
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from contactport.sources.carddav.outcomes import MOST_FAILED, MOST_HURT
from contactport.sources.failures import FAILURES, Failure, NotAsked, RetryLater, Unavailable
from tests.import_fails import import_fails
from tests.servers.scripted_books import Books, Replace, ScriptedBooks, book, scripted_books
from tests.servers.source_run import PASSWORD, QUICK, SourceRun, provider, settings
from tests.unit.net.little_server import Last, ReceivedRequest, Reply, reply

NOT_ASKED = to_error(NotAsked(), "password").text
PATHS = ("/home/one/", "/home/two/", "/home/three/")
BOOKS = {path: book(path, 20) for path in PATHS}

STATUSES = {
    403: Code.IMPORT_FAILED,
    404: Code.IMPORT_FAILED,
    405: Code.IMPORT_FAILED,
    423: Code.IMPORT_FAILED,
    500: Code.UNAVAILABLE,
    501: Code.UNAVAILABLE,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    429: Code.UNAVAILABLE,
    401: Code.WRONG_PASSWORD,
    302: Code.UNAVAILABLE,
}


class Ending(SourceRun):
    """`error` is what was raised in the end, if anything was."""

    error: Failure | None = None

    @property
    def books(self) -> dict[str, BookOutcome]:
        found = [to_outcome(book, "password") for page in self.pages for book in page.books]
        assert len({outcome.place for outcome in found}) == len(found)
        return {outcome.place: outcome for outcome in found}

    @property
    def states(self) -> list[str]:
        return [outcome.state for outcome in self.books.values()]


async def attempt(
    replace: Replace,
    books: Books = BOOKS,
    *,
    known: frozenset[str] = frozenset(),
) -> tuple[Ending, ScriptedBooks]:
    ending = Ending([])
    async with (
        scripted_books(books, replace) as (books_served, server),
        open_client(settings(idle_seconds=1.0, first_byte_seconds=1.0, connect_seconds=1.0), QUICK) as client,
    ):
        account = Account(provider=provider(), grant=Password("alice", PASSWORD, server.url()))
        try:
            async for page in CardDav().pages(account, client, known):
                ending.pages.append(page)
        except FAILURES as error:
            ending.error = error
    return ending, books_served


def failing(
    status: int, *paths: str, headers: tuple[str, ...] = ()
) -> Callable[[str, ReceivedRequest], Reply | bool]:
    def replace(what: str, request: ReceivedRequest) -> Reply | bool:
        here = any(request.target.startswith(path) for path in paths)
        return reply(status, b"", *headers) if here else True

    return replace


def uids(*paths: str, count: int = 20) -> list[str]:
    return sorted(
        f"{path.strip('/').replace('/', '-')}-{number}" for path in paths for number in range(count)
    )


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("path", PATHS)
async def test_a_book_that_fails_does_not_void_the_others(status: int, path: str) -> None:
    ending, _ = await attempt(failing(status, path))
    others = [other for other in PATHS if other != path]
    assert ending.error is None
    assert sorted(ending.uids) == uids(*others)
    assert {place: outcome.state for place, outcome in ending.books.items()} == {
        path: "failed",
        **dict.fromkeys(others, "complete"),
    }
    assert ending.books[path].reason
    assert all(not ending.books[other].reason for other in others)


@pytest.mark.parametrize("status", STATUSES)
async def test_where_no_book_can_be_read_the_first_ones_reason_is_the_imports(status: int) -> None:
    def replace(what: str, request: ReceivedRequest) -> Reply | bool:
        if not request.target.startswith(PATHS):
            return True
        return reply(status if request.target.startswith(PATHS[0]) else 403)

    ending, _ = await attempt(replace)
    assert ending.error is not None
    told = to_error(ending.error, "password")
    assert told.code == STATUSES[status]
    assert told.text == next(iter(ending.books.values())).reason
    assert "complete" not in ending.states


async def test_each_book_is_told_of_where_all_are_read() -> None:
    ending, _ = await attempt(lambda what, request: True)
    assert list(ending.books.values()) == [BookOutcome(path, "complete") for path in PATHS]
    assert ending.listed == 60


async def test_a_book_that_breaks_off_keeps_what_was_read_of_it() -> None:
    def replace(what: str, request: ReceivedRequest) -> Reply | bool:
        if not request.target.startswith(PATHS[1]) or what == "listing":
            return True
        if what == "multiget" and not broken:
            broken.append(True)
            whole = shelves[0].plain(what, request)
            assert isinstance(whole, bytes)
            body = whole.partition(b"\r\n\r\n")[2]
            return Last(b"HTTP/1.1 207 Whatever\r\nContent-Type: text/xml\r\n\r\n" + body[: len(body) // 2])
        return reply(403)

    broken: list[bool] = []
    shelves: list[ScriptedBooks] = []
    ending = Ending([])
    async with (
        scripted_books(BOOKS, lambda what, request: replace(what, request)) as (books_served, server),
        open_client(settings(), QUICK) as client,
    ):
        shelves.append(books_served)
        account = Account(provider=provider(), grant=Password("alice", PASSWORD, server.url()))
        async for page in CardDav().pages(account, client, ()):
            ending.pages.append(page)
    assert ending.states == ["complete", "failed", "complete"]
    kept = set(ending.uids) & set(uids(PATHS[1]))
    assert 0 < len(kept) < 20
    assert sorted(set(ending.uids) - kept) == uids(PATHS[0], PATHS[2])


@pytest.mark.parametrize("status", [429, 503])
async def test_a_rest_that_is_asked_for_is_taken_and_says_what_is_whole(status: int) -> None:
    ending, books_served = await attempt(failing(status, PATHS[1], headers=("Retry-After: 120",)))
    assert isinstance(ending.error, RetryLater)
    assert ending.error.retry_after == 120
    assert ending.error.provider_failed is (status == 503)
    assert sorted(ending.uids) == uids(PATHS[0])
    assert ending.states == ["complete", "failed", "failed"]
    # Nobody was asked after that.
    assert books_served.kinds[-1][1] == PATHS[1]
    resumed, _ = await attempt(lambda what, request: True, known=frozenset(ending.keys))
    assert resumed.error is None
    assert resumed.states == ["complete"] * 3
    assert sorted(resumed.uids) == uids(*PATHS[1:])


async def test_a_rest_before_any_book_was_read_is_a_rest_and_no_more() -> None:
    ending, _ = await attempt(failing(503, PATHS[0], headers=("Retry-After: 120",)))
    assert ending.error is not None
    assert type(ending.error) is Unavailable
    assert ending.error.retry_after == 120


@pytest.mark.parametrize(("status", "most"), [(401, MOST_HURT), (503, MOST_HURT), (404, MOST_FAILED)])
async def test_a_server_that_fails_at_book_after_book_is_left_alone(status: int, most: int) -> None:
    paths = [f"/home/{number:02}/" for number in range(MOST_FAILED + 5)]
    books = {path: book(path, 2) for path in paths}
    ending, books_served = await attempt(failing(status, *paths[1:]), books)
    assert ending.error is None
    assert sorted(ending.uids) == uids(paths[0], count=2)
    assert len({target for _, target in books_served.kinds}) == 1 + most
    reasons = [outcome.reason for outcome in ending.books.values()]
    assert [reason == NOT_ASKED for reason in reasons[1:]] == [False] * most + [True] * (
        len(paths) - 1 - most
    )


async def test_a_silent_book_costs_only_itself() -> None:
    async def silence() -> Reply:
        await asyncio.sleep(30)
        return None

    def replace(what: str, request: ReceivedRequest) -> Reply | bool | Awaitable[Reply]:
        return silence() if request.target == PATHS[1] else True

    ending, _ = await attempt(replace)
    assert ending.error is None
    assert ending.states == ["complete", "failed", "complete"]
    assert "too long" in ending.books[PATHS[1]].reason


async def test_too_much_of_one_book_is_too_much_of_the_import() -> None:
    async with (
        scripted_books(BOOKS) as (_, server),
        open_client(settings(import_members=30), QUICK) as client,
    ):
        account = Account(provider=provider(), grant=Password("alice", PASSWORD, server.url()))
        with import_fails("more than 30 members"):
            async for _ in CardDav().pages(account, client, ()):
                pass


async def test_books_on_different_hosts_are_named_with_them() -> None:
    numbers = itertools.count()
    async with scripted_books({"/home/": book("/home/", 3)}) as (_, other):
        books: Books = {"/home/one/": book("/home/one/", 3)}

        def replace(what: str, request: ReceivedRequest) -> Reply | bool:
            if what == "discovery" and request.target == "/home/":
                next(numbers)
                answer = books_served.plain(what, request)
                assert isinstance(answer, bytes)
                return answer
            return True

        async with scripted_books(books, replace) as (books_served, server):
            books_served.books[other.url("/home/")] = {}
            async with open_client(settings(), QUICK) as client:
                account = Account(provider=provider(), grant=Password("a", PASSWORD, server.url()))
                places = [
                    outcome.place
                    async for page in CardDav().pages(account, client, ())
                    for outcome in page.books
                ]
    assert places == [server.url("/home/one/"), other.url("/home/")]
