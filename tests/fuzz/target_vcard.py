"""`formats.vcard`: any bytes are read, with the same result in both ways, and valid cards are never lost."""

from __future__ import annotations

import os
import time
from zlib import crc32

from contactport.contact import Contact, Group, Item, Note, Reject, Skipped
from contactport.formats import vcard

FIRST = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:First\r\nEND:VCARD\r\n"
LAST = b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Last;One;;;\r\nTEL;TYPE=CELL:+1\r\nEND:VCARD\r\n"
(FIRST_ITEM,) = vcard.read([FIRST])
(LAST_ITEM,) = vcard.read([LAST])

SECONDS = float(os.environ.get("CONTACTPORT_FUZZ_SECONDS", "0"))
"""What a megabyte may take; 0 looks at no clock. Looking is slow, so one input in fifty is looked at."""
AMPLIFIED = 128 * 1024


def check(data: bytes) -> None:
    """Raises AssertionError, or whatever reading or writing should not have raised."""
    items = list(vcard.read([data]))
    _check_items(items, data)
    assert list(vcard.read([data], quick=False)) == items
    size = 1 + (data[0] if data else 0)
    assert list(vcard.read(data[at : at + size] for at in range(0, len(data), size))) == items
    _check_neighbours(data)
    _check_rounds(items)
    if SECONDS and crc32(data) % 50 == 0:
        _check_time(data)


def _check_items(items: list[Item], data: bytes) -> None:
    lines = len(data.splitlines()) + 1
    for item in items:
        assert isinstance(item, Contact | Group | Reject | Note | Skipped)
        if isinstance(item, Reject):
            word, number = item.place.split()
            assert word == "line"
            assert 1 <= int(number) <= lines


def _check_neighbours(data: bytes) -> None:
    # A card may take its neighbour with it (an AGENT that never ends), and never the one beyond.
    if b"\0" in data[:4] or data[:1] in (b"\xff", b"\xfe"):
        return
    items = list(vcard.read([FIRST, b"\r\n", data, b"\r\n", LAST, LAST]))
    assert items[0] == FIRST_ITEM
    assert items[-1] == LAST_ITEM


def _check_rounds(items: list[Item]) -> None:
    kept = [item for item in items if isinstance(item, Contact | Group)]
    for version in vcard.VERSIONS:
        written = b"".join(vcard.write(kept, version=version))
        again = list(vcard.read([written]))
        assert again == kept
        assert b"".join(vcard.write(again, version=version)) == written


def _check_time(data: bytes) -> None:
    """The same over and over: whatever takes more than linear time shows."""
    if not data:
        return
    for separator in (b"", b"\r\n"):
        many = (data + separator) * (AMPLIFIED // (len(data) + len(separator)) + 1)
        for quick in (True, False):
            begun = time.process_time()
            for _ in vcard.read([many], quick=quick):
                pass
            taken = time.process_time() - begun
            assert taken < SECONDS * max(1, len(many) / 1_000_000), f"{taken} s for {len(many)} bytes"
