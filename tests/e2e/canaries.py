"""Marked words, and whether they stand anywhere in some files: in clear, or in any dress that hides nothing."""

from __future__ import annotations

import base64
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_PIECE = 1024
_SQLITE = b"SQLite format 3\0"


def forms(word: str) -> dict[str, bytes]:
    """Every dress of a word that is searched for, by name."""
    plain = word.encode()
    found = {
        "plain": plain,
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
        "percent": quote(word, safe="").encode(),
        "percent, every byte": "".join(f"%{byte:02X}" for byte in plain).encode(),
        "escaped": word.encode("ascii", "backslashreplace"),
        "utf-16-le": word.encode("utf-16-le"),
        "utf-16-be": word.encode("utf-16-be"),
    }
    for shift in range(3):
        # Only characters whose six bits are all the word's own: the others depend on its neighbours.
        first, last = -(-8 * shift // 6), 8 * (shift + len(plain)) // 6
        text = base64.b64encode(bytes(shift) + plain + bytes(3))[first:last]
        found[f"base64 at {shift}"] = text
        found[f"base64url at {shift}"] = text.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def seen(words: Iterable[str], places: Iterable[Path]) -> list[str]:
    """Where which of the words stands, and in which dress; empty where none does.

    A place is a file, or a folder with all that is in it. Files may change meanwhile.
    """
    dressed = [(word, name, form) for word in words for name, form in forms(word).items()]
    return [
        f"{word!r} in {where}, {name}"
        for place in places
        for path in ([place] if place.is_file() else sorted(place.rglob("*")))
        if path.is_file()
        for where, data in _layers(path)
        for word, name, form in dressed
        if form in data
    ]


def _layers(path: Path) -> Iterator[tuple[str, bytes]]:
    """A file's bytes, a database's values, and what is compressed in either."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        # A temporary file of the service's that is gone again.
        return
    layers = [(str(path), data)]
    if data.startswith(_SQLITE):
        layers += [(f"{path}: {where}", value) for where, value in _values(path)]
    for where, layer in layers:
        yield where, layer
        for name, magics, decompressor in _DECOMPRESSORS:
            for at in _places_of(magics, layer):
                yield f"{where}, {name} at {at}", _decompressed(decompressor(), layer[at:])


def _values(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every value of every table: one that fills several pages does not stand in the file in one piece."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        tables = [
            str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, str | bytes):
                        yield table, value.encode() if isinstance(value, str) else value


def _places_of(magics: Iterable[bytes], data: bytes) -> Iterator[int]:
    for magic in magics:
        at = data.find(magic)
        while at >= 0:
            yield at
            at = data.find(magic, at + 1)


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, /) -> bytes: ...


_DECOMPRESSORS: tuple[tuple[str, tuple[bytes, ...], Callable[[], _Decompressor]], ...] = (
    ("zstd", (b"\x28\xb5\x2f\xfd",), zstd.ZstdDecompressor),
    ("gzip", (b"\x1f\x8b\x08",), lambda: zlib.decompressobj(31)),
    ("zlib", (b"\x78\x01", b"\x78\x9c", b"\x78\xda"), lambda: zlib.decompressobj(15)),
)


def _decompressed(decompressor: _Decompressor, data: bytes) -> bytes:
    """As much as can be had before it turns out to be no such thing, or damaged."""
    found = bytearray()
    try:
        for at in range(0, len(data), _PIECE):
            found += decompressor.decompress(data[at : at + _PIECE])
            if decompressor.eof:
                break
    except (zstd.ZstdError, zlib.error):
        # A few bytes that only look like the beginning of something compressed.
        return bytes(found)
    return bytes(found)
