"""Character sets that no card names, guessed by the letters: right of tried. `python -m benchmarks.charsets`.

Files of a few vCards 2.1 without CHARSET, in each character set and each language that is written in it; a file is
right when every contact reads as it was written. Names come from `tests/unit/formats/world_names.py`, which the rule
was tuned on, or with `--faker` from the package Faker (`pip install faker`), whose lists are independent of it.
A part of the people have plain ASCII names, as in a real book.
"""

from __future__ import annotations

import argparse
import unicodedata
from collections.abc import Callable
from importlib import import_module
from random import Random

from benchmarks.figures import table
from contactport.contact import Contact
from contactport.formats import vcard
from tests.unit.formats.world_names import PEOPLE, People

Maker = Callable[[Random], tuple[str, str, str]]
"""Makes a family name, a given name, and something else that is written about a person."""
LOCALES = {
    "russian": "ru_RU",
    "bulgarian": "bg_BG",
    "ukrainian": "uk_UA",
    "greek": "el_GR",
    "hebrew": "he_IL",
    "arabic": "ar_SA",
    "thai": "th_TH",
    "japanese": "ja_JP",
    "chinese": "zh_CN",
    "taiwanese": "zh_TW",
    "korean": "ko_KR",
    "polish": "pl_PL",
    "czech": "cs_CZ",
    "hungarian": "hu_HU",
    "croatian": "hr_HR",
    "romanian": "ro_RO",
    "turkish": "tr_TR",
    "lithuanian": "lt_LT",
    "latvian": "lv_LV",
    "vietnamese": "vi_VN",
    "german": "de_DE",
    "french": "fr_FR",
    "spanish": "es_ES",
    "portuguese": "pt_PT",
    "swedish": "sv_SE",
    "danish": "da_DK",
}
PLAIN = (("Smith", "John"), ("Brown", "Mary"), ("Miller", "Ann"), ("Jones", "Tom"), ("Clark", "Eve"))


def from_lists(people: People) -> Maker:
    given, family, others = people.given.split(), people.family.split(), people.others.split("|")
    return lambda rng: (rng.choice(family), rng.choice(given), rng.choice(others))


def from_faker(language: str) -> Maker:
    fake = import_module("faker").Faker(LOCALES[language])

    def make(rng: Random) -> tuple[str, str, str]:
        fake.seed_instance(rng.randrange(2**32))
        return fake.last_name(), fake.first_name(), rng.choice((fake.city, fake.company, fake.job))()

    return make


def _encoded(text: str, codec: str) -> bytes | None:
    """In the set, if it fits; windows-1258 has its tones apart."""
    if codec == "cp1258":
        text = _tones_apart(text)
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return None


def _tones_apart(text: str) -> str:
    made = ""
    for character in unicodedata.normalize("NFC", text):
        try:
            character.encode("cp1258")
            made += character
        except UnicodeEncodeError:
            whole = unicodedata.normalize("NFD", character)
            tone = next((mark for mark in whole[1:] if mark in "\u0300\u0301\u0303\u0309\u0323"), "")
            made += unicodedata.normalize("NFC", whole.replace(tone, "")) + tone
    return made


def file_of(make: Maker, codec: str, count: int, rng: Random, joined: bool) -> tuple[bytes, list[Contact]]:
    """A file of so many cards, at least one of which is not ASCII, and what has to come out."""
    cards: list[bytes] = []
    expected: list[Contact] = []
    while len(cards) < count:
        is_plain = rng.random() < 0.3 and len(cards) > 0
        family, given, other = (*rng.choice(PLAIN), "friend") if is_plain else make(rng)
        if any(mark in f"{family}{given}{other}" for mark in ",;\\\n"):
            continue
        full = f"{family}{given}" if joined and not is_plain else f"{given} {family}"
        phone = str(rng.randrange(10**6, 10**9))
        text = (
            f"BEGIN:VCARD\r\nVERSION:2.1\r\nN:{family};{given}\r\nFN:{full}\r\nTITLE:{other}\r\n"
            f"TEL;CELL:{phone}\r\nEND:VCARD\r\n"
        )
        data = _encoded(text, codec)
        if data is None or (not is_plain and data.isascii() and rng.random() < 0.7):
            continue
        cards.append(data)
        expected.extend(_contact(text))
    return b"".join(cards), expected


def _contact(text: str) -> list[Contact]:
    whole = unicodedata.normalize("NFC", text).encode()
    return [item for item in vcard.read([whole]) if isinstance(item, Contact)]


def right(make: Maker, codec: str, cards: int, tries: int, seed: int, joined: bool) -> int:
    """How many of so many files come out right."""
    rng = Random(f"{seed} {codec} {cards}")
    found = 0
    for _ in range(tries):
        data, expected = file_of(make, codec, cards, rng, joined)
        found += [item for item in vcard.read([data]) if isinstance(item, Contact)] == expected
    return found


SIZES = (1, 5, 20, 100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faker", action="store_true", help="names of the package Faker")
    parser.add_argument("--tries", type=int, default=20, help="files of each kind and size")
    parser.add_argument("--only", default="", help="a language")
    given = parser.parse_args()
    rows: list[list[str]] = []
    all_right = all_tried = 0
    for language, people in PEOPLE.items():
        if given.only and language != given.only:
            continue
        make = from_faker(language) if given.faker else from_lists(people)
        for codec in people.codecs:
            counts = [right(make, codec, size, given.tries, 1, people.joined) for size in SIZES]
            all_right += sum(counts[1:])
            all_tried += given.tries * (len(SIZES) - 1)
            rows.append([f"{language}, {codec}", *(f"{count} of {given.tries}" for count in counts)])
    columns = [f"{size} cards" if size > 1 else "1 card" for size in SIZES]
    print(table("Files that came out right", rows, columns))
    print(f"\nFiles of 5 cards and more: {all_right} of {all_tried} right.")


if __name__ == "__main__":
    main()
