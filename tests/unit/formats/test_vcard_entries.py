"""Addresses, telephone numbers and pictures as programs write them outside of the standard."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import Address, Contact, Email, Labelled, Phone, Photo
from contactport.formats import vcard
from contactport.formats.vcard import extensions, params, properties


def card(*lines: str) -> Contact:
    data = "\r\n".join(("BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", "")).encode()
    (item,) = vcard.read([data])
    assert isinstance(item, Contact)
    assert list(vcard.read([data], quick=False)) == [item]
    for version in vcard.VERSIONS:
        assert list(vcard.read(vcard.write([item], version=version))) == [item]
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


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("X-EVOLUTION-BLOG-URL:https://a.example/b", Labelled("https://a.example/b", ("BLOG",))),
        ("X-EVOLUTION-VIDEO-URL:https://a.example/v", Labelled("https://a.example/v", ("VIDEO",))),
        ("X-KADDRESSBOOK-BlogFeed:https://a.example/f", Labelled("https://a.example/f", ("BLOG",))),
        ("X-GOOGLE-PROFILE-URL:https://a.example/p", Labelled("https://a.example/p", ("PROFILE",))),
        ("X-IRMC-URL;QUOTED-PRINTABLE:https://a.example/=3Fq", Labelled("https://a.example/?q")),
    ],
)
def test_web_pages_of_other_vendors(line: str, expected: Labelled) -> None:
    assert card(line) == Contact(urls=[expected])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("X-GROUPWISE;X-EVOLUTION-UI-SLOT=1:jo", "groupwise:jo"),
        ("X-GADU-GADU:123", "gg:123"),
        ("X-KADDRESSBOOK-X-IMAddress:jo@a.example", "im:jo@a.example"),
        ("X-WV-ID:jo@wv.example", "wv:jo@wv.example"),
        ("X-MEANWHILE:jo", "meanwhile:jo"),
        ("X-MS-IMADDRESS:ICQ: 143823280", "ICQ: 143823280"),
        ("X-messaging/xmpp-All:jo@a.example", "xmpp:jo@a.example"),
        ("X-messaging/icq-All:1", "icq:1"),
    ],
)
def test_messengers_of_other_vendors(line: str, expected: str) -> None:
    assert card(line).messengers == [Labelled(expected)]


def test_several_accounts_of_kde() -> None:
    assert card("X-messaging/aim-All:jo\ue000jim\ue000jo").messengers == [
        Labelled("aim:jo"),
        Labelled("aim:jim"),
    ]


@pytest.mark.parametrize("name", sorted(extensions.RELATIONS))
def test_relations_of_every_vendor(name: str) -> None:
    assert card(f"{name}:Pat").relations == [Labelled("Pat", (extensions.RELATIONS[name],))]


def test_the_second_name_of_symbian_is_a_nickname() -> None:
    assert card("FN:A", "X-EPOCSECONDNAME:Janie").nicknames == ["Janie"]


def test_samsung_s_address_is_one_address() -> None:
    lines = (
        "X-SAMSUNGADR;ENCODING=QUOTED-PRINTABLE:;;1 R=C3=B6d;Town;;12345;",
        "ADR;HOME:;;1 Road;Town;;12345;",
    )
    assert card("FN:A", *lines).addresses == [
        Address(street="1 Road", city="Town", postal_code="12345", kinds=("HOME",))
    ]
    assert card("FN:A", lines[0]).addresses == [Address(street="1 Röd", city="Town", postal_code="12345")]
    assert card("FN:A", "X-SAMSUNGADR:;;;;;;").addresses == []


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=42=C3=B6=61=74)", "B\u00f6at"),
        ("X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,Boat=2C=201)", "Boat  1"),
        ("X-CUSTOM(Boat)", "Boat"),
        ("x-custom(Boat)", "Boat"),
        ("X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=FF)", "\ufffd"),
    ],
)
def test_a_user_s_own_kind_of_samsung(parameter: str, expected: str) -> None:
    assert card(f"TEL;{parameter}:1", f"EMAIL;HOME;{parameter}:a@b.example") == Contact(
        phones=[Phone("1", (expected,))], emails=[Email("a@b.example", ("HOME", expected))]
    )
    assert not properties.lasts(f"TEL;{parameter}".encode())


@given(
    st.text(
        st.one_of(st.sampled_from('\r\n\0,;:"^= '), st.characters(exclude_categories=("Cs",))), max_size=20
    )
)
def test_any_custom_kind_is_read(word: str) -> None:
    encoded = "".join(f"={octet:02X}" for octet in word.encode())
    kind = "".join(" " if mark < " " or mark in ",\x7f" else mark for mark in word).strip()
    phone = card(f"TEL;X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,{encoded}):1").phones[0]
    assert phone.kinds == ((kind,) if kind and kind.upper() != "PREF" else ())


@pytest.mark.parametrize(
    "line",
    [
        *(
            "item1.X-ABADR:de",
            "X-ABADR:us",
            "X-EMAIL:a@b.example",
            "X-TEL:+49 30 1",
            "X-CELL:1",
            "X-CUSTOM1:a@b.example",
        ),
        *(
            "X-MS-OL-DEFAULT-POSTAL-ADDRESS:2",
            "X-EVOLUTION-FILE-AS:Doe\\, J",
            "X-MOZILLA-HTML:TRUE",
            "X-IRMC-LUID:0001",
        ),
        *(
            "X-PHONETIC-ORG:a",
            "X-NOBODY-PHONE:1",
            "X-MESSAGING/SMS-ALL:1",
            "X-KADDRESSBOOK-X-Office:b@c.example",
        ),
    ],
)
def test_what_no_vendor_calls_an_address_is_none(line: str) -> None:
    assert card("FN:A", line) == Contact(formatted_name="A")


def test_the_names_of_vendors_may_last_in_the_process() -> None:
    words = params.known(properties.PROPERTIES)
    for name in properties.PROPERTIES:
        assert name.encode() in words
        assert properties.lasts(f"{name};TYPE=HOME".encode())
