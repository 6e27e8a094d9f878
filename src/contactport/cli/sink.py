"""The sink of an import on a terminal: writes each contact at once."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from contactport.batch import Batch, Delivered, shortened
from contactport.cli.output import plain
from contactport.contact import BookOutcome, Contact, Group, Item, Reject
from contactport.imports.fingerprints import Fingerprints

HELD_CONTACTS = 2000
HELD_BYTES = 32 * 1024 * 1024
"""Contacts, and bytes of pictures, that are held back for the group cards that may follow them."""

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class Ledger(msgspec.Struct):
    """The numbers of an import: found = delivered + merged + rejected. Notes are about delivered cards."""

    found: int = 0
    delivered: int = 0
    merged: int = 0
    rejected: int = 0
    notes: int = 0

    def __str__(self) -> str:
        sum_ = f"{self.delivered} delivered + {self.merged} merged + {self.rejected} rejected"
        notes = f"; {self.notes} {'note' if self.notes == 1 else 'notes'}" if self.notes else ""
        return f"{self.found} found = {sum_}{notes}"


class WriterSink:
    """An `imports.run.Sink` that trims nothing.

    `groups` is None where the format has cards for groups, which are then written as such. Elsewhere it is filled
    with the names of the groups of each UID, for the writer to look up; contacts are held back a little for that,
    since a server may list its groups last.
    """

    def __init__(
        self,
        put: Callable[[Sequence[Item]], None],
        *,
        groups: dict[str, list[str]] | None,
        tell: Callable[[str], None],
        show: Callable[[Ledger, int | None], None],
        keep: Callable[[Reject], None] = lambda _reject: None,
    ) -> None:
        self.fingerprints = Fingerprints(secrets.token_bytes(32))
        self.ledger = Ledger()
        self.late = 0
        """Memberships whose contact had been written before its group card came."""
        self.books: dict[str, BookOutcome] = {}
        """The outcome of each address book, by its place."""
        self._writing = put
        self._groups = groups
        self._tell = tell
        self._show = show
        self._keep = keep
        self._held: deque[list[Contact]] = deque()
        self._written: set[int] = set()
        self._delivered: list[bytes] = []

    async def store(self, batch: Batch, listed: int | None) -> None:
        """Write a batch, and report its rejects and notes. Raises what writing raises."""
        self.ledger.found += batch.found
        self.ledger.delivered += len(batch.contacts)
        self.ledger.merged += batch.merged
        self.ledger.rejected += len(batch.rejects)
        self.ledger.notes += len(batch.notes) + batch.unkept_notes
        for reject in batch.rejects:
            self._tell(f"rejected: {plain(reject.place)}: {plain(reject.reason)}")
            self._keep(reject)
        for note in batch.notes:
            self._tell(f"note: {plain(note.place)}: {plain(note.reason)}")
        if batch.origins:
            self._delivered.append(zstd.compress(msgspec.msgpack.encode(batch.delivered()), 1))
        for book in batch.books:
            self.books[book.place] = book
        if self._groups is None:
            await self._put([*batch.contacts, *batch.groups])
        else:
            self._learn(batch.groups, self._groups)
            self._held.append(batch.contacts)
            while self._is_much():
                await self._release()
        self._show(self.ledger, listed)

    async def delivered(self) -> AsyncIterator[Delivered]:
        """As `run.Sink.delivered`."""
        for packed in self._delivered:
            yield msgspec.msgpack.decode(zstd.decompress(packed), type=Delivered)

    async def finish(self) -> None:
        """Write what was held back."""
        while self._held:
            await self._release()

    def tell_books(self) -> bool:
        """Report each address book that was not read to its end. Returns whether there is one."""
        missing = [book for book in self.books.values() if book.state != "complete"]
        for book in missing:
            told = "not read" if book.state == "failed" else "read in part, the server did not give the rest"
            why = f": {shortened(book.reason)}" if book.reason else ""
            self._tell(f"address book {shortened(book.place)}: {told}{why}")
        return bool(missing)

    def _learn(self, cards: Sequence[Group], groups: dict[str, list[str]]) -> None:
        for group in cards:
            for uid in group.members:
                groups.setdefault(uid, []).append(group.name)
                self.late += hash(uid) in self._written

    def _is_much(self) -> bool:
        held = [contact for contacts in self._held for contact in contacts]
        pictures = sum(len(photo.data) for contact in held for photo in contact.photos)
        return len(held) > HELD_CONTACTS or pictures > HELD_BYTES

    async def _release(self) -> None:
        contacts = self._held.popleft()
        self._written.update(hash(contact.uid) for contact in contacts if contact.uid)
        await self._put(contacts)

    async def _put(self, items: Sequence[Item]) -> None:
        if items:
            await asyncio.to_thread(self._writing, items)
