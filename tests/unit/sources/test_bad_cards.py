"""Single cards that break every report: only these cards are lost, and there are no pauses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import msgspec
import pytest

from contactport.errors import Code
from contactport.grant import Password
from contactport.net.client import open_client
from contactport.net.retries import RetryPolicy
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from tests.import_fails import import_fails
from tests.servers.scripted_books import ScriptedBooks, book, scripted_books
from tests.servers.source_run import PASSWORD, SourceRun, provider, settings, with_table
from tests.unit.net.little_server import Last, ReceivedRequest, Reply, reply

PATH = "/home/book/"
Spoil = Callable[[bytes, list[bytes]], bytes]


class Counted(RetryPolicy, frozen=True):
    """Short pauses that are counted."""

    pauses: list[float] = msgspec.field(default_factory=list[float])

    def pause(self, tries: int) -> float:
        self.pauses.append(tries)
        return 0.001


def refuses(_answer: bytes, _bad: list[bytes]) -> bytes:
    return reply(500)


def breaks(answer: bytes, bad: list[bytes]) -> bytes:
    """The XML is broken in each bad card."""
    body = answer.partition(b"\r\n\r\n")[2]
    for href in bad:
        at = body.index(b"<C:address-data>", body.index(b">%b<" % href))
        body = body[:at] + b"<C:address-data>a bare < here" + body[at + 16 :]
    return reply(207, body, "Content-Type: text/xml")


def breaks_in_silence(answer: bytes, bad: list[bytes]) -> bytes:
    """The XML is broken before anything tells in which card."""
    body = answer.partition(b"\r\n\r\n")[2]
    for href in bad:
        body = body.replace(b"<D:response><D:href>%b<" % href, b"<D:response><<D:href>%b<" % href)
    return reply(207, body, "Content-Type: text/xml")


def hangs_up(answer: bytes, bad: list[bytes]) -> bytes:
    """The connection ends in the first bad card, before the length that was promised."""
    at = answer.index(b"<C:address-data>", min(answer.index(b">%b<" % href) for href in bad))
    return Last(answer[: at + 30])


def ends(answer: bytes, bad: list[bytes]) -> bytes:
    """The answer ends in the first bad card, and nothing told its length."""
    body = answer.partition(b"\r\n\r\n")[2]
    at = body.index(b"<C:address-data>", min(body.index(b">%b<" % href) for href in bad))
    return Last(b"HTTP/1.1 207 Whatever\r\nContent-Type: text/xml\r\n\r\n" + body[: at + 30])


WAYS: dict[str, Spoil] = {
    "500": refuses,
    "broken XML": breaks,
    "broken XML that does not tell where": breaks_in_silence,
    "connection broken off": hangs_up,
    "answer cut": ends,
}


async def whole(
    count: int, numbers: set[int], spoil: Spoil, *, concurrency: int = 1, kept: bool = True
) -> tuple[SourceRun, Counter[str], list[float]]:
    """A book in which these cards are bad; `kept` says that GET has them all the same."""
    cards = book(PATH, count)
    bad = [href for number, href in enumerate(cards) if number in numbers]

    def replace(what: str, request: ReceivedRequest) -> Reply | bool:
        if what == "get" and request.target.encode() in bad and not kept:
            return reply(500)
        if what != "multiget":
            return True
        answer = one.plain(what, request)
        assert isinstance(answer, bytes)
        here = [href for href in bad if b"<D:href>%b<" % href in request.body]
        return spoil(answer, here) if here else answer

    row = with_table(provider(), concurrency=concurrency)
    retry_policy = Counted()
    reading = SourceRun([])
    async with (
        scripted_books({PATH: cards}, replace, "addressbook-multiget") as (one, server),
        open_client(settings(), retry_policy) as client,
    ):
        account = Account(provider=row, grant=Password("alice", PASSWORD, server.url()))
        async for page in CardDav().pages(account, client, ()):
            reading.pages.append(page)
    return reading, Counter(what for what, _ in one.kinds), retry_policy.pauses


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("way", WAYS)
class TestEveryWay:
    async def test_every_card_comes_where_get_has_the_bad_ones(self, way: str, concurrency: int) -> None:
        for seed, (count, how_many) in enumerate([(300, 1), (300, 3), (400, 5), (40, 4), (1, 1)]):
            numbers = set(Random(seed).sample(range(count), how_many))
            reading, _, _ = await whole(count, numbers, WAYS[way], concurrency=concurrency)
            assert sorted(reading.uids) == sorted(f"home-book-{number}" for number in range(count)), numbers
            assert (reading.rejects, reading.repeats) == ([], 0)

    async def test_each_costs_only_itself_where_nothing_has_it(self, way: str, concurrency: int) -> None:
        numbers = {0, 7, 8, 99, 250}
        reading, _, _ = await whole(300, numbers, WAYS[way], concurrency=concurrency, kept=False)
        assert sorted(reading.uids) == sorted(f"home-book-{n}" for n in set(range(300)) - numbers)
        assert {reject.place for reject in reading.rejects} == {f"{PATH}{n:04}.vcf" for n in numbers}


@pytest.mark.parametrize(
    ("way", "count", "numbers", "most"),
    [
        ("500", 300, {150}, 20),
        ("500", 1000, {99, 300, 517, 518, 999}, 90),
        ("broken XML", 300, {150}, 5),
        ("broken XML", 1000, {99, 300, 517, 518, 999}, 12),
        ("broken XML that does not tell where", 300, {150}, 20),
        ("answer cut", 300, {150}, 8),
    ],
)
async def test_they_cost_a_few_requests_and_no_pause(
    way: str, count: int, numbers: set[int], most: int
) -> None:
    reading, kinds, pauses = await whole(count, numbers, WAYS[way])
    assert len(reading.keys) == count
    assert kinds["multiget"] <= most
    assert kinds["get"] == len(numbers)
    assert pauses == []


async def test_a_server_that_fails_at_everything_is_not_searched() -> None:
    with import_fails() as caught:
        await whole(1000, set(range(1000)), refuses, kept=False)
    assert caught.value.code == Code.UNAVAILABLE


async def test_one_that_begins_to_fail_is_given_time() -> None:
    """It has answered before, and does not now: a card that came before tells it from a bad card."""
    cards = book(PATH, 600)
    seen: list[int] = []

    def replace(what: str, request: ReceivedRequest) -> Reply | bool:
        if what == "multiget":
            seen.append(request.body.count(b"<D:href>"))
            if 2 <= len(seen) < 7:
                return reply(500)
        return True

    retry_policy = Counted()
    async with (
        scripted_books({PATH: cards}, replace, "addressbook-multiget") as (_, server),
        open_client(settings(), retry_policy) as client,
    ):
        account = Account(provider=provider(), grant=Password("alice", PASSWORD, server.url()))
        keys = [card.key async for page in CardDav().pages(account, client, ()) for card in page.records]
    assert len(keys) == len(set(keys)) == 600
    assert 1 in seen
    assert retry_policy.pauses


async def test_a_card_with_a_nul_that_every_report_cuts_is_had_by_get() -> None:
    cards = book(PATH, 30)
    href = list(cards)[4]
    cards[href] = cards[href].replace(b"END:VCARD", b"NOTE:before\0after\r\nEND:VCARD")

    def replace(what: str, request: ReceivedRequest) -> Reply | bool:
        if what in ("get", "discovery", "listing"):
            return True
        sound = dict(one.books[PATH])
        sound[href] = sound[href].partition(b"\0")[0]
        return ScriptedBooks({PATH: sound}, lambda _, __: True, "sync-collection addressbook-multiget").plain(
            what, request
        )

    for reports in ("sync-collection addressbook-multiget", "addressbook-multiget"):
        async with (
            scripted_books({PATH: cards}, replace, reports) as (one, server),
            open_client(settings(), Counted()) as client,
        ):
            account = Account(provider=provider(), grant=Password("alice", PASSWORD, server.url()))
            found = [card async for page in CardDav().pages(account, client, ()) for card in page.records]
        assert len(found) == 30
        (nul,) = [card for card in found if card.key.encode() == href]
        assert nul.data.endswith(b"NOTE:beforeafter\r\nEND:VCARD\r\n")
        assert [what for what, _ in one.kinds].count("get") == 1


async def test_cards_that_never_have_an_end_come_as_they_are() -> None:
    cards = {href: data.partition(b"END:")[0] for href, data in book(PATH, 50).items()}
    async with (
        scripted_books({PATH: cards}) as (one, server),
        open_client(settings(), Counted()) as client,
    ):
        account = Account(provider=provider(), grant=Password("alice", PASSWORD, server.url()))
        found = [card async for page in CardDav().pages(account, client, ()) for card in page.records]
    assert len(found) == 50
    assert [what for what, _ in one.kinds].count("get") == 5
