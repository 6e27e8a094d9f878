"""XML as Rails' `to_xml` writes it, which is what the public clients read.

Underscores become dashes, integers, booleans and times say their type, null is `nil="true"`, an array says
`type="array"` and has children of a singular name. Characters that XML 1.0 forbids (section 2.2) are removed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

MEDIA_TYPE = "application/xml; charset=utf-8"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

_SINGULAR = {
    "events": "event",
    "contacts": "contact",
    "phone": "phone",
    "email": "email",
    "address": "address",
    "companies": "company",
    "groups": "group",
    "photos": "photo",
    "locations": "location",
    "rejects": "reject",
    "notes": "note",
    "merges": "merge",
    "books": "book",
    "include": "word",
}
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile("[&<>\r]")
# A carriage return as itself would come back as a line feed (XML 1.0 section 2.11).
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def text(value: str) -> str:
    """Character data."""
    if _FORBIDDEN.search(value):
        value = _FORBIDDEN.sub("", value)
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], value)


def element(name: str, value: Any) -> str:
    """One element of a value made of JSON's kinds. `name` is the JSON key; a key that ends in `_at` is a time."""
    parts: list[str] = []
    _write(parts, name, value)
    return "".join(parts)


def elements(values: Mapping[str, Any]) -> str:
    """An element for each key."""
    parts: list[str] = []
    for name, value in values.items():
        _write(parts, name, value)
    return "".join(parts)


def document(root: str, values: Mapping[str, Any]) -> bytes:
    """The whole of a body."""
    return f"{DECLARATION}<{root}>{elements(values)}</{root}>".encode()


def _write(parts: list[str], name: str, value: Any) -> None:
    tag = name.replace("_", "-")
    if value is None:
        parts.append(f'<{tag} nil="true"/>')
    elif isinstance(value, str):
        kind = ' type="datetime"' if name.endswith("_at") else ""
        parts.append(f"<{tag}{kind}>{text(value)}</{tag}>")
    elif isinstance(value, bool):
        parts.append(f'<{tag} type="boolean">{"true" if value else "false"}</{tag}>')
    elif isinstance(value, int):
        parts.append(f'<{tag} type="integer">{value}</{tag}>')
    elif isinstance(value, Mapping):
        parts.append(f"<{tag}>")
        for key, inner in cast(Mapping[str, Any], value).items():
            _write(parts, key, inner)
        parts.append(f"</{tag}>")
    else:
        _write_array(parts, name, tag, cast(Sequence[Any], value))


def _write_array(parts: list[str], name: str, tag: str, values: Sequence[Any]) -> None:
    if not values:
        parts.append(f'<{tag} type="array"/>')
        return
    parts.append(f'<{tag} type="array">')
    singular = _SINGULAR[name]
    for inner in values:
        _write(parts, singular, inner)
    parts.append(f"</{tag}>")
