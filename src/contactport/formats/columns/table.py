"""A table whose columns are understood, before its contacts are read: for people who look at it and correct it."""

from __future__ import annotations

import msgspec

from contactport.formats.columns.understanding import Understanding
from contactport.formats.detect import Detection


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table of a file. `rows` are its first rows of values, without the header.

    In an archive, `place` says which of its files this is (`file 3`), and `detection` what that file is.
    """

    understood: Understanding
    rows: tuple[tuple[str, ...], ...]
    place: str = ""
    detection: Detection | None = None
