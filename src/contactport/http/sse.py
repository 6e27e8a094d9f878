"""Server-Sent Events as they go over the line (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import re

MEDIA_TYPE = "text/event-stream"
HEARTBEAT = b":\n\n"
"""A comment. Whoever reads it knows that the connection lives, and so does every proxy on the way."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_NO_WORD = re.compile(r"[\r\n\0]")


def message(data: bytes, *, event: str = "", id: str = "") -> bytes:
    """One event: `data` is UTF-8 of any number of lines, whose ends arrive as LF.

    Without `event` it is a "message"; without `id` the reader's last one stays. Raises ValueError for an event or an
    id that has a line end or a NUL: it would be read as something else.
    """
    if _NO_WORD.search(event) or _NO_WORD.search(id):
        raise ValueError("an event's name and id are words of one line")
    head = (f"event: {event}\n" if event else "") + (f"id: {id}\n" if id else "")
    return head.encode() + b"".join(b"data: %b\n" % line for line in _LINE_END.split(data)) + b"\n"


def retry(milliseconds: int) -> bytes:
    """How long a reader waits until it connects again."""
    return b"retry: %d\n\n" % milliseconds
