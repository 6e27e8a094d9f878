"""Reads the rows of providers from TOML: the package's, those of installed plug-ins, and the operator's own file.

A row is a table `[[provider]]`. Its tables `[provider.password]`, `[provider.consent]` and `[provider.file]` are its
ways, in the order of preference; any other table is for the protocol of that name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from contactport.net.registrable_domain import is_host
from contactport.sources.plugins import protocols, row_files
from contactport.sources.providers import (
    WAYS,
    ConsentWay,
    FileWay,
    PasswordWay,
    Provider,
    Providers,
    way_of,
)

FILE_BYTES = 1024 * 1024
_T = TypeVar("_T")
_WAYS = {"password": PasswordWay, "consent": ConsentWay, "file": FileWay}
_SET_HERE = frozenset({"ways", "methods", "networks", "tables", "defined_in"})
_CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
_ALIAS = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_PLACE = re.compile(r"(?P<fault>.*) - at `\$\.?(?P<field>.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<field>.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<field>.*)`", re.DOTALL)


class RowError(ValueError):
    """A row of a provider that can't be used; the text names the file, the row and the field."""


class RowFile(msgspec.Struct, frozen=True):
    """Rows that a process adds to those of files, in the same form.

    `place` says where they come from. `networks` is what their imports may reach beside the public internet.
    """

    place: str
    data: bytes
    networks: tuple[str, ...] = ()


def load_providers(
    file: str = "", spoken: Collection[str] | None = None, more: Iterable[RowFile] = ()
) -> Providers:
    """Every provider: the package's, those of plug-ins, those of the operator's `file`, and `more`.

    `spoken` are the names of the protocols that are installed; by default, those that are. Raises RowError and
    PluginError.
    """
    spoken = protocols() if spoken is None else spoken
    rows: list[Provider] = []
    for package, text in row_files():
        rows += _read(f"the package {package}", text, spoken)
    if file:
        rows += _read(file, _bounded(file), spoken)
    for added in more:
        found = _read(added.place, added.data, spoken)
        rows += [msgspec.structs.replace(row, networks=added.networks) for row in found]
    _check_clashes(rows)
    return Providers(rows)


def _bounded(file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(FILE_BYTES + 1)
    except OSError as error:
        raise RowError(f"the file {file} can't be read: {error.strerror}") from None
    if len(data) > FILE_BYTES:
        raise RowError(f"the file {file} is longer than {FILE_BYTES} bytes")
    return data


def _read(place: str, data: bytes, spoken: Collection[str]) -> Iterator[Provider]:
    try:
        whole = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RowError(f"{place} is not TOML: {error}") from None
    except RecursionError:
        raise RowError(f"{place} is nested too deeply to be read") from None
    rows: Any = whole.pop("provider", [])
    if whole:
        name = next(iter(whole))
        raise RowError(f"{place}: {name}: there is no such table; each provider is a table [[provider]]")
    try:
        tables = msgspec.convert(rows, list[dict[str, Any]])
    except msgspec.ValidationError:
        raise RowError(f"{place}: each provider is a table [[provider]]") from None
    for number, row in enumerate(tables, 1):
        yield _row(place, number, row, spoken)


def _row(place: str, number: int, row: dict[str, Any], spoken: Collection[str]) -> Provider:
    where = f"{place}, row {row.get('code') or number}"
    plain: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    ways: list[PasswordWay | ConsentWay | FileWay] = []
    for field, value in row.items():
        if field in _SET_HERE:
            raise RowError(f"{where}: {field}: there is no such field")
        if field in _WAYS:
            ways.append(_converted(where, value, _WAYS[field], field))
        elif isinstance(value, dict) and field not in Provider.__struct_fields__:
            tables[field] = value
        else:
            plain[field] = value
    found = _converted(where, plain, Provider)
    for field, fault in _faults(found):
        raise RowError(f"{where}: {field}: {fault}")
    if not ways and not found.unavailable_message:
        raise RowError(
            f"{where}: it has no way; give it one, or an `unavailable_message` that says why there is none"
        )
    for name in tables:
        if name not in {way.protocol for way in ways}:
            raise RowError(
                f"{where}: {name}: there is no such field, and no way of the row has a protocol of this name"
            )
    methods = tuple(way_of(way) for way in ways if way.protocol in spoken and way_of(way) in WAYS)
    message = found.unavailable_message
    if not message and not methods:
        message = f"This service does not read {found.name} yet."
    return msgspec.structs.replace(
        found, unavailable_message=message, ways=tuple(ways), methods=methods, tables=tables, defined_in=place
    )


def _converted(where: str, value: Any, kind: type[_T], table: str = "") -> _T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise RowError(f"{where}: {fault_of(error, table)}") from None


def fault_of(error: msgspec.ValidationError, table: str = "") -> str:
    """The name of a field, and what msgspec finds wrong with it; `table` is the one that the field stands in."""
    text, field = str(error), ""
    placed = _PLACE.fullmatch(text)
    if placed is not None:
        text, field = placed["fault"], placed["field"]
    unknown = _UNKNOWN.fullmatch(text)
    if unknown is not None:
        text, field = "there is no such field", f"{field}.{unknown['field']}".removeprefix(".")
    missing = _MISSING.fullmatch(text)
    if missing is not None:
        text, field = "it is missing", f"{field}.{missing['field']}".removeprefix(".")
    place = ".".join(part for part in (table, field) if part)
    return f"{place}: {text[:1].lower()}{text[1:]}" if place else text


def _faults(row: Provider) -> Iterator[tuple[str, str]]:
    if not _CODE.fullmatch(row.code):
        yield "code", f"{row.code!r} is not a code: it has small letters, digits and underscores"
    for alias in row.aliases:
        if not _ALIAS.fullmatch(alias):
            yield (
                "aliases",
                f"{alias!r} is not an alias: it has small letters, digits, dots, hyphens, underscores",
            )
    for domain in row.domains:
        if not is_host(domain) or domain != domain.lower():
            yield "domains", f"{domain!r} is not a mail domain in small letters"
    for pattern in row.mail_hosts:
        if not is_host(pattern.removeprefix("*.")):
            yield "mail_hosts", f"{pattern!r} is not a host, or a domain after `*.`"
    if not row.name.strip():
        yield "name", "it is empty"


def _check_clashes(rows: Iterable[Provider]) -> None:
    names: dict[str, Provider] = {}
    domains: dict[str, Provider] = {}
    for row in rows:
        for field, words, seen in (
            ("code", (row.code,), names),
            ("aliases", row.aliases, names),
            ("domains", row.domains, domains),
        ):
            for word in words:
                other = seen.setdefault(word, row)
                if other is not row or words.count(word) > 1:
                    raise RowError(
                        f"{row.defined_in}, row {row.code}: {field}: {word!r} is taken by row {other.code} of "
                        f"{other.defined_in}"
                    )
            if field == "aliases" and row.code in row.aliases:
                raise RowError(
                    f"{row.defined_in}, row {row.code}: aliases: {row.code!r} is the row's own code"
                )
