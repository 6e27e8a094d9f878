from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contactport.formats.vcard.values import escape, escape_uri, parts, pieces, unescape
from tests.unit.formats.strategies import spiced, texts

lists = st.lists(st.text(spiced, max_size=10), min_size=1, max_size=5)


@given(texts)
def test_what_is_escaped_is_unescaped_as_the_same(text: str) -> None:
    assert unescape(escape(text)) == text
    assert unescape(escape_uri(text)) == text
    assert "\n" not in escape(text)


@given(lists)
def test_a_structure_is_cut_where_it_was_joined(given_parts: list[str]) -> None:
    joined = ";".join(map(escape, given_parts))
    assert parts(joined) == given_parts
    assert list(map(unescape, pieces(joined, ";"))) == given_parts


@given(lists)
def test_a_list_is_cut_where_it_was_joined(words: list[str]) -> None:
    assert list(map(unescape, pieces(",".join(map(escape, words)), ","))) == words


@given(st.text(st.sampled_from(list("\\;,nN:a\0 \n")), max_size=20))
def test_the_short_ways_are_the_long_ones(text: str) -> None:
    """However odd the escapes: cut first and unescape then, or the other way round where that is sound."""
    assert parts(text) == list(map(unescape, pieces(text, ";")))


def test_line_ends_of_any_kind_are_one_escape() -> None:
    assert escape("a\r\nb\rc\nd") == "a\\nb\\nc\\nd"


def test_what_is_never_escaped_keeps_its_backslash() -> None:
    assert unescape("C:\\temp\\x\\") == "C:\\temp\\x\\"
