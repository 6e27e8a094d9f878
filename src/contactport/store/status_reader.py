"""Reader of the stats of a database that others use. Makes nothing, migrates nothing and blocks nobody."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from contactport.store import stats
from contactport.store.beside import DATABASE, connect_beside
from contactport.store.engines import postgresql
from contactport.store.migrations import SchemaError, check
from contactport.store.open import RING
from contactport.store.stats import Stats
from contactport.store.writable import FolderError


class StatusReader:
    """Reads the stats on each call. Raises FolderError if there is no data folder, or no database in it."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self._folder = folder
        self._path = folder / DATABASE
        self._checked = False
        if database_url:
            self._engine = postgresql(database_url).reading
            return
        if not folder.is_dir():
            raise FolderError(
                f"there is no data folder {folder}: name the service's with --data or CONTACTPORT_DATA (its first "
                "start makes it)"
            )
        if not self._path.exists():
            raise FolderError(
                f"there is no database in the data folder {folder}: the first start of `contactport serve` makes it. "
                "If the service is on PostgreSQL, set CONTACTPORT_DATABASE_URL."
            )
        # A connection a look: which way is right may be another one the next time.
        self._engine = create_engine("sqlite://", creator=self._connect, poolclass=NullPool)

    def look(self) -> Stats:
        """The present stats, with those of the last hour. Raises FolderError, SchemaError."""
        try:
            with self._engine.connect() as connection:
                self._check(connection)
                found = stats.read(connection, last_hour=True)
        except DBAPIError as error:
            raise FolderError(f"the database can't be read: {error.orig}") from None
        return msgspec.structs.replace(found, ring_keys=stats.ring_keys(self._folder / RING))

    def close(self) -> None:
        """Close the connection."""
        self._engine.dispose()

    def _check(self, connection: Connection) -> None:
        if self._checked:
            return
        try:
            check(connection)
        except SchemaError as error:
            told, can_be_mended, _ = str(error).partition(": run `contactport migrate`")
            if can_be_mended and connection.dialect.name == "sqlite":
                raise SchemaError(f"{told}: `contactport serve` upgrades it when it starts") from None
            raise
        self._checked = True

    def _connect(self) -> sqlite3.Connection:
        connection = connect_beside(self._path)
        connection.isolation_level = None
        connection.execute("BEGIN")
        return connection
