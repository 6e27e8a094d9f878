"""Writers of exports: the columns of a layout with invented people, as bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from tests.unit.formats.world_names import PEOPLE, People

ROWS = 8
COLUMNS = Sequence[tuple[str, str]]


def people(name: str) -> People:
    """The people of a language."""
    return PEOPLE[name]


def value(field: str, row: int, some: People) -> str:
    """A cell of a field, for a row."""
    base, *words = field.split(".")
    last = words[-1] if words else ""
    given, family = some.given.split(), some.family.split()
    others = some.others.split("|")
    first, second = given[row % len(given)], family[row % len(family)]
    if last == "label":
        return "SMTP" if base == "email" and row % 2 else "* Home"
    if base == "address":
        places = {"postal_code": f"1{row:04}", "country": "DE", "house_number": str(row + 1), "region": "X"}
        return places.get(last, others[row % len(others)])
    return {
        "given_name": first,
        "family_name": second,
        "full_name": f"{first} {second}",
        "nickname": first,
        "file_as": f"{second}, {first}",
        "email": f"person{row}@example.org",
        "phone": f"+49 30 12345{row:02}",
        "birthday": f"19{70 + row}-0{1 + row}-1{row}",
        "anniversary": f"200{row}-05-0{1 + row}",
        "date": f"201{row}-05-01",
        "birth_year": f"19{70 + row}",
        "birth_month": str(1 + row),
        "birth_day": str(10 + row),
        "website": f"https://example.org/{row}",
        "photo": f"https://example.org/{row}.png",
        "categories": "* myContacts ::: Friends",
        "organisation": others[0],
        "": "",
    }.get(base, others[row % len(others)])


def rows(columns: COLUMNS, some: People) -> list[list[str]]:
    """The header and ROWS people, some cells of whom are empty."""
    made = [[header for header, _ in columns]]
    for row in range(ROWS):
        made.append(
            [
                ""
                if (at + row) % 5 == 4 and field not in ("email", "given_name")
                else value(field, row, some)
                for at, (_, field) in enumerate(columns)
            ]
        )
    return made


def as_bytes(table: Sequence[Sequence[str]], encoding: str, delimiter: str, preamble: str = "") -> bytes:
    """The table as a file. A character that the set lacks becomes a question mark."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows(table)
    return (preamble + text.getvalue()).encode(encoding, "replace")
