"""Parts of a ZIP file, unpacked within budgets: for XLSX, and for archives that people upload.

The index of a ZIP is at its end, so the whole file is needed before the first part. It is held in memory, MOST_BYTES
at most, and never on disk. Names of parts are only compared, never used as paths.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator

MOST_BYTES = 64 * 1024 * 1024
"""The largest file that is read."""
MOST_PARTS = 10_000
MOST_UNPACKED = 512 * 1024 * 1024
"""What all parts that are read may unpack to."""
MOST_RATIO = 250
"""What a byte may unpack to, once a part is larger than a MiB. A sheet of empty cells comes to 100."""
_FREE = 1024 * 1024
_PIECE = 64 * 1024
_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    RuntimeError,
)
"""What zipfile raises for bad input; UnicodeError is a ValueError, NotImplementedError a RuntimeError."""
TOO_LARGE = f"this file is larger than {MOST_BYTES // 1024**2} MiB"
DAMAGED = "this ZIP file is damaged: copy or download it again"
TOO_MANY = f"this ZIP file holds more than {MOST_PARTS} files"
ENCRYPTED = "this part is encrypted: save the file without a password"
METHOD = "this part is packed by a method other than deflate"
EXPANDS = (
    f"this part unpacks to more than {MOST_RATIO} times its size, or the file to more than "
    f"{MOST_UNPACKED // 1024**2} MiB"
)


class UnreadableZip(Exception):
    """The file, or a part of it, can't be read. The text says why, without any name."""


def gathered(chunks: Iterable[bytes]) -> bytes:
    """A whole file. Raises UnreadableZip for one that is larger than MOST_BYTES."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise UnreadableZip(TOO_LARGE)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class Unpacking:
    """What may still be unpacked, by a file and all files within it together."""

    def __init__(self) -> None:
        self._left = MOST_UNPACKED

    def take(self, size: int) -> None:
        """Raises UnreadableZip if it is too much."""
        self._left -= size
        if self._left < 0:
            raise UnreadableZip(EXPANDS)


class ZipParts:
    """A ZIP file in memory."""

    def __init__(self, data: bytes, unpacking: Unpacking | None = None) -> None:
        """Raises UnreadableZip."""
        # The index says how many parts it has, and may lie.
        if data.count(_ENTRY) > MOST_PARTS:
            raise UnreadableZip(TOO_MANY)
        try:
            self._file = zipfile.ZipFile(io.BytesIO(data))
            self.parts = [part for part in self._file.infolist() if not part.is_dir()]
            """The parts, in the order of the index."""
        except _DAMAGES:
            raise UnreadableZip(DAMAGED) from None
        self._unpacking = unpacking or Unpacking()

    def unpacked(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        """A part, piece by piece. Raises UnreadableZip, also after some pieces."""
        if part.flag_bits & _ENCRYPTED:
            raise UnreadableZip(ENCRYPTED)
        if part.compress_type not in _METHODS:
            # zipfile unpacks what others have packed at once, however much it is.
            raise UnreadableZip(METHOD)
        size = 0
        try:
            with self._file.open(part) as file:
                while piece := file.read(_PIECE):
                    size += len(piece)
                    self._unpacking.take(len(piece))
                    if size > _FREE and size > MOST_RATIO * part.compress_size:
                        raise UnreadableZip(EXPANDS)
                    yield piece
        except _DAMAGES:
            raise UnreadableZip(DAMAGED) from None
