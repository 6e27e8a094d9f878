"""Character sets that no file names, guessed by the letters: right of tried. `python -m benchmarks.charsets`.

Files of a few vCards 2.1 without CHARSET, or with `--tables` of 5 to 2,000 rows of CSV, in each character set and
each language that is written in it. A file is right when every character of it reads as it was written. Names come
from `tests/unit/formats/world_names.py`, which the rule was tuned on, or from a package whose lists are independent
of it: `--names faker` or `--names mimesis` (`pip install faker mimesis`). A part of the people have plain ASCII
names, as in a real book: in tables 95, 80 and 40 of a hundred, in cards 30.
"""

from __future__ import annotations

import argparse
import unicodedata
from collections.abc import Callable
from functools import partial
from importlib import import_module
from random import Random
from typing import NamedTuple

from benchmarks.figures import table
from contactport.contact import Contact
from contactport.formats import vcard
from contactport.formats.charsets.files import charset_of, texts
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
MIMESIS = {
    "russian": "RU",
    "ukrainian": "UK",
    "greek": "EL",
    "japanese": "JA",
    "chinese": "ZH",
    "korean": "KO",
    "polish": "PL",
    "czech": "CS",
    "hungarian": "HU",
    "croatian": "HR",
    "turkish": "TR",
    "german": "DE",
    "french": "FR",
    "spanish": "ES",
    "portuguese": "PT",
    "swedish": "SV",
    "danish": "DA",
    "slovak": "SK",
    "estonian": "ET",
    "finnish": "FI",
    "icelandic": "IS",
    "italian": "IT",
    "norwegian": "NO",
    "dutch": "NL",
}
"""Languages of the package's own, and the name of its locale."""
_WESTERN = ("cp1252", "mac_roman", "iso8859_15")
SETS = {
    **{language: people.codecs for language, people in PEOPLE.items()},
    "slovak": ("cp1250", "iso8859_2"),
    "estonian": ("cp1257",),
    **dict.fromkeys(("finnish", "icelandic", "italian", "norwegian", "dutch"), _WESTERN),
}
UNICODE = ("utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be")
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


def from_mimesis(language: str) -> Maker:
    mimesis = import_module("mimesis")
    locale = getattr(import_module("mimesis.locales").Locale, MIMESIS[language])
    person, place, firm = mimesis.Person(locale), mimesis.Address(locale), mimesis.Finance(locale)

    def make(rng: Random) -> tuple[str, str, str]:
        for each in (person, place, firm):
            each.reseed(rng.randrange(2**32))
        return (
            person.last_name(),
            person.first_name(),
            rng.choice((place.city, firm.company, person.occupation))(),
        )

    return make


def encoded(text: str, codec: str) -> bytes | None:
    """The text in the set, if it fits; windows-1258 has its tones apart."""
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
        data = encoded(text, codec)
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


def table_of(
    make: Maker, codec: str, rows: int, share: float, rng: Random, joined: bool
) -> tuple[str, bytes]:
    """A table of people, the share of them (one at least) with a name that is not ASCII; its text, and its bytes."""
    foreign = [True] * max(1, round(rows * share))
    foreign += [False] * (rows - len(foreign))
    rng.shuffle(foreign)
    lines = ["First Name,Last Name,Full Name,Title,E-mail,Phone"]
    for is_foreign in foreign:
        family, given, other = _person(make, codec, rng) if is_foreign else (*rng.choice(PLAIN), "friend")
        full = f"{family}{given}" if joined and is_foreign else f"{given} {family}"
        email = f"u{rng.randrange(10**6)}@example.org"
        lines.append(f"{given},{family},{full},{other},{email},+{rng.randrange(10**9, 10**11)}")
    text = unicodedata.normalize("NFC", "\r\n".join((*lines, "")))
    data = encoded(text, codec)
    assert data is not None
    return text, data


def _person(make: Maker, codec: str, rng: Random) -> tuple[str, str, str]:
    """Names that the set has, at least one letter of them not ASCII."""
    while True:
        family, given, other = make(rng)
        text = f"{family}{given}{other}"
        if (
            not text.isascii()
            and not any(mark in text for mark in ',"\n')
            and encoded(text, codec) is not None
        ):
            return family, given, other


class Tables(NamedTuple):
    """How many tables were tried, how many came out right, and the confidences of the right and of the wrong."""

    tried: int
    right: int
    sure: list[float]
    unsure: list[float]


def tables(make: Maker, codec: str, rows: int, tries: int, joined: bool) -> Tables:
    rng = Random(f"1 {codec} {rows}")
    sure: list[float] = []
    unsure: list[float] = []
    for at in range(tries):
        text, data = table_of(make, codec, rows, SHARES[at % len(SHARES)], rng, joined)
        is_right = "".join(texts([data])) == text
        (sure if is_right else unsure).append(charset_of(data).confidence)
    return Tables(tries, len(sure), sure, unsure)


SIZES = (1, 5, 20, 100)
ROWS = (5, 20, 100, 500, 2000)
SHARES = (0.05, 0.2, 0.6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--names", choices=("lists", "faker", "mimesis"), default="lists", help="where names are from"
    )
    parser.add_argument("--tables", action="store_true", help="tables of CSV instead of cards")
    parser.add_argument("--tries", type=int, default=20, help="files of each kind and size")
    parser.add_argument("--only", default="", help="a language")
    given = parser.parse_args()
    makers: dict[str, Callable[[], Maker]] = {
        "lists": {language: partial(from_lists, people) for language, people in PEOPLE.items()},
        "faker": {language: partial(from_faker, language) for language in LOCALES},
        "mimesis": {language: partial(from_mimesis, language) for language in MIMESIS},
    }[given.names]
    if given.only:
        makers = {given.only: makers[given.only]}
    measure_tables(makers, given.tries) if given.tables else measure_cards(makers, given.tries)


def _is_joined(language: str) -> bool:
    return language in PEOPLE and PEOPLE[language].joined


def measure_cards(makers: dict[str, Callable[[], Maker]], tries: int) -> None:
    rows: list[list[str]] = []
    all_right = all_tried = 0
    for language, maker in makers.items():
        make = maker()
        for codec in SETS[language]:
            counts = [right(make, codec, size, tries, 1, _is_joined(language)) for size in SIZES]
            all_right += sum(counts[1:])
            all_tried += tries * (len(SIZES) - 1)
            rows.append([f"{language}, {codec}", *(f"{count} of {tries}" for count in counts)])
    columns = [f"{size} cards" if size > 1 else "1 card" for size in SIZES]
    print(table("Files that came out right", rows, columns))
    print(f"\nFiles of 5 cards and more: {all_right} of {all_tried} right.")


def measure_tables(makers: dict[str, Callable[[], Maker]], tries: int) -> None:
    rows: list[list[str]] = []
    found: dict[int, list[Tables]] = {size: [] for size in ROWS}
    for language, maker in makers.items():
        make = maker()
        more = UNICODE if language in ("russian", "chinese", "german") else ()
        for codec in (*SETS[language], *more):
            row = [f"{language}, {codec}"]
            for size in ROWS:
                one = tables(
                    make, codec, size, tries if size <= 100 else max(3, tries // 4), _is_joined(language)
                )
                found[size].append(one)
                row.append(f"{one.right} of {one.tried}")
            rows.append(row)
    print(table("Tables that came out right", rows, [f"{size} rows" for size in ROWS]))
    every = [one for size in ROWS for one in found[size]]
    for size, some in ((size, found[size]) for size in ROWS):
        print(f"{size} rows: {_share(sum(one.right for one in some), sum(one.tried for one in some))} right")
    print(f"All: {_share(sum(one.right for one in every), sum(one.tried for one in every))} right")
    sure = [confidence for one in every for confidence in one.sure]
    unsure = [confidence for one in every for confidence in one.unsure]
    for least, most in ((0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.1)):
        good = sum(least <= confidence < most for confidence in sure)
        bad = sum(least <= confidence < most for confidence in unsure)
        if good + bad:
            print(f"Confidence from {least} to {min(most, 1)}: {_share(good, good + bad)} right")


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / whole:.1%})"


if __name__ == "__main__":
    main()
