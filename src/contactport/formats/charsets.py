"""Bytes to text: the character set that a property names, and the guess when what it says is not so."""

from __future__ import annotations

import re

# Only these: Python knows codecs that are no character sets, and some that take quadratic time.
_CODECS = {
    **{
        name.replace("_", ""): name
        for name in (
            *(
                "ascii",
                "big5",
                "cp932",
                "cp936",
                "cp949",
                "cp950",
                "euc_jp",
                "euc_kr",
                "gb18030",
                "gb2312",
                "gbk",
            ),
            *("iso2022_jp", "koi8_r", "koi8_u", "latin1", "mac_roman", "shift_jis", "utf_16", "utf_16_be"),
            *("utf_16_le", "utf_8"),
        )
    },
    **{f"iso8859{part}": f"iso8859_{part}" for part in range(1, 17) if part != 12},
    **{f"{prefix}{page}": f"cp{page}" for prefix in ("windows", "cp") for page in range(1250, 1259)},
    "macintosh": "mac_roman",
    "sjis": "shift_jis",
    "usascii": "ascii",
    "xsjis": "shift_jis",
}
_SEPARATORS = re.compile("[^a-z0-9]")
_ASCII = re.compile("[\0-\x7f]+")
_STRAY = re.compile("[\udc80-\udcff]")


def _python(name: str) -> str | None:
    return _CODECS.get(_SEPARATORS.sub("", name.lower()))


def is_utf8(name: str) -> bool:
    return _python(name) in ("utf_8", "ascii")


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
    sound = _STRAY.sub("", guess)
    if not sound.isascii() and len(_ASCII.sub("", sound)) >= len(guess) - len(sound):
        return _STRAY.sub("\ufffd", guess)
    return data.decode("cp1252", errors="replace")
