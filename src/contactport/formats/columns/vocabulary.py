"""Vocabulary of headers: the words of `headers.toml`, and what a header means in each language."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib import resources

import msgspec

from contactport.formats.columns.fields import Field, parse

GENERAL = "general"
"""The table of words that are the same in every language."""
EXACT, NUMBERED, COMPOSED = 1.0, 0.95, 0.9
"""How sure a meaning is: the very words, the words with a number, a word for a kind and the words."""
_LONGEST = 100
"""Characters of a header. What is longer is a text."""
_MARKS = re.compile("[\u0300-\u036f]")
_EMAIL = re.compile(r"(?<![^\W\d_])(?:e[\W_]{0,2})?mails?(?![^\W\d_])")
_WORD = re.compile(r"[^\d\s]+|\d+")
_OF = "de del della di du des da do das dos la le el il the of van von der den for för til"
_CONNECTIVES = frozenset(_OF.split())


class HeaderMeaning(msgspec.Struct, frozen=True):
    """What a header may mean, in which language, how sure, and which number it has (`E-mail 2`; 0 for none)."""

    field: Field
    language: str
    confidence: float
    number: int = 0


def key(header: str) -> tuple[str, int]:
    """The letters of a header without case, accents, marks and connectives; and its number."""
    text = unicodedata.normalize("NFKD", header[:_LONGEST].casefold())
    text = unicodedata.normalize("NFC", _MARKS.sub("", text)).replace("ß", "ss")
    text = _EMAIL.sub("email", text)
    text = "".join(each if each.isalnum() or unicodedata.category(each)[0] == "M" else " " for each in text)
    words = _WORD.findall(text)
    numbers = [int(word) for word in words if word.isdecimal() and len(word) <= 2]
    letters = [word for word in words if not word.isdecimal()]
    plain = [word for word in letters if word not in _CONNECTIVES]
    return "".join(plain or letters), numbers[0] if numbers else 0


class Vocabulary:
    """The words for fields and for kinds. `words` are the tables of `headers.toml`: language → field → headers."""

    def __init__(self, words: dict[str, dict[str, list[str]]]) -> None:
        self._fields: dict[tuple[str, int], list[tuple[str, Field]]] = {}
        self._kinds: dict[str, list[tuple[str, str]]] = {}
        self._languages = list(words)
        for language, rows in words.items():
            for name, headers in rows.items():
                if name.startswith("kind."):
                    for header in headers:
                        self._kinds.setdefault(key(header)[0], []).append((language, name[5:]))
                    continue
                field = parse(name)
                for header in headers:
                    entry = (language, field)
                    known = self._fields.setdefault(key(header), [])
                    if entry not in known:
                        known.append(entry)
        self._longest_kind = max(map(len, self._kinds), default=0)

    @property
    def languages(self) -> list[str]:
        """All languages, in the order of the file."""
        return self._languages

    def meanings(self, header: str) -> list[HeaderMeaning]:
        """Everything that a header may mean, in the order of the languages. Empty if it is not known."""
        if not header or len(header) > _LONGEST:
            return []
        letters, number = key(header)
        if not letters:
            return []
        found = self._fields.get((letters, number))
        if found is not None:
            return [HeaderMeaning(field, language, EXACT) for language, field in found]
        if number:
            found = self._fields.get((letters, 0))
            if found is not None:
                return [_numbered(field, language, NUMBERED, number) for language, field in found]
        return self._composed(letters, number, 2)

    def _composed(self, letters: str, number: int, depth: int) -> list[HeaderMeaning]:
        """Words with a word for a kind before or behind: `Home` `Phone`, `Telefon` `geschäftlich`."""
        made: dict[tuple[str, Field], HeaderMeaning] = {}
        for size in range(min(self._longest_kind, len(letters) - 1), 0, -1):
            for kind, rest in ((letters[:size], letters[size:]), (letters[-size:], letters[:-size])):
                kinds = self._kinds.get(kind)
                if kinds is None:
                    continue
                # Outlook numbers within: `Home Street 2`, and `Telefon (privat 2)`.
                found = self._fields.get((rest, number)) if number else None
                kept = 0 if found is not None else number
                found = found or self._fields.get((rest, 0)) or ()
                meanings = [_numbered(field, language, COMPOSED, kept) for language, field in found]
                if not meanings and depth > 1:
                    meanings = self._composed(rest, number, depth - 1)
                for spoken, word in kinds:
                    for meaning in meanings:
                        if spoken not in (meaning.language, GENERAL) and meaning.language != GENERAL:
                            continue
                        field = meaning.field.of(word)
                        if field is not None:
                            language = meaning.language if spoken == GENERAL else spoken
                            made.setdefault(
                                (language, field), HeaderMeaning(field, language, COMPOSED, meaning.number)
                            )
            if made:
                break
        return list(made.values())


def _numbered(field: Field, language: str, confidence: float, number: int) -> HeaderMeaning:
    """The second and the third street are lines of an address, but not in `Address 2 - Street`."""
    if field.part == "street" and number in (2, 3) and language != GENERAL:
        return HeaderMeaning(Field(field.base, field.kinds, f"street{number}"), language, confidence)
    return HeaderMeaning(field, language, confidence, number)


@cache
def shipped() -> Vocabulary:
    """The vocabulary of the package."""
    text = resources.files("contactport.formats.columns").joinpath("headers.toml").read_text("utf-8")
    return Vocabulary(tomllib.loads(text))
