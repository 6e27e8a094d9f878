"""Search for canary words in files: in clear, or in any encoding without a secret."""

from __future__ import annotations

import base64
import itertools
import json
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import quote

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import sql

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_PIECE = 1024
_SQLITE = b"SQLite format 3\0"


def forms(word: str) -> dict[str, bytes]:
    """Every encoding of a word that is searched for, by name."""
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


class Searched(NamedTuple):
    """The result of a search: `hits` have the place, the word and its encoding. `bytes` is how much was searched."""

    hits: list[str]
    files: int
    bytes: int
    words: int
    dresses: int

    def __str__(self) -> str:
        return (
            f"{len(self.hits)} hits in {self.files} files, {self.bytes:,} bytes with what is packed in them "
            f"({self.words} canaries in {self.dresses} dresses)"
        )


def search(words: Sequence[str], places: Iterable[Path], database_url: str = "") -> Searched:
    """Look everywhere. A place is a file, or a folder with all that is in it; files may change meanwhile.

    With a URL the values of every table of a PostgreSQL database as well: it may keep some of them packed in a way of
    its own.
    """
    dressed = [(word, name, form) for word in words for name, form in forms(word).items()]
    shortest = min(len(form) for _, _, form in dressed)
    hits: list[str] = []
    size = 0
    layers = [_layers(path) for path in files_of(places)]
    files = len(layers)
    if database_url:
        layers.append(_unpacked(postgresql_values(database_url)))
    for where, data in itertools.chain.from_iterable(layers):
        size += len(data)
        if len(data) >= shortest:
            hits += [f"{word!r} in {where}, {name}" for word, name, form in dressed if form in data]
    return Searched(hits, files, size, len(words), len(forms(words[0])))


def seen(words: Sequence[str], places: Iterable[Path]) -> list[str]:
    """Where which of the words stands; empty where none does."""
    return search(words, places).hits


def files_of(places: Iterable[Path]) -> list[Path]:
    """Every file of some places."""
    return [
        path
        for place in places
        for path in ([place] if place.is_file() else sorted(place.rglob("*")))
        if path.is_file()
    ]


def content(path: Path) -> bytes:
    """Empty for a file that is gone again."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _layers(path: Path) -> Iterator[tuple[str, bytes]]:
    """A file's bytes, a database's values, and what is compressed in either."""
    data = content(path)
    yield from _unpacked([(str(path), data)])
    if data.startswith(_SQLITE):
        yield from _unpacked((f"{path}: {where}", value) for where, value in _values(path))


def _unpacked(layers: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """These, and what is compressed in them."""
    for where, layer in layers:
        yield where, layer
        for name, magics, decompressor in _DECOMPRESSORS:
            for at in _places_of(magics, layer):
                yield f"{where}, {name} at {at}", _decompressed(decompressor(), memoryview(layer)[at:])


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


def postgresql_values(url: str) -> Iterator[tuple[str, bytes]]:
    """Every value of every table of a database, the job engine's as well."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert tables
        for schema, table in tables:
            query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))
            for row in connection.execute(query):
                for value in row:
                    if value is not None:
                        text = value if isinstance(value, bytes) else str(value).encode()
                        yield f"{schema}.{table}", text


def openable(ring: Path, places: Iterable[Path], import_ids: Iterable[int]) -> list[str]:
    """The data keys of these imports that the keys of a ring's file open, wherever a box of theirs stands.

    A box is the daily key's number (4 bytes), a nonce of 12, and the sealed 32 bytes with their tag of 16. What is
    sealed of an import is sealed under its data key: where that can't be opened, nothing can.
    """
    keys = {one["id"]: base64.b64decode(one["key"]) for one in json.loads(ring.read_text("ascii"))["daily"]}
    contexts = [f"import/key/{import_id}".encode() for import_id in import_ids]
    found: list[str] = []
    for path in files_of(places):
        data = content(path)
        for number, key in keys.items():
            for at in _places_of([number.to_bytes(4, "big")], data):
                box = data[at + 4 : at + 64]
                # Random bytes have hardly a zero; what a database keeps of its own is full of them.
                if len(box) == 60 and box.count(0) < 9 and any(_opens(key, box, one) for one in contexts):
                    found.append(f"{path} at {at}, by key {number}")
    return found


def _opens(key: bytes, box: bytes, context: bytes) -> bool:
    try:
        AESGCM(key).decrypt(box[:12], box[12:], context)
    except InvalidTag:
        return False
    return True


def _places_of(magics: Iterable[bytes], data: bytes) -> Iterator[int]:
    for magic in magics:
        at = data.find(magic)
        while at >= 0:
            yield at
            at = data.find(magic, at + 1)


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: memoryview, /) -> bytes: ...


_DECOMPRESSORS: tuple[tuple[str, tuple[bytes, ...], Callable[[], _Decompressor]], ...] = (
    ("zstd", (b"\x28\xb5\x2f\xfd",), zstd.ZstdDecompressor),
    ("gzip", (b"\x1f\x8b\x08",), lambda: zlib.decompressobj(31)),
    ("zlib", (b"\x78\x01", b"\x78\x9c", b"\x78\xda"), lambda: zlib.decompressobj(15)),
)


def _decompressed(decompressor: _Decompressor, data: memoryview) -> bytes:
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
