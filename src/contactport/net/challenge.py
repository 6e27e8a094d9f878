"""WWW-Authenticate, read (RFC 9110 section 11.6.1): several challenges in one header, and several headers.

The grammar is ambiguous at commas: `Basic realm="a", Digest realm="b", nonce="c"` are two challenges, the second
with two parameters. A word followed by `=` is a parameter, any other begins a challenge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

_LONGEST = 16 * 1024
_MOST = 16

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105
_PARAMETER = re.compile(rf'\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))', re.DOTALL)
_SCHEME = re.compile(rf"\s*({_TOKEN})")
_TOKEN68 = re.compile(r"\s+[A-Za-z0-9._~+/-]+=*\s*(?=,|$)")
_SEPARATOR = re.compile(r"[\s,]*")


class Challenge(msgspec.Struct, frozen=True):
    """One challenge; the scheme and the parameters' names in lower case."""

    scheme: str
    parameters: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self.parameters.get(name, "")


def parse(headers: Iterable[str]) -> list[Challenge]:
    """Every challenge of all the headers, in order. What can't be read is passed over; nothing is raised."""
    found: list[Challenge] = []
    for header in headers:
        _one(header[:_LONGEST], found)
    return found[:_MOST]


def _one(header: str, found: list[Challenge]) -> None:
    at = 0
    current: dict[str, str] | None = None
    while at < len(header):
        separator = _SEPARATOR.match(header, at)
        at = separator.end() if separator else at
        parameter = _PARAMETER.match(header, at)
        if parameter is not None:
            if current is not None:
                quoted = parameter[2]
                value = parameter[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
                current.setdefault(parameter[1].lower(), value)
            at = parameter.end()
            continue
        scheme = _SCHEME.match(header, at)
        if scheme is None:
            # A stray character, such as a quotation mark that nothing opened: on to the next comma.
            comma = header.find(",", at + 1)
            at = len(header) if comma < 0 else comma
            continue
        current = {}
        found.append(Challenge(scheme[1].lower(), current))
        at = scheme.end()
        blob = _TOKEN68.match(header, at)
        if blob is not None and "=" not in blob.group().strip().rstrip("="):
            follows = header[blob.end() :].lstrip()
            if blob.group().strip().endswith("=") or follows[:1] in ("", ","):
                at = blob.end()
