"""Dialect of a table: its delimiter, and whether blanks stand before quotation marks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from contactport.formats.delimiters import delimiter_of

SAMPLE = 200
"""Lines that are looked at."""


class Dialect(msgspec.Struct, frozen=True):
    """How cells are told apart. `is_named` says that the first line names the delimiter (`sep=;`)."""

    delimiter: str
    skips_blanks: bool = False
    is_named: bool = False


def find(lines: Sequence[str]) -> Dialect:
    """The dialect of the first lines of a file."""
    some = lines[:SAMPLE]
    found = delimiter_of("\n".join(some), is_whole=len(some) == len(lines))
    delimiter = found.delimiter
    quotes = [line for line in some if '"' in line]
    skips = any(f'{delimiter} "' in line for line in quotes)
    # A comma within quotes may have a quotation mark behind it too.
    skips = skips and not any(f'{delimiter}"' in line for line in quotes)
    return Dialect(delimiter, skips, is_named=found.skip > 0)
