"""The attributes of people in LDIF: which part of a contact each is, read and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from contactport.contact import Address, Contact, Email, Labelled, Organisation, PartialDate, Phone
from contactport.formats import dates
from contactport.formats.photos import image

_Entry = TypeVar("_Entry", Email, Phone)
Attribute = tuple[str, str]
"""A name in lower case, and its value."""

PHONES: dict[str, tuple[str, ...]] = {
    "telephonenumber": ("WORK",),
    "homephone": ("HOME",),
    "hometelephonenumber": ("HOME",),
    "mobile": ("CELL",),
    "mobiletelephonenumber": ("CELL",),
    "cellphone": ("CELL",),
    "facsimiletelephonenumber": ("FAX",),
    "fax": ("FAX",),
    "pager": ("PAGER",),
    "pagertelephonenumber": ("PAGER",),
    "pagerphone": ("PAGER",),
    "othertelephone": (),
}
EMAILS = frozenset(
    {"mail", "rfc822mailbox", "mozillasecondemail", "xmozillasecondemail", "othermailbox", "emailaddress"}
)
PLACES: dict[str, tuple[str, str]] = {
    **{
        name: ("WORK", part)
        for part, names in {
            "street": "street streetaddress",
            "extended": "mozillaworkstreet2 mozillapostaladdress2",
            "city": "l localityname locality",
            "region": "st stateorprovincename region",
            "postal_code": "postalcode zip",
            "country": "c countryname co friendlycountryname",
            "po_box": "postofficebox",
            "formatted": "postaladdress",
        }.items()
        for name in names.split()
    },
    **{
        name: ("HOME", part)
        for part, names in {
            "street": "mozillahomestreet homestreet",
            "extended": "mozillahomestreet2 mozillahomepostaladdress2",
            "city": "mozillahomelocalityname homecity",
            "region": "mozillahomestate homestate",
            "postal_code": "mozillahomepostalcode homepostalcode",
            "country": "mozillahomecountryname homecountry",
            "formatted": "homepostaladdress",
        }.items()
        for name in names.split()
    },
}
PAGES: dict[str, tuple[str, ...]] = {
    "mozillaworkurl": ("WORK",),
    "workurl": ("WORK",),
    "mozillahomeurl": ("HOME",),
    "homeurl": ("HOME",),
    "url": (),
    "labeleduri": (),
    "labeledurl": (),
}
MESSENGERS = {
    "nsaimid": "aim",
    "mozillaaimscreenname": "aim",
    "_aimscreenname": "aim",
    "_googletalk": "xmpp",
    "_jabberid": "xmpp",
    "_icq": "icq",
    "_irc": "irc",
    "_msn": "msn",
    "_qq": "qq",
    "_skype": "skype",
    "_yahoo": "ymsgr",
}
_NAMES = {
    "sn": "family",
    "surname": "family",
    "givenname": "given",
    "gn": "given",
    "middlename": "additional",
    "personaltitle": "prefixes",
    "honorificprefix": "prefixes",
    "generationqualifier": "suffixes",
}
_LISTS = {
    "mozillanickname": "nicknames",
    "xmozillanickname": "nicknames",
    "nickname": "nicknames",
    "title": "titles",
    "category": "categories",
    "description": "notes",
    "notes": "notes",
    "comment": "notes",
    **{f"{start}custom{at}": "notes" for start in ("mozilla", "xmozilla", "") for at in range(1, 5)},
}
_FORMATTED = ("displayname", "cn", "commonname")
_ORGANISATIONS = frozenset({"o", "organizationname", "company"})
_UNITS = frozenset({"ou", "department", "departmentnumber", "orgunit", "organizationalunitname"})
_BIRTH = ("birthyear", "birthmonth", "birthday")
_PICTURES = frozenset({"jpegphoto", "thumbnailphoto", "photo"})
_RELATIONS = {"manager": "manager", "secretary": "assistant"}
_COMMON_NAME = re.compile(r"\s*cn\s*=\s*((?:[^,\\]|\\.)*)", re.IGNORECASE)
_DOLLAR = re.compile(r"\s*\$\s*")
READ = frozenset(
    {
        *(*PHONES, *EMAILS, *PLACES, *PAGES, *MESSENGERS, *_NAMES, *_LISTS, *_FORMATTED, *_ORGANISATIONS),
        *(*_UNITS, *_BIRTH, *_PICTURES, *_RELATIONS, "modifytimestamp"),
    }
)
"""Every attribute that is read of a person."""


def person(attributes: list[tuple[str, bytes]], text: Callable[[bytes], str]) -> Contact:
    """The contact that these attributes describe; `text` decodes a value."""
    contact = Contact()
    places: dict[str, Address] = {}
    units: list[str] = []
    birth: dict[str, str] = {}
    for name, octets in attributes:
        if name not in READ:
            continue
        if name in _PICTURES:
            photo = image("", octets)
            if photo is not None:
                contact.photos.append(photo)
            continue
        value = text(octets).strip()
        if not value:
            continue
        if name in _FORMATTED:
            if name == "displayname" or not contact.formatted_name:
                contact.formatted_name = value
        elif (part := _NAMES.get(name)) is not None:
            before = getattr(contact.name, part)
            setattr(contact.name, part, f"{before} {value}" if before else value)
        elif (field := _LISTS.get(name)) is not None:
            getattr(contact, field).append(value)
        elif name in EMAILS:
            contact.emails.append(Email(value))
        elif (kinds := PHONES.get(name)) is not None:
            contact.phones.append(Phone(value, kinds))
        elif (place := PLACES.get(name)) is not None:
            kind, part = place
            address = places.setdefault(kind, Address(kinds=(kind,)))
            if part == "formatted":
                value = _DOLLAR.sub("\n", value).strip()
            before = getattr(address, part)
            setattr(address, part, f"{before}\n{value}" if before else value)
        elif name in _ORGANISATIONS:
            contact.organisations.append(Organisation(value))
        elif name in _UNITS:
            units.append(value)
        elif name in _BIRTH:
            birth[name] = value
        elif (service := MESSENGERS.get(name)) is not None:
            contact.messengers.append(Labelled(value if ":" in value else f"{service}:{value}"))
        elif (relation := _RELATIONS.get(name)) is not None:
            named = _COMMON_NAME.match(value)
            contact.relations.append(Labelled(named[1] if named else value, (relation,)))
        elif name == "modifytimestamp":
            contact.revision = "" if value == "0Z" else value
        else:
            _page(contact, name, value)
    contact.addresses = [places[kind] for kind in ("HOME", "WORK") if kind in places]
    if units:
        if contact.organisations:
            contact.organisations[0].units = units
        else:
            contact.organisations.append(Organisation("", units))
    contact.birthday = _birthday(birth)
    return contact


def _page(contact: Contact, name: str, value: str) -> None:
    """A web page; `labeledURI` has words after it (RFC 2079)."""
    address, _, words = value.partition(" ") if name.startswith("labeled") else (value, "", "")
    contact.urls.append(Labelled(address, PAGES[name], words.strip() or None))


def _birthday(birth: dict[str, str]) -> PartialDate | None:
    if not birth:
        return None
    year, month, day = (birth.get(name, "") for name in _BIRTH)
    if all(not part or (len(part) <= 4 and part.isascii() and part.isdigit()) for part in (year, month, day)):
        numbers = [int(part) or None if part else None for part in (year, month, day)]
        spelled = dates.compose(PartialDate(numbers[0], numbers[1], numbers[2]))
        parsed = dates.parse(spelled)
        if spelled and not parsed.text:
            return parsed
    words = " ".join(filter(None, (year, month, day)))
    return dates.parse(words)


def written(contact: Contact, groups: Sequence[str]) -> Iterator[Attribute]:
    """The attributes of a contact, for Thunderbird and for LDAP."""
    name = contact.name
    formatted = contact.formatted_name or " ".join(filter(None, (name.given, name.additional, name.family)))
    yield "cn", formatted
    yield "sn", name.family
    yield "givenName", name.given
    yield "middleName", name.additional
    yield "personalTitle", name.prefixes
    yield "generationQualifier", name.suffixes
    for nickname in contact.nicknames:
        yield "mozillaNickname", nickname
    for at, email in enumerate(_preferred(contact.emails)):
        yield "mozillaSecondEmail" if at == 1 else "mail", email.address
    for phone in _preferred(contact.phones):
        yield _phone(phone), phone.number
    for kind, attributes in (("HOME", _HOME), ("WORK", _WORK)):
        address = _address(contact, kind)
        if address is not None:
            for part, attribute in attributes:
                value: str = getattr(address, part)
                yield attribute, " $ ".join(value.splitlines()) if part == "formatted" else value
    for organisation in contact.organisations:
        yield "o", organisation.name
        for unit in organisation.units:
            yield "ou", unit
    for title in contact.titles:
        yield "title", title
    for url in contact.urls:
        kinds = {kind.upper() for kind in url.kinds}
        if "HOME" in kinds or "WORK" in kinds:
            yield "mozillaHomeUrl" if "HOME" in kinds else "mozillaWorkUrl", url.value
        else:
            # A space ends the address there.
            yield "labeledURI", f"{url.value.replace(' ', '%20')} {url.label or ''}".rstrip(" ")
    for messenger in contact.messengers:
        service, _, account = messenger.value.partition(":")
        attribute = _SERVICES.get(service.lower())
        if attribute:
            yield attribute, account
    for relation in contact.relations:
        if "manager" in map(str.lower, relation.kinds):
            yield "manager", f"cn={relation.value}"
    birthday = contact.birthday
    if birthday is not None:
        for attribute, number in (
            ("birthyear", birthday.year),
            ("birthmonth", birthday.month),
            ("birthday", birthday.day),
        ):
            yield attribute, "" if number is None else str(number)
    for category in dict.fromkeys((*groups, *contact.categories)):
        # Of Evolution's class evolutionPerson.
        yield "category", category
    for note in contact.notes:
        yield "description", note


_HOME = (
    ("street", "mozillaHomeStreet"),
    ("extended", "mozillaHomeStreet2"),
    ("city", "mozillaHomeLocalityName"),
    ("region", "mozillaHomeState"),
    ("postal_code", "mozillaHomePostalCode"),
    ("country", "mozillaHomeCountryName"),
    ("formatted", "homePostalAddress"),
)
_WORK = (
    ("street", "street"),
    ("extended", "mozillaWorkStreet2"),
    ("city", "l"),
    ("region", "st"),
    ("postal_code", "postalCode"),
    ("country", "c"),
    ("po_box", "postOfficeBox"),
    ("formatted", "postalAddress"),
)
_SERVICES = {
    "aim": "nsAIMid",
    "xmpp": "_JabberId",
    "icq": "_ICQ",
    "irc": "_IRC",
    "msn": "_MSN",
    "qq": "_QQ",
    "skype": "_Skype",
    "ymsgr": "_Yahoo",
}


def _preferred(entries: list[_Entry]) -> list[_Entry]:
    return sorted(entries, key=lambda entry: not entry.primary)


def _phone(phone: Phone) -> str:
    kinds = {kind.upper() for kind in phone.kinds}
    if "FAX" in kinds:
        return "facsimileTelephoneNumber"
    if "PAGER" in kinds:
        return "pager"
    if kinds & {"CELL", "MOBILE", "IPHONE"}:
        return "mobile"
    return "homePhone" if "HOME" in kinds else "telephoneNumber"


def _address(contact: Contact, kind: str) -> Address | None:
    """The first address of this kind; an address of no kind counts as one at home, if there is none."""
    found = [address for address in contact.addresses if kind in map(str.upper, address.kinds)]
    if not found and kind == "HOME":
        found = [address for address in contact.addresses if "WORK" not in map(str.upper, address.kinds)]
    return found[0] if found else None
