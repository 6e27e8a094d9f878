"""From a resource `Person` of the People API to a contact.

A person may come together from several sources (`metadata.source`): the user's own contact, and the profile that the
person has with Google. What the user has written comes first. Fields that no contact has a place for are left out:
`docs/sources.md` has the table, and a test holds it to what is done here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

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
    Photo,
)
from contactport.sources.hosted.json_values import Json, entries, number, partial_date, record, text

Entry = TypeVar("Entry", Email, Phone, Address, Labelled)
Kinds = Mapping[str, tuple[str, ...]]

PLACES: Kinds = {"home": ("home",), "work": ("work",), "other": ()}
PHONES: Kinds = PLACES | {
    "mobile": ("cell",),
    "main": ("main",),
    "pager": ("pager",),
    "homeFax": ("fax", "home"),
    "workFax": ("fax", "work"),
    "otherFax": ("fax",),
    "workMobile": ("cell", "work"),
    "workPager": ("pager", "work"),
    "googleVoice": ("voice",),
}
PAGES: Kinds = PLACES | {
    "blog": ("blog",),
    "profile": ("profile",),
    "homePage": ("homepage",),
    "ftp": ("ftp",),
    "reservations": ("reservations",),
    "appInstallPage": ("app-install-page",),
}
SIP: Kinds = PLACES | {"mobile": ("cell",)}
RELATIONS: Kinds = {
    **{
        word: (word,)
        for word in (
            *("spouse", "child", "mother", "father", "parent", "brother", "sister", "friend", "relative"),
            *("manager", "assistant", "partner"),
        )
    },
    "domesticPartner": ("domestic partner",),
    "referredBy": ("referred by",),
    "other": (),
}
"""The types that the People API defines, and the kinds they are in a contact. Any other is the user's own word."""
SCHEMES = {
    "aim": "aim",
    "msn": "msn",
    "yahoo": "ymsgr",
    "skype": "skype",
    "qq": "qq",
    "googleTalk": "xmpp",
    "icq": "icq",
    "jabber": "xmpp",
    "netMeeting": "netmeeting",
}
"""The messengers that the People API defines, and the schemes of their addresses."""
_PROFILES = frozenset({"ACCOUNT", "PROFILE", "DOMAIN_PROFILE"})
"""Sources of what the person has written, rather than the user."""
_NICKNAMES = frozenset({"", "DEFAULT", "ALTERNATE_NAME", "OTHER_NAME", "SHORT_NAME"})


def to_contact(person: Json, groups: Mapping[str, str], *, photos: bool = False) -> Contact:
    """The contact; `groups` are names by resource name. Never raises, whatever stands in the JSON."""
    contact = Contact(uid=text(person, "resourceName"))
    _name(contact, _one(person, "names"))
    contact.nicknames = _unique(
        text(entry, "value") for entry in _own_first(person, "nicknames") if text(entry, "type") in _NICKNAMES
    )
    contact.emails = _entries(
        person, "emailAddresses", PLACES, lambda entry: Email(text(entry, "value")), str.lower
    )
    contact.phones = _entries(
        person,
        "phoneNumbers",
        PHONES,
        lambda entry: Phone(text(entry, "value") or text(entry, "canonicalForm")),
    )
    contact.addresses = _entries(person, "addresses", PLACES, _address)
    _organisations(contact, person)
    contact.birthday = _birthday(_one(person, "birthdays"))
    _events(contact, person)
    contact.urls = _entries(person, "urls", PAGES, lambda entry: Labelled(text(entry, "value")))
    contact.messengers = [
        *_entries(person, "imClients", PLACES, _messenger),
        *_entries(person, "sipAddresses", SIP, _sip_address),
    ]
    contact.relations = _entries(
        person, "relations", RELATIONS, lambda entry: Labelled(text(entry, "person"))
    )
    contact.notes = _unique(text(entry, "value") for entry in _own_first(person, "biographies"))
    contact.roles = _unique(text(entry, "value") for entry in _own_first(person, "occupations"))
    contact.categories = _unique(
        groups.get(text(record(entry, "contactGroupMembership"), "contactGroupResourceName"), "")
        for entry in entries(person, "memberships")
    )
    if photos:
        contact.photos = [
            Photo(uri=text(entry, "url"))
            for entry in _own_first(person, "photos")
            # The placeholder that everybody has who has none.
            if entry.get("default") is not True and text(entry, "url")
        ]
    return contact


def is_deleted(person: Json) -> bool:
    """Whether it is only told that this person is gone."""
    return record(person, "metadata").get("deleted") is True


def _own_first(person: Json, name: str) -> list[Json]:
    """A field's entries: the user's own before those of the person's profile, in their order."""
    if name not in person:
        return []
    found = entries(person, name)
    if len(found) > 1:
        found.sort(key=lambda entry: not _is_own(entry))
    return found


def _is_own(entry: Json) -> bool:
    return text(record(record(entry, "metadata"), "source"), "type") not in _PROFILES


def _one(person: Json, name: str) -> Json:
    """Of a field that a contact has once: the user's own, else the first."""
    for entry in _own_first(person, name):
        return entry
    return {}


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _name(contact: Contact, name: Json) -> None:
    if not name:
        return
    contact.name = Name(
        family=text(name, "familyName"),
        given=text(name, "givenName"),
        additional=text(name, "middleName"),
        prefixes=text(name, "honorificPrefix"),
        suffixes=text(name, "honorificSuffix"),
    )
    contact.formatted_name = text(name, "displayName") or text(name, "unstructuredName")
    contact.phonetic_given = text(name, "phoneticGivenName")
    contact.phonetic_family = text(name, "phoneticFamilyName")
    if not contact.phonetic_given and not contact.phonetic_family:
        contact.phonetic_given = text(name, "phoneticFullName")


def _entries(
    person: Json,
    name: str,
    kinds: Kinds,
    make: Callable[[Json], Entry],
    same: Callable[[str], str] = str,
) -> list[Entry]:
    """A field's entries with their kinds. What the profile repeats of the user's own is left out, and so is what has
    the same value and type twice. One entry at most is the preferred one."""
    made: dict[tuple[str, str], Entry] = {}
    first: dict[str, Entry] = {}
    preferred = False
    for entry in _own_first(person, name):
        one = make(entry)
        value, type_ = same(_value(one)), text(entry, "type")
        if not value:
            continue
        known = first.setdefault(value, one) if not _is_own(entry) else made.get((value, type_), one)
        if not preferred and record(entry, "metadata").get("primary") is True:
            preferred = known.primary = True
        if known is not one:
            continue
        made[value, type_] = one
        first.setdefault(value, one)
        if type_ in kinds:
            one.kinds = kinds[type_]
        elif type_:
            one.label = type_
    return list(made.values())


def _value(entry: Email | Phone | Address | Labelled) -> str:
    match entry:
        case Email():
            return entry.address
        case Phone():
            return entry.number
        case Labelled():
            return entry.value
        case Address():
            return "\n".join(
                (
                    *(entry.po_box, entry.extended, entry.street, entry.city),
                    *(entry.region, entry.postal_code, entry.country, entry.formatted),
                )
            ).strip()


def _address(entry: Json) -> Address:
    return Address(
        po_box=text(entry, "poBox"),
        extended=text(entry, "extendedAddress"),
        street=text(entry, "streetAddress"),
        city=text(entry, "city"),
        region=text(entry, "region"),
        postal_code=text(entry, "postalCode"),
        country=text(entry, "country") or text(entry, "countryCode"),
        formatted=text(entry, "formattedValue"),
    )


def _organisations(contact: Contact, person: Json) -> None:
    """The present ones before the past ones."""
    found = _own_first(person, "organizations")
    if len(found) > 1:
        found.sort(key=lambda entry: entry.get("current") is not True)
    named = dict.fromkeys((text(entry, "name"), text(entry, "department")) for entry in found)
    contact.organisations = [
        Organisation(name, [department] if department else [])
        for name, department in named
        if name or department
    ]
    contact.titles = _unique(text(entry, "title") for entry in found)


def _date(entry: Json) -> PartialDate | None:
    date = record(entry, "date")
    return partial_date(number(date, "year"), number(date, "month"), number(date, "day"))


def _birthday(entry: Json) -> PartialDate | None:
    """The date, else the user's own words, which need not be one."""
    date = _date(entry)
    if date is not None:
        return date
    words = text(entry, "text")
    return PartialDate(text=words) if words else None


def _events(contact: Contact, person: Json) -> None:
    for entry in _own_first(person, "events"):
        date = _date(entry)
        if date is None:
            continue
        type_ = text(entry, "type")
        if type_ == "anniversary" and contact.anniversary is None:
            contact.anniversary = date
        else:
            contact.dates.append(LabelledDate(date, None if type_ in ("", "other") else type_))


def _messenger(entry: Json) -> Labelled:
    account, protocol = text(entry, "username"), text(entry, "protocol")
    scheme = SCHEMES.get(protocol)
    if scheme is None:
        plain = "".join(filter(str.isalnum, protocol.lower()))
        scheme = plain if plain.isascii() and plain[:1].isalpha() else ""
    if account and scheme and not account.lower().startswith(f"{scheme}:"):
        account = f"{scheme}:{account}"
    return Labelled(account)


def _sip_address(entry: Json) -> Labelled:
    address = text(entry, "value")
    if address and not address.lower().startswith(("sip:", "sips:")):
        address = f"sip:{address}"
    return Labelled(address)
