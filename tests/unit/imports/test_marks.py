"""Marks stand for cards."""

from hypothesis import given
from hypothesis import strategies as st

from contactport.imports.marks import Marks

words = st.text(max_size=20)
NEIGHBOURS = [int.from_bytes(bytes([0] * ones + [1] * (8 - ones)), "little") for ones in range(9)] + [
    int.from_bytes(bytes([0, 0] + [1] * twos + [0] * (6 - twos)), "little") for twos in range(7)
]
"""Where their bytes stand one behind the other, some of these are found across the border of two others."""


@given(words, words)
def test_a_mark_tells_keys_apart_and_knows_one_again(one: str, other: str) -> None:
    marks = Marks(b"key")
    assert (marks.of_key(one) == marks.of_key(other)) == (one == other)
    assert 0 <= marks.of_key(one) < 2**64


@given(words)
def test_a_key_a_uid_and_bytes_of_the_same_spelling_are_three_things(word: str) -> None:
    marks = Marks(b"key")
    assert len({marks.of_key(word), marks.of_uid("", word), marks.of_bytes(word.encode())}) == 3


def test_a_uid_counts_within_its_book() -> None:
    marks = Marks(b"key")
    assert marks.of_uid("/a/", "1") != marks.of_uid("/b/", "1")


def test_another_imports_marks_are_of_no_use() -> None:
    assert Marks(b"one").of_key("k") != Marks(b"two").of_key("k")


@given(
    st.lists(st.integers(0, 2**64 - 1) | st.sampled_from(NEIGHBOURS), unique=True),
    st.sampled_from(NEIGHBOURS),
)
def test_a_mark_is_known_once_it_was_added_and_no_other_is(added: list[int], other: int) -> None:
    marks = Marks(b"key")
    for mark in added:
        assert not marks.is_repeat(mark)
    assert all(marks.is_known(mark) and marks.is_repeat(mark) for mark in added)
    assert marks.is_known(other) == (other in added)
    later = Marks(b"key", added)
    assert later.was_before(other) == (other in added)
    assert not any(later.is_repeat(mark) for mark in added), "this attempt meets them for the first time"


def test_a_source_need_not_fetch_what_an_earlier_attempt_stored() -> None:
    first = Marks(b"key")
    first.add(first.of_key("/b/a.vcf"))
    assert "/b/a.vcf" not in first, "this attempt's own cards are for noticing repeats"
    second = Marks(b"key", [first.of_key("/b/a.vcf")])
    assert "/b/a.vcf" in second
    assert "/b/b.vcf" not in second
