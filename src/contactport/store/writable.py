"""Checks before the start that the data folder and its files can be written."""

from __future__ import annotations

import os
from pathlib import Path

FILES = (
    "contactport.db",
    "contactport.db-wal",
    "contactport.db-shm",
    "setup.lock",
    "serve.lock",
    "ring.json.lock",
)
"""Files that are written in place. A key ring is replaced as a whole, so only its folder matters."""


class FolderError(RuntimeError):
    """The data folder or its database can't be used; the text names it and says why."""


def check_writable(folder: Path) -> None:
    """Raises FolderError if the folder, or a file in it that must be written, is read-only."""
    told = read_only(folder)
    if told:
        raise FolderError(f"the data folder can't be used: {told}")


def became_read_only(folder: Path) -> FolderError:
    """The error for a database that could be opened for writing and can't be written now."""
    told = read_only(folder) or (
        f"SQLite finds the database in {folder} read-only. Its disk may have gone, or be mounted read-only after a "
        "fault: see `dmesg` and `mount`. Mount it for writing, then start the service again"
    )
    return FolderError(f"the data folder can't be used: {told}")


def read_only(folder: Path) -> str:
    """Which file can't be written and what to do, in one line; empty if all can, or if there is no folder yet.

    No file is opened: closing a database's file would free the locks of others in this process that have it open.
    """
    for path in (folder, *(folder / name for name in FILES)):
        if path.exists() and not os.access(path, os.W_OK, effective_ids=True):
            return f"{path} is read-only: {_remedy(path, folder)}"
    return ""


def _remedy(path: Path, folder: Path) -> str:
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return (
            "its file system is mounted read-only. Mount it for writing, or choose another folder with --data"
        )
    user, owner = os.geteuid(), path.stat().st_uid
    if user == owner:
        return f"allow it to be written again, by `chmod u+w {path}`"
    if user == 0:
        return "its file system refuses it even to root. See `lsattr` and `mount`"
    return (
        f"it belongs to the user with the number {owner}, and this program runs as {user}. Run it as that user, or "
        f"give that folder to this one, by `chown -R {user} {folder}`"
    )
