"""Address books of 300 cards and of none, through every quirk."""

from __future__ import annotations

from typing import Any

import pytest

from contactport.errors import Code
from contactport.grant import Password
from contactport.sources.base import Account
from tests.import_fails import import_fails
from tests.servers.internet import internet
from tests.servers.quirks import BEYOND_REPAIR, BROKEN_BYTES, QUIRKS, quirk_proxy
from tests.servers.radicale import Radicale
from tests.servers.source_run import PASSWORD, SourceRun, provider, read, settings, source, with_table

ALL = {f"sample-1-{number}" for number in range(300)}


async def through(
    name: str, server: Radicale, username: str = "user_some", password: str = PASSWORD
) -> SourceRun:
    quirk = QUIRKS[name]

    async def run(url: str, **values: Any) -> SourceRun:
        account = Account(provider=provider(), grant=Password(username, password, url))
        return await read(source("carddav"), account, using=settings(idle_seconds=5.0, **values))

    if not quirk.hosts:
        async with quirk_proxy(quirk, server.port, username, PASSWORD) as proxy:
            return await run(proxy.url())
    async with (
        internet(*quirk.hosts) as net,
        quirk_proxy(quirk, server.port, username, PASSWORD, tls=net.tls) as proxy,
    ):
        return await run(f"https://{quirk.hosts[0]}:{proxy.port}/", **net.settings)


@pytest.mark.parametrize("name", QUIRKS)
class TestEveryQuirk:
    async def test_costs_no_card_but_those_that_cannot_be_had(
        self, name: str, radicale_server: Radicale
    ) -> None:
        quirk = QUIRKS[name]
        reading = await through(name, radicale_server)
        lost = ALL - set(reading.uids)
        assert set(reading.uids) <= ALL
        assert len(reading.rejects) == quirk.rejects
        assert len(lost) <= quirk.rejects
        assert len(reading.keys) == len(set(reading.keys))
        assert (reading.repeats > 0) is quirk.repeats
        assert all(reject.place.startswith("/") and reject.reason for reject in reading.rejects)

    async def test_shows_an_empty_book_as_empty(self, name: str, radicale_server: Radicale) -> None:
        if "ghosts" in name:
            return
        reading = await through(name, radicale_server, "user_none")
        assert reading.keys == []
        assert reading.rejects == []


@pytest.mark.parametrize("name", ["plain", "icloud", "yahoo", "cyrus", "digest sha-256", "busy"])
async def test_a_wrong_password_is_told_through_it(name: str, radicale_server: Radicale) -> None:
    with import_fails() as caught:
        await through(name, radicale_server, password="wrong")
    assert caught.value.code == Code.WRONG_PASSWORD


async def test_broken_bytes_are_mended(radicale_server: Radicale) -> None:
    reading = await through("broken bytes in multiget", radicale_server)
    notes = {
        card.data.partition(b"UID:sample-1-")[2].partition(b"\n")[0].strip(): card.data.partition(b"NOTE:")[2]
        for card in reading.cards
    }
    assert len(notes) == 300
    expected = {
        0: "a control  character",
        1: "a reference to one  and ",
        2: "not UTF-8: café Ã( ÿþ",
        3: "HTML: \u00a0é…",
        4: "bare: AT&T & Co",
        5: "nothing: ",
        6: "no character: ",
    }
    assert expected.keys() == BROKEN_BYTES.keys()
    for number, text in expected.items():
        assert notes[b"%d" % number].decode().split("\n")[0].rstrip("\r") == text


@pytest.mark.parametrize("name", ["broken beyond repair", "broken beyond repair, unknown"])
async def test_what_cannot_be_mended_costs_its_own_card(name: str, radicale_server: Radicale) -> None:
    reading = await through(name, radicale_server)
    assert ALL - set(reading.uids) == {f"sample-1-{number}" for number in BEYOND_REPAIR}
    assert {reject.place for reject in reading.rejects} == {
        f"/user_some/contacts/{number:06d}.vcf" for number in BEYOND_REPAIR
    }
    assert all("can't be read" in reject.reason for reject in reading.rejects)


@pytest.mark.parametrize("name", ["reports that end at a NUL", "multigets that end at a NUL"])
async def test_a_card_that_a_report_cuts_is_had_whole(name: str, radicale_server: Radicale) -> None:
    cut = (await through(name, radicale_server)).cards
    whole = (await through("plain", radicale_server)).cards
    assert {card.key: card.data.split() for card in cut} == {card.key: card.data.split() for card in whole}


@pytest.mark.parametrize("name", ["ghosts", "silent ghosts"])
async def test_what_is_listed_and_gone_is_rejected_as_that(name: str, radicale_server: Radicale) -> None:
    reading = await through(name, radicale_server)
    assert set(reading.uids) == ALL
    assert {reject.reason for reject in reading.rejects} == {"gone between listing and reading"}
    assert reading.listed == 303


@pytest.mark.parametrize("name", ["owner", "owner by Apple"])
async def test_the_users_own_card_is_named_and_delivered(name: str, radicale_server: Radicale) -> None:
    reading = await through(name, radicale_server)
    assert reading.owner == "/user_some/contacts/000042.vcf"
    assert reading.owner in reading.keys


async def test_a_server_that_names_no_owner_leaves_it_open(radicale_server: Radicale) -> None:
    assert (await through("plain", radicale_server)).owner is None


@pytest.mark.parametrize(
    "name",
    [
        "lying xandikos",
        "breaking off again and again",
        "multiget of few",
        "multiget in silence",
        "ghosts",
        "broken in reports",
        "a card that fails every report",
    ],
)
async def test_four_requests_at_once_bring_the_same(name: str, radicale_server: Radicale) -> None:
    quirk = QUIRKS[name]
    row = with_table(provider(), concurrency=4, batch=50)
    async with quirk_proxy(quirk, radicale_server.port, "user_some", PASSWORD) as proxy:
        account = Account(provider=row, grant=Password("user_some", PASSWORD, proxy.url()))
        reading = await read(source("carddav"), account, using=settings(idle_seconds=5.0))
    assert set(reading.uids) == ALL
    assert len(reading.rejects) == quirk.rejects
    assert proxy.connections > 1
