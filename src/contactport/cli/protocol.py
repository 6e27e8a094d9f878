"""HTTP protocol of uvicorn, with limits on what one connection may cost.

uvicorn waits without limit for the rest of a request, keeps a head of any length, and makes a request object of every
request that comes in one read, however many they are. A proxy in front would not let that pass; a service without
one must not be held up so. Here a request is read when the answer before it is done and has gone out, a client that
does not take its answer is cut off, and where there are too many connections those that ask for nothing are closed.

uvicorn also tells only the last of several requests on one connection that the client has left, and has no way to
let go of a client that does not read. Both matter to answers that go on for as long as somebody listens.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import cast

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from contactport.http.middleware.overload import CROWDED
from contactport.http.wire.sse import ABORT

HEAD_BYTES = 32 * 1024
"""A head without arguments: those of a GET may be as long as those of a body, and come on top."""
PIPELINED_BYTES = 64 * 1024
"""What may have come of further requests while one is answered; more ends the connection."""
UNSENT_BYTES = 64 * 1024
"""More than this on its way to a client holds its answer up."""
DRAINED_BYTES = 8 * 1024
"""A client that takes less of what is on its way in `drain_seconds` is cut off."""
RESERVE = 100
"""Connections beyond the limit, where none can be closed: they get /health and /ready, and 503 for the rest."""
EVICTED_PART = 32
"""So many are closed at once is this part of the limit, so that one is not looked for at every connection."""
PARTS = 64
"""Pieces of requests that are looked at before others get their turn."""
UPLOAD_BYTES = 256 * 1024
"""A file that is uploaded may take longer than other requests, while so much of it comes in `request_seconds`."""
UPLOADS = (b"/begin_import/upload", b"/n/")
"""Where files are uploaded."""
_PART_END = re.compile(rb"\n\r?\n")
"""Where a head may end, and a body in chunks."""


class _CountedTransport(asyncio.Transport):
    """What an answer is written to: the connection's transport, and how many bytes were given to it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self.given = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.given += len(data)
        self._transport.write(data)

    def close(self) -> None:
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    @property
    def gone(self) -> int:
        """How many of them the system has taken."""
        return self.given - self.unsent

    @property
    def unsent(self) -> int:
        """How many of them it has not."""
        return self._transport.get_write_buffer_size()


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A longer head is answered 431; a request that takes longer to arrive is cut off."""

    head_bytes = HEAD_BYTES
    most_connections = 1000
    request_seconds = 60.0
    """From the first byte of a request, or from the connection's beginning, to the last."""
    drain_seconds = 20.0

    _in_head = True
    _head = 0
    _tail = b""
    """The last two bytes of the head so far: its end may come in two reads."""
    _body_left: int | None = None
    """Bytes of the body that are still to come, where its length was told."""
    _pipelined = b""
    """What came while a request was answered, not looked at yet."""
    _late: asyncio.TimerHandle | None = None
    _draining: asyncio.TimerHandle | None = None
    _drained = _held_up = 0
    _answering: RequestResponseCycle | None = None
    _counted: _CountedTransport
    _idle_since = 0.0
    _is_upload = False
    _arrived = 0
    """Bytes of an upload in the present `request_seconds`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  as uvicorn's own
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=UNSENT_BYTES)
        self._counted = _CountedTransport(transport)
        self._idle_since = self.loop.time()
        self._wait()
        self._draining = self.loop.call_later(self.drain_seconds, self._check_drained)
        if self._crowded():
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._came()
        if self._draining is not None:
            self._draining.cancel()
        self._pipelined = b""
        one = self._answering
        if one is not None and not one.response_complete:
            one.disconnected = True
            one.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._pipelined:
            self._keep(self._pipelined + data)
        else:
            self._read(data)

    def _keep(self, data: bytes) -> None:
        """Leave this until the answer under way is done. Reading goes on, to notice one that leaves."""
        self._pipelined = data
        if not self._answer_under_way():
            self.flow.pause_reading()
        elif len(data) > PIPELINED_BYTES:
            self.transport.abort()

    def _answer_under_way(self) -> bool:
        """Whether a request has come whole and its answer has not gone out."""
        one = self._answering
        if one is None or one.more_body:
            return False
        return not one.response_complete or self.flow.write_paused

    def _read(self, data: bytes) -> None:
        """Give the parser one request at most, and a head or a piece of a body at a time; the rest waits."""
        at = parts = 0
        while at < len(data) and not self.transport.is_closing():
            if self._answer_under_way():
                self._keep(data[at:])
                return
            if parts == PARTS:
                self._keep(data[at:])
                self.loop.call_soon(self._read_kept)
                return
            end = self._end_of_part(data, at)
            self._read_part(data[at:end])
            at, parts = end, parts + 1

    def _end_of_part(self, data: bytes, at: int) -> int:
        """Where the present head or body ends, at the earliest."""
        if self._body_left is not None:
            return min(len(data), at + max(1, self._body_left))
        edge = _PART_END.search(self._tail + data[at : at + 2])
        if edge is not None:
            end = at + edge.end() - len(self._tail)
        else:
            found = _PART_END.search(data, at)
            end = len(data) if found is None else found.end()
        last = (self._tail + data[max(at, end - 2) : end])[-2:]
        # What ended here must not be found again.
        self._tail = last[1:] if last == b"\n\n" else last
        return end

    def _read_part(self, part: bytes) -> None:
        if self._late is None and self._in_head:
            self._wait()
        if self._in_head:
            self._head += len(part)
        else:
            self._arrived += len(part)
            if self._body_left is not None:
                self._body_left -= len(part)
        super().data_received(part)
        if self._in_head and self._head > self.head_bytes and not self.transport.is_closing():
            self.transport.write(STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._in_head = False
        lengths = [value for name, value in self.headers if name == b"content-length"]
        if lengths and lengths[0].isdigit():
            self._body_left = int(lengths[0])
        self._is_upload, self._arrived = self.url.startswith(UPLOADS), 0
        self.scope["extensions"] = {ABORT: {"connection": self.transport.abort}}
        if self._crowded():
            self.scope["extensions"][CROWDED] = {}
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._came()
        self._in_head, self._head, self._tail, self._body_left = True, 0, b"", None
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        cycle.transport = self._counted
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._idle_since = self.loop.time()
        self._read_on()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read_on()

    def _read_on(self) -> None:
        """Take up what waits, once the answer before it is done: not from within that answer's last step."""
        if self._pipelined:
            # Not before: the buffer would grow while it waits.
            self.flow.pause_reading()
            self.loop.call_soon(self._read_kept)

    def _read_kept(self) -> None:
        if self.transport.is_closing() or self._answer_under_way():
            return
        data, self._pipelined = self._pipelined, b""
        self._read(data)
        if not self._pipelined:
            self.flow.resume_reading()

    def _check_drained(self) -> None:
        """Cut off a client that does not take what is on its way to it."""
        self._draining = self.loop.call_later(self.drain_seconds, self._check_drained)
        gone, unsent = self._counted.gone, self._counted.unsent
        if self._held_up and gone - self._drained < min(DRAINED_BYTES, self._held_up):
            self.transport.abort()
        self._drained, self._held_up = gone, unsent

    def _crowded(self) -> bool:
        """Whether there are more connections than there may be, without those that are about to go."""
        if len(self.connections) <= self.most_connections:
            return False
        return sum(not one.transport.is_closing() for one in self._all()) > self.most_connections

    def _all(self) -> set[BoundedProtocol]:
        return cast("set[BoundedProtocol]", self.connections)

    def _make_room(self) -> None:
        """Close the connections that have asked for nothing for longest, first those of the client that has most.

        A connection asks for nothing until a request has come whole. Where every one waits for its answer there is
        a reserve for those who look whether the service lives.
        """
        waiting = [
            one
            for one in self._all()
            if one is not self and not one.transport.is_closing() and not one._answer_under_way()
        ]
        clients = Counter(one.client and one.client[0] for one in waiting)
        waiting.sort(key=lambda one: (-clients[one.client and one.client[0]], one._idle_since))
        for one in waiting[: max(1, self.most_connections // EVICTED_PART)]:
            one.transport.abort()
        if not waiting and len(self.connections) > self.most_connections + RESERVE:
            self.transport.abort()

    def _wait(self) -> None:
        self._late = self.loop.call_later(self.request_seconds, self._give_up)

    def _came(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        if self._is_upload and self._is_arriving():
            self._arrived = 0
            self._wait()
        else:
            self.transport.close()

    def _is_arriving(self) -> bool:
        """Whether enough of an upload has come, or it waits for this service."""
        one = self._answering
        if self._in_head or one is None or one.response_complete:
            return False
        return self.flow.read_paused or self._arrived >= UPLOAD_BYTES
