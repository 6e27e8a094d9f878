"""Reader of rows: what was understood of a table, and contacts from its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from contactport.contact import Contact, Item, Name, Note, Reject, RejectedRecord
from contactport.formats.budgets import SMALL, bounded
from contactport.formats.columns import column_sets, steps, table_dates
from contactport.formats.columns.fields import PLACE, SERVICES, Field, parse
from contactport.formats.columns.labels import Labels
from contactport.formats.columns.table import Table
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
        self._sample: Sequence[Row] = sample[understood.start :]
        self._labels = Labels()
        self._steps: list[tuple[int, steps.Step]] = []
        self._whole: list[column_sets.SetStep] = []
        self._width = len(understood.columns)
        self._header = None
        if understood.header is not None:
            header = sample[understood.header][: self._width]
            self._header = [*header, *[""] * (self._width - len(header))]
        self._make()

    def table(self) -> Table:
        """What is known of the table before its contacts are read."""
        return Table(understood=self.understood, rows=tuple(map(tuple, self._sample)))

    def items(
        self, row: Sequence[str], place: str, record: Callable[[], RejectedRecord] | None = None
    ) -> Iterator[Item]:
        """The contact of a row and its notes, or a reject. Nothing for an empty row or a repeated header.

        `record` gives the row as it came.
        """
        told: list[str] = []
        contact = self.contact(list(row), sum(map(len, row)), told)
        yield from described(contact, told, place, record)

    def contact(self, row: list[str], size: int, told: list[str]) -> Contact | None:
        """The contact of a row of so many characters, or None; `told` gets the reasons for notes, or for a reject.

        The row may be changed.
        """
        width = self._width
        missing = width - len(row)
        if missing:
            row = [*row, *[""] * missing] if missing > 0 else row[:width]
        row.append("")
        contact = Contact("", self._name(row))
        for at, step in self._steps:
            cell = row[at]
            if cell:
                step(contact, cell, row, told)
        for whole in self._whole:
            whole(contact, row, told)
        if self._exact and not row[self._file_as]:
            contact.formatted_name = composed(contact.name)
        if not (contact.emails or contact.phones) and self._is_nothing(contact, row, told):
            return None
        if self._header is not None and row[0] == self._header[0] and row[:-1] == self._header:
            told.clear()
            return None
        if size > SMALL or (told and steps.LONG in told):
            told += bounded(contact)
        return contact

    def _is_nothing(self, contact: Contact, row: Sequence[str], told: list[str]) -> bool:
        name = contact.name
        if name.given or name.family or contact.formatted_name:
            return False
        if contact != Contact(categories=contact.categories, uid=contact.uid):
            return False
        told[:] = [NOTHING] if any(cell.strip() for cell in row) else []
        return True

    def _make(self) -> None:
        columns = [(column, parse(column.field)) for column in self.understood.columns if column.field]
        for column, field in columns:
            step = self._step(column, field, columns)
            if step is not None:
                self._steps.append((column.index, step))
        # A sort name looks at the other names.
        self._steps.sort(key=lambda one: one[1] is steps.file_as)
        self._file_as = self._first(columns, "file_as")
        names = {
            _NAMES[field.base]: column.index for column, field in reversed(columns) if field.base in _NAMES
        }
        self._name = column_sets.name(names, self._width)
        self._make_addresses(columns)
        self._make_organisations(columns)
        births = [self._first(columns, base) for base in ("birth_year", "birth_month", "birth_day")]
        if any(at < self._width for at in births):
            self._whole.append(column_sets.birth_parts(*births))

    def _first(self, columns: Sequence[tuple[Column, Field]], base: str) -> int:
        """The place of a column; that of no cell if there is none."""
        return next((column.index for column, field in columns if field.base == base), self._width)

    def _step(
        self, column: Column, field: Field, columns: Sequence[tuple[Column, Field]]
    ) -> steps.Step | None:
        """The step for a column that stands alone."""
        if field.part in ("label", "service"):
            return None
        base, exact = field.base, self._exact
        if base in _NAMES:
            return None
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
        label_at = self._partner(column, field, "label", columns)
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
            service_at = self._partner(column, field, "service", columns)
            return steps.messenger(plain, service, service_at, (label_at, self._labels))
        if base == "custom":
            return steps.custom(label_at, self._labels, exact=exact)
        return None

    def _partner(
        self, column: Column, field: Field, part: str, columns: Sequence[tuple[Column, Field]]
    ) -> int:
        """The place of an entry's label: of the same number, and of the same kinds if there are such."""
        found = [
            (other.kinds == field.kinds, each.index)
            for each, other in columns
            if other.base == field.base and other.part == part and each.number == column.number
        ]
        return max(found)[1] if found else self._width

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
            label_at = places.pop("label", self._width)
            if whole is not None:
                is_street = "street" not in places and len(places) > ("formatted" in places)
                places.setdefault("street" if is_street else "formatted", whole)
            if places:
                self._whole.append(
                    column_sets.address(steps.kinds_of(kinds), places, self._width, label_at, self._labels)
                )

    def _make_organisations(self, columns: Sequence[tuple[Column, Field]]) -> None:
        found = [(column, field.base) for column, field in columns]
        units = [column for column, base in found if base == "department"]
        for column in [column for column, base in found if base == "organisation"]:
            unit = next((each for each in units if each.number == column.number), None)
            if unit is not None:
                units.remove(unit)
            self._whole.append(
                column_sets.organisation(
                    column.index, self._width if unit is None else unit.index, exact=self._exact
                )
            )
        self._whole += [
            column_sets.organisation(self._width, unit.index, exact=self._exact) for unit in units
        ]


def described(
    contact: Contact | None, told: list[str], place: str, record: Callable[[], RejectedRecord] | None = None
) -> Iterator[Item]:
    """What `Columns.contact` found, as items with their place. `record` gives the row as it came."""
    if contact is None:
        if told:
            yield Reject(place, told[0], None if record is None else record())
        return
    yield contact
    for reason in dict.fromkeys(filter(None, told)):
        yield Note(place, reason)


def composed(name: Name) -> str:
    """The name in one piece from its parts, in western order."""
    parts = (name.prefixes, name.given, name.additional, name.family, name.suffixes)
    return " ".join(filter(None, parts))


def understand(
    rows: Sequence[Row],
    overrides: Mapping[str, str] | None = None,
    *,
    exact: bool = False,
    partly: bool = False,
) -> Columns:
    """The columns of a table from its first rows (`SAMPLE` of them are enough).

    `overrides` are fields by header or by the column's number from 1. The rows of values begin at
    `.understood.start`. Raises LookupError for an override that names no field or no column; with `partly` a column
    that is not there is ignored.
    """
    return Columns(understanding(rows, overrides, partly=partly), rows, exact=exact)
