"""Circuit breakers: a provider that fails again and again is not asked for a while, then one import tries it.

A row is there only while a provider's host is failing. `closed`: the last imports failed, but not enough of them.
`open` until `retry_at`: nobody asks it. `half-open` after that: one import is the trial, and the others wait for its
result. A trial no longer counts if it has ended without an answer, or was deferred, erased or removed with its
domain: the next import takes its place. A trial whose worker died is still `running`, and goes on as the trial.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select, update

from contactport import backoff
from contactport.store.clock import now_ms
from contactport.store.schema import breaker as table
from contactport.store.schema import import_
from contactport.store.upsert import insert_or_lock

LONGEST_MS = 600_000
"""The longest that a breaker stays open without a trial."""
IN_A_ROW_MS = 15 * 60_000
"""Failures further apart are not in a row."""
KEPT_MS = 3_600_000
"""After this time without a trial, a provider is trusted again."""


class Patience(msgspec.Struct, frozen=True):
    """After `failures` in a row a breaker opens, for `seconds`; for twice as long after each failed trial."""

    failures: int
    seconds: float

    def open_ms(self, openings: int) -> int:
        """How long the breaker stays open when it opens for the `openings`th time in a row."""
        return int(backoff.bound(openings, self.seconds * 1000, LONGEST_MS))


class Standing(msgspec.Struct, frozen=True):
    """A breaker's answer to an import that wants to begin: `wait` is in milliseconds, 0 if it may begin.

    `trial`: it may as the trial, and `begin_trial` is to say so if it does.
    """

    wait: int = 0
    trial: bool = False


_GO = Standing()
TRIAL_WAIT_MS = 30_000
"""How soon an import may ask again if another one is the trial."""


def _trial_runs() -> ColumnElement[bool]:
    return exists().where(
        import_.c.id == table.c.trial,
        import_.c.state == "running",
        import_.c.provider_key == table.c.mark,
    )


def ask(connection: Connection, mark: bytes) -> Standing:
    """Whether an import may ask this host now. Locks the row of an open or half-open breaker for this transaction."""
    here = and_(table.c.mark == mark, table.c.retry_at.is_not(None))
    query = select(table.c.retry_at).where(here)
    if connection.execute(query).first() is None:
        return _GO
    row = connection.execute(query.with_for_update()).first()
    if row is None:
        return _GO
    left = left_ms(row.retry_at, now_ms())
    if left > 0:
        return Standing(left)
    # Asked for after the lock was got: whoever held it may have begun the trial.
    runs = connection.execute(select(table.c.mark).where(here, _trial_runs())).first() is not None
    return Standing(TRIAL_WAIT_MS) if runs else Standing(trial=True)


def left_ms(retry_at: int, now: int) -> int:
    """The milliseconds until a trial. A time longer than any pause comes from a changed clock, and is 0."""
    left = retry_at - now
    return left if 0 < left <= LONGEST_MS else 0


def begin_trial(connection: Connection, mark: bytes, import_id: int) -> None:
    """Make this import the trial."""
    connection.execute(update(table).where(table.c.mark == mark).values(trial=import_id, changed_at=now_ms()))


def succeed(connection: Connection, mark: bytes) -> None:
    """Record that the provider has answered: its failures are forgotten."""
    connection.execute(delete(table).where(table.c.mark == mark))


def fail(
    connection: Connection, mark: bytes, service: str | None, import_id: int, patience: Patience
) -> bool:
    """Record a failure of the provider itself. Returns whether this has opened the breaker, also again.

    `service` is None for a host of a user's own.
    """
    now = now_ms()
    fresh = {"service": service, "failures": 0, "openings": 0, "changed_at": now}
    row = insert_or_lock(connection, table, {"mark": mark}, fresh)
    if row.retry_at is not None and row.trial != import_id:
        # It began before the breaker opened, and says nothing new.
        return False
    in_a_row = abs(now - row.changed_at) < IN_A_ROW_MS or row.retry_at is not None
    failures = row.failures + 1 if in_a_row else 1
    values: dict[str, object] = {"failures": failures, "changed_at": now}
    opens = row.retry_at is not None or failures >= patience.failures
    if opens:
        openings = row.openings + 1
        values |= {"openings": openings, "retry_at": now + patience.open_ms(openings), "trial": None}
    connection.execute(update(table).where(table.c.mark == mark).values(values))
    return opens


def failing(connection: Connection) -> frozenset[str]:
    """The codes of the services that an import begun now would not ask: open, or with a trial under way."""
    now = now_ms()
    rows = connection.execute(
        select(table.c.service, table.c.retry_at, _trial_runs().label("trial_runs")).where(
            table.c.service.is_not(None), table.c.retry_at.is_not(None)
        )
    )
    return frozenset(row.service for row in rows if left_ms(row.retry_at, now) or row.trial_runs)


def forget_old(connection: Connection) -> None:
    """Delete rows that are too old to count, and those that nobody has tried for an hour."""
    now = now_ms()
    connection.execute(
        delete(table).where(
            or_(
                and_(table.c.retry_at.is_(None), table.c.changed_at <= now - IN_A_ROW_MS),
                and_(table.c.retry_at <= now - KEPT_MS, table.c.changed_at <= now - KEPT_MS),
            )
        )
    )
