"""Contacts as CSV: Google's header, nothing dropped, nothing that a spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import (
    Address,
    Contact,
    Email,
    Group,
    Labelled,
    LabelledDate,
    Name,
    Organisation,
    PartialDate,
    Phone,
    Photo,
)
from contactport.formats import csv as csv_format
from tests.unit.formats.strategies import contacts, spiced

GOOGLE = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,"
    "Name Suffix,Nickname,File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,"
    "Photo,Labels,E-mail 1 - Label,E-mail 1 - Value"
)


def rows(*contacts: Contact) -> list[dict[str, str]]:
    text = b"".join(csv_format.write(contacts)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_header_is_google_s() -> None:
    (header,) = csv_format.write([])
    assert header.decode().startswith(GOOGLE)
    assert b"Address 3 - Extended Address,Relation 1 - Label" in header
    assert header.endswith(b"\r\n")


def test_each_value_has_its_column() -> None:
    (row,) = rows(
        Contact(
            name=Name("Doe", "Jane", "M.", "Dr.", "Jr."),
            formatted_name="Dr. Jane Doe",
            nicknames=["Jay", "JD"],
            phonetic_given="Djane",
            phonetic_family="Do",
            emails=[Email("j@example.org", ("HOME",), primary=True), Email("w@example.org", (), "Boat")],
            phones=[Phone("+49 30 123", ("CELL",))],
            addresses=[
                Address("7", "Flat 2", "1 Road", "Town", "RG", "12345", "Land", "1 Road\nTown", ("WORK",))
            ],
            organisations=[Organisation("Acme", ["Sales", "North"])],
            titles=["Editor"],
            roles=["Writes"],
            birthday=PartialDate(1980, 1, 2),
            anniversary=PartialDate(None, 5, 6),
            dates=[LabelledDate(PartialDate(2020, 1, 2), "Moved")],
            notes=["one", "two"],
            urls=[Labelled("https://example.org/", ("home",))],
            messengers=[Labelled("skype:jd")],
            relations=[Labelled("Pat", ("spouse",))],
            photos=[Photo("image/png", b"x"), Photo(uri="https://example.org/p.png")],
            categories=["Friends", "myContacts"],
        )
    )
    assert {key: value for key, value in row.items() if value} == {
        "First Name": "Jane",
        "Middle Name": "M.",
        "Last Name": "Doe",
        "Phonetic First Name": "Djane",
        "Phonetic Last Name": "Do",
        "Name Prefix": "Dr.",
        "Name Suffix": "Jr.",
        "Nickname": "Jay ::: JD",
        "Organization Name": "Acme",
        "Organization Title": "Editor",
        "Organization Department": "Sales, North",
        "Birthday": "1980-01-02",
        "File As": "Dr. Jane Doe",
        "Notes": "one",
        "Photo": "https://example.org/p.png",
        "Labels": "Friends ::: * myContacts",
        "E-mail 1 - Label": "* Home",
        "E-mail 1 - Value": "j@example.org",
        "E-mail 2 - Label": "Boat",
        "E-mail 2 - Value": "w@example.org",
        "Phone 1 - Label": "Mobile",
        "Phone 1 - Value": "+49 30 123",
        "Address 1 - Label": "Work",
        "Address 1 - Formatted": "1 Road\nTown",
        "Address 1 - Street": "1 Road",
        "Address 1 - City": "Town",
        "Address 1 - PO Box": "7",
        "Address 1 - Region": "RG",
        "Address 1 - Postal Code": "12345",
        "Address 1 - Country": "Land",
        "Address 1 - Extended Address": "Flat 2",
        "Relation 1 - Label": "Spouse",
        "Relation 1 - Value": "Pat",
        "Website 1 - Label": "Home",
        "Website 1 - Value": "https://example.org/",
        "Event 1 - Label": "Anniversary",
        "Event 1 - Value": "--05-06",
        "Event 2 - Label": "Moved",
        "Event 2 - Value": "2020-01-02",
        "Custom Field 1 - Value": "skype:jd",
        "Custom Field 2 - Label": "Role",
        "Custom Field 2 - Value": "Writes",
        "Custom Field 3 - Label": "Note",
        "Custom Field 3 - Value": "two",
    }


def test_a_formatted_name_stands_where_its_parts_do_not() -> None:
    (row,) = rows(Contact(formatted_name="Acme"))
    assert row["File As"] == "Acme"


def test_more_values_than_columns_are_joined_in_the_last() -> None:
    count = csv_format.COLUMNS["Phone"]
    (row,) = rows(Contact(phones=[Phone(str(i), (f"x{i}",)) for i in range(count + 2)]))
    assert row[f"Phone {count - 1} - Value"] == str(count - 2)
    assert row[f"Phone {count} - Value"] == f"{count - 1} ::: {count} ::: {count + 1}"
    assert row[f"Phone {count} - Label"] == f"X{count - 1} ::: X{count} ::: X{count + 1}"


@given(st.lists(contacts, max_size=2))
def test_every_row_is_as_wide_as_the_header_and_no_value_is_lost(some: list[Contact]) -> None:
    text = b"".join(csv_format.write(some)).decode()
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert len(found) == 1 + len(some)
    for contact, row in zip(some, found[1:], strict=True):
        assert len(row) == len(csv_format.HEADER)
        cells = "\0".join(csv_format.restored(cell) for cell in row)
        texts = [contact.name.given, contact.name.family, *contact.titles, *contact.notes, *contact.nicknames]
        texts += [email.address for email in contact.emails] + [phone.number for phone in contact.phones]
        texts += [address.formatted for address in contact.addresses]
        for value in texts:
            assert value in cells


@given(contacts)
def test_no_cell_is_a_formula(contact: Contact) -> None:
    for cell in rows(contact)[0].values():
        trimmed = cell.strip(" \t\r\n\v\f\0\xa0\u3000\ufeff\u200b")
        if (trimmed[:1] in ("=", "+", "-", "@") and trimmed) or (cell[:1] in ("\t", "\r", "\n") and cell):
            assert set(cell) <= set("+-0123456789 ()./")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"),
        ("\n=1", "'\n=1"),
        ("\r\n=1", "'\r\n=1"),
        ("  =1", "'  =1"),
        ("\xa0\t@x", "'\xa0\t@x"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\v-1+x", "'\v-1+x"),
        ("\0=1", "'\0=1"),
        ("\n", "'\n"),
        ("\uff1d1", "'\uff1d1"),
        (" +49 30 123", " +49 30 123"),
        ("\n+49 30 123", "'\n+49 30 123"),
        (" a=b", " a=b"),
        ("'\n=1", "''\n=1"),
        ("'=1", "''=1"),
        ("+49 30 123", "+49 30 123"),
        ("+1 (555) 123-45/6.7", "+1 (555) 123-45/6.7"),
        ("--10-27", "--10-27"),
        ("+49+1", "'+49+1"),
        ("+49;ext=1", "'+49;ext=1"),
        ("O'Brien", "O'Brien"),
        ("'quoted'", "'quoted'"),
        ("a=b", "a=b"),
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(value: str, cell: str) -> None:
    assert csv_format.neutral(value) == cell
    assert csv_format.restored(cell) == value


@given(st.text(st.one_of(st.sampled_from(list("'=+-@\t\n\r\xa0\ufeff0 ")), spiced), max_size=12))
def test_the_apostrophe_is_taken_away_again_exactly(value: str) -> None:
    assert csv_format.restored(csv_format.neutral(value)) == value


def test_the_names_of_group_cards_are_labels_and_the_cards_are_no_rows() -> None:
    items = [Contact(uid="1", formatted_name="A", categories=["Club"]), Group("Friends", "9", ["1"])]
    text = b"".join(csv_format.write(items, {"1": ["Friends", "Club"]})).decode()
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["Labels"] == "Friends ::: Club"
