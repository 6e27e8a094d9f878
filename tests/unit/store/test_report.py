"""The report of an import: what was left out, what was merged, and what became of each address book."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from contactport.batch import KEPT, LONGEST, Batch, Origin, shortened
from contactport.contact import BookOutcome, Contact, Group, Merge, Note, Reject, RejectedRecord
from contactport.store import consents, contacts, endings, events, report
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.store.report import KeptReject, Report
from contactport.store.schema import metadata, upload_piece
from tests.unit.store.import_factory import batch, begin, claim, get

SEALED = [
    table
    for table in metadata.sorted_tables
    if "import_id" in table.c and any(column.name.startswith("sealed_") for column in table.c)
]
"""Every table that holds something of a user's import."""


def full() -> Batch:
    """A batch that leaves a row in each of them, and a word in each field."""
    return Batch(
        contacts=[Contact(formatted_name="canary")],
        origins=[Origin("/canary/1.vcf", "/canary/", 7)],
        groups=[Group("canary")],
        rejects=[Reject("/canary/2.vcf", "canary", RejectedRecord(b"canary", "vcf"))],
        notes=[Note("/canary/1.vcf", "canary")],
        merges=[Merge("/canary/3.vcf", "/canary/1.vcf", "canary")],
        books=[BookOutcome("/canary/", "failed", "canary")],
        fingerprints=[1],
        found=3,
        merged=1,
    )


def rows(store: Store) -> list[int]:
    with store.database.engine.connect() as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in SEALED]


async def told(store: Store, domain: Domain, import_id: int) -> Report:
    return await store.database.read(report.read, await get(store, domain, import_id))


async def described(store: Store, import_id: int) -> str | None:
    return (await store.database.read(events.read, import_id))[-1].description


async def test_all_of_it_comes_back(store: Store, domain: Domain) -> None:
    import_id = begin(store, domain)
    given = full()
    store.database.write_now(contacts.append, claim(store, import_id), given)
    assert await told(store, domain, import_id) == Report(
        [KeptReject("/canary/2.vcf", "canary", "vcf")], given.notes, given.merges, given.books
    )


def test_nothing_of_it_stands_in_a_file_in_clear(store: Store, domain: Domain) -> None:
    store.database.write_now(contacts.append, claim(store, begin(store, domain)), full())
    assert b"canary" not in b"".join(path.read_bytes() for path in store.folder.iterdir())


def _purged(store: Store, import_id: int) -> None:
    store.database.write_now(endings.fail, import_id, 257, "no")
    store.database.write_now(endings.purge_due)


def _erased(store: Store, import_id: int) -> None:
    store.database.write_now(endings.erase, import_id, "cancelled")


def _lost(store: Store, import_id: int) -> None:
    store.database.write_now(endings.lose_all)


@pytest.mark.parametrize("end", [_purged, _erased, _lost])
async def test_no_sealed_row_of_any_table_is_left(
    store: Store, domain: Domain, end: Callable[[Store, int], None]
) -> None:
    import_id = begin(store, domain, retention=0)
    store.database.write_now(
        consents.insert_consent, store.ring, import_id, redirect_url="https://canary.example/", client_key=0
    )
    store.database.write_now(
        lambda connection: connection.execute(
            insert(upload_piece).values(import_id=import_id, n=0, sealed_data=b"canary")
        )
    )
    store.database.write_now(contacts.append, claim(store, import_id), full())
    assert all(rows(store)), "the test leaves a row in every table"
    end(store, import_id)
    assert rows(store) == [0] * len(SEALED)
    assert await told(store, domain, import_id) == Report()


async def test_notes_and_merges_are_kept_up_to_a_thousand_over_attempts(store: Store, domain: Domain) -> None:
    import_id = begin(store, domain)
    for start in (0, 700, 1400):
        numbers = range(start, start + 700)
        some = Batch(
            notes=[Note(f"line {n}", "why") for n in numbers],
            merges=[Merge(f"/{n}", "/0", "why") for n in numbers],
            found=705,
            merged=705,
            repeats=5,
        )
        store.database.write_now(contacts.append, claim(store, import_id), some)
    kept = await told(store, domain, import_id)
    assert [note.place for note in kept.notes] == [f"line {n}" for n in range(1000)]
    assert [merge.place for merge in kept.merges] == [f"/{n}" for n in range(1000)]
    assert (await get(store, domain, import_id)).notes == 2100


class TestBooks:
    async def test_the_last_word_on_a_book_counts_and_its_place_in_the_list_is_the_first(
        self, store: Store, domain: Domain
    ) -> None:
        import_id = begin(store, domain)
        first = [BookOutcome("/a/", "failed", "busy"), BookOutcome("/b/", "complete")]
        store.database.write_now(contacts.append, claim(store, import_id), Batch(books=first))
        again = [BookOutcome("/b/", "incomplete", "held back"), BookOutcome("/a/", "complete")]
        one = claim(store, import_id)
        store.database.write_now(contacts.append, one, Batch(books=again))
        assert (await told(store, domain, import_id)).books == [again[1], again[0]]
        store.database.write_now(endings.complete, one)
        assert (await get(store, domain, import_id)).incomplete

    @pytest.mark.parametrize(
        ("states", "rejects", "words"),
        [
            ("", 0, None),
            ("cc", 0, None),
            ("cf", 0, "1 of 2 address books could not be read; GET /imports/{} lists it."),
            ("i", 0, "The server did not give all of 1 of 1 address book; GET /imports/{} lists it."),
            (
                "cfi",
                2,
                "1 of 3 address books could not be read, and the server did not give all of 1 of 3 address books, "
                "and 2 of 3 cards could not be read; GET /imports/{} lists them.",
            ),
        ],
    )
    async def test_the_end_says_what_is_missing(
        self, store: Store, domain: Domain, states: str, rejects: int, words: str | None
    ) -> None:
        state = {"c": "complete", "f": "failed", "i": "incomplete"}
        import_id = begin(store, domain)
        one = claim(store, import_id)
        given = batch("ann", rejects=[Reject("x", "y")] * rejects, found=1 + rejects)
        given.books = [BookOutcome(f"/{n}/", state[letter]) for n, letter in enumerate(states)]  # type: ignore[arg-type]
        store.database.write_now(contacts.append, one, given)
        store.database.write_now(endings.complete, one)
        assert await described(store, import_id) == (words and words.format(import_id))
        assert (await get(store, domain, import_id)).incomplete == ("f" in states or "i" in states)

    async def test_a_book_beyond_the_thousandth_still_makes_the_import_incomplete(
        self, store: Store, domain: Domain
    ) -> None:
        import_id = begin(store, domain)
        one = claim(store, import_id)
        many = [BookOutcome(f"/{n}/", "complete") for n in range(KEPT)]
        store.database.write_now(contacts.append, one, Batch(books=many))
        store.database.write_now(
            contacts.append, one, Batch(books=[BookOutcome("/x/", "failed"), BookOutcome("/y/", "complete")])
        )
        store.database.write_now(endings.complete, one)
        assert len((await told(store, domain, import_id)).books) == KEPT
        assert (await get(store, domain, import_id)).incomplete
        words = await described(store, import_id)
        assert words is not None
        assert words.startswith("Not every address book could be read")


async def test_what_was_delivered_comes_back_with_its_origins(store: Store, domain: Domain) -> None:
    one = claim(store, begin(store, domain))
    first = full()
    first.contacts[0].uid = "1"
    store.database.write_now(contacts.append, one, first)
    store.database.write_now(contacts.append, one, batch("without an origin"))
    found = [pair async for chunk in contacts.delivered(store.database, one) for pair in chunk]
    assert [(origin, essence.uid, essence.formatted_name) for origin, essence in found] == [
        (first.origins[0], "1", "canary")
    ]
    known = store.database.write_now(lambda connection: set(contacts.fingerprints(connection, one)))
    assert {1, 7} <= known


@given(st.text(st.characters(), max_size=700))
def test_a_text_of_the_outside_is_bounded_and_has_nothing_that_a_reader_would_obey(text: str) -> None:
    kept = shortened(text)
    assert len(kept) <= LONGEST
    assert kept.isprintable()
    kept.encode()
    assert shortened(kept) == kept
    if text.isprintable() and len(text) <= LONGEST:
        assert kept == text
    if len(text) > LONGEST:
        assert len(kept) == LONGEST
        assert "…[cut]…" in kept


async def test_two_books_whose_long_places_are_cut_alike_stay_two(store: Store, domain: Domain) -> None:
    import_id = begin(store, domain)
    places = [f"/{'a' * 250}{n}{'b' * 200}/\udcff\x1b" for n in range(2)]
    books = [BookOutcome(places[0], "failed", "x" * 999), BookOutcome(places[1], "complete")]
    store.database.write_now(contacts.append, claim(store, import_id), Batch(books=books))
    kept = (await told(store, domain, import_id)).books
    assert [book.state for book in kept] == ["failed", "complete"]
    assert all(len(book.place) == LONGEST and len(book.reason) <= LONGEST for book in kept)
