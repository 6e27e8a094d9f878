"""CloudSponge's contact object, as `docs/wire.md` defines it: the structs of its JSON.

Key order, the keys that are always there and those that are left out when unknown are part of the contract.
`primary` is on one entry of a list: the preferred one of the source, or the first, so that a client that looks
for the primary address always finds one. Addresses carry no such key.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from contactport.contact import Address, Contact, Email, Labelled, PartialDate, Phone, Photo
from contactport.formats.name_split import split
from contactport.formats.photos import image_type, is_safe
from contactport.formats.vcard.params import KINDS

UNKNOWN = "Other"
"""The type of an entry without a type from the source, because clients expect a string. It is never stored."""
_UNTOLD = frozenset({"internet", "pref", "voice"})
_SPELT = {"cell": "Mobile", "iphone": "iPhone"}
_MAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")


class WirePhone(msgspec.Struct, gc=False):
    """`type` is UNKNOWN, or None for XML, when the source gives none."""

    number: str
    type: str | None
    primary: bool | UnsetType = UNSET


class WireEmail(msgspec.Struct, gc=False):
    """`type` as in WirePhone."""

    address: str
    type: str | None
    primary: bool | UnsetType = UNSET


class WireAddress(msgspec.Struct, gc=False):
    """Every key is always there, null for an unknown value. Without a label, `formatted` is made from the parts.

    `type` is as in WirePhone.
    """

    type: str | None
    street: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None
    formatted: str | None


class WireContact(msgspec.Struct, kw_only=True, gc=False):
    """The contact object. `dob` is YYYY-MM-DD and `birthday` MM-DD; a key that is UNSET is left out."""

    first_name: str
    last_name: str
    phone: list[WirePhone]
    email: list[WireEmail]
    address: list[WireAddress]
    groups: list[str]
    dob: str | UnsetType = UNSET
    birthday: str | UnsetType = UNSET
    companies: list[str]
    job_title: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    photos: list[str]
    locations: list[str]


class WireOwner(msgspec.Struct, kw_only=True, gc=False):
    """The object `contacts_owner`: whose address book it is."""

    first_name: str
    last_name: str
    external_id: str
    phone: list[WirePhone]
    email: list[WireEmail]
    groups: list[str]
    companies: list[str]
    photos: list[str]
    locations: list[str]
    owner: bool = True


def _clean(text: str) -> str:
    """The value without extra white space and without the double escapes of some servers."""
    if "\t" in text or "\\" in text:
        text = text.replace("\t", " ").replace("\\,", ",").replace("\\;", ";")
    return text.strip()


def _spelt(word: str) -> str:
    spelt = _SPELT.get(word.lower())
    if spelt is not None:
        return spelt
    return word.capitalize() if word.isupper() or word.islower() else word


_TOLD = {
    spelt: None if word.lower() in _UNTOLD else _spelt(spelt)
    for word in KINDS
    for spelt in (word, word.lower(), word.capitalize())
}
"""The well-known kinds in their usual spelling; None for those without a meaning."""


def _kind(kinds: tuple[str, ...]) -> str | None:
    for kind in kinds:
        told = _TOLD.get(kind, "")
        if told:
            return told
        if told is not None and kind.lower() not in _UNTOLD:
            return _spelt(_clean(kind)) or None
    return None


def kind_of(item: Email | Phone | Address | Labelled) -> str | None:
    """The user's own label, or the first kind with a meaning, as people write it: `Home`, `Mobile`."""
    if item.label:
        return _clean(item.label) or None
    return _kind(item.kinds) if item.kinds else None


def _is_mail(text: str) -> bool:
    return "@" in text and _MAIL.fullmatch(text) is not None


def _names(contact: Contact) -> tuple[str, str]:
    """First and last name: from N, or from FN, or the nickname.

    An e-mail address in place of a name is not a name.
    """
    first, last = _clean(contact.name.given), _clean(contact.name.family)
    if _is_mail(first):
        first = ""
    if _is_mail(last):
        last = ""
    if first or last:
        return first, last
    full = _clean(contact.formatted_name)
    if full and not _is_mail(full):
        return split(full, (_clean(organisation.name) for organisation in contact.organisations))
    for nickname in contact.nicknames:
        nick = _clean(nickname)
        if nick and not _is_mail(nick):
            return nick, ""
    return "", ""


def _phones(phones: list[Phone], unknown: str | None) -> list[WirePhone]:
    made: list[WirePhone] = []
    primary: WirePhone | None = None
    for phone in phones:
        number = _clean(phone.number)
        if number:
            entry = WirePhone(number, kind_of(phone) or unknown)
            made.append(entry)
            if phone.primary and primary is None:
                primary = entry
    if made:
        (primary or made[0]).primary = True
    return made


def _emails(emails: list[Email], unknown: str | None) -> list[WireEmail]:
    made: list[WireEmail] = []
    primary: WireEmail | None = None
    for email in emails:
        address = _clean(email.address)
        if address:
            entry = WireEmail(address, kind_of(email) or unknown)
            made.append(entry)
            if email.primary and primary is None:
                primary = entry
    if made:
        (primary or made[0]).primary = True
    return made


def envelope(address: Address) -> str:
    """The parts as on an envelope, one kind of part on each line."""
    town = " ".join(part for part in (address.city, address.region, address.postal_code) if part)
    lines = (address.po_box, address.extended, address.street, town, address.country)
    return "\n".join(line.strip() for line in map(_clean, lines) if line)


def _address(address: Address, unknown: str | None) -> WireAddress:
    street = _clean(address.street or address.extended or address.po_box)
    return WireAddress(
        kind_of(address) or unknown,
        street or None,
        _clean(address.city) or None,
        _clean(address.region) or None,
        _clean(address.postal_code) or None,
        _clean(address.country) or None,
        _clean(address.formatted) or envelope(address) or None,
    )


def _dates(date: PartialDate) -> tuple[str | UnsetType, str | UnsetType]:
    if date.month is None or date.day is None:
        return UNSET, UNSET
    birthday = f"{date.month:02}-{date.day:02}"
    return (UNSET if date.year is None else f"{date.year:04}-{birthday}"), birthday


def _photo(photo: Photo) -> str:
    """A URL for a page: `https:` or `data:image/…`, or "" for any other, whichever source it came from."""
    if not photo.data:
        return photo.uri if is_safe(photo.uri) else ""
    media_type = image_type(photo.media_type, photo.data)
    if media_type is None:
        return ""
    return f"data:{media_type or 'image/jpeg'};base64,{b64encode(photo.data).decode()}"


def _texts(texts: Iterable[str]) -> list[str]:
    """Clean, without empties and doubles, in order."""
    return list(dict.fromkeys(text for text in map(_clean, texts) if text))


def _companies(contact: Contact) -> list[str]:
    return _texts(org.name or (org.units[0] if org.units else "") for org in contact.organisations)


def to_wire(contact: Contact, groups: Sequence[str] = (), unknown: str | None = UNKNOWN) -> WireContact:
    """The contact object. `groups` are the names of the group cards it belongs to; its categories follow.

    `unknown` is the type of entries without a type from the source: XML has nil there.
    """
    first, last = _names(contact)
    dob: str | UnsetType = UNSET
    birthday: str | UnsetType = UNSET
    if contact.birthday is not None:
        dob, birthday = _dates(contact.birthday)
    return WireContact(
        first_name=first,
        last_name=last,
        phone=_phones(contact.phones, unknown) if contact.phones else [],
        email=_emails(contact.emails, unknown) if contact.emails else [],
        address=[_address(address, unknown) for address in contact.addresses] if contact.addresses else [],
        groups=_texts((*groups, *contact.categories)) if groups or contact.categories else [],
        dob=dob,
        birthday=birthday,
        companies=_companies(contact) if contact.organisations else [],
        job_title=next(iter(_texts(contact.titles)), UNSET) if contact.titles else UNSET,
        title=(_clean(contact.name.prefixes) or UNSET) if contact.name.prefixes else UNSET,
        photos=[url for url in map(_photo, contact.photos) if url] if contact.photos else [],
        locations=[],
    )


def to_owner(contact: Contact, groups: Sequence[str] = (), unknown: str | None = UNKNOWN) -> WireOwner:
    """The owner's card, if the server names it; `external_id` is its UID."""
    wire = to_wire(contact, groups, unknown)
    return WireOwner(
        first_name=wire.first_name,
        last_name=wire.last_name,
        external_id=contact.uid,
        phone=wire.phone,
        email=wire.email,
        groups=wire.groups,
        companies=wire.companies,
        photos=wire.photos,
        locations=[],
    )


def owner_from_username(username: str, unknown: str | None = UNKNOWN) -> WireOwner:
    """The owner without a card: the user name, and also the e-mail address if the user name is one."""
    name = _clean(username)
    return WireOwner(
        first_name="",
        last_name="",
        external_id=name,
        phone=[],
        email=[WireEmail(name, unknown)] if _is_mail(name) else [],
        groups=[],
        companies=[],
        photos=[],
        locations=[],
    )
