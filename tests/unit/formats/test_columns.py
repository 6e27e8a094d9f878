"""Tables: which row is the header, what each column is, and the contacts of the rows."""

from __future__ import annotations

import pytest

from contactport.contact import (
    Address,
    Contact,
    Email,
    Item,
    Name,
    Note,
    Organisation,
    PartialDate,
    Phone,
    Reject,
)
from contactport.formats.columns import NOTHING, UnknownColumn, UnknownField, understand
from contactport.formats.columns.cells import SHORTENED
from contactport.formats.columns.fields import parse


def table(text: str, delimiter: str = ",") -> list[list[str]]:
    return [line.split(delimiter) for line in text.strip().splitlines()]


def fields(text: str, delimiter: str = ",") -> list[str]:
    return [column.field for column in understand(table(text, delimiter)).understood.columns]


def items(text: str, delimiter: str = ",") -> list[Item]:
    rows = table(text, delimiter)
    columns = understand(rows)
    start = columns.understood.start
    return [
        item for at, row in enumerate(rows[start:], start + 1) for item in columns.items(row, f"line {at}")
    ]


def contact(text: str, delimiter: str = ",") -> Contact:
    (item,) = items(text, delimiter)
    assert isinstance(item, Contact)
    return item


def test_google_s_columns() -> None:
    assert contact(
        "First Name,Last Name,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,"
        "Address 1 - Label,Address 1 - Street,Address 1 - City,Organization Name,Birthday,Labels\n"
        "Jane,Doe,* Home,j@example.org ::: k@example.org,Mobile,+49 30 123,Boat,1 Road,Town,Acme,1980-01-02,"
        "* myContacts ::: Friends"
    ) == Contact(
        name=Name("Doe", "Jane"),
        emails=[Email("j@example.org", ("HOME",), primary=True), Email("k@example.org", ("HOME",))],
        phones=[Phone("+49 30 123", ("CELL",))],
        addresses=[Address(street="1 Road", city="Town", label="Boat")],
        organisations=[Organisation("Acme")],
        birthday=PartialDate(1980, 1, 2),
        categories=["myContacts", "Friends"],
    )


def test_outlook_s_columns() -> None:
    assert contact(
        "Title,First Name,Company,Job Title,Business Street,Business Street 2,Business City,Home Phone 2,"
        "Other Fax,E-mail 2 Address,Birthday\n"
        "Mr.,Jim,Acme,Boss,1 Road,Back,Town,1,2,x@example.org,12/31/1980"
    ) == Contact(
        name=Name(given="Jim", prefixes="Mr."),
        emails=[Email("x@example.org")],
        phones=[Phone("1", ("HOME",)), Phone("2", ("FAX", "OTHER"))],
        addresses=[Address(street="1 Road\nBack", city="Town", kinds=("WORK",))],
        organisations=[Organisation("Acme")],
        titles=["Boss"],
        birthday=PartialDate(1980, 12, 31),
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Vorname;Name", ["given_name", "family_name"]),
        ("Name;E-Mail", ["full_name", "email"]),
        ("Straße geschäftlich;Ort privat", ["address.work.street", "address.home.city"]),
        ("Telefon (privat 2);Fax geschäftlich;Handy", ["phone.home", "phone.fax.work", "phone.mobile"]),
        ("firstName;lastName;homePhone", ["given_name", "family_name", "phone.home"]),
        ("first_name;E-mail 2: Adresse;strasse", ["given_name", "email", "address.street"]),
        ("Name;Wibble", ["full_name", ""]),
    ],
)
def test_headers(header: str, expected: list[str]) -> None:
    assert fields(header, ";") == expected


def test_the_header_stands_behind_notes() -> None:
    rows = table(
        "Notes:|Some addresses may be missing.|\n|\nFirst Name|Last Name|Email Address\nA|B|a@b.example", "|"
    )
    understood = understand(rows).understood
    assert (understood.header, understood.start) == (2, 3)


def test_without_a_header_the_values_show_the_columns() -> None:
    assert fields("Jane,Doe,a@example.org,+49 30 1234\nJim,Roe,,030 1234") == [
        *("given_name", "family_name", "email", "phone"),
    ]
    assert fields("a@example.org\nb@example.org") == ["email"]
    assert fields("Jane Doe;a@example.org", ";") == ["full_name", "email"]


def test_a_person_has_the_last_word() -> None:
    rows = table("Name,Wibble,Wobble\nJane,a@example.org,x")
    columns = understand(rows, {"wobble": "phone.work.fax", "1": "nickname", "Wibble": ""})
    assert [column.field for column in columns.understood.columns] == ["nickname", "", "phone.fax.work"]
    with pytest.raises(UnknownColumn, match=r"'Wubble' \(did you mean 'Wobble' or 'Wibble'\?\), only Name"):
        understand(rows, {"Wubble": "email"})
    with pytest.raises(UnknownField, match=r"no field 'mail' \(did you mean 'email'\?\), only name, "):
        understand(rows, {"Wibble": "mail"})
    with pytest.raises(UnknownField, match=r"email\.fax is no field; after email stand home, label, "):
        parse("email.fax")


def test_columns_that_a_person_names_belong_together() -> None:
    rows = table("Wibble,Wobble,Wabble,Name\nMain St 1,Berlin,10115,Ann")
    columns = understand(
        rows, {"Wibble": "address.street", "Wobble": "address.city", "3": "address.postal_code"}
    )
    (contact,) = columns.items(rows[1], "line 2")
    assert isinstance(contact, Contact)
    (address,) = contact.addresses
    assert (address.street, address.city, address.postal_code) == ("Main St 1", "Berlin", "10115")


def test_a_row_without_a_person_is_a_reject_and_an_empty_one_is_nothing() -> None:
    text = "Name,Email,Wibble\n,,\n,,x\nName,Email,Wibble\nJane"
    assert items(text) == [Reject("line 3", NOTHING), Contact(formatted_name="Jane")]


def test_what_a_spreadsheet_did_to_numbers() -> None:
    text = 'Name|Phone\nA|\'+49 30 1\nB|="0049301"\nC|4.93012E+11\nD|493012345678.0\nE|-'
    assert items(text, "|") == [
        Contact(formatted_name="A", phones=[Phone("+49 30 1")]),
        Contact(formatted_name="B", phones=[Phone("0049301")]),
        Contact(formatted_name="C", phones=[Phone("4.93012E+11")]),
        Note("line 4", SHORTENED),
        Contact(formatted_name="D", phones=[Phone("493012345678")]),
        Contact(formatted_name="E"),
    ]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["31/12/1980", "2/1/1980"], [PartialDate(1980, 12, 31), PartialDate(1980, 1, 2)]),
        (["12/31/1980", "2/1/1980"], [PartialDate(1980, 12, 31), PartialDate(1980, 2, 1)]),
        (["2.1.80", "3.4."], [PartialDate(1980, 1, 2), PartialDate(None, 4, 3)]),
        (["1980-01-02", "0/0/00"], [PartialDate(1980, 1, 2), None]),
        (["in May", "5/5/05"], [PartialDate(text="in May"), PartialDate(2005, 5, 5)]),
    ],
)
def test_dates_in_the_order_that_the_column_shows(
    dates: list[str], expected: list[PartialDate | None]
) -> None:
    found = items("\n".join(["Name,Birthday", *(f"N,{date}" for date in dates)]))
    assert [item.birthday for item in found if isinstance(item, Contact)] == expected
