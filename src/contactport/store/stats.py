"""Stats that all processes share: the queue, the circuit breakers, and stored imports.

For `/metrics` and `contactport status`. Every value is a count or an age. A provider is named by its service code.
A server that people run themselves counts under the code of its service, and its breaker has no name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
from sqlalchemy import Connection, case, func, select, text, union_all

from contactport.store.breakers import LONGEST_MS, left_ms
from contactport.store.clock import now_ms
from contactport.store.endings import TOMBSTONE_MS
from contactport.store.schema import breaker, import_

BreakerState = Literal["closed", "open", "half-open"]

HOUR_MS = 3_600_000
COMPLETE = "complete"
_RANK: dict[BreakerState, int] = {"closed": 0, "half-open": 1, "open": 2}

_WORKERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = 'contactport worker' "
    "AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"
)
"""Sessions of `store/locks.py` that hold a lock: each process that runs imports has one."""


class QueueCounts(msgspec.Struct):
    """Numbers of one provider's imports now, and of the last hour by outcome: a code of the wire, or `complete`."""

    waiting: int = 0
    deferred: int = 0
    running: int = 0
    ended: dict[str, int] = {}


class Breaker(msgspec.Struct, frozen=True):
    """A provider's circuit breaker. `retry_seconds` is how long an open one stays open."""

    state: BreakerState
    failures: int
    retry_seconds: float | None


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """The stats at one moment. Ages are in seconds, sizes in bytes; None means not known."""

    at: int
    """Milliseconds since 1970."""
    waiting: int
    """Imports that a worker may take."""
    oldest_waiting_seconds: float | None
    deferred: int
    """Deferred imports: they wait because of a limit of their provider or account."""
    running: int
    ended: dict[str, int]
    """Imports that ended in the last hour, by outcome; empty without `last_hour`."""
    kept: int
    """Imports that have ended and whose contacts are not deleted yet."""
    purge_due: int
    """Those of them whose retention is over."""
    providers: dict[str, QueueCounts]
    """By service code; a provider without imports is not there."""
    breakers: dict[str, Breaker]
    """By service code; a provider that is not there has a closed breaker."""
    host_breakers: dict[BreakerState, int]
    """Servers that people run themselves and that are not asked now."""
    database: Literal["sqlite", "postgresql"]
    database_bytes: int
    workers: int | None
    """Processes that are alive and run imports. Only PostgreSQL knows it."""
    ring_keys: int | None = None
    """Keys in the ring. The database does not know this."""


def read(connection: Connection, *, last_hour: bool = False) -> Stats:
    """Read the present stats. With `last_hour` also the ended imports, which reads every stored import."""
    now = now_ms()
    providers = _lanes(connection, now)
    ended: dict[str, int] = {}
    if last_hour:
        for service, outcome, number in _ended_since(connection, now - HOUR_MS):
            ended[outcome] = ended.get(outcome, 0) + number
            lane = providers.setdefault(service, QueueCounts())
            lane.ended[outcome] = lane.ended.get(outcome, 0) + number
    kept, due = connection.execute(
        select(func.count(), func.count(case((import_.c.purge_at <= now, 1)))).where(
            import_.c.state.in_(("complete", "failed"))
        )
    ).one()
    breakers, host_breakers = _breakers(connection, now)
    sqlite = connection.dialect.name == "sqlite"
    return Stats(
        at=now,
        waiting=sum(lane.waiting for lane in providers.values()),
        oldest_waiting_seconds=_oldest(connection, now),
        deferred=sum(lane.deferred for lane in providers.values()),
        running=sum(lane.running for lane in providers.values()),
        ended=ended,
        kept=kept,
        purge_due=due,
        providers=providers,
        breakers=breakers,
        host_breakers=host_breakers,
        database="sqlite" if sqlite else "postgresql",
        database_bytes=_size(connection),
        workers=None if sqlite else connection.execute(_WORKERS).scalar_one(),
    )


def _lanes(connection: Connection, now: int) -> dict[str, QueueCounts]:
    deferred = case((import_.c.not_before > now, 1), else_=0)
    rows = connection.execute(
        select(import_.c.service, import_.c.state, deferred, func.count())
        .where(import_.c.state.in_(("waiting", "running")))
        .group_by(import_.c.service, import_.c.state, deferred)
        .order_by(import_.c.service)
    )
    lanes: dict[str, QueueCounts] = {}
    for service, state, is_deferred, number in rows:
        lane = lanes.setdefault(service, QueueCounts())
        if is_deferred:
            lane.deferred += number
        elif state == "waiting":
            lane.waiting += number
        else:
            lane.running += number
    return lanes


def _oldest(connection: Connection, now: int) -> float | None:
    """How long the first import in the queue has waited; for one that was deferred, since the end of that."""
    since = func.coalesce(import_.c.not_before, import_.c.started_at)
    first: int | None = connection.execute(
        select(func.min(since)).where(import_.c.state == "waiting", since <= now)
    ).scalar_one()
    return None if first is None else (now - first) / 1000


def _ended_since(connection: Connection, since: int) -> list[tuple[str, str, int]]:
    """Service, outcome and number of the imports that ended since then, with the purged ones."""
    columns = (import_.c.service, import_.c.code, import_.c.ended_at)
    kept = select(*columns).where(import_.c.state.in_(("complete", "failed")))
    # By the index: of a month's tombstones only those of the time in question.
    purged = select(*columns).where(import_.c.state == "purged", import_.c.purge_at >= since + TOMBSTONE_MS)
    both = union_all(kept, purged).subquery()
    rows = connection.execute(
        select(both.c.service, both.c.code, func.count().label("number"))
        .where(both.c.ended_at >= since)
        .group_by(both.c.service, both.c.code)
        .order_by(both.c.service, both.c.code)
    )
    return [(row.service, COMPLETE if row.code is None else str(row.code), row.number) for row in rows]


def _breakers(connection: Connection, now: int) -> tuple[dict[str, Breaker], dict[BreakerState, int]]:
    rows = connection.execute(
        select(breaker.c.service, breaker.c.failures, breaker.c.retry_at)
        .where(breaker.c.service.is_not(None))
        .order_by(breaker.c.service)
    )
    named: dict[str, Breaker] = {}
    for row in rows:
        found = _breaker(row.failures, row.retry_at, now)
        if row.service not in named or _RANK[found.state] > _RANK[named[row.service].state]:
            named[row.service] = found
    is_open = case((breaker.c.retry_at.between(now + 1, now + LONGEST_MS), 1), else_=0)
    unnamed = connection.execute(
        select(is_open, func.count())
        .where(breaker.c.service.is_(None), breaker.c.retry_at.is_not(None))
        .group_by(is_open)
    )
    counts: dict[BreakerState, int] = {"open": 0, "half-open": 0}
    for opened, number in unnamed:
        counts["open" if opened else "half-open"] += number
    return named, counts


def _breaker(failures: int, retry_at: int | None, now: int) -> Breaker:
    if retry_at is None:
        return Breaker("closed", failures, None)
    left = left_ms(retry_at, now)
    return Breaker("open", failures, left / 1000) if left else Breaker("half-open", failures, None)


def _size(connection: Connection) -> int:
    if connection.dialect.name == "sqlite":
        pages, size = (
            connection.exec_driver_sql(f"PRAGMA {word}").scalar_one() for word in ("page_count", "page_size")
        )
        return pages * size
    return connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()


class _Day(msgspec.Struct):
    id: int


class _Days(msgspec.Struct):
    daily: list[_Day]


def ring_keys(path: Path) -> int | None:
    """The number of keys in this ring file; None if it can't be read. The keys themselves are not read."""
    try:
        return len(msgspec.json.decode(path.read_bytes(), type=_Days).daily)
    except (OSError, msgspec.DecodeError):
        return None
