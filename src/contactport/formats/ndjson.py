"""NDJSON: one contact of the wire on each line, to be read line by line (https://github.com/ndjson/ndjson-spec)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from contactport.contact import Contact, Item
from contactport.formats import wire_contacts
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.cloudsponge import to_wire
from contactport.formats.registry import NO_GROUPS, Groups

__all__ = ["read", "write"]


def read(chunks: Iterable[bytes], *, evidence: Evidence | None = None) -> Iterator[Item]:
    """Every contact of the lines, in order."""
    return wire_contacts.read(chunks, evidence=evidence, format="ndjson")


def write(items: Iterable[Item], groups: Groups = NO_GROUPS) -> Iterator[bytes]:
    """A line for each contact. Other items are left out."""
    encoder = msgspec.json.Encoder()
    yield b""
    for item in items:
        if isinstance(item, Contact):
            yield encoder.encode(to_wire(item, groups.get(item.uid, ()))) + b"\n"
        else:
            yield b""
