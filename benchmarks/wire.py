"""A load of requests as bytes over open connections. It costs little compared with the service."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

Answer = tuple[int, bytes]


def request(
    headers: Mapping[str, str], method: str, path: str, form: Mapping[str, str] | None = None
) -> bytes:
    """The bytes of a request; `form` makes its body."""
    body = urlencode(form or {})
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append("Content-Type: application/x-www-form-urlencoded")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


class KeptConnection:
    """One connection. After an error it is of no more use."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> KeptConnection:
        """To a port of 127.0.0.1. Raises OSError."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=256 * 1024))

    async def ask(self, message: bytes) -> Answer:
        """Status and body. Raises OSError, asyncio.IncompleteReadError."""
        self._writer.write(message)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        lines = head.lower().split(b"\r\n")
        if b"transfer-encoding: chunked" in lines:
            return status, await self._chunked()
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        return status, await self._reader.readexactly(length)

    async def _chunked(self) -> bytes:
        pieces: list[bytes] = []
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            pieces.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return b"".join(pieces)

    @property
    def closed(self) -> bool:
        """Whether the server has closed it: it does so after a minute without a request."""
        return self._reader.at_eof() or self._writer.is_closing()

    def close(self) -> None:
        self._writer.close()


class Pool:
    """As many kept connections as requests overlap, to several ports in turn."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = list(ports)
        self._idle: dict[int, list[KeptConnection]] = {port: [] for port in ports}
        self._turn = 0

    async def ask(self, message: bytes) -> Answer:
        """Status and body. Raises OSError, asyncio.IncompleteReadError."""
        self._turn += 1
        port = self._ports[self._turn % len(self._ports)]
        idle = self._idle[port]
        while idle and idle[-1].closed:
            idle.pop().close()
        connection = idle.pop() if idle else await KeptConnection.open(port)
        try:
            answer = await connection.ask(message)
        except BaseException:
            connection.close()
            raise
        idle.append(connection)
        return answer

    def close(self) -> None:
        """Close those that are idle."""
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
            idle.clear()
