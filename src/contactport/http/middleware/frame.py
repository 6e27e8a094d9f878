"""What surrounds every answer: its id, its headers, one line of the log, and the last word on errors."""

from __future__ import annotations

import random
import time
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contactport import telemetry
from contactport.errors import Code, Refusal
from contactport.http.context import RequestContext, new_context
from contactport.http.wire.arguments import check_query
from contactport.http.wire.responses import failure
from contactport.logs import places
from contactport.settings import Settings
from contactport.store.reserve import DiskFull
from contactport.store.ring_file import RingError

HEADERS = (
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
)
"""On every answer that does not say otherwise."""

CROWDED = "contactport.crowded"
"""The server's extension for a request on a connection beyond those that it serves: it has a reserve for /health."""
WATCHED = frozenset({"/health", "/health/", "/ready", "/ready/"})
"""Paths that are answered on such a connection as well."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Frame:
    """ASGI middleware around the router."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        # It names a line of the log, and opens nothing.
        context = new_context(scope, f"{random.getrandbits(64):016x}")
        status = 0
        first = 0.0

        async def framed(message: Message) -> None:
            nonlocal status, first
            if message["type"] == "http.response.start":
                status, first = message["status"], time.perf_counter()
                _add_headers(message, context)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=context.request_id):
            try:
                context.take_query(scope["method"], check_query(scope["query_string"], self._settings))
                if CROWDED in scope.get("extensions", {}) and scope["path"] not in WATCHED:
                    raise _crowded()
                await self._app(scope, receive, framed)
            except ClientDisconnect:
                status = status or 499
            except Exception as error:
                response = _failed(context, error, CROWDED in scope.get("extensions", {}))
                # Once an answer has begun it can only be cut off, which the caller sees.
                if not status:
                    await response(scope, receive, framed)
            finally:
                ended = time.perf_counter()
                telemetry.request_answered(_kind(context), scope["method"], status, (first or ended) - began)
                fields: dict[str, Any] = {} if context.import_id is None else {"import_id": context.import_id}
                _log.info(
                    "request",
                    method=scope["method"],
                    route=context.route,
                    status=status,
                    duration_ms=round((ended - began) * 1000, 1),
                    **fields,
                )


def _crowded() -> Refusal:
    return Refusal(
        Code.INVALID_PARAMETERS,
        "The service has as many connections as it serves at once. Send the request again in a few seconds.",
        http=503,
        retry_after=5,
    )


def _kind(context: RequestContext) -> str:
    """The route's template. A long poll is told apart: its time is what the caller asked for, and no latency."""
    waits = context.route == "/events/{id}" and any(name == b"wait" for name, _ in context.query)
    return f"{context.route}?wait" if waits else context.route


def _add_headers(message: Message, context: RequestContext) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS:
        headers.setdefault(name, value)
    # A script of another site's page is what JSONP is for; nothing else here is anybody else's to embed.
    headers["cross-origin-resource-policy"] = "same-origin" if context.callback is None else "cross-origin"
    headers["x-request-id"] = context.request_id


def _failed(context: RequestContext, error: Exception, crowded: bool) -> Response:
    """The answer to an error, and a line of the log for what is the service's own fault."""
    if isinstance(error, Refusal):
        response = failure(context, error)
        if error.http == 413 or crowded:
            # What is left of the body is not read, or the connection is one too many.
            response.headers["connection"] = "close"
        return response
    if isinstance(error, HTTPException):
        return _no_route(context, error)
    if isinstance(error, OperationalError | RingError | DiskFull):
        if isinstance(error, RingError):
            _log.error("ring unavailable", hint=str(error))
        else:
            _log.error("database unavailable", error=places(error))
        return failure(
            context,
            Refusal(
                Code.INVALID_PARAMETERS,
                "The service can't reach its database or its key ring right now; the request itself may be sound. "
                "Send it again in a few seconds.",
                http=503,
                retry_after=2,
            ),
        )
    _log.error("request failed", error=places(error))
    return failure(
        context,
        Refusal(
            Code.UNEXPECTED,
            "Something went wrong in this service, not in the request. Please try again; if it happens again, the "
            "service's operator finds the cause in its log under the id of this answer's X-Request-Id header.",
            http=500,
        ),
    )


def _no_route(context: RequestContext, error: HTTPException) -> Response:
    """404 and 405 in the wire's words."""
    if error.status_code == 405:
        words = "This path does not take this method. The Allow header lists those that it takes."
    else:
        words = "There is nothing at this path. /docs lists the paths there are."
    response = failure(context, Refusal(Code.INVALID_PARAMETERS, words, http=error.status_code))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response
