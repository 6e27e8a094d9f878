"""The behaviour suite that every source must pass, for any protocol.

A protocol's tests subclass `SourceBehaviour` and give a `harness`: the source and a real server with books. What
a server can't show (one without sign-in has no wrong password) the harness says it can't.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import ClassVar, Protocol

import msgspec
import pytest
from msgspec import structs

from contactport.contact import Contact
from contactport.errors import Code
from contactport.imports.to_error import Way, to_error
from contactport.net.client import open_client
from contactport.net.failures import TooLarge, Unreachable
from contactport.sources.base import Account, Page, Source
from tests.import_fails import import_fails
from tests.servers.server_process import free_port
from tests.servers.source_run import QUICK, SourceRun, read, settings

LONGEST_PAGE = 500


async def close(pages: AsyncIterator[Page]) -> None:
    if isinstance(pages, AsyncGenerator):
        await pages.aclose()


class Harness(Protocol):
    """A source with a server under it."""

    @property
    def source(self) -> Source: ...

    @property
    def signs_in(self) -> bool:
        """Whether the server asks for a password or a token."""
        ...

    def account(self, count: int) -> Account:
        """An account with so many cards, with the UIDs of `uids(count)`: 0, 1, 300 or 1,000."""
        ...

    def stranger(self) -> Account:
        """The account of 300 cards with a wrong password, or a token that is good no more."""
        ...

    def absent(self, port: int) -> Account:
        """An account at a port of loopback where nobody listens."""
        ...

    def uids(self, count: int) -> set[str]: ...


class SourceBehaviour:
    """Every method is one promise of `contactport.sources.base`."""

    way: ClassVar[Way] = "password"
    refused: ClassVar[Code] = Code.WRONG_PASSWORD
    unreachable: ClassVar[Code] = Code.IMPORT_FAILED

    def sizes(self, whole: SourceRun) -> dict[str, int]:
        """By key the bytes of each record that came, as its server wrote it."""
        return {card.key: len(card.data) for card in whole.cards}

    @pytest.mark.parametrize("count", [0, 1, 300, 1000])
    async def test_brings_every_card_once_and_no_other(self, harness: Harness, count: int) -> None:
        reading = await read(harness.source, harness.account(count))
        assert set(reading.uids) == harness.uids(count)
        assert len(reading.keys) == len(set(reading.keys)) == count
        assert reading.rejects == []
        assert reading.repeats == 0
        assert reading.listed in (None, count)

    async def test_brings_pages_that_are_not_too_large(self, harness: Harness) -> None:
        reading = await read(harness.source, harness.account(1000))
        lengths = [len(page.records) + len(page.contacts) + len(page.rejects) for page in reading.pages]
        assert max(lengths) <= LONGEST_PAGE
        assert len(reading.pages) > 1

    async def test_brings_whole_cards_in_the_format_it_names_or_contacts(self, harness: Harness) -> None:
        reading = await read(harness.source, harness.account(1))
        if reading.contacts:
            (record,) = reading.contacts
            assert isinstance(record.item, Contact)
            assert record.item.emails or record.item.phones or record.item.formatted_name
            assert record.book
            return
        (card,) = reading.cards
        assert card.format == "vcf"
        assert card.data.startswith(b"BEGIN:VCARD")
        assert card.data.rstrip().endswith(b"END:VCARD")
        assert card.book

    async def test_goes_on_where_an_earlier_attempt_ended(self, harness: Harness) -> None:
        whole = await read(harness.source, harness.account(300))
        known = set(whole.keys[:170])
        rest = await read(harness.source, harness.account(300), known=known)
        assert set(rest.keys) | known == set(whole.keys)
        assert len(rest.keys) == len(set(rest.keys))
        assert not known & set(rest.keys)

    async def test_has_nothing_left_to_bring_when_all_is_known(self, harness: Harness) -> None:
        whole = await read(harness.source, harness.account(300))
        rest = await read(harness.source, harness.account(300), known=set(whole.keys))
        assert rest.keys == []
        assert rest.rejects == []

    async def test_rejects_a_card_that_is_too_large_and_brings_the_others(self, harness: Harness) -> None:
        whole = await read(harness.source, harness.account(300))
        sizes = self.sizes(whole)
        longest = sorted(sizes.values())[-20]
        reading = await read(harness.source, harness.account(300), using=settings(card_bytes=longest))
        assert set(reading.keys) == {key for key in whole.keys if sizes[key] <= longest}
        assert {reject.place for reject in reading.rejects} == set(whole.keys) - set(reading.keys)
        assert all("larger than" in reject.reason for reject in reading.rejects)

    async def test_hands_over_what_it_rejects_as_it_came(self, harness: Harness) -> None:
        whole = await read(harness.source, harness.account(300))
        sizes = self.sizes(whole)
        longest = sorted(sizes.values())[-20]
        reading = await read(harness.source, harness.account(300), using=settings(card_bytes=longest))
        cards = {card.key: card.data for card in whole.cards}
        assert reading.rejects
        for reject in reading.rejects:
            assert reject.record is not None
            assert len(reject.record.data) == sizes[reject.place]
            if cards:
                assert (reject.record.data, reject.record.format) == (cards[reject.place], "vcf")
            else:
                assert reject.record.format == "json"
                assert isinstance(msgspec.json.decode(reject.record.data), dict)

    async def test_tells_a_wrong_password(self, harness: Harness) -> None:
        if not harness.signs_in:
            assert (await read(harness.source, harness.stranger())).uids
            return
        with import_fails(way=self.way) as caught:
            await read(harness.source, harness.stranger())
        assert caught.value.code == self.refused

    async def test_tells_that_nobody_listens(self, harness: Harness) -> None:
        with import_fails(way=self.way) as caught:
            await read(harness.source, harness.absent(free_port()))
        assert caught.value.code == self.unreachable
        assert caught.value.text == to_error(Unreachable(), self.way).text

    async def test_tells_a_forbidden_network_from_nothing(self, harness: Harness) -> None:
        account = harness.account(300)
        with import_fails(way=self.way) as caught:
            await read(harness.source, account, using=settings(allow_network=[]))
        assert caught.value.code == self.unreachable
        assert caught.value.text == to_error(Unreachable(), self.way).text

    async def test_keeps_to_the_bytes_of_an_import(self, harness: Harness) -> None:
        with import_fails(r"larger than|sends more than", way=self.way) as caught:
            await read(harness.source, harness.account(300), using=settings(import_bytes=50_000))
        assert isinstance(caught.kind, TooLarge)

    async def test_keeps_to_the_members_of_an_import(self, harness: Harness) -> None:
        with import_fails("more than 299", way=self.way) as caught:
            await read(harness.source, harness.account(300), using=settings(import_members=299))
        assert isinstance(caught.kind, TooLarge)
        reading = await read(harness.source, harness.account(300), using=settings(import_members=300))
        assert len(reading.keys) == 300

    async def test_ends_when_it_is_cancelled(self, harness: Harness) -> None:
        begun = asyncio.Event()

        async def run() -> None:
            async with open_client(settings(), QUICK) as client:
                pages = harness.source.pages(harness.account(1000), client, ())
                try:
                    async for _ in pages:
                        begun.set()
                        await asyncio.Event().wait()
                finally:
                    await close(pages)

        before = asyncio.all_tasks()
        task = asyncio.create_task(run())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        assert asyncio.all_tasks() <= before

    async def test_can_be_closed_in_the_middle(self, harness: Harness) -> None:
        before = asyncio.all_tasks()
        async with open_client(settings(), QUICK) as client:
            pages = harness.source.pages(harness.account(1000), client, ())
            first: Page = await anext(pages)
            assert first.records or first.contacts
            await close(pages)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() <= before

    async def test_shows_nothing_of_the_grant_in_what_it_raises(self, harness: Harness) -> None:
        account = harness.absent(free_port())
        with import_fails(way=self.way) as caught:
            await read(harness.source, account)
        shown = f"{caught.kind!r} {caught.kind} {caught.kind.__cause__!r} {caught.value!r} {account!r}"
        secrets = [
            value for value in structs.asdict(account.grant).values() if isinstance(value, str) and value
        ]
        assert secrets
        assert not [secret for secret in secrets if secret in shown]
