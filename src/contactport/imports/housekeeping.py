"""Housekeeping: purge what is due, end or re-queue what was forgotten, let old keys go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy import Connection

from contactport.errors import Code
from contactport.imports import pending
from contactport.imports.jobs import Job, Jobs
from contactport.imports.to_error import refused
from contactport.settings import Settings
from contactport.store import (
    breakers,
    domains,
    endings,
    hosts,
    idempotency,
    imports,
    login_failures,
    token_buckets,
)
from contactport.store.clock import now_ms
from contactport.store.imports import Unfinished
from contactport.store.open import Store
from contactport.store.writable import FolderError

log = structlog.get_logger()

EVERY_SECONDS = 2.0
SETTLED_MS = 30_000
"""An import younger than this is not looked for in the queue."""
GRACE_MS = 60_000
"""An attempt ends itself at the deadline; the sweeper ends only after this much more what nobody carries."""
LONGEST_OVERDUE_MS = 86_400_000
"""What somebody carries ends by the executor's own clock, which nobody can set; so late it is the sweeper's all the
same."""
FARTHEST_MS = 2 * token_buckets.LONGEST_WAIT_MS
"""No import is ever deferred for so long at a time."""


class Housekeeper:
    """Runs in each process that carries imports, and works in the one that `leads`; made once."""

    def __init__(
        self, store: Store, settings: Settings, jobs: Jobs, leads: Callable[[], bool] = lambda: True
    ) -> None:
        self._leads = leads
        self._store = store
        self._settings = settings
        self._jobs = jobs
        # A process before this one may have been killed in the middle.
        self._left = True

    async def run(self) -> None:
        """Tidy up every two seconds, until cancelled. One round's failure is logged and does not end the next."""
        while True:
            try:
                if self._leads():
                    await self.tidy()
            except FolderError as error:
                log.error("data_folder_read_only", hint=str(error))
            except Exception as error:
                log.error("housekeeping_broke", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(EVERY_SECONDS)

    async def tidy(self) -> None:
        """One round."""
        await self._purge()
        await self._end_pending()
        await self._sweep()
        await self._jobs.collect_garbage()
        await self._destroy_old_keys()

    async def _purge(self) -> None:
        database = self._store.database
        await asyncio.to_thread(database.reserve.look)
        rows = not database.reserve.full
        purged = await database.write(_purge, rows=rows)
        if not rows:
            self._left = True
            log.error(
                "disk_full", hint="make room on the data folder's disk: nothing new is stored until then"
            )
        while self._left:
            await asyncio.to_thread(database.truncate_log)
            self._left = await database.write(endings.delete_left)
        if purged:
            await asyncio.to_thread(self._store.database.truncate_log)
            log.info("imports_purged", count=len(purged))

    async def _end_pending(self) -> None:
        ended = await self._store.database.write(pending.end_overdue, self._store)
        if ended:
            log.info("pending_imports_ended", count=ended)

    async def _sweep(self) -> None:
        now = now_ms()
        unfinished = await self._store.database.read(imports.unfinished)
        settled = [one for one in unfinished if one.started_at < now - SETTLED_MS]
        for one in unfinished:
            if (one.not_before or 0) > now + FARTHEST_MS:
                # It was deferred by a clock that has been set back since.
                await self._jobs.hasten(Job(one.id, one.job))
                log.warning("import_hastened", import_id=one.id)
        overdue = {one.id: one for one in settled if one.deadline + GRACE_MS < now}
        jobs = [Job(one.id, one.job) for one in settled]
        for job in await self._jobs.forgotten(jobs) if jobs else []:
            if job.import_id in overdue:
                await self._end(overdue.pop(job.import_id))
            elif await self._store.database.write(self._requeue, job):
                log.warning("import_requeued", import_id=job.import_id)
        for one in overdue.values():
            if one.deadline + LONGEST_OVERDUE_MS < now:
                await self._end(one)

    async def _end(self, one: Unfinished) -> None:
        await self._store.database.write(self._give_up, one)
        log.error("import_swept", import_id=one.id)

    def _requeue(self, connection: Connection, job: Job) -> bool:
        """Queue a forgotten job again, unless its import has ended or has its next job meanwhile."""
        one = imports.candidate(connection, job.import_id)
        if one is None or one.job != job.number:
            return False
        self._jobs.enqueue(connection, job)
        return True

    def _give_up(self, connection: Connection, one: Unfinished) -> None:
        failure = refused(Code.UNEXPECTED, one.way)
        endings.fail(connection, one.id, failure.code, failure.text)
        self._store.signals.announce(connection, one.id)

    async def _destroy_old_keys(self) -> None:
        """A daily key goes when nothing that it sealed can still be wanted."""
        longest = await self._store.database.read(domains.longest_retention)
        times = int(self._settings.import_seconds + self._settings.pending_seconds)
        keep = max(longest, self._settings.retention) + times + GRACE_MS // 1000
        gone = self._store.ring.destroy_older_than(keep)
        if gone:
            log.info("ring_keys_destroyed", count=gone)


def _purge(connection: Connection, *, rows: bool = True) -> list[int]:
    """Forget what is too old and purge what is due; the imports that went."""
    idempotency.forget_old(connection)
    login_failures.forget_old(connection)
    hosts.forget_old(connection)
    token_buckets.forget_old(connection)
    breakers.forget_old(connection)
    return endings.purge_due(connection, rows=rows)
