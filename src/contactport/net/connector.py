"""Connector: counts and limits the bytes of a connection before they become an answer.

aiohttp bounds each line of a head, and nothing else: interim answers without end, answers that nobody asked for, and
what a body has beside its content (chunk extensions, trailers) cost it time and memory and are seen by no reader.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from contactport.net.budgets import ByteBudget
from contactport.net.failures import NetworkFailure, NotHttp, TooLarge, Unreadable

HEAD = 64 * 1024
"""Bytes until an answer's head is complete, interim answers (RFC 9110 section 15.2) among them."""
INTERIM = 32
"""Interim answers before the final one."""
PIECE = 4 * 1024
"""Bytes parsed at once while a head is awaited: it holds some 200 of the shortest interim answers."""
BODY_PIECE = 16 * 1024
"""The same afterwards: what follows the end of a body may be hundreds of answers that nobody asked for."""
TURN = 256 * 1024
"""Bytes of one connection until everything else gets its turn: the loop itself would read on for megabytes."""


class BoundedConnection(ResponseHandler):
    """One connection. What is not as it may be ends it, and is raised to whoever reads from it."""

    def __init__(self, budget: ByteBudget, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._budget = budget
        self._awaiting = False
        self._head = 0
        self._interim = 0
        self._since_turn = 0

    def set_response_params(self, **parameters: Any) -> None:
        """A request begins."""
        self._awaiting = True
        self._head = 0
        self._interim = 0
        super().set_response_params(**parameters)

    def data_received(self, data: bytes) -> None:
        if not data:
            # Nothing new: the reader has room again.
            super().data_received(data)
            return
        try:
            self._budget.receive(len(data))
        except TooLarge as error:
            self._cut(error)
            return
        self._since_turn += len(data)
        if self._since_turn >= TURN:
            self._give_turn()
        if self._parser is None:
            if self.transport is not None:
                self._cut(NotHttp())
            return
        at = 0
        while self._awaiting and at < len(data):
            if self._head > HEAD:
                self._cut(Unreadable("the head of an answer is too long"))
                return
            piece = data[at : at + PIECE]
            at += len(piece)
            self._head += len(piece)
            super().data_received(piece)
            if self._exception is not None:
                return
        while at < len(data) and self._exception is None:
            piece = data[at : at + BODY_PIECE]
            at += len(piece)
            super().data_received(piece)

    def feed_data(self, data: Any, size: int = 0) -> None:
        """A head that is complete, with the stream of its body."""
        code = data[0].code
        if 100 <= code < 200 and code != 101:
            self._interim += 1
            if self._interim > INTERIM:
                self._cut(Unreadable("it answers without coming to an end"))
            return
        if not self._awaiting:
            # An answer to a request that nobody made: the next one would take it for its own.
            self._cut(NotHttp())
            return
        self._awaiting = False
        super().feed_data(data, size)

    def _give_turn(self) -> None:
        self._since_turn = 0
        if self.transport is not None:
            self.transport.pause_reading()
            self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        # Unless the reader is behind: then aiohttp goes on when there is room.
        if self.transport is not None and not (self._reading_paused or self._buffer_paused):
            self.transport.resume_reading()

    def _cut(self, error: NetworkFailure) -> None:
        payload, transport = self._payload, self.transport
        # What the end of the connection would say hides why it was ended.
        self._payload = self._parser = None
        self.set_exception(error)
        if payload is not None:
            payload.set_exception(error)
        if transport is not None:
            transport.abort()


class CountingConnector(aiohttp.TCPConnector):
    """aiohttp's connector, whose connections count what they receive towards `budget`."""

    def __init__(self, budget: ByteBudget, **options: Any) -> None:
        super().__init__(**options)  # pyright: ignore[reportUnknownMemberType]
        self._factory = functools.partial(BoundedConnection, budget, loop=self._loop)
