"""Labels of entries: the words of people for kinds (`* Home`, `Mobile`), as TYPE has them or as they are."""

from __future__ import annotations

from typing import NamedTuple

from contactport.formats.columns.fields import RELATIONS

_KINDS = {
    "home": ("HOME",),
    "work": ("WORK",),
    "mobile": ("CELL",),
    "cell": ("CELL",),
    "main": ("MAIN",),
    "fax": ("FAX",),
    "pager": ("PAGER",),
    "other": ("OTHER",),
    "car": ("CAR",),
    "school": ("SCHOOL",),
    # The types of Outlook's e-mail addresses.
    **dict.fromkeys(("smtp", "ex"), ()),
    **{relation: (relation,) for relation in RELATIONS},
}
_MOST = 500
"""Labels that are remembered for one table."""


class Label(NamedTuple):
    """What a label says: kinds if its word is known, otherwise the word, and whether the entry is preferred."""

    kinds: tuple[str, ...] = ()
    label: str | None = None
    primary: bool = False


_NONE = Label()


class Labels:
    """The labels of one table. It remembers those that it has read."""

    def __init__(self) -> None:
        self.known: dict[str, Label] = {"": _NONE}
        """Labels that were read before, some hundreds at most."""

    def get(self, text: str) -> Label:
        """What a label says. A star before it marks the preferred entry, as Google writes it."""
        found = self.known.get(text)
        if found is None:
            found = _read(text)
            if len(self.known) < _MOST:
                self.known[text] = found
        return found


def _read(text: str) -> Label:
    word = text.strip()
    primary = word == "*" or word.startswith("* ")
    if primary:
        word = word[1:].strip()
    kinds = _KINDS.get(word.casefold())
    if kinds is not None:
        return Label(kinds, None, primary)
    return Label((), word or None, primary)
