"""Connections that send or read too slowly, or send too much, are closed. Others are served."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from contactport.cli import protocol as protocol_module
from contactport.cli.protocol import PIPELINED_BYTES, BoundedProtocol
from contactport.http.middleware.overload import CROWDED
from contactport.http.wire.sse import ABORT


class Hasty(BoundedProtocol):
    head_bytes = 4096
    request_seconds = 0.2


class Patient(BoundedProtocol):
    head_bytes = 4096


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(request.url.query)} {len(await request.body())}")


async def crowded(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(CROWDED in request.scope["extensions"]))


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
        routes=[
            Route("/", echo, methods=["GET", "POST"]),
            Route("/begin_import/upload", echo, methods=["POST"]),
            Route("/crowded", crowded),
            Mount("/endless", endless),
        ],
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


@pytest.mark.parametrize("protocol", [Hasty], indirect=True)
async def test_a_file_that_comes_in_drops_is_cut_off(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /begin_import/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)

    dripping = asyncio.create_task(drip())
    with contextlib.suppress(ConnectionError):
        # Until it is closed.
        assert await reader.read() == b""
    dripping.cancel()
    writer.close()


class Generous(Hasty):
    """Each window's bytes are enough: it is a byte."""

    def _is_arriving(self) -> bool:
        windows.append(self._arrived)
        return super()._is_arriving()


windows: list[int] = []


@pytest.mark.parametrize("protocol", [Generous], indirect=True)
async def test_a_file_that_goes_on_coming_may_take_longer(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol_module, "UPLOAD_BYTES", 1)
    windows.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    size = 1_000_000
    writer.write(
        b"POST /begin_import/upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + f"Content-Length: {size}\r\n\r\n".encode()
    )
    sent = 0
    while len(windows) < 3:
        writer.write(b"x")
        await writer.drain()
        sent += 1
        await asyncio.sleep(0)
    writer.write(b"x" * (size - sent))
    assert (await reader.read()).endswith(f"0 {size}".encode())
    writer.close()


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


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def pieces(port: int, stream: bytes, size: int) -> bytes:
    """The answers to a stream of requests that comes in pieces of this size."""
    return await answer(port, *(stream[at : at + size] for at in range(0, len(stream), size)))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 100_000])
async def test_requests_are_found_wherever_the_reads_are_cut(port: int, size: int) -> None:
    """A body that looks like requests is one, and is not taken for them."""
    lying = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (2 * len(GET)) + GET + GET
    lines = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n\n\n\r\n\r\n"
    chunk = b"%x\r\n%b\r\n" % (len(GET), GET)
    chunked = (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunk
        + b"3\r\n\n\n\n\r\n0\r\n\r\n"
    )
    trailing = chunked[:-2] + b"X: y\r\n\r\n"
    empty = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    last = b"GET /?end HTTP/1.1\r\n" + LAST + b"\r\n"
    said = await pieces(port, GET + lying + b"\r\n" + lines + chunked + empty + trailing + GET + last, size)
    told = [part.rpartition(b"\r\n\r\n")[2] for part in said.split(b"HTTP/1.1 200 OK")[1:]]
    length = str(len(GET))
    assert [one.decode() for one in told] == [
        *(
            "0 0",
            f"0 {2 * len(GET)}",
            "0 6",
            f"0 {int(length) + 3}",
            "0 0",
            f"0 {int(length) + 3}",
            "0 0",
            "3 0",
        )
    ]


async def test_many_requests_in_one_read_are_answered_one_after_the_other(
    port: int, requests: list[BoundedProtocol]
) -> None:
    said = await answer(port, GET * 500, b"GET / HTTP/1.1\r\n" + LAST + b"\r\n")
    assert said.count(b"HTTP/1.1 200") == 501
    assert requests
    assert not any(one.pipeline for one in requests), "uvicorn's own queue of request objects stays empty"


@pytest.fixture
def requests(protocol: type[BoundedProtocol], monkeypatch: pytest.MonkeyPatch) -> list[BoundedProtocol]:
    """The connections, with every read noted after which uvicorn's own queue held a request."""
    seen: list[BoundedProtocol] = []
    received = protocol.data_received

    def note(self: BoundedProtocol, data: bytes) -> None:
        received(self, data)
        if not seen or self.pipeline:
            seen.append(self)

    monkeypatch.setattr(protocol, "data_received", note)
    return seen


async def test_more_requests_than_may_wait_end_the_connection(port: int, endless: Endless) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /endless/ HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(30):
        await endless.begun.wait()
        writer.write(GET * (PIPELINED_BYTES // len(GET) + 1))
        await endless.left.wait()
    writer.close()


class Watched(BoundedProtocol):
    drain_seconds = 0.1


def silent(port: int, *requests: bytes) -> socket.socket:
    """A client that sends and reads nothing, with small buffers."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    for one in requests:
        client.sendall(one)
    return client


@pytest.mark.parametrize("protocol", [Watched], indirect=True)
async def test_a_client_that_takes_nothing_is_cut_off(port: int, endless: Endless) -> None:
    with silent(port, b"GET /endless/?much HTTP/1.1\r\nHost: x\r\n\r\n"):
        async with asyncio.timeout(30):
            await endless.begun.wait()
            await endless.left.wait()


@pytest.mark.parametrize("protocol", [Watched], indirect=True)
async def test_a_client_that_takes_something_is_not(port: int, endless: Endless) -> None:
    """Nor one that takes everything and is told nothing more for a while."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET /endless/?much HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(30):
        got = 0
        while got < 10_000_000:
            got += len(await reader.read(400_000))
            await asyncio.sleep(0.01)
        await asyncio.sleep(3 * Watched.drain_seconds)
    assert not endless.left.is_set()
    writer.close()


class Few(BoundedProtocol):
    most_connections = 4


@pytest.mark.parametrize("protocol", [Few], indirect=True)
@pytest.mark.parametrize("begin", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe", GET])
async def test_connections_that_ask_for_nothing_do_not_keep_others_out(port: int, begin: bytes) -> None:
    """The oldest of them go. One that waits for its answer stays."""
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(12)]
    for _, writer in held:
        writer.write(begin)
    said = await answer(port, b"GET / HTTP/1.1\r\n" + LAST + b"\r\n")
    assert said.startswith(b"HTTP/1.1 200")
    async with asyncio.timeout(30):
        for reader, _ in held[:8]:
            with contextlib.suppress(ConnectionError):
                await reader.read()
    for _, writer in held:
        writer.close()


@pytest.mark.parametrize("protocol", [Few], indirect=True)
async def test_where_every_connection_waits_for_an_answer_the_next_is_one_too_many(
    port: int, endless: Endless
) -> None:
    """The application is told, which answers those who look whether the service lives."""
    held: list[asyncio.StreamWriter] = []
    async with asyncio.timeout(30):
        for _ in range(Few.most_connections):
            endless.begun.clear()
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /endless/ HTTP/1.1\r\nHost: x\r\n\r\n")
            held.append(writer)
            await endless.begun.wait()
        assert not endless.left.is_set()
        assert (await answer(port, b"GET /crowded HTTP/1.1\r\n" + LAST + b"\r\n")).endswith(b"True")
        held.pop().close()
        await endless.left.wait()
        assert (await answer(port, b"GET /crowded HTTP/1.1\r\n" + LAST + b"\r\n")).endswith(b"False")
    for writer in held:
        writer.close()
