"""Every program's export, and tables in many languages: each column has to be what it is, and nobody is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from contactport.contact import Contact
from contactport.formats.csv.reader import CsvTable
from tests.exports import languages, layouts, table

LEAST = 0.98
"""The share of columns that must be right."""
LINKEDIN = (
    "Notes:\r\n"
    '"When exporting your connection data, you may notice that some of the email addresses are missing. You '
    'will only see email addresses for connections who have allowed their connections to see it."\r\n\r\n'
)


class Export(NamedTuple):
    """A file, its columns, and what to call it."""

    name: str
    columns: table.COLUMNS
    data: bytes


def exports_of_programs() -> Iterator[Export]:
    """Every layout, with the delimiters and the sets that Windows and the web use."""
    every = {name: layouts.columns(layout) for name, layout in layouts.LAYOUTS.items()}
    every["Outlook, English"] = layouts.outlook()
    for name, columns in every.items():
        some = table.people("german")
        cells = table.rows(columns, some)
        preamble = LINKEDIN if name == "LinkedIn" else ""
        for encoding, delimiter in (("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t")):
            data = table.as_bytes(cells, encoding, delimiter, preamble)
            yield Export(f"{name}, {encoding}", columns, data)


def exports_of_languages() -> Iterator[Export]:
    """Every language, in Unicode and in its own sets."""
    for name, language in languages.LANGUAGES.items():
        columns = languages.headers(language)
        cells = table.rows(columns, table.people(language.people))
        for encoding in ("utf-8", "utf-16-le", *language.codecs):
            yield Export(f"{name}, {encoding}", columns, table.as_bytes(cells, encoding, ";"))


def judged(exports: Iterator[Export]) -> tuple[int, list[str]]:
    """How many columns there are, and each miss in words."""
    count = 0
    misses: list[str] = []
    for export in exports:
        found = CsvTable([export.data])
        columns = found.columns.understood.columns
        count += len(export.columns)
        for at, (header, field) in enumerate(export.columns):
            told = columns[at].field if at < len(columns) else "missing"
            if ("" if told == "ignore" else told) != field:
                misses.append(
                    f"{export.name}: {header!r} is {field or 'nothing'}, read as {told or 'nothing'}"
                )
        people = [item for item in found.items() if isinstance(item, Contact)]
        assert len(people) == table.ROWS, export.name
        if any(field.startswith("email") and not field.endswith("label") for _, field in export.columns):
            assert people[3].emails[0].address == "person3@example.org", export.name
    return count, misses


def test_the_columns_of_every_program() -> None:
    assert len(layouts.LAYOUTS) >= 30
    count, misses = judged(exports_of_programs())
    assert len(misses) <= (1 - LEAST) * count, "\n".join([f"{len(misses)} of {count}", *misses])


def test_the_columns_of_every_language() -> None:
    assert len(languages.LANGUAGES) >= 25
    count, misses = judged(exports_of_languages())
    assert len(misses) <= (1 - LEAST) * count, "\n".join([f"{len(misses)} of {count}", *misses])
