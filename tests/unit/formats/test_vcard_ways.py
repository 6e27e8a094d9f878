"""Both ways of reading give the same items and no exception, for any bytes in any chunks."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import Contact, Group, Item, Note, Reject, Skipped
from contactport.formats import vcard
from tests.unit.formats.strategies import cards, chunked, soups


def read(chunks: Iterable[bytes], *, quick: bool = True) -> list[Item]:
    return list(vcard.read(chunks, quick=quick))


books = st.one_of(soups, st.lists(st.one_of(cards(), soups), max_size=4).map(b"".join))


@given(books)
def test_any_bytes_give_items_and_no_exception(data: bytes) -> None:
    for item in read([data]):
        assert isinstance(item, Contact | Group | Reject | Note | Skipped)


@given(books)
def test_the_quick_and_the_careful_way_agree(data: bytes) -> None:
    assert read([data]) == read([data], quick=False)


@given(books, st.data())
def test_it_does_not_matter_where_the_chunks_are_cut(data: bytes, draw: st.DataObject) -> None:
    assert read(draw.draw(chunked(data))) == read([data])


@given(books)
def test_chunks_of_one_byte_are_chunks(data: bytes) -> None:
    assert read(data[at : at + 1] for at in range(len(data))) == read([data])


@given(books, st.integers(1, 60))
def test_a_small_limit_of_a_card_changes_nothing_for_the_smaller_ones(data: bytes, limit: int) -> None:
    whole = [item for item in vcard.read([data], card_bytes=limit) if not isinstance(item, Reject)]
    careful = [
        item for item in vcard.read([data], card_bytes=limit, quick=False) if not isinstance(item, Reject)
    ]
    assert whole == careful


@given(books)
def test_what_was_read_is_written_and_read_again_as_the_same(data: bytes) -> None:
    kept = [item for item in read([data]) if isinstance(item, Contact | Group)]
    for version in vcard.VERSIONS:
        written = b"".join(vcard.write(kept, version=version))
        again = read([written])
        assert [item for item in again if not isinstance(item, Reject)] == [
            item for item in kept if not isinstance(item, Reject)
        ]
        assert b"".join(vcard.write(again, version=version)) == written
