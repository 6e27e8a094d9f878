"""Opening the data folder: the database, its schema and the ring that belongs to it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy.exc import DBAPIError

from contactport.store.beside import DATABASE
from contactport.store.database import Database
from contactport.store.engines import postgresql, sqlite
from contactport.store.migrations import check, migrate
from contactport.store.ring_binding import open_ring
from contactport.store.signals import Signals
from contactport.store.vault import Ring
from contactport.store.writable import FolderError, check_writable

RING = "ring.json"


class Store(msgspec.Struct, frozen=True):
    """The open data folder. `made` lists, as text, what was made."""

    folder: Path
    database: Database
    ring: Ring
    signals: Signals
    made: tuple[str, ...]


def open_store(folder: Path, database_url: str = "", *, upgrade: bool = False) -> Store:
    """Open the folder and the database, and make what is missing.

    A SQLite database is brought to this version's schema; PostgreSQL only with `upgrade`, since others may be using
    it. Raises FolderError, RingError, SchemaError, SettingError.

    Several processes may do so at the same time: a lock file lets them do it one after the other.
    """
    check_writable(folder)
    made: list[str] = []
    engines = postgresql(database_url) if database_url else sqlite(folder / DATABASE)
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            made.append(f"data folder {folder}")
        with _locked(folder / "setup.lock"):
            path = folder / DATABASE
            if not database_url and not path.exists():
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
                made.append(f"database {path}")
            database = Database(engines, None if database_url else folder)
            database.write_now(migrate if upgrade or not database_url else check)
            ring, ring_made = open_ring(database, folder / RING)
            made += ring_made
    except OSError as error:
        raise FolderError(f"the data folder {folder} can't be used: {error.strerror}") from None
    except DBAPIError as error:
        # The driver's own words: the engine's would add the statement and a link.
        if database_url:
            raise FolderError(f"the database (database_url) can't be used: {error.orig}") from None
        raise FolderError(f"the database {folder / DATABASE} can't be used: {error.orig}") from None
    return Store(folder, database, ring, Signals(database_url), tuple(made))


@contextmanager
def _locked(path: Path) -> Generator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
