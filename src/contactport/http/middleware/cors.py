"""Middleware for CORS: pages of listed origins may read some of the wire's answers (Fetch standard, section 3.2).

A preflight has no credentials, so it can't be told whose it is. It is granted to everybody in the same words, and so
reveals nothing; what counts is the request itself, whose key pair names the domain and its list of origins.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contactport.http.context import context_of
from contactport.origin import read_origin

READABLE = frozenset({"events", "contacts", "imports", "services"})
"""Resources that a page may read: the first segments of their paths, without a format."""
METHODS = frozenset({"GET", "HEAD"})
_PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD",
    "access-control-allow-headers": "authorization, last-event-id",
    "access-control-max-age": "600",
}
_EXPOSED = "contactport-version, retry-after, x-request-id"


class Cors:
    """ASGI middleware around a mount's error handling: pages may read the errors of listed domains as well."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        given = headers.get("origin")
        if given is None or scope["path"][1:].partition("/")[0].partition(".")[0] not in READABLE:
            await self._app(scope, receive, send)
            return
        origin = read_origin(given)
        method: str = scope["method"]
        asked = headers.get("access-control-request-method")
        if method == "OPTIONS" and origin is not None and asked in METHODS:
            context_of(scope).route = "(preflight)"
            allowed = {"access-control-allow-origin": origin, "vary": "Origin", **_PREFLIGHT}
            await Response(status_code=204, headers=allowed)(scope, receive, send)
            return
        context = context_of(scope)

        async def shared(message: Message) -> None:
            if message["type"] == "http.response.start" and method in METHODS:
                answer = MutableHeaders(scope=message)
                answer.add_vary_header("Origin")
                if origin in context.origins:
                    answer["access-control-allow-origin"] = origin
                    answer["access-control-expose-headers"] = _EXPOSED
            await send(message)

        await self._app(scope, receive, shared)
