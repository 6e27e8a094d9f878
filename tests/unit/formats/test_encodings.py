"""Texts that name no character set: what the file, the card and the letters say."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.charsets import file_of, from_lists, right
from contactport.contact import Contact, Item, Reject
from contactport.formats import vcard
from contactport.formats.charsets.evidence import CODECS, WORDS, Evidence
from contactport.formats.vcard.undecided import HELD_ITEMS
from tests.unit.formats.strategies import chunked, soups
from tests.unit.formats.world_names import PEOPLE

CASES = [(language, codec) for language, people in PEOPLE.items() for codec in people.codecs]


def read(data: bytes) -> list[Item]:
    return list(vcard.read([data]))


def names(read: list[Item]) -> list[str]:
    return [item.formatted_name if isinstance(item, Contact) else type(item).__name__ for item in read]


def card(name: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join((b"BEGIN:VCARD", b"VERSION:2.1", b"FN:" + name, *lines, b"END:VCARD", b""))


@pytest.mark.parametrize(("language", "codec"), CASES)
def test_nine_files_of_ten_come_out_right(language: str, codec: str) -> None:
    """The figures of `python -m benchmarks.charsets`, for a few files."""
    people = PEOPLE[language]
    assert right(from_lists(people), codec, 5, 10, 7, people.joined) >= 9


@pytest.mark.parametrize(("language", "codec"), CASES[::9])
@settings(max_examples=10)
@given(data=st.data())
def test_where_chunks_are_cut_changes_nothing(language: str, codec: str, data: st.DataObject) -> None:
    people = PEOPLE[language]
    whole, _ = file_of(from_lists(people), codec, 3, Random(data.draw(st.integers(0, 3))), people.joined)
    assert (
        list(vcard.read(data.draw(chunked(whole)))) == read(whole) == list(vcard.read([whole], quick=False))
    )


def test_a_card_that_says_little_is_read_as_those_after_it_show() -> None:
    russian = ["Щукин", "Борис", "Ольга", "Морозова", "Наталья", "Сергеевна"]
    data = (
        card(b"Bob") + card("Ян".encode("koi8_r")) + b"".join(card(name.encode("koi8_r")) for name in russian)
    )
    assert names(read(data)) == ["Bob", "Ян", *russian]


def test_the_card_s_own_hint_comes_first() -> None:
    greek = card("Νίκος".encode("iso8859_7"), b"NOTE;CHARSET=ISO-8859-7:" + "φίλος".encode("iso8859_7"))
    russian = b"".join(card(name.encode("cp1251")) for name in ("Иванов Пётр", "Ольга Смирнова", "Щукин"))
    assert names(read(russian + greek + russian))[3] == "Νίκος"


def test_a_hint_that_does_not_fit_is_not_taken() -> None:
    data = card("Борис".encode("cp1251"), b"NOTE;CHARSET=EUC-JP:" + "猫".encode("euc_jp")) + card(
        "Щукин".encode("cp1251")
    )
    assert names(read(data)) == ["Борис", "Щукин"]


def test_what_others_of_the_file_name_counts() -> None:
    data = card(b"J\xe1n") + card(b"Zoe", b"NOTE;CHARSET=iso-8859-2:\xb9") * 5 + card(b"Jo\xbee")
    assert names(read(data))[-1] == "Jože"


def test_quoted_printable_without_a_set_is_judged_too() -> None:
    names_ = ("Иванов", "Смирнова", "Кузнецов", "Щербакова", "Попов")
    lines = [
        b"FN;ENCODING=QUOTED-PRINTABLE:" + b"".join(b"=%02X" % byte for byte in name.encode("cp1251"))
        for name in names_
    ]
    data = b"".join(card(b"", line) for line in lines)
    assert names(read(data)) == list(names_)


@pytest.mark.parametrize("charset", [b";CHARSET=SHIFT_JIS", b""])
def test_half_a_character_that_looks_like_a_backslash_is_no_escape(charset: bytes) -> None:
    """The second byte of these is 0x5C."""
    kanji = ("表参道", "能登", "田中予一", "鈴木ソ")
    lines = [
        b"FN"
        + charset
        + b";ENCODING=QUOTED-PRINTABLE:"
        + b"".join(b"=%02X" % byte for byte in name.encode("cp932"))
        for name in kanji
    ]
    assert names(read(b"".join(card(b"", line) for line in lines))) == list(kanji)
    assert names(read(b"".join(card(name.encode("cp932")) for name in kanji))) == list(kanji)


def test_a_short_text_that_is_utf_8_by_chance_is_not() -> None:
    """These two characters are valid UTF-8 in GB 2312."""
    people = ("张伟", "王芳", "李秀英", "刘建国", "陈志强")
    data = b"".join(card(name.encode("gbk"), b"TITLE:" + "郑强".encode("gbk")) for name in people)
    assert all(isinstance(item, Contact) and item.titles == ["郑强"] for item in read(data))


def test_a_card_that_is_utf_8_by_chance_is_not() -> None:
    people = ("张伟", "王芳", "李秀英", "郑强", "刘建国", "郑强", "陈志强", "Bob")
    data = b"".join(card(name.encode("gbk")) for name in people)
    assert names(read(data)) == list(people)
    assert list(vcard.read([data], quick=False)) == read(data)


def test_a_card_read_by_itself_is_read_as_those_beside_it() -> None:
    cards = [card(name.encode("gbk")) for name in ("郑强", "张伟", "王芳", "李秀英", "刘建国", "陈志强")]
    evidence = Evidence()
    observed = [bool(list(vcard.observe(data, evidence))) for data in (*cards, card(b"Bob"))]
    assert observed == [False, True, True, True, True, True, False]
    assert names([item for data in cards for item in vcard.read([data], evidence=evidence)])[0] == "郑强"


def test_utf_8_beside_another_set_stays_utf_8() -> None:
    data = (
        card("Jörg".encode(), b"NOTE:" + "Käthe".encode("cp1252"))
        + card("Ольга".encode())
        + card(b"M\xfcller")
    )
    assert names(read(data)) == ["Jörg", "Ольга", "Müller"]


def test_damaged_utf_8_in_a_file_of_utf_8_stays() -> None:
    data = card("Зоя".encode()) + card("Иван ".encode() + b"\xff") + card("Käthe".encode())
    assert names(read(data)) == ["Зоя", "Иван \ufffd", "Käthe"]


def test_windows_1252_comes_last() -> None:
    assert names(read(card(b"J\xf6rg \x80"))) == ["Jörg €"]
    assert names(read(card(b"\xff\xfe\x81"))) != []


def test_order_and_places_are_those_of_the_file() -> None:
    data = card(b"A") + card("Щука".encode("cp1251")) + card(b"") + card(b"B") + b"END:VCARD\r\n"
    assert names(read(data)) == ["A", "Щука", "Reject", "B", "Reject"]
    assert [item.place for item in read(data) if isinstance(item, Reject)] == ["line 9", "line 17"]


def test_what_is_held_back_is_bounded() -> None:
    """A card whose set stays open does not wait for the end of a long file."""
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        yield card(b"M\xfcller")
        while True:
            taken += 1
            yield card(b"Bob")

    first = next(iter(vcard.read(chunks())))
    assert isinstance(first, Contact)
    assert taken <= HELD_ITEMS + 2


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=80), max_size=20))
def test_any_bytes_are_evidence(texts: list[bytes]) -> None:
    evidence = Evidence()
    for text in texts:
        evidence.add(text)
    ranked = evidence.ranked()
    assert {guess.codec for guess in ranked} == set(CODECS)
    assert abs(sum(guess.confidence for guess in ranked) - 1) < 1e-6
    assert [guess.confidence for guess in ranked] == sorted(
        (guess.confidence for guess in ranked), reverse=True
    )


@given(soups)
def test_any_bytes_may_be_observed(data: bytes) -> None:
    assert set(vcard.observe(data, Evidence())) <= {None}


def test_evidence_is_bounded() -> None:
    evidence = Evidence()
    for number in range(3 * WORDS):
        evidence.add(f"Müller{number} ".encode("cp1252"))
    assert evidence.is_full


def test_confidence_is_low_where_two_sets_read_alike() -> None:
    evidence = Evidence()
    evidence.add("Müller".encode("cp1252"))
    assert evidence.ranked()[0].codec == "cp1252"
    assert evidence.ranked()[0].confidence < 0.9
    for name in PEOPLE["russian"].family.split():
        evidence.add(name.encode("cp1251"))
    first = evidence.ranked()[0]
    assert (first.codec, round(first.confidence, 2)) == ("cp1251", 1.0)
