"""Files of the records that could not be read: as they came, in their own format, or an archive of such files."""

from __future__ import annotations

import zipfile
from typing import Protocol

from contactport.contact import RejectedRecord
from contactport.formats import registry

ARCHIVE = registry.get("zip")


class RejectedFile:
    """A file of rejected records, made piece by piece: `put` for each of them, then `end`.

    With `archived` it is an archive, with a file for each format and each table. Its files have no date.
    """

    def __init__(self, *, archived: bool = False) -> None:
        self._out = _Pieces()
        self._archive = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED) if archived else None
        self._file: _Writable = self._out
        self._kind = ("", b"")
        self._files = 0
        self._frame = registry.Frame()

    def put(self, record: RejectedRecord) -> bytes:
        """What is to be written for the next record."""
        if not self._files or (record.format, record.head) != self._kind:
            self._end_file()
            self._begin_file(record)
        else:
            self._file.write(self._frame.between)
        self._file.write(record.data)
        if self._frame.by_lines and record.data[-1:] not in (b"\n", b"\r"):
            self._file.write(b"\r\n" if b"\r\n" in record.data else b"\n")
        return self._out.taken()

    def end(self) -> bytes:
        """What follows the last record."""
        self._end_file()
        if self._archive is not None:
            self._archive.close()
        return self._out.taken()

    def _begin_file(self, record: RejectedRecord) -> None:
        self._kind = record.format, record.head
        self._files += 1
        format_ = registry.get(record.format)
        if self._archive is not None:
            name = f"rejects-{self._files}{format_.suffixes[0]}"
            self._file = self._archive.open(zipfile.ZipInfo(name), "w")
        self._frame = format_.frame
        self._file.write(self._frame.start)
        self._file.write(record.head)

    def _end_file(self) -> None:
        if self._files:
            self._file.write(self._frame.end)
            if self._archive is not None:
                self._file.close()


class _Writable(Protocol):
    def write(self, data: bytes, /) -> int: ...

    def close(self) -> None: ...


class _Pieces:
    """What is written to a stream, until it is taken away."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken
