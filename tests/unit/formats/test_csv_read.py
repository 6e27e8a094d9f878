"""Tables as programs and people write them: delimiters, quotation marks, character sets, spreadsheets' habits."""

from __future__ import annotations

import pytest

from contactport.contact import Address, Contact, Email, Item, Name, Note, Phone, Reject
from contactport.formats import csv
from contactport.formats.columns import NOTHING
from contactport.formats.csv.lines import ROW
from contactport.formats.csv.reader import NO_COLUMNS
from contactport.formats.csv.records import BROKEN_QUOTE, TOO_LARGE
from tests.unit.formats.bare import bare


def read(data: str | bytes) -> list[Item]:
    return bare(csv.read([data.encode() if isinstance(data, str) else data]))


ANN = Contact(formatted_name="Ann", emails=[Email("ann@example.org")])
BEN = Contact(formatted_name="Ben", emails=[Email("ben@example.org")])


@pytest.mark.parametrize("delimiter", list(",;\t|"))
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter: str, end: str) -> None:
    rows = ["Name,E-mail", "Ann,ann@example.org", "", "Ben,ben@example.org"]
    assert read(end.join(rows).replace(",", delimiter)) == [ANN, BEN]


def test_a_first_line_names_the_delimiter() -> None:
    assert read("sep=;\r\nName;E-mail\r\nAnn;ann@example.org\r\n") == [ANN]
    assert read("sep=#\nName#E-mail\nAnn#ann@example.org\nBen,B#ben@example.org") == [
        ANN,
        Contact(formatted_name="Ben,B", emails=[Email("ben@example.org")]),
    ]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "mac-roman"])
def test_character_sets(codec: str) -> None:
    data = "Vorname;Name;Straße\r\nJörg;Müller;Große Straße 1\r\nJürgen;Groß;Höhe 2\r\n".encode(codec)
    assert read(data) == [
        Contact(name=Name("Müller", "Jörg"), addresses=[Address(street="Große Straße 1")]),
        Contact(name=Name("Groß", "Jürgen"), addresses=[Address(street="Höhe 2")]),
    ]


def test_line_ends_delimiters_and_quotation_marks_in_cells() -> None:
    (contact,) = read('Name,E-mail,Notes\r\n"Ann","ann@example.org","one, ""two""\r\nthree"\r\n')
    assert isinstance(contact, Contact)
    assert contact.notes == ['one, "two"\nthree']


def test_blanks_before_quotation_marks() -> None:
    (contact,) = read('Name, E-mail, Notes\nAnn, "ann@example.org", "one, two"\n')
    assert isinstance(contact, Contact)
    assert contact.notes == ["one, two"]
    assert contact.emails == [Email("ann@example.org")]


@pytest.mark.parametrize(
    "broken",
    [
        '"Cyd,cyd@example.org',
        'Cyd,"cyd@example.org',
        '"Cyd,"cyd@example.org"',
    ],
)
def test_a_broken_quote_takes_no_other_row_along(broken: str) -> None:
    items = read(f"Name,E-mail\nAnn,ann@example.org\n{broken}\nBen,ben@example.org\n")
    assert items[0] == ANN
    assert items[-1] == BEN
    assert items[1] == Contact(formatted_name="Cyd", emails=[Email("cyd@example.org")])
    assert items[2:-1] == [Note("line 3", BROKEN_QUOTE)]


def test_many_broken_quotes_and_one_in_the_middle_of_a_cell() -> None:
    rows = ['5" pipe,ann@example.org', '"Ben,ben@example.org'] * 500
    items = read("\n".join(["Name,E-mail", *rows]))
    contacts = [item for item in items if isinstance(item, Contact)]
    assert [contact.formatted_name for contact in contacts] == ['5" pipe', "Ben"] * 500


def test_a_row_that_is_too_large_is_a_reject_and_the_others_are_read() -> None:
    items = read(f"Name,E-mail\nAnn,ann@example.org\n{'x' * (ROW + 1)}\nBen,ben@example.org")
    assert items == [ANN, Reject("line 3", TOO_LARGE), BEN]


def test_a_large_cell_is_cut_with_a_note() -> None:
    long = "n" * 200_000
    contact, note = read(f'Name,Notes\nAnn,"{long}"\n')
    assert isinstance(contact, Contact)
    assert len(contact.notes[0]) == 100_000
    assert isinstance(note, Note)


def test_rows_that_are_shorter_or_longer_than_the_header() -> None:
    assert read("Name,E-mail,Phone\nAnn,ann@example.org\nBen,ben@example.org,123456,x,y") == [
        ANN,
        Contact(formatted_name="Ben", emails=[Email("ben@example.org")], phones=[Phone("123456")]),
    ]


def test_two_files_joined() -> None:
    one = "Name,E-mail\nAnn,ann@example.org\n"
    assert read(one + one.replace("Ann", "Ben").replace("ann", "ben")) == [ANN, BEN]


def test_what_is_no_table_and_what_is_no_person() -> None:
    assert read("1,2\n3,4\n") == [Reject("line 1", NO_COLUMNS)]
    assert read("Name,E-mail,Wibble\n,,x\nAnn,ann@example.org,") == [Reject("line 2", NOTHING), ANN]


def test_a_spreadsheet_s_apostrophe_is_taken_from_our_own_tables_alone() -> None:
    risky = Contact(formatted_name="=Ann", emails=[Email("ann@example.org")])
    assert read(b"".join(csv.write([risky]))) == [risky]
    (other,) = read("Name,E-mail\n'=Ann,ann@example.org")
    assert isinstance(other, Contact)
    assert other.formatted_name == "'=Ann"


def test_a_person_s_own_mapping() -> None:
    (contact,) = csv.read([b"Wibble,Wobble\nAnn,ann@example.org"], overrides={"Wibble": "nickname"})
    assert contact == Contact(nicknames=["Ann"], emails=[Email("ann@example.org")])
    with pytest.raises(LookupError, match="no column 'X', only Wibble, Wobble"):
        csv.read([b"Wibble,Wobble\nAnn,ann@example.org"], overrides={"X": "email", "Wibble": ""})
