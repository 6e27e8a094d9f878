"""The database's disk is full while imports run, and has room again later: all of them end well by themselves."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.faults.book_server import PASSWORD, BookServer
from tests.faults.cluster import Cluster, until
from tests.faults.imports_in_flight import COUNT, PAUSE, ImportsInFlight
from tests.needs import needs
from tests.postgres import Postgres
from tests.supervisor import supervisor

EMBEDDED = 16
DISTRIBUTED = 192
"""Megabytes of the disks."""
_PIECE = 64 * 1024


@pytest.fixture
def disk(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A small disk for the test, with this number of megabytes. It ends with the process of the tests."""
    made = supervisor().disk(int(request.param))
    if made is None:
        needs("a file system of its own", "run the tests as root, where mount(8) may be used")
    yield made
    shutil.rmtree(made / "data", ignore_errors=True)


class Ballast:
    """A file that fills the disk."""

    def __init__(self, disk: Path) -> None:
        self._file = disk / "ballast"

    def fill(self) -> None:
        with self._file.open("ab", buffering=0) as out:
            for piece in (_PIECE, 512):
                try:
                    while True:
                        out.write(bytes(piece))
                except OSError:
                    continue

    def drop(self) -> None:
        self._file.unlink()


def begins(imports: ImportsInFlight) -> int | None:
    """The status of one more begin, which nobody repeats; None where there was no answer."""
    member = imports.cluster.apis[0]
    try:
        return imports.application.at(member).call(
            "POST",
            "/begin_import/import",
            service="carddav",
            server=imports.books.url,
            username="refused",
            password=PASSWORD,
        )[0]
    except (OSError, HTTPException):
        return None


def strike(imports: ImportsInFlight, ballast: Ballast) -> None:
    """Fill the disk until imports have noticed, and begins are refused."""
    imports.wait_under_way()

    def look() -> bool | None:
        # Whatever a database gives back to the disk is taken again.
        ballast.fill()
        return (imports.logged("import_waits_for_database") > 0 and begins(imports) == 503) or None

    until(look)


@pytest.mark.parametrize("disk", [EMBEDDED], indirect=True)
def test_sqlite(tmp_path: Path, disk: Path) -> None:
    with BookServer(COUNT, pause=PAUSE) as books:
        (disk / "data").mkdir(mode=0o700)
        os.symlink(disk / "data", tmp_path / "data")
        with Cluster(tmp_path) as cluster:
            imports = ImportsInFlight(cluster, books)
            ballast = Ballast(disk)
            strike(imports, ballast)
            ballast.drop()
            imports.begin("late")
            imports.check()


@pytest.mark.parametrize("disk", [EMBEDDED], indirect=True)
def test_purging_erasing_and_ending_have_room_on_a_full_disk(tmp_path: Path, disk: Path) -> None:
    with BookServer(COUNT) as books:
        (disk / "data").mkdir(mode=0o700)
        os.symlink(disk / "data", tmp_path / "data")
        with Cluster(tmp_path, settings={"retention": "6", "import_seconds": "15"}) as cluster:
            (member,) = cluster.apis
            application = cluster.application("shop")
            client = application.at(member)
            until(lambda: (disk / "data" / "reserve").exists() or None)

            def state(import_id: int) -> str:
                status, body = client.call("GET", f"/imports/{import_id}")
                assert status == 200
                return str(json.loads(body)["state"])

            def ready() -> tuple[int, list[str]]:
                status, body = client.call("GET", "/ready")
                return status, json.loads(body).get("because", [])

            ballast = Ballast(disk)
            with books.holding("late"), books.holding("erased"):
                late, erased = application.begin(books, "late"), application.begin(books, "erased")
                until(lambda: state(late) == state(erased) == "running" or None)
                done = application.begin(books, "done")
                assert application.end(done)["status"] == "COMPLETED"
                ballast.fill()
                until(lambda: ready() == (503, ["disk"]) or None)
                assert client.call("DELETE", f"/imports/{erased}")[0] == 204
                assert state(erased) == "purged"
                until(lambda: state(done) == "purged" or None)
                assert application.end(late)["status"] == "ERROR"
            ballast.drop()
            until(lambda: ready() == (200, []) or None)
            assert application.end(application.begin(books, "again"))["status"] == "COMPLETED"


@pytest.mark.parametrize("disk", [DISTRIBUTED], indirect=True)
def test_postgresql(tmp_path: Path, disk: Path) -> None:
    small = {"min_wal_size": "32MB", "max_wal_size": "48MB"}
    with Postgres(parent=disk, options=small) as postgres, BookServer(COUNT, pause=PAUSE) as books:
        url = postgres.create()
        with Cluster(tmp_path, database_url=url, workers=2) as cluster:
            imports = ImportsInFlight(cluster, books)
            ballast = Ballast(disk)
            strike(imports, ballast)
            ballast.drop()
            if not postgres.alive:
                # It ends itself where it can't write its log.
                postgres.start()
            imports.begin("late")
            imports.check()
