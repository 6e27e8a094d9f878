"""The clock is set forward or back by an hour while imports run: nothing is lost, and every import ends."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from contactport.errors import Code
from tests.faults.book_server import BookServer, book
from tests.faults.cluster import Cluster, Member
from tests.faults.imports_in_flight import COUNT, ImportsInFlight
from tests.needs import needs
from tests.postgres import Postgres

PAUSE = 1.0
"""Longer than elsewhere: a step is to be seen while the imports run."""


class WallClock:
    """The time of day of some processes. Their monotonic clock is not changed."""

    def __init__(self, folder: Path, members: Iterable[Member]) -> None:
        library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
        if library is None:
            needs("libfaketime", "apt-get install faketime")
        self._file = folder / "clock"
        self._file.write_text("+0\n", "ascii")
        for member in members:
            member.leaves = ("/dev/shm/faketime_shm_{pid}", "/dev/shm/sem.faketime_sem_{pid}")
            member.settings.update(
                {
                    "LD_PRELOAD": str(library),
                    "FAKETIME_TIMESTAMP_FILE": str(self._file),
                    # Reads the file once a second: each time that it is asked would take most of a test.
                    "FAKETIME_CACHE_DURATION": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                }
            )

    def step(self, hours: int) -> None:
        """Put it on, or back, from the true time."""
        beside = self._file.with_name("clock.new")
        beside.write_text(f"{hours:+d}h\n", "ascii")
        beside.replace(self._file)


TIME_ENOUGH = {"import_seconds": "7200"}
"""An import that may take longer than the clock is put on."""


@pytest.mark.parametrize("hours", [1, -1])
def test_of_the_only_process(tmp_path: Path, hours: int) -> None:
    with BookServer(COUNT, pause=PAUSE) as books:
        cluster = Cluster(tmp_path, settings=TIME_ENOUGH)
        clock = WallClock(tmp_path, cluster.members)
        with cluster:
            imports = ImportsInFlight(cluster, books)
            imports.wait_under_way()
            clock.step(hours)
            imports.begin("late")
            imports.check()


@pytest.mark.parametrize("hours", [1, -1])
def test_of_one_machine_of_several(tmp_path: Path, hours: int) -> None:
    with Postgres() as postgres, BookServer(COUNT, pause=PAUSE) as books:
        url = postgres.create()
        cluster = Cluster(tmp_path, database_url=url, apis=2, workers=2, settings=TIME_ENOUGH)
        clock = WallClock(tmp_path, [cluster.apis[0], cluster.workers[0]])
        with cluster:
            imports = ImportsInFlight(cluster, books)
            imports.wait_under_way()
            clock.step(hours)
            for number in range(4):
                imports.begin(f"late{number}")
            imports.check()


@pytest.mark.parametrize("hours", [1, -1])
def test_a_worker_that_is_killed_after_it(tmp_path: Path, hours: int) -> None:
    with Postgres() as postgres, BookServer(COUNT, pause=PAUSE) as books:
        url = postgres.create()
        cluster = Cluster(tmp_path, database_url=url, workers=2, settings=TIME_ENOUGH)
        clock = WallClock(tmp_path, [cluster.workers[1]])
        with cluster:
            imports = ImportsInFlight(cluster, books)
            imports.wait_under_way()
            clock.step(hours)
            cluster.workers[0].kill()
            cluster.workers[0].start()
            imports.check(killed=[cluster.workers[0]])


def test_an_import_whose_time_seems_to_be_over(tmp_path: Path) -> None:
    """It ends, well or with a code that says so: it is not forgotten, and not doubled."""
    with BookServer(COUNT, pause=PAUSE) as books:
        cluster = Cluster(tmp_path)
        clock = WallClock(tmp_path, cluster.members)
        with cluster:
            imports = ImportsInFlight(cluster, books)
            imports.wait_under_way()
            clock.step(1)
            cluster.members[0].kill()
            cluster.members[0].start()
            late = imports.begin("late")
            for import_id, account in imports.accounts.items():
                complete = imports.application.end(import_id)
                ledger = imports.application.ledger(import_id)
                assert ledger["found"] == ledger["delivered"] + ledger["merged"] + ledger["rejected"]
                if import_id == late or complete["status"] == "COMPLETED":
                    assert sorted(imports.application.addresses(import_id)) == sorted(book(account, COUNT))
                else:
                    assert complete["value"] in (Code.UNEXPECTED, Code.TIMEOUT)
