"""A server that gives only a part of an address book and says so: the book is reported as incomplete."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from contactport.contact import BookOutcome
from contactport.grant import Password
from contactport.imports.to_error import to_error, to_outcome
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from contactport.sources.failures import MembersWithheld
from tests.import_fails import import_fails
from tests.servers.scripted_books import FULL, XML, ScriptedBooks, book, full, scripted_books
from tests.servers.source_run import PASSWORD, SourceRun, provider, read
from tests.unit.net.little_server import ReceivedRequest, Reply, reply

HELD_BACK = to_error(MembersWithheld(), "password").text
PATH = "/home/book/"
BOOK = book(PATH, 50)
ALL = {f"home-book-{number}" for number in range(50)}
_RESPONSE = re.compile(rb"<D:response>.*?</D:response>\n", re.DOTALL)
LIMITS = b"<D:error><D:number-of-matches-within-limits/></D:error>"
SIGNS: dict[str, tuple[bytes, str]] = {
    "507": (full(PATH), ""),
    "507 without the slash": (full(PATH.rstrip("/")), ""),
    "507 at a URL": (full("http://127.0.0.1:{port}" + PATH), ""),
    "507 in a propstat": (
        b"<D:response><D:href>%b</D:href><D:propstat><D:prop/>%b</D:propstat></D:response>"
        % (PATH.encode(), FULL),
        "",
    ),
    "a precondition": (
        b"<D:response><D:href>%b</D:href><D:status>HTTP/1.1 403 Forbidden</D:status>%b</D:response>"
        % (PATH.encode(), LIMITS),
        "",
    ),
    "a link": (b"", 'Link: <https://dav.example/?page=2>; title="x"; rel="next"'),
}


def cut(answer: Reply, count: int, sign: str, port: int) -> bytes:
    """The first responses of a multistatus, and the sign that there are more."""
    assert isinstance(answer, bytes)
    body = answer.partition(b"\r\n\r\n")[2]
    said, header = SIGNS[sign]
    said = said.replace(b"{port}", str(port).encode())
    responses = _RESPONSE.findall(body)
    own = [one for one in responses if b"<D:href>%b</D:href>" % PATH.encode() in one]
    kept = [one for one in responses if one not in own][:count]
    head = body[: body.index(b"<D:response>")]
    parts = [head, *own, *kept, said, b"</D:multistatus>"]
    return reply(207, b"".join(parts), XML, *([header] if header else []))


async def whole(
    limits: dict[str, int],
    sign: str = "507",
    instead: Callable[[str, ReceivedRequest], Reply | bool] | None = None,
) -> tuple[SourceRun, list[BookOutcome], ScriptedBooks]:
    """Each kind of request in `limits` is cut so."""
    port = 0

    def replace(what: str, request: ReceivedRequest) -> Reply | bool:
        found = True if instead is None else instead(what, request)
        if found is not True:
            return found
        if what in limits:
            return cut(books_served.plain(what, request), limits[what], sign, port)
        return True

    async with scripted_books({PATH: BOOK}, replace) as (books_served, server):
        port = server.port
        account = Account(provider=provider(), grant=Password("alice", PASSWORD, server.url()))
        reading = await read(CardDav(), account)
    return (
        reading,
        [to_outcome(book, "password") for page in reading.pages for book in page.books],
        books_served,
    )


@pytest.mark.parametrize("sign", SIGNS)
class TestEverySign:
    async def test_sends_the_reader_on_to_what_has_the_rest(self, sign: str) -> None:
        for limits in (
            {"sync": 20},
            {"sync": 20, "query": 30},
            {"listing": 20},
            {"sync": 20, "listing": 20},
            {"sync": 20, "listing": 30, "multiget": 7},
            {"query": 20, "sync": 20, "multiget": 9},
            {"multiget": 9},
        ):
            reading, books, _ = await whole(limits, sign)
            assert set(reading.uids) == ALL, limits
            assert books == [BookOutcome(PATH, "complete")], limits
            assert len(reading.keys) == 50
            assert reading.rejects == []

    async def test_is_told_where_nothing_has_the_rest(self, sign: str) -> None:
        limits = {"sync": 20, "query": 20, "listing": 20}
        reading, books, books_served = await whole(limits, sign)
        assert len(set(reading.uids)) == len(reading.keys) == 20
        assert books == [BookOutcome(PATH, "incomplete", HELD_BACK)]
        assert {what for what, _ in books_served.kinds} >= {"sync", "listing", "query"}

    async def test_is_told_though_the_listing_is_cut_in_silence(self, sign: str) -> None:
        def silent(what: str, request: ReceivedRequest) -> Reply | bool:
            if what != "listing":
                return True
            sound = ScriptedBooks({PATH: dict(list(BOOK.items())[:20])}, lambda _, __: True, "")
            return sound.plain(what, request)

        reading, books, _ = await whole({"sync": 20, "query": 20}, sign, silent)
        assert len(reading.keys) == 20
        assert books == [BookOutcome(PATH, "incomplete", HELD_BACK)]


async def test_a_server_that_gives_nothing_and_says_so_has_no_empty_book() -> None:
    with import_fails() as caught:
        await whole({"sync": 0, "query": 0, "listing": 0})
    assert caught.value.text == HELD_BACK


async def test_a_whole_answer_of_507_is_no_empty_book() -> None:
    def refuse(what: str, request: ReceivedRequest) -> Reply | bool:
        return reply(507) if what in ("sync", "query", "listing") else True

    with import_fails():
        await whole({}, "507", refuse)


@pytest.mark.parametrize("status", [403, 500, 507])
async def test_a_member_that_the_listing_fails_to_tell_of_is_read_all_the_same(status: int) -> None:
    hidden = list(BOOK)[7]

    def instead(what: str, request: ReceivedRequest) -> Reply | bool:
        if what in ("sync", "query"):
            return reply(501)
        if what != "listing":
            return True
        sound = ScriptedBooks({PATH: BOOK}, lambda _, __: True, "").plain(what, request)
        assert isinstance(sound, bytes)
        body = sound.partition(b"\r\n\r\n")[2]
        failed = b"<D:response><D:href>%b</D:href><D:status>HTTP/1.1 %d No</D:status></D:response>\n"
        for one in _RESPONSE.findall(body):
            if b">%b<" % hidden in one:
                body = body.replace(one, failed % (hidden, status))
        return reply(207, body, XML)

    reading, books, _ = await whole({}, "507", instead)
    assert set(reading.uids) == ALL
    assert books == [BookOutcome(PATH, "complete")]
