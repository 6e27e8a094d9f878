"""The character sets that are guessed, and the languages that each was made for."""

from __future__ import annotations

_WESTERN = ("german", "french", "spanish", "portuguese", "italian", "nordic", "swedish", "icelandic", "dutch")
_CENTRAL = ("polish", "czech", "slovak", "hungarian", "slavic", "romanian")
_BALTIC = ("lithuanian", "latvian", "estonian")
_LATIN = (*_WESTERN, *_CENTRAL, "turkish", *_BALTIC, "vietnamese")
HOME = {
    **dict.fromkeys(("cp1252", "iso8859_15", "mac_roman"), _WESTERN),
    **dict.fromkeys(("cp1250", "iso8859_2"), _CENTRAL),
    "cp1254": ("turkish",),
    "cp1257": _BALTIC,
    "cp1258": ("vietnamese",),
}
"""The languages that a Latin set was made for."""
_CYRILLIC = ("russian", "ukrainian", "bulgarian", "serbian")
CODECS: dict[str, tuple[float, tuple[str, ...]]] = {
    "cp1252": (0, _LATIN),
    "cp1250": (-1, _LATIN),
    "cp1251": (-1, _CYRILLIC),
    "cp1254": (-1.5, _LATIN),
    "iso8859_15": (-1.5, _LATIN),
    "iso8859_2": (-1.5, _LATIN),
    "cp1257": (-2.5, _LATIN),
    "mac_roman": (-3, _LATIN),
    "cp1258": (-3, _LATIN),
    "koi8_r": (-2, _CYRILLIC),
    "koi8_u": (-2.5, _CYRILLIC),
    "cp866": (-2.5, _CYRILLIC),
    "iso8859_5": (-2.5, _CYRILLIC),
    "mac_cyrillic": (-3, _CYRILLIC),
    "cp1253": (-1, ("greek",)),
    "iso8859_7": (-1.5, ("greek",)),
    "cp1255": (-1, ("hebrew",)),
    "cp1256": (-1, ("arabic",)),
    "cp874": (-1, ("thai",)),
    "cp932": (-1, ("japanese",)),
    "euc_jp": (-1.5, ("japanese",)),
    "gb18030": (-1, ("chinese",)),
    "big5hkscs": (-1, ("taiwanese",)),
    "cp949": (-1, ("korean",)),
}
"""The character sets that are guessed, the likelier first, and the languages of their alphabets.

All sets of an alphabet share its languages, so that words which are the same in two of them say nothing.
"""
