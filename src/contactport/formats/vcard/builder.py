"""Builder of a card's contact, with the parts that can be decided only at the card's end."""

from __future__ import annotations

from collections import deque

import msgspec

from contactport.contact import (
    Address,
    Contact,
    Email,
    Group,
    Labelled,
    LabelledDate,
    Phone,
    Skipped,
)
from contactport.formats.budgets import GROUP_NAME

EMPTY = "this card says nothing about a person"
"""The reason for rejecting a card without a name, an address, or anything else about a person."""
_NOBODY = Contact().name
AddressLabel = tuple[str, tuple[str, ...], str]
"""vCard 3.0's LABEL: its group, its kinds, its text."""
Entry = Email | Phone | Address | Labelled
_THINGS = frozenset({"org", "organization", "location", "application", "device", "thing", "room", "resource"})
APPLE_LABELS = {
    word.lower(): word
    for word in (
        *("Home", "Work", "Mobile", "Main", "Other", "School", "Pager", "HomePage", "HomeFAX", "WorkFAX"),
        *("OtherFAX", "Anniversary", "Mother", "Father", "Parent", "Brother", "Sister", "Child", "Son"),
        *("Daughter", "Spouse", "Partner", "Friend", "Assistant", "Manager"),
    )
}
"""Labels that Apple wraps, to show them in the reader's language. Servers change their case."""


def unwrap(label: str) -> str:
    """`Mobile` for `_$!<Mobile>!$_` in any case; any other label is the user's and stays."""
    if label[:4] == "_$!<" and label[-4:] == ">!$_":
        word = label[4:-4]
        return APPLE_LABELS.get(word.lower(), word)
    return label


class CardBuilder(msgspec.Struct, gc=False):
    """What is known of a card beside its contact, and what waits for the card's end."""

    version: str = ""
    kind: str = ""
    named: bool = False
    hollow: bool = False
    """Whether an address has no parts."""
    members: list[str] | None = None
    address_labels: list[AddressLabel] | None = None
    spare_addresses: list[Address] | None = None
    """Addresses that count only if no other property has one."""
    is_large: bool = False
    """Whether the card is so large that its contact may exceed a budget."""
    accounts: set[str] | None = None
    """The messengers' addresses met so far."""
    grouped: list[tuple[str, Entry | LabelledDate]] = []
    """Entries that have a group: its label may follow."""
    labels: dict[str, str] = {}
    """X-ABLabel by group."""
    best: dict[str, tuple[int, Entry]] = {}
    """The preferred entry of each list so far, with its rank."""

    def prefer(self, field: str, entry: Entry, rank: int) -> None:
        """Make an entry the preferred one of its list: the lowest rank wins, and the first of equals."""
        best = self.best.get(field)
        if best is not None:
            if best[0] <= rank:
                return
            best[1].primary = False
        self.best[field] = (rank, entry)
        entry.primary = True


def _same(kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(kind.lower() for kind in kinds))


def _settle_addresses(contact: Contact, builder: CardBuilder, labels: list[AddressLabel]) -> None:
    """Give each LABEL of vCard 3.0 to the address of its group, or one of the same kinds, or the next one."""
    of_group = {group: entry for group, entry in builder.grouped if isinstance(entry, Address)}
    bare = [address for address in contact.addresses if not address.formatted]
    alike: dict[tuple[str, ...], deque[Address]] = {}
    for address in bare:
        alike.setdefault(_same(address.kinds), deque()).append(address)
    left = deque(bare)
    for group, kinds, text in labels:
        address = of_group.get(group) if group else None
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


def _is_hollow(address: Address) -> bool:
    parts = (address.po_box, address.extended, address.street, address.city, address.region)
    return not any((*parts, address.postal_code, address.country, address.formatted))


def _settle_dates(contact: Contact) -> None:
    """Find the anniversary: Apple writes it as one of its labelled dates."""
    if contact.anniversary is not None:
        return
    for at, dated in enumerate(contact.dates):
        if dated.label is not None and dated.label.lower() == "anniversary":
            contact.anniversary = contact.dates.pop(at).date
            return


def _is_empty(contact: Contact) -> bool:
    """Whether a card without a formatted name says nothing else either."""
    return not (
        contact.emails
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


def finish(contact: Contact, builder: CardBuilder) -> Contact | Group | Skipped | None:
    """The finished contact or group; None for a card that says nothing."""
    if builder.labels:
        for group, entry in builder.grouped:
            entry.label = builder.labels.get(group)
    if builder.spare_addresses and not contact.addresses:
        contact.addresses += builder.spare_addresses
    if builder.address_labels:
        _settle_addresses(contact, builder, builder.address_labels)
    if builder.hollow:
        contact.addresses = [address for address in contact.addresses if not _is_hollow(address)]
    if contact.dates:
        _settle_dates(contact)
    kind = builder.kind
    if kind == "group":
        builder.is_large = builder.is_large or len(contact.formatted_name) > GROUP_NAME
        return Group(
            contact.formatted_name or contact.name.family,
            contact.uid,
            builder.members or [],
            contact.emails,
            contact.phones,
            contact.notes,
            contact.categories,
        )
    if kind in _THINGS:
        return Skipped(kind)
    return contact if contact.formatted_name or not _is_empty(contact) else None
