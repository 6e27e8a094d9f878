"""One application's use of a server, an account or a provider does not affect other applications."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from contactport.errors import Code
from tests.e2e.faulty_proxy import FaultyProxy
from tests.faults.book_server import PASSWORD, BookServer
from tests.faults.cluster import Application, Cluster, until

COUNT = 20
_REST = b"HTTP/1.1 503 Later\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n"
_BROKEN = b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_of_cluster(request: pytest.FixtureRequest) -> str:
    """The setting `database_url`: empty for one process on SQLite, else a PostgreSQL for an API and two workers."""
    return "" if request.param == "sqlite" else request.getfixturevalue("database_url")


def start(application: Application, server: str, account: str, password: str = PASSWORD) -> int:
    """Begin an import; its id."""
    body = application.call(
        "POST",
        "/begin_import/import",
        service="carddav",
        server=server,
        username=account,
        password=password,
    )
    return int(json.loads(body)["import_id"])


def ended_with(application: Application, import_id: int) -> int:
    """The code of its end; 0 for a good one."""
    return int(application.end(import_id)["value"])


def test_a_path_of_ones_choosing_shuts_a_server_for_nobody_else(
    tmp_path: Path, database_of_cluster: str
) -> None:
    with (
        BookServer(COUNT) as good,
        Cluster(
            tmp_path,
            database_url=database_of_cluster,
            settings={"breaker_failures": "2", "breaker_seconds": "600", "import_seconds": "1800"},
        ) as cluster,
    ):
        good.instead = {"/maintenance/": _REST, "/broken/": _BROKEN}
        attacker, victim = cluster.application("attacker"), cluster.application("victim")
        root = good.url.removesuffix("dav/")
        resting = start(attacker, f"{root}maintenance/", "mallory")
        until(
            lambda: (
                (
                    json.loads(attacker.call("GET", f"/imports/{resting}"))["state"] == "waiting"
                    and good.refused_paths["/maintenance/"] > 0
                )
                or None
            )
        )
        assert ended_with(victim, start(victim, good.url, "ann")) == 0
        other = good.url.replace("127.0.0.1", "localhost")
        for account in ("mallory", "mallet"):
            assert (
                ended_with(attacker, start(attacker, other.replace("/dav/", "/broken/"), account))
                == Code.UNAVAILABLE
            )
        asked = good.refused_paths["/broken/"]
        assert ended_with(attacker, start(attacker, other, "malloy")) == Code.UNAVAILABLE
        assert good.refused_paths["/broken/"] == asked, "its own breaker is open"
        assert ended_with(victim, start(victim, other, "bob")) == 0
        for account in ("ann", "bob"):
            assert good.asked[account] == COUNT


def test_at_most_five_wrong_passwords_reach_the_provider_however_many_are_begun_at_once(
    tmp_path: Path, database_of_cluster: str
) -> None:
    begun = 150
    with BookServer(COUNT) as books, Cluster(tmp_path, database_url=database_of_cluster) as cluster:
        guesser, owner = cluster.application("guesser"), cluster.application("owner")

        def guess(number: int) -> int:
            return start(guesser, books.url, "ann", f"guess {number}")

        def code_of(import_id: int) -> int:
            return ended_with(guesser, import_id)

        with ThreadPoolExecutor(16) as threads:
            ids = list(threads.map(guess, range(begun)))
            right = start(owner, books.url, "ann")
            assert ended_with(owner, right) == 0
            codes = list(threads.map(code_of, ids))
        reached = {password for name, password in books.tried if name == "ann"}
        print(f"{len(reached)} of {begun} passwords reached the provider")
        assert len(reached) == 5
        assert codes.count(Code.WRONG_PASSWORD) == 5
        assert codes.count(Code.FAILED_RECENTLY) == begun - 5
        assert ended_with(guesser, start(guesser, books.url, "ann")) == Code.FAILED_RECENTLY
        assert ended_with(owner, start(owner, books.url, "ann")) == 0


def state(application: Application, import_id: int) -> str:
    return str(json.loads(application.call("GET", f"/imports/{import_id}"))["state"])


def test_a_domain_that_holds_every_slot_keeps_no_other_waiting(
    tmp_path: Path, database_of_cluster: str
) -> None:
    settings = {"import_concurrency": "8", "turn_seconds": "2"}
    processes = 2 if database_of_cluster else 1
    with (
        ExitStack() as stack,
        BookServer(COUNT) as good,
        Cluster(tmp_path, database_url=database_of_cluster, settings=settings) as cluster,
    ):
        drips = [stack.enter_context(FaultyProxy("dripping")) for _ in range(12 * processes)]
        attacker, victim = cluster.application("attacker"), cluster.application("victim")
        ids = [start(attacker, drip.url, f"mallory{number}") for number, drip in enumerate(drips * 3)]
        until(lambda: sum(drip.asked > 0 for drip in drips) >= 8 * processes or None)
        took: list[float] = []
        for number in range(12):
            began = time.monotonic()
            assert ended_with(victim, start(victim, good.url, f"ann{number}")) == 0
            took.append(time.monotonic() - began)
        print(f"an import beside {len(ids)} that drip: {sorted(took)[6]:.1f} s, at most {max(took):.1f} s")
        # Many at once get more than the reserve, from those whose turn is over.
        many = [start(victim, good.url, f"bob{number}") for number in range(12)]
        assert [ended_with(victim, one) for one in many] == [0] * 12
        assert {state(attacker, one) for one in ids} <= {"waiting", "running"}, "none was lost for it"


def test_an_import_that_does_not_get_on_ends_and_a_slow_one_does_not(
    tmp_path: Path, database_of_cluster: str
) -> None:
    settings = {"progress_seconds": "6", "progress_bytes": "200000", "progress_records": "60"}
    with (
        FaultyProxy("dripping") as drip,
        BookServer(60, page=2, pause=0.5) as slow,
        Cluster(tmp_path, database_url=database_of_cluster, settings=settings) as cluster,
    ):
        application = cluster.application("shop")
        dripping = start(application, drip.url, "mallory")
        steady = start(application, slow.url, "ann")
        end = application.end(dripping)
        assert end["value"] == Code.TIMEOUT
        assert "so slowly" in end["description"]
        assert ended_with(application, steady) == 0
        assert len(application.addresses(steady)) == 60
