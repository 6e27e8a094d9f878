from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.formats.charsets.decode import codec_of, decode, is_utf8, named

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


@pytest.mark.parametrize(
    ("label", "text", "codec"),
    [
        ("ks_c_5601-1987", "김철수", "euc_kr"),
        ("windows-949", "똠방", "cp949"),
        ("windows-874", "สมชาย", "cp874"),
        ("tis-620", "สมชาย", "cp874"),
        ("big5-hkscs", "陳大文", "big5hkscs"),
        ("windows-31j", "髙橋①", "cp932"),
        ("MS_Kanji", "髙橋", "cp932"),
        ("Shift_JIS", "髙橋", "cp932"),
        ("iso-8859-8-i", "שלום", "iso8859_8"),
        ("cp850", "Müller", "cp850"),
        ("IBM437", "Müller", "cp437"),
        ("cp866", "Петров", "cp866"),
        ("x-gbk", "王鑫", "gbk"),
        ("gb_2312-80", "王伟", "gb2312"),
        ("GB2312", "朱镕基", "gbk"),
        ("windows-936", "王伟", "gbk"),
        ("x-mac-cyrillic", "Пётр", "mac_cyrillic"),
        ("koi8-u", "Ґалаґан", "koi8_u"),
        ("ISO-8859-9", "Çağ", "cp1254"),
        ("iso-8859-1", "Jörg €", "cp1252"),
        ("l2", "Łódź", "iso8859_2"),
        ("cp852", "Łódź", "cp852"),
        ("x-mac-ce", "Łódź", "mac_latin2"),
        ("EUC-KR", "김철수", "euc_kr"),
        ("cseucpkdfmtjapanese", "田中", "euc_jp"),
        ("ISO-2022-KR", "김철수", "iso2022_kr"),
    ],
)
def test_labels_of_the_web_and_of_old_programs(label: str, text: str, codec: str) -> None:
    assert named(text.encode(codec), label) == text
    assert named(text.encode(codec), f" {label.upper()} ".strip()) == text


def test_tones_that_windows_1258_writes_apart_are_joined() -> None:
    assert named("Nguyê\u0303n".encode("cp1258"), "windows-1258") == "Nguyễn"


@pytest.mark.parametrize(
    "label",
    ["rot13", "punycode", "idna", "utf-7", "unicode_escape", "raw-unicode-escape", "base64", "hex", "zip", "uu",
     "quopri", "undefined", "mbcs", "palmos", "charmap", "string_escape", "x-user-defined", "replacement"],
)  # fmt: skip
def test_what_is_no_character_set_is_never_looked_up(label: str) -> None:
    assert codec_of(label) is None


@given(st.text(max_size=80))
def test_a_label_is_known_or_it_is_not(label: str) -> None:
    codec = codec_of(label)
    assert codec is None or codecs.lookup(codec).name


def test_bytes_that_a_set_lacks_are_tried_in_the_greater_one() -> None:
    assert named(b"a\x81", "iso-8859-1") == "a\x81"
    assert named("①".encode("shift_jis_2004") + b"\x82\xf2", "shift_jis") is not None


def test_which_names_mean_utf_8() -> None:
    assert is_utf8("UTF-8")
    assert is_utf8("us-ascii")
    assert not is_utf8("latin1")
