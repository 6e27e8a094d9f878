"""From a card's lines to its contact. A card whose character set is open waits until those after it show it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from contactport.contact import Contact, Group, Item, Note, Reject, RejectedRecord
from contactport.formats.budgets import LINES, SMALL, VALUE, bounded
from contactport.formats.charsets.decode import codec_of, damaged_utf8, is_utf8
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.vcard.builder import EMPTY, CardBuilder, finish
from contactport.formats.vcard.content_lines import Property, is_sound, properties
from contactport.formats.vcard.values import ignore

HELD_ITEMS = 500
HELD_BYTES = 1024 * 1024
"""How much is held back at most: items, octets of waiting texts, and octets of pictures among them."""


_STRAY = "this line is neither a property nor the rest of one"
NOTES = 20
"""Lines of one card that are told of singly when they are left out."""
_JUDGED_TEXTS = 100
"""Texts of one card whose readings are compared."""
_PAUSE_BYTES = 64 * 1024
_RECORD_BYTES = 8 * 1024
_SAYING = frozenset({"FN", "N", "ORG", "NOTE"})
_TEXT_WORK = 5_000
"""The cost of a text for itself, in octets."""


class UndecidedCard:
    """A card without its end: from the first undecided property on, nothing has been added to its contact."""

    def __init__(self, contact: Contact, builder: CardBuilder, line: int, size: int) -> None:
        self._contact, self._builder, self._line = contact, builder, line
        self._waiting: list[Property] = []
        self._text_bytes = size
        """What the card holds beside its pictures."""
        self.hint = ""
        """The first character set other than UTF-8 that a property names."""
        self.size = 0
        self.notes: list[Note] = []
        self.told: dict[str, None] = {}
        """What was left out of the card, as text."""
        self.record: RejectedRecord | None = None
        """The card as it came, where it may turn out to say nothing."""

    @property
    def needs_record(self) -> bool:
        """Whether it may turn out to say nothing about a person, and is small enough to be held as it came."""
        contact = self._contact
        if self._text_bytes > _RECORD_BYTES or contact.formatted_name or contact.emails or contact.phones:
            return False
        return _SAYING.isdisjoint(each.params.name for each in self._waiting)

    @property
    def is_open(self) -> bool:
        """Whether a property was undecided."""
        return bool(self._waiting)

    def take(self, each: Property, evidence: Evidence) -> None:
        """Add a property to the contact, or keep it for later."""
        params = each.params
        if not (params.encoding or params.charset):
            # Almost every property of a card, even of one that needs care.
            value = bytes(each.value) if len(each.value) <= VALUE else each.octets()
            is_ascii = value.isascii()
            if is_ascii or is_sound(value):
                if not is_ascii:
                    evidence.add_utf8(value)
                if self._waiting or (not is_ascii and evidence.doubts_utf8):
                    self._waiting.append(each)
                    self.size += len(value)
                else:
                    each.add(self._contact, self._builder, value)
                    if each.is_cut:
                        self._tell_cut(each)
                return
        if params.name == "PHOTO":
            self._text_bytes -= len(each.value)
        octets = each.undecided()
        charset = each.params.charset
        if charset and not self.hint and not is_utf8(charset) and (codec := codec_of(charset)) is not None:
            self.hint = charset
            evidence.name(codec)
        if octets is not None and damaged_utf8(octets) is None:
            evidence.add(octets)
        elif octets is None and not self._is_certain(each):
            each.tell_utf8(evidence)
        if octets is None and not self._waiting and (not evidence.doubts_utf8 or self._is_certain(each)):
            each.add(self._contact, self._builder, each.utf8())
            self._tell_cut(each)
        else:
            self._waiting.append(each)
            self.size += len(each.value)

    def _is_certain(self, each: Property) -> bool:
        """Whether a text that is UTF-8 is so on purpose."""
        return bool(each.params.charset) or (each.params.encoding != "Q" and each.value.isascii())

    def _tell_cut(self, each: Property) -> None:
        if each.is_cut and each.add is not ignore:
            self.told[f"a {each.params.name} of this card is too long: only its beginning is read"] = None

    def settle(self, evidence: Evidence | None) -> Iterator[Item | None]:
        """The card, its open texts read as the card itself or the evidence says, and its notes.

        None is a pause, as in `reader.steps`.
        """
        work = 0
        for at, each in enumerate(self._waiting):
            each.add(self._contact, self._builder, each.utf8(evidence, self.hint, judges=at < _JUDGED_TEXTS))
            self._tell_cut(each)
            work += len(each.value) + _TEXT_WORK
            if work > _PAUSE_BYTES:
                work = 0
                yield None
        self._waiting = []
        item = finish(self._contact, self._builder)
        if not isinstance(item, Contact | Group):
            yield item or Reject(f"line {self._line}", EMPTY, self.record)
            return
        if self._text_bytes > SMALL or self._builder.is_large:
            self.told |= dict.fromkeys(bounded(item))
        yield item
        yield from self.notes
        yield from (Note(f"line {self._line}", reason) for reason in self.told)


Step = Item | UndecidedCard | None
"""The result of reading a card. None is a pause, as in `reader.steps`."""


def careful(lines: list[bytes], first: int, begin: int, evidence: Evidence, size: int) -> Iterator[Step]:
    """The card of these physical lines, BEGIN and END left out, and notes of the lines that were of no use.

    `first` is the number of the first of the lines, `begin` that of the card's BEGIN, `size` the bytes of all lines,
    those that were left out among them.
    """
    card = UndecidedCard(Contact(), CardBuilder(), begin, size)
    if len(lines) >= LINES:
        card.told[f"only {LINES} lines of this card are read"] = None
    strays: list[int] = []
    for each in properties(lines, card.told):
        if isinstance(each, Property):
            card.take(each, evidence)
        elif each is None:
            yield None
        else:
            strays.append(each)
    card.notes += (Note(f"line {first + at}", _STRAY) for at in strays[:NOTES])
    if len(strays) > NOTES:
        more = len(strays) - NOTES
        card.notes.append(
            Note(f"line {first + strays[NOTES]}", f"{more} more such lines of this card are left out")
        )
    yield from (card,) if card.is_open else card.settle(None)


def settled(steps: Iterator[Step], evidence: Evidence) -> Iterator[Item | None]:
    """The same items in the same order, no card undecided any more.

    An undecided card waits until the evidence is enough, too much waits, or the input ends.
    """
    held: deque[Item | UndecidedCard] = deque()
    size = 0
    for step in steps:
        # Almost every step is an item that nothing is held before.
        if step is None or not (held or step.__class__ is UndecidedCard):
            yield step  # pyright: ignore[reportReturnType]
            continue
        held.append(step)
        size += _size(step)
        if len(held) >= HELD_ITEMS or size >= HELD_BYTES or evidence.is_settled:
            yield from _released(held, evidence)
            size = 0
    yield from _released(held, evidence)


def _released(held: deque[Item | UndecidedCard], evidence: Evidence) -> Iterator[Item | None]:
    while held:
        step = held.popleft()
        if isinstance(step, UndecidedCard):
            yield from step.settle(evidence)
            yield None
        else:
            yield step


def _size(step: Item | UndecidedCard) -> int:
    if isinstance(step, UndecidedCard):
        return step.size
    return sum(len(photo.data) for photo in step.photos) if isinstance(step, Contact) else 0
