"""Waiting polls and event streams of a running service: one process, or several on PostgreSQL."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import psycopg
import pytest

from tests.e2e.paused_server import PausedServer, people
from tests.e2e.service_process import WireClient, service, until
from tests.e2e.stream_client import BOUND, Stream, ask, gathered, get
from tests.faults.cluster import Cluster
from tests.needs import needs

COUNT = 2000


@dataclass
class Place:
    """Where an application goes: `first` and `second` are the addresses of two APIs, or of one."""

    client: WireClient
    first: str
    second: str
    stop: Callable[[], int]
    """SIGTERM to the second, and its exit code."""

    def begin(self, book: PausedServer) -> int:
        return self.client.begin(service="carddav", server=book.url, username="alice", password="secret")


@pytest.fixture(params=["embedded", "distributed"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Place]:
    if request.param == "embedded":
        with service(tmp_path / "data") as running:
            yield Place(running.application("shop"), running.url, running.url, running.stop)
        return
    url = request.getfixturevalue("database_url")
    with Cluster(tmp_path / "cluster", database_url=url, apis=2, workers=1) as cluster:
        first, second = cluster.apis
        client = cluster.application("shop").at(first)
        yield Place(client, first.url, second.url, second.stop)
        assert not cluster.complaints()


@pytest.fixture
def book() -> Generator[PausedServer]:
    with PausedServer(people(COUNT)) as server:
        yield server


def test_polls_that_wait_follow_an_import_to_its_end(place: Place, book: PausedServer) -> None:
    import_id = place.begin(book)
    path, seen, values = f"/events/{import_id}", "0", list[int]()
    with ThreadPoolExecutor(1) as pool:
        while True:
            asking = pool.submit(get, place.second, place.client, path, wait="30", since=seen)
            until(lambda asking=asking: book.gate.pass_one() or asking.done() or None)
            headers, body = asking.result()
            assert headers["Contactport-Version"] != seen
            seen = headers["Contactport-Version"]
            values.append(next(e["value"] for e in body["events"] if e["event_type"] == "GATHERING"))
            if body["events"][-1]["event_type"] == "COMPLETE":
                break
    assert values == sorted(values)
    assert values[-1] == COUNT
    # There is nothing more to wait for.
    assert get(place.first, place.client, path, wait="30", since=seen)[1] == body


def test_a_stream_follows_an_import_to_its_end(place: Place, book: PausedServer) -> None:
    import_id = place.begin(book)
    with Stream(place.second, place.client, import_id) as stream:
        assert stream.answer.status == 200
        assert stream.answer.headers["Content-Type"] == "text/event-stream"
        first = stream.next()
        assert gathered(first) == 0
        assert place.client.let_through(import_id, book, 600) < COUNT
        assert 0 < gathered(stream.next()) < COUNT
        book.gate.open()
        rest = stream.rest()
    assert rest[-1].type == "end"
    assert rest[-1].data == rest[-2].data
    assert json.loads(rest[-1].data) == get(place.first, place.client, f"/events/{import_id}")[1]
    assert gathered(rest[-1]) == COUNT


def test_a_client_that_comes_back_goes_on_where_it_was(place: Place, book: PausedServer) -> None:
    import_id = place.begin(book)
    until(lambda: book.asked or None)
    with Stream(place.first, place.client, import_id) as stream:
        seen = stream.next()
        assert seen is not None
    with Stream(place.second, place.client, import_id, {"Last-Event-ID": seen.id}) as stream:
        place.client.let_through(import_id, book, 1)
        change = stream.next()
        assert gathered(change) > 0
        assert change is not None
    # Here it has missed something.
    stored = place.client.let_through(import_id, book, gathered(change) + 1)
    with Stream(place.first, place.client, import_id, {"Last-Event-ID": change.id}) as stream:
        assert gathered(stream.next()) == stored
        book.gate.open()
        end = stream.rest()[-1]
    with Stream(place.second, place.client, import_id, {"Last-Event-ID": end.id}) as stream:
        assert (stream.answer.status, stream.rest()) == (204, [])


def test_an_erasure_ends_streams_and_waiting_polls(place: Place, book: PausedServer) -> None:
    import_id = place.begin(book)
    until(lambda: book.asked or None)
    with ThreadPoolExecutor(1) as pool, Stream(place.second, place.client, import_id) as stream:
        seen = stream.next()
        assert seen is not None
        asking = pool.submit(
            get, place.second, place.client, f"/events/{import_id}", wait="30", since=seen.id
        )
        assert place.client.call("DELETE", f"/imports/{import_id}")[0] == 204
        assert stream.rest()[-1].type == "end"
        assert asking.result()[1]["events"][-1]["value"] == 517


def test_sigterm_ends_streams_and_waiting_polls_at_once(place: Place, book: PausedServer) -> None:
    import_id = place.begin(book)
    until(lambda: book.asked or None)
    with ThreadPoolExecutor(1) as pool, Stream(place.second, place.client, import_id) as stream:
        seen = stream.next()
        assert seen is not None
        assert gathered(seen) == 0
        with ask(place.second, place.client, f"/events/{import_id}", wait="30", since=seen.id) as asking:
            # Whoever came before this one has been let in.
            place.client.at(place.second).events(import_id)
            stopping = pool.submit(place.stop)
            assert stream.rest() == []
            answer = asking.getresponse()
            assert (answer.status, json.loads(answer.read())["import_id"]) == (200, import_id)
            book.gate.open()
            assert stopping.result() == 0


def test_after_a_restart_a_client_gets_the_present_state_first(tmp_path: Path, book: PausedServer) -> None:
    with service(tmp_path / "data") as running:
        client = running.application("shop")
        place = Place(client, running.url, running.url, running.stop)
        import_id = place.begin(book)
        with Stream(running.url, client, import_id) as stream:
            seen = stream.next()
            stored = client.let_through(import_id, book, 600)
            running.process.send_signal(signal.SIGTERM)
            last = [seen, *stream.rest()][-1]
        book.gate.open()
        assert running.process.wait(BOUND + 30) == 0
    assert last is not None
    with (
        service(tmp_path / "data") as running,
        Stream(running.url, client, import_id, {"Last-Event-ID": last.id}) as stream,
    ):
        rest = stream.rest()
        assert gathered(rest[0]) >= stored
        assert rest[-1].type == "end"
        assert gathered(rest[-1]) == COUNT


def test_curl_reads_a_stream(place: Place, book: PausedServer) -> None:
    curl = which("curl") or needs("curl", "apt-get install curl")
    book.gate.open()
    import_id = place.begin(book)
    url = f"{place.second}/events/{import_id}/stream?{place.client.in_query}"
    done = subprocess.run([curl, "-sSN", url], capture_output=True, text=True, timeout=BOUND, check=True)
    assert done.stdout.startswith("retry: ")
    assert "\nevent: end\n" in done.stdout
    assert done.stdout.endswith("}\n\n")


def test_streams_go_on_when_the_database_has_cut_every_connection(
    tmp_path: Path, database_url: str, book: PausedServer
) -> None:
    with (
        Cluster(tmp_path / "cluster", database_url=database_url, apis=2, workers=1) as cluster,
        psycopg.connect(database_url, autocommit=True) as connection,
    ):

        def listening() -> set[int]:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"
            )
            return {row[0] for row in rows.fetchall()}

        first, second = cluster.apis
        client = cluster.application("shop").at(first)
        import_id = Place(client, first.url, second.url, second.stop).begin(book)
        before = until(lambda: found if len(found := listening()) == 2 else None)
        with Stream(first.url, client, import_id) as one, Stream(second.url, client, import_id) as other:
            assert gathered(one.next()) == gathered(other.next()) == 0
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            until(lambda: len(listening() - before) == 2 or None)
            book.gate.open()
            assert gathered(one.rest()[-1]) == gathered(other.rest()[-1]) == COUNT
