"""jCard: its own shapes and parameters, and texts that are broken in every way JSON can be."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import Address, Contact, Group, Item, Note, PartialDate, Reject, Skipped
from contactport.formats import jcard, vcard
from contactport.formats.elements import CUT_OFF, ELEMENT, OUTSIDE, TOO_LARGE
from contactport.formats.json_values import NOT_JSON, TOO_DEEP
from contactport.formats.vcard.builder import EMPTY
from tests.unit.formats.bare import bare
from tests.unit.formats.strategies import contacts, groups

ADA = '["vcard",[["version",{},"text","4.0"],["fn",{},"text","Ada"]]]'
BEN = '["vcard",[["fn",{},"text","Ben"]]]'


def read(text: str | bytes, size: int = 0) -> list[Item]:
    data = text.encode() if isinstance(text, str) else text
    return bare(
        jcard.read([data] if not size else [data[at : at + size] for at in range(0, len(data), size)])
    )


def one(*properties: list[Any]) -> Contact:
    (item,) = read(json.dumps(["vcard", [["fn", {}, "text", "Ada"], *properties]]))
    assert isinstance(item, Contact)
    return item


def names(items: list[Item]) -> list[str]:
    return [item.formatted_name for item in items if isinstance(item, Contact)]


@pytest.mark.parametrize(
    "text",
    [
        f"[{ADA},{BEN}]",
        f"{ADA}\n{BEN}\n",
        f"{ADA}{BEN}",
        f"\ufeff[\r\n  {ADA} ,\r\n  {BEN}\r\n]\r\n",
        f"\x1e{ADA}\n\x1e{BEN}\n",
        f"[{ADA}]\n[{BEN}]",
    ],
)
@pytest.mark.parametrize("size", [0, 1, 7])
def test_cards_are_read_whatever_stands_around_them(text: str, size: int) -> None:
    items = read(text, size)
    assert names(items) == ["Ada", "Ben"]
    assert len(items) == 2


def test_a_card_within_other_json_is_read_and_the_rest_is_told() -> None:
    items = read(f'{{"handle":"x","vcardArray":{ADA},\n"roles":["a"],"entities":[{{"vcardArray":{BEN}}}]}}')
    assert names(items) == ["Ada", "Ben"]
    rejects = [item for item in items if isinstance(item, Reject)]
    assert rejects == [Reject("line 1", OUTSIDE), Reject("line 2", OUTSIDE), Reject("line 2", OUTSIDE)]


@given(contact=contacts, group=groups)
def test_a_jcard_says_what_the_vcard_says(contact: Contact, group: Group) -> None:
    as_vcard = list(vcard.read([b"".join(vcard.write([contact, group], version="4.0"))]))
    assert list(jcard.read([b"".join(jcard.write([contact, group]))])) == as_vcard


def test_what_is_written_is_jcard() -> None:
    contact = Contact(
        uid="f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        formatted_name="Ada",
        birthday=PartialDate(None, 12, 10),
        addresses=[Address(street="1 Way; North", city="Ham", kinds=("HOME", "x"), formatted="a\\n\nb")],
        revision="20260102T030405Z",
    )
    (_, card, _) = b"".join(jcard.write([contact])).split(b"\n", 2)
    assert json.loads(card) == [
        "vcard",
        [
            ["version", {}, "text", "4.0"],
            ["uid", {}, "uri", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"],
            ["fn", {}, "text", "Ada"],
            [
                "adr",
                {"type": ["HOME", "x"], "label": "a\\n\nb"},
                "text",
                ["", "", "1 Way; North", "Ham", "", "", ""],
            ],
            ["bday", {}, "date-and-or-time", "--12-10"],
            ["rev", {}, "timestamp", "2026-01-02T03:04:05Z"],
        ],
    ]
    back = msgspec.structs.replace(contact, revision="2026-01-02T03:04:05Z")
    assert read(b"".join(jcard.write([contact]))) == [back]


def test_parameters_and_values_of_other_writers() -> None:
    contact = one(
        ["TEL", {"type": ["work", "voice"], "pref": 1}, "uri", "tel:+1-555-555-5555;ext=5555"],
        ["adr", {}, "text", ["", "", ["1 Way", "2nd floor"], "Ham", None, 22041, "DE"]],
        ["n", {}, "text", ["Doe", "Jane", ["Mary", "Ann"], [], ["MD", "PhD"]]],
        ["categories", {}, "text", "a,b", "c"],
        ["org", {"sort-as": "Acme"}, "text", ["Acme; Inc.", "North"]],
        ["item1.url", {}, "uri", "https://never.example"],
        ["url", {"group": "g"}, "uri", "https://a.example/,;\\n"],
        ["x-ablabel", {"group": "G"}, "text", "_$!<HomePage>!$_"],
        ["bday", {}, "date", "1985-04-12"],
        ["anniversary", {}, "date-time", "2009-08-08T14:30:00-05:00"],
        ["note", {}, "text", "one", "data:\\n"],
        ["tz", {}, "utc-offset", "-05:00"],
    )
    (phone,) = contact.phones
    assert (phone.number, phone.kinds, phone.primary) == ("+1-555-555-5555;ext=5555", ("work", "voice"), True)
    (address,) = contact.addresses
    assert (address.street, address.postal_code, address.region) == ("1 Way,2nd floor", "22041", "")
    assert (contact.name.additional, contact.name.suffixes) == ("Mary Ann", "MD PhD")
    assert contact.categories == ["a,b", "c"]
    assert contact.organisations[0].name == "Acme; Inc."
    (url,) = contact.urls
    assert (url.value, url.label) == ("https://a.example/,;\\n", "HomePage")
    assert contact.birthday == PartialDate(1985, 4, 12)
    assert contact.anniversary == PartialDate(2009, 8, 8)
    assert contact.notes == ["one", "data:\\n"]


def test_cards_of_things_groups_and_nobody() -> None:
    assert read('["vcard",[["kind",{},"text","org"],["fn",{},"text","Acme"]]]') == [Skipped("org")]
    assert read('["vcard",[]]') == [Reject("line 1", EMPTY)]
    assert read('["vcard"]') == [Reject("line 1", "this is no jCard: its properties are no array")]
    assert read(
        '["vcard",[["kind",{},"text","group"],["fn",{},"text","T"],["member",{},"uri","urn:uuid:a"]]]'
    ) == [Group("T", "", ["a"])]


@pytest.mark.parametrize("size", [0, 1, 50])
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('["vcard",[["fn",{},"text","Eve]]]', NOT_JSON),
        ('["vcard",[["fn",{},"text",Eve]]]', NOT_JSON),
        ('["vcard",[["fn",{},"text","Eve"]]}', NOT_JSON),
        ('["vcard",[["fn",{},"text",NaN]]]', "a number of this card can't be read"),
        ('["vcard",[["x",{},"integer",-Infinity]]]', "a number of this card can't be read"),
        ('["vcard",[["x",{},"integer",' + "9" * 5000 + "]]]", "a number of this card can't be read"),
    ],
)
def test_a_broken_card_costs_only_itself(broken: str, reason: str, size: int) -> None:
    items = read(f"[\n{ADA},\n{broken},\n{BEN}\n]" + " " * 5000, size)
    assert names(items) == ["Ada", "Ben"]
    assert [item for item in items if isinstance(item, Reject)] == [Reject("line 3", reason)]


def test_values_nested_too_deeply_are_rejected() -> None:
    deep = '["vcard",' + "[" * 100_000
    items = read(f"{ADA}\n{deep}\n{BEN}")
    assert names(items) == ["Ada", "Ben"]
    assert items[1] == Reject("line 2", TOO_DEEP)


def test_a_card_beyond_the_limit_is_rejected_however_it_is_cut() -> None:
    large = ADA.replace("Ada", "x" * ELEMENT)
    text = f"{ADA}\n{large}\n{BEN}"
    assert read(text) == read(text, 100_000)
    assert names(read(text)) == ["Ada", "Ben"]
    assert Reject("line 2", TOO_LARGE) in read(text)


def test_a_text_that_ends_within_a_card() -> None:
    assert read(f"{ADA}\n{BEN[:-4]}")[1:] == [Reject("line 2", CUT_OFF)]


def test_halves_of_surrogate_pairs_and_equal_keys() -> None:
    contact = one()
    assert contact.formatted_name == "Ada"
    items = read(
        '["vcard",[["fn",{},"text","A\\ud800\\ud83d\\ude00"],["tel",{"type":"a","type":"b"},"text","1"]]]'
    )
    assert isinstance(items[0], Contact)
    assert items[0].formatted_name == "A\ufffd\U0001f600"
    assert items[0].phones[0].kinds == ("b",)


def test_texts_in_other_character_sets() -> None:
    card = '["vcard",[["fn",{},"text","Jos\u00e9 Mu\u00f1oz"]]]'
    for codec in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"):
        assert names(read(card.encode(codec))) == ["Jos\u00e9 Mu\u00f1oz"], codec


def test_budgets_hold_and_are_told() -> None:
    many: list[Any] = [
        "vcard",
        [["fn", {}, "text", "Ada"], *(["tel", {}, "text", str(at)] for at in range(6000))],
    ]
    contact, *notes = read(json.dumps(many))
    assert isinstance(contact, Contact)
    assert len(contact.phones) == 200
    assert Note("line 1", "only 5000 properties of this card are read") in notes


@given(
    data=st.lists(
        st.sampled_from(['["vcard"', ",", "[", "]", '"', "{", "}", "x", "\\", ADA, "1", "\n"]), max_size=40
    )
)
def test_any_order_of_what_jcards_are_made_of_is_read_however_it_is_cut(data: list[str]) -> None:
    text = "".join(data)
    items = read(text)
    assert read(text, 1) == items
    assert read(text, 5) == items
