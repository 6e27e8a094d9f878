"""Sealing: a ring of daily keys, a data key for every import, and AES-GCM boxes.

A box is a nonce of 12 bytes and the ciphertext with its tag; what it belongs to (table, field, import) is
authenticated with it, so a box moved to another row does not open.

The ring's file is the only secret that the service needs to keep. It holds one lasting key, whose fingerprint
the database knows, and the daily keys. A daily key is destroyed when nothing that it sealed can still be
wanted: after that a backup of the database can't be read either, even with a later copy of the ring.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

DAY = 86_400
_NONCE = 12


class RingError(RuntimeError):
    """The ring can't be used; the text says what is lost and what to do."""


class SealBroken(ValueError):
    """A box that its key does not open: another key, another row, or a changed byte."""


class DailyKey(msgspec.Struct):
    """`made` in seconds since 1970."""

    id: int
    made: int
    key: bytes


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    lasting: bytes
    daily: list[DailyKey]


def seal(key: bytes, plain: bytes, context: str) -> bytes:
    """A box of `plain`, bound to `context`."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def unseal(key: bytes, box: bytes, context: str) -> bytes:
    """What `seal` put in. Raises SealBroken."""
    try:
        return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], context.encode())
    except (InvalidTag, ValueError):
        raise SealBroken(f"a sealed value can't be opened: {context}") from None


def key_number(box: bytes) -> int:
    """The number of the ring's key that seals a data key."""
    return int.from_bytes(box[:4], "big")


class Ring:
    """The keys in `path`, a file of mode 0600. Several processes may share it, on a file system that has locks."""

    def __init__(self, path: Path, file: _File) -> None:
        self._path = path
        self._file = file
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> tuple[Ring, bool]:
        """The ring of this file, made if there is none; and whether it was made. Raises RingError."""
        made = False
        if not path.exists():
            made = _create(path)
        try:
            if path.stat().st_mode & 0o077:
                raise RingError(
                    f"the key ring {path} can be read by others: its mode must be 0600. Run `chmod 600` on it; "
                    "if somebody may have copied it, see docs/operations.md on replacing a ring."
                )
        except OSError as error:
            raise RingError(f"the key ring {path} can't be read: {error.strerror}") from None
        return cls(path, _read(path)), made

    @property
    def fingerprint(self) -> str:
        """Names the ring without telling anything of its keys."""
        return hashlib.sha256(b"contactport ring" + self._file.lasting).hexdigest()

    def current(self) -> DailyKey:
        """Today's key, made if the newest is a day old."""
        with self._lock:
            if self._is_due():
                with self._alone():
                    if self._is_due():
                        self._add()
            return self._file.daily[-1]

    def destroy_older_than(self, keep: int) -> int:
        """Destroy the daily keys made more than a day and `keep` seconds ago; how many there were."""
        limit = int(time.time()) - DAY - keep
        with self._lock:
            if all(key.made >= limit for key in self._file.daily):
                return 0
            with self._alone():
                before = len(self._file.daily)
                self._file.daily = [key for key in self._file.daily if key.made >= limit]
                self._save()
        return before - len(self._file.daily)

    def _is_due(self) -> bool:
        return not self._file.daily or int(time.time()) - self._file.daily[-1].made >= DAY

    def _add(self) -> None:
        number = self._file.daily[-1].id + 1 if self._file.daily else 1
        self._file.daily.append(DailyKey(number, int(time.time()), secrets.token_bytes(32)))
        self._save()

    @contextmanager
    def _alone(self) -> Generator[None]:
        """No other process changes the ring meanwhile; what others changed before is read first."""
        handle = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._file = _read(self._path)
            yield
        finally:
            os.close(handle)

    def new_data_key(self, context: str) -> tuple[bytes, bytes]:
        """A fresh data key, and its box: today's key's number (4 bytes) and the sealed key."""
        today = self.current()
        key = secrets.token_bytes(32)
        return key, today.id.to_bytes(4, "big") + seal(today.key, key, context)

    def open_data_key(self, box: bytes, context: str) -> bytes:
        """The data key in a box. Raises SealBroken, also when its day's key was destroyed."""
        number = key_number(box)
        key = self._find(number)
        if key is None:
            # Another process may have made it.
            with self._lock:
                self._file = _read(self._path)
            key = self._find(number)
        if key is not None:
            return unseal(key.key, box[4:], context)
        raise SealBroken(f"the ring's key {number} was destroyed: {context}")

    def _find(self, number: int) -> DailyKey | None:
        return next((key for key in tuple(self._file.daily) if key.id == number), None)

    def mark(self, *parts: str) -> bytes:
        """A short keyed mark of some words, under a key that lives a day: no dictionary without the ring."""
        return _mark(self.current().key, parts)

    def lasting_mark(self, *parts: str) -> bytes:
        """The same under the ring's lasting key, for what must be known again when the day is over."""
        return _mark(self._file.lasting, parts)

    def _save(self) -> None:
        """Write beside and rename, so that a crash leaves the old ring or the new one, never half of one."""
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.unlink(missing_ok=True)
        _write_exclusively(beside, self._file)
        os.replace(beside, self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _mark(key: bytes, parts: tuple[str, ...]) -> bytes:
    """Every part goes in with its length: two lists of words never make the same message."""
    words = [part.encode("utf-8", "surrogatepass") for part in parts]
    message = b"".join(len(word).to_bytes(4, "big") + word for word in words)
    return hmac.digest(hmac.digest(key, b"contactport marks", "sha256"), message, "sha256")[:16]


def _read(path: Path) -> _File:
    """What the file holds. Raises RingError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise RingError(f"the key ring {path} can't be read: {error.strerror}") from None
    except msgspec.DecodeError:
        raise RingError(
            f"the key ring {path} is damaged. Put back the copy that belongs to this database. Without it, "
            "imports under way and contacts not yet fetched are lost; domains and their keys are not."
        ) from None


def _create(path: Path) -> bool:
    """Make a ring's file; False where another process was quicker. Raises RingError."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    try:
        _write_exclusively(beside, _File(1, secrets.token_bytes(32), []))
        # A link, unlike a rename, never replaces a ring that is there, and is there whole or not at all.
        os.link(beside, path)
        return True
    except FileExistsError:
        return False
    except OSError as error:
        raise RingError(f"the key ring {path} can't be made: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)


def _write_exclusively(path: Path, file: _File) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(msgspec.json.encode(file))
        out.flush()
        os.fsync(out.fileno())
