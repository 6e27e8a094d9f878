"""/metrics, /ready and `contactport status` of real processes: what they show, and what they never show."""

from __future__ import annotations

import json
import re
import signal
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from contactport.errors import Code
from tests.e2e.paused_server import PausedServer, people
from tests.e2e.service_process import PATIENCE, WireClient, command, service, until
from tests.faults.cluster import Cluster, Member
from tests.postgres import Postgres
from tests.servers.source_run import PROVIDERS

COUNT = 1200
PASSWORD = "kanarie-password-41"
USERNAME = "kanarie.user.62@kanarie.example"
USER_ID = "kanarie-user-id-83"
CANARY = "kanarie"

WORDS = {
    "provider": {*(row.code for row in PROVIDERS), "other"},
    "outcome": {"complete", *(str(int(code)) for code in Code)},
    "state": {"complete", "failed", "closed", "open", "half-open"},
    "result": {"delivered", "merged", "rejected"},
    "by": {"retention", "request", "operator"},
    "method": {"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH", "other"},
    "status": {"1xx", "2xx", "3xx", "4xx", "5xx", "none"},
}
"""All that a label of this name may say."""
ROUTE = re.compile(r"\(none\)|(/[a-z_.]+)+(/\{id\})?(/stream)?(\?wait)?|/")


class Metrics:
    """One answer of /metrics. Its labels have been looked at."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._values: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        for family in parse(text):
            for sample in family.samples:
                self._values[sample.name, frozenset(sample.labels.items())] = sample.value
                for name, value in sample.labels.items():
                    allowed = WORDS.get(name)
                    assert allowed is None or value in allowed, sample
                    assert name in {*WORDS, "route", "le", "version", "python"}, sample
                    assert name != "route" or ROUTE.fullmatch(value), sample

    def value(self, name: str, **labels: str) -> float | None:
        return self._values.get((name, frozenset(labels.items())))


def get(url: str) -> tuple[int, str]:
    """Status and body of one GET. Raises OSError where nobody listens."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=PATIENCE)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def metrics_at(url: str) -> Metrics:
    status, text = get(url)
    assert status == 200
    return Metrics(text)


def place_of(log: Path) -> str:
    """Where a process serves its metrics: its log says so."""
    lines = log.read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return [line["url"] for line in told if line["event"] == "metrics_served"][-1]


def begin(client: WireClient, book: PausedServer, password: str) -> int:
    return client.begin(
        service="carddav", server=book.url, username=USERNAME, password=password, user_id=USER_ID
    )


def test_one_process_tells_what_it_does_and_of_whom_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    book = PausedServer(people(COUNT, mark=CANARY), password=PASSWORD, username=USERNAME)
    with book, service(data, "--metrics", "0", log=tmp_path / "log") as running:
        client = running.application("shop")
        url = place_of(running.log)
        assert (
            metrics_at(url).value("contactport_imports_total", provider="carddav", outcome="complete") is None
        )

        assert client.end(begin(client, book, "kanarie-wrong"))["value"] == 263
        import_id = begin(client, book, PASSWORD)
        client.let_through(import_id, book, 1)
        client.call("GET", f"/events/{import_id}?echo=kanarie")
        client.call("GET", "/kanarie/kanarie@kanarie.example")
        # What is shared is looked at once a second.
        until(lambda: metrics_at(url).value("contactport_imports_running", provider="carddav") or None)
        told = json.loads(command("status", "--json", data=data).stdout)
        assert (told["running"], told["workers"], told["ended"]) == (1, 1, {"263": 1})

        book.gate.open()
        assert client.end(import_id)["value"] == 0
        found = metrics_at(url)
        count = {
            name: found.value("contactport_imports_total", provider="carddav", outcome=name)
            for name in ("complete", "263")
        }
        assert count == {"complete": 1, "263": 1}
        assert found.value("contactport_contacts_total", provider="carddav", result="delivered") == COUNT
        assert found.value("contactport_import_seconds_count", provider="carddav", state="complete") == 1
        assert found.value("contactport_import_wait_seconds_count", provider="carddav") == 2
        assert (found.value("contactport_provider_first_byte_seconds_count", provider="carddav") or 0) > 5
        answered = "contactport_http_request_seconds_count"
        assert (found.value(answered, route="/events/{id}", method="GET", status="2xx") or 0) > 1
        assert found.value(answered, route="(none)", method="GET", status="4xx") == 1
        assert found.value("contactport_database_up") == 1
        assert found.value("contactport_ring_keys") == 1
        assert (found.value("process_resident_memory_bytes") or 0) > 1e6

        assert client.call("DELETE", f"/imports/{import_id}")[0] == 204
        assert metrics_at(url).value("contactport_imports_purged_total", by="request") == 1
        assert running.stop() == 0
        shown = command("status", data=data).stdout
        # Erased at the application's wish, it has ended as that.
        assert "1 abandoned (517)" in shown
        for text in (found.text, shown):
            assert CANARY not in text
            assert "127.0.0.1" not in text
            assert not re.search(rf"\b{import_id}\b", text)


def test_metrics_go_on_while_the_process_drains_and_ready_does_not(tmp_path: Path) -> None:
    book = PausedServer(people(COUNT))
    with book, service(tmp_path / "data", "--metrics", "0", log=tmp_path / "log") as running:
        client = running.application("shop")
        assert get(f"{running.url}/ready") == (200, '{"status":"ready"}')
        client.begin(service="carddav", server=book.url, username="alice", password="secret")
        until(lambda: book.asked or None)
        running.process.send_signal(signal.SIGTERM)

        def unready() -> bool | None:
            try:
                return get(f"{running.url}/ready")[0] == 503 or None
            except OSError:
                # Nobody listens there any more.
                return True

        until(unready)
        assert metrics_at(place_of(running.log)).value("contactport_database_up") == 1
        assert running.process.poll() is None
        book.gate.open()
        assert running.process.wait(PATIENCE) == 0
    assert "Traceback" not in running.stderr


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--metrics", "nowhere"), 2, "has no port"),
        (("--port", "0", "--metrics", "127.0.0.1:1", "--role", "api"), 2, "CONTACTPORT_DATABASE_URL"),
        (("--port", "{taken}", "--metrics", "{taken}"), 5, "can't be both"),
        (("--port", "0", "--metrics", "{book}"), 5, "choose another with --metrics"),
    ],
)
def test_a_place_that_cannot_be_had_is_refused_before_anything_is_made(
    tmp_path: Path, options: tuple[str, ...], code: int, says: str
) -> None:
    with PausedServer({}) as book, PausedServer({}) as other:
        taken = str(urlsplit(other.url).port)
        other.__exit__(None, None, None)
        given = [one.format(book=urlsplit(book.url).port, taken=taken) for one in options]
        done = command("serve", *given, data=tmp_path / "data")
    assert done.returncode == code
    assert says in done.stderr
    assert not (tmp_path / "data").exists()


def test_an_api_and_a_worker_tell_what_is_shared_and_each_what_it_did_itself(tmp_path: Path) -> None:
    book = PausedServer(people(COUNT), password=PASSWORD, username=USERNAME)
    with Postgres() as server, book:
        database_url = server.create()
        cluster = Cluster(
            tmp_path, database_url=database_url, apis=1, workers=2, settings={"metrics": "127.0.0.1:0"}
        )
        with cluster:
            application = cluster.application("shop")
            client = application.at(cluster.apis[0])

            def of(member: Member) -> Metrics:
                return metrics_at(place_of(member.log))

            import_id = begin(client, book, PASSWORD)
            client.let_through(import_id, book, 1)
            for member in cluster.members:
                until(lambda: of(member).value("contactport_imports_running", provider="carddav") or None)  # noqa: B023
                assert of(member).value("contactport_workers") == 2
            book.gate.open()
            assert client.end(import_id)["value"] == 0
            ended = [
                of(member).value("contactport_imports_total", provider="carddav", outcome="complete") or 0
                for member in cluster.members
            ]
            assert ended[0] == 0
            assert sum(ended) == 1
            assert "2 workers alive" in cluster.command("status", "--once")

            # While the database is away, each of them still answers, and the API says that it is not ready.
            server.stop()
            for member in cluster.members:
                until(lambda: of(member).value("contactport_database_up") == 0 or None)  # noqa: B023
                assert of(member).value("contactport_imports_running", provider="carddav") is None
            ready = f"{cluster.apis[0].url}/ready"
            until(lambda: get(ready) == (503, '{"status":"not_ready","because":["database"]}') or None)
            assert get(f"{cluster.apis[0].url}/health")[0] == 200
            server.start()
            until(lambda: get(ready)[0] == 200 or None)
            for member in cluster.members:
                until(lambda: of(member).value("contactport_database_up") or None)  # noqa: B023
            cluster.workers[0].kill()
            until(lambda: of(cluster.workers[1]).value("contactport_workers") == 1 or None)
