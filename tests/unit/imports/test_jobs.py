"""The queue: what is enqueued is performed once, and what was cut off is taken up again."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from sqlalchemy import text

from contactport.imports.jobs import Jobs
from contactport.store.open import Store

PATIENCE = 30


@asynccontextmanager
async def running(store: Store, perform: Callable[[int], Awaitable[None]]) -> AsyncGenerator[Jobs]:
    jobs = Jobs(store.database.url, perform, workers=2)
    await jobs.launch()
    try:
        yield jobs
    finally:
        await jobs.stop()


class Work:
    """Notes what was performed; `gate` holds each job until it is opened."""

    def __init__(self, *, opened: bool = True) -> None:
        self.begun: list[int] = []
        self.done: list[int] = []
        self.changed = asyncio.Event()
        self.gate = asyncio.Event()
        if opened:
            self.gate.set()

    async def __call__(self, import_id: int) -> None:
        self.begun.append(import_id)
        self.changed.set()
        await self.gate.wait()
        self.done.append(import_id)
        self.changed.set()

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not reached():
                self.changed.clear()
                await self.changed.wait()


async def test_what_is_enqueued_is_performed_once(store: Store) -> None:
    work = Work()
    async with running(store, work) as jobs:
        for import_id in (1, 2, 2, 3):
            await store.database.write(jobs.enqueue, import_id)
        await work.until(lambda: len(work.done) >= 3)
    assert sorted(work.done) == [1, 2, 3]


async def test_what_is_rolled_back_is_not_performed(store: Store) -> None:
    work = Work()

    async with running(store, work) as jobs:

        def enqueue_and_fail(connection: object) -> None:
            jobs.enqueue(connection, 1)  # type: ignore[arg-type] -- a Connection, as write() gives it
            raise RuntimeError("rolled back")

        with pytest.raises(RuntimeError):
            await store.database.write(enqueue_and_fail)
        await store.database.write(jobs.enqueue, 2)
        await work.until(lambda: 2 in work.done)
        assert await jobs.forgotten([1]) == [1]
    assert work.done == [2]


async def test_what_was_cut_off_is_performed_after_the_next_launch(store: Store) -> None:
    held = Work(opened=False)
    async with running(store, held) as jobs:
        await store.database.write(jobs.enqueue, 1)
        await held.until(lambda: held.begun == [1])
    assert held.done == []
    work = Work()
    async with running(store, work):
        await work.until(lambda: work.done == [1])


async def test_no_more_than_the_workers_run_at_once(store: Store) -> None:
    held = Work(opened=False)
    async with running(store, held) as jobs:
        for import_id in range(1, 6):
            await store.database.write(jobs.enqueue, import_id)
        await held.until(lambda: len(held.begun) == 2)
        held.gate.set()
        await held.until(lambda: len(held.done) == 5)


async def test_a_job_that_raised_is_forgotten_and_can_be_enqueued_again(store: Store) -> None:
    seen: list[int] = []
    changed = asyncio.Event()

    async def fail_once(import_id: int) -> None:
        seen.append(import_id)
        changed.set()
        if len(seen) == 1:
            raise OSError("the disk is full of canaries")

    async with running(store, fail_once) as jobs, asyncio.timeout(PATIENCE):
        await store.database.write(jobs.enqueue, 1)
        await changed.wait()
        while await jobs.forgotten([1]) != [1]:  # noqa: ASYNC110 -- the engine has no event to wait for
            await asyncio.sleep(0.05)
        changed.clear()
        await store.database.write(jobs.enqueue, 1)
        await changed.wait()
    assert seen == [1, 1]


async def test_the_engines_rows_of_ended_jobs_are_collected(store: Store) -> None:
    work = Work()
    async with running(store, work) as jobs, asyncio.timeout(PATIENCE):
        for import_id in range(1, 8):
            await store.database.write(jobs.enqueue, import_id)
        await work.until(lambda: len(work.done) == 7)
        collected = 0
        while collected < 7:
            collected += await jobs.collect_garbage()
            await asyncio.sleep(0.05)
    with store.database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM workflow_status")).scalar() == 0


async def test_a_job_is_known_to_the_engine_by_its_number_alone(store: Store) -> None:
    held = Work(opened=False)
    async with running(store, held) as jobs:
        await store.database.write(jobs.enqueue, 4711)
        await held.until(lambda: held.begun == [4711])
        with store.database.engine.connect() as connection:
            kept = connection.execute(text("SELECT inputs FROM workflow_input")).scalars().all()
        assert [msgspec.json.decode(words) for words in kept] == [{"positionalArgs": [4711], "namedArgs": {}}]
        held.gate.set()


async def test_a_cancelled_job_is_cut_off_and_done(store: Store) -> None:
    held = Work(opened=False)
    async with running(store, held) as jobs, asyncio.timeout(PATIENCE):
        await store.database.write(jobs.enqueue, 1)
        await held.until(lambda: held.begun == [1])
        jobs.cancel(1)
        jobs.cancel(2)
        while await jobs.forgotten([1]) != [1]:  # noqa: ASYNC110 -- the engine has no event to wait for
            await asyncio.sleep(0.05)
    assert held.done == []
    work = Work()
    async with running(store, work) as jobs:
        await store.database.write(jobs.enqueue, 3)
        await work.until(lambda: work.done == [3])
