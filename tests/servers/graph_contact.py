"""One person of a book as Microsoft Graph's resource `contact`."""

from __future__ import annotations

from typing import Any

from samples.hosted_book import BirthDate, Person, PostalAddress

CHANGED = "2026-05-04T08:15:30Z"
EMAILS = 3
"""How many addresses a contact has at most; their kind is not kept."""


def graph_contact(person: Person, contact_id: str, folder_id: str) -> dict[str, Any]:
    """Every property: what is empty is null, "", [] or {}, as it comes."""
    # The real one has both, by what program made the contact.
    empty = "" if person.number % 2 else None
    name = " ".join(filter(None, (person.given, person.middle, person.family)))
    shown = name or person.company
    key = f"EQAAABYAAAD{person.number:x}"
    phones = {kind: [phone.value for phone in person.phones if phone.type == kind] for kind in _PHONES}
    addresses = {where.type: _address(where) for where in person.addresses}
    return {
        "@odata.etag": f'W/"{key}"',
        "id": contact_id,
        "createdDateTime": CHANGED,
        "lastModifiedDateTime": CHANGED,
        "changeKey": key,
        "categories": person.groups,
        "parentFolderId": folder_id,
        "birthday": _birthday(person.birthday),
        "fileAs": ", ".join(filter(None, (person.family, person.given))),
        "displayName": shown or (person.emails[0].value if person.emails else ""),
        "givenName": person.given or empty,
        "initials": None,
        "middleName": person.middle or empty,
        "nickName": person.nickname or empty,
        "surname": person.family or empty,
        "title": person.prefix or empty,
        "yomiGivenName": None,
        "yomiSurname": None,
        "yomiCompanyName": None,
        "generation": None,
        "imAddresses": [],
        "jobTitle": person.title or empty,
        "companyName": person.company or empty,
        "department": person.department or empty,
        "officeLocation": empty,
        "profession": None,
        "businessHomePage": person.url or None,
        "assistantName": None,
        "manager": None,
        "homePhones": phones["home"],
        "mobilePhone": next(iter(phones["mobile"]), empty),
        "businessPhones": phones["work"],
        "spouseName": None,
        "personalNotes": person.note,
        "children": [],
        "emailAddresses": [
            {"name": shown or email.value, "address": email.value} for email in person.emails[:EMAILS]
        ],
        "homeAddress": addresses.get("home", {}),
        "businessAddress": addresses.get("work", {}),
        "otherAddress": addresses.get("other", {}),
    }


_PHONES = ("home", "mobile", "work")


def _address(where: PostalAddress) -> dict[str, str]:
    parts = {
        "street": where.street,
        "city": where.city,
        "state": where.region,
        "countryOrRegion": where.country,
        "postalCode": where.code,
    }
    return {name: value for name, value in parts.items() if value}


def _birthday(born: BirthDate | str | None) -> str | None:
    """Midday in UTC, so that the date is the same nearly everywhere; 1604 stands for no year."""
    if not isinstance(born, BirthDate) or not born.month:
        return None
    return f"{born.year or 1604}-{born.month:02}-{born.day:02}T11:59:00Z"
