"""Words on a terminal."""

from __future__ import annotations

from typing import Any

import click


def say(text: str) -> None:
    """A line for people, on standard error."""
    click.echo(text, err=True)


def put_json(value: Any) -> None:
    """A value as the only thing on standard output."""
    # Here, because the help of the whole program must load nothing but click.
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def plain(text: str) -> str:
    """Text of the outside without what a terminal would obey: control and format characters."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
