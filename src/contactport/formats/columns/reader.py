"""Reader of rows: what was understood of a table, and contacts from its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from contactport.contact import Contact, Item, Note, Reject
from contactport.formats.budgets import GROUP_NAME, SMALL, bounded
from contactport.formats.columns import steps, table_dates
from contactport.formats.columns.fields import PLACE, SERVICES, Field, parse
from contactport.formats.columns.labels import Labels
from contactport.formats.columns.understanding import Column, Row, Understanding, understanding

NOTHING = "this row says nothing about a person"
_NAMES = {
    "given_name": "given",
    "middle_name": "additional",
    "family_name": "family",
    "prefix": "prefixes",
    "suffix": "suffixes",
}
_TEXTS = {
    "full_name": "formatted_name",
    "phonetic_given_name": "phonetic_given",
    "phonetic_family_name": "phonetic_family",
    "uid": "uid",
}
_LISTS = {"nickname": "nicknames", "title": "titles", "role": "roles"}
_PLACES = {*PLACE, "street2", "street3", "house_number"}


class Columns:
    """The columns of a table and the reader of its rows.

    `exact` says that this program wrote the table, so that nothing in it is repaired.
    """

    def __init__(self, understood: Understanding, sample: Sequence[Row] = (), *, exact: bool = False) -> None:
        self.understood = understood
        self._exact = exact
        self._sample = sample[understood.start :]
        self._labels = Labels()
        self._steps: list[tuple[int, steps.Step]] = []
        self._whole: list[steps.WholeStep] = []
        self._width = len(understood.columns)
        self._header = list(sample[understood.header]) if understood.header is not None else None
        self._make()

    def items(self, row: Sequence[str], place: str) -> Iterator[Item]:
        """The contact of a row and its notes, or a reject. Nothing for an empty row or a repeated header."""
        missing = self._width - len(row)
        if missing > 0:
            row = [*row, *[""] * missing]
        contact, told = Contact(), list[str]()
        for at, step in self._steps:
            cell = row[at]
            if cell:
                step(contact, cell, row, told)
        for whole in self._whole:
            whole(contact, row, told)
        name = contact.name
        if self._exact and not contact.formatted_name:
            contact.formatted_name = composed(contact)
        if not (contact.emails or contact.phones or name.given or name.family or contact.formatted_name):
            if not any(cell.strip() for cell in row):
                return
            if contact == Contact(categories=contact.categories, uid=contact.uid):
                yield Reject(place, NOTHING)
                return
        if self._header is not None and row[0] == self._header[0] and list(row) == self._header:
            return
        if sum(map(len, row)) > SMALL or any(len(word) > GROUP_NAME for word in contact.categories):
            told += bounded(contact)
        yield contact
        if told:
            for reason in dict.fromkeys(told):
                yield Note(place, reason)

    def _make(self) -> None:
        columns = [(column, parse(column.field)) for column in self.understood.columns if column.field]
        for column, field in columns:
            step = self._step(column, field, columns)
            if step is not None:
                self._steps.append((column.index, step))
        # A sort name looks at the other names.
        self._steps.sort(key=lambda one: one[1] is steps.file_as)
        self._make_addresses(columns)
        self._make_organisations(columns)
        births = [self._first(columns, base) for base in ("birth_year", "birth_month", "birth_day")]
        if any(at is not None for at in births):
            self._whole.append(steps.birth_parts(*births))

    def _first(self, columns: Sequence[tuple[Column, Field]], base: str) -> int | None:
        return next((column.index for column, field in columns if field.base == base), None)

    def _step(
        self, column: Column, field: Field, columns: Sequence[tuple[Column, Field]]
    ) -> steps.Step | None:
        """The step for a column that stands alone."""
        if field.part in ("label", "service"):
            return None
        base, exact = field.base, self._exact
        if base in _NAMES:
            return steps.name_part(_NAMES[base])
        if base in _TEXTS:
            return steps.text(_TEXTS[base])
        if base in _LISTS:
            return steps.texts(_LISTS[base])
        if base == "file_as":
            return steps.text("formatted_name") if exact else steps.file_as
        if base == "notes":
            return steps.note
        if base == "categories":
            return steps.categories(exact=exact)
        if base == "photo":
            return steps.photo
        label_at = _partner(column, field, "label", columns)
        day_first = table_dates.is_day_first(
            (row[column.index] for row in self._sample if column.index < len(row)),
            by_default=self.understood.language not in ("en", "general", ""),
        )
        if base == "birthday":
            return steps.birthday(exact=exact, day_first=day_first)
        if base in ("date", "anniversary"):
            return steps.date(label_at, base, exact=exact, day_first=day_first)
        kinds = steps.kinds_of(field.kinds)
        if base == "email":
            return steps.email(kinds, label_at, self._labels, exact=exact)
        if base == "phone":
            return steps.phone(kinds, label_at, self._labels, exact=exact)
        if base == "website":
            return steps.labelled("urls", kinds, label_at, self._labels)
        if base == "relation":
            return steps.labelled("relations", kinds, label_at, self._labels)
        if base == "messenger":
            service = next((SERVICES[word] for word in field.kinds if word in SERVICES), "")
            plain = steps.kinds_of([word for word in field.kinds if word not in SERVICES])
            service_at = _partner(column, field, "service", columns)
            return steps.messenger(plain, service, service_at, (label_at, self._labels))
        if base == "custom":
            return steps.custom(label_at, self._labels, exact=exact)
        return None

    def _make_addresses(self, columns: Sequence[tuple[Column, Field]]) -> None:
        """Each set of columns with the same kinds and number is an address; a part that comes again begins one."""
        sets: list[tuple[tuple[str, ...], int, dict[str, int]]] = []
        for column, field in columns:
            if field.base != "address":
                continue
            part = field.part or "whole"
            known = [one for one in sets if one[0] == field.kinds and one[1] == column.number]
            if not known or part in known[-1][2]:
                sets.append((field.kinds, column.number, {}))
                known = sets[-1:]
            known[-1][2][part] = column.index
        for kinds, _, places in sets:
            whole = places.pop("whole", None)
            label_at = places.pop("label", None)
            if whole is not None:
                is_street = "street" not in places and len(places) > ("formatted" in places)
                places.setdefault("street" if is_street else "formatted", whole)
            if places:
                self._whole.append(steps.address(steps.kinds_of(kinds), places, label_at, self._labels))

    def _make_organisations(self, columns: Sequence[tuple[Column, Field]]) -> None:
        found = [(column, field.base) for column, field in columns]
        units = [column for column, base in found if base == "department"]
        for column in [column for column, base in found if base == "organisation"]:
            unit = next((each for each in units if each.number == column.number), None)
            if unit is not None:
                units.remove(unit)
            self._whole.append(
                steps.organisation(column.index, None if unit is None else unit.index, exact=self._exact)
            )
        self._whole += [steps.organisation(None, unit.index, exact=self._exact) for unit in units]


def _partner(column: Column, field: Field, part: str, columns: Sequence[tuple[Column, Field]]) -> int | None:
    """The column with the label of this entry: of the same number, and of the same kinds if there are such."""
    found = [
        (other.kinds == field.kinds, each.index)
        for each, other in columns
        if other.base == field.base and other.part == part and each.number == column.number
    ]
    return max(found)[1] if found else None


def composed(contact: Contact) -> str:
    """The name in one piece from its parts, in western order."""
    name = contact.name
    parts = (name.prefixes, name.given, name.additional, name.family, name.suffixes)
    return " ".join(filter(None, parts))


def understand(
    rows: Sequence[Row], overrides: Mapping[str, str] | None = None, *, exact: bool = False
) -> Columns:
    """The columns of a table from its first rows (`SAMPLE` of them are enough).

    `overrides` are fields by header or by the column's number from 1. The rows of values begin at
    `.understood.start`. Raises LookupError for an override that names no field or no column.
    """
    return Columns(understanding(rows, overrides), rows, exact=exact)
