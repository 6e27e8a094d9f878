"""Sample people as in a hosted provider's address book. The same arguments give the same people.

Each provider writes them its own way (`tests/servers/people.py`, `tests/servers/graph.py`); everything that
`docs/sources.md` says a provider has is here: addresses, birthdays without a year, groups, placeholders for pictures.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from samples import words

GROUPS = (*words.CATEGORIES, *(f"Class of {1980 + i}" for i in range(40)))
"""More than one page of them."""


class TypedValue(NamedTuple):
    type: str
    value: str


class PostalAddress(NamedTuple):
    type: str
    street: str
    city: str
    region: str
    code: str
    country: str


class BirthDate(NamedTuple):
    """`year` is 0 where it is not known; month and day are 0 where the year alone is."""

    year: int
    month: int
    day: int


class Person(NamedTuple):
    """`number` names the person within the book, from 0. Empty texts and lists are what is not known."""

    number: int
    given: str
    family: str
    middle: str
    prefix: str
    nickname: str
    emails: list[TypedValue]
    """Types are home, work, other, or a label of the user's own."""
    phones: list[TypedValue]
    """Types are mobile, home, work."""
    addresses: list[PostalAddress]
    company: str
    department: str
    title: str
    birthday: BirthDate | str | None
    """Some accounts hold words that were never a date."""
    groups: list[str]
    picture: bool
    note: str
    url: str


def _phone(rng: Random) -> str:
    # These ranges are set aside for fiction.
    return rng.choice(
        (
            f"+1 202-555-01{rng.randrange(100):02}",
            f"(202) 555-01{rng.randrange(100):02}",
            f"+44 7700 900{rng.randrange(1000):03}",
        )
    )


def person(number: int, *, seed: int = 1) -> Person:
    """One of them; the book's `seed` and the number say everything."""
    rng = Random(f"{seed}:{number}")
    script = words.LATIN if rng.random() < 0.7 else rng.choice(words.SCRIPTS)
    nameless = rng.random() < 0.03
    kinds = rng.sample(("home", "work", "other", rng.choice(words.LABELS)), rng.choice((0, 1, 1, 1, 2, 2, 3)))
    company = rng.choice(words.COMPANIES) if rng.random() < 0.4 or nameless else ("", "")
    return Person(
        number=number,
        given="" if nameless else rng.choice(script.given),
        family="" if nameless or rng.random() < 0.05 else rng.choice(script.family),
        middle="Ann" if rng.random() < 0.05 else "",
        prefix="Dr." if rng.random() < 0.05 else "",
        nickname="Nick" if rng.random() < 0.05 else "",
        emails=[
            TypedValue(
                kind, f"{rng.choice(('person', 'first.last'))}.{number}.{place}@{rng.choice(words.HOSTS)}"
            )
            for place, kind in enumerate(kinds)
        ],
        phones=[
            TypedValue(kind, _phone(rng))
            for kind in rng.sample(("mobile", "home", "work"), rng.choice((0, 1, 1, 2, 3)))
        ],
        addresses=[
            PostalAddress(kind, *rng.choice(words.STREETS))
            for kind in rng.sample(("home", "work", "other"), rng.choice((0, 0, 0, 1, 1, 2)))
        ],
        company=company[0],
        department=company[1],
        title=rng.choice(words.TITLES) if company[0] and rng.random() < 0.7 else "",
        birthday=_birthday(rng),
        groups=rng.sample(GROUPS, rng.choice((0, 0, 0, 1, 2))),
        picture=rng.random() < 0.2,
        note=rng.choice(words.NOTES) if rng.random() < 0.1 else "",
        url="https://blog.example/" if rng.random() < 0.05 else "",
    )


def _birthday(rng: Random) -> BirthDate | str | None:
    dice = rng.random()
    if dice < 0.6:
        return None
    year = rng.randrange(1931, 2012)
    if dice < 0.61:
        return "im Frühling"
    if dice < 0.62:
        return BirthDate(year, 0, 0)
    if dice < 0.75:
        year = 0
    return BirthDate(year, rng.randrange(1, 13), rng.randrange(1, 29))


def people(n: int, *, seed: int = 1) -> Iterator[Person]:
    return (person(number, seed=seed) for number in range(n))


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


PICTURE = _png()
"""What everybody who has a picture looks like: one red dot."""
