"""A sink that keeps an import's batches in memory, for tests of sources."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

from contactport.batch import Batch, Delivered
from contactport.contact import Contact, Reject
from contactport.imports.fingerprints import Fingerprints
from contactport.imports.run import run
from contactport.net.client import open_client
from contactport.settings import Settings
from contactport.sources.base import Account, Source


class MemorySink:
    """What an import would keep: its batches, in order.

    Given to a second run, it is what an earlier attempt has stored: whatever is in it counts once.
    """

    def __init__(self) -> None:
        self.fingerprints = Fingerprints(secrets.token_bytes(32))
        self.batches: list[Batch] = []

    async def store(self, batch: Batch, listed: int | None) -> None:
        """As `imports.run.Sink.store`."""
        self.batches.append(batch)

    async def delivered(self) -> AsyncIterator[Delivered]:
        """As `imports.run.Sink.delivered`."""
        for batch in self.batches:
            yield batch.delivered()

    @property
    def contacts(self) -> list[Contact]:
        """All contacts, whatever the application asked for."""
        return [contact for batch in self.batches for contact in batch.contacts]

    @property
    def rejects(self) -> list[Reject]:
        """What could not be read, each with its place and the reason."""
        return [reject for batch in self.batches for reject in batch.rejects]

    @property
    def ledger(self) -> tuple[int, int, int, int]:
        """Found, delivered, merged, rejected: the first is the sum of the others."""
        found = sum(batch.found for batch in self.batches)
        merged = sum(batch.merged for batch in self.batches)
        return found, len(self.contacts), merged, len(self.rejects)


async def read_all(source: Source, account: Account, settings: Settings | None = None) -> MemorySink:
    """Everything that an import from this source would keep. Raises what the source raises."""
    settings = settings or Settings()
    sink = MemorySink()
    async with open_client(settings) as client:
        await run(source, account, client, sink, settings.import_members)
    return sink
