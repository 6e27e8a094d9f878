"""From a resource `contact` of Microsoft Graph to a contact.

Properties that no contact has a place for are left out: `docs/sources.md` has the table, and a test holds it to what
is done here. Texts that are "" and objects that are `{}` are absent, as null is.
"""

from __future__ import annotations

import datetime

from contactport.contact import Address, Contact, Email, Labelled, Name, Organisation, PartialDate, Phone
from contactport.sources.hosted.json_values import (
    Json,
    entries,
    partial_date,
    record,
    text,
    texts,
)

_ADDRESSES = {"homeAddress": ("home",), "businessAddress": ("work",), "otherAddress": ()}
_RELATIONS = {"spouseName": "spouse", "manager": "manager", "assistantName": "assistant"}


def to_contact(found: Json) -> Contact:
    """The contact. Never raises, whatever stands in the JSON."""
    contact = Contact(
        uid=text(found, "id"),
        name=Name(
            family=text(found, "surname"),
            given=text(found, "givenName"),
            additional=text(found, "middleName"),
            prefixes=text(found, "title"),
            suffixes=text(found, "generation"),
        ),
        formatted_name=text(found, "displayName"),
        phonetic_given=text(found, "yomiGivenName"),
        phonetic_family=text(found, "yomiSurname"),
        birthday=_birthday(text(found, "birthday")),
    )
    contact.nicknames = _present(text(found, "nickName"))
    contact.emails = _emails(found)
    contact.phones = _phones(found)
    contact.addresses = [
        address
        for name, kinds in _ADDRESSES.items()
        if (address := _address(record(found, name), kinds)) is not None
    ]
    company, department = text(found, "companyName"), text(found, "department")
    if company or department:
        contact.organisations = [Organisation(company, [department] if department else [])]
    contact.titles = _present(text(found, "jobTitle"))
    contact.roles = _present(text(found, "profession"))
    contact.urls = [Labelled(page, ("work",)) for page in _present(text(found, "businessHomePage"))]
    contact.messengers = [Labelled(account) for account in _unique(found, "imAddresses")]
    contact.relations = [
        *(
            Labelled(person, (kind,))
            for name, kind in _RELATIONS.items()
            for person in _present(text(found, name))
        ),
        *(Labelled(child, ("child",)) for child in _unique(found, "children")),
    ]
    contact.notes = _present(text(found, "personalNotes"))
    contact.categories = _unique(found, "categories")
    contact.revision = text(found, "lastModifiedDateTime")
    return contact


def owner_card(user: Json) -> Contact:
    """The account's own card, from Graph's resource `user`."""
    address = text(user, "mail") or text(user, "userPrincipalName")
    return Contact(
        uid=text(user, "id"),
        name=Name(text(user, "surname"), text(user, "givenName")),
        formatted_name=text(user, "displayName"),
        emails=[Email(one) for one in _present(address)],
    )


def _present(value: str) -> list[str]:
    return [value] if value else []


def _unique(found: Json, name: str) -> list[str]:
    return list(dict.fromkeys(texts(found, name)))


def _emails(found: Json) -> list[Email]:
    """Each address once. What begins with `/o=` is a path in Exchange's own directory, where no mail can be sent."""
    made: dict[str, Email] = {}
    for entry in entries(found, "emailAddresses"):
        address = text(entry, "address")
        if address and address[:3].lower() != "/o=":
            made.setdefault(address.lower(), Email(address))
    return list(made.values())


def _phones(found: Json) -> list[Phone]:
    numbers = (
        *((number, ("cell",)) for number in (text(found, "mobilePhone"),) if number),
        *((number, ("home",)) for number in texts(found, "homePhones")),
        *((number, ("work",)) for number in texts(found, "businessPhones")),
    )
    return [Phone(number, kinds) for number, kinds in dict.fromkeys(numbers)]


def _address(entry: Json, kinds: tuple[str, ...]) -> Address | None:
    address = Address(
        street=text(entry, "street"),
        city=text(entry, "city"),
        region=text(entry, "state"),
        postal_code=text(entry, "postalCode"),
        country=text(entry, "countryOrRegion"),
        kinds=kinds,
    )
    return None if address == Address(kinds=kinds) else address


def _birthday(value: str) -> PartialDate | None:
    """The date in UTC of a time such as `1980-04-05T11:59:00Z`, which is midday so that the date is the same nearly
    everywhere. 1604 stands for no year; 0001-01-01 for no date."""
    day, _, rest = value.partition("T")
    try:
        date = datetime.date.fromisoformat(day)
        if rest and not rest.endswith("Z"):
            moment = datetime.datetime.fromisoformat(value)
            date = moment.astimezone(datetime.UTC).date() if moment.tzinfo is not None else date
    except (ValueError, OverflowError):
        return None
    return None if date.year == 1 else partial_date(date.year, date.month, date.day)
