"""Keys are rotated while the service runs. No import is affected, even if the command is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.faults.book_server import BookServer, book
from tests.faults.cluster import Cluster, until

IMPORTS = 12
COUNT = 400


@pytest.fixture
def books() -> Iterator[BookServer]:
    with BookServer(COUNT, pause=0.05, page=50) as server:
        yield server


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_rotations_amid_imports(
    tmp_path: Path, books: BookServer, engine: str, request: pytest.FixtureRequest
) -> None:
    url: str = "" if engine == "sqlite" else request.getfixturevalue("database_url")
    random = Random(5)
    with Cluster(tmp_path / "cluster", database_url=url, workers=2) as cluster:
        application = cluster.application("shop")
        accounts = [f"account{number}" for number in range(IMPORTS)]
        begun: dict[str, int] = {}
        for number, account in enumerate(accounts):
            begun[account] = application.begin(books, account)
            if number % 4 == 2:
                # Cut off at any point, from the first line of the program on.
                rotating = subprocess.Popen(
                    [sys.executable, "-m", "contactport", "keys", "rotate"],
                    env=cluster.environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                wait = random.uniform(0.5, 4.0)
                try:
                    rotating.wait(wait)
                except subprocess.TimeoutExpired:
                    rotating.kill()
                    rotating.wait()
        told = json.loads(cluster.command("keys", "rotate", "--json"))
        assert told["unreadable"] == 0
        after = application.begin(books, "late")
        until(lambda: all(application.complete(one) for one in begun.values()) or None)
        for account, import_id in {**begun, "late": after}.items():
            assert application.end(import_id)["status"] == "COMPLETED"
            assert sorted(application.addresses(import_id)) == sorted(book(account, COUNT))
        keys = json.loads(cluster.command("keys", "list", "--json"))["keys"]
        assert [(one["number"], one["present"]) for one in keys] == [(told["number"], True)]
        assert keys[0]["imports"] == IMPORTS + 1
        assert not cluster.complaints()
