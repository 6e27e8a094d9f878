"""Step 2 without polling: an import's events as a stream of Server-Sent Events."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from contactport import telemetry
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.wire import arguments
from contactport.http.wire.events import State, asked_state, present
from contactport.http.wire.long_poll import LOOK_SECONDS, LongPoll, long_poll
from contactport.http.wire.paths import read_id
from contactport.store.clock import now_ms

MEDIA_TYPE = "text/event-stream"
HEARTBEAT = b":\n\n"
"""A comment. Whoever reads it knows that the connection lives, and so does every proxy on the way."""
APART_SECONDS = 0.5
"""From one message of a stream to the next. The end does not wait."""
HEARTBEAT_SECONDS = 15.0
STUCK_SECONDS = 60.0
"""A client that does not take what it is sent is cut off after so long."""
RETRY_MS = (1000, 2000)
"""A client waits as long until it comes back: each differently, so that they do not all come at once after a stop."""
HEADERS = {
    "content-type": MEDIA_TYPE,
    # For nginx: whatever its settings are, this answer is passed on as it comes.
    "x-accel-buffering": "no",
}
ABORT = "contactport.abort"
"""The server's extension that closes the connection at once, whatever has not been sent yet."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
_NO_WORD = re.compile(r"[\r\n\0]")
_SEEN = re.compile(r"[0-9]{1,10}")


async def show_stream(service: Service, request: Request) -> Response:
    """The present state, every change, and the end."""
    context = context_of(request.scope)
    # A stream is no JSONP: here it is an argument like any other that nobody knows.
    context.callback = None
    given = await arguments.read(request, service.settings, arguments.STREAM)
    state = await asked_state(service, request, read_id(request, ("json",)), given)
    seen = request.headers.get("last-event-id") or given.get("lastEventId", "")
    if seen == _end_id(state) and state.ended:
        # The one answer after which an EventSource does not come back.
        return Response(status_code=204)
    if request.method == "HEAD":
        return StreamingResponse(_nothing(), headers=HEADERS)
    return _EventStream(service, state, seen, context.echo)


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def _end_id(state: State) -> str:
    """The id of the event `end`: it tells who has seen the last state from who has also seen that it is the last."""
    return f"{state.version}.end"


class _EventStream(Response):
    """The answer. Memory holds one state; the server holds what is on its way, within its flow control."""

    def __init__(self, service: Service, state: State, seen: str, echo: str | None) -> None:
        super().__init__(headers=HEADERS)
        self._service = service
        self._state = state
        self._echo = echo
        self._told = int(seen) if _SEEN.fullmatch(seen) else -1
        """The version that the client knows."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = self._state
        async with long_poll(self._service, receive, state.domain_id, state.import_id) as held:
            with telemetry.EVENT_STREAMS.track_inprogress():
                headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                start: Message = {"type": "http.response.start", "status": 200, "headers": headers}
                await send(start)
                async for piece in self._pieces(held):
                    if not await _sent(send, piece, held):
                        await _cut(scope, held)
                        return
                if not await _sent(send, None, held):
                    await _cut(scope, held)

    async def _pieces(self, held: LongPoll) -> AsyncIterator[bytes]:
        """What there is to be sent, until the import or the stream ends."""
        clock = asyncio.get_running_loop().time
        state: State | None = self._state
        heard = clock()
        until = clock() + self._patience(self._state)
        ready = 0.0
        first, last = RETRY_MS
        yield encode_retry(first + secrets.randbelow(last - first))
        while state is not None:
            new = state.version != self._told
            if state.ended:
                if new:
                    yield self._message(state)
                yield encode_event(self._data(state), event="end", id=_end_id(state))
                return
            now = clock()
            if new and now >= ready:
                yield self._message(state)
                self._told = state.version
                new = False
                heard, ready = now, now + APART_SECONDS
            elif now - heard >= HEARTBEAT_SECONDS:
                yield HEARTBEAT
                heard = now
            if held.ending.done() or now >= until:
                return
            await held.wait(ready - now if new else LOOK_SECONDS)
            fresh = await present(self._service, state)
            if fresh is not None and fresh.deadline != state.deadline:
                # Its user has come back, or may try again: from here its time begins anew.
                until = clock() + self._patience(fresh)
            state = fresh

    def _patience(self, state: State) -> float:
        """Seconds after which nobody comes for the contacts any more."""
        return max(0, state.deadline - now_ms()) / 1000 + self._service.settings.retention

    def _message(self, state: State) -> bytes:
        return encode_event(self._data(state), id=str(state.version))

    def _data(self, state: State) -> bytes:
        return msgspec.json.encode(state.body(self._echo))


async def _sent(send: Send, piece: bytes | None, held: LongPoll) -> bool:
    """Whether this piece, or the end of the answer (None), has been taken from us.

    A client that reads nothing holds it up. It may do so for a while, but not when the process is to stop.
    """
    body: Message = {"type": "http.response.body", "body": piece or b"", "more_body": piece is not None}
    sending = asyncio.ensure_future(send(body))
    try:
        await asyncio.wait((sending, held.ending), timeout=STUCK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            await sending
            return True
        return False
    finally:
        sending.cancel()


async def _cut(scope: Scope, held: LongPoll) -> None:
    """Close the connection of a client that does not read: an end in good order would wait for it."""
    abort = scope.get("extensions", {}).get(ABORT)
    if abort is not None:
        abort["connection"]()
        await held.left.wait()


def encode_event(data: bytes, *, event: str = "", id: str = "") -> bytes:
    """One event: `data` is UTF-8 of any number of lines, whose ends arrive as LF.

    Without `event` it is a "message"; without `id` the reader's last one stays. Raises ValueError for an event or an
    id that has a line end or a NUL: it would be read as something else.
    """
    if _NO_WORD.search(event) or _NO_WORD.search(id):
        raise ValueError("an event's name and id are words of one line")
    head = (f"event: {event}\n" if event else "") + (f"id: {id}\n" if id else "")
    return head.encode() + b"".join(b"data: %b\n" % line for line in _LINE_END.split(data)) + b"\n"


def encode_retry(milliseconds: int) -> bytes:
    """How long a reader waits until it connects again."""
    return b"retry: %d\n\n" % milliseconds
