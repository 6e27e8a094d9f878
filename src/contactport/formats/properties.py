"""The properties of a person's card: from a head to what its value adds to the contact (RFC 6350 section 6).

A head is turned into a function once; the function is then called for every value under an equal head. Its
value is UTF-8, quoted-printable undone, base64 not.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from contactport.contact import (
    Address,
    Contact,
    Email,
    Labelled,
    LabelledDate,
    Name,
    Organisation,
    PartialDate,
    Phone,
)
from contactport.formats import dates, extensions
from contactport.formats.draft import Draft, unwrap
from contactport.formats.heads import Head, parse
from contactport.formats.pictures import photo
from contactport.formats.text import parts, pieces, unescape

Add = Callable[[Contact, Draft, bytes], None]
Maker = Callable[[Head], Add]


def _text(value: bytes) -> str:
    text = value.decode()
    return unescape(text) if "\\" in text else text


def _without(scheme: str, text: str) -> str:
    """However often a scheme stands before a value, it is no part of it."""
    at, width = 0, len(scheme)
    while text[at : at + width].lower() == scheme:
        at += width
    return text[at:]


def _words(value: bytes) -> list[str]:
    """A list separated by commas, without its empties."""
    text = value.decode()
    words = map(unescape, pieces(text, ",")) if "\\" in text else text.split(",")
    return [word for word in map(str.strip, words) if word]


def ignore(contact: Contact, draft: Draft, value: bytes) -> None:
    """For the properties that say nothing about a person."""


def _ignored(head: Head) -> Add:
    return ignore


def _email(head: Head) -> Add:
    kinds, group, rank = head.kinds, head.group, head.rank

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        address = value.decode()
        if "\\" in address:
            address = unescape(address)
        if ":" in address:
            address = _without("mailto:", address)
        if address:
            email = Email(address, kinds)
            contact.emails.append(email)
            if group:
                draft.grouped.append((group, email))
            if rank:
                draft.prefer("email", email, rank)

    return add


def _phone(head: Head) -> Add:
    kinds, group, rank = head.kinds, head.group, head.rank

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        number = value.decode()
        if "\\" in number:
            number = unescape(number)
        if ":" in number:
            number = _without("tel:", number)
        if number:
            phone = Phone(number, kinds)
            contact.phones.append(phone)
            if group:
                draft.grouped.append((group, phone))
            if rank:
                draft.prefer("phone", phone, rank)

    return add


def _name(head: Head) -> Add:
    if "PHONETIC" in head.others:
        return _phonetic_name

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        text = value.decode()
        if draft.named:
            return
        # Almost every N has its five parts and nothing escaped.
        if "\\" in text or "," in text:
            found = pieces(text, ";")
            if "," in text and draft.version != "2.1":
                found = [_joined(part) if "," in part else part for part in found]
            found = list(map(unescape, found))
        else:
            found = text.split(";")
        if len(found) < 5:
            found += ("",) * (5 - len(found))
        contact.name = Name(found[0], found[1], found[2], found[3], found[4])
        draft.named = any(found)

    return add


def _joined(part: str) -> str:
    """Several values of one part, separated by commas, joined by a space."""
    several = pieces(part, ",")
    return " ".join(filter(None, map(str.strip, several))) if len(several) > 1 else part


def _phonetic_name(contact: Contact, draft: Draft, value: bytes) -> None:
    """RFC 9554's N with PHONETIC, and SOUND;X-IRMC-N of Japanese telephones."""
    family, *rest = map(str.strip, parts(value.decode()))
    contact.phonetic_family = contact.phonetic_family or family
    if rest:
        contact.phonetic_given = contact.phonetic_given or rest[0]


def _sound(head: Head) -> Add:
    return _phonetic_name if any(kind.upper() == "X-IRMC-N" for kind in head.kinds) else ignore


def _formatted_name(head: Head) -> Add:
    if "DERIVED" in head.others or "X-DERIVED" in head.others:
        return ignore

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if not contact.formatted_name:
            contact.formatted_name = _text(value)

    return add


def _address(head: Head) -> Add:
    kinds, group, rank = head.kinds, head.group, head.rank
    label = head.others.get("LABEL", "")
    if "\\" in label:
        label = unescape(label)

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        text = value.decode()
        found = parts(text) if "\\" in text else text.split(";")
        if len(found) != 7:
            found = [*found[:7], *("",) * (7 - len(found))]
        if not label and not any(found):
            if not group:
                return
            # The LABEL of its group may follow.
            draft.hollow = True
        box, extended, street, city, region, code, country = found
        address = Address(box, extended, street, city, region, code, country, label, kinds)
        contact.addresses.append(address)
        if group:
            draft.grouped.append((group, address))
        if rank:
            draft.prefer("address", address, rank)

    return add


def _address_label(head: Head) -> Add:
    kinds, group = head.kinds, head.group

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        text = _text(value)
        if text:
            if draft.address_labels is None:
                draft.address_labels = []
            draft.address_labels.append((group, kinds, text))

    return add


def _organisation(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        text = value.decode()
        found = parts(text) if "\\" in text else text.split(";")
        name, units = found[0], found[1:]
        if "" in units:
            units = [unit for unit in units if unit]
        if name or units:
            contact.organisations.append(Organisation(name, units))

    return add


def _texts(field: Callable[[Contact], list[str]]) -> Maker:
    def maker(head: Head) -> Add:
        def add(contact: Contact, draft: Draft, value: bytes) -> None:
            text = _text(value)
            if text:
                field(contact).append(text)

        return add

    return maker


def _lists(field: Callable[[Contact], list[str]]) -> Maker:
    def maker(head: Head) -> Add:
        def add(contact: Contact, draft: Draft, value: bytes) -> None:
            field(contact).extend(_words(value))

        return add

    return maker


def _entries(field: Callable[[Contact], list[Labelled]], name: str, kind: str = "") -> Maker:
    """A list of values with kinds; `kind` is the one that the property's own name says."""

    def maker(head: Head) -> Add:
        kinds = (kind, *head.kinds) if kind else head.kinds
        group, rank = head.group, head.rank

        def add(contact: Contact, draft: Draft, value: bytes) -> None:
            text = _text(value)
            if text:
                entry = Labelled(text, kinds)
                field(contact).append(entry)
                if group:
                    draft.grouped.append((group, entry))
                if rank:
                    draft.prefer(name, entry, rank)

        return add

    return maker


def _messenger(service: str = "") -> Maker:
    """Apple writes one account twice, as IMPP and under a name of its service: the second is left out."""

    def maker(head: Head) -> Add:
        kinds, group, rank = head.kinds, head.group, head.rank
        named = service or extensions.service(head.others)

        def add(contact: Contact, draft: Draft, value: bytes) -> None:
            text = extensions.account(_text(value), named)
            if draft.accounts is None:
                draft.accounts = set()
            if not text or text in draft.accounts:
                return
            draft.accounts.add(text)
            entry = Labelled(text, kinds)
            contact.messengers.append(entry)
            if group:
                draft.grouped.append((group, entry))
            if rank:
                draft.prefer("messenger", entry, rank)

        return add

    return maker


def _date(head: Head) -> Callable[[bytes], PartialDate | None]:
    is_text = head.value == "text"
    omitted = head.others.get("X-APPLE-OMIT-YEAR")

    def date(value: bytes) -> PartialDate | None:
        text = value.decode()
        if "\\" in text:
            text = unescape(text)
        if not text:
            return None
        if is_text:
            return PartialDate(text=text)
        date = dates.parse(text)
        if omitted is not None and date.year is not None and omitted == f"{date.year:04}":
            date.year = None
        return date

    return date


def _birthday(head: Head) -> Add:
    date = _date(head)

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if contact.birthday is None:
            contact.birthday = date(value)

    return add


def _anniversary(head: Head) -> Add:
    date = _date(head)

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if contact.anniversary is None:
            contact.anniversary = date(value)

    return add


def _labelled_date(head: Head) -> Add:
    date, group = _date(head), head.group

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        found = date(value)
        if found is not None:
            dated = LabelledDate(found)
            contact.dates.append(dated)
            if group:
                draft.grouped.append((group, dated))

    return add


def _label(head: Head) -> Add:
    group = head.group

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        label = unwrap(_text(value))
        if group and label:
            draft.labels[group] = label

    return add


def _phonetic_given(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        contact.phonetic_given = contact.phonetic_given or _text(value)

    return add


def _phonetic_family(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        contact.phonetic_family = contact.phonetic_family or _text(value)

    return add


def _identity(text: str) -> str:
    """A UID without the scheme that vCard 4.0 puts before it, so that members and UIDs compare."""
    return _without("urn:uuid:", text) if ":" in text else text


def _uid(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if not contact.uid:
            contact.uid = _identity(_text(value))

    return add


def _member(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        member = _identity(_text(value))
        if member:
            if draft.members is None:
                draft.members = []
            draft.members.append(member)

    return add


def _kind(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        draft.kind = draft.kind or value.decode().strip().lower()

    return add


def _version(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        draft.version = value.decode().strip()

    return add


def _revision(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if not contact.revision:
            contact.revision = _text(value)

    return add


def _photo(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        picture = photo(head, value)
        if picture is not None:
            contact.photos.append(picture)

    return add


def _android(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        extensions.android(contact, parts(value.decode()))

    return add


def _relation(kind: str = "") -> Maker:
    return _entries(attrgetter("relations"), "relation", kind)


_url = _entries(attrgetter("urls"), "url")
_nickname = _lists(attrgetter("nicknames"))

PROPERTIES: dict[str, Maker] = {
    "VERSION": _version,
    "KIND": _kind,
    "X-ADDRESSBOOKSERVER-KIND": _kind,
    "MEMBER": _member,
    "X-ADDRESSBOOKSERVER-MEMBER": _member,
    "UID": _uid,
    "REV": _revision,
    "N": _name,
    "FN": _formatted_name,
    "NICKNAME": _nickname,
    "X-NICKNAME": _nickname,
    "X-PHONETIC-FIRST-NAME": _phonetic_given,
    "X-PHONETIC-LAST-NAME": _phonetic_family,
    "SOUND": _sound,
    "EMAIL": _email,
    "TEL": _phone,
    "ADR": _address,
    "LABEL": _address_label,
    "ORG": _organisation,
    "TITLE": _texts(attrgetter("titles")),
    "ROLE": _texts(attrgetter("roles")),
    "NOTE": _texts(attrgetter("notes")),
    "CATEGORIES": _lists(attrgetter("categories")),
    "BDAY": _birthday,
    "X-CONTACTPORT-BDAY": _birthday,
    "ANNIVERSARY": _anniversary,
    "X-ABDATE": _labelled_date,
    "X-ABLABEL": _label,
    "URL": _url,
    "SOCIALPROFILE": _url,
    "X-SOCIALPROFILE": _url,
    "IMPP": _messenger(),
    "RELATED": _relation(),
    "X-ABRELATEDNAMES": _relation(),
    "PHOTO": _photo,
    "AGENT": _ignored,
    "X-ANDROID-CUSTOM": _android,
    **dict.fromkeys(extensions.ANNIVERSARIES, _anniversary),
    **{name: _messenger(service) for name, service in extensions.MESSENGERS.items()},
    **{name: _relation(kind) for name, kind in extensions.RELATIONS.items()},
    **dict.fromkeys(extensions.OF_NO_PERSON, _ignored),
}
"""Every name that is known. An unknown X- name is ignored; any other unknown name may be a broken line."""

FREE_TEXT = frozenset({"NOTE", "ADR", "LABEL"})
"""Where naive writers leave raw line ends in a value."""


def _adder(head: Head) -> Add | None:
    maker = PROPERTIES.get(head.name)
    if maker is not None:
        return maker(head)
    return ignore if head.name.startswith("X-") else None


_COMMON = frozenset(
    {"X-APPLE-OMIT-YEAR", "X-SERVICE-TYPE", "MEDIATYPE", "LANGUAGE", "PHONETIC", "X-ABCROP-RECTANGLE"}
)
_HEADS = 4096
_HEAD_BYTES = 96
_resolved: dict[bytes, tuple[Head, Add | None]] = {}


def lasts(head: bytes, read: Head) -> bool:
    """Whether a head is worth keeping: one that holds a value of its owner's is neither met again nor kept."""
    return len(head) <= _HEAD_BYTES and read.others.keys() <= _COMMON


def resolve(head: bytes) -> tuple[Head, Add | None] | None:
    """The head, and what a value under it does: None for a name that nobody registered.

    None instead of both where this can't stand before a property's colon.
    """
    known = _resolved.get(head)
    if known is not None:
        return known
    read = parse(head)
    if read is None:
        return None
    known = (read, _adder(read))
    if lasts(head, read):
        if len(_resolved) >= _HEADS:
            _resolved.clear()
        _resolved[head] = known
    return known
