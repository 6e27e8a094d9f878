"""Reading a SQLite database that others may have open: nothing in it is changed, and nobody waits for it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

DATABASE = "contactport.db"
"""The database's file in a data folder."""
BUSY_SECONDS = 5.0


def connect_beside(path: Path) -> sqlite3.Connection:
    """A connection that can't write. Raises sqlite3.Error.

    SQLite keeps what is not in the file yet in a log beside it, and an index of that in shared memory. Where one of
    them is there, a process has the database open or has died with it open, and both are read. Where neither is,
    nobody has it open, and "immutable" says that no file need be made to read it.
    """
    log, index = (path.with_name(path.name + ending) for ending in ("-wal", "-shm"))
    is_open = index.exists() or (log.exists() and log.stat().st_size > 0)
    how = "mode=ro" if is_open else "immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=BUSY_SECONDS)
