"""A provider that hangs, fails or asks for a pause affects only its own users. With real processes."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from contactport.errors import Code
from tests.e2e.faulty_proxy import FaultyProxy
from tests.faults.book_server import BookServer, book
from tests.faults.cluster import Application, Cluster, until

COUNT = 30


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_url(request: pytest.FixtureRequest) -> str:
    """The setting `database_url`: empty for one process on SQLite, else a PostgreSQL for an API and two workers."""
    return "" if request.param == "sqlite" else request.getfixturevalue("database_url")


class StateReader(Application):
    """An application that looks at its imports' states, too."""

    def start(self, server: FaultyProxy, account: str) -> int:
        """Begin an import from a server; its id."""
        body = self.call(
            "POST",
            "/begin_import/import",
            service="carddav",
            server=server.url,
            username=account,
            password="secret",
        )
        return int(json.loads(body)["import_id"])

    def state(self, import_id: int) -> str:
        return json.loads(self.call("GET", f"/imports/{import_id}"))["state"]

    def erase(self, import_id: int) -> None:
        """DELETE it."""
        status, _ = self.at(self._cluster.apis[0]).call("DELETE", f"/imports/{import_id}")
        assert status == 204

    def until_state(self, import_id: int, *states: str) -> str:
        return until(lambda: state if (state := self.state(import_id)) in states else None)

    def reason(self, import_id: int) -> tuple[int, str]:
        """Why an import has failed."""
        end = self.end(import_id)
        assert end["status"] == "ERROR", end
        return end["value"], end["description"]

    def check_whole(self, import_id: int, account: str) -> None:
        """It has ended well, with every contact once."""
        end = self.end(import_id)
        assert (end["status"], end["value"]) == ("COMPLETED", 0), end
        found = self.addresses(import_id)
        assert (len(found), set(found)) == (COUNT, book(account, COUNT))


@contextmanager
def cluster(folder: Path, database_url: str, **settings: str) -> Generator[StateReader]:
    """The service, and an application of it."""
    with Cluster(folder, database_url=database_url, settings=settings) as members:
        pair = json.loads(members.command("domain", "add", "shop", "--create", "--json"))
        yield StateReader(members, pair["domain_key"], pair["domain_password"])


def port_of(server: BookServer) -> int:
    port = urlsplit(server.url).port
    assert port is not None
    return port


def deferred(shop: StateReader, server: FaultyProxy, import_id: int) -> Any:
    """Something once the server was asked and the import waits again."""
    return (server.asked and shop.state(import_id) == "waiting") or None


def test_a_provider_that_hangs_starves_no_other(tmp_path: Path, engine_url: str) -> None:
    processes = 2 if engine_url else 1
    with (
        FaultyProxy("hanging") as slow,
        BookServer(COUNT) as good,
        cluster(tmp_path, engine_url, import_concurrency="8") as shop,
    ):
        stuck = [shop.start(slow, f"user{number}") for number in range(40)]
        # Six of a process's eight places, and no more.
        until(lambda: slow.asked >= 6 * processes or None)
        for account in (f"reader{number}" for number in range(12)):
            shop.check_whole(shop.begin(good, account), account)
        assert {shop.state(import_id) for import_id in stuck} == {"waiting", "running"}
        assert slow.asked == 6 * processes


def test_a_provider_that_wants_a_rest_gets_it_and_holds_no_worker(tmp_path: Path, engine_url: str) -> None:
    with (
        FaultyProxy("tired") as tired,
        BookServer(COUNT) as good,
        cluster(tmp_path, engine_url, import_concurrency="1") as shop,
    ):
        first = shop.start(tired, "ann")
        until(lambda: deferred(shop, tired, first))
        asked = tired.asked
        others = [shop.start(tired, f"user{number}") for number in range(4)]
        for account in ("bob", "cem", "dee"):
            shop.check_whole(shop.begin(good, account), account)
        assert {shop.state(import_id) for import_id in (first, *others)} == {"waiting"}
        assert tired.asked == asked
        shop.erase(first)
        assert shop.reason(first)[0] == Code.ABANDONED


def test_a_provider_that_fails_is_left_alone(tmp_path: Path, engine_url: str) -> None:
    with (
        BookServer(COUNT) as good,
        FaultyProxy("failing") as server,
        cluster(tmp_path, engine_url, breaker_failures="2", breaker_seconds="600") as shop,
    ):
        for account in ("ann", "bob"):
            assert shop.reason(shop.start(server, account))[0] == Code.UNAVAILABLE
        asked = server.asked
        for account in ("cem", "dee", "eve"):
            code, text = shop.reason(shop.start(server, account))
            assert code == Code.UNAVAILABLE
            assert "was not asked" in text
        assert server.asked == asked
        # Another server of the same service is not concerned.
        shop.check_whole(shop.begin(good, "fay"), "fay")


def test_a_provider_that_answers_again_is_asked_again(tmp_path: Path, engine_url: str) -> None:
    with (
        BookServer(COUNT) as good,
        FaultyProxy("failing", port_of(good)) as server,
        cluster(tmp_path, engine_url, breaker_failures="1", breaker_seconds="0.5") as shop,
    ):
        assert shop.reason(shop.start(server, "ann"))[0] == Code.UNAVAILABLE
        server.mood = "well"

        def comes_back() -> int | None:
            import_id = shop.start(server, "bob")
            return import_id if shop.end(import_id)["status"] == "COMPLETED" else None

        shop.check_whole(until(comes_back), "bob")
        shop.check_whole(shop.start(server, "cem"), "cem")


def test_an_account_has_only_so_many_imports_at_once(tmp_path: Path, engine_url: str) -> None:
    with (
        FaultyProxy("hanging") as slow,
        cluster(tmp_path, engine_url, import_concurrency="8", account_imports="2") as shop,
    ):
        ids = [shop.start(slow, "ann") for _ in range(5)]
        until(lambda: slow.asked >= 2 or None)
        another = shop.start(slow, "bob")
        shop.until_state(another, "running")
        until(lambda: slow.asked >= 3 or None)
        assert sorted(shop.state(import_id) for import_id in ids) == ["running"] * 2 + ["waiting"] * 3
        assert slow.asked == 3
