"""The properties of a person's card: from a head to what its value adds to the contact (RFC 6350 section 6).

`adder` turns a head into a function once; the function is then called for every value under an equal head. Its
value is UTF-8, quoted-printable undone, base64 not.
"""

from __future__ import annotations

from collections.abc import Callable

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
from contactport.formats.heads import Head
from contactport.formats.pictures import photo
from contactport.formats.text import pieces, unescape

Add = Callable[[Contact, Draft, bytes], None]
Maker = Callable[[Head], Add]


def _text(value: bytes) -> str:
    text = value.decode()
    return unescape(text) if "\\" in text else text


def _words(value: bytes) -> list[str]:
    """A list separated by commas, without its empties."""
    return [word for word in map(unescape, map(str.strip, pieces(value.decode(), ","))) if word]


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
        if ":" in address and address[:7].lower() == "mailto:":
            address = address[7:]
        if address:
            email = Email(address, kinds)
            contact.emails.append(email)
            if group or rank:
                draft.note("email", email, group, rank)

    return add


def _phone(head: Head) -> Add:
    kinds, group, rank = head.kinds, head.group, head.rank

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        number = value.decode()
        if "\\" in number:
            number = unescape(number)
        if ":" in number and number[:4].lower() == "tel:":
            number = number[4:]
        if number:
            phone = Phone(number, kinds)
            contact.phones.append(phone)
            if group or rank:
                draft.note("phone", phone, group, rank)

    return add


def _name(head: Head) -> Add:
    if "PHONETIC" in head.others:
        return _phonetic_name

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        text = value.decode()
        if contact.name != _NOBODY:
            return
        # Almost every N has its five parts and nothing escaped.
        if "\\" in text or "," in text:
            parts = pieces(text, ";")
            if "," in text and draft.version != "2.1":
                parts = [" ".join(map(str.strip, pieces(part, ","))).strip() for part in parts]
            parts = list(map(unescape, parts))
        else:
            parts = text.split(";")
        if len(parts) < 5:
            parts += ("",) * (5 - len(parts))
        contact.name = Name(parts[0], parts[1], parts[2], parts[3], parts[4])

    return add


_NOBODY = Name()


def _phonetic_name(contact: Contact, draft: Draft, value: bytes) -> None:
    """RFC 9554's N with PHONETIC, and SOUND;X-IRMC-N of Japanese telephones."""
    parts = [unescape(part).strip() for part in pieces(value.decode(), ";")]
    contact.phonetic_family = contact.phonetic_family or parts[0]
    if len(parts) > 1:
        contact.phonetic_given = contact.phonetic_given or parts[1]


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
        parts = list(map(unescape, pieces(text, ";"))) if "\\" in text else text.split(";")
        if len(parts) < 7:
            parts += ("",) * (7 - len(parts))
        if not label and not any(parts[:7]):
            return
        box, extended, street, city, region, code, country = parts[:7]
        address = Address(box, extended, street, city, region, code, country, label, kinds)
        contact.addresses.append(address)
        if group or rank:
            draft.note("address", address, group, rank)

    return add


def _address_label(head: Head) -> Add:
    kinds, group = head.kinds, head.group

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        text = _text(value)
        if text:
            draft.wait()
            draft.address_labels.append((group, kinds, text))

    return add


def _organisation(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        text = value.decode()
        name, *units = map(unescape, pieces(text, ";")) if "\\" in text else text.split(";")
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
                if group or rank:
                    draft.note(name, entry, group, rank)

        return add

    return maker


def _messenger(service: str = "") -> Maker:
    """Apple writes one account twice, as IMPP and under a name of its service: the second is left out."""

    def maker(head: Head) -> Add:
        kinds, group, rank = head.kinds, head.group, head.rank
        named = service or extensions.service(head.others)

        def add(contact: Contact, draft: Draft, value: bytes) -> None:
            text = extensions.account(_text(value), named)
            draft.wait()
            if not text or text in draft.seen:
                return
            draft.seen.add(text)
            entry = Labelled(text, kinds)
            contact.messengers.append(entry)
            if group or rank:
                draft.note("messenger", entry, group, rank)

        return add

    return maker


def _date(head: Head, value: bytes) -> PartialDate | None:
    text = _text(value)
    if head.value == "text":
        return PartialDate(text=text) if text else None
    date = dates.parse(text)
    if date.year is not None and head.others.get("X-APPLE-OMIT-YEAR") == f"{date.year:04}":
        date.year = None
    return date if date != _NEVER else None


_NEVER = PartialDate()


def _birthday(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if contact.birthday is None:
            contact.birthday = _date(head, value)

    return add


def _anniversary(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if contact.anniversary is None:
            contact.anniversary = _date(head, value)

    return add


def _labelled_date(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        date = _date(head, value)
        if date is not None:
            dated = LabelledDate(date)
            contact.dates.append(dated)
            if head.group:
                draft.wait()
                draft.grouped.append((head.group, dated))

    return add


def _label(head: Head) -> Add:
    group = head.group

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        label = unwrap(_text(value))
        if group and label:
            draft.wait()
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
    return text[9:] if text[:9].lower() == "urn:uuid:" else text


def _uid(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if not contact.uid:
            contact.uid = _identity(_text(value))

    return add


def _member(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        member = _identity(_text(value))
        if member:
            draft.wait()
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
        extensions.android(contact, list(map(unescape, pieces(value.decode(), ";"))))

    return add


def _relation(kind: str = "") -> Maker:
    return _entries(lambda contact: contact.relations, "relation", kind)


_url = _entries(lambda contact: contact.urls, "url")
_nickname = _lists(lambda contact: contact.nicknames)

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
    "TITLE": _texts(lambda contact: contact.titles),
    "ROLE": _texts(lambda contact: contact.roles),
    "NOTE": _texts(lambda contact: contact.notes),
    "CATEGORIES": _lists(lambda contact: contact.categories),
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


def adder(head: Head) -> Add | None:
    """What a value under this head does; None for a name that nobody registered."""
    maker = PROPERTIES.get(head.name)
    if maker is not None:
        return maker(head)
    return ignore if head.name.startswith("X-") else None
