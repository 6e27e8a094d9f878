"""Middleware for errors: each becomes an answer in the form of its mount."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from contactport.errors import Code, Refusal
from contactport.http.context import RequestContext, context_of
from contactport.http.middleware.overload import is_crowded
from contactport.logs import places
from contactport.store.reserve import DiskFull
from contactport.store.ring_file import RingError

Render = Callable[[RequestContext, Refusal], Response]
"""Makes the answer to a refusal: a page on pages, the wire's body on the wire."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Errors:
    """ASGI middleware around a mount's router."""

    def __init__(self, app: ASGIApp, render: Render) -> None:
        self._app = app
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            raise
        except Exception as error:
            context = context_of(scope)
            refusal = _to_refusal(error)
            # Once an answer has begun it can only be cut off, which the caller sees.
            if context.status:
                return
            response = self._render(context, refusal)
            if isinstance(error, HTTPException):
                for name, value in (error.headers or {}).items():
                    response.headers[name] = value
            elif isinstance(error, Refusal) and (refusal.http == 413 or is_crowded(scope)):
                # What is left of the body is not read, or the connection is one too many.
                response.headers["connection"] = "close"
            await response(scope, receive, send)


def _to_refusal(error: Exception) -> Refusal:
    """What the caller is told, and a line of the log for what is the service's own fault."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, HTTPException):
        return _no_route(error.status_code)
    if isinstance(error, OperationalError | RingError | DiskFull):
        if isinstance(error, RingError):
            _log.error("ring unavailable", hint=str(error))
        else:
            _log.error("database unavailable", error=places(error))
        return Refusal(
            Code.INVALID_PARAMETERS,
            "The service can't reach its database or its key ring right now; the request itself may be sound. "
            "Send it again in a few seconds.",
            http=503,
            retry_after=2,
        )
    _log.error("request failed", error=places(error))
    return Refusal(
        Code.UNEXPECTED,
        "Something went wrong in this service, not in the request. Please try again; if it happens again, the "
        "service's operator finds the cause in its log under the id of this answer's X-Request-Id header.",
        http=500,
    )


def _no_route(status: int) -> Refusal:
    """404 and 405, which the routers raise."""
    if status == 405:
        words = "This path does not take this method. The Allow header lists those that it takes."
    else:
        words = "There is nothing at this path. /docs lists the paths there are."
    return Refusal(Code.INVALID_PARAMETERS, words, http=status)
