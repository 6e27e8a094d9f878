"""Monitor of all connections, at the socket, by the interpreter's audit events.

A listener would only see what reaches this machine; an audit hook sees every `connect` of the process, whichever
address it names, and stops it before anything leaves.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import msgspec

Place = tuple[str, int]


class DialMonitor(msgspec.Struct):
    """`dialled` are the places that were tried beside those allowed, in order."""

    allowed: set[Place]
    dialled: list[Place] = []
    seen: int = 0
    """Connections to allowed places."""


_WATCH: ContextVar[DialMonitor | None] = ContextVar("watch", default=None)
_installed: list[bool] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    watch = _WATCH.get()
    if watch is None:
        return
    address = cast("Place | str | bytes", arguments[1])
    place = (str(address[0]), int(address[1])) if isinstance(address, tuple) else (str(address), 0)
    if place in watch.allowed:
        watch.seen += 1
        return
    watch.dialled.append(place)
    raise ConnectionAbortedError("this test allows no such connection")


@contextmanager
def watching(allowed: set[Place]) -> Generator[DialMonitor]:
    """What this task, and whatever it starts, dials within the block. All else but `allowed` is stopped."""
    if not _installed:
        # A hook can't be taken away again; without a watch it does nothing.
        _installed.append(True)
        sys.addaudithook(_hear)
    watch = DialMonitor(allowed)
    token = _WATCH.set(watch)
    try:
        yield watch
    finally:
        _WATCH.reset(token)
