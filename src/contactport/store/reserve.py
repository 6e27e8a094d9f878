"""Reserve on the data folder's disk, so that ends, erasures and purges work while the disk is full.

A file of a few megabytes is kept next to a SQLite database. It is deleted when the disk is full, and made again when
there is room. Until then nothing new is stored: the freed space is for operations that make room.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from sqlalchemy.exc import DBAPIError

SIZE = 4 * 1024 * 1024
_FULL = "database or disk is full"


class DiskFull(RuntimeError):
    """The disk is full, or almost full: nothing new is stored."""


def is_full(error: DBAPIError) -> bool:
    """Whether SQLite found no room on the disk."""
    return _FULL in str(error.orig)


class Reserve:
    """The reserve of one data folder. For PostgreSQL there is none: the operator watches its disk."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / "reserve"
        self._lock = threading.Lock()
        self.full = False
        """Whether nothing new may be stored."""

    def check(self) -> None:
        """Raises DiskFull where nothing new is to be stored."""
        if self.full:
            raise DiskFull("the disk of the data folder is full")

    def give_up(self) -> bool:
        """Delete the reserve, because the database has found no room. Returns whether there was a reserve."""
        if self._path is None:
            return False
        with self._lock:
            self.full = True
            if not self._path.exists():
                return False
            self._path.unlink()
            return True

    def look(self) -> None:
        """Look how much room there is, and make the reserve again if there is enough."""
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
