"""Facts learnt about a host are used the next time, and a wrong fact does no harm."""

from __future__ import annotations

import pytest

from contactport.grant import Password
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from contactport.sources.memory import Facts, ShortMemory
from tests.servers.quirks import QUIRKS, quirk_proxy
from tests.servers.radicale import Radicale
from tests.servers.source_run import PASSWORD, context, provider, read

ALL = {f"sample-1-{number}" for number in range(300)}
USER = "user_some"


@pytest.mark.parametrize(
    ("quirk", "first"),
    [
        ("dropping sogo", "sync"),
        ("lying xandikos", "listing"),
        ("google", "listing"),
        ("multiget of few", "listing"),
    ],
)
async def test_the_second_import_asks_less(quirk: str, first: str, radicale_server: Radicale) -> None:
    memory = ShortMemory()
    source = CardDav(context(memory))
    counts: list[int] = []
    async with quirk_proxy(QUIRKS[quirk], radicale_server.port, USER, PASSWORD) as proxy:
        account = Account(provider=provider(), grant=Password(USER, PASSWORD, proxy.url("/nowhere/")))
        for _ in range(2):
            before = len(proxy.requests)
            assert set((await read(source, account)).uids) == ALL
            counts.append(len(proxy.requests) - before)
        facts = await memory.get(f"127.0.0.1:{proxy.port}")
    assert facts is not None
    assert facts.first == first
    assert counts[1] < counts[0]


@pytest.mark.parametrize("quirk", ["google", "nothing but GET", "multiget of one", "yandex"])
@pytest.mark.parametrize(
    "wrong",
    [
        Facts(start="/no/such/place/", first="query", batch=500),
        Facts(start="/", first="sync", batch=1),
        Facts(first="listing"),
    ],
)
async def test_a_memory_that_is_wrong_costs_no_card(
    quirk: str, wrong: Facts, radicale_server: Radicale
) -> None:
    memory = ShortMemory()
    async with quirk_proxy(QUIRKS[quirk], radicale_server.port, USER, PASSWORD) as proxy:
        await memory.put(f"127.0.0.1:{proxy.port}", wrong)
        account = Account(provider=provider(), grant=Password(USER, PASSWORD, proxy.url()))
        assert set((await read(CardDav(context(memory)), account)).uids) == ALL


async def test_nothing_of_a_user_is_remembered(radicale_server: Radicale) -> None:
    memory = ShortMemory()
    async with quirk_proxy(QUIRKS["unknown server"], radicale_server.port, USER, PASSWORD) as proxy:
        account = Account(
            provider=provider(), grant=Password(USER, PASSWORD, proxy.url(f"/{USER}/contacts/"))
        )
        await read(CardDav(context(memory)), account)
        facts = await memory.get(f"127.0.0.1:{proxy.port}")
    assert facts is not None
    assert USER not in repr(facts)
