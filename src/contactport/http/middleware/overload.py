"""Middleware that refuses requests on connections beyond those that the server serves."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from contactport.errors import Code, Refusal

CROWDED = "contactport.crowded"
"""The server's extension for a request on a connection beyond those that it serves: it has a reserve for /health."""
WATCHED = frozenset({"/health", "/health/", "/ready", "/ready/"})
"""Paths that are answered on such a connection as well."""


class Overload:
    """ASGI middleware. Raises Refusal 503."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_crowded(scope) and scope["path"] not in WATCHED:
            raise Refusal(
                Code.INVALID_PARAMETERS,
                "The service has as many connections as it serves at once. Send the request again in a few seconds.",
                http=503,
                retry_after=5,
            )
        await self._app(scope, receive, send)


def is_crowded(scope: Scope) -> bool:
    """Whether the request came on a connection beyond those that the server serves."""
    return CROWDED in scope.get("extensions", {})
