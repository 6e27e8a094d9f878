"""Content codings of an answer (RFC 9110 section 12.5.3): gzip and zstd, made piece by piece."""

from __future__ import annotations

import sys
import zlib
from collections.abc import AsyncIterator
from typing import Literal, Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Coding = Literal["zstd", "gzip", "identity"]
CODINGS: tuple[Coding, ...] = ("zstd", "gzip", "identity")
"""In our order of preference, where the client has none."""
_ALIASES = {"x-gzip": "gzip"}
_LONGEST = 1000
"""Characters of a header that are looked at."""
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_LEVEL = 4
_ZSTD: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 3,
    # 128 KiB: what one answer holds in memory, here and at the client's, is as little as gzip's.
    zstd.CompressionParameter.window_log: 17,
}


def accepted(header: str | None) -> Coding | None:
    """The coding that an Accept-Encoding asks for; None where it takes none that there is, not even identity.

    Without a header, or with an empty one, it is identity.
    """
    weights: dict[str, float] = {}
    for part in (header or "")[:_LONGEST].split(","):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = _weight(parameters)
        if name and weight is not None:
            weights[_ALIASES.get(name, name)] = weight
    rest = weights.get("*", 0.0)
    # `*` is for clients that take anything; what they can do is not known, so they get what all can.
    of = {"zstd": weights.get("zstd", 0.0), "gzip": weights.get("gzip", rest)}
    # Identity is taken unless it is excluded, but anything that is asked for is preferred to it.
    of["identity"] = weights.get("identity", 0.0 if weights.get("*") == 0 else 1e-9)
    if of["identity"] == of["gzip"] == of["zstd"] == 0:
        return None
    return max(CODINGS, key=lambda coding: of[coding])


def _weight(parameters: list[str]) -> float | None:
    """The `q` of an element, 1 without one; None for one that is no weight."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            value = value.strip()
            if not value or value.strip("0123456789.") or value.count(".") > 1 or len(value) > 5:
                return None
            return None if value == "." else min(1.0, float(value))
    return 1.0


class _Compressor(Protocol):
    def piece(self, data: bytes) -> bytes: ...

    def end(self) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._compress = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP)

    def piece(self, data: bytes) -> bytes:
        return self._compress.compress(data) + self._compress.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._compress.flush()


class _Zstd:
    def __init__(self) -> None:
        self._compress = zstd.ZstdCompressor(options=_ZSTD)

    def piece(self, data: bytes) -> bytes:
        return self._compress.compress(data, mode=zstd.ZstdCompressor.FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._compress.flush()


async def compressed(pieces: AsyncIterator[bytes], coding: Coding) -> AsyncIterator[bytes]:
    """The same pieces in this coding. Each can be read when it comes: the first one need not wait for the second.

    Where `pieces` breaks off, so does this, without the coding's own end.
    """
    if coding == "identity":
        async for piece in pieces:
            yield piece
        return
    compressor: _Compressor = _Gzip() if coding == "gzip" else _Zstd()
    async for piece in pieces:
        if piece:
            yield compressor.piece(piece)
    yield compressor.end()
