"""Contacts on their way out of one account: gathered into pages, doubles noticed, limits kept."""

from __future__ import annotations

from collections.abc import Callable, Container

from contactport.contact import Contact, Reject, RejectedRecord
from contactport.net.failures import TooLarge
from contactport.quantities import size
from contactport.sources.base import ContactRecord, Page
from contactport.sources.hosted.json_page import parse_object
from contactport.sources.hosted.json_values import Json, text

RECORDS = 500
"""A page has so many records at most."""
REJECTED_BYTES = 1024 * 1024
"""It is full with so many bytes of records that can't be read."""

ToContact = Callable[[Json], Contact | None]
"""From a record's JSON to the contact; None where it is none."""


class RecordCollector:
    """Over all listings of an account. What is in `known` counts as seen and is not passed on."""

    def __init__(self, known: Container[str], *, members: int, longest: int) -> None:
        self._known = known
        self._members = members
        self._longest = longest
        self._seen: set[int] = set()
        self._records: list[ContactRecord] = []
        self._rejects: list[Reject] = []
        self._rejected_bytes = 0
        self._repeats = 0
        self.listed: int | None = None
        """Members of the listings that were read to their end."""

    @property
    def received(self) -> int:
        """How many members have come, known and rejected ones among them."""
        return len(self._seen)

    def take(
        self, item: bytes, place: str, key_field: str, book: str, to_contact: ToContact, *, again: bool
    ) -> ContactRecord | None:
        """Takes a record, and returns it where it is a new one. `place` names one that has no key. `again` says that
        we asked a second time, so that a double is not the server's doing.

        Raises TooLarge past the members that an import may have.
        """
        found = parse_object(item)
        key = text(found, key_field) if found is not None else ""
        if not key and again:
            # It was rejected when it came first.
            return None
        hashed = hash(key or place)
        if hashed in self._seen:
            self._repeats += not again
            return None
        contact = None if found is None or not key else to_contact(found)
        if contact is None and key:
            return None
        self._seen.add(hashed)
        if len(self._seen) > self._members:
            raise TooLarge("members", self._members)
        if (key or place) in self._known:
            return None
        if contact is None:
            self._reject(place, "the provider's record of it can't be read", item)
        elif len(item) > self._longest:
            self._reject(key, f"the contact is larger than {size(self._longest)}", item)
        else:
            record = ContactRecord(key, contact, book)
            self._records.append(record)
            return record
        return None

    def _reject(self, place: str, reason: str, item: bytes) -> None:
        self._rejects.append(Reject(place, reason, RejectedRecord(item, "json")))
        self._rejected_bytes += len(item)

    def drop(self, records: list[ContactRecord]) -> None:
        """Forgets some of those that were taken last, as if they had not come."""
        for record in records:
            self._seen.discard(hash(record.key))
        self._records = [record for record in self._records if hash(record.key) in self._seen]

    @property
    def full(self) -> bool:
        """Whether a page should go out now."""
        return len(self._records) + len(self._rejects) >= RECORDS or self._rejected_bytes >= REJECTED_BYTES

    @property
    def empty(self) -> bool:
        return not (self._records or self._rejects or self._repeats)

    def page(self) -> Page:
        """What was gathered since the last one."""
        records, self._records = self._records, []
        rejects, self._rejects, self._rejected_bytes = self._rejects, [], 0
        repeats, self._repeats = self._repeats, 0
        return Page(contacts=records, rejects=rejects, repeats=repeats, listed=self.listed)
