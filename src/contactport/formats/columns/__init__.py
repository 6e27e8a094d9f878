"""Columns of tables: rows of text are understood, and become contacts. CSV and spreadsheets share this.

    columns = understand(rows[:SAMPLE], overrides)
    for number, row in enumerate(rows[columns.understood.start:]):
        yield from columns.items(row, f"line {number}")

`columns.understood.columns` says of each column its header, its field, the reason, and how sure that is: for
`convert --explain` and for people who correct it. `understood.confidence` is that of the table. Nothing here raises
but for `overrides` (`UnknownField`, `UnknownColumn`, both LookupError). The words of headers are in `headers.toml`;
`fields` says how a field is written.
"""

from contactport.formats.columns.fields import UnknownField
from contactport.formats.columns.reader import NOTHING, Columns, composed, described, understand
from contactport.formats.columns.table import Table
from contactport.formats.columns.understanding import (
    COLUMNS,
    SAMPLE,
    Column,
    Understanding,
    UnknownColumn,
    places_of,
    unknown_column,
)

__all__ = [
    "COLUMNS",
    "NOTHING",
    "SAMPLE",
    "Column",
    "Columns",
    "Table",
    "Understanding",
    "UnknownColumn",
    "UnknownField",
    "composed",
    "described",
    "places_of",
    "understand",
    "unknown_column",
]
