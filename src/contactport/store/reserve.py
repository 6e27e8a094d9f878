"""Room kept on the data folder's disk, so that ending, erasing and purging never wait for what filled it.

A file of a few megabytes is held beside a SQLite database. It is deleted when the disk is full, and made again when
there is room. Until then nothing new is stored: what is freed is for what makes room.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from sqlalchemy.exc import DBAPIError

SIZE = 4 * 1024 * 1024
_FULL = "database or disk is full"


class DiskFull(RuntimeError):
    """The disk is full, or nearly so: nothing new is stored."""


def is_full(error: DBAPIError) -> bool:
    """Whether SQLite found no room on the disk."""
    return _FULL in str(error.orig)


class Reserve:
    """The reserve of one data folder. Of a PostgreSQL nothing is held: its disk is another's to keep free."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / "reserve"
        self._lock = threading.Lock()
        self.full = False
        """Whether nothing new is to be stored."""

    def check(self) -> None:
        """Raises DiskFull where nothing new is to be stored."""
        if self.full:
            raise DiskFull("the disk of the data folder is full")

    def give_up(self) -> bool:
        """Make room, for the database has found none; whether there was any to make."""
        if self._path is None:
            return False
        with self._lock:
            self.full = True
            if not self._path.exists():
                return False
            self._path.unlink()
            return True

    def look(self) -> None:
        """See how much room there is, and take the reserve back where there is enough."""
        if self._path is None:
            return
        with self._lock:
            found = os.statvfs(self._path.parent)
            free = found.f_bavail * found.f_frsize
            if not self._is_held() and free >= 2 * SIZE:
                self._take()
            held = self._is_held()
            if held and free >= SIZE:
                self.full = False
            elif not held or free < SIZE // 4:
                self.full = True

    def _is_held(self) -> bool:
        assert self._path is not None
        try:
            return self._path.stat().st_size >= SIZE
        except FileNotFoundError:
            return False

    def _take(self) -> None:
        assert self._path is not None
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(handle, 0, SIZE)
        except OSError:
            self._path.unlink(missing_ok=True)
        finally:
            os.close(handle)
