"""A proxy in front of an address book server: it forwards everything, or answers with errors, or not at all."""

from __future__ import annotations

import socket
import socketserver
import threading
from types import TracebackType
from typing import Any, Literal, cast

ProxyMode = Literal["well", "failing", "tired", "hanging", "dripping"]
"""Lets everything through; answers 500; answers 503 and wants a rest; takes requests and never answers; begins an
answer, and sends as little more of it as is just not silence."""

DRIP_SECONDS = 2.0
_DRIP_HEAD = (
    b"HTTP/1.1 207 Multi-Status\r\nContent-Type: application/xml\r\nContent-Length: 400000000\r\n\r\n"
    b"<?xml version='1.0'?><multistatus xmlns='DAV:'>"
)
REST = 100
"""Seconds of rest that it asks for."""

_ANSWERS: dict[ProxyMode, bytes] = {
    "failing": b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "tired": f"HTTP/1.1 503 Oh\r\nRetry-After: {REST}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode(),
}


class FaultyProxy:
    """A context manager. `url` goes into `server`; `behind` is where it leads to when it is `well`."""

    def __init__(self, mood: ProxyMode, behind: int = 0) -> None:
        self.mood: ProxyMode = mood
        self.behind = behind
        self.asked = 0
        """How many connections it has taken."""
        self.ended = threading.Event()
        self._server = socketserver.ThreadingTCPServer(
            ("127.0.0.1", 0), _ProxyHandler, bind_and_activate=False
        )
        self._server.request_queue_size = 100
        self._server.server_bind()
        self._server.server_activate()
        self._server.daemon_threads = True
        self._server.block_on_close = False
        cast(Any, self._server).front = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/dav/"

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _ProxyHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        front: FaultyProxy = cast(Any, self.server).front
        near: socket.socket = self.request
        front.asked += 1
        try:
            if front.mood == "well":
                with socket.create_connection(("127.0.0.1", front.behind)) as far:
                    back = threading.Thread(target=_copy, args=(far, near), daemon=True)
                    back.start()
                    _copy(near, far)
                    back.join()
            elif front.mood == "hanging":
                front.ended.wait()
            elif front.mood == "dripping":
                near.recv(65536)
                near.sendall(_DRIP_HEAD)
                while not front.ended.wait(DRIP_SECONDS):
                    near.sendall(b" " * 4096)
            else:
                head = b""
                while b"\r\n\r\n" not in head and (more := near.recv(65536)):
                    head += more
                near.sendall(_ANSWERS[front.mood])
                near.shutdown(socket.SHUT_WR)
                # What is still on its way here would make the system throw the answer away.
                while near.recv(65536):
                    continue
        except OSError:
            # The other side has gone.
            return


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # Either side has gone, and the other is closed with it.
        return
