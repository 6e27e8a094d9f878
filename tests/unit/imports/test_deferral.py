"""A deferred import comes back by itself, through the queue, and the housekeeping neither doubles nor forgets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Container
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select, text, update

from contactport.imports.attempt import Attempts
from contactport.imports.housekeeping import Housekeeper
from contactport.imports.jobs import EMBEDDED, Executor, Job, Jobs
from contactport.net.client import Client, open_client
from contactport.settings import Settings
from contactport.sources.base import Account, Page
from contactport.sources.failures import Unavailable
from contactport.store.clock import now_ms
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.store.schema import import_
from contactport.testing.source import FakeSource, raw
from tests.servers.source_run import PROVIDERS
from tests.unit.imports.test_attempt import begin

PATIENCE = 60


class Tired(FakeSource):
    """Gives a page, and asks for a rest the first so many times."""

    def __init__(self, refusals: int, rest: int) -> None:
        super().__init__([Page([raw(f"n{n}") for n in range(600)])])
        self.refusals = refusals
        self.rest = rest

    async def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        async for page in super().pages(account, client, known):
            yield page
        if len(self.accounts) <= self.refusals:
            raise Unavailable(self.rest)


class RunningWorker:
    """One process that carries imports."""

    def __init__(self, store: Store, domain: Domain, source: FakeSource, settings: Settings) -> None:
        self.store = store
        self.jobs = Jobs(store.database)
        self.housekeeper = Housekeeper(store, settings, self.jobs)
        self._domain = domain
        attempts = Attempts(
            store, settings, PROVIDERS, lambda _: source, lambda: open_client(settings), self.jobs.enqueue
        )
        self.executor = Executor(store.database, EMBEDDED, {"import": attempts.perform}, concurrency=1)

    async def begin(self) -> int:
        import_id = begin(self.store, self._domain)
        await self.store.database.write(self.jobs.enqueue, Job(import_id, 0))
        return import_id

    async def row(self, import_id: int) -> Any:
        query = select(import_).where(import_.c.id == import_id)
        return await self.store.database.read(lambda connection: connection.execute(query).one())

    async def until(self, import_id: int, reached: Callable[[Any], bool]) -> Any:
        async with asyncio.timeout(PATIENCE):
            while not reached(one := await self.row(import_id)):  # noqa: ASYNC110 -- nothing tells when
                await asyncio.sleep(0.02)
        return one

    async def deferred(self) -> int:
        """A new import that has been deferred, and whose first job has ended."""
        import_id = await self.begin()
        await self.until(import_id, lambda one: one.job == 1)
        async with asyncio.timeout(PATIENCE):
            while (await self.workflows())[f"{import_id}.0"] != "SUCCESS":  # noqa: ASYNC110 -- nothing tells when
                await asyncio.sleep(0.02)
        return import_id

    async def change(self, import_id: int, **values: object) -> None:
        await self.store.database.write(
            lambda connection: connection.execute(
                update(import_).where(import_.c.id == import_id).values(values)
            )
        )

    async def workflows(self) -> dict[str, str]:
        """What the job engine knows: the state of each job by its name."""
        rows = await self.store.database.read(
            lambda connection: connection.execute(
                text("SELECT workflow_uuid, status FROM workflow_status")
            ).all()
        )
        return {row.workflow_uuid: row.status for row in rows}


@asynccontextmanager
async def running(store: Store, domain: Domain, source: FakeSource) -> AsyncGenerator[RunningWorker]:
    one = RunningWorker(store, domain, source, Settings())
    await one.executor.launch()
    try:
        yield one
    finally:
        await one.executor.stop(0)
        await one.jobs.close()


async def test_an_import_rests_and_goes_on_with_what_it_has(store: Store, domain: Domain) -> None:
    source = Tired(refusals=1, rest=1)
    async with running(store, domain, source) as process:
        import_id = await process.begin()
        one = await process.until(import_id, lambda one: one.state == "complete")
    assert (one.job, one.epoch, one.found, one.delivered) == (1, 2, 600, 600)
    assert len(source.accounts) == 2


async def test_a_deferred_import_holds_no_worker(store: Store, domain: Domain) -> None:
    source = Tired(refusals=1, rest=50)
    async with running(store, domain, source) as process:
        first = await process.begin()
        await process.until(first, lambda one: one.job == 1)
        second = await process.begin()
        # It gets the only worker, and waits as its provider wishes.
        await process.until(second, lambda one: one.job == 1)
    assert len(source.accounts) == 1


async def test_the_housekeeping_leaves_a_deferred_import_alone(store: Store, domain: Domain) -> None:
    async with running(store, domain, Tired(refusals=1, rest=50)) as process:
        import_id = await process.deferred()
        await process.change(import_id, started_at=now_ms() - 3_600_000)
        for _ in range(3):
            await process.housekeeper.tidy()
        assert {name: state for name, state in (await process.workflows()).items() if state != "SUCCESS"} == {
            f"{import_id}.1": "DELAYED"
        }


async def test_a_deferred_import_whose_job_is_lost_is_queued_again(store: Store, domain: Domain) -> None:
    source = Tired(refusals=1, rest=50)
    async with running(store, domain, source) as process:
        import_id = await process.deferred()
        await store.database.write(
            lambda connection: connection.execute(
                text("DELETE FROM workflow_status WHERE status = 'DELAYED'")
            )
        )
        await process.change(import_id, started_at=now_ms() - 3_600_000)
        await process.housekeeper.tidy()
        # What it had to wait for still holds.
        await process.until(import_id, lambda one: one.job == 2)
    assert len(source.accounts) == 1


async def test_an_import_that_was_deferred_while_the_housekeeping_looked_gets_no_second_job(
    store: Store, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(store, domain, Tired(refusals=1, rest=50)) as process:
        import_id = await process.deferred()
        await process.change(import_id, started_at=now_ms() - 3_600_000)

        async def as_it_was(_jobs: object) -> list[Job]:
            return [Job(import_id, 0)]

        monkeypatch.setattr(process.jobs, "forgotten", as_it_was)
        await process.housekeeper.tidy()
        states = await process.workflows()
        assert states.get(f"{import_id}.0") in (None, "SUCCESS")
        assert states[f"{import_id}.1"] == "DELAYED"


async def test_a_clock_set_back_leaves_no_import_deferred_for_hours(store: Store, domain: Domain) -> None:
    source = Tired(refusals=1, rest=50)
    async with running(store, domain, source) as process:
        import_id = await process.deferred()
        late = now_ms() + 3_600_000
        await process.change(import_id, not_before=late)
        await store.database.write(
            lambda connection: connection.execute(
                text("UPDATE workflow_status SET delay_until_epoch_ms = :late WHERE status = 'DELAYED'"),
                {"late": late},
            )
        )
        await process.housekeeper.tidy()
        # It looks again whether it has to wait, and waits for what is left.
        one = await process.until(import_id, lambda one: one.job == 2)
        assert one.not_before is not None
        assert one.not_before < now_ms() + 60_000
