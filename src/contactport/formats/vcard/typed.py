"""Properties of vCard 4.0 with typed values, as jCard (RFC 7095) and xCard (RFC 6351) spell them.

Only the spelling differs. So a typed property is read by the same functions as one of a vCard, and what is written
is what `writer` writes as vCard 4.0, taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from contactport.contact import Contact, Group, Skipped
from contactport.formats.budgets import ENTRIES, KINDS, PROPERTIES, SMALL, bounded
from contactport.formats.vcard.builder import CardBuilder, finish
from contactport.formats.vcard.params import Params, cut, parse
from contactport.formats.vcard.properties import PROPERTIES as MAKERS
from contactport.formats.vcard.values import Add, escape, ignore, parts, unescape, words_of
from contactport.formats.vcard.writer import contact_card, group_card

Part = str | Sequence[str]
"""A part of a structured value; a list where it has several values."""
STRUCTURED = frozenset({"N", "ADR", "ORG", "GENDER", "CLIENTPIDMAP"})
LISTS = frozenset({"NICKNAME", "CATEGORIES"})
TOO_MANY = f"only {PROPERTIES} properties of this card are read"
_TYPES = {
    **dict.fromkeys(("BDAY", "ANNIVERSARY", "X-ABDATE"), "date-and-or-time"),
    **dict.fromkeys(("URL", "IMPP", "PHOTO", "UID", "RELATED", "MEMBER"), "uri"),
    "REV": "timestamp",
}
_TIMESTAMP = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(Z|[+-]\d\d(?::?\d\d)?)?")
_MEMBERS = frozenset({"MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"})
LINE_END = re.compile(r"\r\n?")


class TypedProperty(msgspec.Struct, gc=False):
    """A property. Its name is in capitals, `type` in small letters.

    `values` are texts; the one value of a structured property is a list of parts.
    """

    name: str
    type: str
    values: Sequence[str | Sequence[Part]]
    group: str = ""
    kinds: tuple[str, ...] = ()
    rank: int = 0
    parameters: Mapping[str, str] = {}
    """The others, their names in capitals."""


def timestamp(text: str, *, extended: bool) -> str:
    """A date and a time of day in one of the spellings of ISO 8601; "" if the text is something else."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return ""
    year, month, day, hour, minute, second, zone = found.groups(default="")
    if extended:
        return f"{year}-{month}-{day}T{hour}:{minute}:{second}{zone}"
    return f"{year}{month}{day}T{hour}{minute}{second}{zone.replace(':', '')}"


def kinds_and_rank(words: Iterable[str], pref: str = "") -> tuple[tuple[str, ...], int]:
    """The kinds among the words of TYPE, and the rank that PREF, or the word "pref", gives."""
    found = [word.strip() for each in words for word in LINE_END.sub("\n", each).split(",")]
    kinds = tuple(word for word in found if word and word.upper() != "PREF")
    if not pref:
        return kinds, int(len(kinds) < len(found) and any(word.upper() == "PREF" for word in found))
    rank = int(pref) if len(pref) <= 3 and pref.isascii() and pref.isdigit() else 0
    return kinds, rank if 1 <= rank <= 100 else 1


class TypedCard:
    """A card being read, property by property."""

    def __init__(self) -> None:
        self.contact, self.builder = Contact(), CardBuilder()
        self.builder.version = "4.0"
        self.told: dict[str, None] = {}
        """What was left out of the card, as text."""
        self._count = 0

    def add(self, each: TypedProperty) -> None:
        """Add a property to the contact."""
        self.take(each.name, self.adder(each), each.values)

    def take(self, name: str, add: Add, values: Sequence[str | Sequence[Part]]) -> None:
        """Add the values of a property to the contact by the function that `adder` has given."""
        if name not in _MEMBERS:
            self._count += 1
            if self._count > PROPERTIES:
                self.told[TOO_MANY] = None
                return
        if add is ignore:
            return
        contact, builder = self.contact, self.builder
        if name in LISTS:
            text = ",".join([escape(value if isinstance(value, str) else _joined(value)) for value in values])
            add(contact, builder, text.encode(errors="replace"))
            return
        # One more than is kept, so that it is told.
        for value in values if len(values) <= ENTRIES else values[: ENTRIES + 1]:
            if not isinstance(value, str):
                text = ";".join([escape(part) if isinstance(part, str) else _several(part) for part in value])
            elif name == "PHOTO" and value[:5].lower() == "data:":
                text = value
            else:
                text = escape(value)
            if text:
                add(contact, builder, text.encode(errors="replace"))

    def adder(self, each: TypedProperty) -> Add:
        """The function that adds values of such a property. It needs neither this card nor these values."""
        kinds = each.kinds
        if len(kinds) > KINDS:
            self.told[f"only {KINDS} kinds of one of the values of this card are kept"] = None
            kinds = kinds[:KINDS]
        maker = MAKERS.get(each.name)
        if maker is None:
            return ignore
        others = dict(each.parameters)
        if "LABEL" in others:
            # Readers know the escapes of text there.
            others["LABEL"] = escape(others["LABEL"])
        value = each.type if each.type in ("text", "uri") else ""
        return maker(Params(each.name, each.group.upper(), kinds, each.rank, value=value, others=others))

    def finish(self, size: int) -> tuple[Contact | Group | Skipped | None, list[str]]:
        """What the card is, as `builder.finish` says, and what was left out; `size` is its length in characters."""
        item = finish(self.contact, self.builder)
        if isinstance(item, Contact | Group) and (size > SMALL or self.builder.is_large):
            self.told |= dict.fromkeys(bounded(item))
        return item, list(self.told)


def _several(part: Sequence[str]) -> str:
    return ",".join(map(escape, part))


def _joined(parts_: Iterable[Part]) -> str:
    return " ".join(part if isinstance(part, str) else " ".join(part) for part in parts_)


def contact_properties(contact: Contact) -> Iterator[TypedProperty]:
    """The properties of a contact, VERSION left out."""
    return _typed(contact_card(contact, "4.0"))


def group_properties(group: Group) -> Iterator[TypedProperty]:
    """The properties of a group, VERSION left out."""
    return _typed(group_card(group, "4.0"))


def _typed(card: bytes) -> Iterator[TypedProperty]:
    for line in card.replace(b"\r\n ", b"").split(b"\r\n")[2:-2]:
        prefix, _, value = cut(line)
        params = parse(prefix)
        if params is None:
            continue
        name, others, values = params.name, params.others, [unescape(value.decode())]
        type_ = params.value or _TYPES.get(name, "text")
        if name in STRUCTURED:
            found = parts(value.decode())
            values = [found if len(found) > 1 else found[0]]
        elif name in LISTS:
            values = words_of(value)
        elif name == "REV" and not timestamp(values[0], extended=False):
            type_ = "text"
        if "LABEL" in others:
            others = {**others, "LABEL": unescape(others["LABEL"])}
        yield TypedProperty(name, type_, values, params.group, params.kinds, params.rank, others)
