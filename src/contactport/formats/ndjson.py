"""One wire contact a line: JSON that can be read as it comes (https://github.com/ndjson/ndjson-spec)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from contactport.contact import Contact, Item
from contactport.formats.cloudsponge import to_wire


class Groups(Protocol):
    """The names of the groups of each UID: a dictionary of them, or what takes less room."""

    def get(self, uid: str, default: Sequence[str], /) -> Sequence[str]: ...


"""The names of the group cards that a UID belongs to."""
NONE: Groups = {}


def write(items: Iterable[Item], groups: Groups = NONE) -> Iterator[bytes]:
    """A line for each contact; what is no contact is left out."""
    encoder = msgspec.json.Encoder()
    for item in items:
        if isinstance(item, Contact):
            yield encoder.encode(to_wire(item, groups.get(item.uid, ()))) + b"\n"


def write_array(items: Iterable[Item], groups: Groups = NONE) -> Iterator[bytes]:
    """The same contacts as one JSON array, a line each."""
    encoder = msgspec.json.Encoder()
    between = b"[\n"
    for item in items:
        if isinstance(item, Contact):
            yield between + encoder.encode(to_wire(item, groups.get(item.uid, ())))
            between = b",\n"
    yield b"[]\n" if between == b"[\n" else b"\n]\n"
