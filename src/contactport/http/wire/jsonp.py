"""JSONP: a JSON body as a call of the page's own function."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z0-9_$.]{1,200}")
MEDIA_TYPE = "text/javascript; charset=utf-8"


def is_name(text: str) -> bool:
    """Whether this may stand as the function's name: letters, digits, `_`, `$` and `.` alone."""
    return _NAME.fullmatch(text) is not None


def escape(body: bytes) -> bytes:
    """The same JSON, safe inside a script: no `<`, no line ends that JavaScript knows and JSON does not.

    In JSON these stand only inside strings, where the escape means the same. `body` may be a piece of a text, as
    long as it is not cut inside a character.
    """
    return (
        body.replace(b"<", b"\\u003c")
        .replace(b"\xe2\x80\xa8", b"\\u2028")
        .replace(b"\xe2\x80\xa9", b"\\u2029")
    )


def wrap(name: str, body: bytes) -> bytes:
    """`name(body)`, and nothing before the name."""
    return name.encode("ascii") + b"(" + escape(body) + b")"
