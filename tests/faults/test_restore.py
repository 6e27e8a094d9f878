"""The database is lost, and a copy from the middle of some imports replaces it: they continue from it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.faults.book_server import BookServer
from tests.faults.cluster import Cluster
from tests.faults.imports_in_flight import COUNT, PAUSE, ImportsInFlight
from tests.postgres import Postgres


def test_sqlite(tmp_path: Path) -> None:
    with BookServer(COUNT, pause=PAUSE) as books, Cluster(tmp_path) as cluster:
        imports = ImportsInFlight(cluster, books)
        stored = imports.wait_under_way()
        database, copy = cluster.data / "contactport.db", tmp_path / "copy.db"
        with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(copy)) as kept:
            live.backup(kept)
        imports.wait_under_way(stored)
        cluster.apis[0].kill()
        for file in cluster.data.glob("contactport.db*"):
            file.unlink()
        copy.rename(database)
        cluster.start()
        imports.check(killed=cluster.members)


def test_postgresql(tmp_path: Path) -> None:
    with Postgres() as postgres, BookServer(COUNT, pause=PAUSE) as books:
        url = postgres.create()
        with Cluster(tmp_path, database_url=url, workers=2) as cluster:
            imports = ImportsInFlight(cluster, books)
            stored = imports.wait_under_way()
            dump = postgres.dump(url)
            imports.wait_under_way(stored)
            for member in cluster.members:
                member.kill()
            postgres.restore(url, dump)
            cluster.start()
            imports.check(killed=cluster.members)
