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
_FIRST = frozenset((b"A", b"a", b"B", b"b", b"E", b"e", b"\xef"))
"""What a line begins with that may begin or end a card, or name an AGENT."""
_EDGE_BYTES = 200


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
        self._last: bytes | None = None
        """The last line of the open card that is not blank."""
        self._outside = False
        self.open = False
        """Whether the next line belongs to a card that has begun."""
        self._too_large = False

    def feed(self, data: bytes, line: int) -> Iterator[Item]:
        """`line` is the number of the data's first line."""
        for number, raw in enumerate(data.splitlines(), line):
            if self.open and raw[:1] not in _FIRST and raw[-5:] != b"VCARD":
                self._take(raw)
                continue
            edge = None
            if len(raw) < _EDGE_BYTES:
                bare = raw[3:] if raw[:3] == _BOM else raw
                edge = _EDGE.fullmatch(bare.rstrip(_PADDING) if self.open else bare.strip(_PADDING))
            if edge is not None and edge[1][:1] in b"Ee":
                yield from self._end(number)
            elif edge is not None and not self._is_agent():
                yield from self._begin(number)
            elif edge is not None:
                self._within()
                self._take(b"")
            elif self.open:
                self._take(raw)
            elif not self._outside and raw.removeprefix(_BOM).strip(_PADDING):
                self._outside = True
                yield Reject(f"line {number}", "this is outside of any card (BEGIN:VCARD is missing)")

    def _is_agent(self) -> bool:
        """Whether the card that begins now is the value of an AGENT, with nothing but blank lines between."""
        if not self.open or self._last is None or len(self._last) >= _EDGE_BYTES:
            return False
        found = _AGENT.fullmatch(self._last)
        return found is not None and not found[1]

    def _begin(self, number: int) -> Iterator[Item]:
        if self.open:
            yield from self._close()
        self.open, self._outside, self._too_large = True, False, False
        self._start, self._size, self._depth, self._last = number, 0, 0, None

    def _end(self, number: int) -> Iterator[Item]:
        self._last = None
        if self._depth:
            self._depth -= 1
            self._take(b"")
        elif self.open:
            yield from self._close()
        elif not self._outside:
            yield Reject(f"line {number}", "a card ends here that never began (BEGIN:VCARD is missing)")
        else:
            self._outside = False

    def _take(self, raw: bytes) -> None:
        """A line of the open card, or of one within it."""
        self._size += len(raw) + 1
        if self._size > self._limit:
            self._too_large = True
            self._lines.clear()
        if raw and not raw.isspace():
            self._last = raw
        # Lines of a card within this one stay as blanks, so that its own lines keep their numbers.
        kept = b"" if self._depth else raw
        if raw[-5:] == b"VCARD" and len(raw) < _EDGE_BYTES and (found := _AGENT.fullmatch(raw)) and found[1]:
            self._within()
            kept = b""
        if not self._too_large:
            self._lines.append(kept)

    def _within(self) -> None:
        self._depth += 1
        self._last = None

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
        elif not self._outside:
            self._outside = True
            yield Reject(f"line {number}", "this is outside of any card (BEGIN:VCARD is missing)")

    def close(self) -> Iterator[Item]:
        """The end of the input."""
        if self.open:
            self.open = False
            self._lines.clear()
            yield Reject(f"line {self._start}", "the input ends within this card (END:VCARD is missing)")
