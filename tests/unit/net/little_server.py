"""A web server of a few lines on loopback, which answers exactly the bytes that a test wants."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec


class ReceivedRequest(msgspec.Struct):
    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    connection: int
    """The number of the connection that it came on, from 1."""


class Last(bytes):
    """Sent, and then the connection ends."""


Reply = bytes | None
"""The bytes to send, or None: end the connection without a word."""
Handler = Callable[[ReceivedRequest], Reply | Awaitable[Reply]]


def reply(status: int, body: bytes = b"", *headers: str) -> bytes:
    """A whole answer with its length."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class LittleServer:
    """`requests` are all those that came, in order."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[ReceivedRequest] = []
        self.connections = 0
        self.port = 0
        self.scheme = "http"
        self.host = "127.0.0.1"

    def url(self, path: str = "/") -> str:
        return f"{self.scheme}://{self.host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.rstrip().split("\r\n")
                method, target, _ = first.split(" ")
                headers = {
                    name.strip().lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in lines)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = ReceivedRequest(method, target, headers, body, number)
                self.requests.append(request)
                answer = self.handler(request)
                if isinstance(answer, Awaitable):
                    answer = await answer
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if isinstance(answer, Last):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def little_server(
    handler: Handler, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncGenerator[LittleServer]:
    """Runs until the block ends."""
    little = LittleServer(handler)
    server = await asyncio.start_server(little.serve, host, 0, ssl=tls)
    little.port = server.sockets[0].getsockname()[1]
    little.scheme = "http" if tls is None else "https"
    little.host = host
    try:
        yield little
    finally:
        server.close()
