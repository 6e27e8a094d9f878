"""Fields: what a column of a table can be, and how a field is written (`phone.work.fax`, `address.home.city`)."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import msgspec

KINDS: dict[str, tuple[str, ...]] = {
    "mobile": ("CELL",),
    "fax": ("FAX",),
    "pager": ("PAGER",),
    "car": ("CAR",),
    "assistant": ("ASSISTANT",),
    "callback": ("CALLBACK",),
    "radio": ("RADIO",),
    "telex": ("TELEX",),
    "isdn": ("ISDN",),
    "tty": ("TTYTDD",),
    "company": ("COMPANY",),
    "main": ("MAIN",),
    "home": ("HOME",),
    "work": ("WORK",),
    "other": ("OTHER",),
    "school": ("SCHOOL",),
}
"""The words for kinds in a field, as TYPE has them: first what it is, then where."""
SERVICES = {
    "aim": "aim",
    "icq": "icq",
    "jabber": "xmpp",
    "googletalk": "xmpp",
    "msn": "msn",
    "qq": "qq",
    "skype": "skype",
    "yahoo": "ymsgr",
    "irc": "irc",
    "whatsapp": "whatsapp",
    "telegram": "telegram",
    "sip": "sip",
    "gadugadu": "gg",
    "line": "line",
    "wechat": "wechat",
    "kakaotalk": "kakaotalk",
}
"""The words for messengers, and the schemes of their addresses."""
RELATIONS = frozenset(
    {
        *("spouse", "partner", "child", "mother", "father", "parent", "brother", "sister", "sibling"),
        *("friend", "relative", "manager", "assistant", "colleague"),
    }
)
PLACE = ("po_box", "extended", "street", "city", "region", "postal_code", "country", "formatted")
"""The parts of an address, in the order of `Address`."""
_PHONE = frozenset(KINDS)
_PLAIN = frozenset({"home", "work", "other", "school"})
_LABELLED = frozenset({"label"})

_BASES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    **dict.fromkeys(
        (
            *("name", "full_name", "given_name", "middle_name", "family_name", "prefix", "suffix"),
            *("nickname", "phonetic_given_name", "phonetic_family_name", "title", "prefix_or_title", "role"),
            *("organisation", "department", "birthday", "birth_year", "birth_month", "birth_day"),
            *("anniversary", "notes", "categories", "photo", "uid", "file_as", "ignore"),
        ),
        (frozenset[str](), frozenset[str]()),
    ),
    "email": (_PLAIN, _LABELLED),
    "phone": (_PHONE, _LABELLED),
    "address": (
        _PLAIN,
        _LABELLED | {*PLACE, "street2", "street3", "house_number"},
    ),
    "website": (_PLAIN, _LABELLED),
    "messenger": (frozenset({*SERVICES, *_PLAIN}), _LABELLED | {"service"}),
    "relation": (RELATIONS, _LABELLED),
    "date": (frozenset[str](), _LABELLED),
    "custom": (frozenset[str](), _LABELLED),
}
"""For each sort of field the kinds and the parts that it can have.

`name` is a full name, or the family name where the given name has a column of its own. `prefix_or_title` is `Mr.`
or `Editor`: the other columns and the values decide. `address` alone is a street, or a whole address.
"""


class UnknownField(LookupError):
    """No field is written so. The text says what is possible."""


class Field(msgspec.Struct, frozen=True):
    """What a column is: its sort, its kinds in their order, and its part of an entry of several columns."""

    base: str
    kinds: tuple[str, ...] = ()
    part: str = ""

    def __str__(self) -> str:
        return ".".join(filter(None, (self.base, *self.kinds, self.part)))

    def of(self, kind: str) -> Field | None:
        """The same field with one more kind; None if it can't have this kind."""
        if kind not in _BASES[self.base][0] or self.part == "label":
            return None
        return Field(self.base, _ordered({*self.kinds, kind}), self.part)


def _ordered(kinds: set[str]) -> tuple[str, ...]:
    order = list(KINDS)
    return tuple(sorted(kinds, key=lambda kind: (order.index(kind) if kind in order else -1, kind)))


def parse(text: str) -> Field:
    """The field that is written so. Raises UnknownField."""
    base, *words = text.strip().lower().split(".")
    if base not in _BASES:
        raise UnknownField(f"there is no field {base!r}{nearest(base, _BASES)}, only {', '.join(_BASES)}")
    kinds, parts = _BASES[base]
    part = ""
    if words and words[-1] in parts:
        part = words.pop()
    for word in words:
        if word not in kinds:
            possible = sorted((*kinds, *parts))
            near = nearest(word, possible)
            raise UnknownField(
                f"{base}.{word} is no field{near}; after {base} stand {', '.join(possible) or 'no words'}"
            )
    return Field(base, _ordered(set(words)), part)


def nearest(word: str, known: Iterable[str]) -> str:
    """A question about the words that are spelt like this one: ` (did you mean 'email'?)`. Empty if there is none."""
    spelt = {each.casefold(): each for each in known}
    found = [repr(spelt[each]) for each in get_close_matches(word.casefold(), spelt)]
    return f" (did you mean {' or '.join(found)}?)" if found else ""
