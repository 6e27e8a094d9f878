"""Reading as a stream: places, limits, order, memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from contactport.contact import Contact, Item, Reject
from contactport.formats import vcard
from samples.book import card, cards

BROKEN = "BEGIN:VCARD\r\nUID:Bad\r\nEMAIL\r\nEND:VCARD\r\n"


def rejects(items: Iterator[Item]) -> list[str]:
    return [item.place for item in items if isinstance(item, Reject)]


def place_of(text: str, book: str) -> str:
    """Where a card of the book begins, as an editor counts."""
    return f"line {book[: book.index(text)].count(chr(10)) + 1}"


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_reject_s_place_is_the_line_of_its_card(size: int, end: str) -> None:
    sound = list(cards(40, pictures=0.1))
    book = "".join([*sound[:9], BROKEN, *sound[9:30], BROKEN.replace("Bad", "Worse"), *sound[30:]])
    places = [place_of(BROKEN, book), place_of(BROKEN.replace("Bad", "Worse"), book)]
    data = book.replace("\r\n", end).encode()
    assert rejects(vcard.read(data[at : at + size] for at in range(0, len(data), size))) == places


def test_a_place_counts_every_line_end() -> None:
    data = "\n\r\n\rBEGIN:VCARD\rFN:A\nEND:VCARD\r\n\n\r\n" + BROKEN
    assert rejects(vcard.read([data.encode()])) == ["line 9"]


def test_items_come_in_the_order_of_their_cards() -> None:
    data = "".join(cards(50)).encode()
    uids = [item.uid for item in vcard.read([data]) if isinstance(item, Contact)]
    assert uids == [f"sample-1-{i}" for i in range(50)]


def test_a_contact_comes_before_the_rest_is_asked_for() -> None:
    asked: list[int] = []

    def chunks() -> Iterator[bytes]:
        for i in range(100):
            asked.append(i)
            yield card(i).encode()

    first = next(vcard.read(chunks()))
    assert isinstance(first, Contact)
    assert len(asked) < 10


@pytest.mark.parametrize("quick", [True, False])
def test_a_card_that_is_too_large_is_rejected_and_the_next_one_read(quick: bool) -> None:
    large = card(1, picture=True)
    data = (card(0) + large + card(2)).encode()
    items = list(vcard.read([data], card_bytes=len(large) // 2, quick=quick))
    assert [type(item) for item in items] == [Contact, Reject, Contact]
    assert items[1] == Reject(
        place_of(large, data.decode()), f"this card is larger than {len(large) // 2} bytes"
    )


@pytest.mark.parametrize("text", ["NOTE:", "x"])
def test_one_endless_line_costs_its_card_alone(text: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield card(0).encode()
        yield b"BEGIN:VCARD\r\nFN:Large\r\n" if text == "NOTE:" else b""
        yield text.encode()
        for _ in range(64):
            yield b"x" * 1024
        yield b"\r\nEND:VCARD\r\n"
        yield card(2).encode()

    items = list(vcard.read(chunks(), card_bytes=4096))
    assert [type(item) for item in items] == [Contact, Reject, Contact]


def peak(chunks: Iterator[bytes], card_bytes: int = vcard.CARD_BYTES) -> int:
    """The most memory, in bytes, that reading takes beyond what was there before."""
    tracemalloc.start()
    for _ in vcard.read(chunks, card_bytes=card_bytes):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_book() -> None:
    page = "".join(cards(100, pictures=0.2)).encode()
    few, many = (peak(iter([page] * count)) for count in (4, 40))
    assert many < few * 1.5


def test_memory_does_not_grow_with_what_is_no_book() -> None:
    few, many = (peak(iter([b"no card, only a line of text\n" * 2500] * count), 65536) for count in (4, 30))
    assert many < few * 1.5


def test_memory_does_not_grow_with_what_has_no_lines() -> None:
    few, many = (peak(iter([b"x" * 65536] * count), 65536) for count in (4, 60))
    assert many < few * 1.5


def test_old_prefixes_make_room_for_new_ones() -> None:
    cards = (
        "".join(f"TEL;TYPE=x{i}:1\r\n" for i in range(at, at + 100)).join(
            ("BEGIN:VCARD\r\n", "END:VCARD\r\n")
        )
        for at in range(0, 20_000, 100)
    )
    kinds: list[tuple[str, ...]] = []
    for contact in vcard.read(each.encode() for each in cards):
        assert isinstance(contact, Contact)
        kinds += [phone.kinds for phone in contact.phones]
    assert kinds == [(f"x{i}",) for i in range(20_000)]


def test_nothing_at_all_is_an_empty_book() -> None:
    assert list(vcard.read([])) == []
    assert list(vcard.read([b"", b"\r\n"])) == []


def test_a_list_of_one_card_is_read_like_any_other() -> None:
    data = card(0).encode()
    assert list(vcard.read([data])) == list(vcard.read(iter([data]))) == list(vcard.read([data], quick=False))
