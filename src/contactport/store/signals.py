"""Signals between processes: who waits for an import's events is woken when they change.

A change is announced in the transaction that makes it, and reaches the waiting tasks when that is stored: on SQLite
through the process itself, on PostgreSQL through LISTEN and NOTIFY, to every process that listens. The message is
only the import's number. It is only a hint: a waiting task also reads again from time to time without one, so that
a lost announcement (the connection was away, or one was left out) delays it only a little.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, LiteralString

import psycopg
import structlog
from sqlalchemy import Connection, func, select

from contactport import backoff
from contactport.store.database import after_commit
from contactport.store.engines import session

log = structlog.get_logger()

CHANNEL: LiteralString = "contactport_events"
APART_SECONDS = 0.5
"""The shortest time between two announcements of an import: PostgreSQL's commits with NOTIFY wait for each other."""
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
"""Seconds until a lost connection is tried again."""


class Watcher:
    """A waiting task's side: waits for one import, on the event loop that it was made on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """End the present wait, or the next one. From any thread, while the loop runs."""
        self._loop.call_soon_threadsafe(self._woken.set)

    async def wait(self, seconds: float) -> bool:
        """Wait until it is woken, or until the seconds have passed. Returns whether it was woken."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        woken = self._woken.is_set()
        self._woken.clear()
        return woken


class Signals:
    """The announcements of one database. Without a `uri` of PostgreSQL, only those of this process."""

    def __init__(self, uri: str = "") -> None:
        self._uri = uri
        self._watchers: dict[int, set[Watcher]] = {}
        # Wakers come from the writing threads as well.
        self._lock = threading.Lock()
        self._listener: asyncio.Task[None] | None = None

    def announce(self, connection: Connection, import_id: int) -> None:
        """Announce, after this transaction is stored, that the events of this import have changed."""
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_notify(CHANNEL, str(import_id))))
        else:
            after_commit(connection, partial(self.wake, import_id))

    @contextmanager
    def watch(self, import_id: int) -> Generator[Watcher]:
        """A watcher of this import. It does not know earlier changes: read once after this, then wait."""
        watcher = Watcher()
        with self._lock:
            self._watchers.setdefault(import_id, set()).add(watcher)
        try:
            yield watcher
        finally:
            with self._lock:
                left = self._watchers[import_id]
                left.discard(watcher)
                if not left:
                    del self._watchers[import_id]

    def wake(self, import_id: int | None = None) -> None:
        """Wake the tasks that wait for this import, or all tasks. From any thread."""
        # Under the lock: whoever has stopped watching may have taken its loop along.
        with self._lock:
            found = self._watchers.values() if import_id is None else [self._watchers.get(import_id, set())]
            for watchers in found:
                for watcher in watchers:
                    watcher.wake()

    async def open(self) -> None:
        """Listen to other processes until `close`. Without PostgreSQL there are none."""
        if self._uri and self._listener is None:
            self._listener = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None

    async def _listen(self) -> None:
        """Listen until cancelled. After a lost connection, open another."""
        pauses = backoff.pauses(FIRST_PAUSE, LONGEST_PAUSE)
        while True:
            try:
                async with await self._connect() as connection:
                    pauses = backoff.pauses(FIRST_PAUSE, LONGEST_PAUSE)
                    # What was announced while nobody listened is lost.
                    self.wake()
                    async for notification in connection.notifies():
                        self._hear(notification.payload)
            except psycopg.Error as error:
                log.warning("signals_lost", error=type(error).__name__)
            except Exception as error:
                log.error("signals_broke", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(next(pauses))

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(self._uri, autocommit=True, **session(self._uri))
        try:
            await connection.execute("SET idle_session_timeout = 0")
            await connection.execute(f"LISTEN {CHANNEL}")
        except BaseException:
            await connection.close()
            raise
        return connection

    def _hear(self, payload: str) -> None:
        if payload.isascii() and payload.isdigit() and len(payload) <= 10:
            self.wake(int(payload))
