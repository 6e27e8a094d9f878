"""The sample book: the same bytes for the same arguments, and cards that a strict reader accepts."""

from __future__ import annotations

from hashlib import sha256
from itertools import islice

import pytest
import vobject  # pyright: ignore[reportMissingTypeStubs] - has none

from samples import book


def digest(cards: list[str]) -> str:
    return sha256("".join(cards).encode()).hexdigest()


def test_the_same_arguments_give_the_same_cards() -> None:
    assert list(book.cards(300, pictures=0.1)) == list(book.cards(300, pictures=0.1))


def test_the_book_is_the_one_that_figures_were_measured_with() -> None:
    """Changing the samples changes what every benchmark measures: do it knowingly, and here."""
    assert (
        digest(list(book.cards(1000, pictures=0.2)))
        == "becf6f9441d29ccc4bd85e15ced2d37072fe5f223d4b9f5a9f650009fce3a964"
    )


def test_a_card_does_not_depend_on_the_books_length_or_on_its_neighbours() -> None:
    assert list(islice(book.cards(500), 7, 9)) == [book.card(7), book.card(8)]


def test_another_seed_is_another_book() -> None:
    assert not set(book.cards(50, seed=1)) & set(book.cards(50, seed=2))


def test_a_picture_changes_nothing_else() -> None:
    lines = book.card(3, picture=True).split("\r\n")
    start = next(n for n, line in enumerate(lines) if line.startswith("PHOTO"))
    end = next(n for n in range(start + 1, len(lines)) if not lines[n].startswith(" "))
    assert lines[:start] + lines[end:] == book.card(3).split("\r\n")


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.2, 20), (0.5, 50), (1.0, 100)])
def test_pictures_are_spread_evenly(share: float, count: int) -> None:
    assert sum("PHOTO" in card for card in book.cards(100, pictures=share)) == count


def test_lines_end_with_crlf_and_hold_at_most_75_octets() -> None:
    for card in book.cards(400, pictures=0.05):
        lines = card.encode().split(b"\r\n")
        assert lines[0] == b"BEGIN:VCARD"
        assert lines[-2:] == [b"END:VCARD", b""]
        for line in lines:
            assert len(line) <= 75
            assert "\n" not in line.decode("utf-8"), "and no fold splits a character"


def test_cards_are_of_the_size_that_real_servers_hold() -> None:
    sizes = sorted(len(card.encode()) for card in book.cards(2000))
    assert 400 <= sum(sizes) / len(sizes) <= 650
    assert 7_000 <= len(book.card(1, picture=True)) - len(book.card(1)) <= 10_000


def test_an_independent_reader_understands_every_card() -> None:
    for i, card in enumerate(book.cards(300)):
        read = vobject.readOne(card)  # pyright: ignore
        assert read.uid.value == f"sample-1-{i}"  # pyright: ignore
        assert read.fn.value  # pyright: ignore


def test_uids_are_unique_within_a_book() -> None:
    uids = [line for card in book.cards(1000) for line in card.split("\r\n") if line.startswith("UID:")]
    assert len(set(uids)) == 1000


def test_the_book_holds_what_readers_trip_over() -> None:
    text = "".join(book.cards(1000))
    for trait in (
        "VERSION:3.0",
        "VERSION:4.0",
        "item1.X-ABLabel:_$!<Other>!$_",
        "BDAY;X-APPLE-OMIT-YEAR=1604:1604-",
        "BDAY:--",
        "\r\n ",
        "\\,",
        "\\;",
        "\\n",
        "\\\\",
        "佐藤",
        "محمد",
        "Анна",
        "👩‍🚀",
    ):
        assert trait in text, trait
