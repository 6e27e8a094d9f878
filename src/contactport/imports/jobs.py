"""The job engine, DBOS: the only file that knows it.

It is used at its surface: a queue, and the recovery of what a dead process left. A workflow's only input is an
import's number; what an import has stored is known by our own tables, never by the engine's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import Connection

QUEUE = "imports"
WORKFLOW = "import"
EXECUTOR = "embedded"
VERSION = "1"
"""Recovery passes over workflows of another version, so an upgrade of this program must not change it."""
POLL_SECONDS = 0.1
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


class Jobs:
    """One process's share of the queue. `perform` carries one import to its end."""

    def __init__(self, database_url: str, perform: Callable[[int], Awaitable[None]], workers: int) -> None:
        self._url = database_url
        self._perform = perform
        self._workers = workers
        self._running: dict[int, asyncio.Task[None]] = {}
        self._stopping = False
        self._client: DBOSClient | None = None

    async def launch(self) -> None:
        """Take up the queue on the running loop, and what this executor left unfinished."""
        DBOS(
            config={
                "name": "contactport",
                "system_database_url": self._url,
                "serializer": DBOSPortableJSONSerializer(),
                "application_version": VERSION,
                "executor_id": EXECUTOR,
                "log_level": "WARNING",
                "enable_otlp": False,
                "max_executor_threads": self._workers + 24,
            }
        )

        async def workflow(import_id: int) -> None:
            await self._carry(import_id)

        DBOS.workflow(name=WORKFLOW)(workflow)
        DBOS.launch()
        self._client = DBOSClient(
            system_database_url=self._url, serializer=DBOSPortableJSONSerializer(), lazy=True
        )
        await DBOS.register_queue_async(
            QUEUE,
            worker_concurrency=self._workers,
            polling_interval_sec=POLL_SECONDS,
            on_conflict="always_update",
        )

    def enqueue(self, connection: Connection, import_id: int) -> None:
        """Queue an import as part of the caller's transaction; one that is queued already stays as it is."""
        assert self._client is not None
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": str(import_id),
            "app_version": VERSION,
        }
        self._client.enqueue_in_transaction(connection, options, import_id)

    async def forgotten(self, import_ids: Collection[int]) -> list[int]:
        """Those of these imports that no live workflow carries; what is left of theirs is deleted."""
        names = [str(number) for number in import_ids]
        rows = await DBOS.list_workflows_async(workflow_ids=names, load_input=False, load_output=False)
        live = {row.workflow_id for row in rows if row.status not in _ENDED}
        dead = [row.workflow_id for row in rows if row.workflow_id not in live]
        if dead:
            await DBOS.delete_workflows_async(dead)
        return [number for number in import_ids if str(number) not in live]

    async def collect_garbage(self, limit: int = 500) -> int:
        """Delete the engine's own rows of ended workflows, `limit` at most; how many there were."""
        rows = await DBOS.list_workflows_async(
            status=_ENDED, limit=limit, load_input=False, load_output=False
        )
        if rows:
            await DBOS.delete_workflows_async([row.workflow_id for row in rows])
        return len(rows)

    async def stop(self) -> None:
        """Stop taking, cut off what runs (its next attempt goes on from what is stored), and let go."""
        self._stopping = True
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        if self._client is not None:
            await asyncio.to_thread(self._client.destroy)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        # It had made its own threads the loop's; they are gone with it, and others still need some.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())

    def cancel(self, import_id: int) -> None:
        """Cut off an import that this process is carrying, wherever it is; its job counts as done."""
        task = self._running.get(import_id)
        if task is not None:
            task.cancel()

    async def _carry(self, import_id: int) -> None:
        """The whole job. Cut off by `stop`, it is left pending, and recovered by the next launch."""
        task = asyncio.ensure_future(self._perform(import_id))
        self._running[import_id] = task
        try:
            if self._stopping:
                task.cancel()
            await asyncio.wait([task])
            if self._stopping or not task.cancelled():
                await task
        finally:
            del self._running[import_id]
