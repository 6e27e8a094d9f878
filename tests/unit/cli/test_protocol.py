"""Connections that withhold or overdo: cut off, while the others are served."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from contactport.cli.protocol import BoundedProtocol
from contactport.http.stream import ABORT


class Hasty(BoundedProtocol):
    head_bytes = 4096
    request_seconds = 0.2


class Patient(BoundedProtocol):
    head_bytes = 4096


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(request.url.query)} {len(await request.body())}")


class Endless:
    """An answer that goes on until its client has left; it gives a megabyte at once where the query asks for it."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.left = asyncio.Event()
        self.abort: Callable[[], None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.abort = scope["extensions"][ABORT]["connection"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        body = b"x" * 10_000_000 if scope["query_string"] else b"x"
        await send({"type": "http.response.body", "body": body, "more_body": True})
        self.begun.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left.set()


@pytest.fixture(params=[Patient])
def protocol(request: pytest.FixtureRequest) -> type[BoundedProtocol]:
    return request.param


@pytest.fixture
def endless() -> Endless:
    return Endless()


@pytest.fixture
async def port(protocol: type[BoundedProtocol], endless: Endless) -> AsyncIterator[int]:
    """A server that says how long its query and its body are."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    # Whoever comes before the server is up waits in the queue.
    listener.listen()
    application = Starlette(
        routes=[Route("/", echo, methods=["GET", "POST"]), Mount("/endless", endless)],
    )
    server = uvicorn.Server(uvicorn.Config(application, http=protocol, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))
    yield listener.getsockname()[1]
    # Also where an answer has not learnt that its client has left.
    server.should_exit = server.force_exit = True
    await serving


async def answer(port: int, *parts: bytes) -> bytes:
    """All that the server says to these bytes until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


LAST = b"Host: x\r\nConnection: close\r\n"


async def test_a_request_is_answered(port: int) -> None:
    said = await answer(port, b"GET /?abc HTTP/1.1\r\n" + LAST + b"\r\n")
    assert said.startswith(b"HTTP/1.1 200")
    assert said.endswith(b"\r\n\r\n3 0")


async def test_several_requests_on_one_connection_are_answered(port: int) -> None:
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    said = await answer(port, post, post + post, b"GET / HTTP/1.1\r\n" + LAST + b"\r\n")
    assert said.count(b"HTTP/1.1 200") == 4
    assert said.count(b"\r\n\r\n0 5") == 3


async def test_a_body_longer_than_a_head_may_be_is_taken(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n" + LAST + b"\r\n"
    assert (await answer(port, head, b"x" * 50_000, b"x" * 50_000)).endswith(b"0 100000")


@pytest.mark.parametrize("begin", [b"GET /?", b"GET / HTTP/1.1\r\nX: ", b"GET / HTTP/1.1\r\nX"])
async def test_a_head_without_end_is_cut_off(port: int, begin: bytes) -> None:
    said = await answer(port, begin, *[b"a" * 1000] * 10)
    # What still comes in after the answer may take the answer away with the connection.
    assert said.startswith(b"HTTP/1.1 431") or said == b""


@pytest.mark.parametrize("protocol", [Hasty], indirect=True)
@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhell",
    ],
)
async def test_a_request_that_does_not_come_to_an_end_is_cut_off(port: int, begin: bytes) -> None:
    assert await answer(port, begin) == b""


@pytest.mark.parametrize("more", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2, b"GET / HT"])
async def test_an_answer_learns_that_its_client_has_left(port: int, endless: Endless, more: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /endless/ HTTP/1.1\r\nHost: x\r\n\r\n" + more)
    async with asyncio.timeout(30):
        await endless.begun.wait()
        assert not endless.left.is_set()
        writer.close()
        await endless.left.wait()


async def test_a_client_that_does_not_read_can_be_let_go(port: int, endless: Endless) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(b"GET /endless/?much HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(30):
            await endless.begun.wait()
            assert endless.abort is not None
            endless.abort()
            await endless.left.wait()
