"""Outermost middleware: the request's id, its context, its line of the log and its time in the metrics."""

from __future__ import annotations

import random
import time
from typing import Any

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contactport import telemetry
from contactport.http.context import RequestContext, new_context

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


class RequestLog:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        # It names a line of the log, and opens nothing.
        context = new_context(scope, f"{random.getrandbits(64):016x}")
        first = 0.0

        async def logged(message: Message) -> None:
            nonlocal first
            if message["type"] == "http.response.start":
                context.status, first = message["status"], time.perf_counter()
                MutableHeaders(scope=message)["x-request-id"] = context.request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=context.request_id):
            try:
                await self._app(scope, receive, logged)
            except ClientDisconnect:
                context.status = context.status or 499
            finally:
                ended = time.perf_counter()
                telemetry.request_answered(
                    _kind(context), scope["method"], context.status, (first or ended) - began
                )
                fields: dict[str, Any] = {} if context.import_id is None else {"import_id": context.import_id}
                _log.info(
                    "request",
                    method=scope["method"],
                    route=context.route,
                    status=context.status,
                    duration_ms=round((ended - began) * 1000, 1),
                    **fields,
                )


def _kind(context: RequestContext) -> str:
    """The route's template. A long poll is told apart: its time is what the caller asked for, and no latency."""
    waits = context.route == "/events/{id}" and any(name == b"wait" for name, _ in context.query)
    return f"{context.route}?wait" if waits else context.route
