"""The protocols there are: built-in ones and those of other packages come in by the same door."""

from __future__ import annotations

import functools
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

from contactport.sources.base import Source
from contactport.sources.memory import Memory

GROUP = "contactport.sources"


@runtime_checkable
class Remembering(Protocol):
    """A source that uses a memory of hosts; it has a short one of its own until it is given another."""

    memory: Memory


class SourceMissing(LookupError):
    """No installed package offers this protocol; its text names it."""


@functools.cache
def source(protocol: str) -> Source:
    """The source of a protocol, made once a process. Raises SourceMissing."""
    for point in entry_points(group=GROUP, name=protocol):
        made: Source = point.load()()
        return made
    raise SourceMissing(f"no source speaks {protocol!r}: entry point group {GROUP}")


def use_memory(memory: Memory) -> None:
    """Gives a memory of hosts to every installed source that uses one."""
    for protocol in protocols():
        made = source(protocol)
        if isinstance(made, Remembering):
            made.memory = memory


def protocols() -> list[str]:
    """The names of all protocols that are installed, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})
