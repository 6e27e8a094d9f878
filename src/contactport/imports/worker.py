"""What a process needs to carry imports: its share of the queue, its watch over others, and the housekeeping."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from contextlib import suppress

from contactport.imports.attempt import Attempts
from contactport.imports.failover import Failover
from contactport.imports.housekeeping import Housekeeper
from contactport.imports.jobs import EMBEDDED, Executor, Jobs
from contactport.settings import Settings
from contactport.store.locks import Locks
from contactport.store.open import Store


def name_of_this_process() -> str:
    """A name that no other process has, on any host, nor ever had."""
    return f"{socket.gethostname()[:64]}-{os.getpid()}-{secrets.token_hex(6)}"


class Worker:
    """Embedded it is alone, and what it leaves is taken up by the next start; on PostgreSQL it is one of many."""

    def __init__(self, store: Store, settings: Settings, jobs: Jobs, attempts: Attempts) -> None:
        self._settings = settings
        self._jobs = jobs
        self._distributed = bool(settings.database_url)
        self._executor = Executor(
            store.database,
            name_of_this_process() if self._distributed else EMBEDDED,
            {"import": attempts.perform},
            concurrency=settings.import_concurrency,
        )
        self._watching: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None
        self._locks = Locks(settings.database_url)
        self._failover = Failover(self._locks, store.database, jobs, self._executor)
        leads = (lambda: self._failover.leads) if self._distributed else (lambda: True)
        self._housekeeper = Housekeeper(store, settings, jobs, leads)

    async def start(self) -> None:
        """Take up the queue. Raises SchemaError, and LocksLost where the database can't be had."""
        if self._distributed:
            await self._failover.begin()
        await self._executor.launch()
        if self._distributed:
            self._watching = asyncio.create_task(self._failover.run())
        self._tidying = asyncio.create_task(self._housekeeper.run())

    def cancel(self, import_id: int) -> None:
        """Cut off an import that is under way here; those elsewhere notice by themselves."""
        self._executor.cancel(import_id)

    async def stop(self) -> None:
        """Stop taking, finish what can be finished within `drain_seconds`, and hand back the rest."""
        await _end(self._tidying)
        await self._executor.stop(self._settings.drain_seconds)
        # Only now: as long as imports go on here, others must know that this process lives.
        await _end(self._watching)
        if self._distributed:
            await self._jobs.hand_back(self._executor.name)
        await self._locks.close()


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
