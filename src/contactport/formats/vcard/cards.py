"""Careful reader: finds where cards begin and end, line by line, with any bytes between them."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Literal

from contactport.contact import Contact, Group, Note, Reject
from contactport.formats.budgets import LINES
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.vcard.content_lines import is_property
from contactport.formats.vcard.edges import (
    AGENT,
    EDGE,
    FUSED,
    FUSED_CAPITALS,
    LONGEST_EDGE,
    SPEAKS_OF_CARD,
    VERSION,
    UndecidedEdge,
)
from contactport.formats.vcard.raw_lines import RawLines
from contactport.formats.vcard.undecided import Step, UndecidedCard, careful

_BOM = b"\xef\xbb\xbf"
_PADDING = b" \t\0\x1a"
_MARKS = _PADDING + _BOM
"""What may stand before and after an edge."""
_BLANKS = (b" ", b"\t")
_LINE_END = re.compile(rb"\r\n?|\n")
_EDGE_BYTES = 200
_EDGES_A_LINE = 3
_PAUSE_EDGES = 64
_PAUSE_BYTES = 64 * 1024
_OUTSIDE = "this is outside of any card (BEGIN:VCARD is missing)"
_NO_BEGIN = "a card ends here that never began (BEGIN:VCARD is missing)"
_NO_END = "the input ends within this card (END:VCARD is missing)"


class Cutter:
    """Cuts lines into cards: takes whole lines, and gives each card at its END.

    A card without END is read as it stands when the next one begins; one that the input's end cuts off is
    rejected, for its last value may be half. Cards within cards (vCard 2.1's AGENT) are skipped. Text outside
    cards is one reject for each stretch of it.

    An edge counts at the start of a line. It counts too where a line end or an indentation went wrong: after the
    end of a value, if what follows it begins a card or is nothing. A card that begins with `BEGIN:VCARD` in its
    usual spelling has such an edge in capitals only, for those alone send a card past the quick way.
    """

    def __init__(self, card_bytes: int, evidence: Evidence) -> None:
        self._evidence, self._limit = evidence, card_bytes
        self._lines: list[bytes] = []
        self._start = self._first = self._size = 0
        self._too_large = False
        self._usual = False
        """Whether the open card's BEGIN is spelt as most are."""
        self._indent: bytes | None = None
        """What every line of the open card so far begins with; None before the first."""
        self._depth = 0
        self._folded = False
        """Whether the card within this one is folded, so that it ends where the fold does."""
        self._agent = False
        """Whether the last line was AGENT:BEGIN:VCARD."""
        self._last: bytes | None = None
        """The last line of the open card that is not blank; None after an edge."""
        self._doubtful: UndecidedEdge | None = None
        self._raw = RawLines(card_bytes)
        self._met = 0
        """The number of lines about a card, so far."""
        self.open = False
        """Whether the next line belongs to a card that has begun."""

    @property
    def idle(self) -> bool:
        """Whether the lines so far do not affect the next ones."""
        return not self.open and not self._raw.is_outside

    def feed(self, data: bytes, line: int) -> Iterator[Step]:
        """`line` is the number of the data's first line."""
        at = 0
        self._raw.feed(data, line, self._start if self.open else None)
        while found := SPEAKS_OF_CARD.search(data, at):
            self._met += 1
            if self._met % _PAUSE_EDGES == 0:
                yield None
            hit = found.start()
            start = max(data.rfind(b"\n", at, hit), data.rfind(b"\r", at, hit), at - 1) + 1
            if start > at:
                line = yield from self._between(data, at, start, line)
            ends = _LINE_END.search(data, hit)
            stop, at = ends.span() if ends is not None else (len(data), len(data))
            yield from self._joined(data[start:stop], line)
            line += 1
        if at < len(data):
            yield from self._between(data, at, len(data), line)

    def _between(self, data: bytes, at: int, stop: int, line: int) -> Generator[Step, None, int]:
        """The lines between two places, none of which speaks of a card; the number of the next line."""
        while stop - at > _PAUSE_BYTES:
            end = data.rfind(b"\n", at, at + _PAUSE_BYTES) + 1
            if end <= at:
                end = data.rfind(b"\r", at, at + _PAUSE_BYTES) + 1
                if end <= at:
                    break
                end += data[end : end + 1] == b"\n"
            lines = data[at:end].splitlines()
            yield from self._take(lines, line, end - at)
            yield None
            at = end
            line += len(lines)
        lines = data[at:stop].splitlines()
        yield from self._take(lines, line, stop - at)
        return line + len(lines)

    def _joined(self, raw: bytes, number: int) -> Iterator[Step]:
        """A line that may hold edges, and the lines of several files if they were joined there."""
        # Almost every such line is an edge and nothing else.
        edge = raw.upper() if len(raw) <= LONGEST_EDGE and not self._agent and not self._folded else b""
        if edge == b"END:VCARD" and self.open:
            self._doubtful = None
            yield from self._end(number)
            return
        if edge == b"BEGIN:VCARD" and not self._doubtful and not (self.open and self._is_agent()):
            yield from self._begin(number, raw)
            return
        first, *others = (FUSED_CAPITALS if self.open and self._usual else FUSED).split(raw)
        yield from self._line(first, number)
        for each in others:
            yield from self._settle("end", b"")
            yield from self._end(number)
            yield from self._begin(number)
            yield from self._line(each, number)

    def _line(self, raw: bytes, number: int, edges: int = 0) -> Iterator[Step]:
        """A line, or what is left of it after an edge."""
        bare = raw.removeprefix(_BOM).rstrip(_PADDING)
        if not bare.strip(_MARKS):
            return
        if not self.open:
            yield from self._line_outside(bare.lstrip(_MARKS), number, edges)
            return
        # What ends a line belongs to its value, unless the line turns out to be an edge.
        whole = raw.removeprefix(_BOM)
        whole = whole.lstrip(_MARKS) if edges else self._unindented([whole])[0]
        bare = whole.rstrip(_PADDING)
        text = bare.lstrip(b" \t")
        found = EDGE.match(text) if edges < _EDGES_A_LINE else None
        if found is not None and not self._counts(found[0], text[found.end() :], len(bare) > len(text)):
            found = None
        if found is None:
            yield from self._text(whole, number, edges)
            return
        edge, indented = found[1].lower(), len(bare) > len(text)
        yield from self._settle("begin" if edge == b"begin" else "end", bare)
        if not self.open:
            yield from self._line_outside(text, number, edges)
            return
        self._reach(bare, begins=edge == b"begin")
        if indented and not self._depth and not (edge == b"begin" and self._is_agent()):
            self._doubt("end" if edge == b"end" else "begin", number, b"", alone=True)
            self._keep([bare], len(raw))
        elif edge == b"end":
            yield from self._end(number)
        elif self._is_agent():
            self._within(folded=indented)
        elif self._folded:
            self._keep([bare], len(raw))
        else:
            yield from self._begin(number, bare)
        yield from self._line(text[found.end() :], number, edges + 1)

    def _counts(self, edge: bytes, rest: bytes, indented: bool) -> bool:
        """Whether what is spelt like an edge at the start of a line is one, for all that follows it there."""
        if indented:
            return not rest.strip(_PADDING) and (edge[-5:] == b"VCARD" or not self._usual)
        return not rest[:1].isalnum() or is_property(rest) or EDGE.match(rest) is not None

    def _line_outside(self, text: bytes, number: int, edges: int) -> Iterator[Step]:
        found = EDGE.match(text) if edges < _EDGES_A_LINE else None
        if found is not None and self._counts(found[0], text[found.end() :], indented=False):
            if found[1][:1] in b"Bb":
                yield from self._begin(number, text)
            else:
                yield from self._end(number)
            yield from self._line(text[found.end() :], number, edges + 1)
            return
        begins = text[-11:].upper() == b"BEGIN:VCARD"
        if text[:-11] or not begins:
            self._raw.tell_outside(number, _OUTSIDE)
        if begins:
            yield from self._begin(number)

    def _text(self, whole: bytes, number: int, edges: int) -> Iterator[Step]:
        """A line of the open card that speaks of a card and is no edge, or is one after the end of a value."""
        if self._start == number:
            self._first = number
        elif edges and self._lines:
            # The edge before it in its line has a place of its own there.
            self._lines.pop()
        yield from self._take([whole], number, len(whole) + 1, unindented=True)
        if not self.open:
            return
        bare, usual = whole.rstrip(_PADDING), self._usual
        agent = AGENT.fullmatch(bare) if len(bare) < _EDGE_BYTES else None
        if agent is not None or self._depth:
            self._agent = agent is not None and bool(agent[1])
        elif bare[-9:].upper() == b"END:VCARD" and (not usual or bare[-5:] == b"VCARD"):
            self._doubt("end", number, bare[:-9], alone=False, kept=1)
        elif bare[-11:].upper() == b"BEGIN:VCARD" and (not usual or bare[-5:] == b"VCARD"):
            self._doubt("begin", number, bare[:-11], alone=False, kept=1)

    def _take(
        self, lines: list[bytes], number: int, size: int, *, unindented: bool = False
    ) -> Iterator[Step]:
        """Lines without an edge."""
        at = self._first_of(lines) if not self.open or self._doubtful or self._agent else None
        if self.open and not unindented:
            lines = self._unindented(lines)
        if at is not None:
            if self.open:
                yield from self._settle("", lines[at])
            if not self.open:
                self._raw.tell_outside(number + at, _OUTSIDE)
                return
            if self._indent is None:
                lines = self._unindented(lines)
            if self._agent:
                self._reach(lines[at])
        if self.open:
            if self._folded:
                lines = self._after_fold(lines)
            self._keep(lines, size)

    def _first_of(self, lines: list[bytes]) -> int | None:
        """Where the first line stands that is not blank."""
        return next((at for at, raw in enumerate(lines) if raw.strip(_MARKS)), None)

    def _unindented(self, lines: list[bytes]) -> list[bytes]:
        """A card's first line is no fold of another: as it is indented, so may be all those after it."""
        if self._indent is None:
            at = self._first_of(lines)
            if at is None:
                return lines
            self._indent = lines[at][: len(lines[at]) - len(lines[at].lstrip(b" \t"))]
        indent = self._indent
        if indent:
            width = len(indent)
            for at, raw in enumerate(lines):
                if raw.startswith(indent):
                    lines[at] = raw[width:]
                elif raw.strip(_PADDING):
                    self._indent = b""
                    break
        return lines

    def _keep(self, lines: list[bytes], size: int) -> None:
        self._size += size
        if self._size > self._limit:
            self._too_large = True
            self._lines.clear()
        if not self._too_large:
            # Lines of a card within this one stay as blanks, so that its own lines keep their numbers.
            self._lines += lines if not self._depth else [b""] * len(lines)
            del self._lines[LINES:]
        for raw in reversed(lines):
            if raw.strip(_PADDING):
                self._last = raw
                break

    def _is_agent(self) -> bool:
        """Whether the card that begins now is the value of an AGENT, with nothing but blank lines between."""
        if self._last is None or len(self._last) >= _EDGE_BYTES:
            return False
        found = AGENT.fullmatch(self._last)
        return found is not None and not found[1]

    def _within(self, *, folded: bool) -> None:
        """A card begins within the open one."""
        self._folded = folded if not self._depth else self._folded
        self._depth += 1
        self._keep([b""], 0)
        self._last = None

    def _reach(self, line: bytes, *, begins: bool = False) -> None:
        """What the line, which is not blank, says of the card within this one: its kind, or its end."""
        indented = line[:1] in _BLANKS
        if self._agent:
            self._agent = False
            # A card that begins at the start of a line is nobody's agent.
            if indented or not begins:
                self._folded = indented if not self._depth else self._folded
                self._depth += 1
        if self._folded and not indented:
            self._depth, self._folded = 0, False

    def _after_fold(self, lines: list[bytes]) -> list[bytes]:
        """The same number of lines, blank as far as the folded card within this one reaches."""
        for at, raw in enumerate(lines):
            if raw[:1] not in _BLANKS and raw.strip(_PADDING):
                self._depth, self._folded = 0, False
                return [b""] * at + lines[at:]
        return lines

    def _doubt(
        self, edge: Literal["begin", "end"], number: int, before: bytes, *, alone: bool, kept: int = 0
    ) -> None:
        self._doubtful = UndecidedEdge(edge, len(self._lines) - kept, before, number, alone)

    def _settle(self, edge: Literal["", "begin", "end"], line: bytes) -> Iterator[Step]:
        """The next line, which is not blank, shows what a doubtful edge is."""
        doubtful, self._doubtful = self._doubtful, None
        if doubtful is None or edge == "end":
            return
        after = len(self._lines) - doubtful.at - 1
        if doubtful.edge == "end":
            garbage = line[:1] not in _BLANKS and not is_property(line)
            if edge == "begin" or (doubtful.alone and garbage):
                self._cut(doubtful)
                yield from self._close(doubtful.number)
        elif not edge and self._begins(doubtful, line):
            self._cut(doubtful)
            yield from self._begin(doubtful.number)
            self._lines += [b""] * after

    def _begins(self, doubtful: UndecidedEdge, line: bytes) -> bool:
        """Whether a line after a doubtful BEGIN shows that it is one: the first of an indented card, or a VERSION."""
        if doubtful.alone and line[:1] in _BLANKS:
            return is_property(line.lstrip(b" \t"))
        return VERSION.match(line) is not None and any(map(VERSION.match, self._lines[: doubtful.at]))

    def _cut(self, doubtful: UndecidedEdge) -> None:
        """The open card ends where the doubtful edge stands."""
        if not self._too_large:
            self._lines[doubtful.at :] = [doubtful.before]

    def _begin(self, number: int, line: bytes = b"") -> Iterator[Step]:
        if self.open:
            yield from self._close(max(self._start, number - 1))
        yield from self._raw.told_outside(number - 1)
        self.open, self._too_large = True, False
        self._start, self._first, self._size = number, number + 1, 0
        self._usual = line == b"BEGIN:VCARD"
        self._indent, self._last, self._doubtful = None, None, None
        self._depth, self._folded, self._agent = 0, False, False

    def _end(self, number: int) -> Iterator[Step]:
        self._last = None
        if self._depth and self.open:
            self._depth -= 1
            self._folded = self._folded and self._depth > 0
            self._keep([b""], 0)
        elif self.open:
            yield from self._close(number)
        else:
            self._raw.tell_outside(number, _NO_BEGIN)
            yield from self._raw.told_outside(number)

    def _close(self, end: int | None) -> Iterator[Step]:
        """The open card, whose last line this is, or the last of all."""
        lines, self._lines = self._lines, []
        self.open = False
        if self._too_large:
            yield Reject(f"line {self._start}", f"this card is larger than {self._limit} bytes")
            return
        for item in careful(lines, self._first, self._start, self._evidence, self._size):
            if isinstance(item, Reject) or (isinstance(item, UndecidedCard) and item.needs_record):
                item.record = self._raw.record(self._start, end)
            yield item

    def flood(self, number: int) -> Iterator[Step]:
        """The present line, and so its card, is larger than a card may be."""
        yield from self._settle("", b"")
        self._raw.lose()
        if self.open:
            self._too_large = True
            self._lines.clear()
        else:
            self._raw.tell_outside(number, _OUTSIDE)

    def close(self) -> Iterator[Step]:
        """The end of the input."""
        yield from self._settle("begin", b"")
        if not self.open:
            yield from self._raw.told_outside()
            return
        if self._last is None and not self._depth and any(map(bytes.strip, self._lines)):
            # The END of an AGENT's card was the last line, so that no value can be half.
            for item in self._close(None):
                if isinstance(item, UndecidedCard):
                    item.notes.append(Note(f"line {self._start}", _NO_END))
                yield item
                if isinstance(item, Contact | Group):
                    yield Note(f"line {self._start}", _NO_END)
            return
        self.open = False
        self._lines.clear()
        yield Reject(f"line {self._start}", _NO_END, self._raw.record(self._start))
