"""ZIP archives that hold files of contacts: Google Takeout's, Apple's, or any other.

Each file of the archive is read as what its first bytes show. What is no file of contacts (pictures, web pages) is
passed over. An archive within the archive is not opened. A contact that an earlier file of the archive has too, with
all of its values, is read once: Takeout writes one file for each label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from itertools import chain
from zipfile import ZipInfo

import msgspec

from contactport.contact import Contact, Item, Note, Reject
from contactport.formats import csv, registry, xlsx
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.columns import Table, places_of, unknown_column
from contactport.formats.columns.fields import parse
from contactport.formats.detect import Detection, detect
from contactport.formats.zip_parts import Unpacking, UnreadableZip, ZipParts, gathered

HEAD = 16 * 1024
"""How many bytes of each file show what it is."""
REMEMBERED = 500_000
"""Contacts that later files are compared with."""
NESTED = "an archive within this archive is not opened: send it by itself"
_FILE = "file"
_BLANK = b"\0\t\n\r "
_TABLES = (".csv", ".tsv", ".tab", ".txt")
"""A text by another name is taken for a table too easily."""
_CARD = b"BEGIN:VCARD"
_VCARD = Detection(format="vcf", kind="a vCard file", why="It begins with a card.")
_READ = {each.name: each for each in registry.FORMATS if each.reads}
_encode = msgspec.json.Encoder().encode


def read(
    chunks: Iterable[bytes],
    *,
    evidence: Evidence | None = None,
    overrides: Mapping[str, str] | None = None,
    charset: str = "",
) -> Iterator[Item]:
    """What the files of an archive hold, in the order of its index. Never raises for bad input.

    Places begin with the number of the file in the archive: `file 3, line 120`. Names are the user's own, and left
    out. `overrides` correct every table that has such a column; LookupError is raised before the first item if none
    has it. Each file has a character set of its own, so `charset` is ignored.
    """
    unpacking = Unpacking()
    try:
        data = gathered(chunks)
        if not data.strip(_BLANK):
            return
        archive = ZipParts(data, unpacking)
    except UnreadableZip as error:
        yield Reject(_FILE, str(error))
        return
    del data
    if overrides:
        _check(list(_tables(archive, Unpacking(), overrides)), overrides)
    repeated = _Repeated()
    passed: Counter[str] = Counter()
    is_any = False
    for number, part in enumerate(archive.parts, 1):
        if _is_of_a_system(part):
            continue
        for item in _of_part(archive, part, passed, unpacking, overrides):
            is_any = True
            if isinstance(item, Contact) and repeated.is_known(item, number):
                continue
            if isinstance(item, Reject | Note):
                item.place = f"{_FILE} {number}" if item.place == _FILE else f"{_FILE} {number}, {item.place}"
            yield item
    if not is_any:
        yield Reject(_FILE, _without_contacts(passed))
    if repeated.count:
        yield Note(
            _FILE, f"{repeated.count} contacts are in several files of this archive, and are read once"
        )


def _is_of_a_system(part: ZipInfo) -> bool:
    """Whether a file was added by a system and not by a person."""
    name = part.filename.rpartition("/")[2]
    return (
        part.filename.startswith("__MACOSX/") or name.startswith(".") or name in ("Thumbs.db", "desktop.ini")
    )


def tables(
    chunks: Iterable[bytes], *, overrides: Mapping[str, str] | None = None, charset: str = ""
) -> Iterator[Table]:
    """The tables that would be read, with their place. Raises LookupError as `read` does."""
    unpacking = Unpacking()
    with suppress(UnreadableZip):
        found = list(_tables(ZipParts(gathered(chunks), unpacking), unpacking, overrides))
        _check(found, overrides or {})
        yield from found


def _tables(archive: ZipParts, unpacking: Unpacking, overrides: Mapping[str, str] | None) -> Iterator[Table]:
    for number, part in enumerate(archive.parts, 1):
        if _is_of_a_system(part):
            continue
        with suppress(UnreadableZip):
            found, pieces = _opened(archive, part)
            for table in _of_tables(found, pieces, unpacking, overrides):
                if any(column.field for column in table.understood.columns):
                    place = f"{_FILE} {number}"
                    yield msgspec.structs.replace(table, place=place, detection=found)


def _of_tables(
    found: Detection, pieces: Iterator[bytes], unpacking: Unpacking, overrides: Mapping[str, str] | None
) -> Iterator[Table]:
    if found.format == "csv":
        return csv.tables(pieces, overrides=overrides, partly=True)
    if found.format == "xlsx":
        return xlsx.tables(pieces, overrides=overrides, partly=True, unpacking=unpacking)
    return iter(())


def _check(found: Sequence[Table], overrides: Mapping[str, str]) -> None:
    """Raises LookupError for a column that no table has."""
    for name, field in overrides.items():
        if field:
            parse(field)
        if not any(places_of(name, table.understood.columns) for table in found):
            raise unknown_column(name, [column for table in found for column in table.understood.columns])


def _opened(archive: ZipParts, part: ZipInfo) -> tuple[Detection, Iterator[bytes]]:
    """What a file of the archive is, and its bytes from the beginning. Raises UnreadableZip."""
    pieces = archive.unpacked(part)
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= HEAD:
            break
    return _detected(head, part), chain((head,), pieces)


def _of_part(
    archive: ZipParts,
    part: ZipInfo,
    passed: Counter[str],
    unpacking: Unpacking,
    overrides: Mapping[str, str] | None,
) -> Iterator[Item]:
    """The items of a file; nothing for one that holds no contacts."""
    try:
        found, pieces = _opened(archive, part)
        if found.format == "zip":
            yield Note(_FILE, NESTED)
        elif (format_ := _READ.get(found.format)) is None:
            passed[found.kind] += 1
        else:
            reads: Callable[..., Iterator[Item]] = format_.read
            if format_.name == "xlsx":
                reads = partial(xlsx.read, overrides=overrides, partly=True, unpacking=unpacking)
            elif format_.name == "csv":
                reads = partial(csv.read, overrides=overrides, partly=True)
            items = reads(_until_failure(pieces))
            yield from _without_strangers(items, found, passed)
    except _Failure as failure:
        yield Reject(_FILE, str(failure))
    except UnreadableZip as error:
        yield Reject(_FILE, str(error))


class _Failure(Exception):
    """The rest of a part can't be unpacked."""


def _until_failure(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces. A format must not take the failure for its own."""
    try:
        yield from pieces
    except UnreadableZip as error:
        raise _Failure(str(error)) from None


def _detected(head: bytes, part: ZipInfo) -> Detection:
    if head.startswith(_CARD):
        # Many archives hold a thousand cards in as many files.
        return _VCARD
    found = detect(head, is_whole=part.file_size <= len(head))
    if found.format == "csv" and not part.filename.lower().endswith(_TABLES):
        return Detection(format="", kind="a text", why=found.why)
    return found


def _without_strangers(items: Iterator[Item], found: Detection, passed: Counter[str]) -> Iterator[Item]:
    """The items; nothing of a table or a list of lines that begins with a reject: it is of something else."""
    if found.format in ("csv", "xlsx", "ndjson", "json"):
        first = next(items, None)
        if first is None or isinstance(first, Reject):
            passed[found.kind] += 1
            return
        yield first
    yield from items


def _without_contacts(passed: Counter[str]) -> str:
    if not passed:
        return "this archive is empty"
    kinds = ", ".join(f"{count} times {kind}" if count > 1 else kind for kind, count in passed.most_common(3))
    return f"this archive holds no file of contacts, but {kinds}"


class _Repeated:
    """Contacts of the files that were read, as hashes."""

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}
        self.count = 0

    def is_known(self, contact: Contact, number: int) -> bool:
        """Whether an earlier file has the same contact. Two in one file are two."""
        digest = blake2b(_encode(contact), digest_size=16).digest()
        known = self._known.get(digest, number)
        if known == number and len(self._known) < REMEMBERED:
            self._known[digest] = number
        self.count += known != number
        return known != number
