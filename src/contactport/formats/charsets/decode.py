"""Bytes to text: by the character set that is named, by the evidence of the source, or by a guess."""

from __future__ import annotations

import re
import unicodedata

from contactport.formats.charsets.evidence import Evidence, likelihood
from contactport.formats.charsets.labels import codec_of

__all__ = ["codec_of", "composed", "damaged_utf8", "decode", "doubted", "is_multibyte", "is_utf8", "named"]

_STRAY = re.compile("[\udc80-\udcff]")
_WIDER = {"cp1252": "latin_1", "big5hkscs": "cp950", "cp950": "big5hkscs", "cp932": "shift_jis_2004"}
"""Sets that are used under the same name: the second is tried if the bytes don't fit the first."""
_MULTIBYTE = frozenset(
    {"gb18030", "big5hkscs", "cp950", "cp932", "shift_jis_2004", "cp949", "johab", "iso2022_jp", "hz"}
)
"""Sets in which an ASCII byte may be the second half of a character."""
_DOUBTFUL_BYTES = 96
"""A longer text that is valid UTF-8 is not so by chance."""
_JUDGED_BYTES = 256
"""How much of a text is read when two readings are compared."""


def is_utf8(name: str) -> bool:
    """Whether a label means UTF-8, or a part of it."""
    return codec_of(name) in ("utf_8", "ascii")


def is_multibyte(name: str) -> bool:
    """Whether a label means a set in which a backslash may be half of a character."""
    return name != "" and codec_of(name) in _MULTIBYTE


def named(data: bytes, charset: str) -> str | None:
    """The text in a named character set; None if the name is not known or the bytes don't fit."""
    codec = codec_of(charset)
    while codec is not None:
        try:
            return composed(data.decode(codec), codec)
        except UnicodeDecodeError:
            codec = _WIDER.get(codec) if codec == codec_of(charset) else None
    return None


def composed(text: str, codec: str) -> str:
    """The text with composed letters: windows-1258 writes tones separately from their letters."""
    return unicodedata.normalize("NFC", text) if codec == "cp1258" else text


def damaged_utf8(data: bytes) -> str | None:
    """The text as UTF-8 with a replacement character for each damaged byte; None if too much is damaged.

    At least as many characters beyond ASCII must be valid as bytes are damaged.
    """
    guess = data.decode(errors="surrogateescape")
    sound = guess.encode(errors="ignore").decode()
    beyond_ascii = len(sound) - len(sound.encode("ascii", "ignore"))
    if beyond_ascii and beyond_ascii >= len(guess) - len(sound):
        return _STRAY.sub("\ufffd", guess)
    return None


def decode(data: bytes, charset: str = "", evidence: Evidence | None = None, *, judges: bool = True) -> str:
    """The text: in the named set if it fits, else UTF-8, else as the evidence says, else windows-1252. Never raises.

    A text that is UTF-8 but for a few damaged bytes stays UTF-8 with a replacement character in their place, unless
    another set makes better words of it. `judges` says whether they may be compared, which takes a millisecond.
    """
    text = named(data, charset) if charset else None
    if text is not None:
        return text
    utf8 = _utf8(data)
    if utf8 is None or (judges and evidence is not None and evidence.is_any and "\ufffd" in utf8):
        found = (evidence if evidence is not None else _of(data)).decode(data)
        if found is not None and (utf8 is None or _reads_better(data, found[1])):
            return composed(*found)
    return data.decode("cp1252", errors="replace") if utf8 is None else utf8


def doubted(data: bytes, evidence: Evidence, *, judges: bool = True) -> str:
    """Whether a short UTF-8 text is doubtful: if other texts are in another set, it may be UTF-8 by chance."""
    utf8 = data.decode()
    if not judges or not evidence.is_any or evidence.is_utf8 or utf8.isascii() or len(data) > _DOUBTFUL_BYTES:
        return utf8
    found = evidence.decode(data)
    # In a file of two bytes a character, UTF-8 has to look much better.
    margin = -6 if evidence.doubts_utf8 else 3
    return composed(*found) if found is not None and _is_better(found[0], utf8, margin) else utf8


def _reads_better(data: bytes, codec: str) -> bool:
    """Whether the beginning of a text that is damaged UTF-8 makes better words in this set."""
    some = data[:_JUDGED_BYTES]
    utf8 = _STRAY.sub("\ufffd", some.decode(errors="surrogateescape"))
    return _is_better(some.decode(codec, "replace"), utf8, 3)


def _is_better(text: str, than: str, margin: float) -> bool:
    return likelihood(text) > likelihood(than) + margin


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return damaged_utf8(data)


def _of(data: bytes) -> Evidence:
    evidence = Evidence()
    evidence.add(data)
    return evidence
