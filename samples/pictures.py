"""Small pictures, made here byte by byte, so that no library's version can change them."""

from __future__ import annotations

import struct
from zlib import adler32, crc32

Colour = tuple[int, int, int]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))


def png(foreground: Colour, background: Colour, *, size: int = 16) -> bytes:
    """A square avatar of `size` pixels (at most 140): a disc on a plain ground."""
    middle, radius = (size - 1) / 2, size * 0.36
    rows = b"".join(
        b"\0"
        + b"".join(
            bytes(foreground if (x - middle) ** 2 + (y - middle) ** 2 <= radius**2 else background)
            for x in range(size)
        )
        for y in range(size)
    )
    # One stored block (RFC 1951 section 3.2.4): what a compressor makes of it differs by its version.
    stored = b"\x78\x01\x01" + struct.pack("<HH", len(rows), len(rows) ^ 0xFFFF) + rows
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", stored + struct.pack(">I", adler32(rows)))
        + _chunk(b"IEND", b"")
    )


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg(levels: list[list[int]]) -> bytes:
    """A grey picture of blocks of eight by eight pixels, one grey (0 to 255) each (ITU-T T.81, baseline).

    A block of one grey is its DC coefficient alone: eight times the level when every step is eight, so the
    coded number is the level itself. The DC table has nine codes of four bits, the AC table only the end of
    block.
    """
    bits = ""
    previous = 0
    for row in levels:
        for level in row:
            step, previous = level - 128 - previous, level - 128
            length = abs(step).bit_length()
            bits += f"{length:04b}"
            if length:
                bits += f"{step if step > 0 else step + (1 << length) - 1:0{length}b}"
            bits += "0"
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    height, width = 8 * len(levels), 8 * len(levels[0])
    return (
        b"\xff\xd8"
        + _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        + _segment(0xDB, b"\0" + bytes([8]) * 64)
        + _segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\0")
        + _segment(0xC4, b"\0" + bytes([0, 0, 0, 10] + [0] * 12) + bytes(range(10)))
        + _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0")
        + _segment(0xDA, b"\x01\x01\0\0\x3f\0")
        + scan
        + b"\xff\xd9"
    )
