"""Addresses, telephones and pictures as programs write them beside the standard."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import Contact, Email, Phone, Photo
from contactport.formats import vcard


def card(*lines: str) -> Contact:
    (item,) = vcard.read(["\r\n".join(("BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", "")).encode()])
    assert isinstance(item, Contact)
    return item


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b.example,c@d.example", ["a@b.example", "c@d.example"]),
        ("a@b.example\\, c@d.example", ["a@b.example", "c@d.example"]),
        ("a@b.example;c@d.example", ["a@b.example", "c@d.example"]),
        ('"John" <x@y.example>', ["x@y.example"]),
        ("John Doe <x@y.example>, <z@y.example>", ["x@y.example", "z@y.example"]),
        ("<x@y.example>", ["x@y.example"]),
        ("a@b.example,", ["a@b.example"]),
        ("a@b.example, at home", ["a@b.example, at home"]),
        ('"a,b"@c.example', ['"a,b"@c.example']),
        ("nobody", ["nobody"]),
    ],
)
def test_several_addresses_and_names_in_one_email(value: str, expected: list[str]) -> None:
    assert [email.address for email in card("FN:A", f"EMAIL;TYPE=HOME:{value}").emails] == expected


def test_the_kinds_are_those_of_each() -> None:
    assert card("EMAIL;TYPE=HOME:a@b.example,c@d.example").emails == [
        Email("a@b.example", ("HOME",)),
        Email("c@d.example", ("HOME",)),
    ]


@given(st.binary(min_size=1, max_size=60))
def test_base64_of_urls_is_read(data: bytes) -> None:
    whole = b"\x89PNG" + data
    assert card("FN:A", f"PHOTO;ENCODING=b:{base64.urlsafe_b64encode(whole).decode()}").photos == [
        Photo("image/png", whole)
    ]


def test_a_telephone_of_outlook() -> None:
    assert card("X-MS-TEL;TYPE=VOICE,COMPANY:1").phones == [Phone("1", ("VOICE", "COMPANY"))]
