"""Steps from cells to a contact: one for each column or set of columns, made once for a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import zip_longest
from operator import itemgetter
from typing import Any

from contactport.contact import (
    Address,
    Contact,
    Email,
    Labelled,
    LabelledDate,
    Organisation,
    PartialDate,
    Phone,
    Photo,
)
from contactport.formats.columns import cells, table_dates
from contactport.formats.columns.fields import KINDS, SERVICES
from contactport.formats.columns.labels import Label, Labels
from contactport.formats.photos import is_safe

JOIN = " ::: "
"""Between several values of one cell, as Google writes them."""
NO_ADDRESS = "a value that is no e-mail address is left out"
ROLE, NOTE = "Role", "Note"
"""The labels of custom fields that are written for what Google has no columns for."""

Row = Sequence[str]
Told = list[str]
"""What is noted about a row, without any text of the user."""
Step = Callable[[Contact, str, Row, Told], None]
"""Reads a cell that is not empty into the contact. It may look at other cells of the row."""
WholeStep = Callable[[Contact, Row, Told], None]
"""The same for several cells, some of which are filled."""

_ADDRESS = re.compile(r"[^\s@<>,;\"'()]+@[^\s@<>,;\"'()]+")
_ANGLE = re.compile(r"<\s*([^<>\s]+@[^<>\s]+)\s*>")
_BETWEEN = re.compile(r"[\s,;]+")
_PLAIN_NUMBER = re.compile(r"[+(]?\d[\d ()/\-]*")
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


def name_part(part: str) -> Step:
    """A part of the name. The first column of several that is filled counts."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        name = contact.name
        if not getattr(name, part):
            setattr(name, part, cells.plain(cell))

    return step


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

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        between = JOIN if exact or JOIN in cell else ";" if ";" in cell else ","
        for word in cell.split(between):
            group = word.strip()
            if group.startswith("* "):
                group = group[2:].strip()
            if group and group not in contact.categories:
                contact.categories.append(group)

    return step


def photo(contact: Contact, cell: str, row: Row, told: Told) -> None:
    """The address of a picture."""
    contact.photos += [Photo(uri=uri) for uri in _parts(cell) if is_safe(uri)]


def _labelled(row: Row, at: int | None) -> str:
    return "" if at is None else row[at]


def email(kinds: tuple[str, ...], label_at: int | None, labels: Labels, *, exact: bool) -> Step:
    """E-mail addresses."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        spelled = "" if label_at is None else row[label_at]
        if _ADDRESS.fullmatch(cell) is not None:
            label = labels.get(spelled)
            contact.emails.append(Email(cell, label.kinds or kinds, label.label, label.primary))
            return
        for value, word in _pairs(cell, spelled):
            label = labels.get(word)
            for address in (value,) if exact else _addresses(value, told):
                contact.emails.append(Email(address, label.kinds or kinds, label.label, label.primary))

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


def phone(kinds: tuple[str, ...], label_at: int | None, labels: Labels, *, exact: bool) -> Step:
    """Telephone numbers."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        spelled = "" if label_at is None else row[label_at]
        if _PLAIN_NUMBER.fullmatch(cell) is not None:
            label = labels.get(spelled)
            contact.phones.append(Phone(cell.rstrip(), label.kinds or kinds, label.label, label.primary))
            return
        for value, word in _pairs(cell, spelled):
            label = labels.get(word)
            for number in (value,) if exact else _repaired(value, told):
                contact.phones.append(Phone(number, label.kinds or kinds, label.label, label.primary))

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


def labelled(field: str, kinds: tuple[str, ...], label_at: int | None, labels: Labels) -> Step:
    """Web pages and relations."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        for value, word in _pairs(cell, _labelled(row, label_at)):
            label = labels.get(word)
            entry = Labelled(value, label.kinds or kinds, label.label, label.primary)
            getattr(contact, field).append(entry)

    return step


def messenger(
    kinds: tuple[str, ...], service: str, service_at: int | None, label: tuple[int | None, Labels]
) -> Step:
    """Accounts of messengers. The scheme comes from the column's service, or from a column that names it."""
    label_at, labels = label

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        services = _labelled(row, service_at).split(JOIN)
        for at, (value, word) in enumerate(_pairs(cell, _labelled(row, label_at))):
            named = labels.get(word)
            spoken = services[at] if at < len(services) else services[0]
            scheme = service or SERVICES.get(_LETTERS.sub("", spoken).casefold(), "")
            if scheme and _SCHEME.match(value) is None:
                value = f"{scheme}:{value}"
            own = named.label or (None if scheme else spoken.strip() or None)
            contact.messengers.append(Labelled(value, named.kinds or kinds, own, named.primary))

    return step


def date(label_at: int | None, field: str, *, exact: bool, day_first: bool) -> Step:
    """Dates with a label, or the anniversary."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        for value, word in _pairs(cell, _labelled(row, label_at)):
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
        value = cells.plain(cell)
        if value and contact.birthday is None:
            contact.birthday = _date(value, exact=exact, day_first=day_first)

    return step


def _date(value: str, *, exact: bool, day_first: bool) -> PartialDate | None:
    if exact:
        return table_dates.dates.parse(value)
    if value.casefold() in cells.EMPTY:
        return None
    return table_dates.parse(value, day_first=day_first)


def custom(label_at: int | None, labels: Labels, *, exact: bool) -> Step:
    """Fields of a user's own. They are notes, unless they were written for what has no column."""

    def step(contact: Contact, cell: str, row: Row, told: Told) -> None:
        for value, word in _pairs(cell, _labelled(row, label_at)):
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


def organisation(name_at: int | None, unit_at: int | None, *, exact: bool) -> WholeStep:
    """An organisation and its department."""

    def step(contact: Contact, row: Row, told: Told) -> None:
        name, unit = _labelled(row, name_at), _labelled(row, unit_at)
        if not name and not unit:
            return
        if JOIN in name or JOIN in unit:
            both = zip_longest(name.split(JOIN), unit.split(JOIN), fillvalue="")
        else:
            both = ((name, unit),)
        for one, units in both:
            split = units.split(", ") if exact else [units]
            found = Organisation(cells.plain(one), [each for part in split if (each := cells.plain(part))])
            if found.name or found.units:
                contact.organisations.append(found)

    return step


_LINES = ("street", "house_number", "street2", "street3")


def address(
    kinds: tuple[str, ...], places: dict[str, int], label_at: int | None, labels: Labels
) -> WholeStep:
    """An address of several columns; `places` says where its parts are."""
    ats = tuple(places.values())
    names = tuple(places)
    get: Callable[[Row], tuple[str, ...]] = itemgetter(*ats, ats[0])
    has_lines = any(part in places for part in _LINES[1:])

    def step(contact: Contact, row: Row, told: Told) -> None:
        values = get(row)
        if not any(values):
            return
        spelled = _labelled(row, label_at)
        if any(JOIN in value for value in values):
            words = spelled.split(JOIN)
            split = zip_longest(*(value.split(JOIN) for value in values), fillvalue="")
            for at, some in enumerate(split):
                add(contact, some, labels.get(words[at] if at < len(words) else words[0]))
        else:
            add(contact, values, labels.get(spelled))

    def add(contact: Contact, values: Sequence[str], label: Label) -> None:
        found: dict[str, Any] = {
            name: value
            for name, cell in zip(names, values, strict=False)
            if cell and (value := cells.plain(cell))
        }
        if not found:
            return
        if has_lines:
            _join_lines(found)
        contact.addresses.append(
            Address(**found, kinds=label.kinds or kinds, label=label.label, primary=label.primary)
        )

    return step


def _join_lines(found: dict[str, Any]) -> None:
    street, house, *more = (found.pop(part, "") for part in _LINES)
    first = f"{street} {house}".strip()
    lines = "\n".join(line for line in (first, *more) if line)
    if lines:
        found["street"] = lines


def birth_parts(year_at: int | None, month_at: int | None, day_at: int | None) -> WholeStep:
    """A birthday in three columns."""

    def step(contact: Contact, row: Row, told: Told) -> None:
        year, month, day = (_labelled(row, at).strip() for at in (year_at, month_at, day_at))
        if contact.birthday is not None or not (month or year):
            return
        if all(part.isdecimal() and len(part) <= 4 for part in (year, month, day) if part):
            numbers = [int(part or 0) or None for part in (year, month, day)]
            if any(numbers):
                spelled = PartialDate(numbers[0], numbers[1], numbers[2])
                found = table_dates.dates.parse(table_dates.dates.compose(spelled))
                contact.birthday = None if found.text else found

    return step


def kinds_of(words: Sequence[str]) -> tuple[str, ...]:
    """The kinds of an entry from the words of its field."""
    return tuple(kind for word in words for kind in KINDS.get(word, (word,)))
