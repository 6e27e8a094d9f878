"""Two live attempts of one import: the older one writes nothing any more, and nothing is doubled."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from contactport.imports.jobs import Jobs
from contactport.store.database import Database
from contactport.store.engines import postgresql, sqlite
from tests.faults.book_server import BookServer, HeldPage, book
from tests.faults.cluster import Application, Cluster, Member, until
from tests.faults.database_rows import DatabaseRows
from tests.postgres import Postgres

COUNT = 2000
ACCOUNT = "alice"


@pytest.fixture
def books() -> Iterator[BookServer]:
    with BookServer(COUNT) as server:
        yield server


def check_whole(application: Application, import_id: int) -> None:
    """Every contact once, and a ledger that adds up."""
    complete = application.end(import_id)
    assert (complete["status"], complete["value"]) == ("COMPLETED", 0)
    assert sorted(application.addresses(import_id)) == sorted(book(ACCOUNT, COUNT))
    ledger = application.ledger(import_id)
    assert ledger == {"found": COUNT, "delivered": COUNT, "merged": 0, "rejected": 0}


def executor_of(cluster: Cluster, rows: DatabaseRows, import_id: int) -> Member:
    """The worker that has taken an import's job."""
    name = rows.one(import_id).executor
    return next(one for one in cluster.workers if f"-{one.pid}-" in name)


def cut_lock(postgres: Postgres, executor: str) -> None:
    """End the connection that holds a process's lock: to the others it looks dead."""
    with postgres.superuser() as connection:
        cut = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 "
            "AND (classid::bigint << 32) | objid::bigint = hashtextextended('contactport/' || %s, 0)",
            (executor,),
        ).fetchall()
    assert cut == [(True,)]


def at_least(pages: list[HeldPage], number: int) -> None:
    until(lambda: len(pages) >= number or None)


def says(member: Member, word: str) -> None:
    """Wait until a process has logged this event."""
    until(lambda: f'"{word}"' in member.log.read_text("utf-8") or None)


@pytest.mark.parametrize("back", ["while the other goes on", "when the other has ended"])
def test_a_worker_that_only_seemed_dead(tmp_path: Path, books: BookServer, back: str) -> None:
    with Postgres() as postgres, books.holding(ACCOUNT) as pages:
        url = postgres.create()
        with Cluster(tmp_path / "cluster", database_url=url, workers=2) as cluster:
            application = cluster.application("shop")
            rows = DatabaseRows(url, cluster.data)
            import_id = application.begin(books, ACCOUNT)
            at_least(pages, 1)
            before = rows.one(import_id)
            first = executor_of(cluster, rows, import_id)
            second = next(one for one in cluster.workers if one is not first)
            first.signal(signal.SIGSTOP)
            cut_lock(postgres, before.executor)

            at_least(pages, 2)
            assert executor_of(cluster, rows, import_id) is second
            assert rows.one(import_id).epoch == before.epoch + 1

            def store_some() -> bool | None:
                for page in pages[1:]:
                    page.release()
                return rows.one(import_id).chunks > 0 or None

            until(store_some)
            if back == "when the other has ended":
                until(lambda: (store_some() and rows.one(import_id).ended) or None)
            stored = rows.one(import_id)

            # The old page comes to the old worker first, and then to itself.
            pages[0].release()
            first.signal(signal.SIGCONT)
            says(first, "lock_taken_again")
            now = rows.one(import_id)
            # Who has the job is the engine's to note, a moment after the import's end.
            if stored.ended:
                assert now._replace(executor="") == stored._replace(executor="")
            else:
                assert now.epoch == stored.epoch

            books.let_all_through(ACCOUNT)
            check_whole(application, import_id)
            numbers = rows.chunk_numbers(import_id)
            assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("mode", ["embedded", "distributed"])
def test_a_job_that_is_taken_up_while_it_runs(tmp_path: Path, books: BookServer, mode: str) -> None:
    with Postgres() as postgres, books.holding(ACCOUNT) as pages:
        url = postgres.create() if mode == "distributed" else ""
        with Cluster(tmp_path / "cluster", database_url=url, workers=3) as cluster:
            application = cluster.application("shop")
            rows = DatabaseRows(url, cluster.data)
            import_id = application.begin(books, ACCOUNT)
            attempts = 4
            for number in range(1, attempts + 1):
                at_least(pages, number)
                until(lambda number=number: rows.one(import_id).epoch == number or None)
                if number < attempts:
                    hand_back(cluster, rows.one(import_id).executor)
            # Each of them has a page of the same contacts on its way, and they go on side by side.
            books.let_all_through(ACCOUNT)
            check_whole(application, import_id)
            until(lambda: fenced(cluster) == attempts - 1 or None)
            assert rows.one(import_id).epoch == attempts


def hand_back(cluster: Cluster, executor: str) -> None:
    """Queue the jobs of a process that lives, as if it had died."""
    database = Database(
        postgresql(cluster.database_url) if cluster.database_url else sqlite(cluster.data / "contactport.db")
    )

    async def now() -> int:
        jobs = Jobs(database)
        try:
            return await jobs.hand_back(executor)
        finally:
            await jobs.close()
            await database.close()

    assert asyncio.run(now()) == 1


def fenced(cluster: Cluster) -> int:
    """How many attempts have found that they may write nothing more."""
    return sum(one.log.read_text("utf-8").count('"import_fenced"') for one in cluster.workers)
