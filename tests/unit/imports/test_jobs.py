"""The queue: a job runs once, and an interrupted job runs again."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from sqlalchemy import Connection, text

from contactport.imports.jobs import EMBEDDED, Executor, Job, Jobs
from contactport.store.open import Store

PATIENCE = 30


class RunningQueue:
    """A queue and the one process that serves it."""

    def __init__(self, store: Store, perform: Callable[[int, int], Awaitable[None]]) -> None:
        self._store = store
        self.jobs = Jobs(store.database)
        self.executor = Executor(store.database, EMBEDDED, {"import": perform}, concurrency=2)

    async def enqueue(self, import_id: int, *, number: int = 0, delay: float = 0.0) -> None:
        await self._store.database.write(self.jobs.enqueue, job(import_id, number), delay)

    async def forgets(self, import_id: int) -> bool:
        return await self.jobs.forgotten([job(import_id)]) == [job(import_id)]


def job(import_id: int, number: int = 0) -> Job:
    return Job(import_id, number)


@asynccontextmanager
async def running(
    store: Store, perform: Callable[[int, int], Awaitable[None]]
) -> AsyncGenerator[RunningQueue]:
    one = RunningQueue(store, perform)
    await one.executor.launch()
    try:
        yield one
    finally:
        await one.executor.stop(0)
        await one.jobs.close()


class Work:
    """Notes what was performed; `gate` holds each job until it is opened."""

    def __init__(self, *, opened: bool = True) -> None:
        self.begun: list[int] = []
        self.numbers: list[int] = []
        self.done: list[int] = []
        self.changed = asyncio.Event()
        self.gate = asyncio.Event()
        if opened:
            self.gate.set()

    async def __call__(self, import_id: int, number: int) -> None:
        self.begun.append(import_id)
        self.numbers.append(number)
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
    async with running(store, work) as queue:
        for import_id in (1, 2, 2, 3):
            await queue.enqueue(import_id)
        await work.until(lambda: len(work.done) >= 3)
    assert sorted(work.done) == [1, 2, 3]


async def test_what_is_rolled_back_is_not_performed(store: Store) -> None:
    work = Work()

    async with running(store, work) as queue:

        def enqueue_and_fail(connection: Connection) -> None:
            queue.jobs.enqueue(connection, job(1))
            raise RuntimeError("rolled back")

        with pytest.raises(RuntimeError):
            await store.database.write(enqueue_and_fail)
        await queue.enqueue(2)
        await work.until(lambda: 2 in work.done)
        assert await queue.forgets(1)
    assert work.done == [2]


async def test_what_was_cut_off_is_performed_after_the_next_launch(store: Store) -> None:
    held = Work(opened=False)
    async with running(store, held) as queue:
        await queue.enqueue(1)
        await held.until(lambda: held.begun == [1])
    assert held.done == []
    work = Work()
    async with running(store, work):
        await work.until(lambda: work.done == [1])


async def test_no_more_than_the_workers_and_their_reserve_are_taken_at_once(store: Store) -> None:
    held = Work(opened=False)
    async with running(store, held) as queue:
        for import_id in range(1, 6):
            await queue.enqueue(import_id)
        await held.until(lambda: len(held.begun) == 3)
        held.gate.set()
        await held.until(lambda: len(held.done) == 5)


async def test_a_job_that_raised_is_forgotten_and_can_be_enqueued_again(store: Store) -> None:
    seen: list[int] = []
    changed = asyncio.Event()

    async def fail_once(import_id: int, _number: int) -> None:
        seen.append(import_id)
        changed.set()
        if len(seen) == 1:
            raise OSError("the disk is full of canaries")

    async with running(store, fail_once) as queue, asyncio.timeout(PATIENCE):
        await queue.enqueue(1)
        await changed.wait()
        while not await queue.forgets(1):  # noqa: ASYNC110 -- the engine has no event to wait for
            await asyncio.sleep(0.05)
        changed.clear()
        await queue.enqueue(1)
        await changed.wait()
    assert seen == [1, 1]


async def test_the_engines_rows_of_ended_jobs_are_collected(store: Store) -> None:
    work = Work()
    async with running(store, work) as queue, asyncio.timeout(PATIENCE):
        for import_id in range(1, 8):
            await queue.enqueue(import_id)
        await work.until(lambda: len(work.done) == 7)
        collected = 0
        while collected < 7:
            collected += await queue.jobs.collect_garbage()
            await asyncio.sleep(0.05)
    with store.database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM workflow_status")).scalar() == 0


async def test_a_job_is_known_to_the_engine_by_its_number_alone(store: Store) -> None:
    held = Work(opened=False)
    async with running(store, held) as queue:
        await queue.enqueue(4711)
        await held.until(lambda: held.begun == [4711])
        with store.database.engine.connect() as connection:
            kept = connection.execute(text("SELECT inputs FROM workflow_input")).scalars().all()
        assert [msgspec.json.decode(words) for words in kept] == [{"positionalArgs": [4711], "namedArgs": {}}]
        held.gate.set()


async def test_a_cancelled_job_is_cut_off_and_done(store: Store) -> None:
    held = Work(opened=False)
    async with running(store, held) as queue, asyncio.timeout(PATIENCE):
        await queue.enqueue(1)
        await held.until(lambda: held.begun == [1])
        queue.executor.cancel(1)
        queue.executor.cancel(2)
        while not await queue.forgets(1):  # noqa: ASYNC110 -- the engine has no event to wait for
            await asyncio.sleep(0.05)
    assert held.done == []
    work = Work()
    async with running(store, work) as queue:
        await queue.enqueue(3)
        await work.until(lambda: work.done == [3])


async def test_a_delayed_job_is_performed_when_its_time_has_come(store: Store) -> None:
    work = Work()
    async with running(store, work) as queue:
        await queue.enqueue(1, delay=0.3)
        assert not await queue.forgets(1)
        await work.until(lambda: work.done == [1])


async def test_a_deferred_import_is_carried_by_its_next_job(store: Store) -> None:
    work = Work()
    async with running(store, work) as queue:
        await queue.enqueue(1)
        await work.until(lambda: work.done == [1])
        await queue.enqueue(1, number=1)
        await work.until(lambda: work.done == [1, 1])
    assert work.numbers == [0, 1]


async def test_a_job_that_waits_can_be_told_to_begin_now(store: Store) -> None:
    work = Work()
    async with running(store, work) as queue:
        await queue.enqueue(1, delay=3600)
        await queue.jobs.hasten(job(1))
        await work.until(lambda: work.done == [1])


async def test_of_those_that_wait_the_lowest_rank_is_taken_first(store: Store) -> None:
    held = Work(opened=False)
    async with running(store, held) as queue:
        for import_id in (1, 2, 3):
            await queue.enqueue(import_id)
        await held.until(lambda: len(held.begun) == 3)
        for import_id, rank in ((4, 9), (5, 0), (6, 4)):
            await store.database.write(queue.jobs.enqueue, Job(import_id, 0, rank))
        held.gate.set()
        await held.until(lambda: len(held.done) == 6)
    assert held.begun[3:] == [5, 6, 4]
