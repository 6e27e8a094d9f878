"""The job engine, DBOS: the only file that knows it.

It is used at its surface: a queue, and the recovery of what a dead process left. Each kind of job is a workflow with
its own handler, whose only input is the number of a row; what was done is known by our own tables, never by the
engine's.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import msgspec
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import Connection

from contactport.imports.slots import reserve_of
from contactport.store.database import Database
from contactport.store.migrations import SchemaError

QUEUE = "imports"
Kind = Literal["import"]
"""What jobs there are. The word is the workflow's name."""
EMBEDDED = "embedded"
VERSION = "1"
"""Recovery passes over workflows of another version, so an upgrade of this program must not change it."""
POLL_SECONDS = 0.1
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


Handler = Callable[[int, int], Awaitable[None]]
"""Does the job of this number for the row of this number; what it raises fails the job."""


class Job(msgspec.Struct, frozen=True):
    """One job of an import: the first, or the one after it was deferred for the `number`th time.

    Of several that wait, that of the lowest `rank` is taken first.
    """

    import_id: int
    number: int
    rank: int = 0
    kind: Kind = "import"

    @property
    def name(self) -> str:
        """The workflow's id: one job is queued once, however often that is tried."""
        return f"{self.import_id}.{self.number}"


def number_of(name: str) -> int:
    """The number of the job that a workflow's id names."""
    return int(name.rpartition(".")[2])


class Jobs:
    """The queue, as every process sees it: those that only fill it, too."""

    def __init__(self, database: Database) -> None:
        self._client = DBOSClient(**database.job_engine(), serializer=DBOSPortableJSONSerializer(), lazy=True)

    def enqueue(self, connection: Connection, job: Job, delay: float = 0.0) -> None:
        """Queue a job as part of the caller's transaction, to begin in `delay` seconds at the earliest.

        One that is queued already stays as it is.
        """
        options: EnqueueOptions = {
            "workflow_name": job.kind,
            "queue_name": QUEUE,
            "workflow_id": job.name,
            "app_version": VERSION,
            "priority": job.rank + 1,
        }
        if delay > 0:
            options["delay_seconds"] = delay
        self._client.enqueue_in_transaction(connection, options, job.import_id)

    async def forgotten(self, jobs: Sequence[Job]) -> list[Job]:
        """Those of these jobs that no live workflow carries; what is left of theirs is deleted."""
        rows = await self._client.list_workflows_async(
            workflow_ids=[job.name for job in jobs], load_input=False, load_output=False
        )
        live = {row.workflow_id for row in rows if row.status not in _ENDED}
        dead = [row.workflow_id for row in rows if row.workflow_id not in live]
        if dead:
            await self._client.delete_workflows_async(dead)
        return [job for job in jobs if job.name not in live]

    async def hasten(self, job: Job) -> None:
        """Let a job that waits for its time begin now."""
        await self._client.set_workflow_delay_async(job.name, delay_seconds=0)

    async def collect_garbage(self, limit: int = 500) -> int:
        """Delete the engine's own rows of ended workflows, `limit` at most; how many there were."""
        rows = await self._client.list_workflows_async(
            status=_ENDED, limit=limit, load_input=False, load_output=False
        )
        if rows:
            await self._client.delete_workflows_async([row.workflow_id for row in rows])
        return len(rows)

    async def executors(self) -> set[str]:
        """The names of the processes that have taken jobs and not ended them, the living and the dead."""
        rows = await self._client.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        return {row.executor_id for row in rows if row.executor_id is not None}

    async def hand_back(self, executor: str) -> int:
        """Queue again what this process had taken: it must be dead, or have stopped. How many there were."""
        rows = await self._client.list_workflows_async(
            status="PENDING", executor_id=executor, load_input=False, load_output=False
        )
        if rows:
            await self._client.resume_workflows_async([row.workflow_id for row in rows], queue_name=QUEUE)
        return len(rows)

    async def close(self) -> None:
        """Let go of the client's connections."""
        await asyncio.to_thread(self._client.destroy)


class Executor:
    """This process's share of the queue. `handlers` has one for each kind of job.

    The one of "import" carries an import to its end, or to where it is deferred.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        handlers: Mapping[Kind, Handler],
        *,
        concurrency: int,
    ) -> None:
        self.name = name
        self._database = database
        self._handlers = handlers
        self._concurrency = concurrency
        self._running: dict[int, asyncio.Task[None]] = {}
        self._stopping = False
        self._dropping = 0

    async def launch(self) -> None:
        """Take up the queue on the running loop, and what a process of this name left unfinished.

        Raises SchemaError where the engine's tables are not those that it expects.
        """
        config = _config(self._database, self.name)
        config["run_migrations"] = self._database.dialect == "sqlite"
        config["max_executor_threads"] = self._concurrency + 24
        DBOS(config=config)

        for kind, handler in self._handlers.items():
            DBOS.workflow(name=kind)(self._workflow(handler))
        try:
            DBOS.launch()
        except Exception as error:
            await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
            raise SchemaError(
                f"the job engine can't use its tables ({type(error).__name__}): run `contactport migrate` once, with "
                "the same settings, and start again"
            ) from error
        await DBOS.register_queue_async(
            QUEUE,
            # Who of them runs is decided by `slots`.
            worker_concurrency=self._concurrency + reserve_of(self._concurrency),
            polling_interval_sec=POLL_SECONDS,
            on_conflict="always_update",
        )

    @property
    def running(self) -> list[int]:
        """The numbers of the imports that are under way here."""
        return list(self._running)

    def cancel(self, import_id: int) -> None:
        """Cut off an import that this process is running, wherever it is; its job counts as done."""
        task = self._running.get(import_id)
        if task is not None:
            task.cancel()

    async def drop(self) -> None:
        """Cut off all that runs, without an end: each job stays this process's, to be handed back."""
        self._dropping += 1
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._dropping -= 1

    async def stop(self, drain: float) -> None:
        """Stop taking, let what runs go on for `drain` seconds, cut off the rest (its next attempt goes on from what
        is stored), and let go.
        """
        running = list(self._running.values())
        # The engine looks once a second whether all have ended: no reason to wait where nothing runs.
        wait = math.ceil(drain) + 5 if running else 0
        ending = asyncio.create_task(
            asyncio.to_thread(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=wait)
        )
        if running:
            await asyncio.wait(running, timeout=drain)
        self._stopping = True
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await ending
        # It had made its own threads the loop's; they are gone with it, and others still need some.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())

    def _workflow(self, handler: Handler) -> Callable[[int], Awaitable[None]]:
        async def workflow(import_id: int) -> None:
            assert DBOS.workflow_id is not None
            await self._execute(handler, import_id, number_of(DBOS.workflow_id))

        return workflow

    async def _execute(self, handler: Handler, import_id: int, number: int) -> None:
        """The whole job. Cut off by `stop` or `drop`, it is left pending, and goes on when it is handed back."""
        task = asyncio.ensure_future(handler(import_id, number))
        self._running[import_id] = task
        try:
            if self._stopping:
                task.cancel()
            await asyncio.wait([task])
            if self._stopping or self._dropping or not task.cancelled():
                await task
        finally:
            if self._running.get(import_id) is task:
                del self._running[import_id]


def migrate(database: Database) -> None:
    """Make the engine's own tables, or bring them to this version; on the command line, without a loop."""
    config = _config(database, "migrate")
    DBOS(config=config)
    try:
        # It is to change its tables, not to take jobs.
        DBOS.listen_queues([])
        DBOS.launch()
    finally:
        DBOS.destroy(destroy_registry=True)


def _config(database: Database, name: str) -> DBOSConfig:
    config: DBOSConfig = {
        "name": "contactport",
        "serializer": DBOSPortableJSONSerializer(),
        "application_version": VERSION,
        "executor_id": name,
        "log_level": "WARNING",
        "enable_otlp": False,
        # Nothing here waits for the engine's own messages.
        "use_listen_notify": False,
        "notification_listener_polling_interval_sec": 0.2,
    }
    for key, value in database.job_engine().items():
        config[key] = value
    return config
