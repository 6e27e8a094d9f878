"""The people of the sandbox's address book: made up, and the same at every start."""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Iterator

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


def cards() -> Iterator[bytes]:
    """The cards, as vCard 3.0."""
    for number in range(COUNT):
        yield contact_card(_person(number), "3.0")


def _person(number: int) -> Contact:
    given, family = _NAMES[number].split(" ", 1)
    # example.com, and numbers that are reserved for stories: nobody is ever written to or called.
    mailbox = f"person{number + 1:02}"
    street, city, region, postal_code, country = _CITIES[number % 3]
    return Contact(
        uid=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{mailbox}.sandbox.example.com")),
        name=Name(family=family, given=given),
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
