"""Passwords and other secrets from a terminal or from the first line of standard input. Never an argument."""

from __future__ import annotations

import sys

import click

from contactport.cli.output import say
from contactport.sources.providers import Provider

PASSWORD_BYTES = 4096


def ask_password(provider: Provider, username: str) -> str:
    """Ask for a user's password; on a terminal, show the provider's help first. Raises click.UsageError."""
    if sys.stdin.isatty():
        if provider.secret.help:
            say(" ".join(part for part in (provider.secret.help, provider.secret.url) if part))
        given: str = click.prompt(f"Password of {username} at {provider.name}", hide_input=True, err=True)
        return given
    return _first_line()


def ask_new_password(told: str) -> str:
    """Ask for a password that an operator has chosen, twice on a terminal. Raises click.UsageError."""
    if sys.stdin.isatty():
        given: str = click.prompt(told, hide_input=True, confirmation_prompt=True, err=True)
        return given
    return _first_line()


def ask_secret(told: str) -> str:
    """Ask, only once, for a secret that somebody else has made. Raises click.UsageError."""
    if sys.stdin.isatty():
        given: str = click.prompt(told, hide_input=True, err=True)
        return given
    return _first_line("secret")


def _first_line(what: str = "password") -> str:
    line = sys.stdin.buffer.readline(PASSWORD_BYTES + 1)
    if len(line) > PASSWORD_BYTES:
        raise click.UsageError(f"the first line of standard input is longer than {PASSWORD_BYTES} bytes")
    try:
        password = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.UsageError("the first line of standard input is not UTF-8") from None
    if not password:
        raise click.UsageError(f"there is no {what}: write it to the first line of standard input")
    return password
