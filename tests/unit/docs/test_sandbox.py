"""The tables of docs/howto/sandbox.md are those of the code."""

from __future__ import annotations

from pathlib import Path

from contactport.errors import Code
from contactport.sandbox.accounts import APP_PASSWORD, ERRORS, USERS
from contactport.sandbox.server import SERVICES

DOC = (Path(__file__).parents[3] / "docs" / "howto" / "sandbox.md").read_text("utf-8")


def _code(code: int) -> str:
    return "0" if not code else f"[{code}](../errors.md#{int(Code(code))})"


def rows(head: str) -> list[str]:
    start = DOC.index(head)
    return DOC[start : DOC.index("\n\n", start)].splitlines()[2:]


def test_the_users() -> None:
    assert rows("| user | password | what it gives | the import ends with |") == [
        f"| `{row.name}` | `{row.password}` | {row.text} | {_code(row.code)} |" for row in USERS
    ]


def test_the_errors() -> None:
    assert rows("| password of `user_good` | what happens | the import ends with |") == [
        f"| `error_{row.fault}` | {row.text} | {_code(row.code)} |" for row in ERRORS.values()
    ]


def test_the_services() -> None:
    assert [row.split("`")[1] for row in rows("| service | how it is begun |")] == list(SERVICES)
    assert APP_PASSWORD in DOC
