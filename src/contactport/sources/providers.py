"""The providers: `providers.toml` as structs, and the way from a service code to its row."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Literal

import msgspec

from contactport.net.domains import matches

Method = Literal["password", "consent", "file", "retired"]


class SecretPrompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to ask the user for, in words, and where the user makes it."""

    kind: Literal["password", "app_password"] = "password"
    help: str = ""
    url: str = ""


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row. A provider that speaks a known protocol is added by a row alone.

    `domains` are the mail domains it serves. `start` is the URL where discovery begins; `{domain}` and
    `{username}` in it are filled in. `self_hosted` rows take the caller's `server`. `credential_hosts` are the
    hosts, beside the start's own, that may be sent the user's secret (`*.icloud.com`).
    `unavailable_message` tells the user of a retired or not yet served code what to do instead.
    """

    code: str
    name: str
    method: Method = "password"
    protocol: str = ""
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    mail_hosts: tuple[str, ...] = ()
    """Who takes the mail of domains that it hosts for others, as its MX records name it: `*.example.com`."""
    start: str = ""
    self_hosted: bool = False
    paths: tuple[str, ...] = ()
    """Where to look on a self-hosted server when discovery finds nothing."""
    credential_hosts: tuple[str, ...] = ()
    secret: SecretPrompt = msgspec.field(default_factory=SecretPrompt)
    batch: int = 0
    """Hrefs a multiget at most; 0 leaves it to the source."""
    concurrency: int = 1
    """Requests at once on one account."""
    experimental: bool = False
    unavailable_message: str = ""


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    provider: list[Provider]


@functools.cache
def providers() -> dict[str, Provider]:
    """Every row by its code, in the table's order. Raises msgspec.ValidationError for a broken table."""
    text = resources.files("contactport.sources").joinpath("providers.toml").read_text("utf-8")
    rows = msgspec.convert(tomllib.loads(text), _Table).provider
    return {row.code: row for row in rows}


@functools.cache
def _by_name() -> dict[str, Provider]:
    names: dict[str, Provider] = {}
    for row in providers().values():
        for name in (row.code, *row.aliases):
            if name in names:
                raise ValueError(f"providers.toml gives {name!r} twice")
            names[name] = row
    return names


def find(service: str) -> Provider | None:
    """The row of a service code or alias, whatever its case; None for one that nobody knows."""
    return _by_name().get(service.strip().lower())


@functools.cache
def _by_domain() -> dict[str, Provider]:
    domains: dict[str, Provider] = {}
    for row in providers().values():
        for domain in row.domains:
            if domain in domains:
                raise ValueError(f"providers.toml gives the mail domain {domain!r} twice")
            domains[domain] = row
    return domains


def of_domain(domain: str) -> Provider | None:
    """The provider whose own mail domain this is."""
    return _by_domain().get(domain.strip().lower())


def of_mail_host(host: str) -> Provider | None:
    """The provider that takes mail at this host (the target of an MX record)."""
    for row in providers().values():
        if any(matches(host, pattern) for pattern in row.mail_hosts):
            return row
    return None
