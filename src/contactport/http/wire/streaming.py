"""Encoders of the contacts' answer: the contract's JSON, JSONP and XML, and files of any format, made in pieces."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from contactport.contact import Contact
from contactport.formats.cloudsponge import to_wire
from contactport.formats.registry import NO_GROUPS, FileFormat, Groups
from contactport.http.wire import jsonp, xml
from contactport.http.wire.responses import JSON, xml_values
from contactport.http.wire.schemas import ContactsTail

ENCODER = msgspec.json.Encoder()


class ContactsEncoder(Protocol):
    """`start`, then `some` for each chunk of the book (`first` for its first contact), then `end`.

    `some` makes one contact after the other, as it is asked: a chunk may be many times as big in the answer.
    """

    media_type: str

    def start(self) -> bytes: ...

    def some(self, contacts: Sequence[Contact], groups: Groups, first: bool) -> Iterator[bytes]: ...

    def end(self, end: ContactsTail) -> bytes: ...


class JsonEncoder:
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


class JsonpEncoder:
    """The same as a call of the page's function."""

    media_type = jsonp.MEDIA_TYPE

    def __init__(self, callback: str) -> None:
        self._callback = callback
        self._json = JsonEncoder()

    def start(self) -> bytes:
        return self._callback.encode("ascii") + b"(" + self._json.start()

    def some(self, contacts: Sequence[Contact], groups: Groups, first: bool) -> Iterator[bytes]:
        return map(jsonp.escape, self._json.some(contacts, groups, first))

    def end(self, end: ContactsTail) -> bytes:
        return jsonp.escape(self._json.end(end)) + b")"


class XmlEncoder:
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


class FileEncoder:
    """The contacts as a file of a format, made by its `write()`: one part for each contact that is fed to it."""

    def __init__(self, format: FileFormat) -> None:
        self.media_type = format.media_type
        self._write = format.write
        self._waiting: deque[Contact] = deque()
        self._parts: Iterator[bytes] | None = None

    def start(self) -> bytes:
        return b""

    def some(self, contacts: Sequence[Contact], groups: Groups, first: bool) -> Iterator[bytes]:
        if self._parts is None:
            self._parts = self._write(self._fed(), groups)
            yield next(self._parts)
        for contact in contacts:
            self._waiting.append(contact)
            yield next(self._parts)

    def end(self, end: ContactsTail) -> bytes:
        """What follows the last contact; all of the file where there was none."""
        parts = self._write((), NO_GROUPS) if self._parts is None else self._parts
        return b"".join(parts)

    def _fed(self) -> Iterator[Contact]:
        while self._waiting:
            yield self._waiting.popleft()
