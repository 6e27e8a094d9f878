"""What one card may cost: each budget cuts what is beyond it and tells so, in both ways of reading alike."""

from __future__ import annotations

import pytest

from benchmarks.vcard_worst import PATTERNS, made
from contactport.contact import Contact, Group, Note
from contactport.formats import vcard
from contactport.formats.budgets import (
    CATEGORIES,
    ENTRIES,
    KINDS,
    LINES,
    LONG,
    PROPERTIES,
    TEXT,
)


def read(*lines: str) -> tuple[Contact, list[str]]:
    """The contact of a card of these lines, the same in both ways, and what its notes tell."""
    data = "\r\n".join(("BEGIN:VCARD", "FN:Ada", *lines, "END:VCARD", "")).encode()
    contact, *notes = vcard.read([data])
    assert [contact, *notes] == list(vcard.read([data], quick=False))
    assert isinstance(contact, Contact)
    assert all(isinstance(note, Note) and note.place == "line 1" for note in notes)
    return contact, [note.reason for note in notes if isinstance(note, Note)]


@pytest.mark.parametrize("name", PATTERNS)
def test_both_ways_agree_on_the_worst(name: str) -> None:
    data = made(name, 300_000)
    items = list(vcard.read([data]))
    assert list(vcard.read([data], quick=False)) == items
    assert list(vcard.read(data[at : at + 50_000] for at in range(0, len(data), 50_000))) == items


def test_an_ordinary_large_card_loses_nothing() -> None:
    note = "Met in Paris, twice.\\n" * 2_000
    contact, told = read(f"NOTE:{note}", *(f"EMAIL;TYPE=HOME:{at}@example.org" for at in range(150)))
    assert not told
    assert len(contact.notes[0]) == 21 * 2_000
    assert len(contact.emails) == 150


def test_a_long_note_is_cut_and_told() -> None:
    contact, told = read("NOTE:" + "a\\n" * (LONG * 4 // 5))
    assert contact.notes == ["a\n" * (LONG // 2)]
    assert told == [f"a text among the notes of this contact is cut to {LONG} characters"]
    contact, told = read("NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:" + "=E6=97=A5" * 2 * LONG)
    assert set(contact.notes[0]) == {"日"}
    assert told == ["a NOTE of this card is too long: only its beginning is read"]


@pytest.mark.parametrize("letter", ["a", "é", "日", "𝒜", "\\,"])
def test_a_note_as_long_as_one_may_be_is_whole(letter: str) -> None:
    text = letter * (LONG // 2)
    contact, told = read(f"NOTE:{text}")
    assert contact.notes == [text.replace("\\", "")]
    assert not told


def test_a_long_name_is_cut_and_told() -> None:
    contact, told = read("N:" + "n" * 70_000, "ORG:" + ";u" * 20_000)
    assert contact.name.family == "n" * TEXT
    assert len(contact.organisations[0].units) == ENTRIES
    assert "a N of this card is too long: only its beginning is read" in told
    assert f"a text among the name of this contact is cut to {TEXT} characters" in told


def test_categories_are_cut_and_told() -> None:
    contact, told = read("CATEGORIES:" + "a," * 1_000, "CATEGORIES:" + "b," * 1_000)
    assert contact.categories == ["a"] * CATEGORIES
    assert told == [f"only {CATEGORIES} categories of this contact are kept"]


def test_many_properties_are_cut_and_told() -> None:
    contact, told = read(*(f"TEL:{at}" for at in range(PROPERTIES + 10)), "NOTE:never read")
    assert [phone.number for phone in contact.phones] == [str(at) for at in range(ENTRIES)]
    assert not contact.notes
    assert told == [
        f"only {PROPERTIES} properties of this card are read",
        f"only {ENTRIES} phones of this contact are kept",
    ]


def test_many_lines_are_cut_and_told() -> None:
    contact, told = read("NOTE:n", *["n"] * LINES)
    assert len(contact.notes[0]) == LONG
    assert told[0] == f"only {LINES} lines of this card are read"


def test_the_members_of_a_large_group_are_all_there() -> None:
    members = [str(at) for at in range(PROPERTIES * 4)]
    card = ["BEGIN:VCARD", "FN:All", "KIND:group", *(f"MEMBER:{member}" for member in members), "END:VCARD"]
    (group,) = vcard.read(["\n".join(card).encode()])
    assert isinstance(group, Group)
    assert group.members == members


def test_many_kinds_are_cut_and_told() -> None:
    contact, told = read("TEL;TYPE=" + ",".join(f"k{at}" for at in range(80)) + ":1")
    assert contact.phones[0].kinds == tuple(f"k{at}" for at in range(KINDS))
    assert told == ["a TEL of this card is too long: only its beginning is read"]


def test_many_parameters_cost_no_value() -> None:
    contact, told = read(
        "TEL" + "".join(f";X-P{at}=1" for at in range(200)) + ":1", f"EMAIL;X={'x' * 9_000}:a@b"
    )
    assert (contact.phones[0].number, contact.emails[0].address) == ("1", "a@b")
    assert told == [
        "a TEL of this card is too long: only its beginning is read",
        "a EMAIL of this card is too long: only its beginning is read",
    ]


def test_a_large_picture_of_text_is_left_out_and_told() -> None:
    contact, told = read("PHOTO:data:image/svg+xml," + "%20" * 30_000)
    assert not contact.photos
    assert told == [f"a picture is left out whose address is longer than {TEXT} characters"]


def test_a_card_whose_character_set_is_open_pauses_while_it_is_settled() -> None:
    line = b"TITLE:M\xfcller %d\r\n"
    data = b"BEGIN:VCARD\r\n" + b"".join(line % at for at in range(1_000)) + b"END:VCARD\r\n"
    steps = list(vcard.steps([data]))
    assert steps.count(None) > 50
    (contact,) = (step for step in steps if isinstance(step, Contact))
    assert contact.titles[0] == "Müller 0"
