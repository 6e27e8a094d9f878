from __future__ import annotations

import msgspec
import pytest

from contactport.grant import Password
from contactport.sources.base import Account, Source
from samples.book import cards
from tests.servers.behaviour import SourceBehaviour
from tests.servers.source_run import PASSWORD, little_cards, provider, read, source
from tests.servers.xandikos import Xandikos, xandikos


def account(url: str, password: str = PASSWORD) -> Account:
    return Account(provider=provider("xandikos"), grant=Password("alice-nobody-asks", password, url))


class XandikosHarness(msgspec.Struct):
    servers: dict[int, Xandikos]
    signs_in: bool = False

    @property
    def source(self) -> Source:
        return source("carddav")

    def account(self, count: int) -> Account:
        return account(self.servers[count].url)

    def stranger(self) -> Account:
        return account(self.servers[300].url, "wrong")

    def absent(self, port: int) -> Account:
        return account(f"http://127.0.0.1:{port}/")

    def uids(self, count: int) -> set[str]:
        return {f"sample-1-{number}" for number in range(count)}


class TestXandikos(SourceBehaviour):
    @pytest.fixture
    def harness(self, xandikos_servers: dict[int, Xandikos]) -> XandikosHarness:
        return XandikosHarness(xandikos_servers)

    async def test_brings_ten_thousand_cards(self) -> None:
        with xandikos() as server:
            server.fill(little_cards(10_000))
            reading = await read(source("carddav"), account(server.url))
        assert set(reading.uids) == {f"little-{number}" for number in range(10_000)}
        assert len(reading.keys) == 10_000
        assert reading.rejects == []
        assert reading.listed == 10_000


async def test_control_characters_in_a_card_cost_nothing_but_themselves() -> None:
    sound = list(cards(20))
    broken = [card.replace("FN:", f"FN:a{chr(5 + n)}b", 1) if n < 3 else card for n, card in enumerate(sound)]
    with xandikos() as server:
        server.fill(broken)
        reading = await read(source("carddav"), account(server.url))
    assert set(reading.uids) == {f"sample-1-{n}" for n in range(20)}
    assert reading.rejects == []
