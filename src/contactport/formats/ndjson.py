"""NDJSON: one contact of the wire on each line, to be read line by line (https://github.com/ndjson/ndjson-spec)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from contactport.contact import Contact, Item
from contactport.formats.cloudsponge import to_wire
from contactport.formats.registry import NO_GROUPS, Groups
from contactport.formats.wire_contacts import read

__all__ = ["read", "write"]


def write(items: Iterable[Item], groups: Groups = NO_GROUPS) -> Iterator[bytes]:
    """A line for each contact. Other items are left out."""
    encoder = msgspec.json.Encoder()
    yield b""
    for item in items:
        if isinstance(item, Contact):
            yield encoder.encode(to_wire(item, groups.get(item.uid, ()))) + b"\n"
        else:
            yield b""
