from __future__ import annotations

import json

from contactport.contact import Contact, Group, Item, Reject, Skipped
from contactport.formats import ndjson, wire_contacts

ITEMS: list[Item] = [
    Contact(uid="1", formatted_name="A\nB"),
    Reject("line 1", "no"),
    Group("Friends", "9", ["1"]),
    Skipped("org"),
    Contact(uid="2", formatted_name="C"),
]


def test_one_contact_is_one_line() -> None:
    lines = b"".join(ndjson.write(ITEMS, {"2": ["Friends"]})).splitlines()
    assert [json.loads(line)["first_name"] for line in lines] == ["A\nB", "C"]
    assert [json.loads(line)["groups"] for line in lines] == [[], ["Friends"]]


def test_an_array_holds_the_same() -> None:
    lines = [json.loads(line) for line in ndjson.write(ITEMS) if line]
    assert json.loads(b"".join(wire_contacts.write(ITEMS))) == lines


def test_nobody_is_an_empty_array() -> None:
    assert json.loads(b"".join(wire_contacts.write([]))) == []
    assert b"".join(ndjson.write([])) == b""
