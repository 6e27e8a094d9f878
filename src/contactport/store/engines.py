"""Engines: connections to a SQLite file or to a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine, create_engine, event

from contactport.settings import SettingError

SQLITE_READERS = 2
"""With one thread, polls would wait for a long answer. More than two only compete for Python's lock."""
POSTGRESQL_THREADS = 4
"""Of each kind, reading and writing. With the queue's, the job engine's, and those of locks and signals an API has
at most 13 connections, a worker 17, and a process that is both 18."""
JOB_CONNECTIONS = 4

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=30000",
    "PRAGMA foreign_keys=ON",
    # Freed pages are overwritten with zeros: what a purge deletes is not left in the file.
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
)

_SESSION: dict[str, Any] = {
    "connect_timeout": 10,
    "application_name": "contactport",
    # A server whose host has vanished is noticed within half a minute, instead of two hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


class Engines(msgspec.Struct, frozen=True):
    """One database: its engine for writing and for reading, with how many threads each."""

    dialect: Literal["sqlite", "postgresql"]
    writing: Engine
    reading: Engine
    writers: int
    readers: int
    for_jobs: Callable[[], dict[str, Any]]

    def dispose(self) -> None:
        """Close every connection that is not in use."""
        self.reading.dispose()
        self.writing.dispose()


def sqlite(path: Path) -> Engines:
    """One SQLite file in WAL mode: one writer, several readers."""
    url = f"sqlite:///{path}"
    writing = create_engine(url)
    _prepare(writing, "BEGIN IMMEDIATE")
    reading = create_engine(url, pool_size=SQLITE_READERS)
    _prepare(reading, "BEGIN")
    return Engines("sqlite", writing, reading, 1, SQLITE_READERS, lambda: {"system_database_url": url})


def _prepare(engine: Engine, begin: str) -> None:
    """Let SQLAlchemy, not the driver, begin each transaction."""

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


def postgresql(uri: str) -> Engines:
    """A PostgreSQL database by any URI that libpq accepts. Raises SettingError for other URIs."""
    check_uri(uri)
    writing = _pool(uri, POSTGRESQL_THREADS)
    reading = _pool(uri, POSTGRESQL_THREADS).execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    return Engines(
        "postgresql",
        writing,
        reading,
        POSTGRESQL_THREADS,
        POSTGRESQL_THREADS,
        lambda: {"system_database_engine": _pool(uri, JOB_CONNECTIONS)},
    )


def _pool(uri: str, size: int) -> Engine:
    # SQLAlchemy's own URLs know neither several hosts nor a service file; libpq's do.
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(uri, **session(uri)),
        pool_size=size,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=True,
    )


def session(uri: str) -> dict[str, Any]:
    """The libpq options of every connection, unless the URI has others."""
    given = conninfo_to_dict(uri)
    return {name: value for name, value in _SESSION.items() if name not in given}


def check_uri(uri: str) -> None:
    """Raises SettingError for a URI that libpq can't read. Its text has no part of the URI, which has a password."""
    if not uri.startswith(("postgresql://", "postgres://")):
        raise SettingError(
            "database_url: only PostgreSQL is reached by a URL. Write postgresql://USER:PASSWORD@HOST/DATABASE, or "
            "postgresql:///DATABASE?host=/var/run/postgresql for a socket; leave it empty for SQLite."
        )
    try:
        conninfo_to_dict(uri)
    except psycopg.ProgrammingError:
        raise SettingError(
            "database_url: this is not a URL that PostgreSQL's library can read. Write "
            "postgresql://USER:PASSWORD@HOST/DATABASE, with %-escapes in the password."
        ) from None
