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
        self._known: dict[str, Label] = {"": _NONE}

    def get(self, text: str) -> Label:
        """What a label says. A star before it marks the preferred entry, as Google writes it."""
        found = self._known.get(text)
        if found is None:
            found = _read(text)
            if len(self._known) < _MOST:
                self._known[text] = found
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
