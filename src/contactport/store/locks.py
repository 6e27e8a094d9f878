"""Locks of a process. PostgreSQL frees them at the moment when the process dies.

They are advisory locks of one session, a connection that is used for nothing else. It must lead to the
server itself, or through a pooler that keeps sessions.
"""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg

from contactport.store.engines import session

_SERVER_SIDE = (
    # A process whose host has vanished is noticed by the server within ten seconds; over a socket these do nothing.
    "SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; "
    "SET tcp_user_timeout = 10000; "
    # A process that is there but hangs asks nothing any more: its locks go as well.
    "SET idle_session_timeout = 10000; "
    # By this name the processes that live are counted (`store/stats.py`).
    "SET application_name = 'contactport worker'"
)


class LocksLost(Exception):
    """The session has ended, and every lock with it."""

    def __init__(self) -> None:
        super().__init__(
            "the PostgreSQL server (database_url) can't be had, or has ended this process's session: check that it "
            "runs and takes connections"
        )


class Locks:
    """The locks of one process. Not for several tasks at once. `check` must be called every few seconds."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def open(self) -> None:
        """Begin a session without any lock. Raises LocksLost while the server can't be reached."""
        await self.close()
        try:
            self._connection = await psycopg.AsyncConnection.connect(
                self._uri, autocommit=True, **session(self._uri)
            )
            await self._connection.execute(_SERVER_SIDE)
        except psycopg.Error as error:
            raise LocksLost from error

    async def take(self, name: str) -> bool:
        """Whether this process has the lock now; taken twice it must be freed twice. Raises LocksLost."""
        return await self._ask("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name)

    async def free(self, name: str) -> None:
        """Free a lock. Raises LocksLost."""
        await self._ask("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", name)

    async def check(self) -> None:
        """Raises LocksLost when the session has ended."""
        if self._connection is None:
            raise LocksLost
        try:
            await self._connection.execute("SELECT 1")
        except psycopg.Error as error:
            raise LocksLost from error

    async def close(self) -> None:
        """End the session, and so free every lock."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _ask(self, question: LiteralString, name: str) -> bool:
        if self._connection is None:
            raise LocksLost
        try:
            cursor = await self._connection.execute(question, (f"contactport/{name}",))
            row = await cursor.fetchone()
        except psycopg.Error as error:
            raise LocksLost from error
        return bool(row and row[0])
