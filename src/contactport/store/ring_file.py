"""The key ring's file: read whole, written whole, by one process at a time.

Processes share the file, also on a network file system. A change is found by the file's inode, time and size,
and a process that changes it takes a lock next to it and first reads it again.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

Stamp = tuple[int, int, int]
"""Inode, time of the last change in ns, size: another one, another content."""
KeyBytes = Annotated[bytes, Meta(min_length=32, max_length=32)]


class RingError(RuntimeError):
    """The ring can't be used; the text says why."""


class RingLost(RingError):
    """There is no such ring, or it is damaged: what it sealed can't be opened without its copy."""


class DailyKey(msgspec.Struct, frozen=True):
    """`made` in seconds since 1970."""

    id: int
    made: int
    key: KeyBytes

    def __repr__(self) -> str:
        return f"DailyKey({self.id})"


class Keys(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the file holds. `next` is the number of the next daily key: none gets that of one that was destroyed."""

    version: int
    lasting: KeyBytes
    next: int
    daily: list[DailyKey]

    def __repr__(self) -> str:
        return f"Keys({self.daily})"


def new_keys(first: int = 1) -> Keys:
    """The keys of a new ring, without a daily key yet; `first` is the number of the first one."""
    return Keys(1, secrets.token_bytes(32), first, [])


def read(path: Path) -> tuple[Keys, Stamp]:
    """What the file holds. Raises RingError, RingLost."""
    try:
        with path.open("rb") as file:
            stamp = _stamp(os.fstat(file.fileno()))
            return msgspec.json.decode(file.read(), type=Keys), stamp
    except FileNotFoundError:
        raise RingLost(f"the key ring {path} is missing.") from None
    except OSError as error:
        raise RingError(f"the key ring {path} can't be read: {error.strerror}") from None
    except msgspec.DecodeError:
        raise RingLost(f"the key ring {path} is damaged.") from None


def stamp(path: Path) -> Stamp:
    """The stamp of the file, which shows whether it has changed. Raises RingError, RingLost."""
    try:
        return _stamp(path.stat())
    except FileNotFoundError:
        raise RingLost(f"the key ring {path} is missing.") from None
    except OSError as error:
        raise RingError(f"the key ring {path} can't be read: {error.strerror}") from None


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_ino, found.st_mtime_ns, found.st_size


def check_mode(path: Path) -> None:
    """Raises RingError where others may read the file."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise RingError(f"the key ring {path} can't be read: {error.strerror}") from None
    if mode & 0o077:
        raise RingError(
            f"the key ring {path} can be read by others: its mode must be 0600. Run `chmod 600` on it; if somebody "
            "may have copied it, run `contactport keys rotate` then, so that the copy opens nothing any more."
        )


def create(path: Path, keys: Keys) -> bool:
    """Make a ring's file; False if another process was faster. Raises RingError."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    try:
        _write_exclusively(beside, keys)
        # A link, unlike a rename, never replaces a ring that is there, and is there whole or not at all.
        os.link(beside, path)
        _sync_folder(path)
        return True
    except FileExistsError:
        return False
    except OSError as error:
        raise RingError(f"the key ring {path} can't be made: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)


def save(path: Path, keys: Keys) -> None:
    """Write a new file and rename it, so that a crash leaves the old ring or the new one, never half of one.

    Only within `alone`. Raises RingError.
    """
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.unlink(missing_ok=True)
        _write_exclusively(beside, keys)
        os.replace(beside, path)
        _sync_folder(path)
    except OSError as error:
        raise RingError(f"the key ring {path} can't be written: {error.strerror}") from None


@contextmanager
def alone(path: Path) -> Generator[None]:
    """Context in which no other process changes the ring. Raises RingError."""
    try:
        handle = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise RingError(f"the key ring {path} can't be locked: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_exclusively(path: Path, keys: Keys) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(msgspec.json.encode(keys))
        out.flush()
        os.fsync(out.fileno())


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
