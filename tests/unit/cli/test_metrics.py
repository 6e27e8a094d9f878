"""`--metrics`: where metrics are served, by a server that no client can block."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse

import pytest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from contactport.cli import metrics_server
from contactport.cli.exit_codes import ADDRESS, CommandError
from contactport.cli.metrics import listen_for_metrics, parse_place
from contactport.cli.metrics_server import HEAD_BYTES, MetricsServer
from contactport.settings import SettingError

PATIENCE = 30


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("9321", ("127.0.0.1", 9321)),
        (":9321", ("127.0.0.1", 9321)),
        ("0", ("127.0.0.1", 0)),
        (" 10.0.0.5:9321 ", ("10.0.0.5", 9321)),
        ("metrics.internal:80", ("metrics.internal", 80)),
        ("[::1]:9321", ("::1", 9321)),
    ],
)
def test_a_place_is_a_host_and_a_port_or_a_port_on_loopback(text: str, place: tuple[str, int]) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize(
    "text", ["host", "host:", "::1:9321", "1:2:3", "host:65536", "host:99999999999", "host:-1", "host:²", ":"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="metrics"):
        parse_place(text)


def test_nothing_is_listened_on_where_nothing_is_asked_for() -> None:
    assert listen_for_metrics("") == []


def test_an_address_in_use_names_the_option() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CommandError, match=r"in use.*--metrics") as caught:
            listen_for_metrics(str(other.getsockname()[1]))
    assert caught.value.exit_code == ADDRESS


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_service_s_own_port_is_refused_although_nobody_listens_there_yet(host: str) -> None:
    with socket.socket() as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.bind(("127.0.0.1", 0))
        with pytest.raises(CommandError, match="can't be both"):
            listen_for_metrics(f"{host}:{own.getsockname()[1]}", [own])


@pytest.mark.parametrize(("place", "warns"), [("0.0.0.0:0", True), ("0", False)])
def test_a_place_that_others_reach_is_warned_of(
    place: str, warns: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in listen_for_metrics(place):
        one.close()
    assert ("warning: the metrics" in capsys.readouterr().err) == warns


async def some_gauges() -> list[Metric]:
    return [GaugeMetricFamily("contactport_database_up", "Whether it is.", value=1)]


@pytest.fixture
def port() -> Generator[int]:
    """Where a server answers."""
    listeners = listen_for_metrics("127.0.0.1:0")
    server = MetricsServer(listeners, some_gauges)
    server.start()
    yield listeners[0].getsockname()[1]
    server.stop()


def is_over(connection: socket.socket) -> bool:
    """Whether the server closes or resets it, without a word."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def ask(port: int, method: str, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def test_get_metrics_is_answered(port: int) -> None:
    answer, body = ask(port, "GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b"\ncontactport_database_up 1.0\n" in body
    assert b"\ncontactport_build_info{" in body


def test_openmetrics_is_answered_to_those_who_ask_for_it(port: int) -> None:
    answer, body = ask(
        port, "GET", "/metrics?x", Accept="application/openmetrics-text;version=1.0.0,*/*;q=0.1"
    )
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/metrics/"), ("GET", "/health"), ("POST", "/metrics"), ("HEAD", "/metrics")],
)
def test_nothing_else_is(port: int, method: str, path: str) -> None:
    assert ask(port, method, path)[0].status == 404


@pytest.mark.parametrize(
    "sent", [b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe GET /metrics\r\n\r\n"]
)
def test_what_is_no_request_is_none(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as one:
        one.sendall(sent)
        assert one.recv(100).startswith(b"HTTP/1.1 404")
    assert ask(port, "GET", "/metrics")[0].status == 200


def test_a_head_without_an_end_is_cut_off(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as one:
        with suppress(ConnectionError):
            for _ in range(100):
                one.sendall(b"x" * HEAD_BYTES)
        assert is_over(one)


def test_who_says_nothing_is_cut_off_and_more_than_some_are_not_let_in(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_server, "SECONDS", 0.3)
    silent = [
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        for _ in range(2 * metrics_server.CONNECTIONS)
    ]
    for one in silent:
        with one:
            assert is_over(one)
    assert ask(port, "GET", "/metrics")[0].status == 200


def test_it_ends_with_connections_open() -> None:
    listeners = listen_for_metrics("0")
    server = MetricsServer(listeners, some_gauges)
    server.start()
    address = listeners[0].getsockname()
    with socket.create_connection(address, timeout=PATIENCE) as one:
        ask(address[1], "GET", "/metrics")
        server.stop()
        assert is_over(one)
        with socket.socket() as late:
            assert late.connect_ex(address) != 0
