"""How people export their contacts from their programs: the rows of `exports.toml`, in words for the upload page."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources

import msgspec

from contactport.sources.providers import Provider


class ExportSteps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One program. `services` are the codes of the providers whose page shows it first."""

    name: str
    services: tuple[str, ...]
    steps: tuple[str, ...]
    url: str = ""
    note: str = ""
    is_listed: bool = True
    """Whether the pages of other providers list it."""


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    program: list[ExportSteps]


@functools.cache
def programs() -> tuple[ExportSteps, ...]:
    """Every program of the package's table, in its order."""
    text = resources.files("contactport.http.pages").joinpath("exports.toml").read_text("utf-8")
    return tuple(msgspec.convert(tomllib.loads(text), _Table).program)


def steps_for(provider: Provider) -> tuple[list[ExportSteps], list[ExportSteps]]:
    """The steps for what the user has chosen, which may be of several programs; and those of the others.

    A provider's own page can be one that nobody has described: then there are words that fit any address book.
    """
    known = programs()
    first = [each for each in known if provider.code in each.services]
    others = [each for each in known if each.is_listed and each not in first]
    if first:
        return first, others
    way = provider.file
    unknown = ExportSteps(
        name=provider.name,
        services=(provider.code,),
        steps=(f"Sign in to {provider.name} in a browser, and open its address book.", *known[-1].steps[1:]),
        url="" if way is None else way.url,
        note="" if way is None else way.help,
    )
    return [unknown], others
