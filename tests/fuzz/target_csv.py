"""`formats.csv`: any bytes are read, wherever they are cut, and what is sound around them is never lost."""

from __future__ import annotations

from contactport.contact import Contact, Note, Reject
from contactport.formats import csv

FIRST = b"sep=,\r\nName,E-mail\r\n" + b"First,first@example.org\r\n" * 60
LAST = b"\r\nLast,last@example.org\r\n"
FIRST_ITEM, *_, LAST_ITEM = csv.read([FIRST, LAST])


def check(data: bytes) -> None:
    """Raises AssertionError, or whatever reading or writing should not have raised."""
    items = list(csv.read([data]))
    lines = max(len(data.splitlines()), *(data.decode(codec, "replace").count("\n") for codec in _WIDE)) + 1
    for item in items:
        assert isinstance(item, Contact | Reject | Note)
        if not isinstance(item, Contact):
            assert 1 <= int(item.place.removeprefix("line ")) <= lines
    size = 1 + (data[0] if data else 0)
    assert list(csv.read(data[at : at + size] for at in range(0, len(data), size))) == items
    if b"\0" not in data:
        # Zeros can make a file UTF-16.
        around = list(csv.read([FIRST, data, LAST]))
        assert around[:60] == [FIRST_ITEM] * 60
        assert around[-1] == LAST_ITEM
    once = list(csv.read([b"".join(csv.write(items))]))
    assert list(csv.read([b"".join(csv.write(once))])) == once


_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
