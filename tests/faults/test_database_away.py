"""PostgreSQL is restarted, killed or cuts its connections while imports run: all of them end well by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.book_server import BookServer
from tests.faults.cluster import Cluster, until
from tests.faults.imports_in_flight import COUNT, PAUSE, ImportsInFlight
from tests.postgres import Postgres


@pytest.mark.parametrize("how", ["a fast restart", "an immediate restart", "kill -9", "connections cut"])
def test_postgresql_is_away(tmp_path: Path, how: str) -> None:
    with Postgres() as postgres, BookServer(COUNT, pause=PAUSE) as books:
        url = postgres.create()
        with Cluster(tmp_path, database_url=url, workers=2) as cluster:
            imports = ImportsInFlight(cluster, books)
            stored = cut = 0
            for _ in range(5 if how == "connections cut" else 2):
                stored = imports.wait_under_way(stored)
                match how:
                    case "a fast restart":
                        postgres.restart("fast")
                    case "an immediate restart":
                        postgres.restart("immediate")
                    case "kill -9":
                        postgres.kill()
                        postgres.start()
                    case _:
                        # None at all where every import has ended, and who was cut has not come back yet.
                        cut += postgres.terminate_backends()
            assert cut or how != "connections cut"
            imports.begin("late")
            imports.check()


def test_postgresql_is_down_for_a_while(tmp_path: Path) -> None:
    with Postgres() as postgres, BookServer(COUNT, pause=PAUSE) as books:
        url = postgres.create()
        with Cluster(tmp_path, database_url=url, workers=2) as cluster:
            imports = ImportsInFlight(cluster, books)
            imports.wait_under_way()
            postgres.stop()
            # Long enough for the workers to have tried again, in vain. An import that writes before its worker has
            # noticed waits by itself; the others are dropped, to be taken up again.
            waits = ("import_waits_for_database", "lock_waits_for_database")
            until(lambda: sum(map(imports.logged, waits)) >= 8 or None)
            postgres.start()
            imports.check()
