"""The server of `/metrics`. It has its own thread, so that it also answers while the service is busy."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence

from prometheus_client.metrics_core import Metric

from contactport.telemetry import exposition

CONNECTIONS = 16
"""At once; more are closed as they come."""
SECONDS = 10.0
"""For all of one connection: the request, the look at the database, and the answer."""
HEAD_BYTES = 16 * 1024

Gauges = Callable[[], Awaitable[Iterable[Metric]]]


class MetricsServer:
    """Answers only `GET /metrics`, from an event loop in its own thread. `gauges` is called there."""

    def __init__(self, listeners: Sequence[socket.socket], gauges: Gauges) -> None:
        self._listeners = listeners
        self._gauges = gauges
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._begun = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()
        self._begun.wait()

    def stop(self) -> None:
        """Close the sockets, and every connection."""
        if self._thread.is_alive() and self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._begun.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        servers = [
            await asyncio.start_server(self._connected, sock=one, limit=HEAD_BYTES) for one in self._listeners
        ]
        self._begun.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            if len(self._open) < CONNECTIONS:
                self._open.add(task)
                async with asyncio.timeout(SECONDS):
                    writer.write(await self._answer(await reader.readuntil(b"\r\n\r\n")))
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # Whoever asked has gone, was too slow, or sent what is no request.
            return
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _answer(self, head: bytes) -> bytes:
        line, *fields = head.decode("latin-1").split("\r\n")
        method, _, target = line.partition(" ")
        if method != "GET" or target.split(" ")[0].partition("?")[0] != "/metrics":
            return _response(
                "404 Not Found", "text/plain; charset=utf-8", b"Only GET /metrics is answered here.\n"
            )
        accepted = ",".join(
            value for name, _, value in (field.partition(":") for field in fields) if name.lower() == "accept"
        )
        kind, body = exposition(await self._gauges(), accepted)
        return _response("200 OK", kind, body)


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
