"""`contactport convert`: a file of contacts in another format, card by card, nothing merged."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click

from contactport.contact import Contact, Group, Item, Reject
from contactport.formats import ndjson, table, vcard

_BLOCK = 256 * 1024
_SNIFFED = 4096
_WRITTEN = 64 * 1024

WRITERS: dict[str, Callable[[Iterable[Item]], Iterator[bytes]]] = {
    "vcf": vcard.write,
    "vcf4": lambda items: vcard.write(items, version="4.0"),
    "csv": table.write,
    "json": ndjson.write_array,
    "ndjson": ndjson.write,
}
"""What `--to` names: vCard 3.0 and 4.0, a table, an array of wire contacts, a wire contact a line."""


class _Count:
    """How many of each were met."""

    def __init__(self) -> None:
        self.contacts = self.rejects = self.others = 0


def _blocks(source: BinaryIO, first: bytes) -> Iterator[bytes]:
    block = first
    while block:
        yield block
        block = source.read(_BLOCK)


def _is_vcard(first: bytes) -> bool:
    """Whether a card begins anywhere near the start, in UTF-16 too."""
    return b"BEGIN:VCARD" in first.replace(b"\0", b"").replace(b" ", b"").upper()


def _told(items: Iterator[Item], count: _Count, name: str) -> Iterator[Item]:
    """The sound items; each reject goes to standard error as it is met."""
    for item in items:
        if isinstance(item, Contact):
            count.contacts += 1
            yield item
        elif isinstance(item, Reject):
            count.rejects += 1
            click.echo(f"{name}: {item.place}: {item.reason}", err=True)
        elif isinstance(item, Group):
            yield item
        else:
            count.others += 1


def _deliver(parts: Iterator[bytes], target: BinaryIO) -> None:
    """Writes are gathered: a contact is small, and a call to the system is not."""
    gathered = bytearray()
    for part in parts:
        gathered += part
        if len(gathered) >= _WRITTEN:
            target.write(gathered)
            gathered.clear()
    target.write(gathered)
    target.flush()


def _open(file: str) -> BinaryIO:
    if file == "-":
        return sys.stdin.buffer
    try:
        return Path(file).open("rb", buffering=0)
    except OSError as error:
        raise click.ClickException(f"{file} can't be read: {error.strerror}.") from None


@click.command()
@click.argument("file")
@click.option(
    "--to",
    "target",
    type=click.Choice(list(WRITERS)),
    required=True,
    help="The format to write to standard output.",
)
@click.option("--lenient", is_flag=True, help="Exit with status 0 though some cards could not be read.")
def convert(file: str, target: str, lenient: bool) -> None:
    """Convert FILE (vCard 2.1, 3.0 or 4.0; - is standard input) and write it to standard output.

    Every sound contact is written, none is merged with another. A card that can't be read is named on standard
    error, with its place and the reason, and the exit status is 1 unless --lenient is given.
    """
    count = _Count()
    name = "standard input" if file == "-" else file
    with _open(file) as source:
        try:
            first = source.read(_BLOCK)
            if not _is_vcard(first[:_SNIFFED]) and not _is_vcard(first):
                raise click.ClickException(
                    f"{name} is not a file of contacts that can be read: no BEGIN:VCARD was found in it. "
                    "Export the address book as vCard (.vcf) and try again."
                )
            items = _told(vcard.read(_blocks(source, first)), count, name)
            _deliver(WRITERS[target](items), sys.stdout.buffer)
        except BrokenPipeError:
            # Whoever read the output has enough of it. Python would complain once more at its own end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
        except OSError as error:
            raise click.ClickException(f"{name} can't be read to its end: {error.strerror}.") from None
    if count.rejects:
        click.echo(f"{count.contacts} contacts written, {count.rejects} cards rejected.", err=True)
        if not lenient:
            sys.exit(1)
