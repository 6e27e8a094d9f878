"""LDIF as Thunderbird, LDAP servers and RFC 2849's examples write it."""

from __future__ import annotations

import base64

import pytest

from contactport.contact import (
    Address,
    Contact,
    Email,
    Group,
    Item,
    Labelled,
    Name,
    Note,
    Organisation,
    PartialDate,
    Phone,
    Reject,
    Skipped,
)
from contactport.formats import ldif
from contactport.formats.budgets import PROPERTIES
from contactport.formats.ldif.entries import ELSEWHERE, ENTRY_BYTES, TOO_LARGE, TOO_MANY
from tests.unit.formats.bare import bare

THUNDERBIRD = """dn: cn=Jane Doe,mail=jane@example.org
objectclass: top
objectclass: person
objectclass: organizationalPerson
objectclass: inetOrgPerson
objectclass: mozillaAbPersonAlpha
givenName: Jane
sn: Doe
cn: Jane Doe
mozillaNickname: Janey
mail: jane@example.org
mozillaSecondEmail: doe@example.com
modifytimestamp: 0Z
telephoneNumber: 1
homePhone: 2
fax: 3
pager: 4
mobile: 5
mozillaHomeStreet: Home Street 1
mozillaHomeLocalityName: Town
mozillaHomePostalCode: 123
street: Work Street 1
mozillaWorkStreet2: Floor 2
l: City
st: State
postalCode: 456
c: Land
title: Boss
ou: Sales
o: Acme
mozillaWorkUrl: https://acme.example
mozillaHomeUrl: https://jane.example
birthyear: 1980
birthmonth: 2
birthday: 3
mozillaCustom1: one
nsAIMid: jane
description:: R3LDvMOfZQ==

dn: cn=Friends
objectclass: top
objectclass: groupOfNames
cn: Friends
member: cn=Jane Doe,mail=jane@example.org
"""


def read(text: str | bytes) -> list[Item]:
    return bare(ldif.read([text.encode() if isinstance(text, str) else text]))


def test_thunderbird() -> None:
    contact, group = read(THUNDERBIRD)
    assert contact == Contact(
        uid="cn=jane doe,mail=jane@example.org",
        name=Name("Doe", "Jane"),
        formatted_name="Jane Doe",
        nicknames=["Janey"],
        emails=[Email("jane@example.org"), Email("doe@example.com")],
        phones=[
            Phone("1", ("WORK",)),
            Phone("2", ("HOME",)),
            Phone("3", ("FAX",)),
            Phone("4", ("PAGER",)),
            Phone("5", ("CELL",)),
        ],
        addresses=[
            Address(street="Home Street 1", city="Town", postal_code="123", kinds=("HOME",)),
            Address("", "Floor 2", "Work Street 1", "City", "State", "456", "Land", kinds=("WORK",)),
        ],
        organisations=[Organisation("Acme", ["Sales"])],
        titles=["Boss"],
        birthday=PartialDate(1980, 2, 3),
        notes=["one", "Grüße"],
        urls=[Labelled("https://acme.example", ("WORK",)), Labelled("https://jane.example", ("HOME",))],
        messengers=[Labelled("aim:jane")],
    )
    assert group == Group("Friends", "cn=friends", ["cn=jane doe,mail=jane@example.org"])


def test_folds_comments_options_and_base64() -> None:
    (contact,) = read(
        "version: 1\n# a comment\n that goes on\ndn:cn=A\nCN;lang-en:Ann\n  Lee\ndescription:: " + "QQ\n =="
    )
    assert contact == Contact(uid="cn=a", formatted_name="Ann Lee", notes=["A"])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    assert len(read(THUNDERBIRD.replace("\n", end))) == 2


def test_entries_of_no_person() -> None:
    items = read(
        "dn: dc=org\nobjectclass: domain\ndc: org\n\ndn: ou=p\nobjectclass: organizationalUnit\nou: p\n\n"
        "dn: cn=x\nchangetype: delete\n\ndn: cn=y\nobjectclass: person\n\ndn: cn=z\nchangetype: add\ncn: Z\n"
    )
    assert items == [
        Skipped("domain"),
        Skipped("organizationalunit"),
        Reject("line 9", "this is a change that adds no entry"),
        Reject("line 12", "this entry says nothing about a person"),
        Contact(uid="cn=z", formatted_name="Z"),
    ]


def test_a_value_in_another_file_is_never_fetched() -> None:
    contact, note = read("dn: cn=A\ncn: A\njpegPhoto:< file:///etc/passwd\n")
    assert contact == Contact(uid="cn=a", formatted_name="A")
    assert note == Note("line 1", ELSEWHERE)


def test_a_picture() -> None:
    jpeg = base64.b64encode(b"\xff\xd8\xff\xe0" + b"x" * 300).decode()
    (contact,) = read(f"dn: cn=A\ncn: A\njpegPhoto:: {jpeg}\n")
    assert isinstance(contact, Contact)
    assert contact.photos[0].media_type == "image/jpeg"


def test_an_entry_that_is_too_large_costs_itself_alone() -> None:
    huge = f"dn: cn=B\ncn: {'b' * ENTRY_BYTES}\n"
    chunks = (f"dn: cn=A\ncn: A\n\n{huge}\ndn: cn=C\ncn: C\n".encode(),)
    data = chunks[0]
    expected = [
        Contact(uid="cn=a", formatted_name="A"),
        Reject("line 4", TOO_LARGE),
        Contact(uid="cn=c", formatted_name="C"),
    ]
    assert list(ldif.read(chunks)) == expected
    assert list(ldif.read(data[at : at + 50_000] for at in range(0, len(data), 50_000))) == expected


def test_many_attributes_are_cut_and_told() -> None:
    contact, *notes = read("dn: cn=A\ncn: A\n" + "x: y\n" * PROPERTIES + "title: never read\n")
    assert contact == Contact(uid="cn=a", formatted_name="A")
    assert notes == [Note("line 1", TOO_MANY)]


def test_a_set_that_rfc_2849_does_not_allow() -> None:
    (contact,) = read("dn: cn=A\ncn: Jürgen Müller\n".encode("cp1252"))
    assert isinstance(contact, Contact)
    assert contact.formatted_name == "Jürgen Müller"


def test_what_is_no_safe_string_is_written_in_base64_and_long_lines_are_folded() -> None:
    data = b"".join(ldif.write([Contact(formatted_name=" é", notes=["x" * 200, "a\nb"])]))
    lines = data.split(b"\r\n")
    assert all(len(line) <= 76 and line.isascii() for line in lines)
    assert b"cn:: " + base64.b64encode(" é".encode()) in lines
    (contact,) = read(data)
    assert isinstance(contact, Contact)
    assert contact.notes == ["x" * 200, "a\nb"]


def test_a_page_keeps_its_label_and_its_spaces() -> None:
    pages = [Labelled("https://a.example/my page", (), "My page"), Labelled("https://b.example/", (), None)]
    (contact,) = ldif.read([b"".join(ldif.write([Contact(formatted_name="Ann", urls=pages)]))])
    assert isinstance(contact, Contact)
    assert [(one.value, one.label) for one in contact.urls] == [
        ("https://a.example/my%20page", "My page"),
        ("https://b.example/", None),
    ]


def test_an_address_that_ends_in_a_separator_has_no_empty_last_line() -> None:
    (contact,) = ldif.read([b"dn: cn=a\ncn: A\nhomePostalAddress: 1 Way $ Ham $ \n"])
    assert isinstance(contact, Contact)
    assert contact.addresses[0].formatted == "1 Way\nHam"
    assert list(ldif.read(ldif.write([contact]))) == [contact]
