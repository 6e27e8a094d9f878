"""Decoding of content codings (RFC 9110 section 8.4.1), with limits.

aiohttp's own decompression has no limit of ratio, so the answer comes to us as it was sent.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from contactport.net.failures import ConnectionLost, TooLarge, Unreadable

OUTPUT = 64 * 1024
"""The most that one step of a decoder gives: a bomb swells by this much before it is noticed."""
SLACK = 64 * 1024
"""Short answers may be packed as tightly as they like."""
MEMBERS = 64
"""Members of a body that hold nothing, or nearly: each costs as much time as thousands of bytes."""
MEMBER = 1024
"""Decoded bytes for which a body may have one member more."""

_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Decoder:
    """One answer's body: bytes as received in, bytes as meant out.

    `limit` is the most decoded bytes, `ratio` the most decoded bytes that one received byte may become.
    Raises Unreadable, TooLarge, ConnectionLost (when the body ends too early).
    """

    def __init__(self, coding: str, *, limit: int, ratio: int) -> None:
        coding = coding.strip().lower()
        if coding not in ("", "identity", *_WINDOWS):
            raise Unreadable("it is packed in a way that was not asked for")
        self._window = _WINDOWS.get(coding)
        self._inflate = None if self._window is None else zlib.decompressobj(self._window)
        self._limit = limit
        self._ratio = ratio
        self._received = 0
        self._decoded = 0
        self._members = 1

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._received += len(data)
        if self._inflate is None:
            self._count(data)
            yield data
            return
        while data:
            if self._inflate.eof:
                # Several gzip members in a row are one body (RFC 1952 section 2.2).
                self._members += 1
                if self._members > MEMBERS + self._decoded // MEMBER:
                    raise Unreadable("its compressed form has too many parts")
                self._inflate = zlib.decompressobj(self._window or 0)
            try:
                out = self._inflate.decompress(data, OUTPUT)
            except zlib.error:
                if self._window != zlib.MAX_WBITS or self._decoded:
                    raise Unreadable("its compressed form is damaged") from None
                # "deflate" means zlib, but some servers send the bare stream.
                self._window = -zlib.MAX_WBITS
                self._inflate = zlib.decompressobj(self._window)
                continue
            data = self._inflate.unconsumed_tail or self._inflate.unused_data
            if out:
                self._count(out)
                yield out
            elif not data:
                break

    def finish(self) -> None:
        if self._inflate is not None and self._received and not self._inflate.eof:
            raise ConnectionLost

    def _count(self, out: bytes) -> None:
        self._decoded += len(out)
        if self._decoded > self._limit:
            raise TooLarge("response_bytes", self._limit)
        if self._inflate is not None and self._decoded > self._received * self._ratio + SLACK:
            raise TooLarge("response_ratio")
