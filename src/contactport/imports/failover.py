"""Who is alive: the processes that carry imports watch over each other through PostgreSQL.

Each holds a lock in its own name for as long as it lives. Whoever gets the lock of another one has proof that it is
dead, and queues again what it had taken. A process that loses its own lock may be taken for dead, so it first drops
what it carries; should it be slow to notice, what it writes is fenced by the import's epoch.
"""

from __future__ import annotations

import asyncio

import structlog

from contactport import backoff
from contactport.imports.jobs import Executor, Jobs
from contactport.store import imports
from contactport.store.database import Database, unavailable
from contactport.store.locks import Locks, LocksLost

log = structlog.get_logger()

EVERY_SECONDS = 0.4
FIRST_PAUSE = 0.3
LONGEST_PAUSE = 2.0
"""Seconds until the lock is tried again."""
LEADER = "housekeeper"


class Failover:
    """Runs in each process that carries imports on PostgreSQL; made once."""

    def __init__(self, locks: Locks, database: Database, jobs: Jobs, executor: Executor) -> None:
        self._locks = locks
        self._database = database
        self._jobs = jobs
        self._executor = executor
        self.leads = False
        """Whether this process is the one that tidies up."""

    async def begin(self) -> None:
        """Take this process's own lock, before it takes a job. Raises LocksLost."""
        await self._locks.open()
        if not await self._locks.take(self._executor.name):
            raise LocksLost
        self.leads = await self._locks.take(LEADER)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            try:
                await self.look()
            except LocksLost:
                await self._recover()
            except Exception as error:
                if unavailable(error):
                    log.warning("watch_waits_for_database", error=type(error).__name__)
                else:
                    log.error("watch_broke", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """One round: find the dead, take up what they left, and cut off here what was erased elsewhere."""
        # First of all: what is done below is done by one that others take for alive.
        await self._locks.check()
        if not self.leads:
            self.leads = await self._locks.take(LEADER)
        for name in await self._jobs.executors():
            if name == self._executor.name or not await self._locks.take(name):
                continue
            try:
                count = await self._jobs.hand_back(name)
            finally:
                await self._locks.free(name)
            log.warning("executor_died", executor=name, imports=count)
        running = self._executor.running
        if running:
            for import_id in await self._database.read(imports.ended, running):
                self._executor.cancel(import_id)

    async def _recover(self) -> None:
        """The lock is lost: drop what is carried, take the lock again, and hand back what nobody has taken up."""
        self.leads = False
        log.error("lock_lost", executor=self._executor.name, running=len(self._executor.running))
        await self._executor.drop()
        pauses = backoff.pauses(FIRST_PAUSE, LONGEST_PAUSE)
        while True:
            try:
                await self.begin()
                count = await self._jobs.hand_back(self._executor.name)
                break
            except Exception as error:
                log.warning("lock_waits_for_database", error=type(error).__name__)
            await asyncio.sleep(next(pauses))
        log.info("lock_taken_again", executor=self._executor.name, imports=count)
