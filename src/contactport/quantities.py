"""Quantities in words, by one rule for the whole program: `1 card`, `3,012 cards`, `512 MiB`, `40 seconds`."""

from __future__ import annotations

import math


def counted(number: int, noun: str) -> str:
    """The number, in groups of three digits, and the noun: with an `s` unless it is one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(count: int) -> str:
    """A number of bytes."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor:
            return f"{count / factor:.4g} {unit}"
    return f"{count} bytes"


def duration(ms: int) -> str:
    """Milliseconds in whole seconds or minutes: never less than it is."""
    seconds = math.ceil(ms / 1000)
    if seconds == 1:
        return "a second"
    return f"{seconds} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
