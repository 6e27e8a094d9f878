"""A number with its noun, the one rule for the whole program: `1 card`, `2 cards`, `3,012 cards`."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """The number, in groups of three digits, and the noun: with an `s` unless it is one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
