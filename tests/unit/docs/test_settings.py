"""The table of docs/operations.md has a row for every setting, with its variable and its default."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from contactport.settings import PREFIX, Settings

DOC = (Path(__file__).parents[3] / "docs" / "operations.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \| (.+?) \|$", DOC, re.MULTILINE)


def shown(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if default not in ("", [], {}) else "none"


def test_the_table_is_the_struct() -> None:
    wanted = [
        (
            field.name,
            PREFIX + field.name.upper(),
            shown(field.default if field.default is not msgspec.NODEFAULT else field.default_factory()),  # pyright: ignore
        )
        for field in msgspec.structs.fields(Settings)
    ]
    assert [row[:3] for row in ROWS] == wanted


def test_every_setting_is_explained() -> None:
    assert all(len(row[3]) > 5 for row in ROWS)
