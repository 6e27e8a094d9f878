"""Stats that all processes share: the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client.metrics_core import Metric
from sqlalchemy import Integer, insert

from contactport.store import domains, endings, stats
from contactport.store.clock import now_ms
from contactport.store.endings import TOMBSTONE_MS
from contactport.store.locks import Locks
from contactport.store.open import Store, open_store
from contactport.store.prometheus import OTHER, gauges
from contactport.store.schema import breaker, import_
from contactport.store.stats import Breaker, QueueCounts, Stats, ring_keys

MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Store]:
    """A data folder of its own, open, on each kind of database."""
    url: str = request.getfixturevalue("database_url") if request.param == "postgresql" else ""
    opened = open_store(tmp_path / "data", url)
    yield opened
    await opened.database.close()


class StatRows:
    """Puts rows of imports and breakers into the tables, in whatever state they may be found."""

    def __init__(self, store: Store) -> None:
        self._database = store.database
        self._database.write_now(domains.add, "shop")
        self._domain = self._database.write_now(domains.all_domains)[0].id
        self._numbers = count(1)
        self.now = now_ms()

    def add(self, service: str, state: str, **values: Any) -> int:
        """An import; times are given as milliseconds from now. One that has a grant got it when it was created."""
        values.setdefault("started_at", values.get("created_at", 0))
        for name in ("created_at", "started_at", "ended_at", "purge_at", "not_before"):
            if name in values:
                values[name] += self.now
        number = next(self._numbers)
        counts = [one.name for one in import_.c if not one.nullable and isinstance(one.type, Integer)]
        row = {
            **dict.fromkeys(counts, 0),
            "id": number,
            "domain_id": self._domain,
            "service": service,
            "state": state,
            "include": "",
            "created_at": self.now,
            "deadline": self.now + HOUR,
            **values,
        }
        self._database.write_now(lambda connection: connection.execute(insert(import_).values(row)))
        return number

    def break_(self, mark: bytes, service: str | None, retry_at: int | None, failures: int = 5) -> None:
        """A breaker's row; `retry_at` is given as milliseconds from now."""
        row = {
            "mark": mark * 16,
            "service": service,
            "failures": failures,
            "openings": 1,
            "retry_at": None if retry_at is None else self.now + retry_at,
            "changed_at": self.now,
        }
        self._database.write_now(lambda connection: connection.execute(insert(breaker).values(row)))


@pytest.fixture
def rows(store: Store) -> StatRows:
    return StatRows(store)


def look(store: Store, *, last_hour: bool = False) -> Stats:
    return store.database.read_now(stats.read, last_hour=last_hour)


def test_an_empty_database_has_nothing_to_tell(store: Store) -> None:
    found = look(store, last_hour=True)
    assert (found.waiting, found.deferred, found.running, found.kept, found.purge_due) == (0, 0, 0, 0, 0)
    assert (found.oldest_waiting_seconds, found.providers, found.breakers, found.ended) == (None, {}, {}, {})
    assert found.host_breakers == {"open": 0, "half-open": 0}
    assert found.database == store.database.dialect
    assert found.database_bytes > 10_000


def test_imports_under_way_are_counted_by_provider(store: Store, rows: StatRows) -> None:
    for service, state in (("icloud", "waiting"), ("icloud", "running"), ("gmx", "running")):
        for _ in range(2):
            rows.add(service, state)
    rows.add("icloud", "waiting", not_before=MINUTE)
    rows.add("icloud", "complete", ended_at=0, purge_at=MINUTE)
    found = look(store)
    assert found.providers == {
        "icloud": QueueCounts(waiting=2, deferred=1, running=2),
        "gmx": QueueCounts(running=2),
    }
    assert (found.waiting, found.deferred, found.running) == (2, 1, 4)


def test_the_oldest_is_the_one_that_a_worker_could_have_taken_the_longest(
    store: Store, rows: StatRows
) -> None:
    rows.add("gmx", "running", created_at=-50 * MINUTE)
    rows.add("gmx", "waiting", created_at=-40 * MINUTE, not_before=MINUTE)
    rows.add("gmx", "waiting", created_at=-30 * MINUTE, not_before=-MINUTE)
    assert (look(store).oldest_waiting_seconds or 0) // 60 == 1
    rows.add("gmx", "waiting", created_at=-2 * MINUTE)
    assert (look(store).oldest_waiting_seconds or 0) // 60 == 2


def test_ended_imports_of_the_last_hour_are_counted_by_outcome_whether_purged_or_not(
    store: Store, rows: StatRows
) -> None:
    rows.add("icloud", "complete", ended_at=-MINUTE, purge_at=MINUTE)
    rows.add("icloud", "failed", code=263, ended_at=-2 * MINUTE, purge_at=MINUTE)
    rows.add("gmx", "failed", code=263, ended_at=-2 * MINUTE, purge_at=MINUTE)
    rows.add("icloud", "purged", ended_at=-59 * MINUTE, purge_at=TOMBSTONE_MS - 44 * MINUTE)
    # Ended earlier, and purged within the hour, or before.
    rows.add("icloud", "purged", ended_at=-61 * MINUTE, purge_at=TOMBSTONE_MS - 46 * MINUTE)
    rows.add("icloud", "purged", ended_at=-90 * MINUTE, purge_at=TOMBSTONE_MS - 80 * MINUTE)
    rows.add("icloud", "complete", ended_at=-61 * MINUTE, purge_at=MINUTE)
    found = look(store, last_hour=True)
    assert found.ended == {"complete": 2, "263": 2}
    assert found.providers["icloud"].ended == {"complete": 2, "263": 1}
    assert found.providers["gmx"].ended == {"263": 1}
    assert look(store).ended == {}


def test_what_is_kept_and_what_should_be_gone_is_counted(store: Store, rows: StatRows) -> None:
    rows.add("gmx", "complete", ended_at=-2 * MINUTE, purge_at=-MINUTE)
    rows.add("gmx", "failed", code=264, ended_at=-2 * MINUTE, purge_at=MINUTE)
    rows.add("gmx", "purged", ended_at=-2 * MINUTE, purge_at=TOMBSTONE_MS)
    found = look(store)
    assert (found.kept, found.purge_due) == (2, 1)
    store.database.write_now(endings.purge_due)
    found = look(store)
    assert (found.kept, found.purge_due) == (1, 0)


def test_a_breaker_is_open_until_its_time_and_then_half_open(store: Store, rows: StatRows) -> None:
    rows.break_(b"a", "icloud", None, failures=2)
    rows.break_(b"b", "gmx", 30_000)
    rows.break_(b"c", "yahoo", -1)
    for mark, retry_at in ((b"d", 30_000), (b"e", 40_000), (b"f", -1), (b"g", None), (b"h", 2 * HOUR)):
        rows.break_(mark, None, retry_at)
    found = look(store)
    assert found.breakers["icloud"] == Breaker("closed", 2, None)
    assert found.breakers["yahoo"] == Breaker("half-open", 5, None)
    assert (found.breakers["gmx"].state, found.breakers["gmx"].failures) == ("open", 5)
    assert 0 < (found.breakers["gmx"].retry_seconds or 0) <= 30
    # One that is far in the future was written before the clock was put back.
    assert found.host_breakers == {"open": 2, "half-open": 2}


async def test_on_postgresql_the_living_workers_are_known(store: Store, database_url: str) -> None:
    if store.database.dialect == "sqlite":
        assert look(store).workers is None
        return
    assert look(store).workers == 0
    one, other = Locks(database_url), Locks(database_url)
    for locks, name in ((one, "first"), (other, "second")):
        await locks.open()
        assert await locks.take(name)
    assert await one.take("housekeeper")
    assert look(store).workers == 2
    await other.close()
    assert look(store).workers == 1
    await one.close()


@pytest.fixture
def elsewhere(database_url: str, postgres: Any) -> Generator[psycopg.Connection[Any]]:
    """A session in another database of the same server, which holds a lock of its own there."""
    other = postgres.create()
    with psycopg.connect(other, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        yield connection
    postgres.drop(other)


def test_locks_in_other_databases_are_not_workers(store: Store, elsewhere: psycopg.Connection[Any]) -> None:
    assert look(store).workers in (None, 0)


def test_the_rings_keys_are_counted_without_a_look_at_them(store: Store) -> None:
    path = store.folder / "ring.json"
    store.ring.current()
    assert ring_keys(path) == 1
    assert ring_keys(store.folder / "no.json") is None
    (store.folder / "no.json").write_text("{}")
    assert ring_keys(store.folder / "no.json") is None


def values(found: Stats | None) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample of the gauges, by its name and labels."""
    families: list[Metric] = list(gauges(found, ("icloud", "gmx", "carddav"), ("icloud", "gmx")))
    samples = [sample for family in families for sample in family.samples]
    told = {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}
    assert len(told) == len(samples)
    return told


def test_a_database_that_is_away_has_one_gauge_only() -> None:
    assert values(None) == {("contactport_database_up", ()): 0}


def test_every_provider_has_its_gauges_and_a_code_that_nobody_knows_has_none_of_its_own(
    store: Store, rows: StatRows
) -> None:
    rows.add("icloud", "waiting", created_at=-MINUTE)
    for code in ("shop.example.org", "of_a_newer_version"):
        rows.add(code, "running")
    rows.break_(b"b", "gmx", 30_000)
    rows.break_(b"d", None, 30_000)
    told = values(look(store))
    assert told["contactport_database_up", ()] == 1
    assert told["contactport_oldest_waiting_import_seconds", ()] >= 60
    waiting = {
        labels: value for (name, labels), value in told.items() if name == "contactport_imports_waiting"
    }
    assert waiting == {
        (("provider", code),): number
        for code, number in (("icloud", 1), ("gmx", 0), ("carddav", 0), (OTHER, 0))
    }
    assert told["contactport_imports_running", (("provider", OTHER),)] == 2
    assert told["contactport_breaker", (("provider", "gmx"), ("state", "open"))] == 1
    assert told["contactport_breaker", (("provider", "gmx"), ("state", "closed"))] == 0
    assert told["contactport_breaker", (("provider", "icloud"), ("state", "closed"))] == 1
    assert told["contactport_host_breakers", (("state", "open"),)] == 1
    assert not any("shop.example.org" in str(key) for key in told)
