"""Evidence for the character set of bytes without a name: strict decoders, then the letters and case of words.

An address book is ASCII with a few names, so statistics of normal text do not help. What is
known is how names are written: in one alphabet, with a capital first, in the letters of few languages at a time.
`Evidence` is gathered from the texts of one source, and lives as long as that source is read. Nothing here knows
of vCard.
"""

from __future__ import annotations

import codecs
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from contactport.formats.charsets.alphabets import (
    ALPHABETS,
    CHINESE,
    CROWDED,
    IMPLAUSIBLE,
    JAPANESE,
    KOREAN,
    TAIWANESE,
)
from contactport.formats.charsets.candidates import CODECS, HOME

WORDS = 400
"""The number of different words that are judged. Later words change nothing."""
_WORDS_OF_A_TEXT = 100
_TEXT_BYTES = 16 * 1024
"""How much of one text is used: the words of a source should come from many texts."""
_AWAY = -4.0
"""The cost for a set if most words are in a language that it was not made for."""
_WORD_BYTES = 48
_ENOUGH_WORDS = 30
_ENOUGH_MARGIN = 20.0
_HOPELESS = 80.0
"""A set that is so far behind the first one is not judged any more."""
_NAMED = 6.0
_NAMED_MOST = 60.0
_UNDECODABLE = -30.0
_OTHER_LANGUAGE = -2.5
"""The cost of a word in a language of the set that few words have."""

# The logarithms of how likely a character is. Only their differences matter.
_ASCII = -3.2
_FOREIGN = -8.5
_MISPLACED = -3.5
_SYMBOL = -7.0
_SYMBOL_WITHIN = -10.5
_CONTROL = -14.0
_DAMAGE = -9.0
_APOSTROPHE = "\u2019\u2018\u02bc"
_CUT = re.compile(rb"[\0-/:-?]+")
"""Bytes that are never the second half of a character: a word is between two of them."""


class Guess(NamedTuple):
    """A character set, by its name in Python, and how sure it is, from 0 to 1; all of a list make 1."""

    codec: str
    confidence: float


def _ranks(letters: str, share: float, weights: Sequence[float]) -> dict[str, float]:
    """The letters with their likelihoods; `share` is the sum for all of them."""
    weighed: dict[str, float] = {}
    for rank, weight in zip(letters.split("|"), weights, strict=False):
        for letter in rank:
            weighed.setdefault(letter, weight)
    total = sum(weighed.values()) / share
    return {letter: math.log(weight / total) for letter, weight in weighed.items()}


@cache
def _letters(language: str) -> dict[str, float]:
    """A language's characters that ASCII lacks. The cache is of the table above alone."""
    ideographs = {"chinese": CHINESE, "taiwanese": TAIWANESE, "japanese": JAPANESE, "korean": KOREAN}.get(
        language
    )
    if ideographs is not None:
        found = _ranks(ideographs, 0.9, (3, 1))
        if language == "japanese":
            found |= dict.fromkeys(map(chr, (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB))), -5.0)
            found |= {"ー": -5.0, "々": -6.0, "・": -6.5}
            found |= dict.fromkeys(map(chr, range(0xFF66, 0xFFA0)), -5.0)
        return found
    is_latin = ALPHABETS[language][0] < "\u0250"
    found = _ranks(ALPHABETS[language], 0.1 if is_latin else 1.0, (9, 3, 1))
    for letter, weight in list(found.items()):
        if letter.upper() != letter and len(letter.upper()) == 1:
            found.setdefault(letter.upper(), weight - 0.7)
    return found


class _Kind(NamedTuple):
    """Facts about a character in any language: its script, its case, and its cost if it is strange."""

    script: str
    case: int
    """1 for a capital, -1 for a small letter, 0 for neither."""
    cost: float


_SCRIPTS = (
    *((0x41, 0x250, "latin"), (0x300, 0x370, "mark"), (0x370, 0x400, "greek"), (0x400, 0x530, "cyrillic")),
    *((0x590, 0x600, "hebrew"), (0x600, 0x700, "arabic"), (0xE00, 0xE80, "thai"), (0x1100, 0x1200, "east")),
    *(
        (0x1E00, 0x1F00, "latin"),
        (0x2E80, 0xD7B0, "east"),
        (0xF900, 0xFB00, "east"),
        (0xFF66, 0xFFA0, "east"),
    ),
    (0x20000, 0x40000, "east"),
)


@lru_cache(2048)
def _kind(code: int) -> _Kind:
    """Of a character by its number."""
    character = chr(code)
    category = unicodedata.category(character)
    if category[0] in "LM" and character not in "ªºˆ":
        script = next((name for start, stop, name in _SCRIPTS if start <= code < stop), "other")
        return _Kind(script, {"Lu": 1, "Ll": -1}.get(category, 0), _FOREIGN)
    return _Kind("", 0, _DAMAGE if code == 0xFFFD else _CONTROL if category[0] == "C" else _SYMBOL)


def _joints(text: str) -> float:
    """The cost of a word's form: its case, mixed scripts, signs within it, and marks without a letter."""
    cost, last = _MISPLACED * len(_CROWDED.findall(text)), _Kind("", 0, 0)
    was_ascii, behind_sign = True, False
    for at, character in enumerate(text):
        kind = _kind(ord(character)) if character >= "\x80" or character.isalpha() else _NEITHER
        is_ascii = character < "\x80"
        if kind.script and last.script:
            if not (is_ascii and was_ascii):
                if kind.script != last.script and "mark" not in (kind.script, last.script):
                    cost -= 4
                elif kind.case == 1:
                    cost -= 5 if last.case == -1 else 1 if last.case == 1 else 0
                elif last.case == 1 and kind.case == -1 and at > 1 and text[at - 2].isupper():
                    cost -= 2
        elif kind.script and not is_ascii:
            if kind.case == -1:
                cost -= 2
            elif "\u0e30" < character < "\u0e3b" or "\u0e46" < character < "\u0e4f" or kind.script == "mark":
                cost -= 6
        if not kind.script and not is_ascii and last.script and character not in _APOSTROPHE:
            behind_sign = True
        elif kind.script and behind_sign:
            cost += _SYMBOL_WITHIN - _SYMBOL
            behind_sign = False
        last, was_ascii = kind, is_ascii
    return cost


_NEITHER = _Kind("", 0, _ASCII)
_LEVELS = {
    # First bytes of the characters that were thought common when the set was made.
    "gb18030": range(0xB0, 0xD8),
    "big5hkscs": range(0xA4, 0xC7),
    "cp932": range(0x88, 0x98),
    "euc_jp": range(0xB0, 0xD0),
    "cp949": range(0xB0, 0xC9),
}


def _rare(character: str, codec: str) -> float:
    """The cost of an East Asian character that is in no list: the sets have the common ones first."""
    data = character.encode(codec, "replace")
    if len(data) == 2 and data[0] in _LEVELS[codec] and (data[1] >= 0xA1 or codec in ("cp932", "big5hkscs")):
        return -9.0
    return -12.0 if len(data) == 2 else -14.0


_CROWDED = re.compile(CROWDED, re.IGNORECASE)
_IMPLAUSIBLE = {language: re.compile(pattern, re.IGNORECASE) for language, pattern in IMPLAUSIBLE.items()}


def _sum(text: str, language: str, codec: str) -> float:
    """How likely the characters of a word are in a language, at their places."""
    letters = _letters(language)
    pattern = _IMPLAUSIBLE.get(language)
    total = _MISPLACED * len(pattern.findall(text)) if pattern is not None else 0.0
    for character in text:
        if character < "\x80":
            total += _ASCII
            continue
        known = letters.get(character)
        if known is not None:
            total += known
            continue
        kind = _kind(ord(character))
        total += _rare(character, codec) if codec in _LEVELS and kind.script else kind.cost
    return total


def _scores(text: str, codec: str) -> list[float]:
    """How likely a word is in each language of the set, with the cost of a language that few words have."""
    joints = _joints(text)
    scores = [_sum(text, language, codec) + joints for language in CODECS[codec][1]]
    best = max(scores) + _OTHER_LANGUAGE
    return [max(score, best) for score in scores]


def _decoded(word: bytes, codec: str) -> str | None:
    try:
        return word.decode(codec)
    except UnicodeDecodeError as error:
        # A word that was cut may have lost the rest of its last character.
        is_cut = len(word) == _WORD_BYTES and error.start >= _WORD_BYTES - 3
        return word[: error.start].decode(codec) if is_cut else None


def _words(data: bytes) -> Iterator[bytes]:
    for word in _CUT.split(data):
        if word and not word.isascii():
            yield word if len(word) <= _WORD_BYTES else word[:_WORD_BYTES]


_SOUND = 2
"""This number of words that are not UTF-8 counts as much as one text that is."""


class Evidence:
    """The evidence of one source's texts for its character set. It keeps at most WORDS words."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._totals = {codec: [0.0] * len(languages) for codec, (_, languages) in CODECS.items()}
        self._named: dict[str, float] = {}
        self._ranked: list[tuple[float, str]] | None = None
        self.observed = 0
        """Bytes that were read only for the evidence."""
        self._sound: set[int] = set()
        """Hashes of the source's texts that are UTF-8, with characters beyond ASCII."""
        self._has_pairs = False
        """Whether texts in the likeliest set are sometimes UTF-8 by chance: two bytes for each character."""
        self._open = list(CODECS)
        """The sets that are still judged. One that is far behind is removed."""

    def add(self, data: bytes) -> None:
        """Add a text in the unknown set. ASCII bytes are no evidence."""
        enough = min(WORDS, len(self._seen) + _WORDS_OF_A_TEXT)
        for word in _words(data[:_TEXT_BYTES]):
            if len(self._seen) >= enough:
                return
            if word not in self._seen:
                self._seen.add(word)
                self._judge(word)
                if len(self._seen) < 8 or len(self._seen) % 8 == 0:
                    self._has_pairs = self._order()[0][1] in _LEVELS

    def add_utf8(self, data: bytes) -> None:
        """Add a text that is UTF-8, with characters beyond ASCII. Few texts of another set are so by chance."""
        if len(self._sound) < WORDS:
            self._sound.add(hash(data))

    def name(self, codec: str) -> None:
        """Add that a text of the same source names this set."""
        self._named[codec] = min(self._named.get(codec, 0) + _NAMED, _NAMED_MOST)
        self._ranked = None

    def _judge(self, word: bytes) -> None:
        self._ranked = None
        known: dict[str, list[float]] = {}
        for codec in self._open:
            totals = self._totals[codec]
            text = _decoded(word, codec)
            if text is None:
                scores = [len(word) * -8.0 + _UNDECODABLE] * len(totals)
            elif codec in _LEVELS:
                scores = _scores(text, codec)
            elif (scores := known.get(text)) is None or len(scores) != len(totals):
                scores = known[text] = _scores(text, codec)
            for at, score in enumerate(scores):
                totals[at] += score
        if len(self._seen) % 8 == 0:
            enough = max(max(self._totals[codec]) for codec in self._open) - _HOPELESS
            self._open = [codec for codec in self._open if max(self._totals[codec]) > enough]

    def _order(self) -> list[tuple[float, str]]:
        if self._ranked is None:
            found = [
                (_best(codec, totals) + CODECS[codec][0] + self._named.get(codec, 0), codec)
                for codec, totals in self._totals.items()
            ]
            known = {codec for _, codec in found}
            # A set that is never guessed, and that others name, comes first.
            found += [
                (found[0][0] + more, codec) for codec, more in self._named.items() if codec not in known
            ]
            # A set that was given up has no total to compare. The sort is stable: of equals the likelier comes first.
            gone = known.difference(self._open, self._named)
            self._ranked = sorted(found, key=lambda one: (one[1] in gone, -one[0]))
        return self._ranked

    @property
    def is_utf8(self) -> bool:
        """Whether the source is in UTF-8, so that other bytes are damage."""
        return len(self._sound) * _SOUND > len(self._seen)

    @property
    def doubts_utf8(self) -> bool:
        """Whether a text that is valid UTF-8 may be so by chance."""
        return self._has_pairs and not self.is_utf8

    @property
    def is_any(self) -> bool:
        """Whether anything was added."""
        return bool(self._seen or self._named)

    @property
    def is_full(self) -> bool:
        """Whether further texts change nothing any more."""
        return len(self._seen) >= WORDS

    @property
    def is_settled(self) -> bool:
        """Whether more of the source would hardly change the first guess."""
        if self.is_full:
            return True
        if len(self._seen) < _ENOUGH_WORDS:
            return False
        first, second = self._order()[:2]
        return first[0] - second[0] >= _ENOUGH_MARGIN

    def ranked(self) -> list[Guess]:
        """The possible sets, the likeliest first. If two are close, their confidences are close."""
        order = self._order()
        least, weights = 0.0, list[float]()
        for score, _ in order:
            # A set that was given up has a total that stands still.
            least = min(least, max(score - order[0][0], -500))
            weights.append(math.exp(least / 4))
        total = sum(weights)
        return [Guess(codec, weight / total) for (_, codec), weight in zip(order, weights, strict=True)]

    def decode(self, data: bytes) -> tuple[str, str] | None:
        """The text in the likeliest set that has all of its bytes, and that set; None if no set has them."""
        for _, codec in self._order():
            try:
                return data.decode(codec), codec
            except UnicodeDecodeError:
                continue
        return None


def _best(codec: str, totals: list[float]) -> float:
    """The total of the likeliest language."""
    home = HOME.get(codec)
    if home is None:
        return max(totals)
    languages = CODECS[codec][1]
    return max(
        total if language in home else total + _AWAY
        for total, language in zip(totals, languages, strict=True)
    )


def likelihood(text: str, codecs: Iterable[str] = CODECS) -> float:
    """How much a text looks like words, in any language of these sets. Compare it only for the same bytes."""
    languages = {language for codec in codecs for language in CODECS[codec][1]} if codecs else set[str]()
    east = text and any(_kind(ord(character)).script == "east" for character in text if character >= "\x80")
    joints = _joints(text)
    return max(_sum(text, language, "gb18030" if east else "") + joints for language in languages)


assert all(codecs.lookup(codec) for codec in CODECS)
