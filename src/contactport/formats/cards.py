"""Where cards begin and end, for the bytes that need care: found line by line, whatever stands between them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contactport.contact import Contact, Item, Reject
from contactport.formats.draft import EMPTY, Draft, finish
from contactport.formats.lines import BrokenLine, properties

_BOM = b"\xef\xbb\xbf"
_PADDING = b" \t\0\x1a"
_EDGE = re.compile(rb"(BEGIN|END)[ \t]*:[ \t]*VCARD", re.IGNORECASE)
_AGENT = re.compile(rb"(?:[\w-]+\.)?AGENT(?:;[^:]*)?:[ \t]*(BEGIN:VCARD)?[ \t]*", re.IGNORECASE)
_FIRST = frozenset(b"AaBbEe ")


def careful(lines: list[bytes], line: int) -> Item:
    """The card of these physical lines, BEGIN and END left out. `line` is where its BEGIN stands."""
    contact, draft = Contact(), Draft()
    try:
        for each in properties(lines):
            each.add(contact, draft, each.utf8())
    except BrokenLine as broken:
        return Reject(
            f"line {line}", f"line {line + 1 + broken.at} is neither a property nor the rest of one"
        )
    return finish(contact, draft) or Reject(f"line {line}", EMPTY)


class Cutter:
    """Fed whole lines, it gives each card as its END is met.

    A card without END is read as it stands when the next one begins; one that the input's end cuts off is
    rejected, for its last value may be half. Cards within cards (vCard 2.1's AGENT) are skipped. Text outside
    cards is one reject for each stretch of it.
    """

    def __init__(self, card_bytes: int) -> None:
        self._limit = card_bytes
        self._lines: list[bytes] = []
        self._start = 0
        self._size = 0
        self._depth = 0
        self._agent = False
        self._outside = False
        self.open = False
        """Whether the next line belongs to a card that has begun."""
        self._too_large = False

    def feed(self, data: bytes, line: int) -> Iterator[Item]:
        """`line` is the number of the data's first line."""
        for number, raw in enumerate(data.splitlines(), line):
            edge = None
            agent, self._agent = self._agent, False
            if len(raw) < 200:
                bare = raw[3:] if raw[:3] == _BOM else raw
                bare = bare.rstrip(_PADDING) if self.open else bare.strip(_PADDING)
                if not bare:
                    # An AGENT's card may come after blank lines.
                    self._agent = agent
                elif bare[0] in _FIRST:
                    edge = _EDGE.fullmatch(bare)
            if edge is None:
                yield from self._inner(raw, number)
            elif edge[1][:1] in b"Ee":
                yield from self._end(number)
            elif agent:
                self._depth += 1
            else:
                yield from self._begin(number)

    def _begin(self, number: int) -> Iterator[Item]:
        if self.open:
            yield from self._close()
        self.open, self._outside, self._too_large = True, False, False
        self._start, self._size, self._depth = number, 0, 0

    def _end(self, number: int) -> Iterator[Item]:
        if self._depth:
            self._depth -= 1
        elif self.open:
            yield from self._close()
        elif not self._outside:
            yield Reject(f"line {number}", "a card ends here that never began (BEGIN:VCARD is missing)")
        else:
            self._outside = False

    def _inner(self, raw: bytes, number: int) -> Iterator[Item]:
        if not self.open:
            if not self._outside and raw.removeprefix(_BOM).strip(_PADDING):
                self._outside = True
                yield Reject(f"line {number}", "this is outside of any card (BEGIN:VCARD is missing)")
            return
        self._size += len(raw) + 1
        if self._size > self._limit:
            self._too_large = True
            self._lines.clear()
        if self._depth or self._too_large:
            return
        found = _AGENT.fullmatch(raw) if raw[:1] not in (b" ", b"\t") and len(raw) < 200 else None
        if found is not None and found[1]:
            self._depth += 1
            return
        self._agent = found is not None
        self._lines.append(raw)

    def _close(self) -> Iterator[Item]:
        lines, self._lines = self._lines, []
        self.open = False
        if self._too_large:
            yield Reject(f"line {self._start}", f"this card is larger than {self._limit} bytes")
        else:
            yield careful(lines, self._start)

    def flood(self, number: int) -> Iterator[Item]:
        """The present line alone is larger than a card may be, and so is the card it belongs to."""
        if self.open:
            self._too_large = True
            self._lines.clear()
        else:
            yield from self._inner(b"?", number)

    def close(self) -> Iterator[Item]:
        """The end of the input."""
        if self.open:
            self.open = False
            self._lines.clear()
            yield Reject(f"line {self._start}", "the input ends within this card (END:VCARD is missing)")
