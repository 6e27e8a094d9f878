"""`charsets.files`: the character set of a whole file, and its text."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.charsets import encoded, from_lists, table_of
from contactport.formats.charsets.evidence import CODECS
from contactport.formats.charsets.files import HELD, PIECE, charset_of, texts
from contactport.formats.charsets.unicode_forms import of_zeros
from tests.unit.formats.strategies import chunked
from tests.unit.formats.world_names import PEOPLE

CASES = [(language, codec) for language, people in PEOPLE.items() for codec in people.codecs]
RUSSIAN = "Имя;Фамилия\r\nОльга;Смирнова\r\nПётр;Щукин\r\n"
CHINESE = "姓名,电话\r\n王芳,13800138000\r\n李秀英,13900139000\r\n"
UNICODE = ["utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le"]


def text_of(data: bytes, charset: str = "") -> str:
    return "".join(texts([data], charset))


@pytest.mark.parametrize(("language", "codec"), CASES)
def test_nine_tables_of_ten_come_out_right(language: str, codec: str) -> None:
    """The figures of `python -m benchmarks.charsets --tables`, for a few files."""
    people = PEOPLE[language]
    rng = Random(f"{language} {codec}")
    right = 0
    for share in (0.1, 0.2, 0.3, 0.4, 0.6) * 2:
        text, data = table_of(from_lists(people), codec, 20, share, rng, people.joined)
        right += text_of(data) == text
    assert right >= 9


@pytest.mark.parametrize("codec", UNICODE)
@pytest.mark.parametrize("text", [RUSSIAN, CHINESE, "Name,Phone\nJörg,1\n", "\u00e9"])
def test_unicode_in_every_form(codec: str, text: str) -> None:
    data = text.encode(codec)
    if text == "\u00e9" and codec in ("utf_16_le", "utf_16_be", "utf_32_le"):
        return
    assert text_of(data) == text
    assert charset_of(data).confidence >= 0.95


@pytest.mark.parametrize("codec", ["utf_16_le", "utf_16_be"])
def test_utf_16_without_a_mark_is_told_by_its_blanks_and_line_ends(codec: str) -> None:
    for text in (CHINESE, RUSSIAN, "ก,ข\n"):
        assert of_zeros(text.encode(codec)) == codec
    assert of_zeros(b"a\0b\0\0\0\1\2") == ""
    assert of_zeros(b"a,b\n\0") == ""


@pytest.mark.parametrize(("language", "codec"), CASES[::7])
@settings(max_examples=10)
@given(data=st.data())
def test_where_chunks_are_cut_changes_nothing(language: str, codec: str, data: st.DataObject) -> None:
    people = PEOPLE[language]
    rng = Random(data.draw(st.integers(0, 3)))
    text, whole = table_of(from_lists(people), codec, 8, 0.5, rng, people.joined)
    whole = data.draw(st.sampled_from([b"", b"\xff\xfe", codecs.BOM_UTF8, RUSSIAN.encode()])) + whole
    assert "".join(texts(data.draw(chunked(whole)))) == "".join(texts([whole]))
    assert text


@given(
    st.lists(st.binary(max_size=60), max_size=8), st.sampled_from(["", "utf-8", "cp1252", "big5", "x", "hz"])
)
def test_any_bytes_are_a_text_that_utf_8_can_hold(chunks: list[bytes], charset: str) -> None:
    text = "".join(texts(chunks, charset))
    text.encode()
    assert text == "".join(texts([b"".join(chunks)], charset))


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_have_a_set(data: bytes, is_whole: bool) -> None:
    found = charset_of(data, is_whole=is_whole)
    assert codecs.lookup(found.codec)
    assert 0 < found.confidence <= 1.000001
    assert found.why
    assert all(other.codec in CODECS for other in found.others)


def test_a_named_set_is_believed_and_a_mark_more() -> None:
    assert text_of("Łódź\n".encode("iso8859_2"), "latin2") == "Łódź\n"
    assert text_of("Łódź\n".encode("utf_8_sig"), "latin2") == "Łódź\n"
    assert text_of("Łódź\n".encode("utf_16"), "latin2") == "Łódź\n"
    assert text_of("Łódź\n".encode("utf_16_le"), "utf-16le") == "Łódź\n"
    assert text_of("田中\n".encode("iso2022_jp"), "iso-2022-jp") == "田中\n"


def test_a_line_that_does_not_fit_is_read_by_itself() -> None:
    german = "Müller;Jörg\nWeiß;Günther\n"
    assert text_of(german.encode() * 9 + "Köhler\n".encode("cp1252")) == german * 9 + "Köhler\n"
    assert text_of(german.encode("cp1252") * 9 + "Köhler\n".encode()) == german * 9 + "Köhler\n"
    assert text_of(RUSSIAN.encode() * 9 + "Зоя".encode() + b"\xff\n") == RUSSIAN * 9 + "Зоя\ufffd\n"


def test_confidence_is_low_where_readings_differ_and_they_are_named() -> None:
    found = charset_of("Nicoară\n".encode("cp1250"))
    assert found.confidence < 0.6
    readings = {"Nicoară\n".encode("cp1250").decode(each.codec, "replace") for each in (found, *found.others)}
    assert "Nicoară\n" in readings
    assert len(readings) == len(found.others) + 1


def test_sets_that_read_alike_are_no_doubt() -> None:
    """Of these letters, four sets of Windows and two of ISO 8859 have the same bytes."""
    found = charset_of("".join(f"{name}\n" for name in PEOPLE["german"].family.split()).encode("cp1252"))
    assert found.codec == "cp1252"
    assert found.confidence > 0.9


def test_a_beginning_that_ends_within_a_character_is_still_utf_8() -> None:
    data = ("名" * 10 + "\n").encode() + "名前".encode()[:-1]
    assert charset_of(data, is_whole=False).codec == "utf_8"
    assert charset_of(data, is_whole=False).confidence > 0.9


def test_names_far_behind_show_the_set_too() -> None:
    plain = b"John,Smith,1\r\n" * 20_000
    pieces = list(texts([plain, RUSSIAN.encode("cp1251")]))
    assert "".join(pieces) == plain.decode() + RUSSIAN


def test_what_is_held_back_is_bounded() -> None:
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        yield "Жанна\n".encode("cp1251")
        while True:
            taken += 1
            yield b"John,Smith,1\r\n" * 1000

    pieces = texts(chunks())
    assert next(pieces).startswith("Жанна")
    assert taken * 14_000 <= 2 * HELD


def test_a_line_without_an_end_is_cut() -> None:
    pieces = list(texts([b"x" * (PIECE // 2)] * 9))
    assert max(map(len, pieces)) <= PIECE
    assert sum(map(len, pieces)) == 9 * (PIECE // 2)


def test_tones_that_windows_1258_writes_apart_are_joined() -> None:
    text = "Nguyễn Hằng\nTrần Đức\nPhạm Dũng\nHoàng Phượng\n"
    data = encoded(text, "cp1258")
    assert data is not None
    assert text_of(data) == unicodedata.normalize("NFC", text)
