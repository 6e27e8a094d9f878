"""Clients that keep connections open without a key pair, or send and never read: the service still works."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from contactport.cli.serve import CONNECTIONS
from tests.contract.raw import ask
from tests.e2e.service_process import RunningService, service

MANY = CONNECTIONS + 200
PIPELINING = 200
"""Connections of the second exploit; a thousand of them were 3.4 GB."""
REQUESTS = b"GET /services.json HTTP/1.1\r\nHost: x\r\n\r\n" * 1200
"""Some 50 KB, of which each asks for some 60 KB."""
PATIENCE = 60.0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    with service(tmp_path / "data") as one:
        yield one


@pytest.fixture(autouse=True)
def files() -> Iterator[None]:
    """Room for so many sockets of our own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, MANY + 500)
    if hard not in (resource.RLIM_INFINITY,) and hard < wanted:
        pytest.fail(f"this test needs {wanted} open files, and only {hard} are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def port_of(running: RunningService) -> int:
    port = urlsplit(running.url).port
    assert port is not None
    return port


def held(stack: ExitStack, port: int, number: int, begin: bytes) -> list[socket.socket]:
    """So many connections that have sent this much and wait."""
    made: list[socket.socket] = []
    for _ in range(number):
        one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
        if begin:
            one.sendall(begin)
        made.append(one)
    return made


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"GET /health HTTP/1.1\r\nHost: x\r\n",
        b"POST /begin_import/import HTTP/1.1\r\nContent-Length: 9\r\n\r\na",
    ],
    ids=["silent", "half a head", "half a body"],
)
def test_connections_that_ask_for_nothing_keep_nobody_out(running: RunningService, begin: bytes) -> None:
    """1,200 of them made every request 503, /health too, and orchestrators restarted the service."""
    port = port_of(running)
    with ExitStack() as stack:
        held(stack, port, MANY, begin)
        for path, status in (("/health", 200), ("/ready", 200), ("/services.json", 200), ("/events/1", 401)):
            assert ask(port, "GET", path).status == status
    assert running.process.poll() is None


def test_requests_whose_answers_nobody_reads_cost_little(running: RunningService) -> None:
    """They were made at once, as many as came, and held until the end of the connection."""
    port, process = port_of(running), psutil.Process(running.process.pid)
    assert ask(port, "GET", "/services.json").status == 200
    before = process.memory_info().rss
    with ExitStack() as stack:
        for one in held(stack, port, PIPELINING, b""):
            one.setblocking(False)
            # What the service does not read stays on the way: nobody waits for that.
            one.send(REQUESTS)
        for _ in range(20):
            assert ask(port, "GET", "/health").status == 200
        grown = process.memory_info().rss - before
    assert grown < 64 * 2**20, f"{grown / 2**20:.0f} MiB for {PIPELINING} connections"
