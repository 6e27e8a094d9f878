"""Contact and its parts, the data type that every room of the project uses.

The fields follow vCard (RFC 6350). A value is kept as its source wrote it.
Everything here can be stored and sent as JSON by msgspec.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Name(msgspec.Struct, omit_defaults=True, gc=False):
    """The parts of N (RFC 6350 section 6.2.2); several values of one part are joined by a space."""

    family: str = ""
    given: str = ""
    additional: str = ""
    prefixes: str = ""
    suffixes: str = ""


class PartialDate(msgspec.Struct, omit_defaults=True, gc=False):
    """A date with or without its year (RFC 6350 section 4.3.1), or only words (`VALUE=text`)."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    text: str = ""


class Email(msgspec.Struct, omit_defaults=True, gc=False):
    """`kinds` are the TYPE words as written, in order; `label` is the user's own word (X-ABLabel), unwrapped."""

    address: str
    kinds: tuple[str, ...] = ()
    label: str | None = None
    primary: bool = False


class Phone(msgspec.Struct, omit_defaults=True, gc=False):
    """`number` is as written (a `tel:` URI loses its scheme); `kinds` and `label` as in Email."""

    number: str
    kinds: tuple[str, ...] = ()
    label: str | None = None
    primary: bool = False


class Address(msgspec.Struct, omit_defaults=True, gc=False):
    """The parts of ADR (RFC 6350 section 6.3.1); `formatted` is the LABEL where there is one."""

    po_box: str = ""
    extended: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    formatted: str = ""
    kinds: tuple[str, ...] = ()
    label: str | None = None
    primary: bool = False


class Organisation(msgspec.Struct, omit_defaults=True, gc=False):
    """ORG (RFC 6350 section 6.6.4): the name and its units, outermost first."""

    name: str
    units: list[str] = []


class Photo(msgspec.Struct, omit_defaults=True, gc=False):
    """A picture: bytes that came with the card, or the URI where it lies."""

    media_type: str = ""
    data: bytes = b""
    uri: str = ""


class Labelled(msgspec.Struct, omit_defaults=True, gc=False):
    """A value with its kind: a web page, a messenger's address, a related person."""

    value: str
    kinds: tuple[str, ...] = ()
    label: str | None = None
    primary: bool = False


class LabelledDate(msgspec.Struct, omit_defaults=True, gc=False):
    """A date that has a label of its own (Apple's X-ABDATE)."""

    date: PartialDate
    label: str | None = None


class Contact(msgspec.Struct, omit_defaults=True, gc=False):
    """One person's card. An absent value is empty. Only the dates can be None.

    `uid` lacks the `urn:uuid:` of vCard 4.0, as the members of a Group do, so that they compare.
    """

    uid: str = ""
    name: Name = msgspec.field(default_factory=Name)
    formatted_name: str = ""
    nicknames: list[str] = []
    phonetic_given: str = ""
    phonetic_family: str = ""
    emails: list[Email] = []
    phones: list[Phone] = []
    addresses: list[Address] = []
    organisations: list[Organisation] = []
    titles: list[str] = []
    roles: list[str] = []
    birthday: PartialDate | None = None
    anniversary: PartialDate | None = None
    dates: list[LabelledDate] = []
    notes: list[str] = []
    urls: list[Labelled] = []
    messengers: list[Labelled] = []
    relations: list[Labelled] = []
    photos: list[Photo] = []
    categories: list[str] = []
    revision: str = ""


class Group(msgspec.Struct, omit_defaults=True, gc=False):
    """A group card (KIND:group, X-ADDRESSBOOKSERVER-KIND:group): its name, its members' UIDs, its own addresses.

    The wire delivers only the name, with each member; the other fields are for vCard.
    """

    name: str
    uid: str = ""
    members: list[str] = []
    emails: list[Email] = []
    phones: list[Phone] = []
    notes: list[str] = []
    categories: list[str] = []


class RejectedRecord(msgspec.Struct, omit_defaults=True, gc=False, frozen=True):
    """A record that could not be read, as it came: its bytes, and the name of its format (`formats/registry.py`).

    `head` is what stands above the records of its file: a table's header row.
    """

    data: bytes
    format: str
    head: bytes = b""


class Reject(msgspec.Struct, omit_defaults=True, gc=False):
    """A record that could not be read: its place (`line 120`, an href) and the reason, as text.

    `record` is None where there are no bytes of it, or too many.
    """

    place: str
    reason: str
    record: RejectedRecord | None = None


class Note(msgspec.Struct, omit_defaults=True, gc=False):
    """A part that was left out of a delivered card: its place (`line 120`, an href) and the reason."""

    place: str
    reason: str


class Merge(msgspec.Struct, omit_defaults=True, gc=False):
    """A card that is the same as an earlier one: its place, the place of the earlier card, and the reason."""

    place: str
    into: str
    reason: str


class BookOutcome(msgspec.Struct, omit_defaults=True, gc=False):
    """The outcome of one address book: its place, whether it was read to its end, and if not, the reason.

    "incomplete": the server gave only a part of it. "failed": it could not be read, or not to its end. What was
    read before that stays delivered.
    """

    place: str
    state: Literal["complete", "incomplete", "failed"]
    reason: str = ""


class Skipped(msgspec.Struct, omit_defaults=True, gc=False):
    """A readable card that is not a person's (an organisation, a location, a room). It is not counted."""

    kind: str


Item = Contact | Group | Reject | Note | Skipped
"""What a format's `read()` yields. A note follows the contact or group that it is about."""
