"""The sources of a process, one a protocol, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

import msgspec

from contactport.sources.base import Source, SourceContext
from contactport.sources.plugins import PluginError, package, protocols
from contactport.sources.providers import Provider
from contactport.sources.rows import RowError, fault_of


class SourceMissing(LookupError):
    """No installed package offers this protocol; the text names it."""


@runtime_checkable
class ChecksRows(Protocol):
    """A source's class that can tell whether a row fits its protocol."""

    def row_faults(self, provider: Provider) -> Iterable[tuple[str, str]]:
        """The fields that are wrong, with what is wrong of each. Raises msgspec.ValidationError as well."""
        ...


class Sources:
    """Made once by the composition root, with what every source is given."""

    def __init__(self, context: SourceContext) -> None:
        """Raises PluginError where two packages claim one protocol."""
        self._context = context
        self._points = protocols()
        self._made: dict[str, Source] = {}

    def get(self, protocol: str) -> Source:
        """The source of a protocol. Raises SourceMissing, and PluginError for one that can't be loaded."""
        made = self._made.get(protocol)
        if made is None:
            made = self._made[protocol] = self._class(protocol)(self._context)
        return made

    def check_rows(self) -> None:
        """Raises RowError for a row that does not fit a protocol that it names and that is installed.

        Raises PluginError for a protocol that can't be loaded.
        """
        for row in self._context.providers:
            for way in row.ways:
                kind = self._class(way.protocol) if way.protocol in self._points else None
                if isinstance(kind, ChecksRows):
                    _check(row, way.protocol, kind)

    def _class(self, protocol: str) -> Callable[[SourceContext], Source]:
        point = self._points.get(protocol)
        if point is None:
            raise SourceMissing(f"no installed package offers the protocol {protocol!r}")
        try:
            kind: Callable[[SourceContext], Source] = point.load()
        except Exception as error:
            # A package of anybody's: whatever it raises is its own fault, and is told as that.
            raise PluginError(
                f"the protocol {protocol!r} of the package {package(point)} ({point.value}) can't be loaded: "
                f"{type(error).__name__}. Install that package anew, or remove it."
            ) from error
        return kind


def _check(row: Provider, protocol: str, kind: ChecksRows) -> None:
    where = f"{row.defined_in}, row {row.code}"
    try:
        for field, fault in kind.row_faults(row):
            raise RowError(f"{where}: {field}: {fault}")
    except msgspec.ValidationError as error:
        raise RowError(f"{where}: {fault_of(error, protocol)}") from None
