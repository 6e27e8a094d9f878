"""One attempt at an import: from a source's pages to batches in a sink.

It knows neither the job engine nor the database: `contactport import` runs it on a terminal, the service behind
its tables.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import NamedTuple, Protocol

import msgspec
import structlog

from contactport.batch import CHUNK, KEPT, KEPT_BYTES, Batch, Delivered, Origin, shortened
from contactport.contact import Contact, Group, Item, Merge, Note, Reject, RejectedRecord, Skipped
from contactport.formats import registry
from contactport.formats.budgets import bounded
from contactport.formats.charsets.evidence import Evidence
from contactport.imports.duplicates import SAME_BYTES, SAME_UID, Duplicates
from contactport.imports.fingerprints import Fingerprints
from contactport.imports.seen_bytes import SeenBytes, SeenOutcome
from contactport.imports.to_error import Way, to_outcome
from contactport.memberships import GROUPS, MEMBERSHIPS, Memberships
from contactport.net.client import Client
from contactport.net.failures import TooLarge
from contactport.net.processor_budget import ProcessorBudget
from contactport.sources.base import Account, ContactRecord, Page, RawRecord, Source
from contactport.sources.failures import FAILURES, RetryLater

log = structlog.get_logger()

_NO_CARD = "there is no card in it"
FLUSH_BYTES = 4 * 1024 * 1024
"""Cards with pictures fill a chunk sooner: whoever reads one holds all of it in memory."""
FLUSH_SECONDS = 0.5
"""A slow server's cards are stored, and so shown, at least this often."""


class Sink(Protocol):
    """Where an attempt's batches go."""

    fingerprints: Fingerprints

    async def store(self, batch: Batch, listed: int | None) -> None:
        """Keep a batch for good; `listed` is how many members the source knows of so far, if it does."""
        ...

    def delivered(self) -> AsyncIterator[Delivered]:
        """Every contact kept so far, by earlier attempts too, with its origin."""
        ...


async def run(
    source: Source,
    account: Account,
    client: Client,
    sink: Sink,
    members: int,
    processor: ProcessorBudget | None = None,
    way: Way = "password",
) -> None:
    """Read every page to the sink. Raises what the source raises, TooLarge, and whatever the sink raises.

    `members` is the largest number of person cards taken, `processor` the time that reading them may take. `way` is
    how the import came: what is kept of an address book that failed is said in its terms.
    """
    attempt = _Attempt(Evidence(), sink, members, processor or ProcessorBudget(1.0), way)
    try:
        async with aclosing(source.pages(account, client, sink.fingerprints)) as pages:
            async for page in pages:
                await attempt.take(page)
    except RetryLater:
        # What was told of the books is the end where no rest can be taken.
        await attempt.flush()
        raise
    await attempt.flush()


class _PossibleDuplicate(NamedTuple):
    """A card whose bytes are known (then it was not read), or a contact whose UID is."""

    raw: RawRecord | ContactRecord
    key_fingerprint: int
    data_fingerprint: int
    contact: Contact | None = None
    uid_fingerprint: int = 0


class _Attempt:
    def __init__(
        self, evidence: Evidence, sink: Sink, members: int, processor: ProcessorBudget, way: Way
    ) -> None:
        self._way: Way = way
        self._evidence = evidence
        self._processor = processor
        self._seen_bytes = SeenBytes()
        self._sink = sink
        self._fingerprints = sink.fingerprints
        self._members = members
        self._found = 0
        self._rejected = self._rejected_bytes = 0
        self._memberships = Memberships()
        self._owner: int | None = None
        self._listed: int | None = None
        self._batch = Batch()
        self._bytes = 0
        self._flushed = time.monotonic()
        self._doubtful: list[_PossibleDuplicate] = []
        self._duplicates: Duplicates | None = None

    async def take(self, page: Page) -> None:
        """Account for every card of a page."""
        if page.owner is not None:
            self._owner = self._fingerprints.of_key(page.owner)
        if page.owner_card is not None:
            bounded(page.owner_card)
            self._batch.owner = page.owner_card
        self._listed = page.listed if page.listed is not None else self._listed
        self._processor.begin()
        for raw in page.records:
            # A card alone may not show its character set: those beside it do.
            for _ in registry.get(raw.format).observe(raw.data, self._evidence):
                await self._processor.yield_if_due()
        for raw in page.records:
            await self._card(raw)
            await self._taken(len(raw.data))
        for record in page.contacts:
            await self._taken(await self._read_record(record))
        for reject in page.rejects:
            await self._processor.yield_if_due()
            fingerprint = self._fingerprints.of_key(reject.place)
            if not self._fingerprints.was_before(fingerprint) and not self._fingerprints.is_repeat(
                fingerprint
            ):
                self._batch.fingerprints.append(fingerprint)
                self._reject(reject)
        self._processor.end()
        self._repeat(page.repeats)
        self._batch.books += [to_outcome(book, self._way) for book in page.books]
        if self._found > self._members:
            raise TooLarge("contacts", self._members)
        if time.monotonic() - self._flushed >= FLUSH_SECONDS:
            await self.flush()

    async def _taken(self, size: int) -> None:
        """After each record: settle what is doubtful, and flush a batch that is full."""
        if self._doubtful:
            await self._settle()
        self._bytes += size
        if len(self._batch.contacts) >= CHUNK or self._bytes >= FLUSH_BYTES:
            self._processor.end()
            await self.flush()
            self._processor.begin()
        else:
            await self._processor.yield_if_due()

    async def flush(self) -> None:
        """Hand what has been gathered to the sink."""
        batch, self._batch = self._batch, Batch()
        if batch.fingerprints or batch.found or batch.books or batch.owner is not None:
            await self._sink.store(batch, self._listed)
        self._bytes = 0
        self._flushed = time.monotonic()

    def _new(self, key: str) -> int:
        """The fingerprint of a key that is met for the first time, else 0."""
        fingerprint = self._fingerprints.of_key(key)
        if self._fingerprints.is_repeat(fingerprint):
            self._repeat(1)
            return 0
        if self._fingerprints.was_before(fingerprint):
            return 0
        self._batch.fingerprints.append(fingerprint)
        return fingerprint

    async def _read_record(self, record: ContactRecord) -> int:
        """Take a contact or group that its source has read; its size."""
        size = len(msgspec.json.encode(record.item))
        fingerprint = self._new(record.key)
        if not fingerprint:
            return 0
        self._processor.received += size
        for note in record.notes:
            self._note(Note(f"{record.key}, {note.place}", note.reason))
        for reason in bounded(record.item):
            self._note(Note(record.key, reason))
        if isinstance(record.item, Contact):
            self._contact(record, record.item, fingerprint, 0)
        else:
            await self._group(record, record.item)
        return size

    async def _card(self, raw: RawRecord) -> None:
        fingerprint = self._new(raw.key)
        if not fingerprint:
            return
        self._processor.received += len(raw.data)
        data_fingerprint = self._fingerprints.of_bytes(raw.data)
        if self._fingerprints.is_known(data_fingerprint):
            self._count(1)
            self._doubtful.append(_PossibleDuplicate(raw, fingerprint, data_fingerprint))
            return
        outcome = self._seen_bytes.of(data_fingerprint)
        if outcome is not None:
            self._again(raw, outcome)
            return
        items = await self._items(raw)
        cards = [item for item in items if not isinstance(item, Note)]
        if not cards:
            self._reject(Reject(raw.key, _NO_CARD, _whole(raw)))
        for item in items:
            if isinstance(item, Contact):
                self._contact(raw, item, fingerprint, data_fingerprint if len(cards) == 1 else 0)
            elif isinstance(item, Reject):
                record = _whole(raw) if len(cards) == 1 else item.record
                self._reject(Reject(f"{raw.key}, {item.place}", item.reason, record))
            elif isinstance(item, Note):
                self._note(Note(f"{raw.key}, {item.place}", item.reason))
            elif isinstance(item, Group):
                await self._group(raw, item)
            else:
                assert isinstance(item, Skipped)
        if not self._fingerprints.is_known(data_fingerprint):
            self._seen_bytes.keep(data_fingerprint, raw.key, cards)

    def _again(self, raw: RawRecord, outcome: SeenOutcome) -> None:
        """Account for bytes that were read before: its persons are delivered or merged already."""
        self._count(outcome.contacts)
        self._batch.merged += outcome.contacts
        if outcome.contacts:
            self._batch.merges.append(Merge(shortened(raw.key), shortened(outcome.place), SAME_BYTES))
        if outcome.empty:
            self._reject(Reject(raw.key, _NO_CARD, _whole(raw)))
        if outcome.reject is not None:
            reject = outcome.reject
            self._reject(Reject(f"{raw.key}, {reject.place}", reject.reason, _whole(raw)))

    async def _items(self, raw: RawRecord) -> list[Item]:
        items: list[Item] = []
        try:
            for item in registry.get(raw.format).steps([raw.data], self._evidence):
                if item is None:
                    await self._processor.yield_if_due()
                else:
                    items.append(item)
            return items
        except FAILURES:
            raise
        except Exception as error:
            # A reader never raises. If it does all the same, that costs one card, not the book.
            log.error("reader_raised", error=type(error).__name__, exc_info=error)
            return [Reject(raw.key, "this program failed to read it")]

    def _contact(
        self, raw: RawRecord | ContactRecord, contact: Contact, key_fingerprint: int, data_fingerprint: int
    ) -> None:
        """Deliver a contact, unless its UID is known: then its fate is open.

        `data_fingerprint` is 0 where others are in the same bytes.
        """
        self._count(1)
        uid_fingerprint = self._fingerprints.of_uid(_book(raw), contact.uid) if contact.uid else 0
        if uid_fingerprint:
            if self._fingerprints.is_known(uid_fingerprint):
                self._doubtful.append(
                    _PossibleDuplicate(raw, key_fingerprint, data_fingerprint, contact, uid_fingerprint)
                )
                return
            self._fingerprints.add(uid_fingerprint)
            self._batch.fingerprints.append(uid_fingerprint)
        self._deliver(raw, contact, key_fingerprint, data_fingerprint)

    async def _group(self, raw: RawRecord | ContactRecord, group: Group) -> None:
        """Keep a group, with the members that there is room for."""
        different = list(dict.fromkeys(group.members))
        group.members = []
        for at in range(0, len(different), CHUNK):
            group.members += self._memberships.add(group.name, different[at : at + CHUNK])
            await self._processor.yield_if_due()
        lost = len(different) - len(group.members)
        if lost:
            self._note(
                Note(
                    raw.key,
                    f"{lost} members of this group are left out of it: a contact may be in "
                    f"{GROUPS} groups, and all groups together may have {MEMBERSHIPS} members",
                )
            )
        self._batch.groups.append(group)

    def _deliver(
        self, raw: RawRecord | ContactRecord, contact: Contact, key_fingerprint: int, data_fingerprint: int
    ) -> None:
        if data_fingerprint:
            self._fingerprints.add(data_fingerprint)
        origin = Origin(shortened(raw.key), _book(raw), data_fingerprint)
        self._batch.contacts.append(contact)
        self._batch.origins.append(origin)
        if self._duplicates is not None:
            self._duplicates.add(origin, contact)
        if key_fingerprint == self._owner:
            self._batch.owner = contact

    async def _settle(self) -> None:
        """Merge each doubtful card into the one that it is the same as, or deliver it."""
        doubtful, self._doubtful = self._doubtful, []
        duplicates = self._duplicates
        if duplicates is None:
            duplicates = self._duplicates = await self._known_contacts()
        for raw, key_fingerprint, data_fingerprint, contact, uid_fingerprint in doubtful:
            if contact is None:
                assert isinstance(raw, RawRecord)
                self._merge(raw, duplicates.of_bytes(data_fingerprint), SAME_BYTES)
                if key_fingerprint == self._owner:
                    owners = [item for item in await self._items(raw) if isinstance(item, Contact)]
                    self._batch.owner = owners[0]
                continue
            into = duplicates.of_uid(uid_fingerprint, contact)
            if into is None:
                self._deliver(raw, contact, key_fingerprint, data_fingerprint)
            else:
                self._merge(raw, into, SAME_UID)
                if key_fingerprint == self._owner:
                    self._batch.owner = contact

    async def _known_contacts(self) -> Duplicates:
        duplicates = Duplicates(self._fingerprints)
        self._processor.end()
        async for chunk in self._sink.delivered():
            self._processor.begin()
            for origin, essence in chunk:
                duplicates.add(origin, essence)
            self._processor.end()
        self._processor.begin()
        for origin, contact in zip(self._batch.origins, self._batch.contacts, strict=True):
            duplicates.add(origin, contact)
        return duplicates

    def _merge(self, raw: RawRecord | ContactRecord, into: str | None, reason: str) -> None:
        """`into` is None where the version that stored the other card did not keep its place."""
        self._batch.merged += 1
        if into is not None:
            self._batch.merges.append(Merge(shortened(raw.key), shortened(into), reason))

    def _reject(self, reject: Reject) -> None:
        self._count(1)
        record = reject.record
        if record is not None:
            size = len(record.data) + len(record.head)
            if self._rejected >= KEPT or self._rejected_bytes + size > KEPT_BYTES:
                record = None
            else:
                self._rejected_bytes += size
                self._bytes += size
        self._rejected += 1
        self._batch.rejects.append(Reject(shortened(reject.place), shortened(reject.reason), record))

    def _note(self, note: Note) -> None:
        if len(self._batch.notes) < KEPT:
            self._batch.notes.append(Note(shortened(note.place), shortened(note.reason)))
        else:
            self._batch.unkept_notes += 1

    def _repeat(self, number: int) -> None:
        self._count(number)
        self._batch.merged += number
        self._batch.repeats += number

    def _count(self, number: int) -> None:
        self._found += number
        self._batch.found += number


def _whole(raw: RawRecord) -> RejectedRecord | None:
    return RejectedRecord(raw.data, raw.format) if raw.data else None


def _book(raw: RawRecord | ContactRecord) -> str:
    """The book's name in characters that can be stored, whatever a server calls it."""
    return raw.book if raw.book.isprintable() else ascii(raw.book)
