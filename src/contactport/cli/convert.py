"""`contactport convert`: converts a file of contacts to another format, card by card, and merges nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click

from contactport.cli.exit_codes import USAGE, CommandError
from contactport.cli.explanation import explained
from contactport.cli.output import plain, say
from contactport.cli.rejects import RejectsOutput, rejects_option
from contactport.contact import Contact, Group, Item, Note, Reject
from contactport.formats import registry
from contactport.formats.columns import UnknownColumn, UnknownField
from contactport.formats.detect import Detection, detect
from contactport.formats.registry import FileFormat
from contactport.memberships import GROUPS, MEMBERSHIPS, Memberships

BLOCK = 256 * 1024
_WRITTEN = 64 * 1024
_GROUP_CARD = b":group"
"""Written otherwise, which nobody does, a group is met while its contacts are written, and told if it is late."""


class InputFile:
    """The file, or standard input, in blocks. Raises CommandError."""

    def __init__(self, file: str) -> None:
        self.name = "standard input" if file == "-" else file
        try:
            self._file = sys.stdin.buffer if file == "-" else open(file, "rb", buffering=0)  # noqa: SIM115  see close
        except OSError as error:
            raise CommandError(f"{self.name} can't be read: {error.strerror}.", USAGE) from None
        self._first = self._read()

    def _read(self) -> bytes:
        try:
            return self._file.read(BLOCK)
        except OSError as error:
            raise CommandError(f"{self.name} can't be read to its end: {error.strerror}.", USAGE) from None

    def format(self) -> tuple[FileFormat, Detection]:
        """What the first block shows. Raises CommandError for what can't be read."""
        found = detect(self._first, is_whole=len(self._first) < BLOCK)
        known = next((each for each in registry.FORMATS if each.name == found.format and each.reads), None)
        if known is None:
            why = found.why if not found.format else f"This is {found.kind}, which can't be read here yet."
            raise CommandError(f"{self.name} can't be read as contacts. {why}", USAGE)
        return known, found

    def blocks(self) -> Iterator[bytes]:
        """All bytes. Can be called once."""
        block = self._first
        while block:
            yield block
            block = self._read()

    def groups(self, format_: FileFormat) -> Memberships | None:
        """The group names of each UID, found by reading a file again; None for a stream."""
        if not self._file.seekable():
            return None
        start = self._file.tell() - len(self._first)
        groups = Memberships()
        lost = 0
        if format_.has_groups and (format_.name != "vcf" or self._may_hold_groups()):
            self._file.seek(start)
            for item in format_.read(iter(self._read, b"")):
                if isinstance(item, Group):
                    lost += enlist(item, groups)
        tell_lost(self.name, lost)
        self._file.seek(start + len(self._first))
        return groups

    def _may_hold_groups(self) -> bool:
        block, last = self._first, b""
        while block:
            searched = block.replace(b"\0", b"") if b"\0" in block else block
            edge = last + searched[:16]
            if _GROUP_CARD in searched or _GROUP_CARD in edge:
                return True
            last = searched[-16:]
            block = self._read()
        return False

    def close(self) -> None:
        """Close the file, but not standard input."""
        if self._file is not sys.stdin.buffer:
            self._file.close()


def enlist(group: Group, groups: Memberships) -> int:
    """Add a group's name to each of its members. Returns the number of members without room."""
    members = dict.fromkeys(group.members)
    return len(members) - len(groups.add(group.name, members))


def tell_lost(name: str, lost: int) -> None:
    """Report how many memberships are left out."""
    if lost:
        say(
            f"{name}: {lost} memberships of groups are left out: a contact may be in {GROUPS} groups, "
            f"and all groups together may have {MEMBERSHIPS} members."
        )


class Passage:
    """The items on their way to the writer. Counts them and reports rejects."""

    def __init__(self, name: str, groups: Memberships, *, late: bool, keep: Callable[[Reject], None]) -> None:
        self._keep = keep
        self.contacts = self.rejects = self.notes = self.things = self.late = self.lost = 0
        self._name = name
        self._groups = groups
        self._learns = late

    def items(self, read: Iterable[Item]) -> Iterator[Item]:
        """What the writer gets: contacts and groups."""
        for item in read:
            if isinstance(item, Contact):
                self.contacts += 1
                yield item
            elif isinstance(item, Reject):
                self.rejects += 1
                self._keep(item)
                say(f"{self._name}: {item.place}: {plain(item.reason)}")
            elif isinstance(item, Note):
                self.notes += 1
                say(f"{self._name}: note: {item.place}: {plain(item.reason)}")
            elif isinstance(item, Group):
                if self._learns:
                    self.late += self.contacts > 0
                    self.lost += enlist(item, self._groups)
                yield item
            else:
                self.things += 1

    def tell(self) -> None:
        """Report what is missing in the output."""
        tell_lost(self._name, self.lost)
        if self.rejects:
            say(f"{self._name}: {self.contacts} contacts written, {self.rejects} rejected.")
        if self.things:
            say(f"{self._name}: {self.things} cards of organisations, places or things were left out.")
        if self.late:
            say(
                f"{self._name}: {self.late} groups came after contacts, which are written without them. "
                "Convert from a file instead of standard input to keep them."
            )


def deliver(parts: Iterable[bytes], out: BinaryIO) -> None:
    """Write the parts in larger pieces, because each call to the system is expensive."""
    gathered = bytearray()
    for part in parts:
        gathered += part
        if len(gathered) >= _WRITTEN:
            out.write(gathered)
            gathered.clear()
    out.write(gathered)
    out.flush()


@click.command()
@click.argument("file")
@click.option(
    "--to",
    "target",
    type=click.Choice([each.name for each in registry.WRITTEN]),
    help="The format of the output.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Show how FILE was recognised and how each column of a table is understood, and convert nothing.",
)
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="What a column of a table is: 'Reachable at=phone.work', or '3=email' by its number. An empty field leaves "
    "the column out. May be given several times.",
)
@click.option("--lenient", is_flag=True, help="Exit with code 0 although cards were rejected.")
@rejects_option
@click.option("--data", expose_value=False, hidden=True)
@click.option("--config", expose_value=False, hidden=True)
def convert(
    file: str,
    target: str | None,
    explain: bool,
    columns: tuple[str, ...],
    lenient: bool,
    rejects: Path | None,
) -> None:
    """Convert FILE to another format, on standard output.

    FILE is vCard 2.1, 3.0 or 4.0, jCard, JSContact, xCard, LDIF, a table (CSV, TSV, XLSX), a ZIP with any of these,
    or what --to json and ndjson write. It is recognised by its bytes; - is standard input. Each contact that can be
    read is written, and none is merged with another. A card that can't be read is reported on standard error, with
    its line and the reason. The exit code is then 1, unless --lenient is given. --rejects writes these cards to a
    file, as they came: in their own format (rows of XLSX as CSV), and as a ZIP where FILE is one.
    """
    if explain == (target is not None):
        raise CommandError("Give --to with a format, or --explain alone.", USAGE)
    overrides = _overrides(columns)
    source = InputFile(file)
    try:
        found, detection = source.format()
        if overrides and not found.has_columns:
            raise CommandError(f"{source.name} is {detection.kind}, which has no columns for --map.", USAGE)
        if target is None:
            for line in explained(
                source.name, detection, list(found.tables(source.blocks(), overrides=overrides))
            ):
                click.echo(line)
            return
        passage = _converted(source, found, registry.get(target), overrides, rejects)
    except (UnknownColumn, UnknownField) as error:
        raise CommandError(f"--map: {plain(str(error))}.", USAGE) from None
    finally:
        source.close()
    passage.tell()
    if passage.rejects and not lenient:
        sys.exit(1)


def _overrides(columns: tuple[str, ...]) -> dict[str, str]:
    """The fields by column, as they were given. A header may hold `=`, a field does not. Raises CommandError."""
    overrides: dict[str, str] = {}
    for given in columns:
        column, equals, field = given.rpartition("=")
        if not equals or not column.strip():
            raise CommandError(
                f"--map needs a column and a field, such as 'Column=email', not {given!r}.", USAGE
            )
        overrides[column] = field.strip()
    return overrides


def _converted(
    source: InputFile,
    found: FileFormat,
    written: FileFormat,
    overrides: dict[str, str],
    rejects: Path | None,
) -> Passage:
    """Write everything in the other format. What was met on the way."""
    known = Memberships() if written.has_groups else source.groups(found)
    groups = Memberships() if known is None else known
    with RejectsOutput(rejects, archived=found.name == "zip") as kept:
        passage = Passage(source.name, groups, late=known is None, keep=kept.put)
        items = passage.items(found.read(source.blocks(), overrides=overrides))
        deliver(written.write(items, registry.NO_GROUPS if written.has_groups else groups), sys.stdout.buffer)
    return passage
