"""The event loop gives a socket back to nobody: what it has closed is never closed a second time."""

from __future__ import annotations

import asyncio
import gc
import os
import select
import socket
import ssl
import struct
from collections.abc import Coroutine
from io import FileIO
from typing import Any

import pytest

from contactport.event_loop import EventLoop


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=EventLoop) as runner:
        runner.run(work)


def reset_connection() -> socket.socket:
    """A socket whose server has reset the connection already, and whose owner does not know it yet."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = socket.create_connection(listener.getsockname())
        there, _ = listener.accept()
    there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    there.close()
    poll = select.poll()
    poll.register(here, select.POLLHUP)
    assert poll.poll(10_000)
    here.setblocking(False)
    return here


def test_a_file_that_gets_the_number_of_a_reset_connection_stays_open() -> None:
    async def connect() -> None:
        ours = reset_connection()
        number = ours.fileno()
        context = ssl.create_default_context()
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            await asyncio.get_running_loop().create_connection(
                asyncio.Protocol, sock=ours, ssl=context, server_hostname="host.test"
            )
        other = reuse(number)
        ours.close()
        del ours
        gc.collect()
        await asyncio.sleep(0)
        assert is_open(number)
        other.close()

    run(connect())


@pytest.mark.parametrize("turns", range(4))
def test_nor_is_that_of_a_connection_that_was_given_up(turns: int) -> None:
    async def connect() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = socket.create_connection(listener.getsockname())
            ours.setblocking(False)
            number = ours.fileno()
            context = ssl.create_default_context()
            connecting = asyncio.ensure_future(
                asyncio.get_running_loop().create_connection(
                    asyncio.Protocol, sock=ours, ssl=context, server_hostname="host.test"
                )
            )
            for _ in range(turns):
                await asyncio.sleep(0)
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
            del connecting
            # Until the loop has closed it, the number is the connection's.
            for _ in range(100):
                if not is_open(number):
                    break
                ours.close()
                await asyncio.sleep(0)
            other = reuse(number)
            ours.close()
            del ours
            gc.collect()
            await asyncio.sleep(0)
            assert is_open(number)
            other.close()

    run(connect())


def test_a_connection_that_stands_is_as_any_other_loop_s() -> None:
    async def connect() -> None:
        server = await asyncio.start_server(lambda _, writer: writer.write(b"hello\n"), "127.0.0.1", 0)
        async with server:
            ours = socket.create_connection(server.sockets[0].getsockname())
            ours.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=ours)
            assert await reader.readline() == b"hello\n"
            writer.close()
            await writer.wait_closed()
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            assert await reader.readline() == b"hello\n"
            writer.close()

    run(connect())


def reuse(number: int) -> FileIO:
    """A file with this number, as the system would give it out again."""
    with open(os.devnull, "rb") as other:
        spare = os.dup(other.fileno())
    os.dup2(spare, number)
    if spare != number:
        os.close(spare)
    return FileIO(number, "rb")


def is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
