"""A run turns a source's pages into batches whose ledger adds up, whatever happens on the way."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from contactport.batch import LONGEST
from contactport.contact import Contact, Group, Note, Reject
from contactport.errors import Code
from contactport.formats.budgets import TEXT
from contactport.formats.registry import UnknownFormat
from contactport.sources.base import ContactRecord, Page, RawRecord
from contactport.sources.failures import Unavailable
from contactport.store import contacts, imports, vault
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.store.schema import contact_chunk
from contactport.testing.source import FakeSource, raw, vcard
from tests.import_fails import import_fails
from tests.unit.imports.attempts import Crash, attempt, begin, told, whole

GROUP = ("X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:uid-ann")


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
    broken = RawRecord("/b/broken.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\n(((\r\n", "vcf")
    result = await whole(store, domain, Page([raw("ann"), broken, raw("bob")]))
    assert result.names == ["ann", "bob"]
    assert result.ledger == (3, 2, 0, 1)
    assert result.rejects[0].place.startswith("/b/broken.vcf")
    assert result.rejects[0].reason


async def test_a_group_is_stored_as_its_name_and_members_alone(store: Store, domain: Domain) -> None:
    own = ("EMAIL:canary@example.org", "TEL:canary", "NOTE:canary", "CATEGORIES:canary")
    import_id = begin(store, domain)
    one = await attempt(
        store, import_id, FakeSource([Page([raw("ann"), raw("team", *GROUP, *own, uid="g")])])
    )
    assert one.key is not None
    (row,) = await store.database.read(
        lambda connection: list(connection.execute(select(contact_chunk.c.n, contact_chunk.c.sealed_groups)))
    )
    place = vault.context(one.id, "contact_chunk", "groups", row.n)
    stored = contacts.zstd.decompress(vault.unseal(one.key, row.sealed_groups, place))
    assert msgspec.json.decode(stored) == [{"name": "team", "uid": "g", "members": ["uid-ann"]}]
    groups = await store.database.read(contacts.groups, one)
    assert groups.get("uid-ann", ()) == ["team"]


async def test_a_resource_without_a_card_is_a_reject(store: Store, domain: Domain) -> None:
    result = await whole(store, domain, Page([RawRecord("/b/empty.vcf", b"", "vcf")]))
    assert result.ledger == (1, 0, 0, 1)


async def test_what_the_source_left_out_is_rejected_with_its_reason(store: Store, domain: Domain) -> None:
    gone = Reject("/b/gone.vcf", "gone between listing and reading")
    result = await whole(store, domain, Page([raw("ann")], rejects=[gone]))
    assert [(one.place, one.reason, one.format) for one in result.rejects] == [(gone.place, gone.reason, "")]
    assert result.ledger == (2, 1, 0, 1)


class TestContactsThatTheSourceHasRead:
    async def test_they_are_delivered_beside_raw_records_and_bounded(
        self, store: Store, domain: Domain
    ) -> None:
        long = Contact(uid="long", formatted_name="x" * 2_000)
        cat = ContactRecord(
            "people/2", Contact(uid="2", formatted_name="cat"), notes=[Note("photo", "left out")]
        )
        result = await whole(
            store, domain, Page([raw("ann")], contacts=[ContactRecord("people/1", long), cat])
        )
        assert result.names == ["ann", "x" * TEXT, "cat"]
        assert result.ledger == (3, 3, 0, 0)
        assert [note.place for note in result.report.notes] == ["people/1", "people/2, photo"]

    async def test_the_same_key_or_the_same_uid_is_merged(self, store: Store, domain: Domain) -> None:
        ann = Contact(uid="uid-ann", formatted_name="ann")
        again = [ContactRecord("people/1", ann, "/b/"), ContactRecord("people/1", ann, "/b/")]
        result = await whole(store, domain, Page([raw("ann")], contacts=again))
        assert (result.names, result.ledger) == (["ann"], (3, 1, 2, 0))

    async def test_their_groups_have_members(self, store: Store, domain: Domain) -> None:
        team = ContactRecord("groups/1", Group("team", "g", ["uid-ann"]))
        import_id = begin(store, domain)
        one = await attempt(store, import_id, FakeSource([Page([raw("ann")], contacts=[team])]))
        assert (await store.database.read(contacts.groups, one)).get("uid-ann", ()) == ["team"]

    async def test_a_format_that_nobody_knows_says_so(self, store: Store, domain: Domain) -> None:
        with pytest.raises(UnknownFormat, match="docx"):
            await attempt(store, begin(store, domain), FakeSource([Page([RawRecord("/1", b"", "docx")])]))


class TestMerging:
    async def test_the_same_key_again_is_merged(self, store: Store, domain: Domain) -> None:
        result = await whole(store, domain, Page([raw("ann")]), Page([raw("ann")]))
        assert (result.names, result.ledger) == (["ann"], (2, 1, 1, 0))

    async def test_what_the_source_dropped_as_a_double_is_merged(self, store: Store, domain: Domain) -> None:
        result = await whole(store, domain, Page([raw("ann")], repeats=2))
        assert result.ledger == (3, 1, 2, 0)

    async def test_the_same_uid_in_a_book_is_merged(self, store: Store, domain: Domain) -> None:
        twins = [raw("ann", uid="1"), raw("Ann", "REV:2", uid="1")]
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


class TestForeignWords:
    """Places are a server's words, and reasons may hold some."""

    LONG = "/b/" + "x" * 4000 + ".vcf"
    BOOK = "/\udcfe\x00/"
    ODD = "/b/\x1b[2J\udcff\u202e.vcf"

    @pytest.mark.parametrize("place", [LONG, ODD])
    async def test_they_are_kept_short_and_without_what_a_terminal_obeys(
        self, store: Store, domain: Domain, place: str
    ) -> None:
        left_out = Reject(place, place)
        cards = [
            raw("ann", key=place + "1", book=self.BOOK),
            RawRecord(place + "2", b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "vcf"),
            raw("ann", "REV:2", key=place + "3", book=self.BOOK),
            raw("ann", key=place + "4"),
        ]
        result = await whole(store, domain, Page(cards, rejects=[left_out]))
        assert result.ledger == (5, 1, 2, 2)
        merges = [text for one in result.report.merges for text in (one.place, one.into)]
        texts = [text for one in result.rejects for text in (one.place, one.reason)] + merges
        assert len(texts) == 8
        assert all(len(text) <= LONGEST and text.isprintable() for text in texts)
        assert ("…[cut]…" in merges[0]) == (place == self.LONG)

    async def test_a_card_may_give_rise_to_any_number_of_notes(
        self, store: Store, domain: Domain, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("contactport.imports.run.KEPT", 3)
        stray = [line for n in range(5) for line in (f"# comment {n}", f"TEL:{n}")]
        import_id = begin(store, domain)
        one = await attempt(store, import_id, FakeSource([Page([raw("ann", *stray), raw("bob", *stray)])]))
        result = await told(store, domain, import_id)
        assert result.ledger == (2, 2, 0, 0)
        assert len(result.report.notes) == 3
        assert all(note.place.startswith("/b/ann.vcf, line ") for note in result.report.notes)
        fresh = await store.database.read(imports.get, store.ring, one.id, domain.id)
        assert fresh is not None
        assert fresh.notes == 10


class TestOtherCards:
    async def test_group_cards_are_no_persons_and_name_their_members(
        self, store: Store, domain: Domain
    ) -> None:
        import_id = begin(store, domain)
        one = await attempt(store, import_id, FakeSource([Page([raw("ann"), raw("Friends", *GROUP)])]))
        assert (await told(store, domain, import_id)).ledger == (1, 1, 0, 0)
        groups = await store.database.read(contacts.groups, one)
        assert groups.get("uid-ann", ()) == ["Friends"]

    async def test_an_organisations_card_is_not_delivered(self, store: Store, domain: Domain) -> None:
        result = await whole(store, domain, Page([raw("ann"), raw("Acme", "KIND:org")]))
        assert (result.names, result.ledger) == (["ann"], (1, 1, 0, 0))

    async def test_the_owners_card_is_delivered_and_remembered(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        one = await attempt(
            store, import_id, FakeSource([Page([raw("ann"), raw("bob")], owner="/b/bob.vcf")])
        )
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

    @pytest.mark.parametrize(("include", "streets"), [([], 0), (["mailing_address"], 1), (["photo"], 0)])
    async def test_addresses_only_when_asked_and_notes_never(
        self, store: Store, domain: Domain, include: list[str], streets: int
    ) -> None:
        import_id = begin(store, domain, include)
        one = await attempt(store, import_id, FakeSource([Page([raw("ann", *self.LINES)])]))
        ((kept,),) = [chunk async for chunk in contacts.read(store.database, one, 0, 10)]
        assert len(kept.addresses) == streets
        assert (kept.notes, kept.urls) == ([], [])
        assert kept.emails[0].address == "a@x.net"


async def test_a_book_beyond_the_limit_fails_and_says_which_limit(store: Store, domain: Domain) -> None:
    source = FakeSource([Page([raw(f"n{n}") for n in range(6)])])
    with import_fails("more than 5 contacts") as caught:
        await attempt(store, begin(store, domain), source, members=5)
    assert caught.value.code == Code.IMPORT_FAILED


async def test_what_came_before_a_sources_error_is_kept(store: Store, domain: Domain) -> None:
    names = [f"n{n}" for n in range(700)]
    import_id = begin(store, domain)
    source = FakeSource([Page([raw(name) for name in names])], Unavailable())
    with import_fails():
        await attempt(store, import_id, source)
    assert (await told(store, domain, import_id)).ledger == (500, 500, 0, 0)


def _book(size: int) -> list[RawRecord]:
    """Persons, doubles of each kind, groups, organisations and broken cards."""
    cards: list[RawRecord] = []
    for n in range(size):
        cards.append(raw(f"p{n}"))
        if n % 5 == 1:
            cards.append(raw(f"p{n}"))
        if n % 7 == 2:
            cards.append(RawRecord(f"/b/copy{n}.vcf", vcard(f"p{n}"), "vcf", "/b/"))
        if n % 6 == 3:
            cards.append(
                RawRecord(f"/b/broken{n}.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\n(((\r\n", "vcf", "/b/")
            )
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

    def source() -> FakeSource:
        """The same book, in another order at each asking."""
        order.shuffle(cards)
        return FakeSource([Page(list(cards[at : at + page])) for at in range(0, len(cards), page)])

    unhurt = begin(store, domain)
    await attempt(store, unhurt, source())
    import_id = begin(store, domain)
    for lives in crashes:
        try:
            await attempt(store, import_id, source(), lives=lives)
        except Crash:
            continue
    await attempt(store, import_id, source())
    expected, result = await told(store, domain, unhurt), await told(store, domain, import_id)
    assert sorted(result.names) == sorted(expected.names)
    assert len(set(result.names)) == len(result.names)
    assert result.ledger == expected.ledger
