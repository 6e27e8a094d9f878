"""The shapes of an address book on the wire: JSON, JSONP, XML, vCard, CSV and JSON by the line, made in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from contactport.contact import Contact
from contactport.formats import csv, ndjson, vcard
from contactport.formats.cloudsponge import to_wire
from contactport.formats.ndjson import Groups
from contactport.http.wire import jsonp, xml
from contactport.http.wire.responses import JSON, xml_values
from contactport.http.wire.schemas import ContactsTail

ENCODER = msgspec.json.Encoder()


class Shape(Protocol):
    """`start`, then `some` for each chunk of the book (`first` for its first contact), then `end`.

    `some` makes one contact after the other, as it is asked: a chunk may be many times as big in the answer.
    """

    media_type: str

    def start(self) -> bytes: ...

    def some(self, contacts: Sequence[Contact], groups: Groups, first: bool) -> Iterator[bytes]: ...

    def end(self, end: ContactsTail) -> bytes: ...


class Json:
    """The object of the contract, its keys in order."""

    media_type = JSON

    def start(self) -> bytes:
        return b'{"contacts":['

    def some(self, contacts: Sequence[Contact], groups: Groups, first: bool) -> Iterator[bytes]:
        for contact in contacts:
            body = ENCODER.encode(to_wire(contact, groups.get(contact.uid, ())))
            yield body if first else b"," + body
            first = False

    def end(self, end: ContactsTail) -> bytes:
        return b"]," + ENCODER.encode(end)[1:]


class Jsonp:
    """The same as a call of the page's function."""

    media_type = jsonp.MEDIA_TYPE

    def __init__(self, callback: str) -> None:
        self._callback = callback
        self._json = Json()

    def start(self) -> bytes:
        return self._callback.encode("ascii") + b"(" + self._json.start()

    def some(self, contacts: Sequence[Contact], groups: Groups, first: bool) -> Iterator[bytes]:
        return map(jsonp.escape, self._json.some(contacts, groups, first))

    def end(self, end: ContactsTail) -> bytes:
        return jsonp.escape(self._json.end(end)) + b")"


class Xml:
    """The document of the contract. An empty book is an empty element, which is known only at its end."""

    media_type = xml.MEDIA_TYPE

    def __init__(self) -> None:
        self._opened = False

    def start(self) -> bytes:
        return f"{xml.DECLARATION}<contactsResponse>".encode()

    def some(self, contacts: Sequence[Contact], groups: Groups, first: bool) -> Iterator[bytes]:
        self._opened = True
        if first:
            yield b'<contacts type="array">'
        for contact in contacts:
            values = msgspec.to_builtins(to_wire(contact, groups.get(contact.uid, ()), unknown=None))
            yield xml.element("contact", values).encode()

    def end(self, end: ContactsTail) -> bytes:
        closing = "</contacts>" if self._opened else '<contacts type="array"/>'
        return f"{closing}{xml.elements(xml_values(end))}</contactsResponse>".encode()


class Lines:
    """One wire contact a line (ndjson), and nothing else."""

    media_type = "application/x-ndjson; charset=utf-8"

    def start(self) -> bytes:
        return b""

    def some(self, contacts: Sequence[Contact], groups: Groups, first: bool) -> Iterator[bytes]:
        return ndjson.write(contacts, groups)

    def end(self, end: ContactsTail) -> bytes:
        return b""


class Table:
    """CSV: the header, and a row each."""

    media_type = "text/csv; charset=utf-8; header=present"

    def start(self) -> bytes:
        return next(csv.write(()))

    def some(self, contacts: Sequence[Contact], groups: Groups, first: bool) -> Iterator[bytes]:
        rows = csv.write(contacts, groups)
        next(rows)
        return rows

    def end(self, end: ContactsTail) -> bytes:
        return b""


class Cards:
    """A vCard each; the groups that a contact belongs to become its categories, for a card has no others."""

    media_type = "text/vcard; charset=utf-8"

    def start(self) -> bytes:
        return b""

    def some(self, contacts: Sequence[Contact], groups: Groups, first: bool) -> Iterator[bytes]:
        return vcard.write(_with_categories(contacts, groups))

    def end(self, end: ContactsTail) -> bytes:
        return b""


def _with_categories(contacts: Sequence[Contact], groups: Groups) -> Iterator[Contact]:
    for contact in contacts:
        names = groups.get(contact.uid, ())
        if names:
            contact.categories = list(dict.fromkeys((*names, *contact.categories)))
        yield contact
