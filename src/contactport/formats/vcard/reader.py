"""Reader of vCard: bytes to contacts, groups, rejects and notes.

Reading has two ways that give the same result. The quick way takes a card whole. It unfolds by one replacement,
and parses each distinct prefix of well-known words (`EMAIL;type=HOME`) once for the life of the process. At the
first sign of anything unusual it gives the card to the careful way (`cards.py`, `content_lines.py`),
which reads line by line.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator

from contactport.contact import Contact, Group, Item, Reject, RejectedRecord
from contactport.formats.budgets import LINES, PARAMETERS, SMALL, bounded
from contactport.formats.charsets.decode import is_utf8
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.charsets.unicode_forms import in_utf8
from contactport.formats.vcard.builder import EMPTY, CardBuilder, finish
from contactport.formats.vcard.cards import Cutter
from contactport.formats.vcard.params import cut
from contactport.formats.vcard.properties import lasts, resolve
from contactport.formats.vcard.undecided import Step, settled
from contactport.formats.vcard.values import Add, ignore

CARD_BYTES = 2 * 1024 * 1024
"""The default size of the largest card that is read."""
OBSERVED_BYTES = 1024 * 1024
"""How much of a source is read in advance, at most, to learn its character set."""
_OBSERVED_CARD = 32 * 1024
_KNOWN_PREFIXES = 4096
_QUICK_LINES = 2000
"""The careful way, which pauses, reads a card with more lines."""
_QUICK_BYTES = 32 * 1024
"""What a card may have beside its pictures for the quick way, which never pauses."""
_PICTURE = (b"PHOTO;", b"PHOTO:")
_PAUSE_HITS = 4096
_ALONE = (b"\nEND:", b"\rEND:")


class _Doubt(Exception):
    """Raised for a card that the careful way must read."""


_known: dict[bytes, Add] = {}


def _learn(line: bytes) -> tuple[Add, bytes]:
    """The function for a line whose prefix is new, and the line's value."""
    prefix, colon, value = cut(line)
    add = _known.get(prefix)
    if add is None:
        read, add = (resolve(prefix) if colon else None) or (None, None)
        # Blank space before a name is a fold that was not undone.
        if line[:1].isspace() or read is None or add is None or read.encoding == "Q" or read.name == "AGENT":
            raise _Doubt
        if read.charset and not is_utf8(read.charset):
            raise _Doubt
        if read.is_cut or len(prefix) > PARAMETERS:
            raise _Doubt
        if read.encoding == "B" and read.name != "PHOTO" and add is not ignore:
            raise _Doubt
        # Within quotes that close, the same beginning means another prefix.
        if lasts(prefix) and prefix.count(b'"') % 2 == 0:
            if len(_known) >= _KNOWN_PREFIXES:
                _known.clear()
            _known[prefix] = add
    return add, value


def _quick(body: bytes, contact: Contact, builder: CardBuilder) -> int:
    """Reads the unfolded lines between BEGIN and END, and counts them.

    -1 where there is doubt, or too many lines: the contact is of no use then.
    """
    known = _known
    lines = body.splitlines()
    if len(body) > SMALL:
        if len(lines) > _QUICK_LINES:
            return -1
        pictures = [line for line in lines if len(line) > SMALL and line.startswith(_PICTURE)]
        size = len(body) - sum(map(len, pictures))
        if size > SMALL:
            builder.is_large = True
            if size > _QUICK_BYTES:
                return -1
    try:
        for line in lines:
            prefix, colon, value = line.partition(b":")
            try:
                add = known[prefix]
            except KeyError:
                add, value = _learn(line)
            if not colon:
                return -1
            add(contact, builder, value)
    except (_Doubt, UnicodeDecodeError):
        return -1
    return len(lines)


def _whole(block: bytes, at: int, end: int, line: int) -> tuple[Item | None, int]:
    """The card that begins at `at`, in this line, and whose END is at `end`; and how many lines it has.

    No item where the careful way has to look.
    """
    if block.startswith(b"BEGIN:VCARD\r\n", at):
        folded, fold = block[at + 13 : end], b"\r\n "
    elif block.startswith(b"BEGIN:VCARD\n", at):
        folded, fold = block[at + 12 : end], b"\n "
    elif blank := _BLANK.match(block, at):
        before = _lines(block, at, blank.end())
        item, lines = _whole(block, blank.end(), end, line + before)
        return item, before + lines
    else:
        return None, 0
    body = folded.replace(fold, b"")
    # find() is quick: `in` first takes bytes for a number, and makes an exception that nobody sees.
    if len(body) < len(folded) and folded.find(b"\r" + fold) >= 0:
        # The fold undone makes one line end of two.
        return None, 0
    if len(folded) > LINES and _lines(folded, 0, len(folded)) > LINES:
        return None, 0
    contact, builder = Contact(), CardBuilder()
    lines = _quick(body, contact, builder)
    if lines < 0:
        return None, 0
    item = finish(contact, builder)
    if item is None:
        item = Reject(f"line {line}", EMPTY, RejectedRecord(block[at : end + _END_BYTES], "vcf"))
    if builder.is_large and isinstance(item, Contact | Group) and bounded(item):
        # The careful way tells what is cut.
        return None, 0
    return item, lines + (len(folded) - len(body)) // len(fold) + 2


def _alone(data: bytes) -> Item | None:
    """The only card of an input; None where there may be more in it."""
    end = data.find(b"VCARD", 11) - 4
    if end > 0 and data[end - 1 : end + 4] == b"\nEND:" and data[end + 9 :] in _ENDS:
        return _whole(data, 0, end, 1)[0]
    return None


_ENDS = (b"\r\n", b"\n", b"")
_END_BYTES = len(b"END:VCARD")


class _Reader:
    """One run over one input. `_line` is the number of the first line that was not yet cut."""

    def __init__(self, card_bytes: int, quick: bool, evidence: Evidence) -> None:
        self._limit = card_bytes
        self._is_quick = quick
        self._evidence = evidence
        self._cutter = Cutter(card_bytes, evidence)
        self._line = 1
        self._flooded = False
        """Whether the present line is being skipped, for it alone is larger than a card may be."""

    def block(self, block: bytes) -> Generator[Step, None, int]:
        """The items of all whole cards in the block; returns how far it came."""
        at = self._unflooded(block) if self._flooded else 0
        find, size, limit = block.find, len(block), self._limit
        plain, hits, is_quick = True, 0, self._trusts()
        begins = block.startswith
        search = at + 11 if begins(b"BEGIN:VCARD", at) else self._begun(block, at)
        while (hit := find(b"VCARD", search)) >= 0:
            stop = search = hit + 5
            if stop >= size:
                break
            if block[stop] == 13:
                stop += 1
                if stop == size:
                    break
                stop += block[stop] == 10
            elif block[stop] == 10:
                stop += 1
            else:
                plain, hits = False, hits + 1
                if hits % _PAUSE_HITS == 0:
                    yield None
                continue
            end = hit - 4
            if block[end - 1 : hit] not in _ALONE:
                plain, hits = False, hits + 1
                if hits % _PAUSE_HITS == 0:
                    yield None
                continue
            item, lines = None, 0
            if plain and (is_quick or self._trusts(block[at:stop])) and stop - at <= limit:
                item, lines = _whole(block, at, end, self._line)
            if item is not None:
                self._line += lines
                yield item
            else:
                yield from self._careful(block, at, stop)
                is_quick = self._trusts()
            at, plain = stop, True
            search = at + 11 if begins(b"BEGIN:VCARD", at) else self._begun(block, at)
        if size - at > self._limit:
            at = yield from self._overflow(block, at)
        return at

    def _trusts(self, card: bytes = b"\xff") -> bool:
        """Whether the quick way may take the next card: any, or this one at least."""
        is_quick = self._is_quick and self._cutter.idle
        return is_quick and (not self._evidence.doubts_utf8 or card.isascii())

    def _begun(self, block: bytes, at: int) -> int:
        """Where the lines of a card begin after blank lines and its BEGIN; `at` where none does."""
        blank = _BLANK.match(block, at)
        return blank.end() + 11 if blank and block.startswith(b"BEGIN:VCARD", blank.end()) else at

    def _careful(self, block: bytes, at: int, stop: int) -> Iterator[Step]:
        """Give some whole lines to the careful way."""
        yield from self._cutter.feed(block[at:stop], self._line)
        self._line += _lines(block, at, stop)

    def _overflow(self, block: bytes, at: int) -> Generator[Step, None, int]:
        """More than a card may hold, and no END that the quick way knows: its whole lines go the careful way."""
        stop = max(block.rfind(b"\n", at), block.rfind(b"\r", at, -1)) + 1
        if stop > at:
            yield from self._careful(block, at, stop)
            if len(block) - stop <= self._limit:
                return stop
        yield from self._cutter.flood(self._line)
        self._flooded = True
        return len(block)

    def _unflooded(self, block: bytes) -> int:
        """Where the line that is being skipped ends."""
        found = _NEWLINE.search(block)
        if found is None:
            return len(block)
        self._flooded = False
        return found.start()

    def end(self, rest: bytes) -> Iterator[Step]:
        """`rest` is what no block gave a card for; there is nothing after it."""
        if rest[-1:] != b"\n":
            rest += b"\n" if rest[-1:] == b"\r" else b"\r\n"
        at = yield from self.block(rest)
        if at < len(rest):
            yield from self._careful(rest, at, len(rest))
        yield from self._cutter.close()


_BLANK = re.compile(rb"[\r\n]+")
_NEWLINE = re.compile(rb"[\r\n]")


def _lines(block: bytes, start: int, stop: int) -> int:
    """How many lines end between two places: by LF, CR LF or CR."""
    count = block.count(b"\n", start, stop)
    carriages = block.count(b"\r", start, stop)
    return count + carriages - block.count(b"\r\n", start, stop) if carriages else count


def read(
    chunks: Iterable[bytes],
    *,
    card_bytes: int = CARD_BYTES,
    quick: bool = True,
    evidence: Evidence | None = None,
) -> Iterator[Item]:
    """Every card of a file or an answer, in order; the chunks may be cut anywhere. Never raises for bad input.

    A card that can't be read, or is larger than `card_bytes`, is a Reject at the line of its BEGIN, counted from
    1. Lines that were left out of a card are Notes right after it. Memory holds one card and one chunk, or a few.
    `quick=False` sends every card the careful way: the items are the same, only later.

    Cards whose texts name no character set, and are not in UTF-8, wait until those after them show which it is:
    some hundred at most. `evidence` is what other inputs of the same source have shown, and takes in what this one
    does.
    """
    return filter(None, steps(chunks, card_bytes=card_bytes, quick=quick, evidence=evidence))


def steps(
    chunks: Iterable[bytes],
    *,
    card_bytes: int = CARD_BYTES,
    quick: bool = True,
    evidence: Evidence | None = None,
) -> Iterator[Item | None]:
    """Like `read()`, with None between the parts of a long card, every few milliseconds."""
    if quick and isinstance(chunks, list) and len(chunks) == 1 and len(chunks[0]) <= card_bytes:
        # An import reads each card of a server's answer by itself.
        item = None
        if evidence is None or not evidence.doubts_utf8 or chunks[0].isascii():
            item = _alone(chunks[0])
        if item is not None:
            return iter((item,))
    evidence = Evidence() if evidence is None else evidence
    return settled(_read(chunks, card_bytes, quick, evidence), evidence)


def observe(data: bytes, evidence: Evidence) -> Iterable[None]:
    """Add to the evidence what a card shows: most show nothing. Pauses as `steps()` does.

    Cards that are large are left out, and so are further ones after OBSERVED_BYTES.
    """
    if len(data) > _OBSERVED_CARD or (data.isascii() and data.find(b"QUOTED-PRINTABLE") < 0):
        return ()
    if evidence.is_full or evidence.observed > OBSERVED_BYTES:
        return ()
    if data.find(b"QUOTED-PRINTABLE") < 0:
        try:
            data.decode()
        except UnicodeDecodeError:
            pass
        else:
            evidence.add_utf8(data)
            return ()
    evidence.observed += len(data)
    return (None for _ in steps((data,), evidence=evidence))


def _read(chunks: Iterable[bytes], card_bytes: int, quick: bool, evidence: Evidence) -> Iterator[Step]:
    reader = _Reader(card_bytes, quick, evidence)
    waiting: list[bytes] = []
    size = wanted = 0
    for chunk in in_utf8(chunks):
        waiting.append(chunk)
        size += len(chunk)
        if size < wanted:
            continue
        block = b"".join(waiting) if len(waiting) > 1 else chunk
        at = yield from reader.block(block)
        waiting = [block[at:]] if at < size else []
        size -= at
        # Looking again at every chunk would take quadratic time where chunks are small and a card is large.
        wanted = 0 if at else 2 * size
    yield from reader.end(b"".join(waiting))
