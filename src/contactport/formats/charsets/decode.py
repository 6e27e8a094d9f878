"""Bytes to text: the character set that is named, what the source shows, and the guess when both say nothing."""

from __future__ import annotations

import re
import unicodedata

from contactport.formats.charsets.evidence import Evidence, likelihood
from contactport.formats.charsets.labels import codec_of

__all__ = ["codec_of", "damaged_utf8", "decode", "doubted", "is_multibyte", "is_utf8", "named"]

_STRAY = re.compile("[\udc80-\udcff]")
_WIDER = {"cp1252": "latin_1", "big5hkscs": "cp950", "cp950": "big5hkscs", "cp932": "shift_jis_2004"}
"""What else bytes may be that don't fit the set that was named: the names are used for both."""
_MULTIBYTE = frozenset(
    {"gb18030", "big5hkscs", "cp950", "cp932", "shift_jis_2004", "cp949", "johab", "iso2022_jp", "hz"}
)
"""Sets in which an ASCII byte may be the second half of a character."""
_DOUBTFUL_BYTES = 96
"""A longer text that is UTF-8 is so on purpose."""
_JUDGED_BYTES = 256
"""What of a text is compared, where two readings of it are."""


def is_utf8(name: str) -> bool:
    """Whether a label means UTF-8, or a part of it."""
    return codec_of(name) in ("utf_8", "ascii")


def is_multibyte(name: str) -> bool:
    """Whether a label means a set in which a backslash may be half a character."""
    return name != "" and codec_of(name) in _MULTIBYTE


def named(data: bytes, charset: str) -> str | None:
    """The text in a named character set; None where the name is not known or the bytes don't fit."""
    codec = codec_of(charset)
    while codec is not None:
        try:
            return _composed(data.decode(codec), codec)
        except UnicodeDecodeError:
            codec = _WIDER.get(codec) if codec == codec_of(charset) else None
    return None


def _composed(text: str, codec: str) -> str:
    """windows-1258 writes tones apart from their letters, which nobody else does."""
    return unicodedata.normalize("NFC", text) if codec == "cp1258" else text


def damaged_utf8(data: bytes) -> str | None:
    """The text, with a replacement character for each damaged byte; None where that is no sound reading.

    It is one where at least as many characters beyond ASCII are sound as bytes are damaged.
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
            return _composed(*found)
    return data.decode("cp1252", errors="replace") if utf8 is None else utf8


def doubted(data: bytes, evidence: Evidence, *, judges: bool = True) -> str:
    """A short text that is UTF-8, among others that are in another set: it may be UTF-8 by chance."""
    utf8 = data.decode()
    if not judges or not evidence.is_any or evidence.is_utf8 or utf8.isascii() or len(data) > _DOUBTFUL_BYTES:
        return utf8
    found = evidence.decode(data)
    # In a file of two bytes a character, UTF-8 has to look much better.
    margin = -6 if evidence.doubts_utf8 else 3
    return _composed(*found) if found is not None and _is_better(found[0], utf8, margin) else utf8


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
