"""Steps from several cells to a contact: names, addresses, organisations and birthdays have several columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from operator import itemgetter

from contactport.contact import Address, Contact, Name, Organisation, PartialDate
from contactport.formats import dates
from contactport.formats.columns import cells
from contactport.formats.columns.fields import PLACE
from contactport.formats.columns.labels import Label, Labels
from contactport.formats.columns.steps import JOIN, Row, Told

NAME = ("family", "given", "additional", "prefixes", "suffixes")
"""The parts of a name, in the order of `Name`."""
SetStep = Callable[[Contact, Row, Told], None]
"""Reads cells, some of which are filled, into the contact."""


def name(places: dict[str, int], empty: int) -> Callable[[Row], Name]:
    """The name, from the columns of its parts. `empty` is the place of no cell."""
    get: Callable[[Row], tuple[str, ...]] = itemgetter(*(places.get(part, empty) for part in NAME))

    def step(row: Row) -> Name:
        family, given, additional, prefixes, suffixes = values = get(row)
        if "=" in "".join(values):
            return Name(*map(cells.plain, values))
        return Name(family.strip(), given.strip(), additional.strip(), prefixes.strip(), suffixes.strip())

    return step


def organisation(name_at: int, unit_at: int, *, exact: bool) -> SetStep:
    """An organisation and its department."""

    def step(contact: Contact, row: Row, told: Told) -> None:
        name, unit = row[name_at], row[unit_at]
        if not unit:
            if not name:
                return
            if JOIN not in name:
                text = cells.plain(name)
                if text:
                    contact.organisations.append(Organisation(text))
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
    kinds: tuple[str, ...], places: dict[str, int], empty: int, label_at: int, labels: Labels
) -> SetStep:
    """An address of several columns. `places` says where its parts are, and `empty` is the place of no cell."""
    get: Callable[[Row], tuple[str, ...]] = itemgetter(*(places.get(part, empty) for part in PLACE))
    lines = [places[part] for part in _LINES if part in places]
    has_lines = len(lines) > ("street" in places)

    def step(contact: Contact, row: Row, told: Told) -> None:
        values = get(row)
        all_values = "".join(values)
        if has_lines:
            values, all_values = _with_lines(values, row, places)
        elif not all_values:
            return
        if JOIN in all_values:
            words = row[label_at].split(JOIN)
            split = zip_longest(*(value.split(JOIN) for value in values), fillvalue="")
            for at, some in enumerate(split):
                add(contact, some, labels.get(words[at] if at < len(words) else words[0]))
        else:
            add(contact, values, labels.get(row[label_at]))

    def add(contact: Contact, values: Sequence[str], label: Label) -> None:
        if "=" in "".join(values):
            values = [cells.plain(value) for value in values]
        box, extended, street, city, region, code, country, formatted = values
        own, spoken, primary = label
        made = Address(
            box.strip(),
            extended.strip(),
            street.strip(),
            city.strip(),
            region.strip(),
            code.strip(),
            country.strip(),
            formatted.strip(),
            own or kinds,
            spoken,
            primary,
        )
        if (
            made.street
            or made.city
            or made.formatted
            or made.postal_code
            or made.region
            or made.country
            or made.po_box
            or made.extended
        ):
            contact.addresses.append(made)

    return step


_STREET = PLACE.index("street")


def _with_lines(values: tuple[str, ...], row: Row, places: dict[str, int]) -> tuple[tuple[str, ...], str]:
    """The parts of an address whose street stands in several columns."""
    street, house, *more = (row[places[part]].strip() if part in places else "" for part in _LINES)
    lines = "\n".join(line for line in (f"{street} {house}".strip(), *more) if line)
    values = (*values[:_STREET], lines, *values[_STREET + 1 :])
    return values, "".join(values)


def birth_parts(year_at: int, month_at: int, day_at: int) -> SetStep:
    """A birthday in three columns."""

    def step(contact: Contact, row: Row, told: Told) -> None:
        year, month, day = (row[at].strip() for at in (year_at, month_at, day_at))
        if contact.birthday is not None or not (month or year):
            return
        if all(part.isdecimal() and len(part) <= 4 for part in (year, month, day) if part):
            numbers = [int(part or 0) or None for part in (year, month, day)]
            if any(numbers):
                spelled = PartialDate(numbers[0], numbers[1], numbers[2])
                found = dates.parse(dates.compose(spelled))
                contact.birthday = None if found.text else found

    return step
