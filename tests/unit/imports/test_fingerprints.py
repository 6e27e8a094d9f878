"""Fingerprints stand for cards."""

from hypothesis import given
from hypothesis import strategies as st

from contactport.imports.fingerprints import Fingerprints

words = st.text(max_size=20)
NEIGHBOURS = [int.from_bytes(bytes([0] * ones + [1] * (8 - ones)), "little") for ones in range(9)] + [
    int.from_bytes(bytes([0, 0] + [1] * twos + [0] * (6 - twos)), "little") for twos in range(7)
]
"""Where their bytes stand one behind the other, some of these are found across the border of two others."""


@given(words, words)
def test_a_mark_tells_keys_apart_and_knows_one_again(one: str, other: str) -> None:
    fingerprints = Fingerprints(b"key")
    assert (fingerprints.of_key(one) == fingerprints.of_key(other)) == (one == other)
    assert 0 <= fingerprints.of_key(one) < 2**64


@given(words)
def test_a_key_a_uid_and_bytes_of_the_same_spelling_are_three_things(word: str) -> None:
    fingerprints = Fingerprints(b"key")
    assert (
        len({fingerprints.of_key(word), fingerprints.of_uid("", word), fingerprints.of_bytes(word.encode())})
        == 3
    )


def test_a_uid_counts_within_its_book() -> None:
    fingerprints = Fingerprints(b"key")
    assert fingerprints.of_uid("/a/", "1") != fingerprints.of_uid("/b/", "1")


def test_another_imports_marks_are_of_no_use() -> None:
    assert Fingerprints(b"one").of_key("k") != Fingerprints(b"two").of_key("k")


@given(
    st.lists(st.integers(0, 2**64 - 1) | st.sampled_from(NEIGHBOURS), unique=True),
    st.sampled_from(NEIGHBOURS),
)
def test_a_mark_is_known_once_it_was_added_and_no_other_is(added: list[int], other: int) -> None:
    fingerprints = Fingerprints(b"key")
    for fingerprint in added:
        assert not fingerprints.is_repeat(fingerprint)
    assert all(
        fingerprints.is_known(fingerprint) and fingerprints.is_repeat(fingerprint) for fingerprint in added
    )
    assert fingerprints.is_known(other) == (other in added)
    later = Fingerprints(b"key", added)
    assert later.was_before(other) == (other in added)
    assert not any(later.is_repeat(fingerprint) for fingerprint in added), (
        "this attempt meets them for the first time"
    )


def test_a_source_need_not_fetch_what_an_earlier_attempt_stored() -> None:
    first = Fingerprints(b"key")
    first.add(first.of_key("/b/a.vcf"))
    assert "/b/a.vcf" not in first, "this attempt's own cards are for noticing repeats"
    second = Fingerprints(b"key", [first.of_key("/b/a.vcf")])
    assert "/b/a.vcf" in second
    assert "/b/b.vcf" not in second
