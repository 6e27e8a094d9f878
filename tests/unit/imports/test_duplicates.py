"""One UID in one book may be one person or two; nobody's e-mail address or telephone number is lost by a merge."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contactport.batch import Origin
from contactport.contact import Contact, Email, Phone
from contactport.imports import duplicates
from contactport.imports.duplicates import MOST, Duplicates, same_email, same_name, same_phone
from contactport.imports.fingerprints import Fingerprints
from contactport.sources.base import Page, RawRecord
from contactport.store import contacts
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.testing.source import FakeSource, raw, vcard
from tests.unit.imports.attempts import Crash, StoredOutcome, attempt, begin, told, whole

EMAILS = ("ann@x.example", "ANN@x.example", "bob@x.example")
PHONES = ("+1 (23)", "+123", "tel/9")


class Sample(NamedTuple):
    """A card by its parts."""

    book: str
    uid: str
    name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]

    def raw(self, number: int) -> RawRecord:
        lines = [f"EMAIL:{one}" for one in self.emails] + [f"TEL:{one}" for one in self.phones]
        return raw(self.name, *lines, key=f"{self.book}{number}.vcf", uid=self.uid, book=self.book)

    @property
    def details(self) -> set[str]:
        return {same_email(one) for one in self.emails} | {same_phone(one) for one in self.phones}


samples = st.lists(
    st.builds(
        Sample,
        st.sampled_from(("/a/", "/b/")),
        st.sampled_from(("", "1", "1", "2")),
        st.sampled_from(("Ann", "ann", "Bob")),
        st.lists(st.sampled_from(EMAILS), max_size=2).map(tuple),
        st.lists(st.sampled_from(PHONES), max_size=2).map(tuple),
    ),
    max_size=25,
)


async def family(store: Store, domain: Domain, *cards: RawRecord) -> StoredOutcome:
    return await whole(store, domain, Page(list(cards)))


class TestOneUid:
    async def test_another_name_is_another_person_though_the_telephone_is_the_same(
        self, store: Store, domain: Domain
    ) -> None:
        result = await family(store, domain, raw("ann", "TEL:1", uid="1"), raw("bob", "TEL:1", uid="1"))
        assert (result.names, result.ledger) == (["ann", "bob"], (2, 2, 0, 0))

    @pytest.mark.parametrize("line", ["EMAIL:new@x.example", "TEL:22"])
    async def test_a_later_card_with_something_new_is_delivered(
        self, store: Store, domain: Domain, line: str
    ) -> None:
        one = raw("ann", "EMAIL:a@x.example", "TEL:1", key="/b/1", uid="1")
        two = raw("ann", "EMAIL:a@x.example", line, key="/b/2", uid="1")
        assert (await family(store, domain, one, two)).ledger == (2, 2, 0, 0)

    async def test_a_later_card_with_nothing_new_is_merged_and_its_places_are_listed(
        self, store: Store, domain: Domain
    ) -> None:
        one = raw("Ann  Lee", "EMAIL:A@x.example", "TEL:+1 (23) 4", key="/b/1", uid="1")
        two = raw("ann lee", "EMAIL:a@X.example", "TEL:+1234", "REV:2", key="/b/2", uid="1")
        result = await family(store, domain, one, two)
        assert result.ledger == (2, 1, 1, 0)
        assert [(merge.place, merge.into) for merge in result.report.merges] == [("/b/2", "/b/1")]
        assert result.report.merges[0].reason == duplicates.SAME_UID

    async def test_what_two_cards_have_together_does_not_hide_a_third(
        self, store: Store, domain: Domain
    ) -> None:
        lines = (["EMAIL:a@x.example"], ["EMAIL:b@x.example"], ["EMAIL:a@x.example", "EMAIL:b@x.example"])
        cards = [raw("ann", *some, key=f"/b/{n}", uid="1") for n, some in enumerate(lines)]
        assert (await family(store, domain, *cards)).ledger == (3, 3, 0, 0)
        again = raw("ann", "EMAIL:b@x.example", "REV:1", key="/b/again", uid="1")
        assert [merge.into for merge in (await family(store, domain, *cards, again)).report.merges] == [
            "/b/1"
        ]

    async def test_the_same_bytes_name_the_card_of_another_book(self, store: Store, domain: Domain) -> None:
        one, two = (
            RawRecord("/a/1", vcard("ann"), "vcf", "/a/"),
            RawRecord("/b/1", vcard("ann"), "vcf", "/b/"),
        )
        (merge,) = (await family(store, domain, one, two)).report.merges
        assert (merge.place, merge.into, merge.reason) == ("/b/1", "/a/1", duplicates.SAME_BYTES)

    async def test_a_later_attempt_compares_with_what_an_earlier_one_stored(
        self, store: Store, domain: Domain, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = raw("ann", "TEL:1", key="/b/1", uid="1")
        twin = raw("ann", "REV:2", key="/b/2", uid="1")
        other = raw("ann", "TEL:2", key="/b/3", uid="1")
        copy = RawRecord("/b/4", first.data, "vcf", "/b/")
        monkeypatch.setattr("contactport.imports.run.FLUSH_SECONDS", 0)
        import_id = begin(store, domain)
        with pytest.raises(RuntimeError):
            await attempt(store, import_id, FakeSource([Page([first])], RuntimeError()))
        await attempt(store, import_id, FakeSource([Page([first, twin, other, copy])]))
        result = await told(store, domain, import_id)
        assert result.ledger == (4, 2, 2, 0)
        assert [(one.place, one.into) for one in result.report.merges] == [
            ("/b/2", "/b/1"),
            ("/b/4", "/b/1"),
        ]

    async def test_the_owners_card_is_known_though_it_was_merged(self, store: Store, domain: Domain) -> None:
        for two in (raw("ann", key="/b/2"), raw("ann", "REV:2", key="/b/2")):
            import_id = begin(store, domain)
            page = Page([raw("ann", key="/b/1"), two], owner="/b/2")
            one = await attempt(store, import_id, FakeSource([page]))
            assert (await told(store, domain, import_id)).ledger == (2, 1, 1, 0)
            owner = await store.database.read(contacts.owner, one)
            assert owner is not None
            assert owner.formatted_name == "ann"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+49 (30) 12-34", "+493012.34", True),
        ("030/1234", "0301234", True),
        ("+1 23", "123", False),
        ("1-800-FLOWERS", "1-800-CONTACT", False),
        ("123,5", "1235", False),
        ("123 ext. 5", "1235", False),
        ("*31#", "31", False),
        ("", "-", False),
    ],
)
def test_telephone_numbers_are_the_same_by_what_is_dialled(one: str, other: str, same: bool) -> None:
    assert (same_phone(one) == same_phone(other)) == same


def test_two_addresses_that_case_folding_would_make_one_stay_two() -> None:
    assert same_email("ann@straße.example") != same_email("ann@strasse.example")
    assert same_email(" Ann@X.example") == same_email("ann@x.example")
    assert same_name("Zoe\u0308  Lee") == same_name("ZO\u00cb LEE")


def test_a_book_whose_cards_all_have_one_uid_costs_a_bounded_time_each() -> None:
    """Beyond MOST cards of one UID and name, later ones are delivered and not compared with."""
    known = Duplicates(Fingerprints(b"key"))
    uid = Fingerprints(b"key").of_uid("/b/", "1")
    cards = [Contact(uid="1", formatted_name="ann", emails=[Email(f"{n}@x.example")]) for n in range(40)]
    for n, card in enumerate(cards):
        assert known.of_uid(uid, card) is None
        known.add(Origin(f"/b/{n}", "/b/", n + 1), card)
    assert [known.of_uid(uid, card) for card in cards] == [f"/b/{n}" if n < MOST else None for n in range(40)]
    assert [known.of_bytes(n + 1) for n in range(40)] == [f"/b/{n}" for n in range(40)]
    assert known.of_bytes(99) is None


def test_places_come_back_as_they_were() -> None:
    known = Duplicates(Fingerprints(b"key"))
    places = ["", "/ä/1", "/\udcff/2", "/b/" + "x" * 1000]
    for n, place in enumerate(places, 1):
        known.add(Origin(place, "", n), Contact(phones=[Phone("1")]))
    assert [known.of_bytes(n) for n in range(1, 5)] == places


def lost(cards: list[Sample], result: StoredOutcome) -> list[tuple[Sample, str]]:
    """Details of cards with a UID, or of any, that no delivered contact of the same UID has."""
    have: dict[str, set[str]] = {}
    for person in result.people:
        some = {same_email(one.address) for one in person.emails}
        some |= {same_phone(one.number) for one in person.phones}
        have.setdefault(person.uid, set()).update(some)
    return [(card, one) for card in cards for one in card.details if one not in have.get(card.uid, set())]


def check(cards: list[Sample], result: StoredOutcome) -> None:
    """Nothing is lost, the ledger adds up, and each merge is one that the rule allows."""
    found, delivered, merged, rejected = result.ledger
    assert lost(cards, result) == []
    assert found == len(cards) == delivered + merged + rejected
    assert delivered == len(result.people)
    assert merged == len(result.report.merges)
    by_place = {card.raw(n).key: (card, card.raw(n).data) for n, card in enumerate(cards)}
    for merge in result.report.merges:
        (card, data), (into, there) = by_place[merge.place], by_place[merge.into]
        if merge.reason == duplicates.SAME_BYTES:
            assert data == there
        else:
            assert (card.book, card.uid) == (into.book, into.uid)
            assert same_name(card.name) == same_name(into.name)
            assert card.details <= into.details
    assert {same_name(card.name) for card in cards} == {same_name(name) for name in result.names}


def pages(cards: list[RawRecord], size: int) -> FakeSource:
    return FakeSource([Page(cards[at : at + size]) for at in range(0, len(cards), size)])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cards=samples,
    size=st.integers(1, 9),
    lives=st.lists(st.integers(0, 3), max_size=3),
    seed=st.none() | st.integers(0, 99),
)
async def test_nothing_is_lost_wherever_pages_end_and_attempts_die(
    store: Store,
    domain: Domain,
    monkeypatch: pytest.MonkeyPatch,
    cards: list[Sample],
    size: int,
    lives: list[int],
    seed: int | None,
) -> None:
    """In the same order, what is delivered is the same too; in another one at each asking, still nothing is lost."""
    monkeypatch.setattr("contactport.imports.run.CHUNK", 3)
    given = [card.raw(n) for n, card in enumerate(cards)]
    unhurt = begin(store, domain)
    await attempt(store, unhurt, pages(given, len(given) or 1))
    expected = await told(store, domain, unhurt)
    check(cards, expected)

    order = None if seed is None else random.Random(seed)
    import_id = begin(store, domain)
    with monkeypatch.context() as quick:
        quick.setattr("contactport.imports.run.FLUSH_SECONDS", 0)
        for some in (*lives, -1):
            asked = given.copy()
            if order is not None:
                order.shuffle(asked)
            try:
                await attempt(store, import_id, pages(asked, size), lives=some)
            except Crash:
                continue
    result = await told(store, domain, import_id)
    check(cards, result)
    if order is None:
        assert result.names == expected.names
        assert result.ledger == expected.ledger
        assert [(one.place, one.into) for one in result.report.merges] == [
            (one.place, one.into) for one in expected.report.merges
        ]
