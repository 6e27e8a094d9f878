from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.formats.charsets import decode, is_utf8

NAMES = [
    *(
        "US-ASCII",
        "UTF-8",
        "utf8",
        "ISO-8859-1",
        "iso-8859-15",
        "latin1",
        "Windows-1252",
        "windows-1251",
        "cp1250",
    ),
    *(
        "KOI8-R",
        "KOI8-U",
        "Shift_JIS",
        "SJIS",
        "x-sjis",
        "cp932",
        "EUC-JP",
        "ISO-2022-JP",
        "EUC-KR",
        "GB2312",
    ),
    *("GBK", "GB18030", "Big5", "macintosh", "UTF-16", "UTF-16LE", "UTF-16BE"),
]


@given(st.binary(max_size=60), st.one_of(st.just(""), st.sampled_from(NAMES), st.text(max_size=12)))
def test_any_bytes_under_any_name_are_a_text_that_utf_8_can_hold(data: bytes, name: str) -> None:
    decode(data, name).encode()


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_utf_8_is_what_it_is_unless_another_name_fits(text: str) -> None:
    assert decode(text.encode()) == text
    assert decode(text.encode(), "utf-8") == text
    assert decode(text.encode(), "no such thing") == text


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_known(name: str) -> None:
    """Decoded under no name, or under one that is not known, these bytes would be something else."""
    if name.lower().startswith("utf-16"):
        assert decode("Doe".encode(name.lower()), name) == "Doe"
    else:
        assert decode(b"Doe", name) == "Doe"


@pytest.mark.parametrize(
    ("name", "codec"), [("windows-1251", "cp1251"), ("ISO-8859-5", "iso8859_5"), ("KOI8-R", "koi8_r")]
)
def test_one_byte_is_one_character_of_its_set(name: str, codec: str) -> None:
    assert decode("Я".encode(codec), name) == "Я"


def test_a_name_that_does_not_fit_is_not_believed() -> None:
    assert decode("漢字".encode(), "us-ascii") == "漢字"


def test_the_guess_is_windows_1252() -> None:
    assert decode(b"Stra\xdfe \x96 5 \x80") == "Straße – 5 €"


def test_a_few_damaged_bytes_do_not_spoil_utf_8() -> None:
    assert decode("Зоя".encode() + b"\xff") == "Зоя\ufffd"


def test_which_names_mean_utf_8() -> None:
    assert is_utf8("UTF-8")
    assert is_utf8("us-ascii")
    assert not is_utf8("latin1")
