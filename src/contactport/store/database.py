"""The two ways into the database: some reading threads, and one that writes.

A function that runs whole inside one thread costs one hop from the event loop and back; an asynchronous driver
costs one a statement. SQLite has one writer anyway: a single writing thread makes the others wait in order instead
of fighting for the lock (`docs/decisions/0008-threads-not-an-asynchronous-driver.md`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event

P = ParamSpec("P")
T = TypeVar("T")

_READERS = 4
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=30000",
    "PRAGMA foreign_keys=ON",
    # Freed pages are overwritten with zeros: what a purge deletes is not left in the file.
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
)


def _prepare(engine: Engine, begin: str) -> None:
    """Let SQLAlchemy, and not the driver, say when a transaction begins, and how."""

    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


class Database:
    """One SQLite file in WAL mode."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self.engine: Engine = create_engine(self.url)
        _prepare(self.engine, "BEGIN IMMEDIATE")
        self._reader = create_engine(self.url, pool_size=_READERS)
        _prepare(self._reader, "BEGIN")
        self._readers = ThreadPoolExecutor(max_workers=_READERS, thread_name_prefix="store-reader")
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-writer")

    def write_now(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`function(connection, …)` in one transaction, in this thread: for the command line."""
        with self.engine.begin() as connection:
            return function(connection, *args, **kwargs)

    async def write(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`function(connection, …)` in one transaction, in the writer's thread.

        A cancelled caller does not stop a transaction that has begun: it is committed or rolled back whole.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, lambda: self.write_now(function, *args, **kwargs))

    async def read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`function(connection, …)` in a reading thread; it sees one state of the database."""

        def reading() -> T:
            with self._reader.connect() as connection:
                return function(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._readers, reading)

    def truncate_log(self) -> None:
        """Empty the write-ahead log, so that nothing deleted is left in it (best effort while others read)."""
        with self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Wait for the threads, then let go of every connection."""
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._writer.shutdown)
        self._reader.dispose()
        self.engine.dispose()
