"""Registry of the formats: their names, media types, suffixes, and the modules that read and write them.

How to add a format: write one module or folder in this room, and enter it in FORMATS below. The module has

* `read(chunks, *, evidence=None)`, where the format can be read. The chunks are bytes, cut anywhere, of text or of a
  binary file alike. It yields contacts, groups, rejects and notes one by one, holds no more than one of them and a
  chunk in memory, and never raises for bad input. `evidence` is what other inputs of the same source have shown of
  their character set.
* `write(items, groups=NO_GROUPS)`, where it can be written. It yields the head of the file, which may be empty, then
  exactly one part for each item (empty for an item that the format has no place for, or that is packed with later
  ones), then the end. It takes the next item only when the part for it is asked for. `groups` gives the names of the
  groups that a UID belongs to.

and, where they help, `steps()`, which is `read()` with None as a pause within an item that takes long, and
`observe(data, evidence)`, which learns from one input without reading it. A format of tables (`has_columns`) also
has `tables(chunks)`, and its `read` takes `overrides` and `charset`, as `FileFormat.read` does. A module is loaded
when it is first used, so that a format costs nothing to those who don't use it. Sources, `/contacts/ID.NAME`,
`convert` and `import` all look a format up here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from contactport.contact import Item
from contactport.formats.charsets.evidence import Evidence

if TYPE_CHECKING:
    from contactport.formats.columns import Table


class Groups(Protocol):
    """The group names of each UID: a dictionary, or a smaller type."""

    def get(self, uid: str, default: Sequence[str], /) -> Sequence[str]: ...


NO_GROUPS: Groups = {}
Write = Callable[..., Iterator[bytes]]
"""A format's `write(items, groups)`."""


@cache
def _load(module: str) -> ModuleType:
    return import_module(f"contactport.formats.{module}")


class UnknownFormat(LookupError):
    """No format has this name. The text lists all names."""


class Frame(msgspec.Struct, frozen=True):
    """What stands around records that are written as they came: before the first, between two, after the last.

    `by_lines` says that each record ends with a line end, which one that lacks it gets.
    """

    start: bytes = b""
    between: bytes = b""
    end: bytes = b""
    by_lines: bool = True


_ARRAY = Frame(b"[\n", b",\n", b"\n]\n", by_lines=False)


class FileFormat(msgspec.Struct, frozen=True, kw_only=True):
    """A format of files. Paths, options and the raw records of a source use its `name`.

    `suffixes` are the endings of its files' names, the usual one first, with their dots. An entry without one is a
    variant that can only be chosen by its name.
    """

    name: str
    module: str
    media_type: str
    suffixes: tuple[str, ...] = ()
    reads: bool = False
    writes: bool = False
    has_groups: bool = False
    """Whether the format has its own group records, so that the groups of contacts need no look-up."""
    has_columns: bool = False
    """Whether the format holds tables, whose columns and character set a person can correct."""
    is_served: bool = False
    """Whether `/contacts` offers this format."""
    options: dict[str, str] = {}
    """The further arguments of `write`, for a variant."""
    frame: Frame = Frame()
    """For records that could not be read."""

    @property
    def write(self) -> Write:
        """The module's `write`."""
        if not self.writes:
            raise UnknownFormat(f"{self.name} can't be written, only read")
        write: Write = _load(self.module).write
        return partial(write, **self.options) if self.options else write

    def read(
        self,
        chunks: Iterable[bytes],
        evidence: Evidence | None = None,
        *,
        overrides: Mapping[str, str] | None = None,
        charset: str = "",
    ) -> Iterator[Item]:
        """Every item of a file, in order.

        `overrides` are fields by a table's headers, or by the numbers of its columns, and `charset` is its character
        set: what a person has corrected. They are ignored without `has_columns`. An override that is not there
        raises `columns.UnknownField` or `UnknownColumn`, at once or before the first item.
        """
        return self._readable().read(chunks, evidence=evidence, **self._corrections(overrides, charset))

    def steps(
        self,
        chunks: Iterable[bytes],
        evidence: Evidence | None = None,
        *,
        overrides: Mapping[str, str] | None = None,
        charset: str = "",
    ) -> Iterator[Item | None]:
        """The same, with None for a pause if the format has pauses."""
        module = self._readable()
        steps: Any = getattr(module, "steps", module.read)
        return steps(chunks, evidence=evidence, **self._corrections(overrides, charset))

    def tables(
        self, chunks: Iterable[bytes], *, overrides: Mapping[str, str] | None = None, charset: str = ""
    ) -> Iterator[Table]:
        """How each table of a file is understood, with its first rows. Raises as `read` does."""
        if not self.has_columns:
            return iter(())
        return self._readable().tables(chunks, **self._corrections(overrides, charset))

    def _corrections(self, overrides: Mapping[str, str] | None, charset: str) -> dict[str, Any]:
        return {"overrides": overrides, "charset": charset} if self.has_columns else {}

    def observe(self, data: bytes, evidence: Evidence) -> Iterable[None]:
        """Learn from one input for all inputs of the same source; None is a pause."""
        observe: Any = getattr(self._readable(), "observe", None)
        return () if observe is None else observe(data, evidence)

    def _readable(self) -> Any:
        if not self.reads:
            raise UnknownFormat(f"{self.name} can't be read, only written")
        return _load(self.module)


FORMATS: tuple[FileFormat, ...] = (
    FileFormat(
        name="vcf",
        module="vcard",
        media_type="text/vcard; charset=utf-8",
        suffixes=(".vcf", ".vcard"),
        reads=True,
        writes=True,
        has_groups=True,
        is_served=True,
    ),
    FileFormat(
        name="vcf4",
        module="vcard",
        media_type="text/vcard; charset=utf-8",
        writes=True,
        has_groups=True,
        options={"version": "4.0"},
    ),
    FileFormat(
        name="jcard",
        module="jcard",
        media_type="application/vcard+json; charset=utf-8",
        suffixes=(".jcard", ".jcf"),
        reads=True,
        writes=True,
        has_groups=True,
        frame=_ARRAY,
    ),
    FileFormat(
        name="jscontact",
        module="jscontact",
        media_type="application/jscontact+json; charset=utf-8",
        suffixes=(".jscontact",),
        reads=True,
        writes=True,
        has_groups=True,
        frame=_ARRAY,
    ),
    FileFormat(
        name="xcard",
        module="xcard",
        media_type="application/vcard+xml; charset=utf-8",
        suffixes=(".xcard", ".xml"),
        reads=True,
        writes=True,
        has_groups=True,
        frame=Frame(
            b'<?xml version="1.0" encoding="UTF-8"?>\n<vcards xmlns="urn:ietf:params:xml:ns:vcard-4.0">\n',
            b"\n",
            b"\n</vcards>\n",
            by_lines=False,
        ),
    ),
    FileFormat(
        name="ldif",
        module="ldif",
        media_type="text/x-ldif; charset=utf-8",
        suffixes=(".ldif", ".ldi"),
        reads=True,
        writes=True,
        has_groups=True,
        frame=Frame(between=b"\n"),
    ),
    FileFormat(
        name="csv",
        module="csv",
        media_type="text/csv; charset=utf-8; header=present",
        suffixes=(".csv", ".tsv", ".tab"),
        reads=True,
        has_columns=True,
        writes=True,
        is_served=True,
    ),
    FileFormat(
        name="xlsx",
        module="xlsx",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        suffixes=(".xlsx", ".xlsm"),
        reads=True,
        has_columns=True,
        writes=True,
    ),
    FileFormat(
        name="zip",
        module="archive",
        media_type="application/zip",
        suffixes=(".zip",),
        reads=True,
        has_columns=True,
        has_groups=True,
    ),
    FileFormat(
        name="json",
        module="wire_contacts",
        media_type="application/json; charset=utf-8",
        suffixes=(".json",),
        reads=True,
        writes=True,
        frame=_ARRAY,
    ),
    FileFormat(
        name="ndjson",
        module="ndjson",
        media_type="application/x-ndjson; charset=utf-8",
        suffixes=(".ndjson", ".jsonl"),
        reads=True,
        writes=True,
        is_served=True,
    ),
)
"""All formats, in the order in which they are shown. The first is the default for writing.

`json` is an array of the wire's contacts in a file; the API answers with an object of its own under that name.
"""
_BY_NAME = {each.name: each for each in FORMATS}
WRITTEN = tuple(each for each in FORMATS if each.writes)
SERVED = tuple(each for each in WRITTEN if each.is_served)
SUFFIXES = {suffix: each for each in FORMATS for suffix in each.suffixes}
"""The format of a file by the ending of its name, in lower case."""


def get(name: str) -> FileFormat:
    """The format of this name. Raises UnknownFormat."""
    found = _BY_NAME.get(name)
    if found is None:
        raise UnknownFormat(f"there is no format {name!r}, only {', '.join(_BY_NAME)}")
    return found
