"""Whether an import may begin now, and what becomes of one that may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, delete, select, update

from contactport.errors import Code
from contactport.grant import Password
from contactport.imports import admission
from contactport.imports.admission import MOST_BACKOFFS, Admitted, Deferred, Refused
from contactport.imports.jobs import Job
from contactport.imports.to_error import ImportFailure, to_error
from contactport.net.failures import TimedOut
from contactport.settings import Settings
from contactport.sources.failures import (
    AccountBlocked,
    NoAddressBook,
    RateLimited,
    SourceFailure,
    TermsChanged,
    Unavailable,
    WrongPassword,
)
from contactport.store import domains, endings, events, imports, login_failures, token_buckets
from contactport.store.domains import Domain
from contactport.store.imports import RunningImport
from contactport.store.open import Store, open_store
from contactport.store.schema import import_
from contactport.store.token_buckets import LONGEST_WAIT_MS
from contactport.testing.clock import SettableClock
from contactport.testing.imports import add_import
from tests.import_fails import PROVIDER
from tests.servers.source_run import PROVIDERS

HOUR_MS = 3_600_000
SETTINGS = Settings(breaker_failures=2)


class AdmissionHarness:
    """Where imports ask for their admission; notes what was queued."""

    def __init__(
        self, store: Store, domain: Domain, clock: SettableClock, settings: Settings = SETTINGS
    ) -> None:
        self.store = store
        self.settings = settings
        self.queued: list[tuple[Job, float]] = []
        self._domain = domain
        self.clock = clock

    def begin(
        self,
        account: str = "ann",
        host: str = "gmx",
        *,
        service: str = "gmx",
        seconds: float = 1800,
        password: str = "secret",
    ) -> int:
        ring = self.store.ring
        return self.store.database.write_now(
            add_import,
            ring,
            self._domain.id,
            service=service,
            grant=Password(account, password, "" if service == "gmx" else f"https://{host}/"),
            seconds=seconds,
            provider_key=ring.lasting_mark("provider", host),
            account_key=ring.lasting_mark("account", host, account),
        )

    def enqueue(self, connection: Connection, job: Job, delay: float) -> None:
        assert connection.in_transaction()
        self.queued.append((job, delay))

    def ask(
        self, import_id: int, job: int | None = None, settings: Settings | None = None
    ) -> Admitted | Deferred | Refused | None:
        """Ask for the import, as its present job unless another is named."""
        number = self.job(import_id) if job is None else job
        return self.store.database.write_now(
            admission.admit, self.store, settings or self.settings, PROVIDERS, self.enqueue, import_id, number
        )

    def admit(self, import_id: int) -> RunningImport:
        found = self.ask(import_id)
        assert isinstance(found, Admitted), found
        return found.one

    def defer(self, import_id: int) -> Deferred:
        found = self.ask(import_id)
        assert isinstance(found, Deferred), found
        return found

    def wait(self) -> int:
        """Let the time pass until the last job that was queued is due; its import."""
        job, delay = self.queued[-1]
        self.clock.now += round(delay * 1000)
        return job.import_id

    def job(self, import_id: int) -> int:
        return self.row(import_id).job

    def row(self, import_id: int) -> Any:
        query = select(import_).where(import_.c.id == import_id)
        return self.store.database.read_now(lambda connection: connection.execute(query).one())

    def end(
        self, one: RunningImport, failure: ImportFailure | None = None
    ) -> Deferred | ImportFailure | None:
        """The end of an attempt, as far as its admission is concerned."""

        def transaction(connection: Connection) -> Deferred | ImportFailure | None:
            imports.check_epoch(connection, one.id, one.epoch)
            found = failure
            if failure is not None and failure.retry_after:
                backed_off = admission.back_off(connection, self.settings, self.enqueue, one.id, failure)
                if isinstance(backed_off, Deferred):
                    return backed_off
                found = backed_off
            provider = PROVIDERS.find(one.service)
            assert provider is not None
            admission.record_outcome(connection, self.settings, provider, one, found)
            if found is None:
                endings.complete(connection, one)
            else:
                endings.fail(connection, one.id, found.code, found.text)
            return found

        return self.store.database.write_now(transaction)

    def last_event(self, import_id: int) -> events.Event:
        return self.store.database.read_now(events.read, import_id)[-1]


@pytest.fixture
async def store(tmp_path: Path, engine_url: str) -> AsyncGenerator[Store]:
    """A data folder of its own, open, on each engine."""
    opened = open_store(tmp_path / "data", engine_url)
    yield opened
    await opened.database.close()


@pytest.fixture
async def twin(store: Store, engine_url: str) -> AsyncGenerator[Store]:
    """The same once more, as another process opens it."""
    opened = open_store(store.folder, engine_url)
    yield opened
    await opened.database.close()


@pytest.fixture
def domain(store: Store) -> Domain:
    store.database.write_now(domains.add, "shop")
    return store.database.write_now(domains.all_domains)[0]


@pytest.fixture
def desk(store: Store, domain: Domain, clock: SettableClock) -> AdmissionHarness:
    return AdmissionHarness(store, domain, clock)


def unavailable(retry_after: int | None = None, *, provider_failed: bool = True) -> ImportFailure:
    return to_error(Unavailable(retry_after) if provider_failed else RateLimited(retry_after), "password")


async def test_an_import_alone_is_admitted_at_once(desk: AdmissionHarness) -> None:
    one = desk.admit(desk.begin())
    row = desk.row(one.id)
    assert (row.state, row.epoch, row.not_before) == ("running", 1, None)
    assert desk.queued == []


class TestJobs:
    async def test_a_job_that_was_overtaken_has_nothing_to_do(self, desk: AdmissionHarness) -> None:
        desk.settings = Settings(account_imports=1)
        desk.admit(desk.begin())
        waiting = desk.begin()
        desk.defer(waiting)
        assert desk.ask(waiting, job=0) is None, (
            "it is recovered from a worker that died after it had deferred it"
        )
        assert desk.job(waiting) == 1

    async def test_nor_has_one_whose_import_is_over(self, desk: AdmissionHarness) -> None:
        import_id = desk.begin()
        desk.end(desk.admit(import_id))
        assert desk.ask(import_id) is None
        assert desk.ask(4711, job=0) is None

    async def test_a_deferred_import_waits_under_its_next_job(self, desk: AdmissionHarness) -> None:
        desk.settings = Settings(account_imports=1)
        desk.admit(desk.begin())
        waiting = desk.begin()
        deferred = desk.defer(waiting)
        ((job, delay),) = desk.queued
        assert (job.import_id, job.number, delay) == (waiting, 1, deferred.seconds)
        row = desk.row(waiting)
        assert (row.state, row.job) == ("waiting", 1)
        assert row.not_before is not None
        told = desk.store.database.read_now(events.read, waiting)
        assert [(event.type, event.status) for event in told] == [
            ("INITIALIZING", "COMPLETED"),
            ("GATHERING", "INPROGRESS"),
        ]

    async def test_a_deferred_import_can_be_erased_at_once(self, desk: AdmissionHarness) -> None:
        desk.settings = Settings(account_imports=1)
        desk.admit(desk.begin())
        waiting = desk.begin()
        desk.defer(waiting)
        desk.store.database.write_now(endings.erase, waiting, "gone")
        assert desk.row(waiting).state == "purged"
        assert desk.ask(desk.wait()) is None


class TestAccount:
    async def test_no_more_run_at_once_than_may(self, desk: AdmissionHarness) -> None:
        first, second, third = (desk.begin() for _ in range(3))
        running = desk.admit(first)
        desk.admit(second)
        assert desk.defer(third).why == "account"
        desk.wait()
        assert desk.defer(third).why == "account"
        desk.end(running)
        desk.wait()
        desk.admit(third)

    async def test_one_password_is_tried_at_a_time(self, desk: AdmissionHarness) -> None:
        desk.settings = Settings(account_imports=3, account_per_minute=1000)
        running = desk.admit(desk.begin(password="a"))
        desk.admit(desk.begin(password="a"))
        other = desk.begin(password="b")
        assert desk.defer(other).why == "account"
        desk.end(running)
        desk.wait()
        assert desk.defer(other).why == "account", "one with another password still runs"

    async def test_five_wrong_passwords_shut_the_account_to_those_begun_before(
        self, desk: AdmissionHarness
    ) -> None:
        desk.settings = Settings(account_per_minute=1000)
        ids = [desk.begin(password=str(number)) for number in range(8)]
        codes: list[Code | None] = []
        for import_id in ids:
            found = desk.ask(import_id)
            if isinstance(found, Refused):
                codes.append(found.code)
                continue
            assert isinstance(found, Admitted)
            assert isinstance(found.grant, Password)
            codes.append(None)
            who = (found.one.domain_id, "gmx", "ann")
            desk.store.database.write_now(login_failures.record, desk.store.ring, *who, found.grant.password)
            desk.end(found.one, to_error(WrongPassword(PROVIDER), "password"))
        assert codes == [None] * 5 + [Code.FAILED_RECENTLY] * 3

    async def test_other_accounts_of_the_host_are_not_concerned(self, desk: AdmissionHarness) -> None:
        for _ in range(2):
            desk.admit(desk.begin("ann"))
        desk.admit(desk.begin("bob"))

    async def test_one_whose_worker_died_has_its_place_already(self, desk: AdmissionHarness) -> None:
        one, other = desk.begin(), desk.begin()
        desk.admit(one)
        desk.admit(other)
        assert desk.admit(one).epoch == 2

    async def test_two_processes_that_ask_at_once_do_not_pass_together(
        self,
        desk: AdmissionHarness,
        twin: Store,
        domain: Domain,
        clock: SettableClock,
    ) -> None:
        settings = Settings(account_imports=2, account_per_minute=1000)
        desks = [AdmissionHarness(one, domain, clock, settings) for one in (desk.store, twin)] * 5
        ids = [desk.begin() for _ in desks]
        found = await asyncio.gather(
            *(asyncio.to_thread(one.ask, each) for one, each in zip(desks, ids, strict=True))
        )
        assert sum(isinstance(each, Admitted) for each in found) == 2


class TestRate:
    async def test_whoever_finds_no_token_is_deferred_once_and_exactly_until_it_is_due(
        self, desk: AdmissionHarness
    ) -> None:
        desk.settings = Settings(account_per_minute=6)
        desk.end(desk.admit(desk.begin()))
        ids = [desk.begin() for _ in range(4)]
        assert [desk.defer(each).seconds for each in ids] == [10, 20, 30, 40]
        for each in ids:
            desk.clock.now += 10_000
            desk.end(desk.admit(each))
        assert len(desk.queued) == 4

    async def test_the_hosts_rate_holds_for_all_its_accounts(self, desk: AdmissionHarness) -> None:
        desk.settings = Settings(provider_per_minute=12)
        for account in ("ann", "bob"):
            desk.admit(desk.begin(account))
        assert desk.defer(desk.begin("cem")).seconds == 5
        desk.admit(desk.begin("dee", "other"))

    async def test_a_token_that_was_promised_is_kept_while_something_else_is_waited_for(
        self, desk: AdmissionHarness
    ) -> None:
        desk.settings = Settings(account_per_minute=6, account_imports=1)
        running = desk.admit(desk.begin())
        waiting = desk.begin()
        desk.settings = Settings(account_per_minute=6, account_imports=2)
        assert desk.defer(waiting).why == "rate"
        desk.settings = Settings(account_per_minute=6, account_imports=1)
        desk.wait()
        assert desk.defer(waiting).why == "account"
        desk.end(running)
        desk.wait()
        desk.admit(waiting)

    async def test_nobody_is_promised_a_token_hours_ahead(self, desk: AdmissionHarness) -> None:
        desk.settings = Settings(account_per_minute=1)
        desk.end(desk.admit(desk.begin()))
        ids = [desk.begin() for _ in range(6)]
        assert [desk.defer(each).why for each in ids] == ["rate"] * 6
        assert all(delay * 1000 <= LONGEST_WAIT_MS + 1000 for _, delay in desk.queued)
        admitted: list[int] = []
        minute = 0
        while len(admitted) < 6:
            # Every minute whoever is due asks again.
            minute += 1
            desk.clock.now += 61_000
            before = len(admitted)
            for each in ids:
                row = desk.row(each)
                if row.state == "waiting" and (row.not_before or 0) <= desk.clock.now:
                    found = desk.ask(each)
                    if isinstance(found, Admitted):
                        desk.end(found.one)
                        admitted.append(each)
            assert len(admitted) - before <= 1
            assert minute < 30
        assert sorted(admitted) == sorted(ids)

    async def test_a_clock_that_is_set_back_does_not_make_it_wait_for_an_hour(
        self, desk: AdmissionHarness
    ) -> None:
        desk.settings = Settings(account_per_minute=6)
        desk.end(desk.admit(desk.begin()))
        waiting = desk.begin()
        desk.defer(waiting)
        desk.clock.now -= HOUR_MS
        # The housekeeper brings it back.
        desk.admit(waiting)


class TestRest:
    async def test_a_host_that_asks_for_a_rest_gets_it_from_all(self, desk: AdmissionHarness) -> None:
        one = desk.admit(desk.begin())
        assert desk.end(one, unavailable(60)) is not None
        deferred = desk.defer(desk.begin("bob"))
        assert deferred.why == "backoff"
        assert 60 <= deferred.seconds <= 61
        desk.admit(desk.begin("bob", "other"))
        desk.wait()
        desk.admit(one.id)

    async def test_an_account_that_is_to_rest_does_so_alone(self, desk: AdmissionHarness) -> None:
        one = desk.admit(desk.begin())
        desk.end(one, unavailable(60, provider_failed=False))
        assert desk.defer(desk.begin()).why == "backoff"
        desk.admit(desk.begin("bob"))

    async def test_what_was_stored_before_the_rest_stays(self, desk: AdmissionHarness) -> None:
        one = desk.admit(desk.begin())
        deferred = desk.end(one, unavailable(60))
        assert isinstance(deferred, Deferred)
        row = desk.row(one.id)
        assert (row.state, row.job, row.sealed_key is not None) == ("waiting", 1, True)
        with pytest.raises(imports.Fenced):
            desk.store.database.write_now(imports.check_epoch, one.id, one.epoch)

    async def test_a_long_rest_is_looked_at_again_from_time_to_time(self, desk: AdmissionHarness) -> None:
        one = desk.admit(desk.begin())
        desk.end(one, unavailable(500))
        began = desk.clock.now
        for _ in range(20):
            desk.wait()
            if isinstance(desk.ask(one.id), Admitted):
                break
            assert desk.queued[-1][1] * 1000 <= LONGEST_WAIT_MS + 1000
        assert 500_000 <= desk.clock.now - began <= 502_000

    async def test_no_host_makes_its_users_wait_for_an_hour(self, desk: AdmissionHarness) -> None:
        one = desk.admit(desk.begin())
        desk.end(one, unavailable(3600))
        other = desk.begin("bob")
        desk.defer(other)
        desk.clock.now += 600_000
        desk.admit(other)

    async def test_longer_than_the_import_may_take_it_ends_at_once_in_words(
        self, desk: AdmissionHarness
    ) -> None:
        one = desk.admit(desk.begin(seconds=300))
        failure = desk.end(one, unavailable(301))
        assert isinstance(failure, ImportFailure)
        assert failure.code == Code.UNAVAILABLE
        assert "6 minutes" in failure.text
        other = desk.begin("bob", seconds=200)
        assert desk.ask(other) == Refused(Code.UNAVAILABLE)
        assert "begin it again" in str(desk.last_event(other).description)

    async def test_it_rests_only_so_often(self, desk: AdmissionHarness) -> None:
        import_id = desk.begin()
        for _ in range(MOST_BACKOFFS):
            assert isinstance(desk.end(desk.admit(import_id), unavailable(20)), Deferred)
            desk.wait()
        failure = desk.end(desk.admit(import_id), unavailable(20))
        assert isinstance(failure, ImportFailure)
        assert desk.row(import_id).state == "failed"

    async def test_resting_speaks_neither_for_the_provider_nor_against_it(
        self, desk: AdmissionHarness
    ) -> None:
        desk.end(desk.admit(desk.begin()), unavailable())
        one = desk.admit(desk.begin("bob"))
        desk.end(one, unavailable(10))
        desk.wait()
        assert isinstance(desk.ask(one.id), Admitted)
        desk.end(desk.admit(one.id), unavailable())
        assert desk.ask(desk.begin("cem")) == Refused(Code.UNAVAILABLE)


class TestTime:
    async def test_whose_turn_would_come_too_late_ends_at_once(self, desk: AdmissionHarness) -> None:
        desk.settings = Settings(account_per_minute=1)
        desk.end(desk.admit(desk.begin()))
        late = desk.begin(seconds=30)
        assert desk.ask(late) == Refused(Code.TIMEOUT)
        told = desk.last_event(late)
        assert (told.status, told.value) == ("ERROR", Code.TIMEOUT)
        assert "too many imports" in str(told.description)


class TestBreaker:
    def break_(self, desk: AdmissionHarness, host: str = "gmx", service: str = "gmx") -> None:
        for account in ("x", "y"):
            desk.end(desk.admit(desk.begin(account, host, service=service)), unavailable())

    async def test_an_open_one_ends_the_import_and_says_when_to_try_again(
        self, desk: AdmissionHarness
    ) -> None:
        self.break_(desk)
        import_id = desk.begin()
        assert desk.ask(import_id) == Refused(Code.UNAVAILABLE)
        told = desk.last_event(import_id)
        assert (told.type, told.status, told.value) == ("COMPLETE", "ERROR", Code.UNAVAILABLE)
        assert "30 seconds" in str(told.description)
        desk.admit(desk.begin("ann", "other"))

    async def test_one_import_tries_and_its_success_lets_all_in(
        self, desk: AdmissionHarness, clock: SettableClock
    ) -> None:
        self.break_(desk)
        clock.now += 30_000
        trial = desk.admit(desk.begin())
        assert desk.ask(desk.begin("bob")) == Refused(Code.UNAVAILABLE)
        desk.end(trial)
        desk.admit(desk.begin("bob"))

    async def test_a_trial_whose_worker_died_goes_on_as_the_trial(
        self, desk: AdmissionHarness, clock: SettableClock
    ) -> None:
        self.break_(desk)
        clock.now += 30_000
        trial = desk.admit(desk.begin())
        again = desk.admit(trial.id)
        assert desk.ask(desk.begin("bob")) == Refused(Code.UNAVAILABLE)
        desk.end(again, unavailable())
        other = desk.begin("bob")
        desk.ask(other)
        assert "60 seconds" in str(desk.last_event(other).description)

    async def test_a_trial_that_is_deferred_lets_another_try(
        self, desk: AdmissionHarness, clock: SettableClock
    ) -> None:
        self.break_(desk)
        clock.now += 30_000
        desk.end(desk.admit(desk.begin()), unavailable(20, provider_failed=False))
        desk.admit(desk.begin("bob"))

    async def test_whoever_has_to_wait_is_not_the_trial(
        self, desk: AdmissionHarness, clock: SettableClock
    ) -> None:
        self.break_(desk)
        clock.now += 30_000
        desk.settings = msgspec.structs.replace(SETTINGS, account_per_minute=1)
        budgets_of = desk.store.ring.lasting_mark("account", "gmx", "ann")

        def empty(connection: Connection) -> None:
            bucket = token_buckets.lock(connection, budgets_of, token_buckets.Rate(1))
            bucket.take()
            token_buckets.save(connection, budgets_of, bucket)

        desk.store.database.write_now(empty)
        assert desk.defer(desk.begin("ann")).why == "rate"
        desk.admit(desk.begin("bob"))

    @pytest.mark.parametrize("no", [WrongPassword(PROVIDER), AccountBlocked(), TermsChanged()])
    async def test_a_providers_own_no_shows_that_it_works(
        self, desk: AdmissionHarness, no: SourceFailure
    ) -> None:
        desk.end(desk.admit(desk.begin("x")), unavailable())
        desk.end(desk.admit(desk.begin("y")), to_error(no, "password"))
        desk.end(desk.admit(desk.begin("z")), unavailable())
        desk.admit(desk.begin())

    @pytest.mark.parametrize(
        "failure",
        [
            to_error(NoAddressBook(), "password"),
            to_error(RuntimeError(), "password"),
            to_error(RateLimited(), "password"),
            replace(to_error(TimedOut(), "password"), provider_failed=False),
        ],
        ids=["no address book there", "our own fault", "one account's", "no time left"],
    )
    async def test_what_says_nothing_of_the_provider_counts_neither_way(
        self, desk: AdmissionHarness, failure: ImportFailure
    ) -> None:
        desk.end(desk.admit(desk.begin("x")), unavailable())
        for account in ("u", "v", "w"):
            desk.end(desk.admit(desk.begin(account)), failure)
        desk.end(desk.admit(desk.begin("y")), unavailable())
        assert desk.ask(desk.begin()) == Refused(Code.UNAVAILABLE)

    async def test_hosts_of_users_own_have_breakers_without_a_name(self, desk: AdmissionHarness) -> None:
        self.break_(desk, "dav.example.org", "carddav")
        assert desk.ask(desk.begin("ann", "dav.example.org", service="carddav")) == Refused(Code.UNAVAILABLE)
        desk.admit(desk.begin("ann", "dav.example.com", service="carddav"))
        with desk.store.database.engine.connect() as connection:
            kept = connection.exec_driver_sql("SELECT * FROM breaker").all()
        assert "example" not in repr(kept)
        assert "carddav" not in repr(kept)

    async def test_removing_the_trials_domain_does_not_shut_the_provider_for_good(
        self, desk: AdmissionHarness, clock: SettableClock
    ) -> None:
        self.break_(desk)
        clock.now += 30_000
        trial = desk.admit(desk.begin())
        desk.store.database.write_now(
            lambda connection: connection.execute(delete(import_).where(import_.c.id == trial.id))
        )
        desk.admit(desk.begin("bob"))


async def test_a_row_beyond_its_deadline_is_admitted_only_to_end(desk: AdmissionHarness) -> None:
    import_id = desk.begin()
    desk.store.database.write_now(lambda connection: connection.execute(update(import_).values(deadline=1)))
    assert isinstance(desk.ask(import_id), Admitted)
