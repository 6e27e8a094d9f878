"""Steps from a cell to a contact: one for each column that is an entry alone, made once for a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from contactport.contact import (
    Contact,
    Email,
    Labelled,
    LabelledDate,
    PartialDate,
    Phone,
    Photo,
)
from contactport.formats import dates
from contactport.formats.budgets import GROUP_NAME
from contactport.formats.columns import cells, table_dates
from contactport.formats.columns.fields import KINDS, SERVICES
from contactport.formats.columns.labels import Labels
from contactport.formats.photos import is_safe

JOIN = " ::: "
"""Between several values of one cell, as Google writes them."""
LONG = ""
"""Told of a row that is short and yet has to be compared with the budgets."""
_MOST = 500
"""Cells with groups that are remembered for one table."""
NO_ADDRESS = "a value that is no e-mail address is left out"
ROLE, NOTE = "Role", "Note"
"""The labels of custom fields that are written for what Google has no columns for."""

Row = Sequence[str]
Told = list[str]
"""What is noted about a row, without any text of the user."""
Step = Callable[[Contact, str, Row, Told], None]
"""Reads a cell that is not empty into the contact. It may look at other cells of the row."""

_ADDRESS = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+")
_ANGLE = re.compile(r"<\s*([^<>\s]+@[^<>\s]+)\s*>")
_BETWEEN = re.compile(r"[\s,;]+")
_PLAIN_NUMBER = re.compile(r"[+(]?[0-9][0-9 ()/\-]*")
_NUMBERS = re.compile(r"[;\n]| ::: ")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_LETTERS = re.compile(r"[\W_]+")


def _parts(cell: str) -> list[str]:
    """The values of a cell, without those that are empty."""
    if JOIN in cell:
        return [text for part in cell.split(JOIN) if (text := cells.plain(part))]
    text = cells.plain(cell)
    return [text] if text else []


def _pairs(cell: str, label: str) -> list[tuple[str, str]]:
    """Values with their labels. Both cells hold as many, or the first label counts for all."""
    if JOIN not in cell:
        text = cells.plain(cell)
        return [(text, label)] if text else []
    texts, words = cell.split(JOIN), label.split(JOIN)
    if len(words) != len(texts):
        words = [words[0], *[words[0].removeprefix("* ")] * (len(texts) - 1)]
    return [(text, word) for part, word in zip(texts, words, strict=True) if (text := cells.plain(part))]


def text(field: str) -> Step:
    """A field that is one text. The first column of several that is filled counts."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        if not getattr(contact, field):
            setattr(contact, field, cells.plain(cell))

    return step


def file_as(contact: Contact, cell: str, row: Row, told: Told) -> None:
    """The name under which a contact is sorted. It is the name of one that has no other."""
    name = contact.name
    if not (name.given or name.family or contact.formatted_name):
        contact.formatted_name = cells.plain(cell)


def texts(field: str) -> Step:
    """A list of texts: nicknames, titles, roles."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        getattr(contact, field).extend(_parts(cell))

    return step


def note(contact: Contact, cell: str, row: Row, told: Told) -> None:
    """A note."""
    value = cells.plain(cell)
    if value:
        contact.notes.append(value)


def categories(*, exact: bool) -> Step:
    """Groups. Google marks its own with a star; Outlook has semicolons, others commas."""
    known: dict[str, list[str]] = {}

    def split(cell: str) -> list[str]:
        between = JOIN if exact or JOIN in cell else ";" if ";" in cell else ","
        words = (word.strip() for word in cell.split(between))
        return list(dict.fromkeys(group for word in words if (group := word.removeprefix("* ").strip())))

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        found = known.get(cell)
        if found is None:
            found = split(cell)
            if len(cell) > GROUP_NAME:
                told.append(LONG)
            elif len(known) < _MOST:
                known[cell] = found
        contact.categories = [*contact.categories, *found] if contact.categories else found[:]

    return step


def photo(contact: Contact, cell: str, row: Row, told: Told) -> None:
    """The address of a picture."""
    contact.photos += [Photo(uri=uri) for uri in _parts(cell) if is_safe(uri)]


def email(kinds: tuple[str, ...], label_at: int, labels: Labels, *, exact: bool) -> Step:
    """E-mail addresses. `label_at` is the place of the label, or of no cell."""
    is_plain, known = _ADDRESS.fullmatch, labels.known

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        spelled = row[label_at]
        if is_plain(cell) is not None:
            own, label, primary = known.get(spelled) or labels.get(spelled)
            contact.emails.append(Email(cell, own or kinds, label, primary))
            return
        for value, word in _pairs(cell, spelled):
            own, label, primary = labels.get(word)
            for address in (value,) if exact else _addresses(value, told):
                contact.emails.append(Email(address, own or kinds, label, primary))

    return step


def _addresses(value: str, told: Told) -> list[str]:
    """The addresses in a text: one, several, or with names."""
    found = [_bare(word) for word in _ANGLE.findall(value)] or [
        _bare(word) for word in _BETWEEN.split(value) if "@" in word
    ]
    if not found and value.casefold() not in cells.EMPTY:
        told.append(NO_ADDRESS)
    return [address for address in found if address]


def _bare(word: str) -> str:
    word = word.strip("'\"()<>")
    return word[7:] if word[:7].lower() == "mailto:" else word


def phone(kinds: tuple[str, ...], label_at: int, labels: Labels, *, exact: bool) -> Step:
    """Telephone numbers. `label_at` is as in `email`."""
    is_plain, known = _PLAIN_NUMBER.fullmatch, labels.known

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        spelled = row[label_at]
        if is_plain(cell) is not None:
            own, label, primary = known.get(spelled) or labels.get(spelled)
            contact.phones.append(Phone(cell.rstrip(), own or kinds, label, primary))
            return
        for value, word in _pairs(cell, spelled):
            own, label, primary = labels.get(word)
            for number in (value,) if exact else _repaired(value, told):
                contact.phones.append(Phone(number, own or kinds, label, primary))

    return step


def _repaired(value: str, told: Told) -> list[str]:
    found: list[str] = []
    for each in _NUMBERS.split(value):
        number = cells.number(each)
        if number[:4].lower() == "tel:":
            number = number[4:]
        if not number or number.casefold() in cells.EMPTY:
            continue
        if cells.is_shortened(number):
            told.append(cells.SHORTENED)
        found.append(number)
    return found


def labelled(field: str, kinds: tuple[str, ...], label_at: int, labels: Labels) -> Step:
    """Web pages and relations."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        for value, word in _pairs(cell, row[label_at]):
            label = labels.get(word)
            entry = Labelled(value, label.kinds or kinds, label.label, label.primary)
            getattr(contact, field).append(entry)

    return step


def messenger(kinds: tuple[str, ...], service: str, service_at: int, label: tuple[int, Labels]) -> Step:
    """Accounts of messengers. The scheme comes from the column's service, or from a column that names it."""
    label_at, labels = label

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        services = row[service_at].split(JOIN)
        for at, (value, word) in enumerate(_pairs(cell, row[label_at])):
            named = labels.get(word)
            spoken = services[at] if at < len(services) else services[0]
            scheme = service or SERVICES.get(_LETTERS.sub("", spoken).casefold(), "")
            if scheme and _SCHEME.match(value) is None:
                value = f"{scheme}:{value}"
            own = named.label or (None if scheme else spoken.strip() or None)
            contact.messengers.append(Labelled(value, named.kinds or kinds, own, named.primary))

    return step


def date(label_at: int, field: str, *, exact: bool, day_first: bool) -> Step:
    """Dates with a label, or the anniversary."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        for value, word in _pairs(cell, row[label_at]):
            parsed = _date(value, exact=exact, day_first=day_first)
            if parsed is None:
                continue
            spoken = word.strip().removeprefix("* ").strip()
            if field == "anniversary" or spoken.casefold() == "anniversary":
                if contact.anniversary is None:
                    contact.anniversary = parsed
                    continue
                spoken = spoken or "Anniversary"
            contact.dates.append(LabelledDate(parsed, spoken or None))

    return step


def birthday(*, exact: bool, day_first: bool) -> Step:
    """The birthday."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        if len(cell) == 10 and cell[4] == "-" and contact.birthday is None:
            contact.birthday = dates.parse(cell)
            return
        value = cells.plain(cell)
        if value and contact.birthday is None:
            contact.birthday = _date(value, exact=exact, day_first=day_first)

    return step


def _date(value: str, *, exact: bool, day_first: bool) -> PartialDate | None:
    if exact:
        return dates.parse(value)
    if value.casefold() in cells.EMPTY:
        return None
    return table_dates.parse(value, day_first=day_first)


def custom(label_at: int, labels: Labels, *, exact: bool) -> Step:
    """Fields of a user's own. They are notes, unless they were written for what has no column."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        for value, word in _pairs(cell, row[label_at]):
            spoken = word.strip()
            if exact and spoken == ROLE:
                contact.roles.append(value)
            elif exact and spoken == NOTE:
                contact.notes.append(value)
            elif exact:
                label = labels.get(word)
                contact.messengers.append(Labelled(value, label.kinds, label.label, label.primary))
            else:
                contact.notes.append(f"{spoken}: {value}" if spoken else value)

    return step


def kinds_of(words: Sequence[str]) -> tuple[str, ...]:
    """The kinds of an entry from the words of its field."""
    return tuple(kind for word in words for kind in KINDS.get(word, (word,)))
