"""Several processes at one database: each `Store` stands for one, with connections of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.exc import DBAPIError

from contactport.contact import Reject
from contactport.store import contacts, domains, endings, events, hosts, idempotency, imports, report
from contactport.store.database import TRIES, after_commit
from contactport.store.domains import Domain
from contactport.store.imports import Fenced
from contactport.store.open import Store
from contactport.store.schema import contact_chunk, import_, reject, secret
from contactport.testing.imports import add_import
from tests.unit.store.import_factory import batch, begin, claim, get

T = TypeVar("T")


def at_once(*calls: Callable[[], T]) -> list[T]:
    """The results of calls that begin in the same moment, each in a thread of its own."""
    barrier = threading.Barrier(len(calls))

    def one(call: Callable[[], T]) -> T:
        barrier.wait(60)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(60) for future in [pool.submit(one, call) for call in calls]]


def count(store: Store, table: Table) -> int:
    with store.database.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_of_claims_at_once_only_the_last_may_write(store: Store, twin: Store, domain: Domain) -> None:
    import_id = begin(store, domain)
    claimed = at_once(*(lambda one=one: claim(one, import_id) for one in [store, twin] * 4))
    claimed.sort(key=lambda one: one.epoch)
    assert [one.epoch for one in claimed] == list(range(1, 9))
    for old in claimed[:-1]:
        with pytest.raises(Fenced):
            twin.database.write_now(contacts.append, old, batch("old"))
        with pytest.raises(Fenced):
            twin.database.write_now(endings.complete, old)
    assert count(store, contact_chunk) == 0
    store.database.write_now(contacts.append, claimed[-1], batch("new"))


async def test_pages_of_one_attempt_that_come_at_once_are_all_stored(
    store: Store, twin: Store, domain: Domain
) -> None:
    one = claim(store, begin(store, domain))
    pages = [
        lambda at=at, name=f"n{number}": at.database.write_now(
            contacts.append, one, batch(name, rejects=[Reject(name, "why")], found=2)
        )
        for number, at in enumerate([store, twin] * 4)
    ]
    assert sorted(at_once(*pages)) == list(range(1, 9))
    fresh = await get(store, domain, one.id)
    assert (fresh.found, fresh.delivered, fresh.rejected) == (16, 8, 8)
    assert len((await store.database.read(report.read, fresh)).rejects) == 8
    names = [
        person.formatted_name async for page in contacts.read(store.database, fresh, 0, 99) for person in page
    ]
    assert sorted(names) == [f"n{number}" for number in range(8)]


async def test_nothing_is_stored_beside_or_after_an_erasure(
    store: Store, twin: Store, domain: Domain
) -> None:
    for _ in range(5):
        one = claim(store, begin(store, domain))

        def go_on(one: imports.RunningImport = one) -> bool:
            for number in range(5000):
                # SQLite lets in whoever comes first, not whoever has waited longest.
                time.sleep(0.002)
                try:
                    twin.database.write_now(
                        contacts.append, one, batch(f"n{number}", rejects=[Reject("x", "y")], found=2)
                    )
                except Fenced:
                    return True
            return False

        def erase(import_id: int = one.id) -> bool:
            store.database.write_now(endings.erase, import_id, "at its wish")
            return True

        assert at_once(go_on, erase) == [True, True]
        fresh = await get(store, domain, one.id)
        assert (fresh.state, fresh.erased_by) == ("purged", "request")
        told = await store.database.read(events.read, one.id)
        assert (told[-1].type, told[-1].status) == ("COMPLETE", "ERROR")
        # The receipt's number is that of the ledger, which adds up.
        assert fresh.found == fresh.delivered + fresh.rejected
    assert [count(store, table) for table in (contact_chunk, reject, secret)] == [0, 0, 0]


async def test_an_import_has_one_end(store: Store, twin: Store, domain: Domain) -> None:
    for _ in range(5):
        one = claim(store, begin(store, domain))

        def complete(one: imports.RunningImport = one) -> str:
            try:
                store.database.write_now(endings.complete, one)
            except Fenced:
                return "fenced"
            return "complete"

        def fail(import_id: int = one.id) -> str:
            twin.database.write_now(endings.fail, import_id, 256, "swept")
            return "failed"

        won = at_once(complete, fail)[0]
        fresh = await get(store, domain, one.id)
        assert fresh.state == ("complete" if won == "complete" else "failed")
        last = (await store.database.read(events.read, one.id))[-1]
        assert last.status == ("COMPLETED" if won == "complete" else "ERROR")


def test_one_idempotency_key_is_one_import(store: Store, twin: Store, domain: Domain) -> None:
    def begin_once(at: Store) -> int:
        def transaction(connection: Connection) -> int:
            domains.lock(connection, domain.id)
            begun = idempotency.recall(connection, at.ring, domain.id, "key", ("a",))
            if begun is not None:
                return begun
            import_id = add_import(connection, at.ring, domain.id)
            idempotency.remember(connection, at.ring, domain.id, "key", ("a",), import_id)
            return import_id

        return at.database.write_now(transaction)

    begun = at_once(*(lambda at=at: begin_once(at) for at in [store, twin] * 8))
    assert len(set(begun)) == 1
    assert count(store, import_) == 1


def test_each_import_is_purged_once(store: Store, twin: Store, domain: Domain) -> None:
    ids = [begin(store, domain, retention=0) for _ in range(30)]
    for import_id in ids:
        store.database.write_now(endings.fail, import_id, 263, "no")

    def purge(at: Store) -> list[int]:
        purged: list[int] = []
        while some := at.database.write_now(endings.purge_due, 3):
            purged += some
        return purged

    purged = [one for some in at_once(lambda: purge(store), lambda: purge(twin)) for one in some]
    # Rows that the other holds are passed over: a last look takes what was left by that.
    purged += purge(store)
    assert sorted(purged) == sorted(ids)


def test_what_is_known_of_a_host_may_be_told_by_all_at_once(store: Store, twin: Store) -> None:
    at_once(
        *(
            lambda at=at, fact=str(number): at.database.write_now(
                hosts.put, at.ring, "dav.example.org:443", fact
            )
            for number, at in enumerate([store, twin] * 4)
        )
    )
    known = store.database.read_now(hosts.get, store.ring, "dav.example.org:443")
    assert known is not None
    assert 0 <= int(known) < 8


class TestDeadlocks:
    """PostgreSQL undoes one of two transactions that wait for each other."""

    @pytest.fixture
    def engine_url(self, database_url: str) -> str:
        return database_url

    def test_both_are_done(self, store: Store, twin: Store, domain: Domain) -> None:
        ids = [begin(store, domain), begin(store, domain)]
        met = threading.Barrier(2)
        calls: list[list[int]] = []

        def touch(connection: Connection, order: list[int]) -> None:
            calls.append(order)
            for number, import_id in enumerate(order):
                connection.execute(
                    update(import_).where(import_.c.id == import_id).values(job=import_.c.job + 1)
                )
                if number == 0 and len(calls) <= 2:
                    met.wait(60)

        at_once(
            lambda: store.database.write_now(touch, ids),
            lambda: twin.database.write_now(touch, ids[::-1]),
        )
        assert len(calls) > 2, "one was undone, and done again"
        with store.database.engine.connect() as connection:
            assert list(connection.execute(select(import_.c.job)).scalars()) == [2, 2]

    def test_it_is_not_tried_for_ever(self, store: Store) -> None:
        calls: list[int] = []

        def fail(connection: Connection) -> None:
            calls.append(1)
            connection.exec_driver_sql("DO $$ BEGIN RAISE deadlock_detected; END $$")

        with pytest.raises(DBAPIError):
            store.database.write_now(fail)
        assert len(calls) == TRIES

    def test_what_was_to_follow_the_undone_try_does_not(self, store: Store) -> None:
        heard: list[int] = []
        tries = iter(range(9))

        def sometimes(connection: Connection) -> None:
            number = next(tries)
            after_commit(connection, lambda: heard.append(number))
            if number < 2:
                connection.exec_driver_sql("DO $$ BEGIN RAISE serialization_failure; END $$")

        store.database.write_now(sometimes)
        assert heard == [2]
