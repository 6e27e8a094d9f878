"""Finds what installed packages add: protocols, and rows of providers. This package is one of them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from importlib.metadata import EntryPoint, entry_points

PROTOCOLS = "contactport.sources"
"""The entry points of protocols. Each names a source's class."""
ROWS = "contactport.providers"
"""The entry points of packages with rows. Each names a package that holds a file `providers.toml`."""


class PluginError(ValueError):
    """An installed package can't be used; the text names it."""


def protocols() -> dict[str, EntryPoint]:
    """Every protocol that is installed, by its name, sorted. Nothing of it is loaded.

    Raises PluginError where two packages claim one name.
    """
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=PROTOCOLS), key=lambda point: (point.name, package(point))):
        other = found.setdefault(point.name, point)
        if other is not point:
            raise PluginError(
                f"the packages {package(other)} and {package(point)} both offer the protocol {point.name!r}: "
                "remove one of them"
            )
    return found


def row_files() -> Iterator[tuple[str, bytes]]:
    """The name of each package with rows and its file's content, this package first. Raises PluginError."""
    yield "contactport", resources.files("contactport.sources").joinpath("providers.toml").read_bytes()
    for point in sorted(entry_points(group=ROWS), key=lambda point: (package(point), point.name)):
        try:
            yield package(point), resources.files(point.value).joinpath("providers.toml").read_bytes()
        except Exception as error:
            # A package of anybody's: whatever it raises is its own fault, and is told as that.
            raise PluginError(
                f"the providers of the package {package(point)} ({point.value}) can't be read: "
                f"{type(error).__name__}"
            ) from None


def package(point: EntryPoint) -> str:
    """The name of the distribution that an entry point belongs to."""
    return point.dist.name if point.dist is not None else point.value
