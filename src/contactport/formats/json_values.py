"""JSON values of a text, one by one, and arrays of cards to be written.

What JSON allows and no contact needs never raises anything else than Broken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

import msgspec

from contactport.contact import Contact, Group, Item
from contactport.formats.elements import MARGIN, REWOUND, Broken, IncompleteElement, Syntax, codec_of

BETWEEN = re.compile(r"[\s,\[\]\ufeff\x1e]*+")
"""Around the values of arrays, of lines (NDJSON) and of sequences (RFC 7464)."""
NOT_JSON = "this card is not JSON"
TOO_DEEP = "the values of this card are nested too deeply"
_LENGTH = 300
"""Digits of the largest number that is read."""
_DEPTH = 32
_BRACKET = re.compile(r'"(?:[^"\\]|\\.?)*+"?|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class _NoNumber(Exception):
    """Raised for NaN, for Infinity, and for an integer of very many digits."""


def _integer(text: str) -> int:
    if len(text) > _LENGTH:
        raise _NoNumber
    return int(text)


def _constant(text: str) -> NoReturn:
    raise _NoNumber


_DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=_constant, strict=False)


def value_at(text: str, at: int) -> tuple[Any, int]:
    """The value that begins there, and its end. Raises IncompleteElement or Broken.

    Of two equal keys of an object the last one counts. A line end within a string is kept. Half of a surrogate pair
    is replaced.
    """
    try:
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        if error.pos >= len(text) - MARGIN or error.msg.startswith("Unterminated string"):
            raise IncompleteElement from None
        raise Broken(NOT_JSON, error.pos) from None
    except _NoNumber:
        raise Broken("a number of this card can't be read", at + 1) from None
    except RecursionError:
        # Where it is too deep depends on the interpreter. What it holds is not searched.
        if len(text) - at <= REWOUND:
            raise IncompleteElement from None
        raise Broken(TOO_DEEP, at + REWOUND + 1) from None
    if text.find("\\ud", at, end) >= 0 or text.find("\\uD", at, end) >= 0:
        value = _sound(value, 0)
    return value, end


def _sound(value: Any, depth: int) -> Any:
    """The value without halves of surrogate pairs."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if depth > _DEPTH:
        return None
    if isinstance(value, list):
        return [_sound(each, depth + 1) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {_sound(key, 0): _sound(each, depth + 1) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value


def syntax(format: str, opening: str, resumed: str) -> Syntax:
    """Elements that begin so. A group of each pattern is the first character of the value."""
    return Syntax(format, re.compile(opening), re.compile(resumed), BETWEEN, value_at, _extent, codec_of)


def _extent(text: str) -> int:
    """The end of the value that the text begins with, by its brackets."""
    depth = 0
    for found in _BRACKET.finditer(text):
        if found["open"]:
            depth += 1
        elif found["close"]:
            depth -= 1
            if depth <= 0:
                return found.end()
    return len(text)


def written_array(items: Iterable[Item], card_of: Callable[[Contact | Group], Any]) -> Iterator[bytes]:
    """An array of cards, one on each line, as a format's `write` has to give it. Other items are left out."""
    encoder = msgspec.json.Encoder()
    between = b"[\n"
    yield b""
    for item in items:
        if isinstance(item, Contact | Group):
            yield between + encoder.encode(card_of(item))
            between = b",\n"
        else:
            yield b""
    yield b"[]\n" if between == b"[\n" else b"\n]\n"
