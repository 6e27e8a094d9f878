"""ZIP archives that hold files of contacts: Google Takeout's, Apple's, or any other.

Each file of the archive is read as what its first bytes show. What is no file of contacts (pictures, web pages) is
passed over. An archive within the archive is not opened. A contact that an earlier file of the archive has too, with
all of its values, is read once: Takeout writes one file for each label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from hashlib import blake2b
from itertools import chain
from zipfile import ZipInfo

import msgspec

from contactport.contact import Contact, Item, Note, Reject
from contactport.formats import registry, xlsx
from contactport.formats.charsets.evidence import Evidence
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


def read(chunks: Iterable[bytes], *, evidence: Evidence | None = None) -> Iterator[Item]:
    """What the files of an archive hold, in the order of its index. Never raises for bad input.

    Places begin with the number of the file in the archive: `file 3, line 120`. Names are the user's own, and left
    out.
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
    repeated = _Repeated()
    passed: Counter[str] = Counter()
    is_any = False
    for number, part in enumerate(archive.parts, 1):
        if _is_of_a_system(part):
            continue
        for item in _of_part(archive, part, passed, unpacking):
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


def _of_part(archive: ZipParts, part: ZipInfo, passed: Counter[str], unpacking: Unpacking) -> Iterator[Item]:
    """The items of a file; nothing for one that holds no contacts."""
    pieces = archive.unpacked(part)
    head = b""
    try:
        for piece in pieces:
            head += piece
            if len(head) >= HEAD:
                break
        found = _detected(head, part)
        if found.format == "zip":
            yield Note(_FILE, NESTED)
        elif (format_ := _READ.get(found.format)) is None:
            passed[found.kind] += 1
        else:
            reads = partial(xlsx.read, unpacking=unpacking) if format_.name == "xlsx" else format_.read
            items = reads(_until_failure(chain((head,), pieces)))
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
