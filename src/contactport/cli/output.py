"""Output for a terminal or as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from contactport.settings import Settings
    from contactport.sources.failures import Failure
    from contactport.sources.providers import Provider


def say(text: str) -> None:
    """Print a line for people, on standard error."""
    click.echo(text, err=True)


def put_json(value: Any) -> None:
    """Print a value as JSON, the only thing on standard output."""
    # Here, because the help of the whole program must load nothing but click.
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def plain(text: str) -> str:
    """Text from outside without control and format characters, which a terminal would obey."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def utc(ms: int) -> str:
    """A moment, in milliseconds since 1970, to the second: `2026-11-30T18:12:14Z`."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def told(settings: Settings, provider: Provider, failure: Failure) -> str:
    """A failure with its code and text.

    With a hint that the wire must not give strangers, where the user of this machine may know it.
    """
    # Here: `--help` need not wait for aiohttp.
    from contactport.imports.to_error import to_error
    from contactport.net.failures import CertificateInvalid, Unreachable
    from contactport.sources.failures import NoAddressBook

    error = to_error(failure, "password")
    unreached = isinstance(failure, Unreachable | NoAddressBook) and not isinstance(
        failure, CertificateInvalid
    )
    hint = ""
    if unreached and provider.self_hosted and not settings.allow_network:
        hint = " A server on this host or in a private network is reached only with --allow-network CIDR."
    return f"code {int(error.code)}: {error.text}{hint}"
