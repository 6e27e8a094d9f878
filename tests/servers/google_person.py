"""One person of a book as the People API's resource `Person`."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Literal

from samples.hosted_book import BirthDate, Person

TYPES = {"home": "Privat", "work": "Geschäftlich", "other": "Sonstige", "mobile": "Mobil"}
"""`formattedType` is in the account's language: here it is German."""
UPDATED = "2026-05-04T08:15:30.123456Z"


def group_id(group: str) -> str:
    return f"{zlib.crc32(group.encode()):08x}00000000"


def filled(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty, which the real one never writes."""
    return {name: value for name, value in values.items() if value not in ("", [], None, 0, False)}


def google_person(person: Person, url: str, kind: Literal["CONTACT", "OTHER_CONTACT"]) -> dict[str, Any]:
    """Every field; a mask has still to be applied. `url` is where pictures are."""
    key = f"{person.number + 0x1A2B3C:x}"
    source = {"type": kind, "id": key}
    full = " ".join(filter(None, (person.prefix, person.given, person.middle, person.family)))

    def field(place: int = 0, **values: Any) -> dict[str, Any]:
        metadata = {"primary": True, "sourcePrimary": True} if place == 0 else {}
        return {"metadata": {**metadata, "source": source}, **filled(values)}

    name = field(
        displayName=full,
        displayNameLastFirst=", ".join(filter(None, (person.family, person.given))),
        unstructuredName=full,
        familyName=person.family,
        givenName=person.given,
        middleName=person.middle,
        honorificPrefix=person.prefix,
    )
    addresses = [
        field(
            place,
            formattedValue=f"{where.street}\n{where.code} {where.city}\n{where.country}",
            streetAddress=where.street,
            city=where.city,
            region=where.region,
            postalCode=where.code,
            country=where.country,
            **_typed(where.type),
        )
        for place, where in enumerate(person.addresses)
    ]
    phones = [
        field(place, value=phone.value, canonicalForm=_canonical(phone.value), **_typed(phone.type))
        for place, phone in enumerate(person.phones)
    ]
    emails = [
        field(place, value=email.value, **_typed(email.type)) for place, email in enumerate(person.emails)
    ]
    company = field(name=person.company, department=person.department, title=person.title)
    groups = [*map(group_id, person.groups), "myContacts"] if kind == "CONTACT" else []
    fields: dict[str, list[Any]] = {
        "names": [name] if full else [],
        "nicknames": [field(value=person.nickname)] if person.nickname else [],
        "photos": [field(url=f"{url}/photos/{key}=s100", default=not person.picture)],
        "birthdays": [_birthday(person.birthday, field)] if person.birthday else [],
        "emailAddresses": emails,
        "phoneNumbers": phones,
        "addresses": addresses,
        "organizations": [company] if person.company else [],
        "biographies": [field(value=person.note, contentType="TEXT_PLAIN")] if person.note else [],
        "urls": [field(value=person.url, **_typed("blog"))] if person.url else [],
        "memberships": [field(1, contactGroupMembership=_membership(group)) for group in groups],
    }
    return {
        "resourceName": f"{'people' if kind == 'CONTACT' else 'otherContacts'}/c{key}",
        "etag": f"%EgUBAgMuNw=={key}",
        "metadata": {"sources": [{**source, "etag": "#x", "updateTime": UPDATED}], "objectType": "PERSON"},
        **filled(fields),
    }


def _typed(kind: str) -> dict[str, Any]:
    return {"type": kind, "formattedType": TYPES.get(kind, kind)}


def _canonical(number: str) -> str:
    return number.replace(" ", "").replace("-", "") if number.startswith("+") else ""


def _birthday(born: BirthDate | str, field: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    if isinstance(born, str):
        return field(text=born)
    text = "/".join(str(part) for part in (born.month, born.day, born.year) if part)
    return field(text=text, date=filled(born._asdict()))


def _membership(group: str) -> dict[str, str]:
    return {"contactGroupId": group, "contactGroupResourceName": f"contactGroups/{group}"}
