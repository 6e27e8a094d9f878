"""Writer of vCard 3.0 and 4.0. Values without a property in 3.0 use X- properties: see docs/formats.md."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from contactport.contact import Contact, Group, Item, Labelled, PartialDate, Photo
from contactport.formats import dates
from contactport.formats.registry import NO_GROUPS, Groups
from contactport.formats.vcard.builder import APPLE_LABELS, Entry
from contactport.formats.vcard.values import escape, escape_uri

Version = Literal["3.0", "4.0"]
VERSIONS: tuple[Version, ...] = ("3.0", "4.0")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_KIND = re.compile(r"[a-z0-9.+-]+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_QUOTE = str.maketrans({'"': "^'", "^": "^^", "\n": "^n", "\r": None})


def fold(line: str) -> bytes:
    """The line in UTF-8, cut to 75 octets (RFC 6350 section 3.2), never within a character, ended by CR LF."""
    data = line.encode(errors="replace")
    if len(data) <= 75:
        return data + b"\r\n"
    parts = [data[:75]] if len(data) == len(line) else []
    if parts:
        parts += [data[at : at + 74] for at in range(75, len(data), 74)]
        return b"\r\n ".join(parts) + b"\r\n"
    at, width = 0, 75
    while at < len(data):
        stop = at + width
        while stop < len(data) and data[stop] & 0xC0 == 0x80:
            stop -= 1
        parts.append(data[at:stop])
        at, width = stop, 74
    return b"\r\n ".join(parts) + b"\r\n"


def _parameter(text: str) -> str:
    """A parameter's value, in quotes where it needs them, with the caret escapes of RFC 6868."""
    return text if _TOKEN.fullmatch(text) else f'"{text.translate(_QUOTE)}"'


class _Card:
    """The lines of one card while it is written."""

    def __init__(self, version: Version) -> None:
        self.four = version == "4.0"
        self.lines: list[bytes] = [b"BEGIN:VCARD\r\n", f"VERSION:{version}\r\n".encode()]
        self._groups = 0

    def line(self, prefix: str, value: str) -> None:
        self.lines.append(fold(f"{prefix}:{value}"))

    def text(self, prefix: str, value: str) -> None:
        if value:
            self.line(prefix, escape(value))

    def kinds(self, kinds: Iterable[str], primary: bool) -> str:
        words = [_parameter(kind) for kind in kinds if kind]
        if primary and not self.four:
            words.append("pref")
        types = f";TYPE={','.join(words)}" if words else ""
        return f"{types};PREF=1" if primary and self.four else types

    def group(self, label: str | None, *, forced: bool = False) -> str:
        """The group that binds a value to its label, where there is one to bind."""
        if not label and not forced:
            return ""
        self._groups += 1
        return f"item{self._groups}."

    def entry(self, name: str, entry: Entry, value: str, parameters: str = "") -> None:
        group = self.group(entry.label)
        self.line(f"{group}{name}{parameters}{self.kinds(entry.kinds, entry.primary)}", value)
        self.label(group, entry.label)

    def label(self, group: str, label: str | None) -> None:
        if label:
            wrapped = f"_$!<{label}>!$_" if APPLE_LABELS.get(label.lower()) == label else label
            self.line(f"{group}X-ABLabel", escape(wrapped))

    def bytes(self) -> bytes:
        self.lines.append(b"END:VCARD\r\n")
        return b"".join(self.lines)


def _derived_name(contact: Contact) -> str:
    """FN, which every card needs. If the contact has none, it is made of the other names and says so."""
    name = contact.name
    parts = (name.prefixes, name.given, name.additional, name.family, name.suffixes)
    full = " ".join(part for part in parts if part)
    if full:
        return full
    firsts = (
        [org.name or org.units[0] for org in contact.organisations if org.name or org.units],
        contact.nicknames,
        [email.address for email in contact.emails],
        [phone.number for phone in contact.phones],
    )
    return next((first[0] for first in firsts if first), "")


def _names(card: _Card, contact: Contact) -> None:
    name = contact.name
    parts = (name.family, name.given, name.additional, name.prefixes, name.suffixes)
    if any(parts) or not card.four:
        card.line("N", ";".join(map(escape, parts)))
    if contact.formatted_name:
        card.text("FN", contact.formatted_name)
    else:
        derived = "FN;DERIVED=TRUE" if card.four else "FN;X-DERIVED=TRUE"
        card.line(derived, escape(_derived_name(contact)))
    if contact.nicknames:
        card.line("NICKNAME", ",".join(map(escape, contact.nicknames)))
    card.text("X-PHONETIC-FIRST-NAME", contact.phonetic_given)
    card.text("X-PHONETIC-LAST-NAME", contact.phonetic_family)


def _identity(card: _Card, uid: str) -> None:
    if not uid:
        return
    if not card.four:
        card.text("UID", uid)
    elif _UUID.fullmatch(uid):
        card.line("UID", f"urn:uuid:{uid}")
    elif _URI.fullmatch(uid):
        card.line("UID", escape_uri(uid))
    else:
        card.text("UID;VALUE=text", uid)


def _addresses(card: _Card, contact: Contact) -> None:
    for address in contact.addresses:
        parts = (
            *(address.po_box, address.extended, address.street, address.city, address.region),
            *(address.postal_code, address.country),
        )
        label = ""
        if address.formatted and card.four:
            # Readers know the escapes of text in LABEL beside those of RFC 6868.
            formatted = address.formatted.replace("\\", "\\\\")
            label = f";LABEL={_parameter(formatted)}"
        if not label and not address.formatted and not any(parts):
            continue
        group = card.group(address.label, forced=bool(address.formatted and not card.four))
        prefix = f"{group}ADR{label}{card.kinds(address.kinds, address.primary)}"
        card.line(prefix, ";".join(map(escape, parts)))
        if address.formatted and not card.four:
            card.line(f"{group}LABEL", escape(address.formatted))
        card.label(group, address.label)


def _date(card: _Card, prefix: str, date: PartialDate) -> None:
    """In vCard 3.0 only a whole date is a date; Apple's way stands for one without its year."""
    text = dates.compose(date)
    if not text:
        return
    if text == date.text:
        card.text(f"{prefix};VALUE=text", text)
    elif card.four or (prefix.endswith("X-ABDATE") and (date.month is None or date.day is None)):
        card.line(prefix, text)
    elif date.month is None or date.day is None:
        card.line("X-CONTACTPORT-BDAY", text)
    elif date.year is None:
        card.line(
            f"{prefix};X-APPLE-OMIT-YEAR={dates.OMITTED}", f"{dates.OMITTED}-{date.month:02}-{date.day:02}"
        )
    else:
        card.line(prefix, f"{date.year:04}-{date.month:02}-{date.day:02}")


def _labelled_date(card: _Card, label: str | None, date: PartialDate) -> None:
    if dates.compose(date):
        group = card.group(label)
        _date(card, f"{group}X-ABDATE", date)
        card.label(group, label)


def _dates(card: _Card, contact: Contact) -> None:
    if contact.birthday is not None:
        _date(card, "BDAY", contact.birthday)
    if contact.anniversary is not None and card.four:
        _date(card, "ANNIVERSARY", contact.anniversary)
    elif contact.anniversary is not None:
        _labelled_date(card, "Anniversary", contact.anniversary)
    for dated in contact.dates:
        _labelled_date(card, dated.label, dated.date)


def _related(card: _Card, relation: Labelled) -> None:
    if not card.four:
        card.entry("X-ABRELATEDNAMES", relation, escape(relation.value))
    elif _URI.fullmatch(relation.value):
        card.entry("RELATED", relation, escape_uri(relation.value))
    else:
        card.entry("RELATED", relation, escape(relation.value), ";VALUE=text")


def _photo(card: _Card, photo: Photo) -> None:
    if not photo.data:
        if photo.uri:
            media = f";MEDIATYPE={_parameter(photo.media_type)}" if photo.media_type else ""
            card.line(f"PHOTO;VALUE=uri{media}", escape_uri(photo.uri))
        return
    data = b2a_base64(photo.data, newline=False).decode()
    if card.four:
        card.line("PHOTO", f"data:{photo.media_type};base64,{data}")
        return
    kind = photo.media_type.removeprefix("image/")
    media = ""
    if _KIND.fullmatch(kind) and kind != "pref":
        media = f";TYPE={_parameter(kind.upper())}"
    elif kind:
        media = f";MEDIATYPE={_parameter(photo.media_type)}"
    card.line(f"PHOTO;ENCODING=b{media}", data)


def _reached_by(card: _Card, item: Contact | Group) -> None:
    for email in item.emails:
        card.entry("EMAIL", email, escape(email.address))
    for phone in item.phones:
        card.entry("TEL", phone, escape(phone.number))


def _notes(card: _Card, item: Contact | Group) -> None:
    for note in item.notes:
        card.text("NOTE", note)
    if item.categories:
        card.line("CATEGORIES", ",".join(map(escape, item.categories)))


def contact_card(contact: Contact, version: Version) -> bytes:
    """One person's card."""
    card = _Card(version)
    _identity(card, contact.uid)
    _names(card, contact)
    _reached_by(card, contact)
    _addresses(card, contact)
    for organisation in contact.organisations:
        if organisation.name or organisation.units:
            card.line("ORG", ";".join(map(escape, (organisation.name, *organisation.units))))
    for title in contact.titles:
        card.text("TITLE", title)
    for role in contact.roles:
        card.text("ROLE", role)
    _dates(card, contact)
    for url in contact.urls:
        card.entry("URL", url, escape_uri(url.value))
    for messenger in contact.messengers:
        card.entry("IMPP", messenger, escape_uri(messenger.value))
    for relation in contact.relations:
        _related(card, relation)
    _notes(card, contact)
    for photo in contact.photos:
        _photo(card, photo)
    card.text("REV", contact.revision)
    return card.bytes()


def group_card(group: Group, version: Version) -> bytes:
    """A group's card: KIND and MEMBER, or Apple's names for them in vCard 3.0."""
    card = _Card(version)
    _identity(card, group.uid)
    if card.four:
        card.line("KIND", "group")
    else:
        card.line("N", f"{escape(group.name)};;;;")
    card.line("FN", escape(group.name))
    if not card.four:
        card.line("X-ADDRESSBOOKSERVER-KIND", "group")
    _reached_by(card, group)
    _notes(card, group)
    member = "MEMBER" if card.four else "X-ADDRESSBOOKSERVER-MEMBER"
    for uid in group.members:
        bare = card.four and _URI.fullmatch(uid)
        card.line(member, escape_uri(uid if bare else f"urn:uuid:{uid}"))
    return card.bytes()


def with_categories(contact: Contact, groups: Sequence[str]) -> Contact:
    """The contact with the names of its groups before its categories, for items without group cards."""
    if not groups:
        return contact
    return msgspec.structs.replace(contact, categories=list(dict.fromkeys((*groups, *contact.categories))))


def write(items: Iterable[Item], groups: Groups = NO_GROUPS, *, version: Version = "3.0") -> Iterator[bytes]:
    """A card for each contact and group, one at a time. Other items are left out.

    `groups` is for items without group cards: the names of a contact's groups become its categories. 3.0 is what
    every address book takes in. Either version reads back to the same contact.
    """
    yield b""
    for item in items:
        if isinstance(item, Contact):
            yield contact_card(with_categories(item, groups.get(item.uid, ())), version)
        elif isinstance(item, Group):
            yield group_card(item, version)
        else:
            yield b""
