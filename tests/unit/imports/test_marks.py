"""Marks stand for cards."""

from hypothesis import given
from hypothesis import strategies as st

from contactport.imports.marks import Marks

words = st.text(max_size=20)


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


def test_a_source_need_not_fetch_what_an_earlier_attempt_stored() -> None:
    first = Marks(b"key")
    first.add(first.of_key("/b/a.vcf"))
    assert "/b/a.vcf" not in first, "this attempt's own cards are for noticing repeats"
    second = Marks(b"key", [first.of_key("/b/a.vcf")])
    assert "/b/a.vcf" in second
    assert "/b/b.vcf" not in second
