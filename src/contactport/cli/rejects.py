"""The file of the records that could not be read, which `convert` and `import` write where one is named."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

import click

from contactport.cli.output import say

if TYPE_CHECKING:
    from contactport.contact import Reject

rejects_option = click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write the records that can't be read, as they came. FILE is not made where there is none.",
)


class RejectsOutput:
    """Writes the record of each reject that has one. Without a path it does nothing. Raises CommandError.

    As `archived`, the file is an archive, with a file for each format and each table.
    """

    def __init__(self, path: Path | None, *, archived: bool = False) -> None:
        # Here: `--help` need not wait for it.
        from contactport.formats.rejected import RejectedFile

        self._path = path
        self._made = RejectedFile(archived=archived)
        self._stack = ExitStack()
        self._out: BinaryIO | None = None
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def put(self, reject: Reject) -> None:
        """Write the next record."""
        from contactport.cli.contact_writer import output

        if self._path is None or reject.record is None:
            return
        if self._out is None:
            self._out = self._stack.enter_context(output(self._path))
        self._out.write(self._made.put(reject.record))
        self._count += 1

    def __exit__(self, *_: object) -> None:
        """Complete the file, also where reading failed, and tell of it."""
        if self._out is not None:
            self._out.write(self._made.end())
            self._stack.close()
            say(
                f"{self._count} rejected {'record is' if self._count == 1 else 'records are'} in {self._path}."
            )
