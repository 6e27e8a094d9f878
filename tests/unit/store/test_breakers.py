"""Circuit breakers: when a provider is not asked, and which import tries it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, func, select, update

from contactport.grant import Password
from contactport.store import breakers, domains, imports
from contactport.store.breakers import IN_A_ROW_MS, KEPT_MS, LONGEST_MS, Patience, Standing
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.store.schema import breaker, import_
from contactport.testing.clock import SettableClock
from contactport.testing.imports import add_import

MARK, OTHER = b"p" * 16, b"q" * 16
PATIENCE = Patience(3, 30.0)
HOUR_MS = 3_600_000


class HostBreaker:
    """The breaker of one host, as imports meet it."""

    def __init__(self, store: Store, domain: Domain, mark: bytes = MARK, service: str | None = "gmx") -> None:
        self.store = store
        self.mark = mark
        self.service = service
        self._domain = domain

    def running(self) -> int:
        """A new import of this host, which is running; its id."""
        import_id = self.store.database.write_now(
            add_import,
            self.store.ring,
            self._domain.id,
            service="gmx",
            grant=Password("ann@example.org", "secret"),
            seconds=1800,
            provider_key=self.mark,
        )
        self.store.database.write_now(imports.claim, self.store.ring, import_id)
        return import_id

    def ask(self) -> Standing:
        return self.store.database.write_now(breakers.ask, self.mark)

    def fail(self, import_id: int = 0) -> bool:
        return self.store.database.write_now(breakers.fail, self.mark, self.service, import_id, PATIENCE)

    def succeed(self) -> None:
        self.store.database.write_now(breakers.succeed, self.mark)

    def open(self) -> None:
        assert [self.fail() for _ in range(3)] == [False, False, True]

    def trial(self) -> int:
        """Begin the trial that is due; its import."""
        assert self.ask() == Standing(trial=True)
        import_id = self.running()
        self.store.database.write_now(breakers.begin_trial, self.mark, import_id)
        return import_id


@pytest.fixture
def one(store: Store, domain: Domain) -> HostBreaker:
    return HostBreaker(store, domain)


@pytest.fixture
def domain(store: Store) -> Domain:

    store.database.write_now(domains.add, "shop")
    return store.database.write_now(domains.all_domains)[0]


def test_failures_in_a_row_open_it_for_a_while(one: HostBreaker, clock: SettableClock) -> None:
    assert one.ask() == Standing()
    assert not one.fail()
    assert not one.fail()
    assert one.ask() == Standing()
    assert one.fail()
    assert one.ask() == Standing(30_000)
    clock.now += 29_999
    assert one.ask() == Standing(1)
    clock.now += 1
    assert one.ask() == Standing(trial=True)


def test_an_answer_between_them_begins_the_count_anew(one: HostBreaker, clock: SettableClock) -> None:
    one.fail()
    one.fail()
    one.succeed()
    one.open()


def test_failures_far_apart_are_not_in_a_row(one: HostBreaker, clock: SettableClock) -> None:
    one.fail()
    one.fail()
    clock.now += IN_A_ROW_MS
    one.open()


def test_another_host_is_not_concerned(one: HostBreaker, clock: SettableClock, domain: Domain) -> None:
    one.open()
    assert HostBreaker(one.store, domain, OTHER).ask() == Standing()


def test_one_import_is_the_trial_and_the_others_wait(one: HostBreaker, clock: SettableClock) -> None:
    one.open()
    clock.now += 30_000
    one.trial()
    assert one.ask().wait > 0
    clock.now += HOUR_MS
    assert one.ask().wait > 0, "however long it takes: a worker that died is replaced, and the trial goes on"


def test_a_trial_that_succeeds_closes_it(one: HostBreaker, clock: SettableClock) -> None:
    one.open()
    clock.now += 30_000
    one.trial()
    one.succeed()
    assert one.ask() == Standing()
    assert not one.fail()


def test_a_trial_that_fails_doubles_the_time_up_to_ten_minutes(
    one: HostBreaker, clock: SettableClock
) -> None:
    one.open()
    for seconds in (60, 120, 240, 480, 600, 600):
        clock.now += one.ask().wait
        assert one.fail(one.trial())
        assert one.ask() == Standing(seconds * 1000)


def test_who_began_before_it_opened_neither_prolongs_it_nor_takes_the_trials_place(
    one: HostBreaker, clock: SettableClock
) -> None:
    one.open()
    assert not one.fail(7)
    assert one.ask() == Standing(30_000)
    clock.now += 30_000
    trial = one.trial()
    assert not one.fail(7)
    assert one.fail(trial)


def test_any_answer_closes_an_open_one(one: HostBreaker, clock: SettableClock) -> None:
    one.open()
    one.succeed()
    assert one.ask() == Standing()


def _state(state: str) -> Callable[[HostBreaker, int], None]:
    def change(one: HostBreaker, trial: int) -> None:
        one.store.database.write_now(
            lambda connection: connection.execute(
                update(import_).where(import_.c.id == trial).values(state=state)
            )
        )

    return change


def _remove(one: HostBreaker, trial: int) -> None:
    one.store.database.write_now(
        lambda connection: connection.execute(delete(import_).where(import_.c.id == trial))
    )


@pytest.mark.parametrize(
    "becomes",
    [_state("waiting"), _state("failed"), _state("purged"), _remove],
    ids=["deferred", "swept", "erased", "removed with its domain"],
)
def test_a_trial_that_is_none_any_more_leaves_its_place_to_the_next(
    one: HostBreaker, clock: SettableClock, becomes: Callable[[HostBreaker, int], None]
) -> None:
    one.open()
    clock.now += 30_000
    trial = one.trial()
    becomes(one, trial)
    another = one.trial()
    assert one.fail(another)


async def test_of_many_that_ask_at_once_one_becomes_the_trial(
    one: HostBreaker, twin: Store, clock: SettableClock
) -> None:
    one.open()
    clock.now += 30_000
    ids = [one.running() for _ in range(8)]

    def admit(store: Store, import_id: int) -> bool:
        def transaction(connection: Connection) -> bool:
            if not breakers.ask(connection, MARK).trial:
                return False
            breakers.begin_trial(connection, MARK, import_id)
            return True

        return store.database.write_now(transaction)

    stores = (one.store, twin) * 4
    trials = await asyncio.gather(
        *(asyncio.to_thread(admit, *each) for each in zip(stores, ids, strict=True))
    )
    assert trials.count(True) == 1


async def test_failures_told_by_many_at_once_are_all_counted(
    one: HostBreaker, twin: Store, clock: SettableClock
) -> None:
    def fail(store: Store) -> bool:
        return store.database.write_now(breakers.fail, MARK, "gmx", 0, PATIENCE)

    opened = await asyncio.gather(*(asyncio.to_thread(fail, store) for store in (one.store, twin) * 4))
    assert opened.count(True) == 1
    assert one.ask() == Standing(30_000)


class TestServices:
    def failing(self, one: HostBreaker) -> frozenset[str]:
        return one.store.database.read_now(breakers.failing)

    def test_a_service_is_failing_while_its_breaker_is_open_or_tried(
        self, one: HostBreaker, clock: SettableClock
    ) -> None:
        one.fail()
        assert self.failing(one) == frozenset()
        one.succeed()
        one.open()
        assert self.failing(one) == {"gmx"}
        clock.now += 30_000
        assert self.failing(one) == frozenset(), "the next import is the trial"
        one.trial()
        assert self.failing(one) == {"gmx"}

    def test_a_host_of_a_users_own_is_not_told(
        self, one: HostBreaker, clock: SettableClock, domain: Domain
    ) -> None:
        HostBreaker(one.store, domain, OTHER, None).open()
        assert self.failing(one) == frozenset()


class TestClocks:
    def test_set_back_by_an_hour_it_is_tried_at_once(self, one: HostBreaker, clock: SettableClock) -> None:
        one.open()
        clock.now -= HOUR_MS
        assert one.ask() == Standing(trial=True)
        assert one.fail(one.trial())
        assert one.ask() == Standing(60_000)

    def test_set_back_by_a_little_it_is_tried_within_the_longest_time(
        self, one: HostBreaker, clock: SettableClock
    ) -> None:
        one.open()
        clock.now -= 300_000
        assert one.ask().wait <= LONGEST_MS


def test_what_is_old_is_forgotten(one: HostBreaker, clock: SettableClock, domain: Domain) -> None:
    def count() -> int:
        one.store.database.write_now(breakers.forget_old)
        return one.store.database.read_now(
            lambda connection: connection.execute(select(func.count()).select_from(breaker)).scalar_one()
        )

    one.fail()
    other = HostBreaker(one.store, domain, OTHER)
    other.open()
    clock.now += IN_A_ROW_MS - 1
    assert count() == 2
    clock.now += 1
    assert count() == 1
    clock.now += 30_000 + KEPT_MS - IN_A_ROW_MS
    assert count() == 0
