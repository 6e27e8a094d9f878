"""Damaged input: random damage affects at most the damaged card and its neighbours."""

from __future__ import annotations

from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from contactport.contact import Contact, Item
from contactport.formats import vcard
from samples.book import cards

BOOK = [text.encode() for text in cards(400, pictures=0.05)]
SOUND = list(vcard.read([b"".join(BOOK)]))


def damaged(data: bytes, rng: Random) -> bytes:
    """A few bytes changed, lost or added."""
    raw = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(raw))
        match rng.randrange(4):
            case 0:
                raw[at] = rng.randrange(256)
            case 1:
                del raw[at : at + rng.randrange(1, 40)]
            case 2:
                raw[at:at] = rng.randbytes(rng.randrange(1, 20))
            case _:
                raw[at:at] = rng.choice(
                    (b"\r\n", b"BEGIN:VCARD\r\n", b"END:VCARD\r\n", b'"', b"\\", b"AGENT:\r\n")
                )
    return bytes(raw)


def by_uid(items: list[Item]) -> dict[str, list[Contact]]:
    """More than one where damage has turned one card's UID into another's."""
    found: dict[str, list[Contact]] = {}
    for item in items:
        if isinstance(item, Contact):
            found.setdefault(item.uid, []).append(item)
    return found


@given(st.integers(0, 1 << 32))
@example(1432)
@example(10000)
def test_a_card_that_touches_no_damaged_one_is_as_it_was(seed: int) -> None:
    rng = Random(seed)
    hurt = {at for at in range(len(BOOK)) if rng.random() < 0.01} or {rng.randrange(len(BOOK))}
    data = b"".join(damaged(card, rng) if at in hurt else card for at, card in enumerate(BOOK))
    found = by_uid(list(vcard.read([data])))
    touched = {at + step for at in hurt for step in (-1, 0, 1)}
    for at, contact in enumerate(SOUND):
        if at not in touched:
            assert isinstance(contact, Contact)
            assert contact in found[contact.uid]


@given(st.integers(0, 1 << 32), st.integers(1, 5000))
def test_a_book_that_is_cut_off_loses_its_last_card_alone(seed: int, size: int) -> None:
    data = b"".join(BOOK[:40])
    cut = data[: Random(seed).randrange(len(data))]
    whole = cut.count(b"\r\nEND:VCARD")
    chunks = (cut[at : at + size] for at in range(0, len(cut), size))
    contacts = [item for item in vcard.read(chunks) if isinstance(item, Contact)]
    assert contacts == SOUND[:whole]
