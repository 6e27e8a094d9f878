"""What every format that is read and written does alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from contactport.contact import Contact, Email, Group, Item, Note, Reject, Skipped
from contactport.formats.budgets import TEXT
from contactport.formats.registry import FORMATS, FileFormat
from tests.unit.formats.strategies import contacts, groups

BOTH = [each for each in FORMATS if each.reads and each.writes and not each.options]
WIRE = ("json", "ndjson")
"""Formats of the wire's contact, which holds less than a contact."""
of_each = pytest.mark.parametrize("format_", BOTH, ids=lambda each: each.name)
of_whole = pytest.mark.parametrize(
    "format_", [each for each in BOTH if each.name not in WIRE], ids=lambda each: each.name
)
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML can't hold."""
ADA = Contact(uid="ada", formatted_name="Ada Lovelace", emails=[Email("ada@example.org")])
BEN = Contact(uid="ben", formatted_name="Ben Ada", emails=[Email("ben@example.org")])
TEAM = Group("Team", "team", ["ada", "ben"])


def read(format_: FileFormat, data: bytes) -> list[Item]:
    return list(format_.read([data]))


def written(format_: FileFormat, *items: Item) -> bytes:
    return b"".join(format_.write(items))


@of_whole
def test_people_and_groups_come_back(format_: FileFormat) -> None:
    items = read(format_, written(format_, ADA, TEAM, BEN))
    if format_.has_groups:
        assert items == [ADA, TEAM, BEN]
    else:
        assert items == [replace(ADA, uid=""), replace(BEN, uid="")]


@of_whole
@given(contact=contacts, group=groups)
def test_what_was_read_is_written_and_read_as_the_same(
    format_: FileFormat, contact: Contact, group: Group
) -> None:
    assume(contact.formatted_name.strip())
    once = read(format_, written(format_, contact, group))
    assert [type(item) for item in once] == [Contact, Group][: 2 if format_.has_groups else 1]
    again = written(format_, *once)
    assert read(format_, again) == once
    assert written(format_, *read(format_, again)) == again


@of_whole
@given(contact=contacts)
def test_names_addresses_and_numbers_are_kept(format_: FileFormat, contact: Contact) -> None:
    assume(contact.formatted_name.strip())
    (item,) = read(format_, written(format_, contact))
    assert isinstance(item, Contact)
    pairs: list[tuple[list[str], list[str]]] = [
        ([item.formatted_name], [contact.formatted_name]),
        ([email.address for email in item.emails], [email.address for email in contact.emails]),
        ([phone.number for phone in item.phones], [phone.number for phone in contact.phones]),
        (item.titles, contact.titles),
        (item.notes, contact.notes),
    ]
    for mine, theirs in pairs:
        if format_.name == "xcard":
            theirs = [_NO_XML.sub("\ufffd", text) for text in theirs]
        assert _stripped(mine) == _stripped(theirs)


def _stripped(texts: list[str]) -> list[str]:
    """LDIF keeps no blanks at the ends, and no order between several attributes."""
    return sorted(text.strip() for text in texts if text.strip())


@of_each
@given(data=st.binary(max_size=400), cuts=st.integers(1, 7))
def test_any_bytes_give_items_and_it_does_not_matter_where_they_are_cut(
    format_: FileFormat, data: bytes, cuts: int
) -> None:
    whole = written(format_, ADA) + data + written(format_, BEN)
    items = read(format_, whole)
    assert all(isinstance(item, Contact | Group | Reject | Note | Skipped) for item in items)
    assert list(format_.read(whole[at : at + cuts] for at in range(0, len(whole), cuts))) == items


@of_each
def test_a_part_for_each_item_and_no_item_ahead_of_its_part(format_: FileFormat) -> None:
    taken: list[Item] = []

    def items() -> Iterator[Item]:
        for item in (ADA, Reject("line 1", "no"), TEAM, BEN):
            taken.append(item)
            yield item

    parts = format_.write(items())
    next(parts)
    assert not taken
    for count in range(1, 5):
        next(parts)
        assert len(taken) == count


@of_each
def test_what_is_beyond_a_budget_is_cut_and_told(format_: FileFormat) -> None:
    long = Contact(uid="ada", formatted_name="Ada", titles=["t" * 2 * TEXT])
    contact, note = read(format_, written(format_, long))
    assert isinstance(contact, Contact)
    assert contact.titles == ["t" * TEXT]
    assert isinstance(note, Note)
    assert note.place.startswith(("line ", "row "))
    assert note.reason == f"a text among the titles of this contact is cut to {TEXT} characters"


@of_each
def test_nothing_at_all_is_an_empty_book(format_: FileFormat) -> None:
    assert list(format_.read([])) == []
    assert list(format_.read([b"", b"\r\n"])) == []
    assert list(format_.read([written(format_)])) == []
