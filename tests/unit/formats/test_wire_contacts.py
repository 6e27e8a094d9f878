"""Files of the wire's contacts are read, and written again as the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import (
    Address,
    Contact,
    Email,
    Item,
    Name,
    Note,
    Organisation,
    PartialDate,
    Phone,
    Reject,
)
from contactport.formats import ndjson, wire_contacts
from contactport.formats.json_values import NOT_JSON
from contactport.formats.vcard.builder import EMPTY
from contactport.formats.wire_contacts import NO_CONTACT
from tests.unit.formats.bare import bare
from tests.unit.formats.strategies import contacts

ADA = '{"first_name":"Ada","last_name":"","phone":[],"email":[]}'
BEN = '{"first_name":"Ben"}'


def read(text: str | bytes) -> list[Item]:
    return bare(wire_contacts.read([text.encode() if isinstance(text, str) else text]))


def test_the_contact_object_is_read() -> None:
    contact = Contact(
        name=Name("Doe", "Jane", prefixes="Dr."),
        emails=[Email("a@example.org", ("HOME",)), Email("b@example.org", label="Boat", primary=True)],
        phones=[Phone("1", ("CELL",)), Phone("2")],
        addresses=[
            Address(street="1 Way", city="Ham", kinds=("WORK",)),
            Address(city="Bath", formatted="The House\nBath"),
        ],
        organisations=[Organisation("Acme")],
        titles=["Engineer"],
        birthday=PartialDate(None, 2, 29),
        categories=["Friends"],
    )
    assert list(ndjson.read(ndjson.write([contact]))) == [contact]
    assert list(wire_contacts.read(wire_contacts.write([contact, contact]))) == [contact, contact]


@given(contact=contacts)
def test_what_was_read_is_written_as_the_same_object(contact: Contact) -> None:
    written = b"".join(ndjson.write([contact]))
    items = [item for item in ndjson.read([written]) if isinstance(item, Contact)]
    again = b"".join(ndjson.write(items))
    assert b"".join(ndjson.write(ndjson.read([again]))) == again


@pytest.mark.parametrize("text", [f"[{ADA},\n{BEN}]", f"{ADA}\n{BEN}\n", f"\ufeff{ADA}\r\n{BEN}"])
def test_an_array_and_lines_are_the_same(text: str) -> None:
    assert read(text) == [Contact(name=Name("", "Ada")), Contact(name=Name("", "Ben"))]


def test_a_broken_contact_costs_only_itself() -> None:
    assert read(f'{ADA}\n{{"first_name":"E\n{{"a":1}}\n{{"first_name":""}}\n{BEN}' + " " * 99)[1:] == [
        Reject("line 2", NOT_JSON),
        Reject("line 4", EMPTY),
        Contact(name=Name("", "Ben")),
    ]
    assert read('{"a":1}') == [Reject("line 1", NO_CONTACT)]


def test_budgets_hold_and_are_told() -> None:
    contact, *notes = read(json.dumps({"first_name": "x" * 5000, "groups": [str(at) for at in range(900)]}))
    assert isinstance(contact, Contact)
    assert (len(contact.name.given), len(contact.categories)) == (1000, 500)
    assert len(notes) == 2
    assert all(isinstance(note, Note) for note in notes)


_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["number", "address", "type", "primary", "street", "formatted"]), inner
        ),
    ),
    max_leaves=10,
)
_keys = st.sampled_from(
    [
        "first_name",
        "last_name",
        "phone",
        "email",
        "address",
        "groups",
        "dob",
        "birthday",
        "companies",
        "photos",
    ]
)


@given(value=st.dictionaries(_keys, _values))
def test_values_of_any_type_never_raise(value: dict[str, object]) -> None:
    assert all(isinstance(item, Contact | Reject) for item in read(json.dumps(value)))
