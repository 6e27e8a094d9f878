"""HTTP as uvicorn speaks it, with bounds on what a client may send before anybody looks at it.

uvicorn waits for ever for the rest of a request, and keeps a head of any length. A proxy in front would not let
either pass; a service without one must not be held up so.

It also tells only the last of several requests on one connection that the client has left, and has no way to let go
of a client that does not read. Both matter to answers that go on for as long as somebody listens.
"""

from __future__ import annotations

import asyncio

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from contactport.http.stream import ABORT

HEAD_BYTES = 32 * 1024
"""A head without arguments: those of a GET may be as long as those of a body, and come on top."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A longer head is answered 431; a request that takes longer to arrive is cut off."""

    head_bytes = HEAD_BYTES
    request_seconds = 60.0
    """From the first byte of a request, or from the connection's beginning, to the last."""

    _in_head = True
    _head = 0
    _late: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  as uvicorn's own
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._came()
        one = self._answering
        if one is not None and not one.response_complete:
            one.disconnected = True
            one.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._late is None and self._in_head:
            self._wait()
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > self.head_bytes and not self.transport.is_closing():
            self.transport.write(STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self.scope["extensions"] = {ABORT: {"connection": self.transport.abort}}
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._came()
        self._in_head, self._head = True, 0
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _wait(self) -> None:
        self._late = self.loop.call_later(self.request_seconds, self._give_up)

    def _came(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        self.transport.close()
