"""A reader of Server-Sent Events, written from the specification: WHATWG HTML, sections 9.2.5 and 9.2.6."""

from __future__ import annotations

import codecs
from dataclasses import dataclass


@dataclass(frozen=True)
class Dispatched:
    """One event as a page would get it. `id` is its `lastEventId`."""

    type: str
    data: str
    id: str


class Reader:
    """What a browser keeps of one stream. `comments` counts those that were passed over."""

    def __init__(self) -> None:
        self.last_id = ""
        self.retry: int | None = None
        self.comments = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._begun = False
        self._rest = ""
        self._data = ""
        self._type = ""
        self._id = ""

    def feed(self, piece: bytes) -> list[Dispatched]:
        """The events that this piece completes. It may be cut anywhere, in the middle of a character too."""
        text = self._decode(piece)
        if text and not self._begun:
            self._begun = True
            text = text.removeprefix("\ufeff")
        self._rest += text
        found: list[Dispatched] = []
        while (line := self._line()) is not None:
            if line:
                self._field(line)
            elif (one := self._dispatch()) is not None:
                found.append(one)
        return found

    def _line(self) -> str | None:
        """The next line, ended by LF, CR or CRLF; None while its end is still to come."""
        ends = [at for at in (self._rest.find("\r"), self._rest.find("\n")) if at >= 0]
        if not ends:
            return None
        at = min(ends)
        if self._rest[at] == "\r" and at + 1 == len(self._rest):
            # Whether a LF belongs to it is not known yet.
            return None
        length = 2 if self._rest.startswith("\r\n", at) else 1
        line, self._rest = self._rest[:at], self._rest[at + length :]
        return line

    def _field(self, line: str) -> None:
        if line.startswith(":"):
            self.comments += 1
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._type = value
        elif name == "data":
            self._data += value + "\n"
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value)

    def _dispatch(self) -> Dispatched | None:
        self.last_id = self._id
        data, type_ = self._data, self._type
        self._data = self._type = ""
        if not data:
            return None
        return Dispatched(type_ or "message", data.removesuffix("\n"), self.last_id)
