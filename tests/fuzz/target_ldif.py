"""`formats.ldif`: any bytes are read, wherever they are cut, and what is sound among them is never lost."""

from __future__ import annotations

from contactport.contact import Contact, Group, Note, Reject, Skipped
from contactport.formats import ldif

FIRST = b"version: 1\r\n\r\ndn: uid=first\r\ncn: First\r\n\r\n"
LAST = b"\r\n\r\ndn: uid=last\r\ncn: Last\r\n"
(FIRST_ITEM,) = ldif.read([FIRST])
(LAST_ITEM,) = ldif.read([LAST])


def check(data: bytes) -> None:
    """Raises AssertionError, or whatever reading or writing should not have raised."""
    items = list(ldif.read([data]))
    lines = len(data.splitlines()) + 1
    for item in items:
        assert isinstance(item, Contact | Group | Reject | Note | Skipped)
        if isinstance(item, Reject | Note):
            assert 1 <= int(item.place.removeprefix("line ")) <= lines
    size = 1 + (data[0] if data else 0)
    assert list(ldif.read(data[at : at + size] for at in range(0, len(data), size))) == items
    around = list(ldif.read([FIRST, data, LAST]))
    assert around[0] == FIRST_ITEM
    assert around[-1] == LAST_ITEM
    kept = [item for item in items if isinstance(item, Contact | Group)]
    list(ldif.read([b"".join(ldif.write(kept))]))
