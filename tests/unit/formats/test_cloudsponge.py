"""The contact object of the wire, key by key."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import (
    Address,
    Contact,
    Email,
    Labelled,
    Name,
    Organisation,
    PartialDate,
    Phone,
    Photo,
)
from contactport.formats import csv, vcard
from contactport.formats.cloudsponge import kind_of, owner_from_username, to_owner, to_wire
from tests.unit.formats.strategies import contacts

ALWAYS = [
    "first_name",
    "last_name",
    "phone",
    "email",
    "address",
    "groups",
    "companies",
    "photos",
    "locations",
]
ORDER = [
    *("first_name", "last_name", "phone", "email", "address", "groups", "dob", "birthday", "companies"),
    *("job_title", "title", "photos", "locations"),
]


def wire(contact: Contact, *groups: str) -> dict[str, Any]:
    return json.loads(msgspec.json.encode(to_wire(contact, groups)))


def names(contact: Contact) -> tuple[str, str]:
    found = wire(contact)
    return found["first_name"], found["last_name"]


FULL = Contact(
    uid="1",
    name=Name("Lesch", "Alexie", prefixes="Dr."),
    formatted_name="Alexie Lesch",
    emails=[Email("a@x.example", ("INTERNET", "HOME")), Email("b@x.example", ("work",), primary=True)],
    phones=[Phone("555", ("VOICE", "CELL"), primary=True), Phone("556")],
    addresses=[Address(street="1 Road", city="Town", region="RG", postal_code="12345", country="Land")],
    organisations=[Organisation("Acme", ["Sales"])],
    titles=["Editor", "Cook"],
    birthday=PartialDate(1989, 10, 27),
    photos=[Photo(uri="https://x.example/p.jpg")],
    categories=["Friends", "Club"],
)


def test_a_full_contact() -> None:
    found = wire(FULL, "Club", "Team")
    assert list(found) == ORDER
    assert found == {
        "first_name": "Alexie",
        "last_name": "Lesch",
        "phone": [{"number": "555", "type": "Mobile", "primary": True}, {"number": "556", "type": "Other"}],
        "email": [
            {"address": "a@x.example", "type": "Home"},
            {"address": "b@x.example", "type": "Work", "primary": True},
        ],
        "address": [
            {
                "type": "Other",
                "street": "1 Road",
                "city": "Town",
                "region": "RG",
                "postal_code": "12345",
                "country": "Land",
                "formatted": "1 Road\nTown RG 12345\nLand",
            }
        ],
        "groups": ["Club", "Team", "Friends"],
        "dob": "1989-10-27",
        "birthday": "10-27",
        "companies": ["Acme"],
        "job_title": "Editor",
        "title": "Dr.",
        "photos": ["https://x.example/p.jpg"],
        "locations": [],
    }


def test_what_is_not_known_is_left_out_or_empty() -> None:
    assert wire(Contact()) == {
        **{key: list[str]() for key in ALWAYS},
        "first_name": "",
        "last_name": "",
    }


@given(contacts)
def test_every_contact_has_its_keys_in_order_and_no_null_where_none_may_be(contact: Contact) -> None:
    found = wire(contact)
    assert [key for key in ORDER if key in found] == list(found)
    assert set(ALWAYS) <= set(found)
    for key in ("groups", "companies", "photos", "locations"):
        assert all(isinstance(value, str) and value.strip() for value in found[key])
    for key, value in (("phone", "number"), ("email", "address")):
        assert all(list(entry)[:2] == [value, "type"] for entry in found[key])
        assert sum("primary" in entry for entry in found[key]) == bool(found[key])
        assert all(entry.get("primary", True) is True for entry in found[key])
    for entry in found["address"]:
        assert list(entry) == ["type", "street", "city", "region", "postal_code", "country", "formatted"]
    assert "\t" not in json.dumps(found)


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        (Contact(name=Name("Doe", "Jane"), formatted_name="Dr. Jane X. Doe"), ("Jane", "Doe")),
        (Contact(name=Name("", "Jane"), formatted_name="Jane Doe"), ("Jane", "")),
        (Contact(formatted_name="Jane Mary Doe"), ("Jane Mary", "Doe")),
        (Contact(formatted_name="Madonna"), ("Madonna", "")),
        (Contact(formatted_name="山田 太郎"), ("山田 太郎", "")),
        (Contact(formatted_name="김철수"), ("김철수", "")),
        (Contact(formatted_name="Acme Ltd", organisations=[Organisation("Acme Ltd")]), ("Acme Ltd", "")),
        (Contact(formatted_name="jane@example.org", nicknames=["Janie"]), ("Janie", "")),
        (Contact(name=Name("", "jane@example.org"), formatted_name="jane@example.org"), ("", "")),
        (Contact(nicknames=["j@example.org", "Janie"]), ("Janie", "")),
        (Contact(emails=[Email("jane@example.org")]), ("", "")),
        (Contact(name=Name(" Doe\t", "Jane\\, ")), ("Jane,", "Doe")),
        (Contact(name=Name(prefixes="Dr."), formatted_name="Doe, John"), ("John", "Doe")),
        (Contact(name=Name("Doe"), formatted_name="Doe, John"), ("", "Doe")),
        (Contact(formatted_name="Doe, John", organisations=[Organisation("DOE,John")]), ("Doe, John", "")),
        (Contact(formatted_name="Doe\\, John", organisations=[Organisation("Acme")]), ("John", "Doe")),
    ],
)
def test_names(contact: Contact, expected: tuple[str, str]) -> None:
    assert names(contact) == expected


@pytest.mark.parametrize(
    ("formatted", "expected"),
    [
        ("Doe, John", ("John", "Doe")),
        ("Doe,John", ("John", "Doe")),
        ("van der Berg, Anna Maria", ("Anna Maria", "van der Berg")),
        ("O'Neil-Díaz, José", ("José", "O'Neil-Díaz")),
        ("Иванов, Иван Иванович", ("Иван Иванович", "Иванов")),
        ("DOE, JOHN Q.", ("JOHN Q.", "DOE")),
        ("Rahman, Md", ("Md", "Rahman")),
        ("Li, Ma", ("Ma", "Li")),
        ("Norton, Ed", ("Ed", "Norton")),
        ("Pao, Ellen", ("Ellen", "Pao")),
        ("Chun, Doo Hwan", ("Doo Hwan", "Chun")),
        ("Doe, John MD", ("John MD", "Doe")),
        ("Doe, J", ("J", "Doe")),
        # A suffix after the comma is no given name, and no last name either.
        *(
            (f"Jane Mary Doe, {suffix}", ("Jane Mary", "Doe"))
            for suffix in (
                "MD",
                "M.D.",
                "PhD",
                "Ph.D.",
                "Jr.",
                "jr",
                "Sr",
                "Esq.",
                "III",
                "MBA",
                "MD, PhD",
                "RN PhD",
            )
        ),
        ("Madonna, MBA", ("Madonna", "")),
        ("Jane Doe,", ("Jane", "Doe")),
        # Nor is a company's.
        *(
            (name, (name, ""))
            for name in (
                *(
                    "Acme, Inc.",
                    "Acme Widgets, Ltd",
                    "Acme, GmbH",
                    "Acme, L.L.C.",
                    "Acme, S.A.",
                    "Acme, Sales Inc",
                ),
                *("Acme GmbH, Berlin", "Doe & Roe, Lawyers", "Doe, Roe, and Partners", "Doe, Roe and Sons"),
                *(
                    "Room 5, Second Floor",
                    "Doe, John, Jr. of Ohio",
                    "Doe, John, Jack",
                    ", John",
                    "山田, 太郎",
                    "Doe, +44 20",
                ),
            )
        ),
    ],
)
def test_a_formatted_name_with_commas(formatted: str, expected: tuple[str, str]) -> None:
    contact = Contact(formatted_name=formatted)
    assert names(contact) == expected
    assert contact.formatted_name == formatted
    (again,) = vcard.read([b"".join(vcard.write([contact]))])
    assert again == contact


@given(
    st.from_regex(r"[A-Z][a-zà-ö]{2,8}(-[A-Z][a-z]{3,8})?", fullmatch=True),
    st.sampled_from(["Ann", "Jo Ann", "J."]),
)
def test_one_comma_turns_a_name_around(family: str, given_name: str) -> None:
    assert names(Contact(formatted_name=f"{family}, {given_name}")) == (given_name, family)


@given(contacts)
def test_no_word_of_a_formatted_name_is_made_up(contact: Contact) -> None:
    contact.name = Name()
    first, last = names(contact)
    source = " ".join((contact.formatted_name, *contact.nicknames)).replace("\t", " ")
    for word in f"{first} {last}".replace("\\", " ").replace(",", " ").replace(";", " ").split():
        assert word in source


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        (Phone("1"), None),
        (Phone("1", ("VOICE",)), None),
        (Phone("1", ("PREF", "voice", "HOME")), "Home"),
        (Phone("1", ("cell",)), "Mobile"),
        (Phone("1", ("IPHONE",)), "iPhone"),
        (Phone("1", ("HOME", "FAX")), "Home"),
        (Phone("1", ("MyOwn",)), "MyOwn"),
        (Phone("1", ("CELL",), "Boat"), "Boat"),
        (Phone("1", ("HOME",), " "), None),
    ],
)
def test_types(phone: Phone, expected: str | None) -> None:
    """JSON says `Other` where XML has nil."""
    contact = Contact(phones=[phone], emails=[Email("a", phone.kinds, phone.label)])
    assert wire(contact)["phone"][0]["type"] == wire(contact)["email"][0]["type"] == (expected or "Other")
    in_xml = to_wire(contact, unknown=None)
    assert in_xml.phone[0].type == in_xml.email[0].type == expected


@given(contacts)
def test_a_type_is_always_text_and_never_comes_from_nowhere(contact: Contact) -> None:
    in_json, in_xml = to_wire(contact), to_wire(contact, unknown=None)
    for name in ("phone", "email", "address"):
        for told, bare in zip(getattr(in_json, name), getattr(in_xml, name), strict=True):
            assert told.type
            assert bare.type in (told.type, None)
            assert bare.type or told.type == "Other"


def test_a_type_that_nobody_knows_is_in_no_card_and_no_table() -> None:
    people = [Contact(emails=[Email("a")], phones=[Phone("1")], addresses=[Address(street="1 Road")])]
    for write in (vcard.write, csv.write):
        assert b"other" not in b"".join(write(people)).lower()


def test_the_first_is_primary_where_none_is_preferred() -> None:
    found = wire(Contact(phones=[Phone("1"), Phone("2")]))
    assert [entry.get("primary") for entry in found["phone"]] == [True, None]


def test_only_one_is_primary_though_several_are_preferred() -> None:
    found = wire(Contact(emails=[Email("a"), Email("b", primary=True), Email("c", primary=True)]))
    assert [entry.get("primary") for entry in found["email"]] == [None, True, None]


@pytest.mark.parametrize(
    ("date", "dob", "birthday"),
    [
        (PartialDate(1980, 1, 2), "1980-01-02", "01-02"),
        (PartialDate(None, 1, 2), None, "01-02"),
        (PartialDate(1980), None, None),
        (PartialDate(1980, 1), None, None),
        (PartialDate(text="in spring"), None, None),
    ],
)
def test_birthdays(date: PartialDate, dob: str | None, birthday: str | None) -> None:
    found = wire(Contact(birthday=date))
    assert (found.get("dob"), found.get("birthday")) == (dob, birthday)


def test_an_address_s_label_is_its_form() -> None:
    found = wire(Contact(addresses=[Address(po_box="7", formatted="Box 7\nTown")]))["address"][0]
    assert (found["street"], found["formatted"], found["city"]) == ("7", "Box 7\nTown", None)


def test_a_picture_s_bytes_are_a_data_uri() -> None:
    photos = [Photo("image/x", b"\x89PNG"), Photo("", b"\xff\xd8\xff"), Photo("", b"\x89PNG")]
    assert wire(Contact(photos=photos))["photos"] == [
        "data:image/x;base64,iVBORw==",
        "data:image/jpeg;base64,/9j/",
        "data:image/png;base64,iVBORw==",
    ]


def test_the_owner_s_card() -> None:
    owner = json.loads(msgspec.json.encode(to_owner(FULL)))
    assert list(owner) == [
        *("first_name", "last_name", "external_id", "phone", "email", "groups", "companies"),
        *("photos", "locations", "owner"),
    ]
    assert owner["external_id"] == "1"
    assert owner["owner"] is True
    assert owner["phone"] == [
        {"number": "555", "type": "Mobile", "primary": True},
        {"number": "556", "type": "Other"},
    ]


@given(contacts)
def test_nothing_of_an_owner_is_null(contact: Contact) -> None:
    assert None not in flat(json.loads(msgspec.json.encode(to_owner(contact))))


def flat(value: Any) -> list[Any]:
    """Every leaf of a value."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in flat(part)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON has no types
    if isinstance(value, list):
        return [leaf for part in value for leaf in flat(part)]  # pyright: ignore[reportUnknownVariableType]  # JSON has no types
    return [value]


def test_an_owner_who_is_a_name_alone() -> None:
    assert json.loads(msgspec.json.encode(owner_from_username(" o@aol.example "))) == {
        "first_name": "",
        "last_name": "",
        "external_id": "o@aol.example",
        "phone": [],
        "email": [{"address": "o@aol.example", "type": "Other"}],
        "groups": [],
        "companies": [],
        "photos": [],
        "locations": [],
        "owner": True,
    }
    assert owner_from_username("alice").email == []


def test_pages_messengers_and_relations_have_kinds_too() -> None:
    assert kind_of(Labelled("https://example.org", ("work",))) == "Work"
