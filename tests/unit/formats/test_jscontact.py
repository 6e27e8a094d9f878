"""JSContact: its own properties, and cards that are not what they should be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import (
    Address,
    Contact,
    Email,
    Group,
    Item,
    Labelled,
    LabelledDate,
    Name,
    Note,
    Organisation,
    PartialDate,
    Phone,
    Photo,
    Reject,
    Skipped,
)
from contactport.formats import jscontact
from contactport.formats.elements import CUT_OFF, OUTSIDE
from contactport.formats.jscontact import NO_CARD
from contactport.formats.jscontact.reading import LOCALIZED
from contactport.formats.json_values import NOT_JSON
from contactport.formats.vcard.builder import EMPTY
from tests.unit.formats.bare import bare

ADA = '{"@type":"Card","version":"1.0","uid":"ada","name":{"full":"Ada"}}'
BEN = '{"uid":"ben","name":{"full":"Ben"}}'


def read(text: str | bytes, size: int = 0) -> list[Item]:
    data = text.encode() if isinstance(text, str) else text
    pieces = [data] if not size else [data[at : at + size] for at in range(0, len(data), size)]
    return bare(jscontact.read(pieces))


def one(**properties: Any) -> Contact:
    (item,) = read(json.dumps({"@type": "Card", "version": "1.0", "uid": "1", **properties}))
    assert isinstance(item, Contact)
    return item


def card(item: Item) -> dict[str, Any]:
    (made,) = json.loads(b"".join(jscontact.write([item])))
    return made


def names(items: list[Item]) -> list[str]:
    return [item.formatted_name for item in items if isinstance(item, Contact)]


@pytest.mark.parametrize(
    "text", [f"[{ADA},{BEN}]", f"{ADA}\n{BEN}\n", f"{ADA}{BEN}", f"\ufeff[\r\n {ADA} ,\r\n {BEN}\r\n]"]
)
@pytest.mark.parametrize("size", [0, 1, 7])
def test_cards_are_read_whatever_stands_around_them(text: str, size: int) -> None:
    items = read(text, size)
    assert names(items) == ["Ada", "Ben"]
    assert len(items) == 2


def test_the_properties_of_rfc_9553() -> None:
    contact = one(
        name={
            "components": [
                {"kind": "title", "value": "Dr."},
                {"kind": "given", "value": "Vincent", "phonetic": "vɛ̃sɑ̃"},
                {"kind": "separator", "value": " "},
                {"kind": "surname", "value": "van"},
                {"kind": "surname2", "value": "Gogh"},
                {"kind": "generation", "value": "Jr."},
                {"kind": "credential", "value": "MD"},
            ],
            "isOrdered": True,
        },
        emails={
            "e": {"address": "mailto:v@example.org", "contexts": {"work": True, "private": False}, "pref": 1}
        },
        phones={
            "a": {
                "number": "tel:+1-555",
                "features": {"mobile": True, "voice": True},
                "label": "Boat",
                "pref": 2,
            },
            "b": {"number": "2", "contexts": {"private": True}, "pref": 1},
        },
        addresses={
            "k": {
                "components": [
                    {"kind": "number", "value": "54321"},
                    {"kind": "separator", "value": " "},
                    {"kind": "name", "value": "Oak St"},
                    {"kind": "floor", "value": "3"},
                    {"kind": "locality", "value": "Reston"},
                    {"kind": "region", "value": "VA"},
                    {"kind": "postcode", "value": "20190"},
                ],
                "countryCode": "US",
                "contexts": {"billing": True},
                "full": "54321 Oak St\nReston",
            }
        },
        organizations={"o": {"name": "Acme", "units": [{"name": "North"}, {"name": "Sales"}]}},
        titles={"a": {"name": "Engineer"}, "b": {"name": "Lead", "kind": "role"}},
        anniversaries={
            "a": {"kind": "birth", "date": {"month": 3, "day": 30}},
            "b": {"kind": "wedding", "date": {"@type": "Timestamp", "utc": "1890-07-29T12:00:00Z"}},
            "c": {"kind": "death", "date": {"year": 1890}},
        },
        notes={"n": {"note": "a\r\nb"}},
        links={"l": {"uri": "https://a.example/"}, "m": {"kind": "contact", "uri": "mailto:c@example.org"}},
        onlineServices={
            "a": {"service": "Mastodon", "uri": "https://social.example/@v"},
            "b": {"service": "Skype", "user": "vincent"},
            "c": {"uri": "xmpp:v@example.org", "vCardName": "impp"},
        },
        relatedTo={"Theo": {"relation": {"sibling": True}}},
        media={
            "a": {"kind": "photo", "uri": "data:image/png;base64,iVBORzEyMzQ="},
            "b": {"kind": "photo", "uri": "http://a.example/x.png"},
            "c": {"kind": "sound", "uri": "https://a.example/x.ogg"},
        },
        keywords={"painter": True, "writer": False},
        updated="2026-01-02T03:04:05Z",
    )
    assert contact == Contact(
        uid="1",
        name=Name("van Gogh", "Vincent", "", "Dr.", "Jr. MD"),
        phonetic_given="vɛ̃sɑ̃",
        emails=[Email("v@example.org", ("WORK",), primary=True)],
        phones=[Phone("+1-555", ("CELL", "VOICE"), "Boat"), Phone("2", ("HOME",), primary=True)],
        addresses=[
            Address(
                extended="3",
                street="54321 Oak St",
                city="Reston",
                region="VA",
                postal_code="20190",
                country="US",
                formatted="54321 Oak St\nReston",
                kinds=("BILLING",),
            )
        ],
        organisations=[Organisation("Acme", ["North", "Sales"])],
        titles=["Engineer"],
        roles=["Lead"],
        birthday=PartialDate(None, 3, 30),
        anniversary=PartialDate(1890, 7, 29),
        notes=["a\nb"],
        urls=[Labelled("https://a.example/"), Labelled("https://social.example/@v")],
        messengers=[Labelled("skype:vincent"), Labelled("xmpp:v@example.org")],
        relations=[Labelled("Theo", ("sibling",))],
        photos=[Photo("image/png", b"\x89PNG1234")],
        categories=["painter"],
        revision="2026-01-02T03:04:05Z",
    )


def test_what_is_written_is_jscontact() -> None:
    assert card(
        Contact(
            uid="f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            name=Name("Doe", "Jane"),
            formatted_name="Jane Doe",
            emails=[Email("j@example.org", ("work", "INTERNET"), "Mine", primary=True)],
            addresses=[Address(city="Ham", label="Boat")],
            birthday=PartialDate(1980, 2, 29),
            revision="20260102T030405Z",
        )
    ) == {
        "@type": "Card",
        "version": "1.0",
        "uid": "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "name": {
            "full": "Jane Doe",
            "components": [{"kind": "given", "value": "Jane"}, {"kind": "surname", "value": "Doe"}],
        },
        "emails": {
            "1": {
                "address": "j@example.org",
                "contexts": {"work": True},
                "vCardParams": {"type": ["INTERNET"]},
                "pref": 1,
                "label": "Mine",
            }
        },
        "addresses": {
            "1": {"components": [{"kind": "locality", "value": "Ham"}], "vCardParams": {"group": "item1"}}
        },
        "anniversaries": {"1": {"kind": "birth", "date": {"year": 1980, "month": 2, "day": 29}}},
        "updated": "2026-01-02T03:04:05Z",
        "vCardProps": [["x-ablabel", {"group": "item1"}, "text", "Boat"]],
    }


def test_a_card_without_a_uid_is_of_version_2() -> None:
    assert card(Contact(formatted_name="Ada")) == {
        "@type": "Card",
        "version": "2.0",
        "name": {"full": "Ada"},
    }


def test_what_jscontact_has_no_property_for_comes_back() -> None:
    contact = Contact(
        uid="1",
        formatted_name="Ada",
        phonetic_family="Lavleis",
        addresses=[Address(city="Ham", label="Boat"), Address(city="Bath", label="House")],
        birthday=PartialDate(text="in May"),
        anniversary=PartialDate(month=7),
        dates=[LabelledDate(PartialDate(1840, 1, 2), "First"), LabelledDate(PartialDate(1841, 1, 2))],
        relations=[Labelled("Byron", ("parent",), "Papa"), Labelled("Ann"), Labelled("Ann", ("friend",))],
        revision="last week",
    )
    (back,) = jscontact.read(jscontact.write([contact]))
    assert isinstance(back, Contact)
    back.relations.sort(key=contact.relations.index)
    assert back == contact


def test_groups_things_and_nobody() -> None:
    group = Group("Team", "t", ["a", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"], [Email("t@example.org")])
    assert card(group)["members"] == {"a": True, "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6": True}
    assert list(jscontact.read(jscontact.write([group]))) == [group]
    assert read('{"@type":"Card","kind":"org","uid":"1","name":{"full":"Acme"}}') == [Skipped("org")]
    assert read('{"@type":"Card","uid":"1"}') == [Reject("line 1", EMPTY)]
    assert read('{"@type":"Event","uid":"1"}\n{"a":1}') == [
        Reject("line 1", NO_CARD),
        Reject("line 2", NO_CARD),
    ]


def test_localizations_are_left_out_and_told() -> None:
    assert read(ADA[:-1] + ',"localizations":{"jp":{"name/full":"エイダ"}}}')[1:] == [
        Note("line 1", LOCALIZED)
    ]


@pytest.mark.parametrize("size", [0, 1, 50])
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (ADA.replace('"Ada"', '"Eve'), NOT_JSON),
        (ADA.replace('"Ada"', "Eve"), NOT_JSON),
        (ADA.replace("}}", "}]"), NOT_JSON),
        (ADA.replace('"Ada"', "NaN"), "a number of this card can't be read"),
    ],
)
def test_a_broken_card_costs_only_itself(broken: str, reason: str, size: int) -> None:
    last = ADA.replace("Ada", "Cid")
    items = read(f"[\n{ADA},\n{broken},\n{BEN},\n{last}\n]" + " " * 5000, size)
    assert names(items) == ["Ada", "Ben", "Cid"]
    assert [item for item in items if isinstance(item, Reject)] == [Reject("line 3", reason)]


def test_a_broken_card_over_several_lines_costs_only_itself() -> None:
    pretty = json.dumps([json.loads(ADA), json.loads(ADA), json.loads(BEN) | {"@type": "Card"}], indent=2)
    broken = pretty.replace('"version": "1.0"', '"version": 1.0"', 1)
    items = read(broken)
    assert "Ada" in names(items)
    assert items[0] == Reject("line 2", NOT_JSON)


def test_text_outside_and_a_card_that_is_cut_off() -> None:
    assert read(f"hello\n{ADA}\n{BEN[:-2]}")[::2] == [Reject("line 1", OUTSIDE), Reject("line 3", CUT_OFF)]


_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["name", "kind", "value", "uri", "date", "year", "type", "components", "label", "pref"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
_properties = st.sampled_from(
    [
        *("uid", "kind", "name", "members", "nicknames", "emails", "phones", "addresses", "organizations"),
        *("titles", "anniversaries", "notes", "links", "onlineServices", "relatedTo", "media", "keywords"),
        *("updated", "vCardProps", "localizations", "fullName"),
    ]
)


@given(card=st.dictionaries(_properties, _values, max_size=8))
def test_values_of_any_type_never_raise_and_what_is_read_can_be_written(card: dict[str, Any]) -> None:
    items = read(json.dumps({"@type": "Card", **card}))
    assert all(isinstance(item, Contact | Group | Reject | Note | Skipped) for item in items)
    kept = [item for item in items if isinstance(item, Contact | Group)]
    once = list(jscontact.read(jscontact.write(kept)))
    assert list(jscontact.read(jscontact.write(once))) == once
