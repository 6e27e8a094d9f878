"""Hrefs that are not UTF-8: each names its own card, in every kind of answer."""

from __future__ import annotations

import pytest

from contactport.grant import Password
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from tests.servers.scripted_books import Books, card, scripted_books
from tests.servers.source_run import PASSWORD, SourceRun, provider, read
from tests.unit.net.little_server import ReceivedRequest, Reply, reply

NAMES = {
    "escaped": [b"M%FCller", b"M%F6ller", b"M%C3%BCller"],
    "8-bit": [b"M\xfcller", b"M\xf6ller", b"M\xc3\xbcller", b"\x93\xfa\x96{", b"\x93\xfa\x96|"],
    "a slash in a name": [b"a%2Fb", b"a%252Fb"],
}


async def whole(books: Books, *refused: str) -> SourceRun:
    def replace(what: str, request: ReceivedRequest) -> Reply | bool:
        return reply(501) if what in refused else True

    async with scripted_books(books, replace) as (_, server):
        account = Account(provider=provider(), grant=Password("alice", PASSWORD, server.url()))
        return await read(CardDav(), account)


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("refused", ["", "sync", "sync multiget", "sync multiget query"])
async def test_nobody_is_taken_for_another(names: list[bytes], refused: str) -> None:
    cards = {b"/home/book/%b.vcf" % name: card(f"person-{number}") for number, name in enumerate(names)}
    reading = await whole({"/home/book/": cards}, *refused.split())
    assert sorted(reading.uids) == [f"person-{number}" for number in range(len(names))]
    assert len(set(reading.keys)) == len(names)
    assert (reading.rejects, reading.repeats) == ([], 0)
