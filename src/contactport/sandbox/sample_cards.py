"""The people of the sandbox's address books: made up, and the same at every start."""

from __future__ import annotations

import random
import struct
import uuid
import zlib
from collections.abc import Callable

import msgspec

from contactport.contact import (
    Address,
    Contact,
    Email,
    Labelled,
    Name,
    Organisation,
    PartialDate,
    Phone,
    Photo,
)
from contactport.formats.vcard.writer import contact_card

_NAMES = (
    *("Amara Okafor", "Björn Åkesson", "Camila Duarte", "Dmitri Volkov", "Eleni Papadaki"),
    *("Fatima Al-Sayed", "Grace O'Neill", "Hiroshi Tanaka", "Inés Castaño", "Jamal Robinson"),
    *("Katarzyna Wójcik", "Liam Murphy", "Mei Chen", "Nikhil Sharma", "Oluwaseun Adeyemi"),
    *("Priya Raman", "Quentin Lefèvre", "Rosa Marchetti", "Søren Kjær", "Tülay Demir"),
    *("Ursula Brandt", "Viktor Novák", "Wanjiru Kamau", "Ximena Rojas", "Yusuf Haddad"),
)
_CITIES = (
    ("Market Street 4", "Springfield", "Illinois", "62701", "United States"),
    ("Lindenweg 12", "Freiburg", "Baden-Württemberg", "79098", "Germany"),
    ("Calle Mayor 7", "Toledo", "Castilla-La Mancha", "45001", "Spain"),
)
_GROUPS = (("Friends",), ("Family", "Friends"), ("Work",), ())
_COLOURS = (b"\x0b\x57\xa4", b"\x17\x65\x34", b"\xa3\x26\x1b")
COUNT = len(_NAMES)


UNICODE_NAMES = (
    *(
        "محمد عبد الله",
        "שרה כהן",
        "فاطمه زهرا",
        "王小明",
        "李娜",
        "田中 太郎",
        "佐藤さくら",
        "김민준",
        "สมชาย ใจดี",
    ),
    *("अमित शर्मा", "Ζωή Παπαδοπούλου", "Юлия Щербакова", "Zoë 🌻 Ångström", "👩‍👩‍👧‍👦 Family", "Đặng Thị Hà"),
    *(
        "İpek Şahin",
        "Łucja Żółć",
        "O’Brien-Ñúñez",
        "A" * 300,
        "名" * 300,
        "\u202eabc\u202c Override",
        "e\u0301 Combining",
    ),
)
UNICODE = len(UNICODE_NAMES)
DOUBLED = 10
DELIVERED_OF_DUPES = 15
"""Five pairs are the same card twice, which comes once; five differ, and nothing says that they are one person."""
_SEED = 20261201


class Cards(msgspec.Struct, frozen=True):
    """An address book: `card(number)` makes a card, from 0 on, whenever it is asked for."""

    count: int
    card: Callable[[int], bytes]


def good_book() -> Cards:
    """Every field, groups, pictures."""
    return Cards(COUNT, lambda number: contact_card(_person(number), "3.0"))


def random_book(count: int) -> Cards:
    """So many people, by chance from a fixed seed."""
    return Cards(count, lambda number: contact_card(_random_person(number), "3.0"))


def unicode_book() -> Cards:
    """Names that programs spoil."""
    return Cards(UNICODE, lambda number: contact_card(_named(number, UNICODE_NAMES[number]), "3.0"))


def doubled_book() -> Cards:
    """Two cards a person: for five of them the same twice, for five with another address and a UID of its own."""
    return Cards(2 * DOUBLED, lambda number: contact_card(_double(number), "3.0"))


def book_without_email() -> Cards:
    """Telephone numbers only."""
    return Cards(COUNT, lambda number: contact_card(_phone_only(number), "3.0"))


def _random_person(number: int) -> Contact:
    chance = random.Random(f"{_SEED}:{number}")  # noqa: S311  made up, not secret
    given, family = (chance.choice(_NAMES).split(" ", 1)[part] for part in (0, 1))
    return Contact(
        uid=_uid(f"random{number}"),
        name=Name(family=family, given=given),
        formatted_name=f"{given} {family}",
        emails=[Email(f"person{number + 1:05}@example.com", ("HOME",), primary=True)],
        phones=[Phone(f"+1 202 555 0{100 + chance.randrange(100)}", ("CELL",))]
        if chance.random() < 0.7
        else [],
        organisations=[Organisation("Example Ltd.")] if chance.random() < 0.3 else [],
    )


def _named(number: int, name: str) -> Contact:
    given, _, family = name.partition(" ")
    return Contact(
        uid=_uid(f"unicode{number}"),
        name=Name(family=family, given=given),
        formatted_name=name,
        emails=[Email(f"unicode{number + 1:02}@example.com", ("HOME",), primary=True)],
    )


def _double(number: int) -> Contact:
    person, second = divmod(number, 2)
    one = _random_person(person)
    if not second or person < DOUBLED // 2:
        return one
    one.uid = _uid(f"double{person}")
    one.emails = [Email(f"other{person + 1:02}@example.com", ("WORK",), primary=True)]
    return one


def _phone_only(number: int) -> Contact:
    one = _person(number)
    return Contact(
        uid=_uid(f"phone{number}"), name=one.name, formatted_name=one.formatted_name, phones=one.phones
    )


def _uid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.sandbox.example.com"))


def _person(number: int) -> Contact:
    given, family = _NAMES[number].split(" ", 1)
    # example.com, and numbers that are reserved for stories: nobody is ever written to or called.
    mailbox = f"person{number + 1:02}"
    street, city, region, postal_code, country = _CITIES[number % 3]
    return Contact(
        uid=_uid(mailbox),
        name=Name(family=family, given=given, prefixes="Dr" if number % 7 == 0 else ""),
        formatted_name=_NAMES[number],
        nicknames=[given[:3]] if number % 5 == 0 else [],
        emails=[Email(f"{mailbox}@example.com", ("HOME",), primary=True)]
        + ([Email(f"{mailbox}@work.example.com", ("WORK",))] if number % 2 else []),
        phones=[Phone(f"+1 202 555 01{number:02}", ("CELL",))],
        addresses=[
            Address(
                street=street,
                city=city,
                region=region,
                postal_code=postal_code,
                country=country,
                kinds=("HOME",),
            )
        ],
        organisations=[Organisation("Example Ltd.")] if number % 2 else [],
        titles=["Engineer"] if number % 4 == 1 else [],
        birthday=PartialDate(year=1960 + number, month=number % 12 + 1, day=number + 1),
        notes=["Made up for the sandbox."] if number % 6 == 0 else [],
        urls=[Labelled(f"https://example.com/{mailbox}")] if number % 3 == 0 else [],
        categories=list(_GROUPS[number % 4]),
        photos=[Photo("image/png", _picture(_COLOURS[number % 3]))] if number % 4 == 0 else [],
    )


def _picture(colour: bytes) -> bytes:
    """A PNG of one colour, 16 pixels wide and high."""
    rows = (b"\0" + colour * 16) * 16
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
