"""A run of a source to its end, and its result."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Any

import msgspec

from contactport.contact import Reject
from contactport.net.client import open_client
from contactport.net.retries import RetryPolicy
from contactport.settings import Settings, load
from contactport.sources.base import Account, ContactRecord, Page, RawRecord, Source, SourceContext
from contactport.sources.carddav.table import PROTOCOL, table_of
from contactport.sources.memory import Memory, ShortMemory
from contactport.sources.providers import Provider
from contactport.sources.registry import Sources
from contactport.sources.rows import load_providers

PROVIDERS = load_providers()
_SOURCES = Sources(SourceContext(providers=PROVIDERS))
QUICK = RetryPolicy(base=0.001, cap=0.01, patience=1.0)
PASSWORD = "secret"
_UID = re.compile(rb"^UID:(.*?)\r?$", re.MULTILINE)


class SourceRun(msgspec.Struct):
    """All pages of one run."""

    pages: list[Page]

    @property
    def cards(self) -> list[RawRecord]:
        return [card for page in self.pages for card in page.records]

    @property
    def contacts(self) -> list[ContactRecord]:
        return [record for page in self.pages for record in page.contacts]

    @property
    def keys(self) -> list[str]:
        return [record.key for page in self.pages for record in (*page.records, *page.contacts)]

    @property
    def uids(self) -> list[str]:
        """The UID of each card and contact, in the order of arrival; a card without one is an error."""
        found = [record.item.uid for record in self.contacts]
        for card in self.cards:
            match = _UID.search(card.data)
            assert match is not None, card
            found.append(match[1].decode())
        return found

    @property
    def rejects(self) -> list[Reject]:
        return [reject for page in self.pages for reject in page.rejects]

    @property
    def outcomes(self) -> dict[str, tuple[str, type[BaseException] | None]]:
        """By the place of each book what became of it, and the kind of failure."""
        return {
            book.place: (book.state, None if book.failure is None else type(book.failure))
            for page in self.pages
            for book in page.books
        }

    @property
    def repeats(self) -> int:
        return sum(page.repeats for page in self.pages)

    @property
    def listed(self) -> int | None:
        return self.pages[-1].listed if self.pages else None

    @property
    def owner(self) -> str | None:
        return next((page.owner for page in reversed(self.pages) if page.owner), None)


def settings(**values: Any) -> Settings:
    """Loopback allowed; the rest as by default, but for `values`."""
    return load(environment={}, overrides={"allow_network": ["127.0.0.0/8"], **values})


def provider(code: str = "carddav") -> Provider:
    row = PROVIDERS.find(code)
    assert row is not None
    return row


def with_table(row: Provider, **values: Any) -> Provider:
    """The row with other values in its `[provider.carddav]`."""
    return msgspec.structs.replace(row, tables={PROTOCOL: msgspec.structs.replace(table_of(row), **values)})


def source(protocol: str = PROTOCOL) -> Source:
    """The source of a protocol, with a memory that every test of the process shares."""
    return _SOURCES.get(protocol)


def context(memory: Memory | None = None) -> SourceContext:
    """What a source of a test's own is made with."""
    return SourceContext(providers=PROVIDERS, memory=memory or ShortMemory())


async def read(
    source: Source,
    account: Account,
    *,
    known: Container[str] = (),
    using: Settings | None = None,
    into: SourceRun | None = None,
) -> SourceRun:
    """Raises what the source raises; the pages until then are put `into` a run that is given."""
    reading = into or SourceRun([])
    async with open_client(using or settings(), QUICK) as client:
        async for page in source.pages(account, client, known):
            reading.pages.append(page)
    return reading


def little_cards(count: int) -> Iterator[str]:
    """The least that is a card, with the UIDs `little-0` and on: servers take seconds over ten thousand others."""
    for number in range(count):
        yield (
            f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:little-{number}\r\nFN:Little {number}\r\nN:{number};Little;;;\r\n"
            f"EMAIL:little.{number}@example.com\r\nEND:VCARD\r\n"
        )
