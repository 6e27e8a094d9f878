"""What one contact may hold is bounded, and no real card loses anything."""

from __future__ import annotations

import msgspec
from hypothesis import given

from contactport.contact import Address, Contact, Email, Group, Name, Organisation, Phone, Photo
from contactport.formats.budgets import (
    CATEGORIES,
    CONTACT,
    ENTRIES,
    GROUP_NAME,
    KINDS,
    LONG,
    MEMBERS,
    SMALL,
    TEXT,
    bounded,
)
from tests.unit.formats.strategies import contacts, groups


@given(contacts, groups)
def test_a_real_card_loses_nothing(contact: Contact, group: Group) -> None:
    before = msgspec.json.encode([contact, group])
    assert bounded(contact) == bounded(group) == []
    assert msgspec.json.encode([contact, group]) == before


def test_every_text_and_list_is_cut_and_told() -> None:
    huge = "x" * 2_000_000
    contact = Contact(
        uid=huge,
        name=Name(huge, huge),
        formatted_name=huge,
        emails=[Email(huge)] * 300,
        phones=[Phone(huge, (huge,) * 300, huge)],
        addresses=[Address(huge, formatted=huge)],
        organisations=[Organisation(huge, [huge] * 10)],
        notes=[huge],
        categories=[huge] * 1000,
    )
    told = bounded(contact)
    assert len(told) >= 9
    assert all(len(reason) <= 300 and "xx" not in reason for reason in told)
    assert (len(contact.uid), len(contact.name.family), len(contact.formatted_name)) == (TEXT, TEXT, TEXT)
    assert len(contact.emails) == ENTRIES
    assert len(contact.emails[0].address) == TEXT
    assert (len(contact.phones[0].number), len(contact.phones[0].label or "")) == (TEXT, TEXT)
    assert (len(contact.phones[0].kinds), len(contact.phones[0].kinds[0])) == (KINDS, TEXT)
    assert len(contact.addresses[0].formatted) == len(contact.organisations[0].units[0]) == TEXT
    assert len(contact.notes[0]) == LONG
    assert (len(contact.categories), len(contact.categories[0])) == (CATEGORIES, GROUP_NAME)
    assert bounded(contact) == []


def test_a_whole_contact_is_cut_and_told() -> None:
    contact = Contact(
        formatted_name="A",
        emails=[Email(f"{at}@example.org", ("k" * TEXT,) * KINDS) for at in range(ENTRIES)],
        notes=["n" * LONG] * ENTRIES,
        organisations=[Organisation("o", ["u"] * 300)],
    )
    told = bounded(contact)
    assert f"this contact holds more than {CONTACT} characters: some emails are left out" in told
    assert f"this contact holds more than {CONTACT} characters: some notes are left out" in told
    assert f"only {ENTRIES} units of one of the organisations of this contact are kept" in told
    assert contact.formatted_name == "A"
    assert contact.emails[0] == Email("0@example.org", ("k" * TEXT,) * KINDS)
    assert len(msgspec.json.encode(contact)) < 1.1 * CONTACT
    assert bounded(contact) == []


def test_a_picture_elsewhere_is_left_out_whole() -> None:
    contact = Contact(
        photos=[Photo(uri="https://example.org/" + "p" * TEXT), Photo(uri="https://example.org/p")]
    )
    assert bounded(contact) == [f"a picture is left out whose address is longer than {TEXT} characters"]
    assert contact.photos == [Photo(uri="https://example.org/p")]


def test_a_group_is_cut() -> None:
    group = Group("x" * 1_900_000, "1", ["m"] * (MEMBERS + 1))
    group.members[0] = "m" * (TEXT + 1)
    assert len(bounded(group)) == 3
    assert len(group.members[0]) == TEXT
    assert (len(group.name), len(group.members)) == (GROUP_NAME, MEMBERS)


def test_what_a_group_says_of_itself_is_cut_as_a_contact_s_is() -> None:
    huge = "x" * 200_000
    group = Group("Team", "1", [], [Email(huge)] * 300, [Phone("1", label=huge)], [huge], [huge] * 1000)
    told = bounded(group)
    assert len(told) == 6
    assert all("of this group" in reason and "xx" not in reason for reason in told)
    assert (len(group.emails), len(group.emails[0].address)) == (ENTRIES, TEXT)
    assert (len(group.phones[0].label or ""), len(group.notes[0])) == (TEXT, LONG)
    assert (len(group.categories), len(group.categories[0])) == (CATEGORIES, GROUP_NAME)
    assert bounded(group) == []


def test_a_small_card_needs_no_look() -> None:
    assert SMALL <= TEXT
    assert SMALL // 2 <= CATEGORIES
    assert SMALL // len("TEL:1\n") <= ENTRIES
