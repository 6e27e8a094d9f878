"""The two ways into the database: asynchronous reads, and one synchronous writer.

SQLite has one writer anyway. A single writer thread makes the others wait in order instead of fighting for the
lock, and a transaction that runs whole inside one thread costs a third of an asynchronous one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

P = ParamSpec("P")
T = TypeVar("T")

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
        self._reader: AsyncEngine = create_async_engine(f"sqlite+aiosqlite:///{path}")
        _prepare(self._reader.sync_engine, "BEGIN")
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

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """A connection that sees one state of the database."""
        async with self._reader.connect() as connection:
            yield connection

    def truncate_log(self) -> None:
        """Empty the write-ahead log, so that nothing deleted is left in it (best effort while others read)."""
        with self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Wait for the writer, then let go of every connection."""
        await asyncio.to_thread(self._writer.shutdown)
        await self._reader.dispose()
        self.engine.dispose()
