"""What the demo writes: headings, commands, progress and tables; colours only on a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from demo import curl

console = Console(highlight=False, markup=False, emoji=False)
SHOWN = 12


def say(text: str = "", style: str = "") -> None:
    console.print(text, style=style, soft_wrap=True)


def heading(number: str, text: str) -> None:
    say()
    say(f"{number}  {text}", "bold cyan")


def command(line: str, variables: Mapping[str, str]) -> Any:
    """Show the line, run it, and give its answer, parsed from JSON."""
    say(f"$ {line}", "green")
    return json.loads(curl.run(line, variables))


def answer(body: Any) -> None:
    say(json.dumps(body, ensure_ascii=False), "dim")


def _first(entries: Sequence[Mapping[str, Any]], key: str) -> str:
    """The preferred entry, and how many there are beside it."""
    if not entries:
        return ""
    chosen = next((entry for entry in entries if entry.get("primary")), entries[0])
    return chosen[key] if len(entries) == 1 else f"{chosen[key]} (+{len(entries) - 1})"


def contacts(rows: Sequence[Mapping[str, Any]], total: int) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    # Groups give way first: on 80 columns a name, an address and a number can still be read.
    for column, width in (("name", 18), ("e-mail", 26), ("telephone", 16), ("groups", None)):
        table.add_column(column, no_wrap=True, overflow="ellipsis", min_width=width)
    for row in rows:
        name = f"{row['first_name']} {row['last_name']}".strip()
        groups = ", ".join(row["groups"])
        table.add_row(name, _first(row["email"], "address"), _first(row["phone"], "number"), groups)
    console.print(table)
    if total > len(rows):
        say(f"… and {total - len(rows)} more", "dim")


def ledger(body: Mapping[str, Any]) -> None:
    """How the import's figures add up, and what could not be read."""
    found, delivered, merged, rejected = (body[word] for word in ("found", "delivered", "merged", "rejected"))
    say(f"{found} found = {delivered} delivered + {merged} merged + {rejected} rejected", "bold")


def left_out(what: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Cards that could not be read, or what was left out of one that was delivered."""
    for row in rows:
        say(f"{what}: {row['place']}: {row['reason']}", "yellow")
