"""Database: runs functions in reading threads and in writing threads.

A function that runs completely in one thread needs one hop from the event loop and back. An asynchronous driver
needs one hop for each statement. SQLite has only one writer: with one writing thread, the others wait in order and
don't compete for the lock (`docs/decisions/0008-threads-not-an-asynchronous-driver.md`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contactport.store.engines import Engines
from contactport.store.reserve import DiskFull, Reserve, is_full
from contactport.store.ring_file import RingError
from contactport.store.writable import FolderError, became_read_only

P = ParamSpec("P")
T = TypeVar("T")

ROLLED_BACK = frozenset({"40001", "40P01"})
"""PostgreSQL's serialization failure and deadlock: it undid one transaction whole, to let another pass."""
TRIES = 5
_AFTER_COMMIT = "contactport_after_commit"
_READ_ONLY = "attempt to write a readonly database"


def unavailable(error: BaseException) -> bool:
    """Whether an error says that the database is away, full or refusing, so that another try later may succeed.

    The same holds for a key ring that can't be read, which may be a file of another host, and for a data folder
    that has become read-only.
    """
    return isinstance(
        error,
        OperationalError | InterfaceError | InternalError | PoolTimeout | RingError | DiskFull | FolderError,
    )


def after_commit(connection: Connection, function: Callable[[], None]) -> None:
    """Call `function` in the writing thread after this transaction is stored, and not if it is rolled back."""
    connection.info.setdefault(_AFTER_COMMIT, []).append(function)


class Database:
    """One database, SQLite or PostgreSQL, behind threads of its own."""

    def __init__(self, engines: Engines, folder: Path | None = None) -> None:
        """`folder` is where the file of SQLite is."""
        self.engine: Engine = engines.writing
        self.dialect: Literal["sqlite", "postgresql"] = engines.dialect
        self._engines = engines
        self._folder = folder
        self.reserve = Reserve(folder)
        """The reserve on its disk."""
        self._readers = ThreadPoolExecutor(engines.readers, thread_name_prefix="store-reader")
        self._writers = ThreadPoolExecutor(engines.writers, thread_name_prefix="store-writer")

    def write_now(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(connection, …)` in one transaction, in this thread. For the command line.

        It runs again when PostgreSQL has undone the transaction to resolve a deadlock, and when SQLite found no
        room and there was a reserve to delete.
        """
        for tries in range(1, TRIES + 1):
            try:
                return self._write_once(lambda connection: function(connection, *args, **kwargs))
            except DBAPIError as error:
                if is_full(error) and self.reserve.give_up():
                    continue
                if self._folder is not None and _READ_ONLY in str(error.orig):
                    raise became_read_only(self._folder) from None
                if tries == TRIES or getattr(error.orig, "sqlstate", None) not in ROLLED_BACK:
                    raise
        raise AssertionError("the last try returns or raises")

    def _write_once(self, function: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            connection.info[_AFTER_COMMIT] = []
            with connection.begin():
                found = function(connection)
            due: list[Callable[[], None]] = connection.info[_AFTER_COMMIT]
        for one in due:
            one()
        return found

    async def write(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(connection, …)` in one transaction, in a writing thread.

        A cancelled caller does not stop a transaction that has begun: it is committed or rolled back whole.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writers, lambda: self.write_now(function, *args, **kwargs))

    def read_now(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(connection, …)` in this thread. It sees one state of the database."""
        with self._engines.reading.connect() as connection:
            return function(connection, *args, **kwargs)

    async def read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(connection, …)` in a reading thread. It sees one state of the database."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: self.read_now(function, *args, **kwargs))

    def job_engine(self) -> dict[str, Any]:
        """The arguments that give the job engine its own connection pool on this database."""
        return self._engines.for_jobs()

    def truncate_log(self) -> None:
        """Empty SQLite's write-ahead log, so that no deleted data is left in it (best effort while others read).

        PostgreSQL keeps its log: there the destroyed key makes the data unreadable.
        """
        if self.dialect != "sqlite":
            return
        with self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Wait for the threads, then close every connection."""
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._writers.shutdown)
        self._engines.dispose()
