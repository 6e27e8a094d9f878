"""From Microsoft Graph's `contact` to a contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given

from contactport.contact import Address, Contact, Email, Labelled, Name, Organisation, PartialDate, Phone
from contactport.sources.microsoft.outlook_contact import to_contact
from samples.hosted_book import BirthDate, people
from tests.servers.graph_contact import EMAILS, graph_contact
from tests.unit.sources.odd_json import odd_objects

PROPERTIES = [*graph_contact(next(iter(people(1))), "", ""), "address", "name", "street", "city", "state"]


@given(odd_objects(PROPERTIES))
def test_any_json_makes_a_contact_that_can_be_stored(found: Mapping[str, Any]) -> None:
    contact = to_contact(found)
    assert msgspec.json.decode(msgspec.json.encode(contact), type=Contact) == contact


def test_everything_of_the_book_is_there() -> None:
    for person in people(500):
        contact = to_contact(graph_contact(person, f"id{person.number}", "folder"))
        assert contact.uid == f"id{person.number}"
        assert contact.name == Name(person.family, person.given, person.middle, person.prefix)
        assert [email.address for email in contact.emails] == [
            email.value for email in person.emails[:EMAILS]
        ]
        assert sorted(phone.number for phone in contact.phones) == sorted(
            phone.value for phone in person.phones
        )
        assert len(contact.addresses) == len(person.addresses)
        assert contact.categories == person.groups
        assert contact.nicknames == ([person.nickname] if person.nickname else [])
        assert contact.notes == ([person.note] if person.note else [])
        born = person.birthday
        if isinstance(born, BirthDate) and born.month:
            assert contact.birthday == PartialDate(born.year or None, born.month, born.day)
        else:
            assert contact.birthday is None


def test_a_full_contact_keeps_its_parts() -> None:
    found = {
        "id": "AQ1",
        "displayName": "Dr. Ada Lovelace",
        "givenName": "Ada",
        "surname": "Lovelace",
        "middleName": "King",
        "title": "Dr.",
        "generation": "II",
        "nickName": "Countess",
        "yomiGivenName": "eida",
        "yomiSurname": "lavleis",
        "emailAddresses": [
            {"name": "Ada", "address": "ada@example.com"},
            {"name": "Ada", "address": "ADA@example.com"},
            {"name": "Ada", "address": "/o=ExchangeLabs/ou=Exchange Administrative Group/cn=ada"},
        ],
        "mobilePhone": "1",
        "homePhones": ["2", ""],
        "businessPhones": ["3", "1"],
        "homeAddress": {"street": "1 Main St", "city": "London", "state": "", "countryOrRegion": "UK"},
        "businessAddress": {},
        "companyName": "Engines",
        "department": "Analysis",
        "jobTitle": "Chief",
        "profession": "Mathematician",
        "businessHomePage": "https://example.com",
        "imAddresses": ["ada@im.example"],
        "spouseName": "William",
        "children": ["Byron"],
        "personalNotes": "One\r\nTwo",
        "categories": ["Friends"],
        "birthday": "1604-12-10T11:59:00Z",
    }
    assert to_contact(found) == Contact(
        uid="AQ1",
        name=Name("Lovelace", "Ada", "King", "Dr.", "II"),
        formatted_name="Dr. Ada Lovelace",
        nicknames=["Countess"],
        phonetic_given="eida",
        phonetic_family="lavleis",
        emails=[Email("ada@example.com")],
        phones=[
            *(Phone(*one) for one in (("1", ("cell",)), ("2", ("home",)), ("3", ("work",)), ("1", ("work",))))
        ],
        addresses=[Address(street="1 Main St", city="London", country="UK", kinds=("home",))],
        organisations=[Organisation("Engines", ["Analysis"])],
        titles=["Chief"],
        roles=["Mathematician"],
        birthday=PartialDate(None, 12, 10),
        urls=[Labelled("https://example.com", ("work",))],
        messengers=[Labelled("ada@im.example")],
        relations=[Labelled("William", ("spouse",)), Labelled("Byron", ("child",))],
        notes=["One\nTwo"],
        categories=["Friends"],
    )


@pytest.mark.parametrize(
    ("birthday", "found"),
    [
        ("1980-04-05T11:59:00Z", PartialDate(1980, 4, 5)),
        ("1980-04-05T00:00:00Z", PartialDate(1980, 4, 5)),
        ("1980-04-05T23:00:00-02:00", PartialDate(1980, 4, 6)),
        ("1980-04-05", PartialDate(1980, 4, 5)),
        ("1604-02-29T11:59:00Z", PartialDate(None, 2, 29)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("1981-02-29T11:59:00Z", None),
        ("soon", None),
    ],
)
def test_a_birthday_is_the_date_in_utc(birthday: str, found: PartialDate | None) -> None:
    assert to_contact({"birthday": birthday}).birthday == found
