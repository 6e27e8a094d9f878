"""The tables of docs/sources.md say what becomes of each field of Google and Microsoft."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from contactport.contact import Contact
from contactport.sources.google import person
from contactport.sources.microsoft import outlook_contact
from samples.hosted_book import people
from tests.servers.graph_contact import graph_contact

DOC = (Path(__file__).parents[3] / "docs" / "sources.md").read_text("utf-8")
GROUP = "contactGroups/1"
DATE = {"year": 1980, "month": 4, "day": 5}
NAME = {"givenName": "Ada", "displayName": "Ada", "phoneticGivenName": "a", "phoneticFamilyName": "b"}
GOOGLE: dict[str, Any] = {
    "resourceName": "people/c1",
    "birthdays": [{"date": DATE}],
    "events": [{"type": "anniversary", "date": DATE}, {"date": DATE}],
    "memberships": [{"contactGroupMembership": {"contactGroupResourceName": GROUP}}],
    "names": [NAME],
    "organizations": [{"name": "Engines", "title": "Chief"}],
    "photos": [{"url": "https://photos.example/1"}],
    "addresses": [{"streetAddress": "1 Main St"}],
    "imClients": [{"username": "ada"}],
    "relations": [{"person": "William"}],
}
ANY = [{"value": "x", "username": "x", "url": "x", "key": "x", "date": DATE}]
MICROSOFT: dict[str, Any] = {
    "birthday": "1980-04-05T11:59:00Z",
    "emailAddresses": [{"address": "ada@example.com"}],
    **{name: {"street": "1 Main St"} for name in ("homeAddress", "businessAddress", "otherAddress")},
    **{name: ["x"] for name in ("businessPhones", "homePhones", "categories", "children", "imAddresses")},
}


def table(head: str) -> dict[str, str]:
    """What stands behind each field in the table with this head, without the words after a semicolon."""
    start = DOC.index(f"| {head} | of the contact |")
    rows = DOC[start : DOC.index("\n\n", start)]
    return {
        name: told.partition(";")[0].strip()
        for name, told in re.findall(r"^\| `(\w+)` \| (.*) \|$", rows, re.M)
    }


def filled(contact: Contact) -> str:
    nothing = Contact()
    names = [name for name in Contact.__struct_fields__ if getattr(contact, name) != getattr(nothing, name)]
    return ", ".join(name.replace("_", " ") for name in names) or "left out"


def of_google(values: dict[str, Any]) -> Contact:
    return person.to_contact(values, {GROUP: "Friends"}, photos=True)


@pytest.mark.parametrize(
    ("head", "samples", "otherwise", "read"),
    [
        ("field of Google", GOOGLE, ANY, of_google),
        ("property of Microsoft", MICROSOFT, "x", outlook_contact.to_contact),
    ],
)
def test_each_field_becomes_what_the_table_says(
    head: str, samples: dict[str, Any], otherwise: Any, read: Callable[[Any], Contact]
) -> None:
    rows = table(head)
    assert rows == {name: filled(read({name: samples.get(name, otherwise)})) for name in rows}


def test_no_field_of_google_is_forgotten() -> None:
    path = "googleapiclient/discovery_cache/documents/people.v1.json"
    document = json.loads(Path(str(distribution("google-api-python-client").locate_file(path))).read_bytes())
    fields = set(document["schemas"]["Person"]["properties"])
    assert set(table("field of Google")) == fields - {"ageRange", "etag", "metadata"}


def test_no_property_of_microsoft_is_forgotten() -> None:
    properties = graph_contact(next(iter(people(1))), "", "")
    assert set(table("property of Microsoft")) == set(properties) - {"@odata.etag"}
