"""Writer of contacts to a file or to standard output, in one format, as they come.

A format's `write` pulls its items, and an import pushes them. A thread connects the two.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from contactport.cli.exit_codes import CommandError
from contactport.contact import Item
from contactport.formats import registry
from contactport.formats.registry import NO_GROUPS, Groups

Write = Callable[[Iterable[Item]], Iterator[bytes]]

FORMATS = tuple(each.name for each in registry.WRITTEN if each.suffixes)
_ENDINGS = {suffix: each.name for suffix, each in registry.SUFFIXES.items() if each.writes}
"""The formats by the endings of file names."""
AHEAD = 4
"""Batches that may wait for a slow disk or pipe."""


def format_of(path: Path | None, named: str | None) -> str:
    """The format to write: the one that was named, or the one of the file's name, or vCard.

    Raises ValueError where the two contradict each other, or where the name's ending is of no known format.
    """
    ending = path.suffix.lower() if path is not None and not path.is_char_device() else ""
    said = _ENDINGS.get(ending)
    if named is not None and said is not None and said != named:
        raise ValueError(f"{path} is a name for {said}, and --format says {named}: change one of them")
    if named is None and said is None and ending:
        raise ValueError(
            f"the ending of {path} is of no format that is written here: name one with --format, or use "
            + ", ".join(_ENDINGS)
        )
    return named or said or FORMATS[0]


def write_of(name: str, groups: Groups) -> Write:
    """The `write` of a format. All but those that have groups of their own look their contacts' groups up."""
    written = registry.get(name)
    return partial(written.write, groups=NO_GROUPS if written.has_groups else groups)


class Writer:
    """Writes items in their order, in its own thread."""

    def __init__(self, write: Write, out: BinaryIO) -> None:
        self._write = write
        self._out = out
        self._queue: queue.Queue[Sequence[Item] | None] = queue.Queue(AHEAD)
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._begun = False

    def put(self, items: Sequence[Item]) -> None:
        """Add items to write. Waits while too many are waiting; raises what writing has raised."""
        self._enqueue(items)

    def close(self) -> None:
        """Write the waiting items and the format's end. Raises what writing has raised."""
        self._enqueue(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def abandon(self) -> None:
        """Stop after a failed import: end the file if something was written, and write nothing otherwise."""
        if self._begun:
            self._enqueue(None)
            self._thread.join()

    def _enqueue(self, items: Sequence[Item] | None) -> None:
        if not self._begun:
            self._begun = True
            self._thread.start()
        while self._thread.is_alive():
            with suppress(queue.Full):
                self._queue.put(items, timeout=0.1)
                return
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            for piece in self._write(self._items()):
                self._out.write(piece)
            self._out.flush()
        except OSError as error:
            pipe = isinstance(error, BrokenPipeError)
            self._failure = error if pipe else CommandError(f"the output can't be written: {error.strerror}")
        except Exception as error:
            self._failure = error

    def _items(self) -> Iterator[Item]:
        while True:
            if self._queue.empty():
                # Nothing to do but wait: whoever reads along gets all there is.
                self._out.flush()
            items = self._queue.get()
            if items is None:
                return
            yield from items


@contextmanager
def output(path: Path | None) -> Generator[BinaryIO]:
    """The stream to write to: standard output, or a file that gets its name when it is complete.

    Until then it is called `NAME.part`, and stays so where the import fails with something in it. Others can't
    read it. Raises CommandError.
    """
    if path is None:
        yield sys.stdout.buffer
    elif path.exists() and not path.is_file():
        with _open(path, new=False) as device:
            yield device
    else:
        beside = part(path)
        with _open(beside, new=True) as out:
            try:
                yield out
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt) or not out.tell():
                    beside.unlink()
                raise
        os.replace(beside, path)


@contextmanager
def _open(path: Path, *, new: bool) -> Generator[BinaryIO]:
    try:
        if new:
            path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | (os.O_CREAT | os.O_EXCL if new else 0), 0o600)
    except OSError as error:
        raise CommandError(f"{path} can't be written: {error.strerror}") from None
    out = open(handle, "wb")  # noqa: SIM115  closed below, whatever closing says
    try:
        yield out
    except BaseException:
        # What could not be written a moment ago can't be now: the first failure is the one to tell.
        with suppress(OSError):
            out.close()
        raise
    try:
        out.close()
    except OSError as error:
        raise CommandError(f"{path} can't be written: {error.strerror}") from None


def part(path: Path) -> Path:
    """The name of a file until it is complete."""
    return path.with_name(f"{path.name}.part")
