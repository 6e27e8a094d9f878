"""Bytes to text: the character set that a property names, and the guess when what it says is not so."""

from __future__ import annotations

import re

# Only these: Python knows codecs that are no character sets, and some that take quadratic time.
_NAMES = frozenset(
    ["ascii", "big5", "euckr", "eucjp", "gb18030", "gb2312", "gbk", "iso2022jp", "koi8r", "koi8u", "latin1"]
    + ["macroman", "shiftjis", "sjis", "cp932", "cp936", "cp949", "cp950", "usascii", "utf16", "utf16be"]
    + ["utf16le", "utf8"]
    + [f"iso8859{part}" for part in range(1, 17)]
    + [f"{prefix}{page}" for prefix in ("windows", "cp") for page in range(1250, 1259)]
)
_PYTHON = {"sjis": "shift_jis", "macroman": "mac_roman", "usascii": "ascii", "iso2022jp": "iso2022_jp"}
_SEPARATORS = re.compile("[^a-z0-9]")
_MULTIBYTE = re.compile("[\u0080-\ud7ff\ue000-\U0010ffff]")
_STRAY = re.compile("[\udc80-\udcff]")


def _python(name: str) -> str | None:
    plain = _SEPARATORS.sub("", name.lower())
    if plain not in _NAMES:
        return None
    plain = plain.replace("windows", "cp").replace("iso8859", "iso8859_")
    return _PYTHON.get(plain, plain)


def is_utf8(name: str) -> bool:
    return _python(name) in ("utf8", "ascii")


def decode(data: bytes, charset: str = "") -> str:
    """The text: in the named character set if it fits, else UTF-8, else windows-1252. Never raises.

    A text that is UTF-8 but for a few damaged bytes stays UTF-8 with a replacement character in their place.
    """
    if charset and (codec := _python(charset)) is not None:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            pass
    try:
        return data.decode()
    except UnicodeDecodeError:
        guess = data.decode(errors="surrogateescape")
    if len(_MULTIBYTE.findall(guess)) >= len(_STRAY.findall(guess)):
        return _STRAY.sub("\ufffd", guess)
    return data.decode("cp1252", errors="replace")
