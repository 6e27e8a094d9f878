"""A card while it is being read: its contact, and what can be settled only at the card's end."""

from __future__ import annotations

import re
from collections import deque

from contactport.contact import (
    Address,
    Contact,
    Email,
    Group,
    Labelled,
    LabelledDate,
    Passed,
    Phone,
)

EMPTY = "this card says nothing about a person"
"""The reason for rejecting a card without a name, an address, or anything else of a person's."""
_NOBODY = Contact().name
Entry = Email | Phone | Address | Labelled
_WRAPPED = re.compile(r"_\$!<(.*)>!\$_", re.DOTALL)
_THINGS = frozenset({"org", "organization", "location", "application", "device", "thing", "room", "resource"})
APPLE_LABELS = {
    word.lower(): word
    for word in (
        *("Home", "Work", "Mobile", "Main", "Other", "School", "Pager", "HomePage", "HomeFAX", "WorkFAX"),
        *("OtherFAX", "Anniversary", "Mother", "Father", "Parent", "Brother", "Sister", "Child", "Son"),
        *("Daughter", "Spouse", "Partner", "Friend", "Assistant", "Manager"),
    )
}
"""Labels that Apple wraps, for they are shown in the reader's language; servers change their case."""


def unwrap(label: str) -> str:
    """`_$!<Mobile>!$_` is `Mobile`, whatever a server made of its case; any other label is the user's."""
    found = _WRAPPED.fullmatch(label)
    return APPLE_LABELS.get(found[1].lower(), found[1]) if found else label


class Draft:
    """What waits for the card's end. The attributes' defaults are the class's, so that a plain card is cheap."""

    version = ""
    kind = ""
    waits = False
    """Whether `wait` was called; the attributes below are not there before."""
    labels: dict[str, str]
    grouped: list[tuple[str, Entry | LabelledDate]]
    best: dict[str, tuple[int, Entry]]
    members: list[str]
    seen: set[str]
    address_labels: list[tuple[str, tuple[str, ...], str]]

    def wait(self) -> None:
        if not self.waits:
            self.waits = True
            self.labels, self.grouped, self.best = {}, [], {}
            self.members, self.seen, self.address_labels = [], set(), []

    def note(self, field: str, entry: Entry, group: str, rank: int) -> None:
        """Remember an entry that has a group (its label may follow) or is preferred."""
        self.wait()
        if group:
            self.grouped.append((group, entry))
        if rank and (field not in self.best or rank < self.best[field][0]):
            self.best[field] = (rank, entry)


def _settle(contact: Contact, draft: Draft) -> None:
    for group, entry in draft.grouped:
        if group in draft.labels:
            entry.label = draft.labels[group]
    for _, entry in draft.best.values():
        entry.primary = True
    if draft.address_labels:
        _settle_addresses(contact, draft)
    if contact.dates:
        _settle_dates(contact)


def _same(kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(kind.lower() for kind in kinds))


def _settle_addresses(contact: Contact, draft: Draft) -> None:
    """vCard 3.0's LABEL belongs to the address of its group, else to one of the same kinds, else to the next."""
    grouped = {group: entry for group, entry in draft.grouped if isinstance(entry, Address)}
    bare = [address for address in contact.addresses if not address.formatted]
    alike: dict[tuple[str, ...], deque[Address]] = {}
    for address in bare:
        alike.setdefault(_same(address.kinds), deque()).append(address)
    left = deque(bare)
    for group, kinds, text in draft.address_labels:
        address = grouped.get(group) if group else None
        if address is None:
            for waiting in (alike.get(_same(kinds)), left):
                while waiting and waiting[0].formatted:
                    waiting.popleft()
                if waiting:
                    address = waiting[0]
                    break
        if address is None:
            contact.addresses.append(Address(formatted=text, kinds=kinds))
        elif not address.formatted:
            address.formatted = text


def _settle_dates(contact: Contact) -> None:
    """Apple writes an anniversary as one of its labelled dates."""
    if contact.anniversary is not None:
        return
    for at, dated in enumerate(contact.dates):
        if dated.label is not None and dated.label.lower() == "anniversary":
            contact.anniversary = contact.dates.pop(at).date
            return


def _is_empty(contact: Contact) -> bool:
    # The usual card answers with the first of these.
    return not (
        contact.formatted_name
        or contact.emails
        or contact.phones
        or contact.name != _NOBODY
        or contact.addresses
        or contact.organisations
        or contact.nicknames
        or contact.urls
        or contact.messengers
        or contact.notes
        or contact.photos
        or contact.titles
        or contact.roles
        or contact.relations
        or contact.dates
        or contact.birthday
        or contact.anniversary
        or contact.phonetic_given
        or contact.phonetic_family
    )


def finish(contact: Contact, draft: Draft) -> Contact | Group | Passed | None:
    """What the card is; None for one that says nothing."""
    if draft.waits:
        _settle(contact, draft)
    kind = draft.kind
    if kind == "group":
        members = draft.members if draft.waits else []
        return Group(contact.formatted_name or contact.name.family, contact.uid, members)
    if kind in _THINGS:
        return Passed(kind)
    return None if _is_empty(contact) else contact
