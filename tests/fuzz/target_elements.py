"""`formats.jcard`, `jscontact`, `xcard`: any bytes are read, wherever they are cut, and what was read comes back."""

from __future__ import annotations

from contactport.contact import Contact, Group, Note, Reject, Skipped
from contactport.formats import registry

FIRST = Contact(uid="first", formatted_name="First")
FORMATS = tuple(map(registry.get, ("jcard", "jscontact", "xcard")))


def check(data: bytes) -> None:
    """Raises AssertionError, or whatever reading or writing should not have raised."""
    format_ = FORMATS[data[0] % len(FORMATS)] if data else FORMATS[0]
    data = data[1:]
    items = list(format_.read([data]))
    lines = data.count(b"\n") + 1
    for item in items:
        assert isinstance(item, Contact | Group | Reject | Note | Skipped)
        if isinstance(item, Reject | Note) and b"\0" not in data:
            assert 1 <= int(item.place.removeprefix("line ")) <= lines
    size = 1 + (data[0] if data else 0)
    assert list(format_.read(data[at : at + size] for at in range(0, len(data), size))) == items
    # A broken card never costs one before it.
    assert next(format_.read([b"".join(format_.write([FIRST])), data])) == FIRST
    kept = [item for item in items if isinstance(item, Contact | Group)]
    once = [item for item in format_.read(format_.write(kept)) if not isinstance(item, Note)]
    assert len(once) == len(kept)
