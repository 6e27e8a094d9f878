"""The disk space of an import, before and after its purge: `python -m benchmarks.growth`.

Some hundred imports, then their purge, twice over, on SQLite and on PostgreSQL. The second round says whether the
space of the first is used again. What stays are the tombstones, for 30 days: their size is that of the packed
database (VACUUM FULL). The log of writes is what PostgreSQL's replicas and backups are sent.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing

import msgspec
import psycopg
import uvloop

from benchmarks.figures import table
from benchmarks.fleet import Fleet, bases, fleet
from benchmarks.throughput import Feed

RETENTION = "36000"
PATIENCE = 120.0
_LEFT = "SELECT count(*) FROM \"import\" WHERE state <> 'purged'"
_DUE = "UPDATE \"import\" SET purge_at = 1 WHERE state = 'complete'"
_HELD = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND age(backend_xmin) >= age('{}'::xid)"
)
"""Sessions that may still see what was there before: no vacuum takes it from them."""
_ENGINE = "SELECT count(*) FROM {}workflow_status"


class Sizes(msgspec.Struct, frozen=True):
    """Bytes: of the database, of its log of writes so far (PostgreSQL), of the processes' own logs."""

    database: int
    writes: int
    logs: int


def order(running: Fleet, statements: Sequence[str]) -> None:
    """Have the database do something, past the service."""
    if running.where.url:
        with psycopg.connect(running.where.url, autocommit=True) as server:
            for statement in statements:
                server.execute(statement.encode())
        return
    with closing(sqlite3.connect(running.cluster.data / "contactport.db", timeout=60)) as file:
        for statement in statements:
            file.execute(statement)
        file.commit()


async def until_none(running: Fleet, question: str) -> None:
    """Wait until this count is 0: the housekeeping or a session has something to end."""
    end = time.monotonic() + PATIENCE
    while running.ask(question)[0][0]:
        assert time.monotonic() < end, f"it does not come to an end: {question}"
        await asyncio.sleep(0.1)


async def sizes(running: Fleet, *, packed: bool = False) -> Sizes:
    """Now; of SQLite the pages in use, of PostgreSQL all, unless they are `packed` before."""
    logs = sum(member.log.stat().st_size for member in running.cluster.members)
    if not running.where.url:
        pages, free, size = (
            int(running.ask(f"PRAGMA {name}")[0][0]) for name in ("page_count", "freelist_count", "page_size")
        )
        return Sizes((pages - free) * size, 0, logs)
    await until_none(running, _HELD.format(running.ask("SELECT pg_current_xact_id()::xid::text")[0][0]))
    order(running, ["VACUUM FULL" if packed else "VACUUM"])
    row = running.ask(
        "SELECT pg_database_size(current_database()), pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"
    )[0]
    return Sizes(int(row[0]), int(row[1]), logs)


async def measure(running: Fleet, imports: int, contacts: int) -> list[Sizes]:
    """Before; after each round's imports, and after its purge; and packed in the end."""
    feed = Feed(running)
    # The first of all makes rows that stay, and a page in each table and index.
    await feed.begin(10, contacts)
    await feed.drained()
    order(running, [_DUE])
    await until_none(running, _LEFT)
    found = [await sizes(running, packed=True)]
    for _ in range(2):
        await feed.begin(imports, contacts)
        await feed.drained()
        await until_none(running, _ENGINE.format("dbos." if running.where.url else ""))
        found.append(await sizes(running))
        order(running, [_DUE])
        await until_none(running, _LEFT)
        found.append(await sizes(running))
    feed.close()
    return [*found, await sizes(running, packed=True)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--imports", type=int, default=100)
    parser.add_argument("--contacts", type=int, default=1000)
    parser.add_argument("--database", default="postgresql", help="postgresql, or a server's URI")
    given = parser.parse_args()
    found: dict[str, list[Sizes]] = {}
    for name in ("sqlite", given.database):
        with bases(name) as made, fleet(made, settings={"retention": RETENTION}) as running:
            found[name] = uvloop.run(measure(running, given.imports, given.contacts))

    def row(name: str, field: str, before: int, after: int, rounds: int = 1) -> tuple[str, ...]:
        grown = [
            (getattr(some[after], field) - getattr(some[before], field)) / given.imports / rounds
            for some in found.values()
        ]
        return (name, *(f"{bytes_ / 1024:+.1f} KiB" for bytes_ in grown))

    rows = [
        row("an import until its purge", "database", 0, 1),
        row("a second one, where the first was", "database", 1, 3),
        row("**its tombstone, for 30 days**", "database", 0, 5, rounds=2),
        row("log of writes, an import and its purge", "writes", 2, 4),
        row("the processes' own logs, without polls", "logs", 2, 4),
    ]
    print(
        table(f"an import of {given.contacts:,} contacts, of {given.imports}", rows, ("SQLite", "PostgreSQL"))
    )


if __name__ == "__main__":
    main()
