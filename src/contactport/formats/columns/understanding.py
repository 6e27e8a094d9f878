"""Understanding of a table: which row is the header, and what each column is, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from contactport.formats.columns import values
from contactport.formats.columns.fields import Field, nearest, parse
from contactport.formats.columns.vocabulary import GENERAL, HeaderMeaning, Vocabulary, shipped

SAMPLE = 50
"""Rows that are looked at before the first contact."""
HEADER_ROWS = 20
"""The rows among which the header is looked for. Some programs write notes before it."""
COLUMNS = 1_000
"""The columns that are read. Programs write a hundred; a spreadsheet can have 16,384."""
_BY_VALUES = 0.6
_BY_POSITION = 0.4
_OTHER_LANGUAGE = 0.7
_CONTRADICTED = 0.3
_HEADER_SHARE = 0.25
"""The share of a header's cells that must be known."""

Row = Sequence[str]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """How one column was understood.

    `field` is written as `fields.parse` reads it, and "" for a column that is not read. `why` is a sentence's end in
    plain words, for people. `confidence` is from 0 to 1. `number` tells apart entries of one kind (`E-mail 2`).
    """

    index: int
    header: str
    field: str
    why: str
    confidence: float
    number: int = 0


class Understanding(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a table.

    `start` is the place of the first row of values, and `header` that of the header row, None where there is none.
    `language` is the header's, "" for none.
    """

    columns: tuple[Column, ...]
    start: int
    header: int | None
    language: str

    @property
    def confidence(self) -> float:
        """How sure the reading of the whole table is, from 0 to 1. Below 0.5 a person should look at it.

        It is 0 for a table without a name, an e-mail address or a telephone number.
        """
        if not any(column.field.partition(".")[0] in _ESSENTIAL for column in self.columns):
            return 0.0
        return sum(column.confidence for column in self.columns) / len(self.columns)


_ESSENTIAL = frozenset({"name", "full_name", "given_name", "family_name", "email", "phone", "nickname"})


def understanding(
    rows: Sequence[Row],
    overrides: Mapping[str, str] | None = None,
    vocabulary: Vocabulary | None = None,
    *,
    partly: bool = False,
) -> Understanding:
    """What the first rows of a table show, SAMPLE of them at most.

    `overrides` are fields by header, or by the column's number from 1; "" leaves a column out. Raises
    `fields.UnknownField` for a field, and `UnknownColumn` for a column, that is not there. With `partly` a column
    that is not there is ignored: another table of the same file may have it.
    """
    vocabulary = shipped() if vocabulary is None else vocabulary
    rows = [row[:COLUMNS] for row in rows[:SAMPLE]]
    header = _header(rows, vocabulary, {name.strip().casefold() for name in overrides or ()})
    start = 0 if header is None else header + 1
    sample = rows[start:]
    width = max(map(len, rows[start - 1 if start else 0 :]), default=0)
    cells = list(rows[header]) if header is not None else []
    cells += [""] * (width - len(cells))
    meanings = [vocabulary.meanings(cell.strip()) for cell in cells]
    language = _language(meanings, vocabulary)
    columns = [
        _column(at, cells[at].strip(), meanings[at], language, [row[at] for row in sample if at < len(row)])
        for at in range(width)
    ]
    _settle(columns, sample)
    if header is None:
        _find_names(columns, sample)
    if overrides:
        _override(columns, overrides, partly)
    return Understanding(columns=tuple(columns), start=start, header=header, language=language)


class UnknownColumn(LookupError):
    """No column has this header or number. The text names the headers."""


def unknown_column(name: str, columns: Sequence[Column]) -> UnknownColumn:
    """The error for a column that none of these is."""
    headers = list(dict.fromkeys(column.header for column in columns if column.header))
    shown = ", ".join(headers) or f"{len(columns)} columns without headers: name one by its number"
    return UnknownColumn(f"there is no column {name!r}{nearest(name, headers)}, only {shown}")


def places_of(name: str, columns: Sequence[Column]) -> list[int]:
    """The places of the columns that a person has named, by their header or by a number from 1."""
    wanted = name.strip().casefold()
    found = [at for at, column in enumerate(columns) if column.header.casefold() == wanted]
    if not found and wanted.isdecimal() and 0 < int(wanted) <= len(columns):
        found = [int(wanted) - 1]
    return found


def _override(columns: list[Column], overrides: Mapping[str, str], partly: bool) -> None:
    for name, field in overrides.items():
        told = str(parse(field)) if field else ""
        found = places_of(name, columns)
        if not found and not partly:
            raise unknown_column(name, columns)
        for at in found:
            # The number stays, so that the street and the city that a person names are of one address.
            columns[at] = msgspec.structs.replace(columns[at], field=told, why="you said so", confidence=1.0)


def _header(rows: Sequence[Row], vocabulary: Vocabulary, named: set[str]) -> int | None:
    """The row with the most known headers; the first of several. None if no row looks like a header.

    `named` are headers that a person named, in small letters.
    """
    best, found = 0.0, None
    for at, row in enumerate(rows[:HEADER_ROWS]):
        filled = [cell for cell in row if cell.strip()]
        if not filled or any(map(values.looks_like_data, filled)):
            continue
        known = [
            1.0
            if cell.strip().casefold() in named
            else max((each.confidence for each in vocabulary.meanings(cell.strip())), default=0.0)
            for cell in filled
        ]
        score = sum(known)
        if score > best and sum(map(bool, known)) >= _HEADER_SHARE * len(filled):
            best, found = score, at
            if len(filled) > 2 and score > 0.8 * len(filled):
                break
    return found


def _language(meanings: Sequence[Sequence[HeaderMeaning]], vocabulary: Vocabulary) -> str:
    """The language that knows the most headers; the first of the file if several do."""
    scores: dict[str, float] = {}
    for each in meanings:
        for language, confidence in {one.language: one.confidence for one in each}.items():
            scores[language] = scores.get(language, 0.0) + confidence
    spoken = [language for language in vocabulary.languages if language in scores and language != GENERAL]
    return max(spoken, key=lambda language: scores[language], default="")


def _column(
    at: int, header: str, meanings: Sequence[HeaderMeaning], language: str, sample: Sequence[str]
) -> Column:
    chosen, share = None, 1.0
    for wanted in (language, GENERAL, "en"):
        chosen = next((one for one in meanings if one.language == wanted), chosen)
        if chosen is not None:
            break
    if chosen is None and meanings:
        chosen = meanings[0]
        share = 1.0 if len({one.field for one in meanings}) == 1 else _OTHER_LANGUAGE
    shown = values.field_of(sample)
    if chosen is None:
        if shown is None:
            why = f"the header {header!r} is not known" if header else "it has no header"
            return Column(index=at, header=header, field="", why=why, confidence=0.0)
        return Column(index=at, header=header, field=str(shown[0]), why=shown[1], confidence=_BY_VALUES)
    why = f"the header {header!r} means that" + (
        f" ({chosen.language})" if chosen.language != GENERAL else ""
    )
    confidence = chosen.confidence * share
    if shown is not None and _contradicts(chosen.field, shown[0]):
        confidence, why = _CONTRADICTED, f"{why}, but {shown[1]}"
    return Column(
        index=at, header=header, field=str(chosen.field), why=why, confidence=confidence, number=chosen.number
    )


def _contradicts(field: Field, shown: Field) -> bool:
    """Whether the values of a column show that its header means something else."""
    if shown.base == "email":
        return field.base in ("phone", "given_name", "family_name", "address", "birthday")
    return shown.base == "phone" and field.base in ("email", "given_name", "family_name", "full_name")


def _settle(columns: list[Column], sample: Sequence[Row]) -> None:
    """Decide the headers whose meaning depends on the other columns."""
    bases = Counter(column.field for column in columns)
    for at, column in enumerate(columns):
        field = column.field
        if field == "name":
            is_family = bases["given_name"] and not bases["family_name"] and not bases["full_name"]
            is_given = bases["family_name"] and not bases["given_name"]
            field = "family_name" if is_family else "given_name" if is_given else "full_name"
        elif field == "birthday" and bases["birth_year"] and bases["birth_month"]:
            field = "birth_day"
        elif field == "prefix_or_title":
            is_prefix = bases["title"] or (bases["prefix"] == 0 and _are_prefixes(at, sample))
            field = "prefix" if is_prefix else "title"
        if field != column.field:
            columns[at] = msgspec.structs.replace(column, field=field)


_TITLES = "mr mrs ms miss dr prof herr frau m mme mlle sr sra dott ing sig mag fru hr dhr mevr"
_PREFIXES = frozenset(_TITLES.split())


def _are_prefixes(at: int, sample: Sequence[Row]) -> bool:
    some = [text for row in sample if at < len(row) and (text := row[at].strip())]
    return bool(some) and all(text.rstrip(".").casefold() in _PREFIXES for text in some)


def _find_names(columns: list[Column], sample: Sequence[Row]) -> None:
    """Without a header, columns of words may be names."""
    unknown = [
        (column.index, [row[column.index] for row in sample if column.index < len(row)])
        for column in columns
        if not column.field
    ]
    for at, (field, why) in values.names(unknown).items():
        columns[at] = msgspec.structs.replace(columns[at], field=str(field), why=why, confidence=_BY_POSITION)
