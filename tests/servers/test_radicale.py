from __future__ import annotations

import msgspec
import pytest

from contactport.errors import Code
from contactport.grant import Password
from contactport.sources.base import Account, Source
from samples.book import cards
from tests.import_fails import import_fails
from tests.servers.behaviour import SourceBehaviour
from tests.servers.conftest import SIZES
from tests.servers.radicale import Radicale
from tests.servers.source_run import PASSWORD, little_cards, provider, read, source

GROUP = "\r\n".join(
    (
        "BEGIN:VCARD",
        "VERSION:3.0",
        "UID:{uid}",
        "FN:Friends",
        "N:Friends;;;;",
        "{kind}:group",
        "{member}",
        "END:VCARD",
        "",
    )
)


def account(server: Radicale, username: str, *, path: str = "", password: str = PASSWORD) -> Account:
    return Account(provider=provider(), grant=Password(username, password, server.url + path))


NAMES = {count: user for user, count in SIZES.items()}


class RadicaleHarness(msgspec.Struct):
    server: Radicale
    signs_in: bool = True

    @property
    def source(self) -> Source:
        return source("carddav")

    def account(self, count: int) -> Account:
        return account(self.server, NAMES[count])

    def stranger(self) -> Account:
        return account(self.server, "user_some", password="wrong")

    def absent(self, port: int) -> Account:
        account = self.account(1)
        grant = msgspec.structs.replace(account.grant, server=f"http://127.0.0.1:{port}/")
        return msgspec.structs.replace(account, grant=grant)

    def uids(self, count: int) -> set[str]:
        return {f"sample-1-{number}" for number in range(count)}


class TestRadicale(SourceBehaviour):
    @pytest.fixture
    def harness(self, radicale_server: Radicale) -> RadicaleHarness:
        return RadicaleHarness(radicale_server)

    async def test_brings_ten_thousand_cards(self, radicale_server: Radicale) -> None:
        radicale_server.book("user_big", "contacts", little_cards(10_000))
        reading = await read(source("carddav"), account(radicale_server, "user_big"))
        assert set(reading.uids) == {f"little-{number}" for number in range(10_000)}
        assert len(reading.keys) == 10_000
        assert reading.rejects == []


async def test_every_book_of_a_user_is_read(radicale_server: Radicale) -> None:
    radicale_server.book("user_several", "private", cards(20, seed=2))
    radicale_server.book("user_several", "work", cards(30, seed=3))
    radicale_server.book("user_several", "empty", [])
    reading = await read(source("carddav"), account(radicale_server, "user_several"))
    assert set(reading.uids) == {f"sample-2-{n}" for n in range(20)} | {f"sample-3-{n}" for n in range(30)}
    assert {card.book for card in reading.cards} == {"/user_several/private/", "/user_several/work/"}


async def test_a_book_that_the_caller_names_is_read_alone(radicale_server: Radicale) -> None:
    radicale_server.book("user_named", "wanted", cards(5, seed=4))
    radicale_server.book("user_named", "other", cards(5, seed=5))
    reading = await read(source("carddav"), account(radicale_server, "user_named", path="user_named/wanted/"))
    assert set(reading.uids) == {f"sample-4-{n}" for n in range(5)}


async def test_group_cards_come_with_the_others(radicale_server: Radicale) -> None:
    groups = [
        GROUP.format(
            uid="group-3", kind="X-ADDRESSBOOKSERVER-KIND", member="X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a"
        ),
        GROUP.format(uid="group-4", kind="KIND", member="MEMBER:urn:uuid:a").replace("3.0", "4.0"),
    ]
    radicale_server.book("user_groups", "contacts", [*cards(3), *groups])
    reading = await read(source("carddav"), account(radicale_server, "user_groups"))
    assert set(reading.uids) == {"sample-1-0", "sample-1-1", "sample-1-2", "group-3", "group-4"}


async def test_control_characters_in_a_card_cost_nothing_but_themselves(radicale_server: Radicale) -> None:
    sound = list(cards(20))
    broken = [card.replace("FN:", f"FN:a{chr(5 + n)}b", 1) if n < 3 else card for n, card in enumerate(sound)]
    radicale_server.book("user_broken", "contacts", broken)
    reading = await read(source("carddav"), account(radicale_server, "user_broken"))
    assert set(reading.uids) == {f"sample-1-{n}" for n in range(20)}
    assert reading.rejects == []
    assert all(chr(5).encode() not in card.data for card in reading.cards)


async def test_an_account_without_a_book_is_told_so(radicale_server: Radicale) -> None:
    with import_fails("no address book for it") as caught:
        await read(source("carddav"), account(radicale_server, "user_bookless"))
    assert caught.value.code == Code.IMPORT_FAILED


async def test_a_name_beyond_ascii_signs_in(radicale_server: Radicale) -> None:
    radicale_server.book("jürgen", "contacts", cards(2))
    reading = await read(source("carddav"), account(radicale_server, "jürgen"))
    assert len(reading.keys) == 2


async def test_a_whole_address_signs_in(radicale_server: Radicale) -> None:
    radicale_server.book("someone@example.com", "contacts", cards(2))
    reading = await read(source("carddav"), account(radicale_server, "someone@example.com"))
    assert len(reading.keys) == 2


async def test_its_local_part_does_where_that_is_the_users_name(radicale_server: Radicale) -> None:
    radicale_server.book("shy", "contacts", cards(2))
    reading = await read(source("carddav"), account(radicale_server, "shy@example.com"))
    assert len(reading.keys) == 2


async def test_a_path_that_leads_nowhere_does_not_matter(radicale_server: Radicale) -> None:
    reading = await read(source("carddav"), account(radicale_server, "user_one", path="no/such/path/"))
    assert len(reading.keys) == 1
