"""What stands before a property's colon: group, name and parameters (RFC 6350 section 3.3, and vCard 2.1)."""

from __future__ import annotations

import re

import msgspec

_HEAD = re.compile(rb'((?:[^":]++|"[^"]*+")*+):')
_PARAMETER = re.compile(r'((?:[^";]++|"[^"]*+"|")*+)(?:;|$)')
_NAME = re.compile(r"[A-Z0-9][A-Z0-9_-]*|X-[^\s\"=]+")
_CARET = re.compile(r"\^[n^']")
_CUSTOM = re.compile(
    r"X-CUSTOM\((?:CHARSET=[^,()]*,)?(?:ENCODING=QUOTED-PRINTABLE,)?([^()]*)\)?", re.IGNORECASE
)
_NO_WORD = re.compile(r"[\x00-\x1f\x7f,]")
"""What a kind can't hold: a comma parts kinds, and a line end would end the property."""
_OCTET = re.compile(rb"=([0-9A-Fa-f]{2})")
_MEANS = {"^n": "\n", "^^": "^", "^'": '"'}
_ENCODINGS = {"QUOTED-PRINTABLE": "Q", "Q": "Q", "BASE64": "B", "B": "B", "7BIT": "", "8BIT": ""}
_PLACES = frozenset({"URL", "URI", "INLINE", "CID", "CONTENT-ID", "BINARY"})


class Head(msgspec.Struct, gc=False):
    """`name` is in capitals, `group` (`item1`) too. `kinds` are the TYPE words as written, without PREF.

    `rank` is 0 unless the value is preferred: PREF's number, 1 for `TYPE=pref`. `encoding` is "Q", "B" or "".
    `value` is VALUE in lower case. `others` holds the remaining parameters by their names in capitals.
    """

    name: str
    group: str = ""
    kinds: tuple[str, ...] = ()
    rank: int = 0
    encoding: str = ""
    charset: str = ""
    value: str = ""
    others: dict[str, str] = {}


def cut(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Head, colon, value: as `bytes.partition`, but a colon inside quotes is no end, where the quotes close."""
    head, colon, value = line.partition(b":")
    if b'"' in head and head.count(b'"') % 2 and (found := _HEAD.match(line)):
        return found[1], b":", line[found.end() :]
    return head, colon, value


def _parameters(text: str) -> list[str]:
    if '"' not in text:
        return text.split(";")
    return [found[1] for found in _PARAMETER.finditer(text)]


def _plain(value: str) -> str:
    """Without its quotes, the caret escapes of RFC 6868 resolved."""
    value = value.strip().strip('"') if '"' in value else value.strip()
    return _CARET.sub(lambda found: _MEANS[found[0]], value) if "^" in value else value


def _words(value: str) -> list[str]:
    """TYPE's words. RFC 6350 itself shows a list within quotes."""
    return [_plain(word) for word in value.replace('"', "").split(",")]


def _custom(parameter: str) -> list[str]:
    """The user's own word for a kind, as Samsung's telephones write it: X-CUSTOM(CHARSET=UTF-8,ENCODING=…,=41)."""
    found = _CUSTOM.fullmatch(parameter.strip())
    if found is None:
        return []
    octets = _OCTET.sub(lambda octet: bytes.fromhex(octet[1].decode()), found[1].encode())
    word = _NO_WORD.sub(" ", octets.decode(errors="replace")).strip()
    return [word] if word else []


def _rank(text: str) -> int:
    """RFC 6350 section 5.3: 1 to 100. An unreadable one still says that the value is preferred."""
    rank = int(text) if len(text) <= 3 and text.isascii() and text.isdigit() else 0
    return rank if 1 <= rank <= 100 else 1


def parse(head: bytes) -> Head | None:
    """None where this can't stand before a property's colon."""
    text = head.decode(errors="replace")
    name, semicolon, rest = text.partition(";")
    group, _, name = name.strip().upper().rpartition(".")
    if _NAME.fullmatch(name) is None:
        return None
    made = Head(name, group)
    if not semicolon:
        return made
    kinds: list[str] = []
    others: dict[str, str] = {}
    for parameter in _parameters(rest):
        key, equals, value = parameter.partition("=")
        key = key.strip().upper()
        if not equals:
            # vCard 2.1: the value stands without its name.
            if key in _ENCODINGS:
                made.encoding = _ENCODINGS[key]
            elif key in _PLACES:
                made.value = key.lower()
            else:
                kinds += _custom(parameter) if key[:9] == "X-CUSTOM(" else _words(parameter)
        elif key == "TYPE":
            kinds += _words(value)
        elif key == "ENCODING":
            made.encoding = _ENCODINGS.get(_plain(value).upper(), "")
        elif key == "CHARSET":
            made.charset = _plain(value)
        elif key == "VALUE":
            made.value = _plain(value).lower()
        elif key == "PREF":
            made.rank = _rank(_plain(value))
        elif key[:9] == "X-CUSTOM(":
            kinds += _custom(parameter)
        elif key:
            others[key] = _plain(value)
    made.others = others
    if kinds:
        if any(kind.upper() == "PREF" for kind in kinds):
            made.rank = made.rank or 1
        made.kinds = tuple(kind for kind in kinds if kind and kind.upper() != "PREF")
    return made
