"""Finding: one result of a check."""

from __future__ import annotations

from typing import Literal

import msgspec

WORDS = {"good": "ok", "note": "note", "wrong": "WRONG"}
"""How a terminal shows each state."""


class Finding(msgspec.Struct, frozen=True):
    """A result of a check: `good`, `note` (it may be intended) or `wrong`, with what to do about it."""

    check: str
    state: Literal["good", "note", "wrong"]
    text: str
    fix: str = ""


def good(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, "good", text)


def note(check: str, text: str, fix: str = "") -> Finding:
    """Nothing is wrong yet, or it may be intended."""
    return Finding(check, "note", text, fix)


def wrong(check: str, text: str, fix: str) -> Finding:
    """The service does not work, or is not safe, until this is corrected."""
    return Finding(check, "wrong", text, fix)
