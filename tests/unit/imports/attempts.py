"""Attempts at an import from a source into a real store, which may die in the middle; and what stands there then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import cast

from contactport.batch import Batch
from contactport.contact import Contact
from contactport.grant import Password
from contactport.imports.fingerprints import Fingerprints
from contactport.imports.run import run
from contactport.imports.store_sink import StoreSink
from contactport.net.client import Client
from contactport.sources.base import Account, Page, Source
from contactport.store import contacts, imports, report
from contactport.store.domains import Domain
from contactport.store.imports import Import, RunningImport
from contactport.store.open import Store
from contactport.store.report import Report
from contactport.testing.imports import add_import
from contactport.testing.source import FakeSource
from tests.servers.source_run import PROVIDERS

NO_CLIENT = cast(Client, None)


class Crash(Exception):
    """The process dies here."""


class Fragile(StoreSink):
    """A sink whose process dies after so many batches."""

    def __init__(self, store: Store, one: RunningImport, fingerprints: Fingerprints, lives: int) -> None:
        super().__init__(store, one, fingerprints)
        self.lives = lives

    async def store(self, batch: Batch, listed: int | None) -> None:
        if self.lives == 0:
            raise Crash
        self.lives -= 1
        await super().store(batch, listed)


def account() -> Account:
    provider = PROVIDERS.find("carddav")
    assert provider is not None
    return Account(provider=provider, grant=Password("ann", "secret"))


def begin(store: Store, domain: Domain, include: Iterable[str] = ()) -> int:
    return store.database.write_now(
        add_import, store.ring, domain.id, include=include, grant=Password("ann", "secret"), seconds=60
    )


async def attempt(
    store: Store,
    import_id: int,
    source: Source,
    *,
    lives: int = -1,
    members: int = 10**6,
    reading: Account | None = None,
    client: Client = NO_CLIENT,
) -> RunningImport:
    claimed = store.database.write_now(imports.claim, store.ring, import_id)
    assert claimed is not None
    one = claimed[0]
    known = store.database.write_now(lambda connection: list(contacts.fingerprints(connection, one)))
    sink = Fragile(store, one, Fingerprints(one.key, known), lives)
    await run(source, reading or account(), client, sink, members)
    return one


class StoredOutcome:
    """What stands in the database in the end."""

    def __init__(self, one: Import, people: list[Contact], report: Report) -> None:
        self.people = people
        self.names = [contact.formatted_name for contact in people]
        self.report = report
        self.rejects = report.rejects
        self.ledger = (one.found, one.delivered, one.merged, one.rejected)


async def told(store: Store, domain: Domain, import_id: int) -> StoredOutcome:
    one = await store.database.read(imports.get, store.ring, import_id, domain.id)
    assert one is not None
    chunks: AsyncIterator[list[Contact]] = contacts.read(store.database, one, 0, 10**6)
    people = [contact async for chunk in chunks for contact in chunk]
    return StoredOutcome(one, people, await store.database.read(report.read, one))


async def whole(store: Store, domain: Domain, *pages: Page) -> StoredOutcome:
    import_id = begin(store, domain)
    await attempt(store, import_id, FakeSource(pages))
    return await told(store, domain, import_id)
