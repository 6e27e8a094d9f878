"""Event loop: uvloop's, which never closes a file number that is no longer its own.

uvloop hands a socket's file number to libuv, and lets the socket object know only once the connection is made. A
connection that is lost before (a server that resets it as soon as it stands) leaves a socket object that closes the
number a second time when it is collected. By then the number may be another connection's, or a database file's.
"""

from __future__ import annotations

import os
import socket
from typing import Any

import uvloop


class EventLoop(uvloop.Loop):
    """One event loop. A class rather than a function, because uvicorn and asyncio take either as the factory."""

    async def create_connection(self, *args: Any, sock: socket.socket | None = None, **options: Any) -> Any:
        """As asyncio's. `sock` belongs to the loop from here on, also where this raises."""
        if sock is None:
            return await super().create_connection(*args, **options)
        number = sock.fileno()
        own = _identity(number)
        try:
            return await super().create_connection(*args, sock=sock, **options)
        finally:
            if sock.fileno() == number and _identity(number) != own:
                sock.detach()


def _identity(number: int) -> tuple[int, int] | None:
    """What an open file number stands for; None where it is closed."""
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino
