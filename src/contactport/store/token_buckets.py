"""Token buckets: how many imports of a provider's host, or of one account there, may begin in a minute.

A bucket is a row that all processes share. An import that finds it empty takes a token in advance, and knows when
that token is due: it waits once, exactly until then, and no later import overtakes it. A wrong clock has a limited
effect: one that is set back or forward by an hour does not block a bucket for an hour, and does not fill it at once.
"""

from __future__ import annotations

import math

import msgspec
from sqlalchemy import Connection, delete, or_, update

from contactport.store.clock import now_ms
from contactport.store.schema import budget as table
from contactport.store.upsert import insert_or_lock

LONGEST_WAIT_MS = 120_000
"""How far in advance tokens are given. An import beyond that has to ask again."""
LONGEST_PAUSE_MS = 3_600_000
STEP_MS = 60_000
"""Clocks of several hosts differ; a time this far ahead was written by one that has been set back since."""
KEPT_MS = 600_000
"""After this time without use, a bucket is full and no token is given in advance."""
_GRAIN = 1e-9
"""The rounding error of sums of tokens."""


class Rate(msgspec.Struct, frozen=True):
    """A number of imports in a minute. A sixth of them, or one, may begin at once."""

    per_minute: int

    @property
    def burst(self) -> float:
        return max(1.0, self.per_minute / 6)

    @property
    def per_ms(self) -> float:
        return self.per_minute / 60_000


class Bucket(msgspec.Struct):
    """`tokens` were there `at` that time (ms); below zero they are promised. Paused, it gives none until then."""

    tokens: float
    at: int
    paused_until: int | None = None

    def settle(self, now: int, rate: Rate) -> None:
        """Bring it to the present: `at` is the time to go by then, and `paused_until` set only if it is paused."""
        if self.at - now > STEP_MS:
            if self.paused_until is not None:
                self.paused_until -= self.at - now
            self.at = now
        elapsed = max(0, now - self.at)
        self.at += elapsed
        # No deeper than promises go: a rate that was lowered must not make them last for hours.
        promised = max(self.tokens, -LONGEST_WAIT_MS * rate.per_ms)
        self.tokens = min(rate.burst, promised + elapsed * rate.per_ms)
        if self.paused_until is not None:
            self.paused_until = min(self.paused_until, self.at + LONGEST_PAUSE_MS)
            if self.paused_until <= self.at:
                self.paused_until = None

    def wait(self, rate: Rate) -> int:
        """The milliseconds until the next token that is not promised; 0 where one is there."""
        missing = 1.0 - self.tokens
        return 0 if missing <= _GRAIN else math.ceil(missing / rate.per_ms)

    def take(self) -> None:
        """Take a token, in advance if there is none."""
        self.tokens -= 1.0

    def pause(self, seconds: float) -> None:
        """Give no token for this time. A longer pause from before stays."""
        until = self.at + min(LONGEST_PAUSE_MS, math.ceil(seconds * 1000))
        self.paused_until = max(until, self.paused_until or 0)


def lock(connection: Connection, mark: bytes, rate: Rate) -> Bucket:
    """Lock a bucket by its key until the transaction ends. A bucket that did not exist is full."""
    now = now_ms()
    row = insert_or_lock(connection, table, {"mark": mark}, {"tokens": rate.burst, "at": now})
    bucket = Bucket(row.tokens, row.at, row.paused_until)
    bucket.settle(now, rate)
    return bucket


def save(connection: Connection, mark: bytes, bucket: Bucket) -> None:
    """Store the new state of a bucket that this transaction has locked."""
    connection.execute(
        update(table)
        .where(table.c.mark == mark)
        .values(tokens=bucket.tokens, at=bucket.at, paused_until=bucket.paused_until)
    )


def forget_old(connection: Connection) -> None:
    """Delete buckets that were not used for ten minutes and are not paused: they are full."""
    now = now_ms()
    connection.execute(
        delete(table).where(
            table.c.at <= now - KEPT_MS, or_(table.c.paused_until.is_(None), table.c.paused_until <= now)
        )
    )
