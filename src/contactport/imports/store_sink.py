"""What an attempt keeps in the database: its batches, trimmed to what was asked for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from sqlalchemy import Connection

from contactport.batch import Batch, Delivered
from contactport.contact import Contact, Group
from contactport.imports.fingerprints import Fingerprints
from contactport.store import contacts, events
from contactport.store.imports import RunningImport
from contactport.store.open import Store
from contactport.store.signals import APART_SECONDS


class StoreSink:
    """A `run.Sink` whose every batch is one transaction under the attempt's epoch.

    Raises store.imports.Fenced from `store` once the attempt is no longer the import's own.
    """

    def __init__(self, store: Store, one: RunningImport, fingerprints: Fingerprints) -> None:
        self.fingerprints = fingerprints
        self.found = 0
        """How many cards this attempt has accounted for."""
        self._store = store
        self._import = one
        self._signed_in = False
        self._announce_at = 0.0
        """On the monotonic clock: when the next batch is to be announced."""

    async def store(self, batch: Batch, listed: int | None) -> None:
        """Keep a batch, without what the application did not ask for."""
        for contact in batch.contacts:
            trim(contact, self._import.include)
        if batch.owner is not None:
            trim(batch.owner, self._import.include)
        for group in batch.groups:
            _trim_group(group)
        await self._store.database.write(self._append, batch)
        self.found += batch.found

    def delivered(self) -> AsyncIterator[Delivered]:
        """As `run.Sink.delivered`."""
        return contacts.delivered(self._store.database, self._import)

    def _append(self, connection: Connection, batch: Batch) -> None:
        # What makes room comes first: the reserve is not for what fills the disk.
        self._store.database.reserve.check()
        if not self._signed_in:
            events.finish_initializing(connection, self._import.id)
            self._signed_in = True
        contacts.append(connection, self._import, batch)
        now = time.monotonic()
        if now >= self._announce_at:
            self._announce_at = now + APART_SECONDS
            self._store.signals.announce(connection, self._import.id)


def trim(contact: Contact, include: frozenset[str]) -> None:
    """Drop from a contact what the wire does not deliver, and what it delivers only when asked."""
    if "mailing_address" not in include:
        contact.addresses = []
    if "photo" not in include:
        contact.photos = []
    contact.notes = []
    contact.urls = []
    contact.messengers = []
    contact.relations = []
    contact.dates = []
    contact.anniversary = None
    contact.roles = []
    contact.revision = ""


def _trim_group(group: Group) -> None:
    """Drop what a group says of itself: the wire delivers its name alone, at each of its members."""
    group.emails = []
    group.phones = []
    group.notes = []
    group.categories = []
