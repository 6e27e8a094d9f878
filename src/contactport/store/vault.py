"""Sealing: a ring of daily keys, a data key for every import, and AES-GCM boxes.

A box is a nonce of 12 bytes and the ciphertext with its tag; what it belongs to (table, field, import) is
authenticated with it, so a box moved to another row does not open.

The ring's file is the only secret that the service needs to keep. It holds one lasting key, whose fingerprint
the database knows, and the daily keys. A daily key is destroyed when nothing that it sealed can still be
wanted: after that a backup of the database can't be read either, even with a later copy of the ring.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contactport.store import ring_file
from contactport.store.ring_file import DailyKey, Keys, RingError, Stamp

DAY = 86_400
_NONCE = 12


class SealBroken(ValueError):
    """A box that its key does not open: another key, another row, or a changed byte."""


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


def context(import_id: int, table: str, field: str, n: int | None = None) -> str:
    """What a box is bound to: table, field, import, and the row's number where there are several."""
    return f"{table}/{field}/{import_id}" + ("" if n is None else f"/{n}")


def key_number(box: bytes) -> int:
    """The number of the ring's key that seals a data key."""
    return int.from_bytes(box[:4], "big")


def seal_data_key(key: DailyKey, data_key: bytes, context: str) -> bytes:
    """The box of a data key: the daily key's number (4 bytes) and the sealed key."""
    return key.id.to_bytes(4, "big") + seal(key.key, data_key, context)


class Ring:
    """The keys in `path`, a file of mode 0600. Several processes may share it, on a file system that has locks."""

    def __init__(self, path: Path, keys: Keys, stamp: Stamp) -> None:
        self._path = path
        self._keys = keys
        self._stamp = stamp
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, make: bool = True) -> tuple[Ring, bool]:
        """The ring of this file, with `make` made if there is none; and whether it was. Raises RingError."""
        made = False
        if make and not path.exists():
            made = ring_file.create(path, ring_file.new_keys())
        ring = cls(path, *ring_file.read(path))
        ring_file.check_mode(path)
        return ring, made

    @property
    def fingerprint(self) -> str:
        """Names the ring without telling anything of its keys."""
        return hashlib.sha256(b"contactport ring" + self._keys.lasting).hexdigest()

    @property
    def next_number(self) -> int:
        """Above the number of every key that it has ever had."""
        return self._keys.next

    def days(self) -> dict[int, int]:
        """The daily keys there are now: number → when it was made, in seconds since 1970. Raises RingError."""
        with self._lock:
            self._refresh()
        return {key.id: key.made for key in self._keys.daily}

    def current(self, at_least: int = 0) -> DailyKey:
        """The newest key, made if the last one is a day old; what other processes have made or destroyed is seen.

        `at_least` is the lowest number that may do. Raises RingError where the file has none: it is an older copy.
        """
        with self._lock:
            self._refresh()
            if self._is_due(at_least):
                with self._alone():
                    if self._is_due(at_least) and self._keys.next > at_least:
                        self._add()
            if self._is_due(at_least):
                raise RingError(
                    f"the key ring {self._path} has no key {at_least}, which another process has made and used: all "
                    "processes of one database must share one file. If it is a restored copy, start this one again."
                )
            return self._keys.daily[-1]

    def add(self, after: int = 0) -> DailyKey:
        """A new key, from now on the newest; its number is above `after`. Raises RingError."""
        with self._lock, self._alone():
            if self._keys.next <= after:
                self._keys = msgspec.structs.replace(self._keys, next=after + 1)
            return self._add()

    def destroy_older_than(self, keep: int) -> int:
        """Destroy the daily keys made over a day and `keep` seconds ago; how many there were. Raises RingError."""
        limit = int(time.time()) - DAY - keep
        return len(self._destroy(lambda key: key.made < limit))

    def destroy_before(self, number: int) -> list[int]:
        """Destroy every daily key of a lower number; their numbers. Raises RingError."""
        return self._destroy(lambda key: key.id < number)

    def _destroy(self, doomed: Callable[[DailyKey], bool]) -> list[int]:
        with self._lock:
            self._refresh()
            if not any(map(doomed, self._keys.daily)):
                return []
            with self._alone():
                gone = [key.id for key in self._keys.daily if doomed(key)]
                self._save([key for key in self._keys.daily if not doomed(key)])
        return gone

    def _is_due(self, at_least: int) -> bool:
        if not self._keys.daily or self._keys.daily[-1].id < at_least:
            return True
        return int(time.time()) - self._keys.daily[-1].made >= DAY

    def _add(self) -> DailyKey:
        key = DailyKey(self._keys.next, int(time.time()), secrets.token_bytes(32))
        self._keys = msgspec.structs.replace(self._keys, next=key.id + 1)
        self._save([*self._keys.daily, key])
        return key

    def _save(self, daily: list[DailyKey]) -> None:
        keys = msgspec.structs.replace(self._keys, daily=daily)
        ring_file.save(self._path, keys)
        self._take(*ring_file.read(self._path))

    @contextmanager
    def _alone(self) -> Generator[None]:
        """No other process changes the ring meanwhile; what others changed before is read first."""
        with ring_file.alone(self._path):
            self._take(*ring_file.read(self._path))
            yield

    def _refresh(self) -> None:
        """See what other processes have changed. Raises RingError."""
        if ring_file.stamp(self._path) != self._stamp:
            self._take(*ring_file.read(self._path))

    def _take(self, keys: Keys, stamp: Stamp) -> None:
        if keys.lasting != self._keys.lasting:
            raise RingError(
                f"the key ring {self._path} was replaced by another one while this process ran: start it again."
            )
        self._keys, self._stamp = keys, stamp

    def open_data_key(self, box: bytes, context: str) -> bytes:
        """The data key in a box. Raises SealBroken, also when its day's key was destroyed; RingError."""
        number = key_number(box)
        key = self._find(number)
        if key is None:
            # Another process may have made it.
            with self._lock:
                self._take(*ring_file.read(self._path))
            key = self._find(number)
        if key is not None:
            return unseal(key.key, box[4:], context)
        raise SealBroken(f"the ring's key {number} was destroyed: {context}")

    def _find(self, number: int) -> DailyKey | None:
        return next((key for key in self._keys.daily if key.id == number), None)

    def seal_lasting(self, plain: bytes, context: str) -> bytes:
        """A box under the ring's lasting key, for what is kept for years: no rotation changes it."""
        return seal(self._lasting_box_key(), plain, context)

    def unseal_lasting(self, box: bytes, context: str) -> bytes:
        """What `seal_lasting` put in. Raises SealBroken."""
        return unseal(self._lasting_box_key(), box, context)

    def _lasting_box_key(self) -> bytes:
        return hmac.digest(self._keys.lasting, b"contactport lasting boxes", "sha256")

    def mark(self, *parts: str) -> bytes:
        """A short keyed mark of some words, under a key that lives a day: no dictionary without the ring."""
        return _mark(self.current().key, parts)

    def lasting_mark(self, *parts: str) -> bytes:
        """The same under the ring's lasting key, for what must be known again when the day is over."""
        return _mark(self._keys.lasting, parts)


def _mark(key: bytes, parts: tuple[str, ...]) -> bytes:
    """Every part goes in with its length: two lists of words never make the same message."""
    words = [part.encode("utf-8", "surrogatepass") for part in parts]
    message = b"".join(len(word).to_bytes(4, "big") + word for word in words)
    return hmac.digest(hmac.digest(key, b"contactport marks", "sha256"), message, "sha256")[:16]
