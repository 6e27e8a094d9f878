"""DAV:multistatus (RFC 4918 section 13), read while it arrives.

The bytes are cleaned first. expat reads the beginning and whatever is out of the ordinary; between two responses, a
further one whose shape is known is taken by its pattern alone, and expat never sees it.
"""

from __future__ import annotations

import re

from contactport.sources.carddav.element_parser import ElementParser
from contactport.sources.carddav.model import Malformed, MultistatusLimits, MultistatusResponse
from contactport.sources.carddav.response_template import ResponseTemplate, derive_template, unescape
from contactport.sources.carddav.xml_repair import XmlRepairer

SHAPES = 6
"""How many shapes of a document are learnt: servers leave out a property here and there."""
STRANGE = 20
"""Responses without a shape that are looked at one by one: where there are more, expat takes them by the slice."""
HELD = 64 * 1024
"""Bytes of one response that are waited for; a longer one goes to expat as it comes."""

_HREF = re.compile(rb"<(?:[^\s:/<>]{1,64}:)?href(?:\s[^<>]{0,200})?>([^<]*)</")
_END = re.compile(rb"</(?:[^\s:/>]*:)?response\s*>")
_ROOT_END = re.compile(rb"multistatus\s*>\s*\Z")


class Multistatus:
    """`feed()` bytes in slices, `take()` the responses that are complete, `close()` at the end.

    Raises Malformed: for a document type declaration, a body that is no multistatus or breaks the limits.
    """

    def __init__(self, limits: MultistatusLimits) -> None:
        self._limits = limits
        self._cleaner = XmlRepairer()
        self._elements = ElementParser(limits)
        self._items = self._elements.items
        self._shapes: list[ResponseTemplate] = []
        self._learnt = 0
        self._strange = 0
        self._between = False
        self._rest: bytes = b""
        self._end = b""
        self.more = False
        """Whether the answer's header names a further page, which nobody can ask for in this protocol."""
        self._taken = 0
        self._listed = 0

    @property
    def sync_token(self) -> str:
        """The new token of a sync-collection (RFC 6578), once it was read."""
        return self._elements.sync_token

    @property
    def at(self) -> str:
        """The href of the response that is begun and not ended; empty between two, and where it has none yet."""
        return self._elements.href or (_begun(self._rest) if self._between else "")

    @property
    def is_whole(self) -> bool:
        """Whether the document's end was read: an answer may promise more bytes than it has."""
        return self._elements.ended

    def feed(self, data: bytes) -> None:
        data = self._cleaner.feed(data)
        if data:
            self._read(data)

    def take(self) -> list[MultistatusResponse]:
        items = self._items[:]
        self._items.clear()
        self._taken += len(items)
        if self._taken > self._limits.responses:
            raise Malformed("the answer has too many responses")
        self._listed += sum([len(item.href) for item in items if not item.data])
        if self._listed > self._limits.listed:
            raise Malformed("the answer's hrefs are too long")
        return items

    def close(self) -> None:
        self._read(self._cleaner.finish())
        rest, self._rest = self._rest, b""
        self._elements.parse(rest, final=True)

    def _read(self, data: bytes) -> None:
        if not self._between:
            data = self._approach(data)
        if self._between:
            self._take_alike(data)

    def _approach(self, data: bytes) -> bytes:
        """Gives expat everything up to the last end of a response; the rest only if that is not between two."""
        ends = list(_END.finditer(data))
        last = ends[-1] if ends else None
        if last is None:
            self._elements.parse(data)
            return b""
        self._elements.parse(data[: last.end()])
        self._end = last.group()
        self._between = self._elements.is_between_responses(len(self._end))
        if self._between:
            return data[last.end() :]
        self._elements.parse(data[last.end() :])
        return b""

    def _take_alike(self, data: bytes) -> None:
        searched = max(0, len(self._rest) - len(self._end))
        data = self._rest + data if self._rest else data
        shapes, items = self._shapes, self._items
        at = 0
        while True:
            for shape in shapes:
                read = shape.read(data, at)
                if read is not None:
                    item, at = read
                    items.append(item)
                    break
            else:
                end = data.find(self._end, max(at, searched))
                if end < 0:
                    break
                if self._strange >= STRANGE:
                    self._rest = b""
                    self._between = False
                    self._read(data[at:])
                    return
                end += len(self._end)
                self._learn(data[at:end])
                at = end
                if not self._between:
                    self._rest = b""
                    self._read(data[at:])
                    return
        self._rest = data[at:]
        if len(self._rest) > HELD or _ROOT_END.search(self._rest):
            rest, self._rest = self._rest, b""
            self._between = False
            self._elements.parse(rest)

    def _learn(self, response: bytes) -> None:
        """Lets expat read a response of unknown shape, and knows the shape from then on."""
        before = len(self._items)
        self._elements.parse(response)
        self._between = self._elements.is_between_responses(len(self._end))
        if self._between and self._learnt < SHAPES and len(self._items) == before + 1:
            self._learnt += 1
            shape = derive_template(response, self._items[-1], self._limits)
            if shape is not None:
                self._shapes.append(shape)
                return
        self._strange += 1


def _begun(response: bytes) -> str:
    """The href in the beginning of a response."""
    found = _HREF.search(response)
    return "" if found is None else unescape(found[1]).decode("utf-8", "replace").strip()
