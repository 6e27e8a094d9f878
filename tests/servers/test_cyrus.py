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
from tests.servers.cyrus import Cyrus
from tests.servers.source_run import PASSWORD, little_cards, provider, read, source

NAMES = {count: user for user, count in SIZES.items()}


def account(url: str, username: str, *, code: str = "carddav", password: str = PASSWORD) -> Account:
    return Account(provider=provider(code), grant=Password(username, password, url))


class CyrusHarness(msgspec.Struct):
    server: Cyrus
    signs_in: bool = True

    @property
    def source(self) -> Source:
        return source("carddav")

    def account(self, count: int) -> Account:
        return account(self.server.url, NAMES[count], code="cyrus")

    def stranger(self) -> Account:
        return account(self.server.url, "user_some", password="wrong")

    def absent(self, port: int) -> Account:
        return account(f"http://127.0.0.1:{port}/", "user_one")

    def uids(self, count: int) -> set[str]:
        return {f"sample-1-{number}" for number in range(count)}


class TestCyrus(SourceBehaviour):
    @pytest.fixture
    def harness(self, cyrus_server: Cyrus) -> CyrusHarness:
        return CyrusHarness(cyrus_server)

    async def test_brings_ten_thousand_cards_as_they_are(self, cyrus_server: Cyrus) -> None:
        whole = list(little_cards(10_000))
        cyrus_server.fill("user_big", whole)
        reading = await read(source("carddav"), account(cyrus_server.url, "user_big"))
        assert set(reading.uids) == {f"little-{number}" for number in range(10_000)}
        assert len(reading.keys) == 10_000
        assert reading.rejects == []
        assert reading.listed in (None, 10_000)
        expected = {card.replace("\r\n", "\n") for card in whole}
        assert not {card.data.decode() for card in reading.cards} - expected

    async def test_runs_no_cards_together_wherever_the_answer_is_cut(self, harness: CyrusHarness) -> None:
        # Each card is a CDATA section, and slices of the answer end elsewhere each time.
        for _ in range(10):
            reading = await read(harness.source, harness.account(1000))
            assert not [card for card in reading.cards if card.data.count(b"BEGIN:VCARD") != 1]


async def test_signs_in_where_digest_is_all_that_the_server_takes(cyrus_server: Cyrus) -> None:
    reading = await read(source("carddav"), account(cyrus_server.digest_url, "user_some"))
    assert set(reading.uids) == {f"sample-1-{number}" for number in range(300)}


async def test_a_wrong_password_is_told_where_digest_is_all_that_the_server_takes(
    cyrus_server: Cyrus,
) -> None:
    with import_fails() as caught:
        await read(source("carddav"), account(cyrus_server.digest_url, "user_some", password="wrong"))
    assert caught.value.code == Code.WRONG_PASSWORD


async def test_a_user_whom_nobody_knows_is_told_as_a_wrong_password(cyrus_server: Cyrus) -> None:
    with import_fails() as caught:
        await read(source("carddav"), account(cyrus_server.url, "user_unknown"))
    assert caught.value.code == Code.WRONG_PASSWORD


async def test_the_local_part_of_an_address_signs_in(cyrus_server: Cyrus) -> None:
    cyrus_server.fill("shy", cards(2))
    reading = await read(source("carddav"), account(cyrus_server.url, "shy@example.com"))
    assert set(reading.uids) == {"sample-1-0", "sample-1-1"}
