"""From the People API's `Person` to a contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given

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
from contactport.sources.google.person import is_deleted, to_contact
from samples.hosted_book import people
from tests.servers.google_person import google_person, group_id
from tests.unit.sources.odd_json import odd_objects

NAMES = [
    *("resourceName", "names", "nicknames", "emailAddresses", "phoneNumbers", "addresses", "organizations"),
    *("birthdays", "events", "urls", "imClients", "sipAddresses", "relations", "biographies", "memberships"),
    *("photos", "occupations", "metadata", "source", "type", "value", "date", "year", "month", "day", "text"),
    *("primary", "default", "url", "current", "protocol", "username", "deleted", "contactGroupMembership"),
]


def read(**person: Any) -> Contact:
    return to_contact(person, {}, photos=True)


@given(odd_objects(NAMES))
def test_any_json_makes_a_contact_that_can_be_stored(person: Mapping[str, Any]) -> None:
    contact = to_contact(person, {"g": "Friends"}, photos=True)
    assert msgspec.json.decode(msgspec.json.encode(contact), type=Contact) == contact
    assert is_deleted(person) in (True, False)


def test_everything_of_the_book_is_there() -> None:
    for person in people(500):
        groups = {f"contactGroups/{group_id(group)}": group for group in person.groups}
        contact = to_contact(google_person(person, "https://photos.example", "CONTACT"), groups, photos=True)
        assert contact.name == Name(person.family, person.given, person.middle, person.prefix)
        assert [email.address for email in contact.emails] == [email.value for email in person.emails]
        assert [phone.number for phone in contact.phones] == [phone.value for phone in person.phones]
        assert [address.street for address in contact.addresses] == [
            address.street for address in person.addresses
        ]
        assert [organisation.name for organisation in contact.organisations] == (
            [person.company] if person.company else []
        )
        assert contact.titles == ([person.title] if person.title else [])
        assert contact.nicknames == ([person.nickname] if person.nickname else [])
        assert sorted(contact.categories) == sorted(person.groups)
        assert len(contact.photos) == person.picture
        born = person.birthday
        if born is None:
            assert contact.birthday is None
        elif isinstance(born, str):
            assert contact.birthday == PartialDate(text=born)
        else:
            assert contact.birthday == PartialDate(born.year or None, born.month or None, born.day or None)


def test_a_full_name_keeps_its_parts() -> None:
    contact = read(
        resourceName="people/c1",
        names=[
            {
                "displayName": "Dr. Ada King Lovelace PhD",
                "familyName": "Lovelace",
                "givenName": "Ada",
                "middleName": "King",
                "honorificPrefix": "Dr.",
                "honorificSuffix": "PhD",
                "phoneticGivenName": "Eida",
                "phoneticFamilyName": "Lavleis",
            }
        ],
        nicknames=[{"value": "Countess"}, {"value": "AKL", "type": "INITIALS"}],
    )
    assert contact == Contact(
        uid="people/c1",
        name=Name("Lovelace", "Ada", "King", "Dr.", "PhD"),
        formatted_name="Dr. Ada King Lovelace PhD",
        nicknames=["Countess"],
        phonetic_given="Eida",
        phonetic_family="Lavleis",
    )


def test_a_name_in_one_piece_is_the_formatted_one() -> None:
    contact = read(names=[{"unstructuredName": "Ada of London", "phoneticFullName": "Eida"}])
    assert (contact.formatted_name, contact.phonetic_given) == ("Ada of London", "Eida")


def test_what_the_user_wrote_comes_before_the_profile() -> None:
    def entry(source: str, **values: Any) -> dict[str, Any]:
        return {"metadata": {"source": {"type": source}}, **values}

    contact = read(
        names=[entry("PROFILE", givenName="Profile"), entry("CONTACT", givenName="Own")],
        emailAddresses=[
            entry("PROFILE", value="Ada@Example.com"),
            entry("CONTACT", value="ada@example.com", type="work"),
            entry("PROFILE", value="profile@example.com"),
        ],
        birthdays=[
            entry("PROFILE", date={"month": 1, "day": 1}),
            entry("CONTACT", date={"month": 2, "day": 3}),
        ],
    )
    assert contact.name.given == "Own"
    assert contact.emails == [Email("ada@example.com", ("work",)), Email("profile@example.com")]
    assert contact.birthday == PartialDate(None, 2, 3)


def test_one_value_may_have_two_types() -> None:
    number = {"value": "1"}
    contact = read(
        phoneNumbers=[{**number, "type": "home"}, {**number, "type": "work"}, {**number, "type": "home"}]
    )
    assert contact.phones == [Phone("1", ("home",)), Phone("1", ("work",))]


def test_one_entry_at_most_is_the_preferred_one() -> None:
    primary = {"primary": True}
    contact = read(
        emailAddresses=[
            {"value": "a@example.com"},
            {"value": "b@example.com", "metadata": primary},
            {"value": "c@example.com", "metadata": primary},
        ]
    )
    assert [email.primary for email in contact.emails] == [False, True, False]


@pytest.mark.parametrize(
    ("type_", "kinds", "label"),
    [
        ("mobile", ("cell",), None),
        ("workFax", ("fax", "work"), None),
        ("other", (), None),
        ("", (), None),
        ("Grandma's", (), "Grandma's"),
    ],
)
def test_a_type_is_a_kind_or_the_users_own_word(
    type_: str, kinds: tuple[str, ...], label: str | None
) -> None:
    contact = read(phoneNumbers=[{"value": "1", "type": type_, "formattedType": "Irgendwas"}])
    assert contact.phones == [Phone("1", kinds, label)]


@pytest.mark.parametrize(
    ("date", "found"),
    [
        ({"year": 1980, "month": 4, "day": 5}, PartialDate(1980, 4, 5)),
        ({"year": 0, "month": 4, "day": 5}, PartialDate(None, 4, 5)),
        ({"year": 1604, "month": 2, "day": 29}, PartialDate(None, 2, 29)),
        ({"year": 1980}, PartialDate(1980)),
        ({"year": 1980, "month": 4}, PartialDate(1980, 4)),
        ({"year": 1981, "month": 2, "day": 29}, PartialDate(text="in words")),
        ({"year": 1980, "month": 13, "day": 1}, PartialDate(text="in words")),
        ({"month": 4, "day": 31}, PartialDate(text="in words")),
        ({"year": 10**9}, PartialDate(text="in words")),
        ({}, PartialDate(text="in words")),
    ],
)
def test_a_birthday_may_lack_parts(date: dict[str, int], found: PartialDate) -> None:
    assert read(birthdays=[{"date": date, "text": "in words"}]).birthday == found


def test_an_address_keeps_its_parts() -> None:
    contact = read(
        addresses=[
            {
                "poBox": "12",
                "extendedAddress": "3rd floor",
                "streetAddress": "1 Main St",
                "city": "Springfield",
                "region": "IL",
                "postalCode": "62701",
                "countryCode": "US",
                "formattedValue": "1 Main St\r\nSpringfield",
                "type": "home",
            },
            {"type": "work"},
        ]
    )
    assert contact.addresses == [
        Address(
            *("12", "3rd floor", "1 Main St", "Springfield", "IL", "62701", "US"),
            formatted="1 Main St\nSpringfield",
            kinds=("home",),
        )
    ]


def test_the_present_organisation_comes_first() -> None:
    contact = read(
        organizations=[
            {"name": "Past", "title": "Trainee"},
            {"name": "Present", "department": "Engines", "title": "Chief", "current": True},
            {"title": "Adviser"},
        ]
    )
    assert contact.organisations == [Organisation("Present", ["Engines"]), Organisation("Past")]
    assert contact.titles == ["Chief", "Trainee", "Adviser"]


def test_the_rest_of_a_person_is_read() -> None:
    contact = read(
        events=[
            {"type": "anniversary", "date": {"year": 2001, "month": 6, "day": 7}},
            {"type": "Graduation", "date": {"year": 1999, "month": 7, "day": 1}},
            {"type": "other", "date": {}},
        ],
        urls=[
            {"value": "https://example.com", "type": "blog"},
            {"value": "https://x.example", "type": "Shop"},
        ],
        imClients=[
            {"username": "ada", "protocol": "googleTalk", "type": "home"},
            {"username": "skype:ada", "protocol": "skype"},
            {"username": "ada", "protocol": "My Own!"},
        ],
        sipAddresses=[{"value": "ada@sip.example"}],
        relations=[{"person": "William", "type": "spouse"}, {"person": "Byron", "type": "domesticPartner"}],
        biographies=[{"value": "Likes engines"}],
        occupations=[{"value": "Mathematician"}],
        photos=[{"url": "https://p.example/1", "default": True}, {"url": "https://p.example/2"}],
    )
    assert contact.anniversary == PartialDate(2001, 6, 7)
    assert contact.dates == [LabelledDate(PartialDate(1999, 7, 1), "Graduation")]
    assert contact.urls == [
        Labelled("https://example.com", ("blog",)),
        Labelled("https://x.example", (), "Shop"),
    ]
    assert [one.value for one in contact.messengers] == [
        *("xmpp:ada", "skype:ada", "myown:ada", "sip:ada@sip.example")
    ]
    assert contact.relations == [Labelled("William", ("spouse",)), Labelled("Byron", ("domestic partner",))]
    assert (contact.notes, contact.roles) == (["Likes engines"], ["Mathematician"])
    assert contact.photos == [Photo(uri="https://p.example/2")]


def test_pictures_are_left_out_unless_asked_for() -> None:
    assert to_contact({"photos": [{"url": "https://p.example/2"}]}, {}).photos == []


def test_only_known_groups_are_categories() -> None:
    person = {
        "memberships": [
            {"contactGroupMembership": {"contactGroupResourceName": name}}
            for name in ("contactGroups/1", "contactGroups/myContacts", "contactGroups/1")
        ]
    }
    assert to_contact(person, {"contactGroups/1": "Friends"}).categories == ["Friends"]
