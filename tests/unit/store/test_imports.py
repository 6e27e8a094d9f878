"""An import's rows: from its beginning over its pages to its purge."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from contactport.batch import Batch
from contactport.contact import Contact, Email, Group, Reject
from contactport.store import contacts, domains, endings, events, imports, report
from contactport.store.domains import Domain
from contactport.store.imports import AnyImport, Fenced
from contactport.store.open import Store
from contactport.store.schema import contact_chunk, import_, reject, secret
from tests.unit.store.import_factory import GRANT, batch, begin, claim, get


async def words(store: Store, import_id: int) -> list[str]:
    return [
        " ".join(str(part) for part in (one.type, one.status, one.value))
        for one in await store.database.read(events.read, import_id)
    ]


async def names(store: Store, one: AnyImport, start: int = 0, count: int = 10**6) -> list[str]:
    return [
        contact.formatted_name
        async for chunk in contacts.read(store.database, one, start, count)
        for contact in chunk
    ]


class TestBeginning:
    async def test_an_id_fits_a_signed_32_bit_integer(self, store: Store, domain: Domain) -> None:
        ids = {begin(store, domain) for _ in range(50)}
        assert len(ids) == 50
        assert all(0 < one < 2**31 for one in ids)
        assert max(ids) > 2**20, "random, not in sequence"

    async def test_it_starts_initialised_and_gathering(self, store: Store, domain: Domain) -> None:
        assert await words(store, begin(store, domain)) == [
            "INITIALIZING COMPLETED 0",
            "GATHERING INPROGRESS 0",
        ]

    async def test_another_domain_does_not_see_it(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        assert await store.database.read(imports.get, store.ring, import_id, domain.id + 1) is None

    async def test_nothing_of_the_user_stands_in_the_file_in_clear(
        self, store: Store, domain: Domain
    ) -> None:
        import_id = begin(store, domain)
        one = claim(store, import_id)
        found = batch("name-canary", rejects=[Reject("place-canary", "reason-canary")], found=2)
        found.groups = [Group("group-canary", members=["member-canary"])]
        found.owner = Contact(emails=[Email("owner-canary@example.org")])
        store.database.write_now(contacts.append, one, found)
        everything = b"".join(path.read_bytes() for path in store.folder.iterdir())
        assert b"canary" not in everything


class TestAttempts:
    def test_an_attempt_gets_the_secret_back(self, store: Store, domain: Domain) -> None:
        claimed = store.database.write_now(imports.claim, store.ring, begin(store, domain))
        assert claimed is not None
        assert claimed[1] == GRANT

    def test_neither_secrets_nor_keys_show_in_a_repr(self, store: Store, domain: Domain) -> None:
        claimed = store.database.write_now(imports.claim, store.ring, begin(store, domain))
        assert "canary" not in repr(claimed)

    def test_each_attempt_raises_the_epoch_and_fences_the_one_before(
        self, store: Store, domain: Domain
    ) -> None:
        import_id = begin(store, domain)
        first, second = claim(store, import_id), claim(store, import_id)
        assert (first.epoch, second.epoch) == (1, 2)
        with pytest.raises(Fenced):
            store.database.write_now(contacts.append, first, batch("a"))
        store.database.write_now(contacts.append, second, batch("a"))

    async def test_what_an_attempt_counted_by_itself_is_taken_back_by_the_next(
        self, store: Store, domain: Domain
    ) -> None:
        import_id = begin(store, domain)
        first = claim(store, import_id)
        store.database.write_now(contacts.append, first, batch("a", "b", found=5, merged=3, repeats=2))
        claim(store, import_id)
        one = await get(store, domain, import_id)
        assert (one.found, one.delivered, one.merged, one.rejected) == (3, 2, 1, 0)

    def test_an_ended_import_can_not_be_claimed(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        store.database.write_now(endings.complete, claim(store, import_id))
        assert store.database.write_now(imports.claim, store.ring, import_id) is None

    def test_the_next_attempt_knows_the_marks_of_the_last(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        first = claim(store, import_id)
        store.database.write_now(contacts.append, first, batch("a", fingerprints=[1, 2**64 - 1]))
        store.database.write_now(contacts.append, first, batch("b", fingerprints=[7]))
        known = store.database.write_now(lambda connection: sorted(contacts.fingerprints(connection, first)))
        assert known == [1, 7, 2**64 - 1]


class TestLedger:
    def test_the_database_refuses_a_page_that_does_not_add_up(self, store: Store, domain: Domain) -> None:
        one = claim(store, begin(store, domain))
        with pytest.raises(IntegrityError, match="ledger"):
            store.database.write_now(contacts.append, one, batch("a", "b", found=3))

    async def test_a_refused_page_leaves_nothing_behind(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        one = claim(store, import_id)
        with pytest.raises(IntegrityError):
            store.database.write_now(contacts.append, one, batch("a", found=0))
        assert await names(store, one) == []
        assert await words(store, import_id) == ["INITIALIZING COMPLETED 0", "GATHERING INPROGRESS 0"]

    async def test_rejects_are_counted_all_and_kept_up_to_a_thousand(
        self, store: Store, domain: Domain
    ) -> None:
        import_id = begin(store, domain)
        one = claim(store, import_id)
        for start in (0, 700, 1400):
            some = [Reject(f"line {n}", "why") for n in range(start, start + 700)]
            store.database.write_now(contacts.append, one, Batch(rejects=some, found=700))
        fresh = await get(store, domain, import_id)
        assert fresh.rejected == 2100
        kept = (await store.database.read(report.read, fresh)).rejects
        assert [item.place for item in kept] == [f"line {n}" for n in range(1000)]
        with store.database.engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(reject)).scalar() == 1000


class TestEvents:
    async def test_gathering_climbs_with_the_pages(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        one = claim(store, import_id)
        store.database.write_now(contacts.append, one, batch("a", "b"))
        assert (await words(store, import_id))[1] == "GATHERING INPROGRESS 2"
        store.database.write_now(contacts.append, one, batch("c"))
        assert (await words(store, import_id))[1] == "GATHERING INPROGRESS 3"

    async def test_a_good_end(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        one = claim(store, import_id)
        store.database.write_now(contacts.append, one, batch("a"))
        store.database.write_now(endings.complete, one)
        told = await store.database.read(events.read, import_id)
        assert await words(store, import_id) == [
            "INITIALIZING COMPLETED 0",
            "GATHERING COMPLETED 1",
            "COMPLETE COMPLETED 0",
        ]
        assert told[-1].description is None
        assert sorted({event.version for event in told}) == sorted(event.version for event in told)

    async def test_a_good_end_that_rejected_some_says_so(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        one = claim(store, import_id)
        store.database.write_now(contacts.append, one, batch("a", rejects=[Reject("x", "y")], found=2))
        store.database.write_now(endings.complete, one)
        told = (await store.database.read(events.read, import_id))[-1].description
        assert told is not None
        assert told.startswith("1 of 2 cards could not be read")

    async def test_a_failure_before_any_page_shows_no_gathering(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        claim(store, import_id)
        store.database.write_now(endings.fail, import_id, 263, "no")
        assert await words(store, import_id) == ["INITIALIZING COMPLETED 0", "COMPLETE ERROR 263"]

    async def test_a_failure_after_a_page_shows_how_far_it_came(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        store.database.write_now(contacts.append, claim(store, import_id), batch("a", "b"))
        store.database.write_now(endings.fail, import_id, 264, "no")
        assert (await words(store, import_id))[1:] == ["GATHERING ERROR 2", "COMPLETE ERROR 264"]

    async def test_an_end_is_final(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        one = claim(store, import_id)
        store.database.write_now(endings.complete, one)
        store.database.write_now(endings.fail, import_id, 256, "too late")
        assert (await words(store, import_id))[-1] == "COMPLETE COMPLETED 0"


class TestReading:
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(sizes=st.lists(st.integers(0, 5), max_size=6), start=st.integers(0, 20), count=st.integers(0, 20))
    async def test_any_slice_of_any_chunks_is_the_slice_of_the_whole(
        self, store: Store, domain: Domain, sizes: list[int], start: int, count: int
    ) -> None:
        one = claim(store, begin(store, domain))
        whole: list[str] = []
        for size in sizes:
            chunk = [f"n{len(whole) + n}" for n in range(size)]
            store.database.write_now(contacts.append, one, batch(*chunk))
            whole += chunk
        assert await names(store, one, start, count) == whole[start : start + count]

    async def test_group_cards_name_the_groups_of_their_members(self, store: Store, domain: Domain) -> None:
        one = claim(store, begin(store, domain))
        store.database.write_now(contacts.append, one, Batch(groups=[Group("Friends", members=["u1", "u2"])]))
        store.database.write_now(contacts.append, one, Batch(groups=[Group("Work", members=["u2"])]))
        groups = await store.database.read(contacts.groups, one)
        assert groups.get("u1", []) == ["Friends"]
        assert groups.get("u2", []) == ["Friends", "Work"]
        assert groups.get("u3", []) == []

    async def test_the_owners_card_comes_back(self, store: Store, domain: Domain) -> None:
        one = claim(store, begin(store, domain))
        assert await store.database.read(contacts.owner, one) is None
        store.database.write_now(contacts.append, one, batch("me", owner=Contact(formatted_name="me")))
        assert await store.database.read(contacts.owner, one) == Contact(formatted_name="me")


class TestPurge:
    async def test_a_purge_leaves_a_tombstone_without_a_word_of_the_users(
        self, store: Store, domain: Domain
    ) -> None:
        import_id = begin(store, domain, retention=0)
        one = claim(store, import_id)
        stored = batch("a", rejects=[Reject("x", "y")], found=2)
        stored.groups = [Group("Friends", members=["u1"])]
        store.database.write_now(contacts.append, one, stored)
        store.database.write_now(endings.complete, one)
        assert store.database.write_now(endings.purge_due) == [import_id]
        gone = await get(store, domain, import_id)
        assert gone.state == "purged"
        assert (gone.key, gone.user_id, gone.username) == (None, None, None)
        assert await names(store, gone) == []
        assert (await store.database.read(report.read, gone)).rejects == []
        assert await store.database.read(contacts.owner, gone) is None
        assert (await store.database.read(contacts.groups, gone)).get("u1", []) == []

    async def test_purged_bytes_are_not_left_in_the_live_files(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain, retention=0)
        one = claim(store, import_id)
        store.database.write_now(contacts.append, one, batch("a"))
        with store.database.engine.connect() as connection:
            sealed = connection.execute(select(import_.c.sealed_key)).scalar_one()
        store.database.write_now(endings.complete, one)
        store.database.write_now(endings.purge_due)
        store.database.truncate_log()
        assert not any(sealed in path.read_bytes() for path in store.folder.iterdir())

    async def test_the_secret_is_gone_at_the_end_and_not_only_at_the_purge(
        self, store: Store, domain: Domain
    ) -> None:
        import_id = begin(store, domain)
        claim(store, import_id)
        store.database.write_now(endings.fail, import_id, 263, "no")
        with store.database.engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(secret)).scalar() == 0

    def test_what_is_not_due_stays(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        store.database.write_now(endings.complete, claim(store, import_id))
        begin(store, domain)
        assert store.database.write_now(endings.purge_due) == []

    async def test_a_tombstone_goes_after_thirty_days(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain, retention=0)
        store.database.write_now(endings.complete, claim(store, import_id))
        store.database.write_now(endings.purge_due)
        store.database.write_now(
            lambda connection: connection.execute(
                update(import_).values(purge_at=import_.c.purge_at - endings.TOMBSTONE_MS)
            )
        )
        store.database.write_now(endings.purge_due)
        assert await store.database.read(imports.get, store.ring, import_id, domain.id) is None

    async def test_removing_a_domain_removes_its_imports(self, store: Store, domain: Domain) -> None:
        import_id = begin(store, domain)
        store.database.write_now(contacts.append, claim(store, import_id), batch("a"))
        store.database.write_now(domains.remove, "shop")
        assert await store.database.read(imports.get, store.ring, import_id, domain.id) is None
        with store.database.engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(contact_chunk)).scalar() == 0
