"""A run turns a source's pages into batches whose ledger adds up, whatever happens on the way."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contactport.contact import Reject
from contactport.errors import Code, WireError
from contactport.imports.marks import Marks
from contactport.imports.progress import StoredRecord
from contactport.imports.run import run
from contactport.net.client import Client
from contactport.sources import providers
from contactport.sources.base import Account, Page, RawCard
from contactport.store import contacts, imports, report
from contactport.store.contacts import Batch
from contactport.store.domains import Domain
from contactport.store.imports import Beginning, Import, Secret
from contactport.store.open import Store
from tests.unit.imports.shelf import Shelf, raw, vcard

NO_CLIENT = cast(Client, None)
GROUP = ("X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:uid-ann")


class Crash(Exception):
    """The process dies here."""


class Fragile(StoredRecord):
    """A record whose process dies after so many batches."""

    def __init__(self, store: Store, one: Import, marks: Marks, lives: int) -> None:
        super().__init__(store, one, marks)
        self.lives = lives

    async def store(self, batch: Batch, listed: int | None) -> None:
        if self.lives == 0:
            raise Crash
        self.lives -= 1
        await super().store(batch, listed)


def account() -> Account:
    provider = providers.find("carddav")
    assert provider is not None
    return Account(provider=provider, username="ann", password="secret")


def begin(store: Store, domain: Domain, include: str = "") -> int:
    return store.database.write_now(
        imports.insert_import,
        store.ring,
        Beginning(
            domain_id=domain.id,
            service="carddav",
            include=include,
            username="ann",
            user_id=None,
            secret=Secret("secret"),
            seconds=60,
            provider_mark=b"p" * 16,
            account_mark=b"a" * 16,
        ),
    )


async def attempt(
    store: Store, import_id: int, shelf: Shelf, *, lives: int = -1, members: int = 10**6
) -> Import:
    claimed = store.database.write_now(imports.claim, store.ring, import_id)
    assert claimed is not None
    one = claimed[0]
    assert one.key is not None
    known = store.database.write_now(lambda connection: list(contacts.marks(connection, one)))
    await run(shelf, account(), NO_CLIENT, Fragile(store, one, Marks(one.key, known), lives), members)
    return one


class Told:
    """What stands in the database in the end."""

    def __init__(self, one: Import, names: list[str], rejects: list[Reject]) -> None:
        self.names = names
        self.rejects = rejects
        self.ledger = (one.found, one.delivered, one.merged, one.rejected)


async def told(store: Store, domain: Domain, import_id: int) -> Told:
    one = await store.database.read(imports.get, store.ring, import_id, domain.id)
    assert one is not None
    chunks: AsyncIterator[list[contacts.Contact]] = contacts.read(store.database, one, 0, 10**6)
    names = [contact.formatted_name async for chunk in chunks for contact in chunk]
    return Told(one, names, (await store.database.read(report.read, one)).rejects)


async def whole(store: Store, domain: Domain, *pages: Page) -> Told:
    import_id = begin(store, domain)
    await attempt(store, import_id, Shelf(pages))
    return await told(store, domain, import_id)


async def test_every_card_is_delivered(store: Store, domain: Domain) -> None:
    names = [f"n{number}" for number in range(1203)]
    pages = [Page([raw(name) for name in names[start : start + 300]]) for start in range(0, 1203, 300)]
    result = await whole(store, domain, *pages)
    assert result.names == names
    assert result.ledger == (1203, 1203, 0, 0)


async def test_no_pages_are_an_empty_book(store: Store, domain: Domain) -> None:
    assert (await whole(store, domain)).ledger == (0, 0, 0, 0)


async def test_a_broken_card_is_a_reject_with_its_place_and_costs_no_other(
    store: Store, domain: Domain
) -> None:
    broken = RawCard("/b/broken.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\n(((\r\n")
    result = await whole(store, domain, Page([raw("ann"), broken, raw("bob")]))
    assert result.names == ["ann", "bob"]
    assert result.ledger == (3, 2, 0, 1)
    assert result.rejects[0].place.startswith("/b/broken.vcf")
    assert result.rejects[0].reason


async def test_a_resource_without_a_card_is_a_reject(store: Store, domain: Domain) -> None:
    result = await whole(store, domain, Page([RawCard("/b/empty.vcf", b"")]))
    assert result.ledger == (1, 0, 0, 1)


async def test_what_the_source_left_out_is_rejected_with_its_reason(store: Store, domain: Domain) -> None:
    gone = Reject("/b/gone.vcf", "gone between listing and reading")
    result = await whole(store, domain, Page([raw("ann")], rejects=[gone]))
    assert result.rejects == [gone]
    assert result.ledger == (2, 1, 0, 1)


class TestMerging:
    async def test_the_same_key_again_is_merged(self, store: Store, domain: Domain) -> None:
        result = await whole(store, domain, Page([raw("ann")]), Page([raw("ann")]))
        assert (result.names, result.ledger) == (["ann"], (2, 1, 1, 0))

    async def test_what_the_source_dropped_as_a_double_is_merged(self, store: Store, domain: Domain) -> None:
        result = await whole(store, domain, Page([raw("ann")], repeats=2))
        assert result.ledger == (3, 1, 2, 0)

    async def test_the_same_uid_in_a_book_is_merged(self, store: Store, domain: Domain) -> None:
        twins = [raw("ann", uid="1"), raw("ann again", uid="1")]
        assert (await whole(store, domain, Page(twins))).ledger == (2, 1, 1, 0)

    async def test_the_same_uid_in_another_book_is_another_person(self, store: Store, domain: Domain) -> None:
        two = [raw("ann", uid="1", book="/a/"), raw("bob", uid="1", book="/b/")]
        assert (await whole(store, domain, Page(two))).ledger == (2, 2, 0, 0)

    async def test_the_same_bytes_in_another_book_are_merged(self, store: Store, domain: Domain) -> None:
        copies = [raw("ann", book="/a/"), raw("ann", book="/b/")]
        assert (await whole(store, domain, Page(copies))).ledger == (2, 1, 1, 0)

    async def test_the_same_name_alone_is_not(self, store: Store, domain: Domain) -> None:
        namesakes = [raw("ann", "TEL:1", key="/1", uid=""), raw("ann", "TEL:2", key="/2", uid="")]
        assert (await whole(store, domain, Page(namesakes))).ledger == (2, 2, 0, 0)


class TestOtherCards:
    async def test_group_cards_are_no_persons_and_name_their_members(
        self, store: Store, domain: Domain
    ) -> None:
        import_id = begin(store, domain)
        one = await attempt(store, import_id, Shelf([Page([raw("ann"), raw("Friends", *GROUP)])]))
        assert (await told(store, domain, import_id)).ledger == (1, 1, 0, 0)
        assert await store.database.read(contacts.groups, one) == {"uid-ann": ["Friends"]}

    async def test_an_organisations_card_is_not_delivered(self, store: Store, domain: Domain) -> None:
        result = await whole(store, domain, Page([raw("ann"), raw("Acme", "KIND:org")]))
        assert (result.names, result.ledger) == (["ann"], (1, 1, 0, 0))

    async def test_the_owners_card_is_delivered_and_remembered(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        one = await attempt(store, import_id, Shelf([Page([raw("ann"), raw("bob")], owner="/b/bob.vcf")]))
        owner = await store.database.read(contacts.owner, one)
        assert owner is not None
        assert owner.formatted_name == "bob"
        assert (await told(store, domain, import_id)).names == ["ann", "bob"]


class TestWhatIsKept:
    LINES = (
        "ADR;TYPE=home:;;1 Main St;Town;;12345;Land",
        "NOTE:private",
        "URL:https://ann.example",
        "EMAIL:a@x.net",
    )

    @pytest.mark.parametrize(("include", "streets"), [("", 0), ("mailing_address", 1), ("photo", 0)])
    async def test_addresses_only_when_asked_and_notes_never(
        self, store: Store, domain: Domain, include: str, streets: int
    ) -> None:
        import_id = begin(store, domain, include)
        one = await attempt(store, import_id, Shelf([Page([raw("ann", *self.LINES)])]))
        ((kept,),) = [chunk async for chunk in contacts.read(store.database, one, 0, 10)]
        assert len(kept.addresses) == streets
        assert (kept.notes, kept.urls) == ([], [])
        assert kept.emails[0].address == "a@x.net"


async def test_a_book_beyond_the_limit_fails_and_says_which_limit(store: Store, domain: Domain) -> None:
    shelf = Shelf([Page([raw(f"n{n}") for n in range(6)])])
    with pytest.raises(WireError, match="more than 5 contacts") as caught:
        await attempt(store, begin(store, domain), shelf, members=5)
    assert caught.value.code == Code.IMPORT_FAILED


async def test_what_came_before_a_sources_error_is_kept(store: Store, domain: Domain) -> None:
    names = [f"n{n}" for n in range(700)]
    import_id = begin(store, domain)
    shelf = Shelf([Page([raw(name) for name in names])], WireError(Code.UNAVAILABLE))
    with pytest.raises(WireError):
        await attempt(store, import_id, shelf)
    assert (await told(store, domain, import_id)).ledger == (500, 500, 0, 0)


def _book(size: int) -> list[RawCard]:
    """Persons, doubles of each kind, groups, organisations and broken cards."""
    cards: list[RawCard] = []
    for n in range(size):
        cards.append(raw(f"p{n}"))
        if n % 5 == 1:
            cards.append(raw(f"p{n}"))
        if n % 7 == 2:
            cards.append(RawCard(f"/b/copy{n}.vcf", vcard(f"p{n}"), "/b/"))
        if n % 6 == 3:
            cards.append(RawCard(f"/b/broken{n}.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\n(((\r\n", "/b/"))
        if n % 9 == 4:
            cards.append(raw(f"g{n}", *GROUP))
        if n % 11 == 5:
            cards.append(raw(f"o{n}", "KIND:org"))
    return cards


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.integers(0, 60),
    page=st.integers(1, 40),
    crashes=st.lists(st.integers(0, 4), max_size=4),
    seed=st.integers(0, 99),
)
async def test_a_run_that_died_anywhere_ends_as_if_it_had_not(
    store: Store,
    domain: Domain,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
    page: int,
    crashes: list[int],
    seed: int,
) -> None:
    monkeypatch.setattr("contactport.imports.run.CHUNK", 7)
    monkeypatch.setattr("contactport.imports.run.FLUSH_SECONDS", 0)
    order = random.Random(seed)
    cards = _book(size)

    def shelf() -> Shelf:
        """The same book, in another order at each asking."""
        order.shuffle(cards)
        return Shelf([Page(list(cards[at : at + page])) for at in range(0, len(cards), page)])

    unhurt = begin(store, domain)
    await attempt(store, unhurt, shelf())
    import_id = begin(store, domain)
    for lives in crashes:
        try:
            await attempt(store, import_id, shelf(), lives=lives)
        except Crash:
            continue
    await attempt(store, import_id, shelf())
    expected, result = await told(store, domain, unhurt), await told(store, domain, import_id)
    assert sorted(result.names) == sorted(expected.names)
    assert len(set(result.names)) == len(result.names)
    assert result.ledger == expected.ledger
