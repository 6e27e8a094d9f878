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
from tests.servers.davical import Davical
from tests.servers.source_run import PASSWORD, provider, read, source

NAMES = {count: user for user, count in SIZES.items()}


def account(
    server: Davical, username: str, *, path: str = "", code: str = "carddav", password: str = PASSWORD
) -> Account:
    return Account(provider=provider(code), grant=Password(username, password, server.url + path))


class DavicalHarness(msgspec.Struct):
    server: Davical
    signs_in: bool = True

    @property
    def source(self) -> Source:
        return source("carddav")

    def account(self, count: int) -> Account:
        return account(self.server, NAMES[count], code="davical")

    def stranger(self) -> Account:
        return account(self.server, "user_some", code="davical", password="wrong")

    def absent(self, port: int) -> Account:
        account = self.account(1)
        grant = msgspec.structs.replace(account.grant, server=f"http://127.0.0.1:{port}/")
        return msgspec.structs.replace(account, grant=grant)

    def uids(self, count: int) -> set[str]:
        return {f"sample-1-{number}" for number in range(count)}


class TestDavical(SourceBehaviour):
    @pytest.fixture
    def harness(self, davical_server: Davical) -> DavicalHarness:
        return DavicalHarness(davical_server)


async def test_every_book_of_a_user_is_read(davical_server: Davical) -> None:
    davical_server.book("user_several", "private", cards(20, seed=2))
    davical_server.book("user_several", "work", cards(30, seed=3))
    davical_server.book("user_several", "empty", [])
    reading = await read(source("carddav"), account(davical_server, "user_several"))
    assert set(reading.uids) == {f"sample-2-{n}" for n in range(20)} | {f"sample-3-{n}" for n in range(30)}
    assert {card.book for card in reading.cards} == {
        "/caldav.php/user_several/private/",
        "/caldav.php/user_several/work/",
    }


async def test_the_address_of_a_principal_leads_to_its_books(davical_server: Davical) -> None:
    reading = await read(source("carddav"), account(davical_server, "user_one", path="caldav.php/user_one/"))
    assert reading.uids == ["sample-1-0"]


async def test_an_account_without_a_book_is_told_so(davical_server: Davical) -> None:
    with import_fails("no address book for it") as caught:
        await read(source("carddav"), account(davical_server, "user_bookless"))
    assert caught.value.code == Code.IMPORT_FAILED


async def test_a_user_whom_nobody_knows_is_told_as_a_wrong_password(davical_server: Davical) -> None:
    with import_fails() as caught:
        await read(source("carddav"), account(davical_server, "user_unknown"))
    assert caught.value.code == Code.WRONG_PASSWORD


async def test_the_local_part_of_an_address_signs_in(davical_server: Davical) -> None:
    davical_server.book("shy", "contacts", cards(2))
    reading = await read(source("carddav"), account(davical_server, "shy@example.com"))
    assert set(reading.uids) == {"sample-1-0", "sample-1-1"}


async def test_control_characters_in_a_card_cost_nothing_but_themselves(davical_server: Davical) -> None:
    sound = list(cards(20))
    broken = [card.replace("FN:", f"FN:a{chr(5 + n)}b", 1) if n < 3 else card for n, card in enumerate(sound)]
    davical_server.book("user_broken", "contacts", broken)
    reading = await read(source("carddav"), account(davical_server, "user_broken"))
    assert set(reading.uids) == {f"sample-1-{n}" for n in range(20)}
    assert reading.rejects == []
    assert all(chr(5).encode() not in card.data for card in reading.cards)
