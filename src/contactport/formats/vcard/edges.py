"""Edges of a card, its BEGIN and its END, as the careful reader knows them in any spelling."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

SPEAKS_OF_CARD = re.compile(rb":[ \t]*+VCARD", re.IGNORECASE)
"""What every edge and every AGENT with a card in its line has."""
EDGE = re.compile(rb"(BEGIN|END)[ \t]*:[ \t]*VCARD", re.IGNORECASE)
AGENT = re.compile(rb"(?:[\w-]+\.)?AGENT(?:;[^:]*)?:[ \t]*(BEGIN:VCARD)?[ \t]*", re.IGNORECASE)
_BETWEEN = rb"(?:[ \t\0\x1a]|\xef\xbb\xbf)*+"
FUSED = re.compile(rb"END:VCARD" + _BETWEEN + rb"BEGIN:VCARD", re.IGNORECASE)
FUSED_CAPITALS = re.compile(rb"(?i:END):VCARD" + _BETWEEN + rb"(?i:BEGIN):VCARD")
"""An END and a BEGIN with no line end between them: where files were joined."""
VERSION = re.compile(rb"VERSION[ \t]*[:;]", re.IGNORECASE)
LONGEST_EDGE = len(b"BEGIN:VCARD")
"""Of those that are spelt as most are."""


class UndecidedEdge(msgspec.Struct, gc=False):
    """A doubtful edge within a value, or `alone` in a line: the next line shows whether it is one."""

    edge: Literal["begin", "end"]
    at: int
    """Its line, in the lines of the open card."""
    before: bytes
    """What stands before it in its line."""
    number: int
    alone: bool
