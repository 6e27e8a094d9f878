"""The table of docs/sources.md has one row for each of providers.toml, in its order."""

from __future__ import annotations

import re
from pathlib import Path

from contactport.sources.providers import Provider, way_of
from contactport.sources.rows import load_providers

DOC = (Path(__file__).parents[3] / "docs" / "sources.md").read_text("utf-8")


def secret(row: Provider) -> str:
    if row.password is None:
        return ""
    kind = "app-specific password" if row.secret.kind == "app_password" else "password"
    return f"[{kind}]({row.secret.url})" if row.secret.url else kind


def shown(row: Provider) -> str:
    codes = ", ".join(f"`{code}`" for code in (row.code, *row.aliases))
    notes = [
        word
        for word, holds in (("needs `server`", row.self_hosted), ("experimental", row.experimental))
        if holds
    ]
    ways = ", ".join(map(way_of, row.ways)) or "retired"
    return f"| {codes} | {row.name} | {ways} | {secret(row)} | {', '.join(notes)} |"


def test_the_table_is_the_providers() -> None:
    rows = re.findall(r"^\| `.*\|$", DOC[: DOC.index("## Any CardDAV server")], re.MULTILINE)
    assert rows == [shown(row) for row in load_providers()]
