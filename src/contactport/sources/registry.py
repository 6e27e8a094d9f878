"""The protocols there are: built-in ones and those of other packages come in by the same door."""

from __future__ import annotations

import functools
from importlib.metadata import entry_points

from contactport.sources.base import Source

GROUP = "contactport.sources"


class SourceMissing(LookupError):
    """No installed package offers this protocol; its text names it."""


@functools.cache
def source(protocol: str) -> Source:
    """The source of a protocol, made once a process. Raises SourceMissing."""
    for point in entry_points(group=GROUP, name=protocol):
        made: Source = point.load()()
        return made
    raise SourceMissing(f"no source speaks {protocol!r}: entry point group {GROUP}")


def protocols() -> list[str]:
    """The names of all protocols that are installed, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})
