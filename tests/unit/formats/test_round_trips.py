"""What each format keeps of a contact: the table of docs/formats.md, made by writing and reading.

`python -m tests.unit.formats.test_round_trips` prints the table.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from contactport.contact import (
    Address,
    Contact,
    Email,
    Group,
    Item,
    Labelled,
    LabelledDate,
    Name,
    Organisation,
    PartialDate,
    Phone,
    Photo,
)
from contactport.formats import registry
from contactport.formats.photos import is_safe

DOC = Path(__file__).parents[3] / "docs" / "formats.md"
COLUMNS = ("vcf", "vcf4", "jcard", "xcard", "jscontact", "ldif", "csv", "xlsx", "json", "ndjson")
PNG = b"\x89PNG\r\n\x1a\n1234"
MIXED = Contact(
    emails=[Email("a@example.org", ("HOME",)), Email("b@example.org", ("work", "x-club"), primary=True)],
    phones=[Phone("+49 30 1234", ("CELL", "VOICE")), Phone("110", ("x-desk",))],
)
ASPECTS: dict[str, Contact] = {
    "UID": Contact(uid="f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    "a UID of any text": Contact(uid="a b:c, d"),
    "parts of the name": Contact(name=Name("van Gogh", "Vincent", "Willem", "Dr.", "MD")),
    "formatted name": Contact(formatted_name="Vincent"),
    "a formatted name beside other parts": Contact(
        formatted_name="The painter", name=Name("Gogh", "Vincent")
    ),
    "nicknames": Contact(nicknames=["Vince", "a, b; c"]),
    "phonetic names": Contact(phonetic_given="ゆう", phonetic_family="やまだ"),
    "e-mail addresses": Contact(
        emails=[Email("a@example.org"), Email("b@example.org"), Email("c@example.org")]
    ),
    "telephones": Contact(phones=[Phone("+49 30 1234"), Phone("110")]),
    "kinds in capitals": Contact(emails=[Email("a@example.org", ("HOME",))], phones=[Phone("1", ("CELL",))]),
    "kinds of any text, in order and case": MIXED,
    "the user's own label of an e-mail address": Contact(emails=[Email("a@example.org", label="Boat")]),
    "the user's own label of an address": Contact(addresses=[Address(city="Arles", label="Boat")]),
    "which entry is preferred": Contact(
        emails=[Email("a@example.org"), Email("b@example.org", primary=True)]
    ),
    "an address at home": Contact(
        addresses=[Address("", "", "2 Place; Lamartine", "Arles", "Bouches", "13200", "FR", kinds=("HOME",))]
    ),
    "an address's box and extension": Contact(
        addresses=[Address("PO 1", "Room 3", "2 Place", "Arles", kinds=("HOME",))]
    ),
    "the form of an address": Contact(
        addresses=[Address(city="Arles", formatted="2 Place\nArles", kinds=("HOME",))]
    ),
    "several addresses": Contact(
        addresses=[Address(city="Arles"), Address(city="Paris"), Address(city="Auvers")]
    ),
    "an organisation": Contact(organisations=[Organisation("Acme; Inc.")]),
    "its units": Contact(organisations=[Organisation("Acme", ["North", "Sales"])]),
    "several organisations": Contact(organisations=[Organisation("Acme"), Organisation("Beta")]),
    "a title": Contact(titles=["Painter"]),
    "several titles": Contact(titles=["Painter", "Teacher"]),
    "roles": Contact(roles=["Lead"]),
    "birthday": Contact(birthday=PartialDate(1853, 3, 30)),
    "a birthday without a year": Contact(birthday=PartialDate(None, 3, 30)),
    "a birthday of a year and a month": Contact(birthday=PartialDate(1853, 3)),
    "a birthday in words": Contact(birthday=PartialDate(text="in spring")),
    "anniversary": Contact(anniversary=PartialDate(1889, 4, 17)),
    "other dates, with labels": Contact(dates=[LabelledDate(PartialDate(1888, 2, 20), "Arles")]),
    "notes": Contact(notes=["one line"]),
    "notes of several lines": Contact(notes=["one\ntwo; three, four\\"]),
    "several notes": Contact(notes=["one", "two"]),
    "web pages": Contact(urls=[Labelled("https://a.example/?b,c;d"), Labelled("https://b.example/")]),
    "messengers": Contact(messengers=[Labelled("xmpp:v@example.org"), Labelled("matrix:u/v:example.org")]),
    "relations": Contact(relations=[Labelled("Theo", ("sibling",))]),
    "pictures": Contact(photos=[Photo("image/png", PNG)]),
    "addresses of pictures": Contact(photos=[Photo(uri="https://a.example/p.png")]),
    "categories": Contact(categories=["Art", "a, b"]),
    "REV": Contact(revision="2026-01-02T03:04:05Z"),
    "REV in another spelling": Contact(revision="20260102T030405Z"),
    "control characters": Contact(notes=["a\x01b"]),
}
GROUP = Group("Artists", "g", ["1", "2"])
A_GROUP = "groups and their members"


def _round(name: str, item: Item) -> Item | None:
    format_ = registry.get(name)
    reader = format_ if format_.reads else registry.get("vcf")
    found = [each for each in reader.read(format_.write([item])) if isinstance(each, Contact | Group)]
    return found[0] if found else None


def kept(name: str, aspect: Contact) -> str:
    """ "yes", "in part", or "no": whether what the aspect has comes back."""
    given = msgspec.structs.replace(aspect, formatted_name=aspect.formatted_name or "Vincent")
    back = _round(name, given)
    if not isinstance(back, Contact):
        return "no"
    none = Contact()
    fields = [field for field in aspect.__struct_fields__ if getattr(aspect, field) != getattr(none, field)]
    if all(getattr(back, field) == getattr(given, field) for field in fields):
        return "yes"
    return (
        "no" if all(_is_less(getattr(back, field), getattr(none, field)) for field in fields) else "in part"
    )


def _is_less(back: object, none: object) -> bool:
    return back == none


def table() -> str:
    """The table, as docs/formats.md has it."""
    head = [
        f"| of a contact | {' | '.join(f'`{name}`' for name in COLUMNS)} |",
        "|---" * (len(COLUMNS) + 1) + "|",
    ]
    rows = {aspect: [kept(name, contact) for name in COLUMNS] for aspect, contact in ASPECTS.items()}
    rows[A_GROUP] = ["yes" if _round(name, GROUP) == GROUP else "no" for name in COLUMNS]
    return "\n".join([*head, *(f"| {aspect} | {' | '.join(cells)} |" for aspect, cells in rows.items())])


def test_the_table_of_the_documentation_is_true() -> None:
    assert table() in DOC.read_text("utf-8"), (
        "python -m tests.unit.formats.test_round_trips prints what is true"
    )


@pytest.mark.parametrize("name", ["vcf", "vcf4", "jcard"])
def test_vcard_and_jcard_lose_nothing_but_the_spelling_of_rev(name: str) -> None:
    lost = [aspect for aspect, contact in ASPECTS.items() if kept(name, contact) != "yes"]
    assert lost == ([] if name != "jcard" else ["REV in another spelling"])


def test_the_examples_are_what_a_contact_may_hold() -> None:
    assert all(is_safe(photo.uri) or photo.data for contact in ASPECTS.values() for photo in contact.photos)
    fields = {
        field
        for contact in ASPECTS.values()
        for field in contact.__struct_fields__
        if getattr(contact, field) != getattr(Contact(), field)
    }
    assert fields == set(Contact.__struct_fields__)


if __name__ == "__main__":
    print(table())
