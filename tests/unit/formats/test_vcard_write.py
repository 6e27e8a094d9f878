"""Writing: a contact reads back as itself from vCard 3.0 and 4.0, and the second file is the first."""

from __future__ import annotations

from typing import Any

import pytest
import vobject
from hypothesis import given

from contactport.contact import (
    Address,
    Contact,
    Email,
    Group,
    Item,
    LabelledDate,
    Name,
    PartialDate,
    Phone,
    Photo,
    Reject,
    Skipped,
)
from contactport.formats import vcard
from tests.unit.formats.strategies import contacts, groups


def written(item: Item, version: vcard.Version) -> bytes:
    return b"".join(vcard.write([item], version=version))


@pytest.mark.parametrize("version", vcard.VERSIONS)
@given(contact=contacts)
def test_a_contact_survives(contact: Contact, version: vcard.Version) -> None:
    first = written(contact, version)
    (again,) = vcard.read([first])
    assert again == contact
    assert written(again, version) == first


@pytest.mark.parametrize("version", vcard.VERSIONS)
@given(group=groups)
def test_a_group_survives(group: Group, version: vcard.Version) -> None:
    first = written(group, version)
    assert list(vcard.read([first])) == [group]


@pytest.mark.parametrize("version", vcard.VERSIONS)
@given(contact=contacts)
def test_lines_are_short_and_end_in_crlf_and_no_character_is_cut(
    contact: Contact, version: vcard.Version
) -> None:
    data = written(contact, version)
    for line in data.split(b"\r\n"):
        assert len(line) <= 75
        assert b"\n" not in line
        line.decode()


def test_a_contact_without_a_formatted_name_gets_one_that_is_marked_as_made() -> None:
    contact = Contact(name=Name("Doe", "Jane"), emails=[Email("jane@example.org")])
    assert b"\r\nFN;X-DERIVED=TRUE:Jane Doe\r\n" in written(contact, "3.0")
    assert b"\r\nFN;DERIVED=TRUE:Jane Doe\r\n" in written(contact, "4.0")
    for version in vcard.VERSIONS:
        assert list(vcard.read([written(contact, version)])) == [contact]


@pytest.mark.parametrize(
    ("contact", "name"),
    [
        (Contact(nicknames=["Janie"]), b"Janie"),
        (Contact(emails=[Email("jane@example.org")]), b"jane@example.org"),
        (Contact(phones=[Phone("+44 7700 900123")]), b"+44 7700 900123"),
        (Contact(notes=["nobody"]), b""),
    ],
)
def test_the_made_name_is_the_best_there_is(contact: Contact, name: bytes) -> None:
    assert b"\r\nFN;X-DERIVED=TRUE:" + name + b"\r\n" in written(contact, "3.0")


def test_what_is_preferred_is_said_in_each_version_s_own_way() -> None:
    contact = Contact(formatted_name="J", emails=[Email("j@example.org", ("HOME",), primary=True)])
    assert b"EMAIL;TYPE=HOME,pref:j@example.org" in written(contact, "3.0")
    assert b"EMAIL;TYPE=HOME;PREF=1:j@example.org" in written(contact, "4.0")


def test_labels_that_apple_knows_are_wrapped_as_apple_wraps_them() -> None:
    contact = Contact(formatted_name="J", phones=[Phone("1", label="Mobile"), Phone("2", label="Boat")])
    data = written(contact, "3.0")
    assert b"item1.TEL:1\r\nitem1.X-ABLabel:_$!<Mobile>!$_\r\n" in data
    assert b"item2.TEL:2\r\nitem2.X-ABLabel:Boat\r\n" in data


def test_vcard_3_writes_a_date_without_a_year_as_apple_does() -> None:
    contact = Contact(
        formatted_name="J",
        birthday=PartialDate(month=10, day=27),
        anniversary=PartialDate(2001, 5, 6),
        dates=[LabelledDate(PartialDate(2020, 1, 2), "Moved")],
    )
    three, four = written(contact, "3.0"), written(contact, "4.0")
    assert b"BDAY;X-APPLE-OMIT-YEAR=1604:1604-10-27\r\n" in three
    assert b"item1.X-ABDATE:2001-05-06\r\nitem1.X-ABLabel:_$!<Anniversary>!$_\r\n" in three
    assert b"BDAY:--1027\r\nANNIVERSARY:20010506\r\n" in four


def test_an_address_keeps_its_label_in_both_versions() -> None:
    address = Address(street="1 Road", formatted='1 Road\n"The Mill"')
    contact = Contact(formatted_name="J", addresses=[address])
    assert b'item1.LABEL:1 Road\\n"The Mill"\r\n' in written(contact, "3.0")
    assert b"ADR;LABEL=\"1 Road^n^'The Mill^'\":;;1 Road;;;;\r\n" in written(contact, "4.0")


def test_a_picture_is_base64_in_3_and_a_data_uri_in_4() -> None:
    contact = Contact(formatted_name="J", photos=[Photo("image/jpeg", b"\xff\xd8\xff")])
    assert b"PHOTO;ENCODING=b;TYPE=JPEG:/9j/\r\n" in written(contact, "3.0")
    assert b"PHOTO:data:image/jpeg;base64,/9j/\r\n" in written(contact, "4.0")


def test_what_is_no_card_is_left_out() -> None:
    items: list[Item] = [Reject("line 1", "no"), Skipped("org")]
    assert b"".join(vcard.write(items)) == b""


def test_another_reader_finds_the_same_name_and_address() -> None:
    """vobject as a witness that this is what others read."""
    contact = Contact(
        name=Name("Doe", "J;a,n\\e"),
        formatted_name="J, D",
        emails=[Email("a@example.org", ("HOME",), primary=True)],
        notes=["long " * 40],
    )
    witness: Any = vobject
    card = witness.readOne(written(contact, "3.0").decode())
    assert card.fn.value == "J, D"
    assert card.n.value.given == "J;a,n\\e"
    assert card.email.value == "a@example.org"
    assert card.note.value == "long " * 40
